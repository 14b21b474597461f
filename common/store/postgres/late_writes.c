/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/late_writes.h"

#include "common/base/buffer.h"
#include "common/base/text.h"

#include <stdlib.h>

/* Whether a row may have been written by a transaction that was not over.  Whoever wrote a frozen
 * row more than 2^31 transactions ago seems to come after all others: then it is a known one. */
#define IS_RECENT "age(xmin) <= (SELECT age($1::xid))"

static bool query(PgConnection *connection, const char *format, const char *table, int count,
                  const char *const *parameters, PgRows **rows, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_format(&sql, error, "%s%s", format, table) &&
                pg_query(connection, buffer_string(&sql), count, parameters, rows, error);

    buffer_free(&sql);
    return done;
}

static bool read_oldest(PgConnection *connection, char **oldest, Error *error)
{
    PgRows *rows;
    bool done;

    if (!pg_query(connection, "SELECT txid_snapshot_xmin(txid_current_snapshot()) & 4294967295", 0,
                  NULL, &rows, error)) {
        return false;
    }
    done = text_copy(pg_rows_text(rows, 0, 0), oldest, error);
    pg_rows_free(rows);
    return done;
}

/* The second statement has a later snapshot; what ended in between is known. */
bool store_moment_read(PgConnection *connection, const char *table, StoreMoment *moment,
                       Error *error)
{
    const char *parameters[1];
    PgRows *rows;
    bool done;

    if (!read_oldest(connection, &moment->oldest, error)) {
        return false;
    }
    parameters[0] = moment->oldest;
    if (!query(connection,
               "SELECT count(*), coalesce(array_agg(DISTINCT xmin::text) FILTER (WHERE " IS_RECENT
               "), '{}') FROM ",
               table, 1, parameters, &rows, error)) {
        return false;
    }
    moment->rows = strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
    done = text_copy(pg_rows_text(rows, 0, 1), &moment->known, error);
    pg_rows_free(rows);
    return done;
}

bool late_writes_count(PgConnection *connection, const char *table, const StoreMoment *moment,
                       LateWrites *writes, Error *error)
{
    const char *parameters[] = {moment->oldest, moment->known};
    PgRows *rows;
    uint64_t old;

    if (!query(connection,
               "SELECT count(*), count(*) FILTER (WHERE " IS_RECENT
               " AND xmin::text NOT IN (SELECT unnest($2::text[]))) FROM ",
               table, 2, parameters, &rows, error)) {
        return false;
    }
    writes->written = strtoull(pg_rows_text(rows, 0, 1), NULL, 10);
    old = strtoull(pg_rows_text(rows, 0, 0), NULL, 10) - writes->written;
    writes->gone = moment->rows > old ? moment->rows - old : 0;
    pg_rows_free(rows);
    return true;
}

void store_moment_free(StoreMoment *moment)
{
    free(moment->oldest);
    free(moment->known);
    *moment = (StoreMoment){0};
}
