/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files in folders, without libFuzzer.
 */
#include "tests/fuzz/fuzz.h"

#include <fts.h>
#include <signal.h>
#include <unistd.h>

static const char *current = "";

/* Names the input if the program crashes. */
static void name_input(int number)
{
    ssize_t written = write(STDERR_FILENO, "input: ", 7);

    written = written < 0 ? written : write(STDERR_FILENO, current, strlen(current));
    written = written < 0 ? written : write(STDERR_FILENO, "\n", 1);
    signal(number, SIG_DFL);
    raise(number);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    Buffer content = {0};
    Error error = {0};
    size_t size;
    uint8_t *copy;

    current = path;
    FUZZ_CHECK(file != NULL);
    do {
        FUZZ_CHECK(buffer_reserve(&content, 65536, &error));
        size = fread(content.data + content.size, 1, 65536, file);
        content.size += size;
    } while (size > 0);
    FUZZ_CHECK(ferror(file) == 0);
    fclose(file);
    copy = fuzz_copy(buffer_slice(&content));
    LLVMFuzzerTestOneInput(copy, content.size);
    free(copy);
    buffer_free(&content);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    FTS *tree = argc < 2 ? NULL : fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;

    signal(SIGABRT, name_input);
    signal(SIGSEGV, name_input);
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F) {
            run_file(entry->fts_path);
            count++;
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    printf("%s: %zu inputs\n", argv[0], count);
    return count > 0 ? 0 : 1;
}
