/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/stale.h"

#include "common/base/buffer.h"
#include "common/cli/message.h"
#include "common/kv/model.h"

/* Longer than it takes to read a row, and too short to be noticed. */
enum { LOCK_WAIT_MS = 200 };

static bool is_there(PgConnection *connection, const PgSchema *schema, Error *error)
{
    const char *parameters[] = {schema->name};
    PgRows *rows = NULL;
    bool there = pg_query(connection,
                          "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                          " WHERE n.nspname = $1 AND c.relname = 'kv' AND c.relkind IN ('r', 'p')"
                          " AND has_table_privilege(c.oid, 'SELECT')"
                          " AND (SELECT count(*) = 3 FROM pg_attribute a WHERE a.attrelid = c.oid"
                          "  AND a.attname IN ('partition_key', 'key', 'value')"
                          "  AND a.atttypid = 'bytea'::regtype)",
                          1, parameters, &rows, error) &&
                 pg_rows_count(rows) > 0;

    pg_rows_free(rows);
    return there;
}

/* Whether the store has a version other than that of an unfinished load. */
static bool is_stamped(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool stamped = buffer_append_format(&sql, error,
                                        "SELECT FROM %s.kv WHERE partition_key = "
                                        "'" KV_PARTITION_INTERNAL "'::bytea"
                                        " AND key = '" KV_VERSION_KEY "'::bytea"
                                        " AND value <> '0'::bytea",
                                        schema->quoted) &&
                   pg_query(connection, buffer_string(&sql), 0, NULL, &rows, error) &&
                   pg_rows_count(rows) > 0;

    pg_rows_free(rows);
    buffer_free(&sql);
    return stamped;
}

bool stale_warn(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Error ignored;
    Error warning;
    bool stamped;

    if (!pg_begin(connection, PG_READ_SNAPSHOT, LOCK_WAIT_MS, error)) {
        return false;
    }
    stamped = is_there(connection, schema, &ignored) && is_stamped(connection, schema, &ignored);
    pg_rollback(connection);
    if (stamped) {
        error_set(&warning, EXIT_CODE_DONE,
                  "the legacy tables seem to be stale: the table kv beside them is stamped");
        error_hint(&warning, "lakeFS itself may have migrated this database, and work with the "
                             "table kv: kv-migrate status tells more. That store is exported with "
                             "--source=kv.");
        message_warning_error(&warning);
    }
    return true;
}
