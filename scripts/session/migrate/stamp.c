/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/stamp.h"

#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/store/postgres/begun_store.h"
#include "common/store/postgres/coverage.h"
#include "scripts/session/migrate/note.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the relation kv has the columns of a KV table; it may be unrelated. */
static bool has_kv_columns(Session *session, bool *has, Error *error)
{
    const char *parameters[] = {session->schema.name};
    char *count = NULL;

    if (!session_query_text(
            session,
            "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
            " AND c.relname = 'kv' AND a.attname IN ('partition_key', 'key', 'value')"
            " AND a.atttypid = 'bytea'::regtype",
            1, parameters, &count, error)) {
        return false;
    }
    *has = strcmp(count, "3") == 0;
    free(count);
    return true;
}

static void set_unreadable(KvStore *store, const Error *reason)
{
    store->state = KV_UNREADABLE;
    store->code = reason->code;
    snprintf(store->reason, sizeof store->reason, "%s", reason->message);
    snprintf(store->detail, sizeof store->detail, "%s", reason->detail);
    snprintf(store->hint, sizeof store->hint, "%s", reason->hint);
}

/* A part of a store tells nothing of the whole. */
static bool check_coverage(Session *session, KvStore *store, bool *whole, Error *error)
{
    Error problem = {0};

    *whole = coverage_check(session->connection, &session->schema, KV_TABLE_NAME, &problem);
    if (!*whole && problem.code != EXIT_CODE_REFUSED) {
        *error = problem;
        return false;
    }
    if (!*whole) {
        set_unreadable(store, &problem);
    }
    return true;
}

/* May fail: a load locks its table, and the role may lack the privilege to read it. */
static bool lock_table(Session *session, KvStore *store, bool *readable, Error *error)
{
    Buffer statement = {0};
    bool failed = false;
    bool done =
        buffer_append_format(&statement, error, "LOCK TABLE ONLY %s.kv IN ACCESS SHARE MODE",
                             session->schema.quoted) &&
        session_try(session, buffer_string(&statement), &failed, error);

    buffer_free(&statement);
    if (done && failed) {
        if (error->lock_timeout) {
            pg_lock_name_holders(session->connection, &session->schema, error);
        }
        set_unreadable(store, error);
    }
    *readable = done && !failed;
    return done;
}

/* The value may be anything. */
static KvState state_of(const char *version)
{
    bool is_number = version[strspn(version, "0123456789")] == '\0';

    if (version[0] == '\0') {
        return KV_UNSTAMPED;
    }
    errno = 0;
    if (!is_number || strtoll(version, NULL, 10) == LLONG_MAX || errno != 0) {
        return KV_FOREIGN;
    }
    return strtoll(version, NULL, 10) == 0 ? KV_STARTED : KV_STAMPED;
}

static bool look_at_rows(Session *session, KvStore *store, Error *error)
{
    static const KvState STATES[] = {[BEGUN_STORE_EMPTY] = KV_EMPTY,
                                     [BEGUN_STORE_BEGUN] = KV_BEGUN,
                                     [BEGUN_STORE_OTHER] = KV_UNSTAMPED};
    Buffer table = {0};
    BegunStore found = BEGUN_STORE_OTHER;
    bool done = buffer_append_format(&table, error, "%s.kv", session->schema.quoted) &&
                begun_store_look(session->connection, buffer_string(&table), &found, error);

    store->state = STATES[found];
    buffer_free(&table);
    return done;
}

static bool read_version(Session *session, KvStore *store, Error *error)
{
    Buffer sql = {0};
    char *version = NULL;
    bool done = buffer_append_format(&sql, error,
                                     "SELECT encode(value, 'escape') FROM %s.kv"
                                     " WHERE partition_key = '" KV_PARTITION_INTERNAL
                                     "'::bytea AND key = '" KV_VERSION_KEY "'::bytea",
                                     session->schema.quoted) &&
                session_query_text(session, buffer_string(&sql), 0, NULL, &version, error);

    if (done) {
        snprintf(store->version, sizeof store->version, "%s", version);
        store->state = state_of(version);
    }
    free(version);
    buffer_free(&sql);
    return done && (store->state != KV_UNSTAMPED || look_at_rows(session, store, error));
}

/* For a store in DynamoDB, the state at the time of the stamp; whether lakeFS goes on with it is
 * not checked. */
static bool read_noted(Session *session, KvStore *store, Error *error)
{
    Note note;
    json_t *version;

    if (!note_read(session, &note, error)) {
        return false;
    }
    version = json_object_get(json_object_get(note.json, "store"), "kv_version");
    if (note.in_dynamodb) {
        store->in_dynamodb = true;
        store->state = KV_FOREIGN;
        if (json_integer_value(version) > 0) {
            store->state = KV_STAMPED;
            snprintf(store->version, sizeof store->version, "%" PRId64,
                     (int64_t)json_integer_value(version));
        }
    }
    note_free(&note);
    return true;
}

bool kv_store_read(Session *session, KvStore *store, Error *error)
{
    bool there = false;
    bool has_columns = false;
    bool readable = false;

    *store = (KvStore){.state = KV_MISSING};
    if (!read_noted(session, store, error)) {
        return false;
    }
    if (store->in_dynamodb) {
        return true;
    }
    if (!session_has_relation(session, "kv", &there, error) ||
        (there && !has_kv_columns(session, &has_columns, error))) {
        return false;
    }
    store->state = there ? KV_FOREIGN : KV_MISSING;
    if (!has_columns) {
        return true;
    }
    return lock_table(session, store, &readable, error) &&
           (!readable || (check_coverage(session, store, &readable, error) &&
                          (!readable || read_version(session, store, error))));
}

bool stamp_read(Session *session, KvStore *store, bool *stamped, Error *error)
{
    *stamped = false;
    if (!kv_store_read(session, store, error) || !session_read_version(session, error)) {
        return false;
    }
    if (store->state == KV_UNREADABLE) {
        error_set(error, store->code, "%s", store->reason);
        error_detail(error, "%s", store->detail);
        return error_hint(error, "%s", store->hint);
    }
    *stamped = session_is_at_kv_version(session) && !session->dirty && store->state == KV_STAMPED;
    return true;
}

bool kv_store_is_gone(const Session *session, const KvStore *store)
{
    return session_is_at_kv_version(session) && !session->dirty && !store->in_dynamodb &&
           (store->state == KV_MISSING || store->state == KV_EMPTY || store->state == KV_BEGUN);
}

bool stamp_detail(const Session *session, const KvStore *store, Error *error)
{
    char version[32] = "none";

    if (session->has_version) {
        snprintf(version, sizeof version, "%" PRId64, session->version);
    }
    return error_detail(error, "Schema version and KV version are %s/%s.", version,
                        store->version[0] == '\0' ? "none" : store->version);
}
