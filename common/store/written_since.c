/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/written_since.h"

#include "common/store/legacy_oids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *rows_noun(const char *count)
{
    return strcmp(count, "1") == 0 ? "row" : "rows";
}

/* A row's xmin has 32 bits only; its epoch is the current one or the one before.
 *
 * A snapshot does not list subtransactions, so a row written by one may pass for older than it is;
 * then more rows are counted than were read.
 *
 * ALTER TABLE may rewrite a table, and then all its rows are new. */
bool written_since_append(PgConnection *connection, const PgSchema *schema, const char *table,
                          const char *snapshot, int64_t rows_read, Buffer *changes, Error *error)
{
    static const char COUNT[] =
        "WITH present AS (SELECT txid_snapshot_xmax(txid_current_snapshot()) AS xid),"
        " row_xids AS (SELECT r.xmin::text::int8 AS low, p.xid AS present,"
        "  (p.xid >> 32 << 32) + r.xmin::text::int8 AS xid FROM %s.%s r CROSS JOIN present p),"
        " counted AS (SELECT count(*) AS rows, count(*) FILTER (WHERE low > 2"
        "  AND NOT txid_visible_in_snapshot(CASE WHEN xid > present THEN xid - 4294967296"
        "  ELSE xid END, $1::txid_snapshot)) AS written FROM row_xids),"
        " changed AS (SELECT written, $2::int8 - (rows - written) AS gone,"
        "  written > 0 AND written = rows AND $2::int8 IS DISTINCT FROM 0 AS rewritten FROM "
        "counted)"
        " SELECT written, gone, rewritten FROM changed WHERE written <> 0 OR gone <> 0";
    char number[24];
    const char *parameters[] = {snapshot, rows_read < 0 ? NULL : number};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done;

    snprintf(number, sizeof number, "%" PRId64, rows_read);
    done = buffer_append_format(&sql, error, COUNT, schema->quoted, table) &&
           pg_query(connection, buffer_string(&sql), 2, parameters, &rows, error);
    if (done && pg_rows_count(rows) > 0) {
        const char *gone = pg_rows_text(rows, 0, 1);

        done = buffer_append_format(
            changes, error, "%s%s: %s %s inserted or updated, %s %s deleted or updated%s",
            changes->size > 0 ? "; " : "", table, pg_rows_text(rows, 0, 0),
            rows_noun(pg_rows_text(rows, 0, 0)), gone == NULL ? "an unknown number of" : gone,
            gone == NULL ? "rows" : rows_noun(gone),
            strcmp(pg_rows_text(rows, 0, 2), "t") == 0
                ? ", or the whole table was rewritten (by ALTER TABLE)"
                : "");
    }
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static int64_t rows_read(const DumpManifest *manifest, const char *table)
{
    for (size_t i = 0; manifest != NULL && i < manifest->package_count; i++) {
        const DumpCounts *counts = &manifest->packages[i].source_rows;

        for (size_t n = 0; n < counts->count; n++) {
            if (strcmp(counts->items[n].table, table) == 0) {
                return (int64_t)counts->items[n].rows;
            }
        }
    }
    return ROWS_READ_UNKNOWN;
}

/* Tables that the dump does not have are none of its business (origin.c). */
static bool append_all(PgConnection *connection, const PgSchema *schema, const DumpHeader *header,
                       const DumpManifest *manifest, const DumpTables *present, Buffer *changes,
                       Error *error)
{
    size_t count;

    for (size_t i = 0; i < present->count; i++) {
        const char *table = present->items[i].name;

        if ((i > 0 && strcmp(present->items[i - 1].name, table) == 0) ||
            dump_tables_find(&header->source.tables, table, &count) == NULL) {
            continue;
        }
        if (!written_since_append(connection, schema, table, header->source.snapshot,
                                  rows_read(manifest, table), changes, error)) {
            return false;
        }
    }
    return true;
}

static bool refuse(const PgSchema *schema, const char *changes, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the dump is stale: legacy tables of database \"%s\" have rows written since it was "
              "taken",
              schema->database);
    error_detail(error, "%s.", changes);
    return error_hint(error, "Stop lakeFS, export the database anew and load that dump. To load "
                             "this one only as a copy, which migrates nothing, add --table=NAME.");
}

static bool refuse_without_snapshot(Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the dump does not say when it was taken: rows may have been written since");
    return error_hint(error, "Export the database anew and load that dump.");
}

bool written_since_check(PgConnection *connection, const PgSchema *schema, const DumpHeader *header,
                         const DumpManifest *manifest, Error *error)
{
    DumpTables present = {0};
    Buffer changes = {0};
    bool done;

    if (strcmp(header->source.kind, DUMP_SOURCE_LEGACY) != 0) {
        return true;
    }
    done = legacy_oids_read(connection, schema->name, LEGACY_TABLE_NAMES, &present, error);
    if (done && present.count > 0 && header->source.snapshot[0] == '\0') {
        done = refuse_without_snapshot(error);
    }
    done = done && append_all(connection, schema, header, manifest, &present, &changes, error);
    if (done && changes.size > 0) {
        done = refuse(schema, buffer_string(&changes), error);
    }
    buffer_free(&changes);
    dump_tables_free(&present);
    return done;
}
