/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/predecessor.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/store/postgres/taken_names.h"
#include "common/store/write_guard.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INSTALLATION_TABLE "auth_installation_metadata"
#define SETUP_TIME "setup_timestamp"

/* What tells installations apart, in the store and in the legacy tables; NULL: not there. */
typedef struct Traces {
    PgRows *rows;
    const char *store_id;
    const char *store_setup;
    const char *table_id;
    const char *table_setup;
    bool has_tables; /* the legacy table can be read */
} Traces;

static bool is_table_readable(Session *session, bool *readable, Error *error)
{
    const char *parameters[] = {session->schema.name};
    char *answer = NULL;
    bool done =
        session_query_text(session,
                           "SELECT has_table_privilege(c.oid, 'SELECT') FROM pg_class c"
                           " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                           " AND c.relname = '" INSTALLATION_TABLE "' AND c.relkind IN ('r', 'p')",
                           1, parameters, &answer, error);

    *readable = done && strcmp(answer, "t") == 0;
    free(answer);
    return done;
}

static bool append_query(const Session *session, bool has_tables, Buffer *sql, Error *error)
{
    static const char *const NAMES[] = {KV_INSTALLATION_ID_KEY, SETUP_TIME};

    for (size_t i = 0; i < 2; i++) {
        if (!buffer_append_format(sql, error,
                                  "%s(SELECT encode(value, 'escape') FROM %s.kv"
                                  " WHERE partition_key = '" KV_PARTITION_AUTH "'::bytea"
                                  " AND key = '" KV_INSTALLATION_METADATA "%s'::bytea)",
                                  i == 0 ? "SELECT " : ", ", session->schema.quoted, NAMES[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (has_tables ? !buffer_append_format(
                             sql, error,
                             ", (SELECT max(encode(convert_to(key_value::text, 'UTF8'), 'escape'))"
                             " FROM %s." INSTALLATION_TABLE " WHERE key_name::text = '%s')",
                             session->schema.quoted, NAMES[i])
                       : !buffer_append_text(sql, ", NULL", error)) {
            return false;
        }
    }
    return true;
}

static bool read_traces(Session *session, Traces *traces, Error *error)
{
    Buffer sql = {0};
    bool done = is_table_readable(session, &traces->has_tables, error) &&
                append_query(session, traces->has_tables, &sql, error) &&
                pg_query(session->connection, buffer_string(&sql), 0, NULL, &traces->rows, error);

    if (done) {
        traces->store_id = pg_rows_text(traces->rows, 0, 0);
        traces->store_setup = pg_rows_text(traces->rows, 0, 1);
        traces->table_id = pg_rows_text(traces->rows, 0, 2);
        traces->table_setup = pg_rows_text(traces->rows, 0, 3);
    }
    buffer_free(&sql);
    return done;
}

static bool is_same(const char *left, const char *right)
{
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static Predecessor judge(const Traces *traces)
{
    if (is_same(traces->store_id, traces->table_id) ||
        (traces->store_id != NULL && !traces->has_tables)) {
        return PREDECESSOR_MIGRATED;
    }
    if (traces->store_id != NULL) {
        return PREDECESSOR_UNKNOWN;
    }
    if (is_same(traces->store_setup, traces->table_setup)) {
        return PREDECESSOR_MIGRATED;
    }
    return traces->store_setup != NULL ? PREDECESSOR_SET_UP : PREDECESSOR_LIKELY;
}

/* kv-import's note and triggers that refuse writes: kv-migrate was here, and nobody has reverted.
 */
static bool judge_noted(Session *session, Predecessor *predecessor, Error *error)
{
    WriteGuardCounts counts;
    bool done = write_guard_count(session->connection, &session->schema, &counts, error);

    *predecessor = done && counts.guarded > 0 ? PREDECESSOR_SET_BACK : PREDECESSOR_UNKNOWN;
    return done;
}

bool predecessor_find(Session *session, const KvStore *store, Predecessor *predecessor,
                      Error *error)
{
    Traces traces = {0};
    Note note = {0};
    bool done;

    *predecessor = PREDECESSOR_NONE;
    if (store->state != KV_STAMPED || !session->has_version || session_is_at_kv_version(session)) {
        return true;
    }
    *predecessor = PREDECESSOR_UNKNOWN;
    if (session->dirty || session->version != migrations_last(&session->migrations)) {
        return true;
    }
    done = note_read(session, &note, error);
    if (done && note.json != NULL) {
        done = judge_noted(session, predecessor, error);
    } else if (done && !store->in_dynamodb) {
        done = read_traces(session, &traces, error);
        *predecessor = done ? judge(&traces) : PREDECESSOR_UNKNOWN;
    }
    pg_rows_free(traces.rows);
    note_free(&note);
    return done;
}

bool predecessor_append_version(const Session *session, Buffer *sql, Error *error)
{
    return buffer_append_format(
        sql, error,
        "UPDATE %s.schema_migrations SET version = %" PRId64 " WHERE version = %" PRId64,
        session->schema.quoted, migrations_kv(&session->migrations), session->version);
}

/* What lakeFS has written to a store that it has migrated itself is in no legacy table. */
static bool tell_migrated(Session *session, Error *error)
{
    char text[QUANTITY_SIZE];

    message_info("lakeFS itself has migrated this database: nothing to do");
    if (!legacy_tables_find(session, error)) {
        return false;
    }
    if (session->legacy.found.count > 0) {
        message_info("%s left: whether lakeFS has written to them since is not known; kv-migrate "
                     "cleanup tells how to drop them",
                     quantity_noun(session->legacy.found.count, "legacy table is",
                                   "legacy tables are", text));
    }
    return true;
}

/* Sets the hint: what to find out, and what to run if nobody needs the store. */
static bool advise_move(Session *session, const char *advice, Error *error)
{
    Buffer sql = {0};
    Error ignored;

    error_hint(error, "%s", advice);
    if (taken_names_append_move(session->connection, &session->schema, KV_TABLE_NAME, false, &sql,
                                &ignored)) {
        error_hint(error,
                   "%s If nobody needs the store, move it out of the way, then run again: %s;",
                   advice, buffer_string(&sql));
    }
    buffer_free(&sql);
    return false;
}

static bool refuse_likely(Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "lakeFS itself seems to have migrated this database: its table kv is stamped");
    error_detail(error, "kv-import has left no note on it, and the id of the installation that "
                        "lakeFS's migration copies is not in it.");
    return advise_move(session,
                       "Find out whether lakeFS works with the table kv; then there is nothing to "
                       "do.",
                       error);
}

static bool refuse_set_up(Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "a lakeFS was set up in the table kv, apart from the legacy tables");
    error_detail(error, "Its time of setup is another than the one in the legacy tables, and the "
                        "id of their installation is not in it.");
    return advise_move(session, "Stop that lakeFS, and find out what was done with it.", error);
}

static bool refuse_set_back(const Session *session, Error *error)
{
    Buffer sql = {0};

    if (!predecessor_append_version(session, &sql, error)) {
        buffer_free(&sql);
        return false;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "kv-migrate has migrated this database, but its schema version was set back to "
              "%" PRId64 " by hand",
              session->version);
    error_detail(error, "The KV store is stamped and has kv-import's note, and legacy tables "
                        "refuse writes.");
    error_hint(error,
               "To go back to the legacy tables: kv-migrate revert, which also puts the KV store "
               "aside. To go on with the KV store: %s;",
               buffer_string(&sql));
    buffer_free(&sql);
    return false;
}

/* Whatever the legacy tables beside a store in use are, they are not what it was made from. */
static bool refuse_foreign(Session *session, const KvStore *store, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the table kv is stamped as migrated, but the database is at schema version %" PRId64,
              session->version);
    error_detail(error, "Its KV version is %s.", store->version);
    return advise_move(
        session, "The two do not belong together. Find out where the table comes from.", error);
}

/* Reads the store in a subtransaction, whose end releases the locks. */
static bool look(Session *session, KvStore *store, Predecessor *predecessor, Error *error)
{
    *predecessor = PREDECESSOR_NONE;
    return pg_execute(session->connection, "SAVEPOINT look", NULL, error) &&
           kv_store_read(session, store, error) &&
           predecessor_find(session, store, predecessor, error) &&
           pg_execute(session->connection, "ROLLBACK TO SAVEPOINT look", NULL, error);
}

bool predecessor_check(Session *session, bool kv, bool *migrated, Error *error)
{
    KvStore store;
    Predecessor predecessor;

    *migrated = false;
    if (!look(session, &store, &predecessor, error)) {
        return false;
    }
    switch (predecessor) {
    case PREDECESSOR_MIGRATED:
        *migrated = true;
        return tell_migrated(session, error);
    case PREDECESSOR_LIKELY:
        return refuse_likely(session, error);
    case PREDECESSOR_SET_UP:
        return refuse_set_up(session, error);
    case PREDECESSOR_SET_BACK:
        return refuse_set_back(session, error);
    case PREDECESSOR_UNKNOWN:
        return kv || store.in_dynamodb || refuse_foreign(session, &store, error);
    case PREDECESSOR_NONE:
        break;
    }
    return true;
}

bool predecessor_refuse(Session *session, const KvStore *store, const char *hint, Error *error)
{
    Predecessor predecessor;

    if (!predecessor_find(session, store, &predecessor, error)) {
        return false;
    }
    if (predecessor == PREDECESSOR_SET_BACK) {
        return refuse_set_back(session, error);
    }
    if (predecessor != PREDECESSOR_MIGRATED && predecessor != PREDECESSOR_LIKELY) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "lakeFS itself %s migrated this database",
              predecessor == PREDECESSOR_LIKELY ? "seems to have" : "has");
    error_detail(error, "Its migration does not note which rows it has read, so it is not known "
                        "whether the legacy tables were written to since.");
    return error_hint(error, "%s", hint);
}
