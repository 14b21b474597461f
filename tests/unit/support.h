/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the unit tests: cmocka and the headers it requires, checks of an Error, temporary
 * folders, whole files.
 *
 * Everything is static inline, as each test program is built from one file.
 */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The bytes of a string literal, including any after a NUL, without its terminator. */
#define BYTES(literal) slice_of((literal), sizeof(literal) - 1)

/* Fails with the error's message unless the call succeeded. */
#define assert_done(call, error)                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s (%s)", #call, (error)->message, (error)->detail);                     \
        }                                                                                          \
    } while (0)

/* Fails unless the call was refused with this exit code and a message. */
#define assert_refused(call, error, exit_code)                                                     \
    do {                                                                                           \
        *(error) = (Error){0};                                                                     \
        assert_false(call);                                                                        \
        if ((error)->code != (exit_code)) {                                                        \
            fail_msg("%s: exit code %d, \"%s\"", #call, (int)(error)->code, (error)->message);     \
        }                                                                                          \
        assert_string_not_equal((error)->message, "");                                             \
    } while (0)

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (strstr((text), (part)) == NULL) {                                                      \
            fail_msg("\"%s\" does not hold \"%s\"", (text), (part));                               \
        }                                                                                          \
    } while (0)

#define assert_lacks(text, part)                                                                   \
    do {                                                                                           \
        if (strstr((text), (part)) != NULL) {                                                      \
            fail_msg("\"%s\" holds \"%s\"", (text), (part));                                       \
        }                                                                                          \
    } while (0)

#define assert_slice_equal(found, expected)                                                        \
    do {                                                                                           \
        Slice slice_found = (found);                                                               \
        Slice slice_expected = (expected);                                                         \
        assert_int_equal(slice_found.size, slice_expected.size);                                   \
        if (slice_expected.size > 0) {                                                             \
            assert_memory_equal(slice_found.data, slice_expected.data, slice_expected.size);       \
        }                                                                                          \
    } while (0)

/* A copy in an allocation of exactly its size, so that a sanitizer detects reads beyond it. */
static inline uint8_t *copy_of(Slice bytes)
{
    uint8_t *copy = malloc(bytes.size == 0 ? 1 : bytes.size);

    assert_non_null(copy);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

/* A temporary folder for a test: cmocka's setup and teardown, with its path as the state. */
static inline int folder_setup(void **state)
{
    const char *root = getenv("TMPDIR");
    size_t size;
    char *path;

    root = root == NULL || root[0] == '\0' ? "/tmp" : root;
    size = strlen(root) + sizeof "/kv-unit-XXXXXX";
    path = malloc(size);
    if (path == NULL) {
        return -1;
    }
    snprintf(path, size, "%s/kv-unit-XXXXXX", root);
    if (mkdtemp(path) == NULL) {
        free(path);
        return -1;
    }
    *state = path;
    return 0;
}

static inline int folder_teardown(void **state)
{
    char *paths[] = {*state, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;
    int result = tree == NULL ? -1 : 0;

    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        /* A folder is visited twice: before its entries and after them. */
        if (entry->fts_info != FTS_D && remove(entry->fts_path) != 0) {
            result = -1;
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    free(*state);
    *state = NULL;
    return result;
}

/* The path of `name` in the folder, in one of a few rotating buffers. */
static inline const char *folder_path(void *const *state, const char *name)
{
    static char paths[8][512];
    static size_t turn;
    char *path = paths[turn++ % COUNT_OF(paths)];
    int size = snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);

    assert_true(size > 0 && (size_t)size < sizeof paths[0]);
    return path;
}

static inline void folder_make(void *const *state, const char *name)
{
    assert_int_equal(mkdir(folder_path(state, name), 0700), 0);
}

static inline void file_write(const char *path, Slice content)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    if (content.size > 0) {
        assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
    }
    assert_int_equal(fclose(file), 0);
}

/* Replaces the buffer by the file's content. */
static inline void file_read(const char *path, Buffer *content)
{
    FILE *file = fopen(path, "rb");
    Error error = {0};
    size_t size;

    assert_non_null(file);
    content->size = 0;
    do {
        assert_done(buffer_reserve(content, 65536, &error), &error);
        size = fread(content->data + content->size, 1, 65536, file);
        content->size += size;
    } while (size > 0);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
}

static inline bool file_exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

static inline void assert_file_holds(const char *path, const char *text)
{
    Buffer content = {0};

    file_read(path, &content);
    assert_slice_equal(buffer_slice(&content), slice_text(text));
    buffer_free(&content);
}

#endif
