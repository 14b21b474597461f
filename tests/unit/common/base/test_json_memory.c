/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing JSON without enough memory: whichever allocation fails, the result is an out-of-memory
 * error, and never a crash of the parser.
 */
#include "tests/unit/support.h"

#include "common/base/json_memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char DOCUMENT[] =
    "{\"name\": \"kv-dump\", \"list\": [\"a\", {\"b\": \"a text of some length, to be sure of "
    "it\"},"
    " 1, 2.5, null, true], \"nested\": {\"k\": [[], {}, \"v\"], \"another name\": \"value\"}}";

/* Whether AddressSanitizer is on, for gcc and clang. */
#ifdef __SANITIZE_ADDRESS__
#define OTHER_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_ALLOCATOR
#endif
#endif

/* In the last round the parser has enough memory to succeed. */
#define ROUNDS 160
#define PIECE 48

/* In a child process: parses with only `pieces` small pieces of memory left; returns the exit code.
 */
static int parse_with(size_t pieces)
{
    struct rlimit limit = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    Slice text = slice_of(DOCUMENT, sizeof(DOCUMENT) - 1);
    void *kept[ROUNDS];
    bool lacked;

    /* The heap cannot grow any more, and all of it is allocated. */
    mallopt(M_MMAP_MAX, 0);
    for (size_t i = 0; i < pieces; i++) {
        kept[i] = malloc(PIECE);
    }
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return 3;
    }
    for (size_t size = (size_t)1 << 20; size >= 16; size /= 2) {
        while (malloc(size) != NULL) {
        }
    }
    for (size_t i = 0; i < pieces; i++) {
        free(kept[i]);
    }
    if (json_parse(text, 0, NULL, &lacked) != NULL) {
        return lacked ? 2 : 0;
    }
    return lacked ? 1 : 2;
}

static void test_each_failed_allocation_is_survived(void **state)
{
    size_t seen[2] = {0};

    (void)state;
#ifdef OTHER_ALLOCATOR
    skip();
#endif
    for (size_t pieces = 0; pieces < ROUNDS; pieces++) {
        pid_t child = fork();
        int status = 0;

        assert_int_not_equal(child, -1);
        if (child == 0) {
            _exit(parse_with(pieces));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
            fail_msg("with %zu pieces of memory it ends with status %#x", pieces, (unsigned)status);
        }
        seen[WEXITSTATUS(status)]++;
    }
    /* Both occurred: too little memory, and enough. */
    assert_int_not_equal(seen[0], 0);
    assert_int_not_equal(seen[1], 0);
}

static void test_invalid_text_is_not_out_of_memory(void **state)
{
    json_error_t problem;
    bool lacked = true;

    (void)state;
    assert_null(json_parse(BYTES("{\"a\": }"), 0, &problem, &lacked));
    assert_false(lacked);
    assert_int_equal(problem.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failed_allocation_is_survived),
        cmocka_unit_test(test_invalid_text_is_not_out_of_memory),
    };

    return cmocka_run_group_tests_name("json_memory", tests, NULL, NULL);
}
