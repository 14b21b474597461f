/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/begun_store.h"

#include "common/base/buffer.h"
#include "common/kv/model.h"

/* A row that is not one of lakeFS's start.  installation_metadata/installation_id is not in the
 * list: only a migration writes it; and what setup writes is not. */
static const char QUERY[] =
    "SELECT EXISTS (SELECT FROM %s), EXISTS (SELECT FROM %s WHERE NOT ("
    "partition_key = '" KV_PARTITION_AUTH "'::bytea AND (key = '" KV_INSTALLATION_ID_KEY "'::bytea"
    " OR key IN ("
    "'" KV_INSTALLATION_METADATA "lakefs_version'::bytea,"
    " '" KV_INSTALLATION_METADATA "lakefs_kv_type'::bytea,"
    " '" KV_INSTALLATION_METADATA "golang_version'::bytea,"
    " '" KV_INSTALLATION_METADATA "architecture'::bytea,"
    " '" KV_INSTALLATION_METADATA "os'::bytea,"
    " '" KV_INSTALLATION_METADATA "is_k8s'::bytea,"
    " '" KV_INSTALLATION_METADATA "is_docker'::bytea,"
    " '" KV_INSTALLATION_METADATA "instrumentation'::bytea))"
    " OR partition_key = 'usage'::bytea AND key LIKE 'usage/monthly/%%'::bytea))";

bool begun_store_look(PgConnection *connection, const char *table, BegunStore *found, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done = buffer_append_format(&sql, error, QUERY, table, table) &&
                pg_query(connection, buffer_string(&sql), 0, NULL, &rows, error);

    *found = BEGUN_STORE_OTHER;
    if (done && pg_rows_text(rows, 0, 0)[0] == 'f') {
        *found = BEGUN_STORE_EMPTY;
    } else if (done && pg_rows_text(rows, 0, 1)[0] == 'f') {
        *found = BEGUN_STORE_BEGUN;
    }
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}
