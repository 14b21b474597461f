/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create */
#include "scripts/session/replay/dump_file.h"

#include "common/base/interrupt.h"
#include "scripts/session/child.h"
#include "scripts/session/replay/spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Starts one of the programs with an input; *output is its output. */
static bool start(const DumpFile *dump, DumpStream *stream, size_t number, const Words *command,
                  int input, int *output, Error *error)
{
    SpawnOptions options = {.identity = dump->identity,
                            .command = command,
                            .input = input,
                            .errors = stream->errors,
                            .death_signal = SIGKILL};
    int ends[2];
    bool started;

    if (!child_pipe(ends)) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a pipe: %s", strerror(errno));
    }
    options.output = ends[1];
    started = spawn(&options, &stream->children[number], error);
    close(ends[1]);
    if (!started) {
        stream->children[number] = 0;
        close(ends[0]);
        return false;
    }
    *output = ends[0];
    return true;
}

static bool start_decompressor(const DumpFile *dump, DumpStream *stream, Error *error)
{
    char *words[] = {(char *)dump->decompressor, (char *)"-dcq", NULL};
    const Words command = {.items = words, .count = 2};

    return start(dump, stream, 0, &command, dump->file, &stream->output, error);
}

/* Owners and privileges of the old server do not matter here. */
static bool start_restorer(const DumpFile *dump, DumpStream *stream, Error *error)
{
    char *words[] = {(char *)dump->restorer, (char *)"--no-owner", (char *)"--no-privileges",
                     (char *)"-f",           (char *)"-",          NULL};
    const Words command = {.items = words, .count = 5};
    int input = stream->output;
    bool started;

    started = start(dump, stream, 1, &command, input, &stream->output, error);
    if (started && input != dump->file) {
        close(input);
    }
    return started;
}

bool dump_stream_open(const DumpFile *dump, bool as_sql, DumpStream *stream, Error *error)
{
    *stream = (DumpStream){.output = dump->file, .errors = -1};
    if (lseek(dump->file, 0, SEEK_SET) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not read \"%s\": %s", dump->name,
                         strerror(errno));
    }
    stream->errors = memfd_create("errors", MFD_CLOEXEC);
    return (dump->decompressor == NULL || start_decompressor(dump, stream, error)) &&
           (!as_sql || dump->kind != DUMP_CUSTOM || start_restorer(dump, stream, error));
}

/* Reports a damaged dump, with the programs' messages as the detail. */
static bool damaged(const DumpFile *dump, const DumpStream *stream, Error *error)
{
    char text[1024];
    ssize_t size = pread(stream->errors, text, sizeof text - 1, 0);

    text[size < 0 ? 0 : size] = '\0';
    error_set(error, EXIT_CODE_DUMP, "\"%s\" could not be read to its end", dump->name);
    error_detail(error, "%s", text + strspn(text, "\n"));
    return error_hint(error, "Make the dump, or copy it, again.");
}

bool dump_stream_close(const DumpFile *dump, DumpStream *stream, Error *error)
{
    bool whole = true;

    if (stream->output != dump->file) {
        close(stream->output);
    }
    for (size_t i = 0; i < sizeof stream->children / sizeof stream->children[0]; i++) {
        if (stream->children[i] != 0) {
            int code = spawn_wait(stream->children[i]);

            whole = whole && (code == 0 || code == 128 + SIGPIPE);
        }
    }
    if (interrupt_signal() != 0) {
        whole = interrupt_check(error);
    } else if (!whole) {
        damaged(dump, stream, error);
    }
    close(stream->errors);
    return whole;
}
