/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/monotonic.h"
#include "common/base/temporary_file.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/rehearsal.h"
#include "scripts/session/migrate/relayed_progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bool LineTaker(json_t *object, json_t *state);

/* Lets `take` have each line that is a JSON object.  Text of other programs is passed over: a
 * command of ours says in its own words what came of it. */
static void each_object(char *text, LineTaker *take, json_t *state)
{
    char *rest;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);

        if (json_is_object(object)) {
            take(object, state);
        }
        json_decref(object);
    }
}

static bool take_output(json_t *object, json_t *result)
{
    return json_object_set(result, "output", object) == 0;
}

static bool take_message(json_t *object, json_t *messages)
{
    const char *level = json_string_value(json_object_get(object, "level"));

    return level == NULL || (strcmp(level, "error") != 0 && strcmp(level, "warning") != 0) ||
           json_array_append(messages, object) == 0;
}

static bool take_text(Buffer *printed, LineTaker *take, json_t *state, Error *error)
{
    char *text = buffer_take(printed, error);

    if (text == NULL) {
        return false;
    }
    each_object(text, take, state);
    free(text);
    return true;
}

static bool read_messages(int file, json_t *messages, Error *error)
{
    Buffer text = {0};
    bool done = lseek(file, 0, SEEK_SET) == 0 && child_read(file, &text, error) &&
                take_text(&text, take_message, messages, error);

    buffer_free(&text);
    return done;
}

static bool capture(const Program *program, int messages, json_t *result, Error *error)
{
    ChildOptions child = child_options(&program->command, &program->environment);
    RelayedProgress *relay = NULL;
    Buffer printed = {0};
    int status = 0;
    bool done;

    child.error = messages;
    done = relayed_progress_start(messages, &relay, error) &&
           child_capture(&child, &printed, &status, error);
    relayed_progress_stop(relay);
    done = done && take_text(&printed, take_output, result, error) &&
           read_messages(messages, json_object_get(result, "messages"), error);
    json_object_set_new(result, "exit_code", json_integer(status));
    buffer_free(&printed);
    return done;
}

bool rehearsal_run_program(const Program *program, json_t **result, double *seconds, Error *error)
{
    double begun = monotonic_seconds();
    int messages = -1;
    bool done;

    *result = json_pack("{s:n, s:[]}", "output", "messages");
    if (*result == NULL) {
        return error_out_of_memory(error);
    }
    done = temporary_file_open(&messages, error) && capture(program, messages, *result, error);
    if (messages >= 0) {
        close(messages);
    }
    if (!done) {
        json_decref(*result);
        *result = NULL;
    }
    if (seconds != NULL) {
        *seconds = monotonic_seconds() - begun;
    }
    return done;
}
