/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dup3 */
#include "import/spool.h"

#include "common/base/interrupt.h"
#include "common/base/temporary_file.h"
#include "common/cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_STEP = 256 * 1024 };

static bool explain(Error *error)
{
    return error_detail(error, "The dump must be read twice, so one that comes through a pipe is "
                               "copied first.");
}

static bool copy_bytes(int input, int copy, Error *error)
{
    char *data = malloc(COPY_STEP);
    bool done = data != NULL || error_out_of_memory(error);

    while (done) {
        ssize_t n;

        done = interrupt_check(error);
        if (!done) {
            break;
        }
        n = read(input, data, COPY_STEP);
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            done =
                error_set(error, EXIT_CODE_FAILED, "could not read the dump: %s", strerror(errno));
        } else if (n > 0) {
            done = temporary_file_write(copy, slice_of(data, (size_t)n), error) || explain(error);
            progress_add(0, (uint64_t)n);
        }
    }
    free(data);
    return done;
}

/* On failure *copy may be open, too. */
static bool copy_input(int input, int *copy, Error *error)
{
    progress_begin("copy the dump", 0);
    if ((!temporary_file_open(copy, error) && !explain(error)) ||
        !copy_bytes(input, *copy, error)) {
        return false;
    }
    progress_end();
    return true;
}

/* A regular file whose reading starts at its beginning, and that may be opened again: not, for
 * instance, one that the shell of another user has opened. */
static bool can_be_opened(int input, const char *path)
{
    struct stat status;
    int again;

    if (fstat(input, &status) != 0 || !S_ISREG(status.st_mode) || lseek(input, 0, SEEK_CUR) != 0) {
        return false;
    }
    again = open(path, O_RDONLY | O_CLOEXEC);
    if (again >= 0) {
        close(again);
    }
    return again >= 0;
}

/* Puts the copy in the place of the input, which has been read. */
static bool replace_input(int input, Error *error)
{
    int copy = -1;
    bool done = copy_input(input, &copy, error);

    if (done && dup3(copy, input, input == STDIN_FILENO ? 0 : O_CLOEXEC) < 0) {
        done = error_set(error, EXIT_CODE_FAILED, "could not read the dump: %s", strerror(errno));
    }
    if (copy >= 0) {
        close(copy);
    }
    return done;
}

static bool spool_stdin(const char **file, Error *error)
{
    static const char PATH[] = "/dev/stdin";
    struct stat status;

    if (fstat(STDIN_FILENO, &status) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not open dump on standard input: %s",
                         strerror(errno));
    }
    if (!can_be_opened(STDIN_FILENO, PATH) && !replace_input(STDIN_FILENO, error)) {
        return false;
    }
    *file = PATH;
    return true;
}

bool spool_dump(const char **file, Error *error)
{
    static char paths[2][32]; /* to compare two dumps */
    static size_t turn;
    char *path;
    struct stat status;
    int input;

    if (*file == NULL || strcmp(*file, "-") == 0 || strcmp(*file, "/dev/stdin") == 0) {
        return spool_stdin(file, error);
    }
    /* Leave what is no pipe, and what cannot be opened, to the reader of the dump. */
    if (stat(*file, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
        return true;
    }
    input = open(*file, O_RDONLY | O_CLOEXEC);
    if (input < 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not open dump \"%s\": %s", *file,
                         strerror(errno));
    }
    if (!replace_input(input, error)) {
        close(input);
        return false;
    }
    path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "/dev/fd/%d", input);
    *file = path;
    return true;
}

bool spool_is_file(const char *file)
{
    struct stat status;

    return file != NULL && strcmp(file, "-") != 0 && stat(file, &status) == 0 &&
           S_ISREG(status.st_mode);
}
