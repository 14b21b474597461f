/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/output.h"

#include "common/base/json_memory.h"
#include "common/base/printable.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The errno of the first failure; 0: none. */
static int failure;

static void note_failure(int code)
{
    if (failure == 0) {
        failure = code == 0 ? EIO : code;
    }
}

static void write_out(Slice bytes)
{
    errno = 0;
    if (bytes.size > 0 && fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size) {
        note_failure(errno);
    }
}

void output_line(const char *format, ...)
{
    Buffer text = {0};
    Buffer line = {0};
    Error ignored;
    va_list arguments;
    bool done;

    va_start(arguments, format);
    done = buffer_append_vformat(&text, &ignored, format, arguments);
    va_end(arguments);
    if (done && printable_append(&line, buffer_slice(&text), &ignored) &&
        buffer_append_text(&line, "\n", &ignored)) {
        write_out(buffer_slice(&line));
    } else {
        note_failure(ENOMEM);
    }
    buffer_free(&text);
    buffer_free(&line);
}

bool output_json(json_t *json, Error *error)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12));
    Buffer line = {0};
    bool done;

    json_decref(json);
    /* A value that is missing a part must not be used. */
    done = !json_memory_lacked() && text != NULL &&
           printable_append_json(&line, slice_text(text), error) &&
           buffer_append_text(&line, "\n", error);
    if (done) {
        write_out(buffer_slice(&line));
    }
    free(text);
    buffer_free(&line);
    if (!done) {
        return error_out_of_memory(error);
    }
    return failure == 0 || output_flush(error);
}

bool output_text(Slice text, Error *error)
{
    write_out(text);
    return failure == 0 || output_flush(error);
}

/* Finds out why an earlier write, such as printf's, failed: errno is no longer that of the
 * write. */
static int guess_reason(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0 ? EPIPE : EIO;
}

bool output_flush(Error *error)
{
    errno = 0;
    if (fflush(stdout) != 0) {
        note_failure(errno);
    } else if (ferror(stdout)) {
        note_failure(guess_reason());
    }
    if (failure == 0) {
        return true;
    }
    if (failure == EPIPE) {
        return error_set(error, EXIT_CODE_BROKEN_PIPE, "standard output was closed");
    }
    return error_set(error, EXIT_CODE_FAILED, "could not write to standard output: %s",
                     strerror(failure));
}
