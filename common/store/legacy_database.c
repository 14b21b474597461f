/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/legacy_database.h"

#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "common/store/origin.h"
#include "common/store/write_guard.h"
#include "common/store/written_since.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool legacy_database_connect(const LegacyDatabase *database, PgConnection **connection,
                             Error *error)
{
    return pg_connect_again(database->options->pg, connection, error);
}

static bool refuse_standby(PgConnection *connection, Error *error)
{
    return pg_begin(connection, PG_READ_SNAPSHOT, 0, error) &&
           pg_refuse_standby(connection, error) && pg_commit(connection, error);
}

/* Repeated under the lock: another migrator may have created schema_migrations in the meantime. */
static bool find_schema_again(LegacyDatabase *database, Error *error)
{
    char *name = database->schema.name;
    bool done;

    database->schema.name = NULL;
    pg_schema_free(&database->schema);
    done = pg_schema_find(database->connection, name, &database->schema, error);
    free(name);
    return done;
}

/* Acquires the lock, or checks that the session that runs us holds it. */
static bool acquire_lock(LegacyDatabase *database, Error *error)
{
    if (database->options->lock_held_by != 0) {
        bool done = pg_begin(database->connection, PG_READ_SNAPSHOT, 0, error) &&
                    pg_lock_check_holder(database->connection, &database->schema,
                                         database->options->lock_held_by, error);

        return done && pg_commit(database->connection, error);
    }
    return legacy_database_connect(database, &database->guard, error) &&
           pg_begin(database->guard, PG_READ_WRITE, database->options->lock_wait_timeout_ms,
                    error) &&
           pg_lock_acquire(database->guard, &database->schema, error);
}

bool legacy_database_open(LegacyDatabase *database, const TargetOptions *options, Error *error)
{
    database->options = options;
    return pg_connect(options->pg, &database->connection, error) &&
           refuse_standby(database->connection, error) &&
           pg_schema_find(database->connection, options->schema, &database->schema, error) &&
           acquire_lock(database, error) && find_schema_again(database, error);
}

void legacy_database_close(LegacyDatabase *database)
{
    pg_close(database->connection);
    pg_close(database->guard);
    pg_schema_free(&database->schema);
}

bool legacy_database_version(const LegacyDatabase *database, uint64_t *version, Error *error)
{
    int64_t number = 0;
    bool dirty;

    *version = 0;
    if (database->schema.has_migrations &&
        !pg_schema_version(database->connection, &database->schema, &number, &dirty, error)) {
        return false;
    }
    *version = number > 0 && !dirty ? (uint64_t)number : 0;
    return true;
}

bool legacy_database_reverted_from(const LegacyDatabase *database, const ProvenanceStore *store,
                                   bool *reverted, Error *error)
{
    const char *parameters[] = {database->schema.name};
    PgRows *rows;

    if (!pg_query(database->connection,
                  "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c"
                  " JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND c.relname = 'schema_migrations'",
                  1, parameters, &rows, error)) {
        return false;
    }
    *reverted = pg_rows_count(rows) > 0 && provenance_is_reverted(pg_rows_text(rows, 0, 0), store);
    pg_rows_free(rows);
    return true;
}

/* The database is at *version; NULL: unknown. */
static bool refuse_stamped(const char *stamped, const int64_t *version, Error *error)
{
    if (version == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "%s is stamped as migrated, but the database is not",
                  stamped);
    } else {
        error_set(error, EXIT_CODE_REFUSED,
                  "%s is stamped as migrated, but the database is at schema version %" PRId64,
                  stamped, *version);
    }
    /* Not --clean: lakeFS may have made the store, and work with it. */
    return error_hint(error, "The two do not belong together. Find out where the table comes from; "
                             "kv-migrate status tells more.");
}

/* lakeFS reads the table of its own name alone. */
static bool is_copy(const LegacyDatabase *database)
{
    return strcmp(database->options->table, KV_TABLE_NAME) != 0;
}

/* A lakeFS that has been migrated, and cleaned up, is at home in its schema, whatever the others
 * hold. */
static bool check_schema(const LegacyDatabase *database, const DumpHeader *header, Error *error)
{
    uint64_t version;

    if (!legacy_database_version(database, &version, error)) {
        return false;
    }
    return database->has_store || version >= header->kv_migration_version ||
           origin_check_schema(database->connection, &database->schema, error);
}

/* Going back to the legacy tables has made them the newer ones. */
static bool refuse_kv_store(const LegacyDatabase *database, int64_t version, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "a dump of a KV store does not go beside legacy tables that are not migrated: "
              "database \"%s\" is at schema version %" PRId64,
              database->schema.database, version);
    error_detail(error, "Rows written to them since that store was in use would be lost.");
    return error_hint(error, "To migrate them, run kv-migrate up --kv-enabled. To load the dump "
                             "only as a copy, which migrates nothing, add --table=NAME.");
}

/* Refuses a dump of a KV store for legacy tables that are in use. */
static bool check_kind(const LegacyDatabase *database, const DumpHeader *header, int64_t version,
                       Error *error)
{
    WriteGuardCounts legacy;

    if (strcmp(header->source.kind, DUMP_SOURCE_LEGACY) == 0 ||
        version >= (int64_t)header->kv_migration_version) {
        return true;
    }
    return write_guard_count(database->connection, &database->schema, &legacy, error) &&
           (legacy.tables == 0 || refuse_kv_store(database, version, error));
}

static bool check_version(const LegacyDatabase *database, const DumpHeader *header,
                          const char *stamped, Error *error)
{
    int64_t version;
    bool dirty;

    if (!pg_schema_version(database->connection, &database->schema, &version, &dirty, error)) {
        return false;
    }
    if (dirty) {
        error_set(error, EXIT_CODE_REFUSED, "schema version %" PRId64 " is dirty", version);
        error_detail(error, "A schema migration was interrupted.");
        return error_hint(error,
                          "Repair the schema by hand, set dirty to false in "
                          "%s.schema_migrations, then run kv-migrate up.",
                          database->schema.quoted);
    }
    if (header == NULL) {
        return true;
    }
    if (stamped != NULL && version < (int64_t)header->kv_migration_version) {
        return refuse_stamped(stamped, &version, error);
    }
    if (stamped == NULL && !check_kind(database, header, version, error)) {
        return false;
    }
    if (stamped == NULL && version != (int64_t)header->source.schema_version &&
        version != (int64_t)header->kv_migration_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at schema version %" PRId64 ", the dump was taken at %" PRIu64,
                  version, header->source.schema_version);
        return error_hint(error, "Run kv-migrate up first (without --kv-enabled it only migrates "
                                 "the schema), or load into another database.");
    }
    return true;
}

bool legacy_database_check(const LegacyDatabase *database, const DumpHeader *header,
                           const char *stamped, Error *error)
{
    if (database->options->not_migrated) {
        return stamped == NULL || refuse_stamped(stamped, NULL, error);
    }
    if (is_copy(database)) {
        return true;
    }
    if (header != NULL && (!origin_check(database->connection, &database->schema, header, error) ||
                           !check_schema(database, header, error))) {
        return false;
    }
    /* Without a version it is a KV store without a legacy database: a replay. */
    if (database->schema.has_migrations && !check_version(database, header, stamped, error)) {
        return false;
    }
    /* A store that is kept is not stamped. */
    return header == NULL || stamped != NULL ||
           legacy_database_check_unwritten(database, header, database->options->manifest, error);
}

bool legacy_database_check_rights(const LegacyDatabase *database, Error *error)
{
    return database->options->lock_held_by != 0 || is_copy(database) ||
           write_guard_check_rights(database->connection, &database->schema, error);
}

bool legacy_database_comment(const LegacyDatabase *database, const char *table, const char *text,
                             Error *error)
{
    Buffer sql = {0};
    bool done;

    done = buffer_append_format(&sql, error, "COMMENT ON TABLE %s IS ", table) &&
           (text == NULL ? buffer_append_text(&sql, "NULL", error)
                         : pg_quote_literal(database->connection, text, &sql, error)) &&
           pg_execute(database->connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

/* A rule, or a trigger that returns NULL, makes an UPDATE do nothing. */
static bool explain_unchanged(const LegacyDatabase *database, const DumpHeader *header,
                              Error *error)
{
    int64_t number = 0;
    bool dirty = false;

    if (!pg_schema_version(database->connection, &database->schema, &number, &dirty, error)) {
        return false;
    }
    if (!dirty && (number == (int64_t)header->source.schema_version ||
                   number == (int64_t)header->kv_migration_version)) {
        error_set(error, EXIT_CODE_REFUSED, "table schema_migrations does not take a new version");
        return error_hint(error, "Find the rule or trigger on it that keeps its row as it is, drop "
                                 "or disable it, then run again.");
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the schema version was changed by another program during the load");
    return error_hint(error, "kv-migrate version tells where the database stands; make sure that "
                             "no lakeFS runs on it, then run again.");
}

static bool set_schema_version(const LegacyDatabase *database, const DumpHeader *header,
                               Error *error)
{
    Buffer sql = {0};
    uint64_t changed = 0;
    bool done;

    done = buffer_append_format(&sql, error,
                                "UPDATE %s.schema_migrations SET version = %" PRIu64
                                " WHERE version IN (%" PRIu64 ", %" PRIu64 ") AND NOT dirty",
                                database->schema.quoted, header->kv_migration_version,
                                header->source.schema_version, header->kv_migration_version) &&
           pg_execute(database->connection, buffer_string(&sql), &changed, error);
    if (done && changed != 1) {
        done = explain_unchanged(database, header, error);
    }
    buffer_free(&sql);
    return done;
}

/* Removes a note by kv-import, or the mark of kv-migrate revert; other comments are kept. */
static bool forget_note(const LegacyDatabase *database, const char *table, Error *error)
{
    const char *parameters[] = {table};
    PgRows *rows;
    bool ours;

    if (!pg_query(database->connection,
                  "SELECT coalesce(obj_description($1::regclass, 'pg_class') LIKE ANY (ARRAY["
                  "'{\"imported_by\":\"kv-import %', '{\"reverted_by\":\"kv-migrate %']), false)",
                  1, parameters, &rows, error)) {
        return false;
    }
    ours = strcmp(pg_rows_text(rows, 0, 0), "t") == 0;
    pg_rows_free(rows);
    return !ours || legacy_database_comment(database, table, NULL, error);
}

/* What a writer that has not committed yet has written is in no dump, and no check sees it. */
static bool refuse_writers(const Error *cause, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "a transaction that may write to the legacy tables does not end: its rows would be "
              "in no KV store");
    error_detail(error, "%s", cause->message);
    return error_hint(error, "End it (a prepared transaction by ROLLBACK PREPARED), then run "
                             "again; if it commits, export the database anew. --lock-wait-timeout "
                             "sets how long to wait.");
}

/* The next statement runs as if the failed one had not been. */
static bool undo(PgConnection *connection, const Error *cause, Error *error)
{
    Error ignored;

    if (pg_is_lost(connection) ||
        !pg_execute(connection, "ROLLBACK TO SAVEPOINT write_guard", NULL, &ignored)) {
        *error = *cause;
        return false;
    }
    return true;
}

static bool lock_tables(const LegacyDatabase *database, Error *error)
{
    Error cause;

    if (write_guard_lock(database->connection, &database->schema, &cause)) {
        return true;
    }
    if (pg_lock_timed_out(database->connection)) {
        return refuse_writers(&cause, error);
    }
    *error = cause;
    return false;
}

static void warn_unguarded(const Error *cause)
{
    Error warning;

    error_set(&warning, EXIT_CODE_DONE,
              "the legacy tables, which nothing reads any longer, still take writes");
    error_detail(&warning, "%s%s%s", cause->message, cause->detail[0] == '\0' ? "" : "\n",
                 cause->detail);
    error_hint(&warning, "Make sure that no lakeFS before 0.80 runs on the database; kv-migrate "
                         "up, as the tables' owner, makes them refuse writes.");
    message_warning_error(&warning);
}

/* From the stamp on nobody reads the legacy tables.  The triggers' locks keep writers out until the
 * transaction ends. */
static bool guard_tables(const LegacyDatabase *database, Error *error)
{
    PgConnection *connection = database->connection;
    Error cause;

    if (!pg_execute(connection, "SAVEPOINT write_guard", NULL, error)) {
        return false;
    }
    if (write_guard_make(connection, &database->schema, &cause)) {
        return true;
    }
    if (pg_lock_timed_out(connection)) {
        return refuse_writers(&cause, error);
    }
    if (!undo(connection, &cause, error) || !lock_tables(database, error)) {
        return false;
    }
    warn_unguarded(&cause);
    return true;
}

bool legacy_database_check_unwritten(const LegacyDatabase *database, const DumpHeader *header,
                                     const DumpManifest *manifest, Error *error)
{
    return database->options->lock_held_by != 0 ||
           written_since_check(database->connection, &database->schema, header, manifest, error);
}

/* The session that runs us keeps writers out itself, by locks that this one would wait for. */
bool legacy_database_hold_unwritten(LegacyDatabase *database, const DumpHeader *header,
                                    const DumpManifest *manifest, Error *error)
{
    if (database->options->lock_held_by != 0 || database->held) {
        return true;
    }
    database->held = (database->schema.has_migrations ? guard_tables(database, error)
                                                      : lock_tables(database, error)) &&
                     legacy_database_check_unwritten(database, header, manifest, error);
    return database->held;
}

/* Somebody may take the table for a migration. */
static bool tell_copy(const LegacyDatabase *database, Error *error)
{
    WriteGuardCounts counts;

    if (!write_guard_count(database->connection, &database->schema, &counts, error)) {
        return false;
    }
    if (database->schema.has_migrations || counts.tables > 0) {
        message_info("table \"%s\" is only a copy, since lakeFS reads table " KV_TABLE_NAME
                     ": schema version and legacy tables are left as they are",
                     database->options->table);
    }
    return true;
}

bool legacy_database_stamp(LegacyDatabase *database, const DumpHeader *header,
                           const DumpManifest *manifest, Error *error)
{
    Buffer table = {0};
    bool done;

    if (is_copy(database)) {
        return tell_copy(database, error);
    }
    if (!legacy_database_hold_unwritten(database, header, manifest, error)) {
        return false;
    }
    if (!database->schema.has_migrations) {
        return true;
    }
    done = buffer_append_format(&table, error, "%s.schema_migrations", database->schema.quoted) &&
           set_schema_version(database, header, error) &&
           forget_note(database, buffer_string(&table), error);
    buffer_free(&table);
    return done;
}

bool legacy_database_check_lock(const LegacyDatabase *database, Error *error)
{
    Error ignored;

    if (database->options->lock_held_by != 0) {
        return pg_lock_check_holder(database->connection, &database->schema,
                                    database->options->lock_held_by, error);
    }
    if (!pg_execute(database->guard, "SELECT 1", NULL, &ignored)) {
        error_set(error, EXIT_CODE_CONNECTION,
                  "the connection that held the migration lock was lost");
        return error_hint(error, "Nothing was stamped. Run again.");
    }
    return true;
}

/* Only an error from the server itself proves that nothing was stamped. */
bool legacy_database_commit(const LegacyDatabase *database, Error *error)
{
    Error cause;

    if (pg_commit(database->connection, error)) {
        return true;
    }
    if (pg_sqlstate(database->connection)[0] != '\0' && !pg_is_lost(database->connection)) {
        return false;
    }
    cause = *error;
    error_set(error, EXIT_CODE_CONNECTION,
              "the answer to the stamp's COMMIT was lost: the database may have been stamped");
    error_detail(error, "%s", cause.detail[0] != '\0' ? cause.detail : cause.message);
    return error_hint(error, "Run again: if it was stamped, there is nothing left to do.");
}
