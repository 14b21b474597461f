/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/up.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/store/target.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/checks.h"
#include "scripts/session/migrate/cleanup.h"
#include "scripts/session/migrate/commands.h"
#include "scripts/session/migrate/event.h"
#include "scripts/session/migrate/guard.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/predecessor.h"
#include "scripts/session/migrate/right_database.h"
#include "scripts/session/migrate/schema_migrations.h"
#include "scripts/session/migrate/stamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char EXPORT_PHASE[] = "export";

static const char AGAIN[] = "Fix the cause, then run again.";

bool up_check_target(Session *session, char **found, int *status, Error *error)
{
    Program program = {0};
    Buffer printed = {0};
    const ChildOptions child = child_options(&program.command, &program.environment);
    bool done = program_import(session, &program, error) &&
                words_add(&program.command, "--check-target", error) &&
                words_add(&program.command, "--not-migrated", error) &&
                child_capture(&child, &printed, status, error);

    *found = NULL;
    program_free(&program);
    if (done && *status == 0) {
        *found = buffer_take(&printed, error);
        done = *found != NULL;
    }
    if (*found != NULL) {
        (*found)[strcspn(*found, "\n")] = '\0';
    }
    buffer_free(&printed);
    return done;
}

/* Refuses before anything is done what a dry run would find. */
static bool check(Session *session, Error *error)
{
    Checks checks;
    bool done = checks_init(&checks, session, error) && checks_run(&checks, error);

    if (done && checks.problems > 0) {
        done = false;
        *error = checks.last;
        error->code = checks.code;
        if (error->message[0] == '\0') {
            error_set(error, checks.code, "nothing was done: kv-import refused the target");
            error_hint(error, "%s", AGAIN);
        } else {
            message_info("nothing was done");
        }
    }
    checks_free(&checks);
    return done;
}

/* The migration has happened already, here or in an earlier run.  In a transaction that may write,
 * legacy tables that are left are made to refuse writes. */
static bool already_migrated(Session *session, bool may_write, Error *error)
{
    char text[QUANTITY_SIZE];
    KvStore store;
    bool stamped = false;
    int64_t version = migrations_kv(&session->migrations);

    if (!stamp_read(session, &store, &stamped, error)) {
        return false;
    }
    if (!stamped) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at the KV migration version %" PRId64
                  ", but no KV store of it is stamped",
                  version);
        stamp_detail(session, &store, error);
        return error_hint(error,
                          "Find out what happened to the table; kv-import --clean loads a "
                          "dump again, and kv-migrate revert goes back to legacy tables that "
                          "were kept.");
    }
    message_info("the database is at the KV migration version %" PRId64 ": nothing to do", version);
    if (!legacy_tables_find(session, error)) {
        return false;
    }
    if (session->legacy.found.count > 0) {
        message_info("%s left: kv-migrate cleanup drops them",
                     quantity_noun(session->legacy.found.count, "legacy table is",
                                   "legacy tables are", text));
    }
    return !may_write || guard_migrated(session, error);
}

bool up_check_database(Session *session, bool may_write, bool *ended, Error *error)
{
    *ended = false;
    if (!right_database_check(session, error) || !session_check_version(session, error)) {
        return false;
    }
    *ended = session_is_at_kv_version(session);
    return (*ended ? already_migrated(session, may_write, error)
                   : predecessor_check(session, migrate_options_kv_enabled(session->options), ended,
                                       error)) &&
           (!*ended || basic_auth_complete(session, may_write, error));
}

bool up_begin(Up *up, MigrateOptions *options, const char *programs, Error *error)
{
    Session *session = up->session;

    clock_begin(&up->clock);
    if (!session_open_locked(session, options, programs, PG_READ_WRITE, error) ||
        !up_check_database(session, true, &up->ended, error)) {
        return false;
    }
    if (up->ended) {
        return summary_print_schema(session, error);
    }
    return check(session, error);
}

bool up_migrate_schema(Up *up, Error *error)
{
    Session *session = up->session;

    clock_begin_phase(&up->clock, "schema_migrations");
    if (!schema_migrations_run(session, error)) {
        return false;
    }
    clock_end_phase(&up->clock);
    if (!migrate_options_kv_enabled(session->options)) {
        message_info("the schema is at version %" PRId64, session->version);
        up->ended = true;
        return summary_print_schema(session, error);
    }
    return true;
}

bool up_lock_tables(Up *up, Error *error)
{
    Session *session = up->session;

    /* Counted here, as they are migrated: later the tables may be gone. */
    if (!legacy_tables_find(session, error) || !legacy_tables_lock(session, error) ||
        !accounts_count_legacy(session, &up->accounts, error)) {
        return false;
    }
    up->accounts.basic = session->options->basic_auth_user != NULL;
    return guard_make(session, !migrate_options_drop_tables(session->options), error);
}

UpAnswer up_transfer(Up *up)
{
    bool by_file = up->session->options->dump != NULL;

    clock_begin_phase(&up->clock, by_file ? EXPORT_PHASE : "transfer");
    return by_file ? UP_BY_FILE : UP_BY_PIPE;
}

/* How long an export to a file takes, compared with the phases of a load into PostgreSQL. */
static const double EXPORT_WEIGHT = 0.6;

/* The phases of the load that follows an export to a file; *weight is negative if the export
 * tells nothing of them. */
static size_t load_phases(const Up *up, double *weight)
{
    bool in_dynamodb = migrate_options_in_dynamodb(up->session->options);
    const TargetDriver *driver = in_dynamodb ? &TARGET_DYNAMODB : &TARGET_POSTGRES;
    size_t count;
    const ProgressPhase *phases = driver->phases(NULL, true, &count);

    *weight = 0;
    for (size_t i = 0; i < count; i++) {
        *weight += phases[i].weight;
    }
    *weight = in_dynamodb ? -1 : *weight;
    return count;
}

static double export_seconds(const Up *up)
{
    const Clock *clock = &up->clock;

    for (int i = 0; i < clock->count; i++) {
        if (strcmp(clock->names[i], EXPORT_PHASE) == 0) {
            return clock->seconds[i];
        }
    }
    return 0;
}

/* Weights and seconds in thousandths. */
static bool add_around(Program *program, size_t before, double before_weight, double seconds,
                       size_t after, double after_weight, Error *error)
{
    return words_add_format(&program->command, error, "--progress-around=%zu:%.0f:%.0f:%zu:%.0f",
                            before, before_weight * 1000, seconds * 1000, after,
                            after_weight * 1000);
}

bool up_export_command(const Up *up, Program *program, Error *error)
{
    const char *dump = up->session->options->dump;
    double weight;
    size_t phases = load_phases(up, &weight);

    return dump == NULL ? program_export_to_pipe(up->session, program, error)
                        : program_export(up->session, program, error) &&
                              add_around(program, 0, 0, 0, phases, weight / EXPORT_WEIGHT, error) &&
                              words_add_format(&program->command, error, "--file=%s", dump);
}

bool up_import_command(const Up *up, Program *program, Error *error)
{
    const char *dump = up->session->options->dump;
    double weight;

    load_phases(up, &weight);
    return program_import(up->session, program, error) &&
           (dump == NULL || add_around(program, 1, weight > 0 ? EXPORT_WEIGHT : 0,
                                       export_seconds(up), 0, 0, error)) &&
           words_add(&program->command, "--", error) &&
           words_add(&program->command, dump == NULL ? "-" : dump, error);
}

/* Checks for a stamp after a program has failed, as it may have failed after its COMMIT.  Waits for
 * a COMMIT in progress.  *known: the check succeeded. */
static void find_stamp(Session *session, bool *known, bool *stamped)
{
    KvStore store;
    Error ignored;

    *stamped = false;
    *known = !session_is_lost(session) &&
             session_execute(session, &ignored, "LOCK TABLE %s.schema_migrations IN SHARE MODE",
                             session->schema.quoted) &&
             stamp_read(session, &store, stamped, &ignored);
}

static bool transfer_failed(Up *up, int status, const char *program, Error *error)
{
    bool in_dynamodb = migrate_options_in_dynamodb(up->session->options);
    bool known;
    bool stamped;

    find_stamp(up->session, &known, &stamped);
    if (stamped) {
        return error_set(error, EXIT_CODE_CLEANUP, "%s ended with exit code %d, after the stamp",
                         program, status);
    }
    /* A program that misses this session's lock refuses, but the cause is the lost connection. */
    error_set(error,
              session_is_lost(up->session) ? EXIT_CODE_CONNECTION : program_failure_code(status),
              "the KV migration failed: %s ended with exit code %d", program, status);
    if (!known) {
        error_detail(error, "It is not known whether the database was stamped; the legacy tables "
                            "are as they were.");
    } else {
        /* For DynamoDB, kv-import has said whether its table was stamped. */
        error_detail(error, "%s; the legacy tables are as they were.",
                     in_dynamodb ? "The database was not stamped" : "Nothing was stamped");
    }
    return error_hint(error, "Fix the cause, then run again: where nothing was stamped, it starts "
                             "from scratch.");
}

bool up_exported(Up *up, int status, Error *error)
{
    if (status != 0) {
        return transfer_failed(up, status, "kv-export", error);
    }
    clock_begin_phase(&up->clock, "import");
    return true;
}

/* Both programs have succeeded: check that the database is stamped. */
static bool require_stamp(Up *up, Error *error)
{
    Session *session = up->session;
    bool drop = migrate_options_drop_tables(session->options);
    KvStore store;
    Error problem;
    bool stamped = false;
    bool done;

    clock_end_phase(&up->clock);
    /* From now on a failure is an event. */
    session->migrated = true;
    done = stamp_read(session, &store, &stamped, &problem);
    if (done && !stamped) {
        session->migrated = false;
        error_set(error, EXIT_CODE_REFUSED,
                  "the import succeeded, but the database is not stamped as it should be");
        return stamp_detail(session, &store, error);
    }
    /* A note that cannot be read is not a failure. */
    done = done && note_read(session, &up->note, &problem);
    if (!done && drop) {
        *error = problem;
        return event_cleanup_failed(error);
    }
    return true;
}

bool up_imported(Up *up, int status, Error *error)
{
    return status == 0 ? require_stamp(up, error) : transfer_failed(up, status, "kv-import", error);
}

/* If one program dies the other one fails too: kv-import finds the dump truncated, kv-export a
 * closed pipe.  The exit codes show which one failed first. */
bool up_transferred(Up *up, int export_status, int import_status, Error *error)
{
    if (export_status == 0 && import_status == 0) {
        return require_stamp(up, error);
    }
    if (import_status == 0 || (export_status != 0 && import_status == EXIT_CODE_DUMP)) {
        return transfer_failed(up, export_status, "kv-export", error);
    }
    return transfer_failed(up, import_status, "kv-import", error);
}

/* The migration stands whatever comes of it. */
static void keep_tables(Session *session)
{
    Error cause;
    Error warning;

    if (guard_commit(session, &cause)) {
        message_info("the legacy tables are kept and refuse writes: kv-migrate cleanup drops them");
        return;
    }
    error_set(&warning, EXIT_CODE_DONE, "the legacy tables that are kept may still take writes");
    error_detail(&warning, "%s%s%s", cause.message, cause.detail[0] == '\0' ? "" : "\n",
                 cause.detail);
    error_hint(&warning, "Make sure that no lakeFS before 0.80 runs on the database, then run "
                         "kv-migrate up again, which makes them refuse writes.");
    message_warning_error(&warning);
}

bool up_clean_up(Up *up, Error *error)
{
    Session *session = up->session;
    char text[QUANTITY_SIZE];

    if (!migrate_options_drop_tables(session->options)) {
        keep_tables(session);
        return true;
    }
    clock_begin_phase(&up->clock, "cleanup");
    if (!cleanup_drop(session, error)) {
        return false;
    }
    clock_end_phase(&up->clock);
    message_info("dropped %s",
                 quantity_noun(session->legacy.found.count, "legacy table", "legacy tables", text));
    return true;
}

bool up_finish(Up *up, Error *error)
{
    const Session *session = up->session;
    NextLakefs lakefs;
    bool done;

    message_info("migrated to version %" PRId64, migrations_kv(&session->migrations));
    up->ended = true;
    done = next_lakefs_find(session, KV_VERSION_MIGRATED, session->options->target, &up->accounts,
                            &lakefs, error) &&
           summary_tell(session, &up->clock, &up->note, &lakefs, error);
    next_lakefs_free(&lakefs);
    return done;
}

void up_free(Up *up)
{
    note_free(&up->note);
}
