/*
 * The target PostgreSQL: the KV table beside the legacy tables, or alone in a database.
 *
 * One connection holds the migration lock in a transaction from the first look to the end, one does
 * what is to be done once, and each worker has one of its own.
 */
#include "import/postgres.h"

#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "import/provenance.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool postgres_connect_worker(Target *target, PgConnection **connection, Error *error)
{
    PgOptions options = target->options->common.pg; /* the password is known by now */

    options.force_password = false;
    options.no_password = true;
    return pg_connect(&options, connection, error);
}

bool postgres_begin_work(const Target *target, PgConnection *connection, Error *error)
{
    return pg_begin(connection, PG_READ_WRITE, target->options->common.lock_wait_timeout_ms,
                    error) &&
           pg_execute(connection, "SET LOCAL synchronous_commit = off", NULL, error);
}

static bool refuse_standby(PgConnection *connection, Error *error)
{
    PgRows *rows;
    bool standby;

    if (!pg_begin(connection, PG_READ_SNAPSHOT, 0, error) ||
        !pg_query(connection, "SELECT pg_is_in_recovery()", 0, NULL, &rows, error)) {
        return false;
    }
    standby = strcmp(pg_rows_text(rows, 0, 0), "t") == 0;
    pg_rows_free(rows);
    if (standby) {
        error_set(error, EXIT_CODE_REFUSED, "the server is a standby, which cannot be written to");
        return error_hint(error, "Connect to the primary server.");
    }
    return pg_commit(connection, error);
}

/* Under the lock: another migrator may have made schema_migrations while it was waited for. */
static bool find_schema_again(Target *target, Error *error)
{
    char *name = target->schema.name;
    bool done;

    target->schema.name = NULL;
    pg_schema_free(&target->schema);
    done = pg_schema_find(target->connection, name, &target->schema, error);
    free(name);
    return done;
}

/* The lock, or the certainty that the session that runs us has it. */
static bool take_lock(Target *target, Error *error)
{
    if (target->options->lock_held_by != 0) {
        bool done = pg_begin(target->connection, PG_READ_SNAPSHOT, 0, error) &&
                    pg_lock_check_holder(target->connection, &target->schema,
                                         target->options->lock_held_by, error);

        return done && pg_commit(target->connection, error);
    }
    return postgres_connect_worker(target, &target->guard, error) &&
           pg_begin(target->guard, PG_READ_WRITE, target->options->common.lock_wait_timeout_ms,
                    error) &&
           pg_lock_take(target->guard, &target->schema, error);
}

/* A legacy database must be the kind of database that the dump was taken of. */
static bool check_legacy(Target *target, const DumpHeader *header, bool stamped, Error *error)
{
    int64_t version;
    bool dirty;

    if (!target->schema.has_migrations) {
        return true; /* only a KV store: a replay */
    }
    if (!pg_schema_version(target->connection, &target->schema, &version, &dirty, error)) {
        return false;
    }
    if (dirty) {
        error_set(error, EXIT_CODE_REFUSED, "schema version %" PRId64 " is dirty", version);
        error_detail(error, "A schema migration was interrupted.");
        return error_hint(error,
                          "Put the schema right by hand, set dirty to false in "
                          "%s.schema_migrations, then run kv-migrate up.",
                          target->schema.quoted);
    }
    if (stamped && version < (int64_t)header->kv_migration_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" is stamped as migrated, but the database is at schema version "
                  "%" PRId64,
                  target->table.name, version);
        return error_hint(error, "The two do not belong together. Find out where the table comes "
                                 "from; --clean replaces it.");
    }
    if (!stamped && version != (int64_t)header->source.schema_version &&
        version != (int64_t)header->kv_migration_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at schema version %" PRId64 ", the dump was taken at %" PRIu64,
                  version, header->source.schema_version);
        return error_hint(error, "Run kv-migrate up first (without --kv-enabled it only migrates "
                                 "the schema), or load into another database.");
    }
    return true;
}

/* What is in the place of the KV table, and whether it may go. */
static bool look_around(Target *target, const DumpHeader *header, uint64_t *stamped, Error *error)
{
    const ImportOptions *options = target->options;
    KvTableState state;

    if (!kv_table_init(&target->table, target->connection, &target->schema, options->table,
                       options->partitions, error) ||
        !pg_begin(target->connection, PG_READ_SNAPSHOT, options->common.lock_wait_timeout_ms,
                  error) ||
        !kv_table_inspect(&target->table, target->connection, &state, stamped, error)) {
        return false;
    }
    if (state != KV_TABLE_STAMPED || options->clean) {
        *stamped = 0;
    }
    return check_legacy(target, header, *stamped > 0, error) &&
           pg_commit(target->connection, error);
}

static bool postgres_open(ImportOptions *options, const DumpHeader *header, Target **target,
                          uint64_t *stamped, Error *error)
{
    Target *t = calloc(1, sizeof *t);

    *stamped = 0;
    *target = t;
    if (t == NULL) {
        return error_out_of_memory(error);
    }
    t->options = options;
    return pg_connect(&options->common.pg, &t->connection, error) &&
           refuse_standby(t->connection, error) &&
           pg_schema_find(t->connection, options->common.schema, &t->schema, error) &&
           take_lock(t, error) && find_schema_again(t, error) &&
           look_around(t, header, stamped, error);
}

/* The stamp "0" stands before the first entry does, and in the same transaction as the table: at
 * no time is there a table without a version that is not known to be unfinished.
 *
 * The connection has nothing to do while the entries are loaded.  It waits in a transaction, in
 * which no idle_session_timeout ends it. */
static bool postgres_prepare(Target *target, Error *error)
{
    return pg_begin(target->connection, PG_READ_WRITE, target->options->common.lock_wait_timeout_ms,
                    error) &&
           kv_table_drop(&target->table, target->connection, error) &&
           kv_table_create(&target->table, target->connection, error) &&
           kv_table_insert_version(&target->table, target->connection, KV_VERSION_STARTED, error) &&
           pg_commit(target->connection, error) &&
           postgres_begin_work(target, target->connection, error);
}

/* The legacy database is told, where it is there, that it was migrated. */
static bool stamp_legacy(Target *target, const DumpHeader *header, Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    uint64_t changed = 0;
    bool done;

    if (!target->schema.has_migrations) {
        return true;
    }
    if (buffer_append_format(&sql, error,
                             "UPDATE %s.schema_migrations SET version = %" PRIu64
                             " WHERE version IN (%" PRIu64 ", %" PRIu64 ") AND NOT dirty",
                             target->schema.quoted, header->kv_migration_version,
                             header->source.schema_version, header->kv_migration_version)) {
        text = buffer_text(&sql, error);
    }
    done = text != NULL && pg_execute(target->connection, text, &changed, error);
    if (done && changed != 1) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the schema version was changed by another program during the load");
        done = error_hint(error, "kv-migrate version tells where the database stands; see to it "
                                 "that no lakeFS runs on it, then run again.");
    }
    buffer_free(&sql);
    return done;
}

static bool write_provenance(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                             Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    char *json;
    PgRows *now;
    bool done;

    /* By the server's clock, as the dump's time is. */
    if (!pg_query(target->connection,
                  "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", 0,
                  NULL, &now, error)) {
        return false;
    }
    json = provenance_encode(header, manifest, pg_rows_text(now, 0, 0), error);
    pg_rows_free(now);
    if (json != NULL &&
        buffer_append_format(&sql, error, "COMMENT ON TABLE %s IS ", target->table.table) &&
        pg_quote_literal(target->connection, json, &sql, error)) {
        text = buffer_text(&sql, error);
    }
    done = text != NULL && pg_execute(target->connection, text, NULL, error);
    free(json);
    buffer_free(&sql);
    return done;
}

/* The lock must have been ours all the time: if it was lost, another migrator may have run. */
static bool check_lock(Target *target, Error *error)
{
    Error ignored;

    if (target->options->lock_held_by != 0) {
        return pg_lock_check_holder(target->connection, &target->schema,
                                    target->options->lock_held_by, error);
    }
    if (!pg_execute(target->guard, "SELECT 1", NULL, &ignored)) {
        error_set(error, EXIT_CODE_CONNECTION,
                  "the connection that held the migration lock was lost");
        return error_hint(error, "Nothing was stamped. Run again.");
    }
    return true;
}

/* Only where the server itself says no is it certain that nothing was stamped. */
static bool commit_stamp(Target *target, Error *error)
{
    Error cause;

    if (pg_commit(target->connection, error)) {
        return true;
    }
    if (pg_sqlstate(target->connection)[0] != '\0' && !pg_is_lost(target->connection)) {
        return false;
    }
    cause = *error;
    error_set(error, EXIT_CODE_CONNECTION,
              "the answer to the stamp's COMMIT was lost: the database may have been stamped");
    error_detail(error, "%s", cause.detail[0] != '\0' ? cause.detail : cause.message);
    return error_hint(error, "Run again: where it was stamped, there is nothing left to do.");
}

static bool postgres_stamp(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                           Error *error)
{
    return pg_begin(target->connection, PG_READ_WRITE, target->options->common.lock_wait_timeout_ms,
                    error) &&
           kv_table_change_version(&target->table, target->connection, KV_VERSION_STARTED,
                                   header->kv_version, error) &&
           stamp_legacy(target, header, error) &&
           write_provenance(target, header, manifest, error) && check_lock(target, error) &&
           commit_stamp(target, error);
}

static void postgres_close(Target *target)
{
    if (target == NULL) {
        return;
    }
    pg_close(target->connection);
    pg_close(target->guard);
    kv_table_free(&target->table);
    pg_schema_free(&target->schema);
    free(target);
}

const TargetDriver TARGET_POSTGRES = {
    .name = "postgres",
    .cancel = pg_cancel_all,
    .open = postgres_open,
    .prepare = postgres_prepare,
    .begin_load = postgres_begin_load,
    .load = postgres_load,
    .end_load = postgres_end_load,
    .complete = postgres_complete,
    .stamp = postgres_stamp,
    .close = postgres_close,
};
