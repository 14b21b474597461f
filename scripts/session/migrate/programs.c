/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/programs.h"

#include "common/cli/message.h"
#include "common/config/apply.h"

#include <stdlib.h>

ExitCode program_failure_code(int status)
{
    return status >= EXIT_CODE_USAGE && status <= EXIT_CODE_CLEANUP ? (ExitCode)status
                                                                    : EXIT_CODE_FAILED;
}

static bool add_name(const Session *session, Program *program, const char *name, Error *error)
{
    *program = (Program){0};
    return words_add_format(&program->command, error, "%s/%s", session->programs, name) &&
           words_add_all(&program->environment, &session->environment, error);
}

bool program_add_connection(const Session *session, Words *command, Error *error)
{
    const char *role = session->pg.role;

    return words_add(command, "-w", error) && words_add(command, "-d", error) &&
           words_add(command, session->database_pairs, error) &&
           (role == NULL || words_add_format(command, error, "--role=%s", role)) &&
           words_add_format(command, error, "--schema=%s", session->schema.name);
}

static bool add_messages(ProgressMode progress, Words *command, Error *error)
{
    MessageLevel level = message_level();

    return words_add(command, "--supervised", error) &&
           words_add_format(command, error, "--log-format=%s",
                            message_is_json() ? "json" : "text") &&
           (level != MESSAGE_QUIET || words_add(command, "--quiet", error)) &&
           (level < MESSAGE_VERBOSE || words_add(command, "--verbose", error)) &&
           (level < MESSAGE_DEBUG || words_add(command, "--verbose", error)) &&
           (progress != PROGRESS_ALWAYS || words_add(command, "--progress", error)) &&
           (progress != PROGRESS_NEVER || words_add(command, "--no-progress", error));
}

static bool add_shared(const Session *session, ProgressMode progress, Words *command, Error *error)
{
    const MigrateOptions *options = session->options;

    return add_messages(progress, command, error) &&
           words_add_format(command, error, "--lock-wait-timeout=%dms",
                            options->common.lock_wait_timeout_ms) &&
           (options->jobs == 0 || words_add_format(command, error, "--jobs=%d", options->jobs));
}

static bool add_setting(Words *command, const char *option, const char *value, Error *error)
{
    return value == NULL || value[0] == '\0' ||
           words_add_format(command, error, "--%s=%s", option, value);
}

static bool add_export_options(const MigrateOptions *options, Words *command, Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;

    return words_add_all(command, &options->export_options, error) &&
           (options->compression_level == COMPRESSION_UNSET ||
            words_add_format(command, error, "--compress=%d", options->compression_level)) &&
           add_setting(command, "blockstore-path", lakefs->blockstore_path, error) &&
           add_setting(command, "block-storage-prefix", lakefs->block_storage_prefix, error) &&
           add_setting(command, "s3-endpoint", lakefs->s3_endpoint, error) &&
           add_setting(command, "s3-region", lakefs->s3_region, error) &&
           (lakefs->s3_force_path_style != SWITCH_ON ||
            words_add(command, "--s3-force-path-style", error)) &&
           words_add_format(command, error, "--migrations=%s", options->migrations);
}

static bool add_export(const Session *session, ProgressMode progress, Program *program,
                       Error *error)
{
    return add_name(session, program, "kv-export", error) &&
           program_add_connection(session, &program->command, error) &&
           add_shared(session, progress, &program->command, error) &&
           add_export_options(session->options, &program->command, error) &&
           lakefs_apply_s3(&session->options->lakefs, &program->environment, error);
}

bool program_export(const Session *session, Program *program, Error *error)
{
    return add_export(session, session->options->common.progress, program, error);
}

bool program_export_to_pipe(const Session *session, Program *program, Error *error)
{
    return add_export(session, PROGRESS_NEVER, program, error) &&
           words_add(&program->command, "--no-sha256", error) &&
           (session->options->compression_level != COMPRESSION_UNSET ||
            words_add(&program->command, "--compress=0", error));
}

static bool add_dynamodb(const LakefsSettings *lakefs, Words *command, Error *error)
{
    return words_add(command, "--target=dynamodb", error) &&
           add_setting(command, "dynamodb-table", lakefs->dynamodb_table, error) &&
           add_setting(command, "dynamodb-endpoint", lakefs->dynamodb_endpoint, error) &&
           add_setting(command, "aws-region", lakefs->dynamodb_region, error) &&
           add_setting(command, "dynamodb-read-capacity", lakefs->dynamodb_read_capacity, error) &&
           add_setting(command, "dynamodb-write-capacity", lakefs->dynamodb_write_capacity, error);
}

bool program_import_bare(const Session *session, Program *program, Error *error)
{
    return add_name(session, program, "kv-import", error) &&
           add_shared(session, session->options->common.progress, &program->command, error) &&
           lakefs_apply_dynamodb(&session->options->lakefs, &program->environment, error);
}

bool program_import(const Session *session, Program *program, Error *error)
{
    const MigrateOptions *options = session->options;

    return program_import_bare(session, program, error) &&
           program_add_connection(session, &program->command, error) &&
           (!migrate_options_in_dynamodb(options) ||
            add_dynamodb(&options->lakefs, &program->command, error)) &&
           words_add_all(&program->command, &options->import_options, error) &&
           words_add_format(&program->command, error, "--lock-held-by=%s", session->backend);
}

bool program_add_noted_dynamodb(const Session *session, const Note *note, Words *command,
                                Error *error)
{
    const LakefsSettings *lakefs = &session->options->lakefs;
    const char *endpoint = lakefs->dynamodb_endpoint != NULL ? lakefs->dynamodb_endpoint
                                                             : note_text(note, "store", "endpoint");

    return words_add(command, "--target=dynamodb", error) &&
           words_add_format(command, error, "--dynamodb-table=%s",
                            lakefs->dynamodb_table != NULL ? lakefs->dynamodb_table
                                                           : note_text(note, "store", "table")) &&
           words_add_format(command, error, "--aws-region=%s",
                            lakefs->dynamodb_region != NULL ? lakefs->dynamodb_region
                                                            : note_text(note, "store", "region")) &&
           (endpoint[0] == '\0' ||
            words_add_format(command, error, "--dynamodb-endpoint=%s", endpoint));
}

void program_free(Program *program)
{
    words_free(&program->command);
    words_free(&program->environment);
}
