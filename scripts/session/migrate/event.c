/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/event.h"

#include "common/base/slice.h"
#include "common/cli/message.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/legacy_tables.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

bool event_cleanup_failed(Error *error)
{
    Error cause = *error;

    error_set(error, EXIT_CODE_CLEANUP, "the legacy tables could not be dropped");
    return error_detail(error, "%s%s%s", cause.message, cause.detail[0] == '\0' ? "" : "\n",
                        cause.detail);
}

/* The event as a line of JSON; NULL when out of memory. */
static char *encode(const Error *event, const char *hint, const char *sql)
{
    char now[MESSAGE_NOW_SIZE];
    json_t *json;
    char *line;

    message_now(now);
    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time", now, "level", "error",
                     "program", message_program(), "event", "cleanup_failed", "message",
                     event->message, "detail", event->detail, "hint", hint, "sql", sql);
    line = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    return line;
}

/* Runs the command of --on-event with the line on its standard input. */
static bool run_command(const Session *session, const char *line, int *status, Error *error)
{
    Words command = {0};
    Buffer input = {0};
    const ChildOptions child = child_options(&command, NULL);
    bool done = words_add(&command, "sh", error) && words_add(&command, "-c", error) &&
                words_add(&command, session->options->on_event, error) &&
                buffer_append_format(&input, error, "%s\n", line) &&
                child_run(&child, buffer_string(&input), status, error);

    words_free(&command);
    buffer_free(&input);
    return done;
}

void event_report(Session *session, const Error *event)
{
    Buffer hint = {0};
    Buffer sql = {0};
    Error problem = {0};
    char *line = NULL;
    int status = 0;

    if (legacy_tables_append_drop(session, &sql, &problem) &&
        buffer_append_format(&hint, &problem, "The migration itself succeeded. %s%s by hand: %s",
                             event->hint, event->hint[0] == '\0' ? "Run" : " Then run",
                             buffer_string(&sql))) {
        line = encode(event, buffer_string(&hint), buffer_string(&sql));
    }
    if (line == NULL) {
        message_error(event);
    } else {
        message_event(event->message, event->detail, buffer_string(&hint), line);
        if (session->options->on_event != NULL &&
            (!run_command(session, line, &status, &problem) || status != 0)) {
            message_warning("the command of --on-event failed");
        }
    }
    free(line);
    buffer_free(&hint);
    buffer_free(&sql);
}
