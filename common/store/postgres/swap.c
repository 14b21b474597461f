/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/swap.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "common/store/postgres/kept.h"
#include "common/store/postgres/likeness.h"
#include "common/store/postgres/parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long an attempt waits, and the pause after it, in which the others go on.  The server ends an
 * autovacuum that is in the way only for who waits longer than its deadlock_timeout, 1 s by
 * default: every fifth attempt does. */
enum { SHORT_MS = 200, LONG_MS = 1200, LONG_EVERY = 5, PAUSE_MS = 400, SLICE_MS = 20 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool swap_begin(Swap *swap, PgConnection *connection, Error *error)
{
    PgRows *rows;

    if (!kv_parts_query(connection, KV_PARTS "SELECT FROM parts WHERE relname = $2", swap->schema,
                        swap->name, NULL, &rows, error)) {
        return false;
    }
    swap->exists = pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    return !swap->exists ||
           (kv_aside_name(connection, swap->schema, swap->name, KEPT_WORD, swap->kept, error) &&
            kept_record_read(connection, swap->schema, swap->name, &swap->record, error));
}

/* Appends the statements.  A reader of the view locks that before the table, so this does, too.
 * LOCK TABLE includes partitions, and of a view the tables, with the rights of the view's owner,
 * who may have none: a view is locked by giving it the owner that it has. */
static bool append_lock(const Swap *swap, PgConnection *connection, Buffer *sql, Error *error)
{
    PgRows *rows;
    bool done = true;

    if (!kv_parts_query(connection,
                        KV_PARTS "SELECT CASE p.relkind WHEN 'v' THEN format("
                                 "  'ALTER VIEW %s OWNER TO %I; ', quoted,"
                                 "  pg_get_userbyid(c.relowner))"
                                 " ELSE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', quoted)"
                                 " END FROM parts p JOIN pg_class c ON c.oid = p.oid"
                                 " WHERE is_named AND (p.relkind = 'v' OR suffix = '')"
                                 " ORDER BY p.relkind <> 'v'",
                        swap->schema, swap->name, NULL, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = buffer_append_text(sql, pg_rows_text(rows, i, 0), error);
    }
    pg_rows_free(rows);
    return done;
}

/* One attempt.  If it has waited in vain, the transaction is as it was, and the error unset: others
 * follow. */
static bool lock_once(PgConnection *connection, const char *locks, int timeout_ms, bool *locked,
                      Error *error)
{
    static const char DEADLOCK[] = "40P01";
    Buffer sql = {0};
    Error cause;
    bool done = buffer_append_format(&sql, error, "SAVEPOINT attempt; SET LOCAL lock_timeout = %d",
                                     timeout_ms) &&
                pg_execute(connection, buffer_string(&sql), NULL, error);

    buffer_free(&sql);
    *locked = done && pg_execute(connection, locks, NULL, &cause);
    if (!done || *locked) {
        return done;
    }
    if (!pg_lock_timed_out(connection) && strcmp(pg_sqlstate(connection), DEADLOCK) != 0) {
        *error = cause;
        return false;
    }
    return pg_execute(connection, "ROLLBACK TO SAVEPOINT attempt", NULL, error);
}

static bool pause(int milliseconds, Error *error)
{
    const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};

    for (int i = 0; i < milliseconds; i += SLICE_MS) {
        if (!interrupt_check(error)) {
            return false;
        }
        nanosleep(&slice, NULL);
    }
    return interrupt_check(error);
}

static bool refuse_used(const Swap *swap, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "table \"%s\" was in use by others all the time",
              swap->name);
    return error_hint(error, "Wait for them to end, or stop lakeFS, then run again; "
                             "--lock-wait-timeout says how long to wait.");
}

static bool lock_tables(const Swap *swap, PgConnection *connection, Error *error)
{
    int64_t end = now_ms() + swap->lock_wait_timeout_ms;
    bool forever = swap->lock_wait_timeout_ms == 0;
    Buffer locks = {0};
    bool done = append_lock(swap, connection, &locks, error);
    bool locked = locks.size == 0;

    for (int attempt = 1; done && !locked; attempt++) {
        int64_t left = end - now_ms();
        int timeout = attempt % LONG_EVERY == 0 ? LONG_MS : SHORT_MS;

        timeout = !forever && left < timeout ? (left > 1 ? (int)left : 1) : timeout;
        done = lock_once(connection, buffer_string(&locks), timeout, &locked, error);
        if (done && !locked) {
            done = !forever && now_ms() >= end ? refuse_used(swap, error) : pause(PAUSE_MS, error);
        }
    }
    buffer_free(&locks);
    return done;
}

/* Before the table in use is locked, as it takes time. */
static bool drop_kept(Swap *swap, PgConnection *connection, Error *error)
{
    KeptStore kept;

    if (!kept_store_find(connection, swap->schema, swap->name, &kept, error)) {
        return false;
    }
    if (swap->exists && strcmp(kept.name, swap->incoming) != 0) {
        memcpy(swap->dropped, kept.name, sizeof kept.name);
    }
    return !swap->exists ||
           kept_store_drop(connection, swap->schema, swap->name, swap->incoming, error);
}

static bool put_aside(const Swap *swap, PgConnection *connection, Error *error)
{
    return !swap->exists ||
           (kept_record_write(connection, swap->schema, swap->name, swap->record, error) &&
            kv_aside_rename(connection, swap->schema, swap->name, swap->kept, error));
}

bool swap_tables(Swap *swap, PgConnection *connection,
                 bool (*check)(void *state, PgConnection *connection, Error *error), void *state,
                 Error *error)
{
    const PgSchema *schema = swap->schema;

    return drop_kept(swap, connection, error) &&
           likeness_copy_rights(connection, schema, swap->name, swap->incoming, error) &&
           likeness_move_publications(connection, schema, swap->name, swap->incoming, error) &&
           lock_tables(swap, connection, error) && check(state, connection, error) &&
           put_aside(swap, connection, error) &&
           kv_aside_rename(connection, schema, swap->incoming, swap->name, error);
}

void swap_tell(const Swap *swap)
{
    if (swap->dropped[0] != '\0') {
        message_info("table \"%s\", which was kept until now, is dropped", swap->dropped);
    }
    if (swap->kept[0] != '\0') {
        message_info("the store that was in use is kept as table \"%s\": kv-import --undo brings "
                     "it back, --forget drops it",
                     swap->kept);
    }
}

void swap_free(Swap *swap)
{
    free(swap->record);
    *swap = (Swap){0};
}
