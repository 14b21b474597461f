/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/checks.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/dump/output.h"
#include "common/store/basic_auth.h"
#include "common/store/inherited.h"
#include "common/store/target.h"
#include "common/store/write_guard.h"
#include "scripts/session/migrate/ddl_trial.h"
#include "scripts/session/migrate/dependents.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/schema_migrations.h"
#include "scripts/session/migrate/server_room.h"
#include "scripts/session/migrate/surroundings.h"
#include "scripts/session/migrate/up.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* Size per byte of the legacy tables without indexes, in hundredths, rounded up.  Measured with
 * 300,000 staged objects of scripts/dev/legacy-data.sql (104.0 MB): a dump at zstd level -3 took
 * 41.7 MB, an uncompressed one 125.8 MB, the table kv with its indexes 201.7 MB. */
enum { DUMP_RATIO = 41, STORED_DUMP_RATIO = 122, KV_RATIO = 195 };

/* The first page of a partition, and the first two of its index, are there even if hardly used. */
enum { LEAF_BYTES = 3 * 8192 };

bool checks_init(Checks *checks, Session *session, Error *error)
{
    Buffer array = {0};
    bool done;

    *checks = (Checks){.session = session, .code = EXIT_CODE_DONE, .readable = true};
    checks->pending = session->migrations.count - schema_migrations_first(session);
    done =
        legacy_tables_find(session, error) && legacy_tables_array(session, &array, error) &&
        rights_read(&checks->rights, session, buffer_string(&array), checks->pending > 0, error) &&
        server_room_find(session, &checks->room_known, &checks->room_bytes, error);
    buffer_free(&array);
    if (done) {
        checks->table_bytes = rights_table_bytes(&checks->rights);
    }
    return done;
}

void checks_free(Checks *checks)
{
    rights_free(&checks->rights);
    free(checks->store);
    checks->store = NULL;
}

static void add_problem(Checks *checks, const Error *problem)
{
    checks->problems++;
    checks->code = checks->code == EXIT_CODE_DONE ? problem->code : checks->code;
    checks_report(checks);
    checks->last = *problem;
}

void checks_report(Checks *checks)
{
    if (checks->last.message[0] != '\0') {
        message_error(&checks->last);
        checks->last.message[0] = '\0';
    }
}

void checks_child_problem(Checks *checks, int status)
{
    checks->problems++;
    checks->code = checks->code == EXIT_CODE_DONE ? program_failure_code(status) : checks->code;
}

static uint64_t share(uint64_t bytes, int hundredths)
{
    return bytes / 100 * (uint64_t)hundredths + bytes % 100 * (uint64_t)hundredths / 100;
}

int checks_dump_ratio(const Checks *checks)
{
    return checks->session->options->compression_level == 0 ? STORED_DUMP_RATIO : DUMP_RATIO;
}

uint64_t checks_dump_bytes(const Checks *checks)
{
    return checks->dump_bytes > 0 ? checks->dump_bytes
                                  : share(checks->table_bytes, checks_dump_ratio(checks));
}

void checks_take_sample(Checks *checks, uint64_t dump_bytes, uint64_t entry_bytes)
{
    checks->dump_bytes = dump_bytes;
    checks->kv_bytes = entry_bytes * KV_RATIO / STORED_DUMP_RATIO + DEFAULT_PARTITIONS * LEAF_BYTES;
}

int checks_kv_ratio(void)
{
    return KV_RATIO;
}

uint64_t checks_kv_bytes(const Checks *checks)
{
    return checks->kv_bytes > 0
               ? checks->kv_bytes
               : share(checks->table_bytes, KV_RATIO) + (uint64_t)DEFAULT_PARTITIONS * LEAF_BYTES;
}

/* Lets kv-import check the target. */
static bool check_target(Checks *checks, Error *error)
{
    int status = 0;

    if (!up_check_target(checks->session, &checks->store, &status, error)) {
        return false;
    }
    if (status != 0) {
        checks_child_problem(checks, status);
    }
    return true;
}

static bool check_right(Checks *checks, Right right)
{
    Error problem;
    bool has = rights_check(&checks->rights, right, &problem);

    if (!has) {
        add_problem(checks, &problem);
    }
    return has;
}

static void check_kv_rights(Checks *checks)
{
    const MigrateOptions *options = checks->session->options;

    checks->readable = check_right(checks, RIGHT_LOCK);
    checks->readable &= check_right(checks, RIGHT_READ);
    checks->readable &= check_right(checks, RIGHT_SEE_ROWS);
    /* kv-import has already refused a target that must not be replaced. */
    if (checks->store != NULL && !migrate_options_in_dynamodb(options)) {
        check_right(checks, RIGHT_REPLACE_KV);
    }
    check_right(checks, RIGHT_STAMP);
    if (migrate_options_drop_tables(options)) {
        check_right(checks, RIGHT_DROP);
    } else {
        check_right(checks, RIGHT_TRIGGER);
        check_right(checks, RIGHT_LANGUAGE);
    }
}

/* What is needed to make anything in the schema. */
static bool check_create(Checks *checks, Error *error)
{
    const MigrateOptions *options = checks->session->options;
    bool kv = migrate_options_kv_enabled(options);
    bool creates =
        checks->pending > 0 ||
        (kv && (!migrate_options_in_dynamodb(options) || !migrate_options_drop_tables(options)));
    Error problem;
    bool passed;

    if (!creates || !check_right(checks, RIGHT_CREATE) || options->no_trial) {
        return true;
    }
    if (!ddl_trial(checks->session, &passed, &problem, error)) {
        return false;
    }
    if (!passed) {
        add_problem(checks, &problem);
    }
    return true;
}

/* Records a refusal; any other failure is the caller's. */
static bool take_refusal(Checks *checks, bool passed, const Error *problem, Error *error)
{
    if (!passed && problem->code != EXIT_CODE_REFUSED) {
        *error = *problem;
        return false;
    }
    if (!passed) {
        add_problem(checks, problem);
    }
    return true;
}

/* kv-export would find it, too, but only when up has begun. */
static bool check_inherited(Checks *checks, Error *error)
{
    Session *session = checks->session;
    Buffer tables = {0};
    Error problem;
    bool passed = true;
    bool done = legacy_tables_array(session, &tables, error);

    if (done) {
        passed = inherited_check(session->connection, &session->schema, buffer_string(&tables),
                                 false, &problem);
        done = take_refusal(checks, passed, &problem, error);
    }
    /* kv-export need not say it again. */
    checks->readable &= passed;
    buffer_free(&tables);
    return done;
}

static bool check_dependents(Checks *checks, Error *error)
{
    char *objects = NULL;
    Error problem;

    if (!migrate_options_drop_tables(checks->session->options)) {
        return true;
    }
    if (!dependents_find(checks->session, &objects, error)) {
        return false;
    }
    if (objects[0] != '\0') {
        error_set(&problem, EXIT_CODE_REFUSED,
                  "the legacy tables could not be dropped: other objects depend on them");
        error_detail(&problem, "Objects: %s.", objects);
        error_hint(&problem, "Drop them first, or keep the legacy tables with --keep-tables.");
        add_problem(checks, &problem);
    }
    free(objects);
    return true;
}

static bool has_option(const MigrateOptions *options, const char *option)
{
    for (size_t i = 0; i < options->export_options.count; i++) {
        if (strcmp(options->export_options.items[i], option) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_capacity(Checks *checks, Error *error)
{
    Error problem;
    Error fewer;
    Error locks;
    bool fits;

    if (!surroundings_capacity(checks->session, &fits, &problem, &fewer, &locks, error)) {
        return false;
    }
    if (!fits) {
        add_problem(checks, &problem);
    }
    if (fewer.message[0] != '\0') {
        message_warning_error(&fewer);
    }
    if (locks.message[0] != '\0') {
        message_warning_error(&locks);
    }
    return true;
}

static void warn_of_holders(const char *what, const char *holders)
{
    Error warning;

    if (holders[0] == '\0') {
        return;
    }
    error_set(&warning, EXIT_CODE_DONE, "legacy tables are being %s now", what);
    error_detail(&warning, "By %s.", holders);
    error_hint(&warning, "Stop lakeFS before the migration, and end these sessions (a prepared "
                         "transaction by ROLLBACK PREPARED).");
    message_warning_error(&warning);
}

/* A transaction that has read a table keeps it from being dropped or altered until it ends. */
static bool check_holders(const Checks *checks, Error *error)
{
    Session *session = checks->session;
    char *writers = NULL;
    char *readers = NULL;
    bool matter = checks->pending > 0 || migrate_options_drop_tables(session->options);
    bool done = legacy_tables_writers(session, &writers, error) &&
                (!matter || legacy_tables_readers(session, &readers, error));

    if (done) {
        warn_of_holders("written to", writers);
        warn_of_holders("read", matter ? readers : "");
    }
    free(writers);
    free(readers);
    return done;
}

/* A lakeFS may be connected and idle, and go on writing after the migration. */
static void report_sessions(Checks *checks, const char *sessions)
{
    Error problem;

    error_set(&problem, EXIT_CODE_REFUSED, "other sessions are connected to the database");
    error_detail(&problem, "They are %s.", sessions);
    error_hint(&problem, "If one of them is a lakeFS, stop it before the migration.");
    if (has_option(checks->session->options, "--strict")) {
        add_problem(checks, &problem);
    } else {
        message_warning_error(&problem);
    }
}

static bool check_others(Checks *checks, Error *error)
{
    char *sessions = NULL;
    bool done =
        check_holders(checks, error) && surroundings_sessions(checks->session, &sessions, error);

    if (done && sessions[0] != '\0') {
        report_sessions(checks, sessions);
    }
    free(sessions);
    return done;
}

bool checks_free_bytes(const Session *session, uint64_t *bytes)
{
    char *folder;
    struct statvfs status;
    Error ignored;
    bool found = dump_output_folder(session->options->dump, &folder, &ignored) && folder != NULL &&
                 statvfs(folder, &status) == 0;

    free(folder);
    if (found) {
        *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    }
    return found;
}

/* The needed bytes are an estimate: no reason to refuse. */
static void warn_of_room(const char *what, uint64_t needed, uint64_t there, const char *hint)
{
    char needed_text[QUANTITY_SIZE];
    char there_text[QUANTITY_SIZE];
    Error warning;

    if (there >= needed) {
        return;
    }
    quantity_bytes(needed, needed_text);
    quantity_bytes(there, there_text);
    error_set(&warning, EXIT_CODE_DONE, "the %s will probably not fit", what);
    error_detail(&warning, "It needs about %s; only %s are free.", needed_text, there_text);
    error_hint(&warning, "%s", hint);
    message_warning_error(&warning);
}

static void check_server_room(const Checks *checks)
{
    if (checks->room_known && !migrate_options_in_dynamodb(checks->session->options)) {
        warn_of_room("table kv", checks_kv_bytes(checks), checks->room_bytes,
                     "Make room on the server's disk: the legacy tables are dropped only when the "
                     "table kv is complete.");
    }
}

/* As kv-export does, which begins only when the schema is migrated. */
static void check_dump_file(Checks *checks)
{
    const MigrateOptions *options = checks->session->options;
    Error problem = {0};

    if (options->dump != NULL &&
        !dump_output_check(options->dump, has_option(options, "--force"), &problem)) {
        add_problem(checks, &problem);
    }
}

void checks_warn_of_room(const Checks *checks)
{
    uint64_t bytes;

    if (checks->session->options->dump != NULL && checks_free_bytes(checks->session, &bytes)) {
        warn_of_room("dump", checks_dump_bytes(checks), bytes,
                     "Choose another folder, or a higher level with --compress.");
    }
    check_server_room(checks);
}

/* What pending schema migrations make is not there yet. */
static bool check_missing(Checks *checks, bool *complete, Error *error)
{
    Buffer names = {0};
    Error problem;
    bool done = checks->pending > 0 || legacy_tables_append_missing(checks->session, &names, error);

    *complete = names.size == 0;
    if (done && !*complete) {
        error_set(&problem, EXIT_CODE_REFUSED, "legacy tables are missing in schema \"%s\"",
                  checks->session->schema.name);
        error_detail(&problem, "Not there, or not tables: %s.", buffer_string(&names));
        error_hint(&problem, "Restore them with their rows from a backup, then run again. Every "
                             "lakeFS of this schema version has them, even if empty.");
        add_problem(checks, &problem);
    }
    buffer_free(&names);
    return done;
}

/* For what schema migrations make.  kv-import checks it for the store: if it has refused, it was
 * perhaps for that. */
static bool check_owner(Checks *checks, Error *error)
{
    const MigrateOptions *options = checks->session->options;
    Error problem;
    bool passed;

    if (migrate_options_kv_enabled(options) && !migrate_options_in_dynamodb(options) &&
        checks->store == NULL) {
        return true;
    }
    passed = schema_migrations_check_owner(checks->session, &problem);
    return take_refusal(checks, passed, &problem, error);
}

/* The write guard replaces its function, and cleanup drops it. */
static bool check_guard(Checks *checks, Error *error)
{
    const Session *session = checks->session;
    Error problem;
    bool passed = write_guard_check(session->connection, &session->schema, &problem);

    return take_refusal(checks, passed, &problem, error);
}

/* As kv-export does when it begins. */
static bool check_basic_auth(Checks *checks, Error *error)
{
    Session *session = checks->session;
    const char *wanted = session->options->basic_auth_user;
    BasicAuth basic = {0};
    Error problem;
    bool found;

    if (wanted == NULL || !checks->readable) {
        return true;
    }
    found = session->legacy.found.count > 0
                ? basic_auth_find_legacy(&basic, wanted, session->connection,
                                         session->schema.quoted, &problem)
                : basic_auth_begin(&basic, wanted, &problem) && basic_auth_choose(&basic, &problem);
    basic_auth_free(&basic);
    /* kv-export, which begins with this, need not say it again. */
    checks->readable &= found;
    return take_refusal(checks, found, &problem, error);
}

bool checks_run(Checks *checks, Error *error)
{
    bool kv = migrate_options_kv_enabled(checks->session->options);
    bool complete = true;

    if (kv &&
        (!check_missing(checks, &complete, error) || (complete && !check_target(checks, error)))) {
        return false;
    }
    if (!complete) {
        /* What would be found else is a consequence. */
        return true;
    }
    if (kv) {
        check_dump_file(checks);
    }
    if (kv && !checks->defers_room) {
        checks_warn_of_room(checks);
    }
    check_right(checks, RIGHT_MIGRATE);
    if (!check_owner(checks, error)) {
        return false;
    }
    if (kv) {
        check_kv_rights(checks);
    } else if (checks->pending > 0) {
        check_right(checks, RIGHT_STAMP);
    }
    return (!kv || check_basic_auth(checks, error)) && check_create(checks, error) &&
           (!kv || (check_guard(checks, error) && check_inherited(checks, error) &&
                    check_dependents(checks, error))) &&
           check_capacity(checks, error) && (!kv || check_others(checks, error));
}
