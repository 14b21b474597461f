/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/commands.h"

#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "common/store/elsewhere.h"
#include "common/store/postgres/taken_names.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/status.h"
#include "scripts/session/migrate/status_dynamodb.h"
#include "scripts/session/migrate/status_judge.h"
#include "scripts/session/migrate/status_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_WAIT_MS = 1000 };

bool status_writes_are_refused(const Status *status)
{
    return status->guard.tables > 0 && status->guard.guarded == status->guard.tables;
}

/* What a store without a version of its own is; `missing` is what none is. */
static int64_t unstamped_version(const KvStore *store, int64_t missing)
{
    switch (store->state) {
    case KV_STARTED:
        return KV_VERSION_STARTED;
    case KV_FOREIGN:
        return store->version[0] == '\0' ? NEXT_LAKEFS_UNKNOWN : NEXT_LAKEFS_INVALID;
    case KV_UNSTAMPED:
    case KV_EMPTY:
    case KV_BEGUN:
        return NEXT_LAKEFS_BEGUN;
    case KV_MISSING:
        return missing;
    case KV_UNREADABLE:
    case KV_STAMPED:
        break;
    }
    return NEXT_LAKEFS_UNKNOWN;
}

static int64_t legacy_version(const Status *status)
{
    const Session *session = status->session;
    int64_t of_store = unstamped_version(&status->store, NEXT_LAKEFS_UNKNOWN);

    if (!session->has_version || !migrations_has(&session->migrations, session->version)) {
        return NEXT_LAKEFS_UNKNOWN;
    }
    return session->version < migrations_last(&session->migrations)            ? NEXT_LAKEFS_BEHIND
           : of_store == KV_VERSION_STARTED || of_store == NEXT_LAKEFS_INVALID ? NEXT_LAKEFS_REFUSED
                                                                               : NEXT_LAKEFS_LEGACY;
}

/* What there is for a lakeFS to run on, see next_lakefs.h. */
static int64_t lakefs_version(const Status *status)
{
    const Session *session = status->session;

    if (session->dirty || status->holder[0] != '\0' ||
        strcmp(status->state, "legacy_incomplete") == 0) {
        return NEXT_LAKEFS_UNKNOWN;
    }
    if (status->store.state == KV_STAMPED) {
        return strtoll(status->store.version, NULL, 10);
    }
    if (session_is_at_kv_version(session)) {
        return unstamped_version(&status->store, NEXT_LAKEFS_BEGUN);
    }
    return session->legacy.found.count > 0 ? legacy_version(status)
                                           : unstamped_version(&status->store, NEXT_LAKEFS_UNKNOWN);
}

static bool find_lakefs(Status *status, Error *error)
{
    Session *session = status->session;
    int64_t version = lakefs_version(status);
    bool in_dynamodb = status->store.in_dynamodb;
    /* Somebody has to find out first what the two are. */
    bool apart =
        status->predecessor == PREDECESSOR_SET_UP || status->predecessor == PREDECESSOR_UNKNOWN;
    Accounts accounts = {.known = false};
    bool is_legacy = version == NEXT_LAKEFS_LEGACY || version == NEXT_LAKEFS_REFUSED ||
                     version == NEXT_LAKEFS_BEHIND;
    bool done = is_legacy ? accounts_count_legacy(session, &accounts, error)
                : version >= KV_VERSION_MIGRATED && !in_dynamodb
                    ? accounts_count_kv(session, &accounts, error)
                    : true;

    accounts = in_dynamodb && !is_legacy ? status->accounts : accounts;
    done = done && next_lakefs_find(session, version, in_dynamodb ? "dynamodb" : "postgres",
                                    &accounts, &status->lakefs, error);
    if (apart) {
        words_free(&status->lakefs.steps);
    }
    return done;
}

/* Of a store in DynamoDB the database has only what was noted at the stamp. */
static bool look_at_dynamodb(Status *status, Error *error)
{
    if (status->store.in_dynamodb) {
        note_place(&status->note, status->place);
    }
    return !status->store.in_dynamodb || !migrate_options_in_dynamodb(status->session->options) ||
           status_dynamodb_look(status->session->options, &status->note, &status->store,
                                &status->accounts, &status->seen, error);
}

static bool look(Status *status, Error *error)
{
    Session *session = status->session;

    return pg_lock_holder(session->connection, &session->schema, status->holder, error) &&
           pg_is_standby(session->connection, &status->standby, error) &&
           session_read_version(session, error) && legacy_tables_find(session, error) &&
           kv_store_read(session, &status->store, error) &&
           note_read(session, &status->note, error) && look_at_dynamodb(status, error) &&
           kept_store_find(session->connection, &session->schema, KV_TABLE_NAME, &status->kept,
                           error) &&
           predecessor_find(session, &status->store, &status->predecessor, error) &&
           (!status_is_absent(status) ||
            elsewhere_find(session->connection, session->schema.name, ELSEWHERE_TABLES_OR_STORE,
                           &status->elsewhere, &status->first, error)) &&
           write_guard_count(session->connection, &session->schema, &status->guard, error) &&
           taken_names_find(session->connection, &session->schema, KV_TABLE_NAME, &status->taken,
                            error) &&
           status_judge(status, error) && find_lakefs(status, error);
}

bool status_command(Session *session, MigrateOptions *options, const char *programs, Error *error)
{
    Status status = {.session = session, .state = ""};
    bool done =
        (status_store_is_alone(options)
             ? status_store_look(&status, options, error)
             : session_open(session, options, programs, PG_READ_SNAPSHOT, LOCK_WAIT_MS, error) &&
                   look(&status, error)) &&
        status_print(&status, error);

    note_free(&status.note);
    free(status.elsewhere);
    free(status.first);
    free(status.taken);
    buffer_free(&status.text);
    buffer_free(&status.next);
    buffer_free(&status.later);
    next_lakefs_free(&status.lakefs);
    return done;
}
