/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/lock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

uint32_t pg_lock_key(const char *schema, const char *database)
{
    static const uint32_t SALT = 1486364155;
    static const char TABLE[] = "schema_migrations";
    uLong sum = crc32(0, Z_NULL, 0);

    /* Each part includes its terminating NUL as separator, except the last. */
    sum = crc32(sum, (const Bytef *)schema, (uInt)strlen(schema) + 1);
    sum = crc32(sum, (const Bytef *)TABLE, sizeof TABLE);
    sum = crc32(sum, (const Bytef *)"/", 1);
    sum = crc32(sum, (const Bytef *)database, (uInt)strlen(database));
    return (uint32_t)sum * SALT;
}

static bool find_holder(PgConnection *connection, uint32_t key, char holder[PG_HOLDER_SIZE],
                        Error *error)
{
    char key_text[16];
    const char *parameters[] = {key_text};
    PgRows *rows;

    holder[0] = '\0';
    snprintf(key_text, sizeof key_text, "%" PRIu32, key);
    if (!pg_query(connection,
                  "SELECT " PG_LOCK_HOLDER_TEXT " FROM pg_locks l " PG_LOCK_HOLDER_JOIN
                  " WHERE l.locktype = 'advisory' AND l.granted AND l.database ="
                  " (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
                  " AND l.classid = 0::oid AND l.objid = ($1::int8)::oid",
                  1, parameters, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) > 0) {
        snprintf(holder, PG_HOLDER_SIZE, "%s", pg_rows_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    return true;
}

bool pg_lock_holder(PgConnection *connection, const PgSchema *schema, char holder[PG_HOLDER_SIZE],
                    Error *error)
{
    return find_holder(connection, pg_lock_key(schema->name, schema->database), holder, error);
}

/* Describes the holder for an error message. */
static void describe_holder(PgConnection *connection, uint32_t key, char holder[PG_HOLDER_SIZE])
{
    Error ignored;

    /* The failed transaction accepts no more queries. */
    pg_rollback(connection);
    if (!pg_begin(connection, PG_READ_SNAPSHOT, 0, &ignored) ||
        !find_holder(connection, key, holder, &ignored) || holder[0] == '\0') {
        snprintf(holder, PG_HOLDER_SIZE, "another session");
    }
    pg_rollback(connection);
}

bool pg_lock_acquire(PgConnection *connection, const PgSchema *schema, Error *error)
{
    uint32_t key = pg_lock_key(schema->name, schema->database);
    char sql[80];
    char holder[PG_HOLDER_SIZE];

    snprintf(sql, sizeof sql, "SELECT pg_advisory_xact_lock(%" PRIu32 ")", key);
    if (pg_execute(connection, sql, NULL, error)) {
        return true;
    }
    if (!pg_lock_timed_out(connection)) {
        return false;
    }
    describe_holder(connection, key, holder);
    error_set(error, EXIT_CODE_REFUSED, "another migration holds the lock of database \"%s\"",
              schema->database);
    error_detail(error, "The lock is held by %s.", holder);
    return error_hint(error, "Wait for it to end, or end it, then run again; --lock-wait-timeout "
                             "sets how long to wait.");
}

void pg_lock_name_holders(PgConnection *connection, const PgSchema *schema, Error *error)
{
    static const char HOLDERS[] =
        "WITH held AS (SELECT " PG_LOCK_HOLDER_TEXT " AS holder,"
        "  string_agg(DISTINCT c.relname::text, ', ') AS tables"
        " FROM pg_locks l JOIN pg_class c ON l.locktype = 'relation' AND l.relation = c.oid"
        "  AND c.relkind IN ('r', 'p', 'v', 'm')"
        " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1 " PG_LOCK_HOLDER_JOIN
        /* A partitioned table stands for its partitions. */
        " WHERE l.granted AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_locks o"
        "  ON o.locktype = 'relation' AND o.relation = i.inhparent AND o.granted"
        "  AND o.virtualtransaction = l.virtualtransaction WHERE i.inhrelid = c.oid)"
        " AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
        " AND l.pid IS DISTINCT FROM pg_backend_pid()"
        " AND NOT EXISTS (SELECT FROM pg_locks o WHERE o.locktype = 'advisory' AND o.granted"
        "  AND o.mode = 'ExclusiveLock' AND o.pid = l.pid AND o.database = l.database"
        "  AND o.classid = 0::oid AND o.objid = ($2::int8)::oid AND o.objsubid = 1) GROUP BY 1)"
        " SELECT string_agg(format('%s on %s', holder, tables), '; ' ORDER BY holder) FROM held";
    char key[16];
    const char *parameters[] = {schema->name, key};
    Error cause = *error;
    Error ignored;
    PgRows *rows;

    error->lock_timeout = false;
    snprintf(key, sizeof key, "%" PRIu32, pg_lock_key(schema->name, schema->database));
    if (!pg_query(connection, HOLDERS, 2, parameters, &rows, &ignored)) {
        return;
    }
    if (pg_rows_text(rows, 0, 0) != NULL) {
        error_detail(error, "Locks are held by %s.%s%s", pg_rows_text(rows, 0, 0),
                     cause.detail[0] == '\0' ? "" : "\n", cause.detail);
    }
    pg_rows_free(rows);
}

/* Names them in a new transaction. */
static void name_holders(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Error ignored;

    pg_rollback(connection);
    if (pg_begin(connection, PG_READ_SNAPSHOT, 0, &ignored)) {
        pg_lock_name_holders(connection, schema, error);
    }
    pg_rollback(connection);
}

bool pg_lock_failed(PgConnection *connection, const PgSchema *schema, Error *error)
{
    if (error->code == EXIT_CODE_REFUSED && pg_lock_timed_out(connection)) {
        name_holders(connection, schema, error);
    }
    return false;
}

bool pg_lock_explain(PgConnection *connection, const PgSchema *schema, Error *error)
{
    if (error->lock_timeout && connection != NULL && schema->name != NULL) {
        name_holders(connection, schema, error);
    }
    return false;
}

bool pg_lock_check_holder(PgConnection *connection, const PgSchema *schema, int64_t holder_pid,
                          Error *error)
{
    char key[16];
    char pid[24];
    const char *parameters[] = {key, pid};
    PgRows *rows;
    bool held;

    snprintf(key, sizeof key, "%" PRIu32, pg_lock_key(schema->name, schema->database));
    snprintf(pid, sizeof pid, "%" PRId64, holder_pid);
    if (!pg_query(connection,
                  "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
                  " AND mode = 'ExclusiveLock' AND pid = $2::int8"
                  " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                  " AND classid = 0::oid AND objid = ($1::int8)::oid AND objsubid = 1",
                  2, parameters, &rows, error)) {
        return false;
    }
    held = pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    if (!held) {
        error_set(error, EXIT_CODE_REFUSED, "session %s no longer holds the migration lock", pid);
        return error_hint(error,
                          "Another migration may be running: wait for it to end, then run again.");
    }
    return true;
}
