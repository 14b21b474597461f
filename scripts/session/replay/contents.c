/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/replay.h"

#include "common/base/buffer.h"
#include "common/base/json_memory.h"
#include "common/base/printable.h"
#include "common/cli/message.h"
#include "scripts/session/child.h"

#include <jansson.h>
#include <unistd.h>

static bool not_understood(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED,
                     "could not parse kv-import's description of the dump");
}

/* Joins the texts of an array for display. */
static bool join(const json_t *texts, Buffer *joined, Error *error)
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const char *text = json_string_value(json_array_get(texts, i));

        if (text == NULL) {
            return not_understood(error);
        }
        if ((i > 0 && !buffer_append_text(joined, ", ", error)) ||
            !printable_append(joined, slice_text(text), error)) {
            return false;
        }
    }
    return true;
}

static bool tell(const json_t *header, Error *error)
{
    const json_t *redacted = json_object_get(header, "redacted");
    const json_t *omitted = json_object_get(header, "omitted");
    const json_t *repositories = json_object_get(header, "omitted_settings");
    Buffer joined = {0};
    bool done;

    if (!json_is_boolean(redacted) || !json_is_array(omitted) ||
        (repositories != NULL && !json_is_array(repositories))) {
        return not_understood(error);
    }
    if (json_is_true(redacted)) {
        message_warning("the dump is redacted: its names and secrets are not real");
    }
    done = join(omitted, &joined, error);
    if (done && joined.size > 0) {
        message_warning("the dump is incomplete; excluded: %s", buffer_string(&joined));
    }
    joined.size = 0;
    done = done && join(repositories, &joined, error);
    if (done && joined.size > 0) {
        message_warning(
            "branch protection rules are not in the dump, left out on request: those of "
            "%s",
            buffer_string(&joined));
    }
    buffer_free(&joined);
    return done;
}

/* Parses the output of kv-import --list. */
static bool tell_printed(const Buffer *printed, Error *error)
{
    bool lacked;
    json_t *list = json_parse(buffer_slice(printed), 0, NULL, &lacked);
    bool done;

    if (list == NULL) {
        return lacked ? error_out_of_memory(error) : not_understood(error);
    }
    done = tell(json_object_get(list, "header"), error);
    json_decref(list);
    return done;
}

bool replay_tell_contents(const Replay *replay, Error *error)
{
    Words command = {0};
    ChildOptions options = child_options(&command, NULL);
    Buffer printed = {0};
    int status = 0;
    bool done;

    /* The path may be valid in this process only, such as /dev/fd/63. */
    lseek(replay->dump.file, 0, SEEK_SET);
    options.input = replay->dump.file;
    done = words_add_format(&command, error, "%s/kv-import", replay->programs) &&
           words_add(&command, "--list", error) && words_add(&command, "--format=json", error) &&
           words_add(&command, "-", error) && child_capture(&options, &printed, &status, error) &&
           (status == 0 || not_understood(error)) && tell_printed(&printed, error);

    words_free(&command);
    buffer_free(&printed);
    return done;
}
