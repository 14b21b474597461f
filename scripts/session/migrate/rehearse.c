/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/rehearse.h"

#include "common/base/json.h"
#include "common/base/monotonic.h"
#include "common/base/printable.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/rehearsal.h"
#include "scripts/session/migrate/source_dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse_migrated(const Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the database has already been migrated: there is nothing to rehearse");
    error_detail(error, "It is at version %" PRId64 ".", session->version);
    return error_hint(error, "kv-migrate status shows where it stands.");
}

static bool refuse_without_tables(const Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "there are no tables of a legacy lakeFS in schema %s",
              session->schema.quoted);
    return error_hint(error, "Name the database, or the schema with --schema. kv-migrate status "
                             "shows what is there.");
}

static bool check_database(Session *session, Error *error)
{
    if (!session_read_version(session, error) || !session_check_version(session, error)) {
        return false;
    }
    if (session_is_at_kv_version(session)) {
        return refuse_migrated(session, error);
    }
    return legacy_tables_find(session, error) &&
           (session->legacy.found.count > 0 || refuse_without_tables(session, error));
}

/* pg_dump would wait for each lock, and not say who holds it. */
static bool check_readable(Session *session, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, "LOCK TABLE ", error) &&
                legacy_tables_append(session, &sql, error) &&
                buffer_append_text(&sql, " IN ACCESS SHARE MODE", error) &&
                (pg_execute(session->connection, buffer_string(&sql), NULL, error) ||
                 pg_lock_failed(session->connection, &session->schema, error));

    buffer_free(&sql);
    return done;
}

/* The database's own dry run.  It tries no statement that writes. */
static bool dry_run(Rehearse *rehearse, Error *error)
{
    const Session *session = rehearse->session;
    const char *password =
        session->pg.password != NULL ? session->pg.password : session->options->password;
    Program program = {0};
    json_t *result = NULL;
    bool done = (password == NULL || words_add_format(&program.environment, error,
                                                      PASSWORD_VARIABLE "=%s", password)) &&
                words_add_format(&program.command, error, "%s/kv-migrate", session->programs) &&
                words_add(&program.command, "up", error) &&
                words_add(&program.command, "--dry-run", error) &&
                words_add(&program.command, "--no-trial", error) &&
                words_add(&program.command, "--kv-enabled", error) &&
                words_add_all(&program.command, &session->options->migration, error) &&
                words_add(&program.command, "--target=postgres", error) &&
                (migrate_options_drop_tables(session->options) ||
                 words_add(&program.command, "--keep-tables", error)) &&
                words_add(&program.command, "--format=json", error) &&
                words_add(&program.command, "--log-format=json", error) &&
                words_add_format(&program.command, error, "--lock-wait-timeout=%dms",
                                 session->options->common.lock_wait_timeout_ms) &&
                program_add_connection(session, &program.command, error) &&
                rehearsal_run_program(&program, &result, NULL, error);

    program_free(&program);
    if (done) {
        json_object_set_new(result, "of", json_string("database"));
        json_object_set_new(rehearse->source, "dry_run", result);
    }
    return done;
}

/* Sets a member to a text that need not be UTF-8, such as a name in a database of SQL_ASCII. */
static bool set_text(json_t *object, const char *member, const char *text, Error *error)
{
    Buffer shown = {0};
    bool done = printable_append(&shown, slice_text(text), error) &&
                (json_object_set_new(object, member, json_string(buffer_string(&shown))) == 0 ||
                 error_out_of_memory(error));

    buffer_free(&shown);
    return done;
}

static bool describe_database(Rehearse *rehearse, Error *error)
{
    const Session *session = rehearse->session;
    char now[MESSAGE_NOW_SIZE];

    message_now_seconds(now);
    rehearse->source = json_object();
    return set_text(rehearse->source, "kind", "database", error) &&
           set_text(rehearse->source, "name", session->schema.database, error) &&
           set_text(rehearse->source, "schema", session->schema.name, error) &&
           set_text(rehearse->source, "server", pg_server_version_text(session->connection),
                    error) &&
           set_text(rehearse->source, "at", now, error);
}

static bool look_at_database(Rehearse *rehearse, const char *programs, MigrateOptions *options,
                             Error *error)
{
    Session *session = rehearse->session;
    bool standby = false;

    if (!session_open(session, options, programs, PG_READ_SNAPSHOT,
                      options->common.lock_wait_timeout_ms, error) ||
        !check_database(session, error) ||
        !source_dump_command(session, rehearse->self, &rehearse->dump, error) ||
        !check_readable(session, error) || !pg_is_standby(session->connection, &standby, error) ||
        !describe_database(rehearse, error) || !pg_commit(session->connection, error)) {
        return false;
    }
    /* On a standby there is no dry run: the copy has one. */
    if (!standby && !dry_run(rehearse, error)) {
        return false;
    }
    pg_close(session->connection);
    session->connection = NULL;
    return true;
}

static bool describe_file(Rehearse *rehearse, const char *name, Error *error)
{
    bool is_input = strcmp(name, "-") == 0;
    struct stat status;

    if (!is_input && access(name, R_OK) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not read \"%s\": %s", name,
                         strerror(errno));
    }

    rehearse->source = json_object();
    if (!is_input && stat(name, &status) == 0 && S_ISREG(status.st_mode)) {
        json_object_set_new(rehearse->source, "bytes", json_integer((json_int_t)status.st_size));
    }
    return set_text(rehearse->source, "kind", "dump", error) &&
           set_text(rehearse->source, "name", is_input ? "standard input" : name, error);
}

bool rehearse_begin(Rehearse *rehearse, MigrateOptions *options, const char *programs, Error *error)
{
    Session *session = rehearse->session;
    char text[QUANTITY_SIZE];

    session->options = options;
    session->programs = programs;
    if (options->from != NULL) {
        return describe_file(rehearse, options->from, error);
    }
    if (!look_at_database(rehearse, programs, options, error)) {
        return false;
    }
    message_info("copying %s of the database, by reading only",
                 quantity_noun(session->legacy.found.count, "table", "tables", text));
    return true;
}

bool rehearse_dump_command(const Rehearse *rehearse, Program *program, Error *error)
{
    return words_add_all(&program->command, &rehearse->dump.command, error) &&
           words_add_all(&program->environment, &rehearse->dump.environment, error);
}

/* The arguments of the other half. */
static bool add_rehearsal(const Rehearse *rehearse, Words *words, Error *error)
{
    const Session *session = rehearse->session;
    const MigrateOptions *options = session->options;

    return words_add(words, rehearse->self, error) && words_add(words, "--rehearsal", error) &&
           words_add(words, session->programs, error) && words_add(words, rehearse->data, error) &&
           words_add(words, "rehearse", error) && words_add(words, "-w", error) &&
           /* By the variables of kv-replay.  lakeFS's configuration may name another one. */
           words_add(words, "-d", error) && words_add(words, "lakefs", error) &&
           words_add_all(words, &options->migration, error) &&
           (migrate_options_drop_tables(options) || words_add(words, "--keep-tables", error)) &&
           words_add(words, "--target=postgres", error) &&
           (options->report == NULL ||
            words_add_format(words, error, "--report=%s", options->report)) &&
           (!options->json || words_add(words, "--format=json", error)) &&
           (!message_is_json() || words_add(words, "--log-format=json", error)) &&
           (options->common.progress != PROGRESS_ALWAYS || words_add(words, "--progress", error)) &&
           (options->common.progress != PROGRESS_NEVER ||
            words_add(words, "--no-progress", error)) &&
           (message_level() != MESSAGE_QUIET || words_add(words, "--quiet", error));
}

/* A name is no option of kv-replay's. */
static bool add_dump_name(const char *from, Words *words, Error *error)
{
    bool is_dashed = from != NULL && from[0] == '-' && from[1] != '\0';

    return words_add_format(words, error, "%s%s", is_dashed ? "./" : "", from == NULL ? "-" : from);
}

static bool is_set(const char *setting)
{
    return setting != NULL && setting[0] != '\0';
}

/* Hides where the database is, and its secrets: neither the server nor what runs on it needs
 * them.  When the copy begins is noted here, as that is now. */
static bool add_environment(const Rehearse *rehearse, Words *words, Error *error)
{
    static const char *const HIDDEN[] = {PASSWORD_VARIABLE, "PGPASSWORD",
                                         "LAKEFS_DATABASE_CONNECTION_STRING",
                                         "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"};
    const LakefsSettings *lakefs = &rehearse->session->options->lakefs;
    char *source;
    bool done = true;

    for (size_t i = 0; done && i < sizeof HIDDEN / sizeof HIDDEN[0]; i++) {
        done = words_add(words, HIDDEN[i], error);
    }
    json_object_set_new(rehearse->source, "begun", json_real(monotonic_seconds()));
    json_object_set_new(rehearse->source, "settings",
                        json_pack("{s:b, s:b}", "connection_string",
                                  is_set(lakefs->connection_string), "newer_connection_string",
                                  is_set(lakefs->newer_connection_string)));
    source = json_encode(json_incref(rehearse->source), error);
    done = done && source != NULL &&
           words_add_format(words, error, REHEARSAL_SOURCE_VARIABLE "=%s", source);
    free(source);
    return done;
}

/* That of the copy, too. */
static bool shows_progress(const MigrateOptions *options)
{
    return options->common.progress == PROGRESS_ALWAYS ||
           (options->common.progress == PROGRESS_AUTOMATIC && message_level() != MESSAGE_QUIET &&
            (message_is_terminal() || message_is_json()));
}

bool rehearse_replay_command(const Rehearse *rehearse, Program *program, Error *error)
{
    const Session *session = rehearse->session;
    const MigrateOptions *options = session->options;

    return words_add_format(&program->command, error, "%s/kv-replay", session->programs) &&
           words_add(&program->command, "--quiet", error) &&
           (!shows_progress(options) || words_add(&program->command, "--progress", error)) &&
           words_add(&program->command, "--no-migration", error) &&
           (options->bindir == NULL ||
            words_add_format(&program->command, error, "--bindir=%s", options->bindir)) &&
           (!message_is_json() || words_add(&program->command, "--log-format=json", error)) &&
           add_dump_name(options->from, &program->command, error) &&
           words_add(&program->command, "--", error) &&
           add_rehearsal(rehearse, &program->command, error) &&
           add_environment(rehearse, &program->environment, error);
}

bool rehearse_ended(int dump_status, int status, ExitCode *code, Error *error)
{
    /* If the rehearsal failed otherwise, pg_dump failed because nobody read the dump any longer. */
    if (dump_status != 0 && (status == EXIT_CODE_DONE || status == EXIT_CODE_DUMP)) {
        error_set(error, EXIT_CODE_FAILED, "pg_dump ended with exit code %d", dump_status);
        return error_hint(error, "Its message, above, says why; the database was only read.");
    }
    /* Whoever has ended has said why. */
    *code = status == 0 ? EXIT_CODE_DONE : program_failure_code(status);
    return true;
}

void rehearse_free(Rehearse *rehearse)
{
    program_free(&rehearse->dump);
    json_decref(rehearse->source);
}
