/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/snapshot.h"

#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "common/store/legacy_oids.h"
#include "common/store/legacy_tree.h"
#include "export/legacy/table_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char UNDEFINED_TABLE[] = "42P01";

enum { MICROSECONDS = 1000000, POSTGRES_EPOCH = 946684800 };

static bool read_version(PgConnection *connection, const PgSchema *schema, int64_t *version,
                         Error *error)
{
    bool dirty;

    if (!schema->has_migrations) {
        error_set(error, EXIT_CODE_REFUSED,
                  "database \"%s\" has no table schema_migrations: not a legacy lakeFS database",
                  schema->database);
        return error_hint(error,
                          "Connect to lakeFS's database, or specify its schema with --schema.");
    }
    if (!pg_schema_version(connection, schema, version, &dirty, error)) {
        return false;
    }
    if (dirty) {
        error_set(error, EXIT_CODE_REFUSED, "schema version %" PRId64 " is dirty", *version);
        error_detail(error, "A schema migration was interrupted.");
        return error_hint(error,
                          "Repair the schema by hand, set dirty to false in "
                          "%s.schema_migrations, then run kv-migrate up.",
                          schema->quoted);
    }
    return true;
}

bool snapshot_check_migrated(PgConnection *connection, const PgSchema *schema,
                             int64_t kv_migration_version, Error *error)
{
    int64_t version;

    if (!read_version(connection, schema, &version, error)) {
        return false;
    }
    if (version != kv_migration_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at schema version %" PRId64
                  ", not at the KV migration version, %" PRId64,
                  version, kv_migration_version);
        return error_hint(error,
                          "--as-of is for the kept tables of a migrated database; omit it for "
                          "one that has not been migrated.");
    }
    return true;
}

bool snapshot_check_version(PgConnection *connection, const PgSchema *schema, int64_t last_version,
                            Error *error)
{
    int64_t version;

    if (!read_version(connection, schema, &version, error)) {
        return false;
    }
    if (version < last_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at schema version %" PRId64 ", not at the last one, %" PRId64,
                  version, last_version);
        return error_hint(error, "Run kv-migrate up first (without --kv-enabled it only migrates "
                                 "the schema).");
    }
    if (version > last_version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at schema version %" PRId64
                  ", beyond the last one before the KV store, %" PRId64,
                  version, last_version);
        return error_hint(error, "It has already been migrated to the KV store: export that with "
                                 "--source=kv; see kv-migrate status.");
    }
    return true;
}

/* Keeps others from dropping or altering tables meanwhile; writers are not blocked. */
static bool lock_tables(PgConnection *connection, const PgSchema *schema,
                        const Package *const *packages, size_t package_count, Error *error)
{
    Buffer sql = {0};
    const char *separator = "LOCK TABLE ";
    bool done = true;

    for (size_t i = 0; done && i < package_count; i++) {
        for (const char *const *table = packages[i]->tables; done && *table != NULL; table++) {
            done = buffer_append_text(&sql, separator, error) &&
                   pg_schema_qualify(connection, schema, *table, &sql, error);
            separator = ", ";
        }
    }
    done = done && buffer_append_text(&sql, " IN ACCESS SHARE MODE", error) &&
           pg_execute(connection, buffer_string(&sql), NULL, error);
    if (!done && pg_lock_timed_out(connection)) {
        error_set(error, EXIT_CODE_REFUSED, "the legacy tables are locked by another session");
        error_hint(error, "Wait for it to end, or end it, then run again; --lock-wait-timeout sets "
                          "how long to wait.");
        done = pg_lock_failed(connection, schema, error);
    } else if (!done && strcmp(pg_sqlstate(connection), UNDEFINED_TABLE) == 0) {
        error->code = EXIT_CODE_REFUSED;
        error_hint(error, "The legacy tables are not as the schema migrations created them.");
    }
    buffer_free(&sql);
    return done;
}

static bool query_time(PgConnection *connection, Snapshot *snapshot, Error *error)
{
    int64_t microseconds;

    if (!pg_transaction_time(connection, &microseconds, snapshot->created, error)) {
        return false;
    }
    snapshot->now = microseconds - (int64_t)POSTGRES_EPOCH * MICROSECONDS;
    return true;
}

/*
 * Reads the snapshot as text, from which the cleanup tells which rows the export has not seen.
 *
 * PostgreSQL's own text lists the transactions in progress, but not their subtransactions, and none
 * at all on a standby: their rows would pass as seen.  So if any may have been writing, the text
 * treats everything as unseen that is not older than all of them.  None can have been writing if no
 * transaction was in progress, or if another session blocks writers, as kv-migrate's does.
 * (PostgreSQL 12 only has the older names of these functions.)
 */
static bool query_snapshot(PgConnection *connection, const PgSchema *schema,
                           const Package *const *packages, size_t package_count, char **text,
                           Error *error)
{
    Buffer list = {0};
    const char *parameters[] = {schema->name, NULL};
    PgRows *rows;
    bool done = table_list_append(packages, package_count, &list, error);

    parameters[1] = buffer_string(&list);
    done = done &&
           pg_query(connection,
                    "SELECT CASE WHEN pg_is_in_recovery() OR"
                    " EXISTS (SELECT FROM txid_snapshot_xip(txid_current_snapshot())) AND"
                    " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    "  WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND NOT EXISTS"
                    "  (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = c.oid"
                    "   AND l.database = (SELECT oid FROM pg_database"
                    "    WHERE datname = current_database())"
                    "   AND l.mode = 'ShareLock' AND l.granted))"
                    " THEN format('%s:%1$s:', txid_snapshot_xmin(txid_current_snapshot()))"
                    " ELSE txid_current_snapshot()::text END",
                    2, parameters, &rows, error);

    buffer_free(&list);
    if (!done) {
        return false;
    }
    *text = strdup(pg_rows_text(rows, 0, 0));
    pg_rows_free(rows);
    return *text != NULL || error_out_of_memory(error);
}

static bool query_identity(PgConnection *connection, const PgSchema *schema,
                           const Package *const *packages, size_t package_count, Snapshot *snapshot,
                           Error *error)
{
    Buffer list = {0};
    bool done =
        pg_system_identifier(connection, &snapshot->system_identifier, error) &&
        pg_database_oid(connection, &snapshot->database_oid, error) &&
        table_list_append(packages, package_count, &list, error) &&
        legacy_oids_read(connection, schema->name, buffer_string(&list), &snapshot->tables, error);

    buffer_free(&list);
    return done;
}

bool snapshot_begin(PgConnection *connection, const PgSchema *schema, const ExportOptions *options,
                    const Package *const *packages, size_t package_count, Snapshot *snapshot,
                    Error *error)
{
    *snapshot = (Snapshot){0};
    if (!pg_begin(connection, PG_READ_SNAPSHOT, options->common.lock_wait_timeout_ms, error)) {
        return false;
    }
    if (options->snapshot != NULL) {
        if (!pg_join_snapshot(connection, options->snapshot, error)) {
            error->code = error->code == EXIT_CODE_FAILED ? EXIT_CODE_USAGE : error->code;
            return false;
        }
        snapshot->name = strdup(options->snapshot);
        if (snapshot->name == NULL) {
            return error_out_of_memory(error);
        }
    }
    /* Lock before taking the snapshot: whoever alters a table has either finished or must wait. */
    return lock_tables(connection, schema, packages, package_count, error) &&
           (snapshot->name != NULL || pg_export_snapshot(connection, &snapshot->name, error)) &&
           query_snapshot(connection, schema, packages, package_count, &snapshot->text, error) &&
           query_identity(connection, schema, packages, package_count, snapshot, error) &&
           query_time(connection, snapshot, error);
}

bool snapshot_estimate_rows(PgConnection *connection, const PgSchema *schema,
                            const Package *const *packages, size_t package_count, uint64_t *rows,
                            Error *error)
{
    Buffer list = {0};
    const char *parameters[] = {schema->name, NULL};
    PgRows *result;
    bool done = table_list_append(packages, package_count, &list, error);

    parameters[1] = buffer_string(&list);
    done = done && pg_query(connection,
                            LEGACY_TREE
                            "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::int8"
                            " FROM tree t JOIN pg_class c ON c.oid = t.oid WHERE c.relkind <> 'p'",
                            2, parameters, &result, error);
    buffer_free(&list);
    if (!done) {
        return false;
    }
    *rows = strtoull(pg_rows_text(result, 0, 0), NULL, 10);
    pg_rows_free(result);
    return true;
}

bool snapshot_join(PgConnection *connection, const Snapshot *snapshot, Error *error)
{
    return pg_begin(connection, PG_READ_SNAPSHOT, 0, error) &&
           pg_share_snapshot(connection, snapshot->name, error);
}

void snapshot_free(Snapshot *snapshot)
{
    free(snapshot->name);
    free(snapshot->text);
    free(snapshot->system_identifier);
    dump_tables_free(&snapshot->tables);
    *snapshot = (Snapshot){0};
}
