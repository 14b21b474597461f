/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any storage: the user's command prints the object.
 *
 * Exit code 0: its output is the object, even if empty.  NO_OBJECT: there is no such object.  Any
 * other exit code is an error.
 */
#include "export/settings/store.h"

#include "common/base/captured_program.h"
#include "common/base/interrupt.h"
#include "export/settings/command_line.h"
#include "export/settings/s3_address.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { NO_OBJECT = 44 }; /* like HTTP's 404 */

typedef struct Command {
    atomic_bool stopped;
    CommandLine line;
} Command;

static bool check_command(const SettingsOptions *options, Error *error)
{
    if (options->command == NULL || command_line_has_url(options->command)) {
        return true;
    }
    /* It would fetch the same object for every repository. */
    error_set(error, EXIT_CODE_USAGE, "the command of --settings-command does not contain {}");
    return error_hint(error, "{} stands for the object's URL: --settings-command 'gsutil cat {}'. "
                             "The variable " COMMAND_LINE_VARIABLE " does, too.");
}

static bool open_command(const SettingsOptions *options, void **state, Error *error)
{
    Command *command = calloc(1, sizeof *command);

    if (command == NULL) {
        return error_out_of_memory(error);
    }
    *state = command;
    atomic_init(&command->stopped, false);
    return command_line_parse(options->command, &command->line, error);
}

static void stop_command(void *state)
{
    Command *command = state;

    atomic_store(&command->stopped, true);
}

static void close_command(void *state)
{
    Command *command = state;

    if (command != NULL) {
        command_line_free(&command->line);
        free(command);
    }
}

static bool is_stopped(const void *state, Error *error)
{
    const Command *command = state;

    return !interrupt_check(error) ||
           (atomic_load(&command->stopped) &&
            !error_set(error, EXIT_CODE_FAILED, "stopped because of another failure"));
}

static bool check_exit_status(const CapturedProgram *child, const char *url, SettingsObject *object,
                              Error *error)
{
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0) {
        object->found = true;
        return true;
    }
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == NO_OBJECT) {
        object->content.size = 0;
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the command of --settings-command failed for \"%s\" with %s %d", url,
              WIFEXITED(child->status) ? "exit code" : "signal",
              WIFEXITED(child->status) ? WEXITSTATUS(child->status) : WTERMSIG(child->status));
    if (child->error_output[0] != '\0') {
        error_detail(error, "Its output: %s", child->error_output);
    }
    return false;
}

static bool run_command(const Command *command, const char *const *arguments, const char *variable,
                        const char *url, SettingsObject *object, Error *error)
{
    CapturedProgram child = {.arguments = arguments,
                             .variable = variable,
                             .output_limit = MAX_RULES_SIZE,
                             .is_stopped = is_stopped,
                             .state = command};

    if (!captured_program_run(&child, &object->content, error)) {
        return false;
    }
    if (child.output_too_large) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "the output of --settings-command for \"%s\" is too large for branch "
                         "protection rules",
                         url);
    }
    return check_exit_status(&child, url, object, error);
}

static bool run_for_url(const Command *command, const char *url, SettingsObject *object,
                        Error *error)
{
    const char **arguments;
    Buffer variable = {0};
    bool done;

    if (!command_line_accepts(&command->line, url)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the command of --settings-command could run a part of \"%s\"", url);
        return error_hint(error,
                          "Let a program of your own take {} as its argument, or write "
                          "\"$" COMMAND_LINE_VARIABLE "\" inside of single quotes instead of {}.");
    }
    arguments = command_line_arguments(&command->line, url, error);
    done = arguments != NULL &&
           buffer_append_format(&variable, error, "%s=%s", COMMAND_LINE_VARIABLE, url) &&
           run_command(command, arguments, buffer_string(&variable), url, object, error);
    free(arguments);
    buffer_free(&variable);
    return done;
}

/* Appends the path in the block store. */
static bool append_local(const StorageNamespace *space, const char *path, Buffer *url, Error *error)
{
    Buffer location = {0};
    Buffer clean = {0};
    const char *start;
    bool done = buffer_append_format(&location, error, "%s%s/%s", space->host, space->path, path);

    if (done) {
        start = buffer_string(&location);
        done = storage_path_append_clean(start + strspn(start, "/"), &clean, error) &&
               (!storage_path_leads_out(buffer_string(&clean)) ||
                error_set(error, EXIT_CODE_REFUSED, "it leads out of the block store")) &&
               buffer_append_text(url, buffer_string(&clean), error);
    }
    buffer_free(&location);
    buffer_free(&clean);
    return done;
}

static bool append_s3(const StorageNamespace *space, const char *path, Buffer *url, Error *error)
{
    S3Address address;
    bool done = s3_address_find(space, path, &address, error) &&
                buffer_append_format(url, error, "%s/%s", address.bucket, address.key);

    s3_address_free(&address);
    return done;
}

/* Appends the URL of the object as lakeFS finds it, decoded. */
static bool append_url(const StorageNamespace *space, const char *path, Buffer *url, Error *error)
{
    if (!buffer_append_format(url, error, "%s://", space->scheme)) {
        return false;
    }
    if (strcmp(space->scheme, SETTINGS_S3.scheme) == 0) {
        return append_s3(space, path, url, error);
    }
    if (strcmp(space->scheme, SETTINGS_LOCAL.scheme) == 0) {
        return append_local(space, path, url, error);
    }
    return buffer_append_format(url, error, "%s/", space->host) &&
           storage_namespace_append_key(space, path, url, error);
}

static bool fetch_by_command(void *state, const SettingsOptions *options,
                             const StorageNamespace *space, const char *path,
                             SettingsObject *object, Error *error)
{
    Buffer url = {0};
    bool done;

    (void)options;
    done = append_url(space, path, &url, error) &&
           run_for_url(state, buffer_string(&url), object, error);
    buffer_free(&url);
    return done;
}

const SettingsStore SETTINGS_COMMAND = {
    .scheme = "",
    .hint =
        "Try the command by hand: it must print the object that {} names, or exit with code 44 if "
        "there is none.",
    .check = check_command,
    .open = open_command,
    .fetch = fetch_by_command,
    .stop = stop_command,
    .close = close_command,
};
