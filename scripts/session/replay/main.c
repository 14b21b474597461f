/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-replay-session: the program that decides for the script kv-replay, which requests one step
 * after the other (scripts/session/protocol.h).  It parses the options, examines the dump, and
 * starts, uses and removes a throw-away PostgreSQL server.
 *
 *   kv-replay-session PROGRAMS [ARGUMENT]...
 *
 * PROGRAMS is the folder of kv-import and kv-migrate; the arguments are the user's.
 */
#include "common/base/interrupt.h"
#include "common/base/printable.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/startup.h"
#include "common/cli/version.h"
#include "scripts/session/protocol.h"
#include "scripts/session/replay/descriptors.h"
#include "scripts/session/replay/replay.h"
#include "scripts/session/replay/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Step {
    const char *request;
    bool (*take)(Replay *replay, const char **answer, Error *error);
} Step;

static const Step STEPS[] = {{"begin", replay_begin},
                             {"start-server", replay_start_server},
                             {"restore", replay_restore},
                             {"show", replay_show},
                             {"wait", replay_wait}};

/* Puts a colon before each word, since a list cannot hold empty words. */
static bool answer_words(const Words *words, Error *error)
{
    Words marked = {0};
    bool done = true;

    for (size_t i = 0; done && i < words->count; i++) {
        done = words_add_format(&marked, error, ":%s", words->items[i]);
    }
    done = done && protocol_answer_words(&marked, error);
    words_free(&marked);
    return done;
}

typedef bool WordsOf(Replay *replay, const char *name, Words *words, Error *error);

static bool environment_of(Replay *replay, const char *name, Words *words, Error *error)
{
    return replay_environment(replay, name, words, error);
}

static bool list(Replay *replay, WordsOf *words_of, const char *name, Error *error)
{
    Words words = {0};
    bool done = words_of(replay, name, &words, error) && answer_words(&words, error);

    words_free(&words);
    return done;
}

/* What follows `beginning` and a blank in the request; NULL if it begins otherwise. */
static const char *argument_of(const char *request, const char *beginning)
{
    size_t size = strlen(beginning);

    return strncmp(request, beginning, size) == 0 && request[size] == ' ' ? request + size + 1
                                                                          : NULL;
}

static bool take_request(Replay *replay, const char *request, Error *error)
{
    const char *argument;
    const char *answer = NULL;
    bool done;

    if ((argument = argument_of(request, "command")) != NULL) {
        return list(replay, replay_command, argument, error);
    }
    if ((argument = argument_of(request, "environment")) != NULL) {
        return list(replay, environment_of, argument, error);
    }
    if ((argument = argument_of(request, "ran")) != NULL) {
        done = replay_ran(replay, atoi(argument), &answer, error);
    } else {
        size_t i = 0;

        while (i < sizeof STEPS / sizeof STEPS[0] && strcmp(request, STEPS[i].request) != 0) {
            i++;
        }
        if (i == sizeof STEPS / sizeof STEPS[0]) {
            return error_set(error, EXIT_CODE_USAGE, "unknown request \"%s\"", request);
        }
        done = STEPS[i].take(replay, &answer, error);
    }
    return done && (replay->has_ended || protocol_answer(answer, error));
}

/* Waits for a request; *ended: the script has ended, or this program is to end. */
static bool await_request(char request[PROTOCOL_REQUEST_SIZE], bool *ended, Error *error)
{
    switch (protocol_next(request, -1)) {
    case PROTOCOL_REQUEST:
        return true;
    case PROTOCOL_FAILED:
        return protocol_failed(error);
    default:
        *ended = true;
        return interrupt_check(error);
    }
}

/* Handles requests until the script ends or the replay is done. */
static bool take_requests(Replay *replay, char request[PROTOCOL_REQUEST_SIZE], Error *error)
{
    bool ended = false;

    while (!ended && !replay->has_ended) {
        if (!take_request(replay, request, error) ||
            (!replay->has_ended && !await_request(request, &ended, error))) {
            return false;
        }
    }
    return true;
}

/* Further lines of a text are indented, so that none looks like a message. */
enum { INDENT = 2 };

/* Escapes text from outside for the terminal. */
static void make_printable(char *text, size_t size)
{
    Buffer shown = {0};
    Error ignored;
    bool done = printable_append_lines(&shown, slice_text(text), INDENT, &ignored);

    snprintf(text, size, "%s", done ? buffer_string(&shown) : "");
    buffer_free(&shown);
}

static void tell(const Replay *replay, Error *error)
{
    if (interrupt_signal() == STOP_ORPHANED) {
        return; /* nobody is left to read a message */
    }
    make_printable(error->message, sizeof error->message);
    make_printable(error->detail, sizeof error->detail);
    if (interrupt_signal() != 0 && replay->is_waiting) {
        message_info("%s", error->message); /* a normal end, not a failure */
    } else {
        message_error(error);
    }
}

static bool run(Replay *replay, int count, char **arguments, Error *error)
{
    char request[PROTOCOL_REQUEST_SIZE];
    bool ended = false;

    /* Wait for the script's first request before reporting wrong options. */
    if (!await_request(request, &ended, error)) {
        return false;
    }
    if (ended) {
        return true;
    }
    if (!replay_options_parse(&replay->options, count, arguments, error)) {
        return false;
    }
    if (replay->options.help) {
        replay_options_help();
        return output_flush(error);
    }
    if (replay->options.list_options) {
        replay_options_list();
        return true;
    }
    if (replay->options.version) {
        output_line("kv-replay (lakeFS KV migration) %s", PROGRAM_VERSION);
        return output_flush(error);
    }
    return take_requests(replay, request, error);
}

int main(int argc, char **argv)
{
    static Replay replay;
    Error error = {0};
    int code;

    startup("kv-replay");
    umask(077);
    replay.script = getppid();
    replay.dump.file = -1;
    if (argc < 2 || !protocol_open(&error)) {
        error_set(&error, EXIT_CODE_USAGE, "this program is a part of kv-replay");
        message_error(&error);
        return (int)error.code;
    }
    descriptors_keep();
    /* Leave the terminal's process group: only the script passes signals on. */
    setpgid(0, 0);
    stop_by_signals();
    replay.programs = argv[1];
    if (!run(&replay, argc - 1, argv + 1, &error)) {
        tell(&replay, &error);
    }
    stop_no_more();
    replay_free(&replay);
    code = replay.has_ended ? replay.exit_code : (int)error.code;
    return interrupt_signal() != 0 ? 128 + interrupt_signal() : code;
}
