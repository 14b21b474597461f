/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/guard.h"

#include "common/cli/message.h"
#include "common/store/write_guard.h"

#include <inttypes.h>

static bool cannot_guard(Session *session, Error *error)
{
    Error cause = *error;

    if (pg_is_lost(session->connection)) {
        return false;
    }
    error_set(error, cause.code, "the legacy tables cannot be made to refuse writes");
    error_detail(error, "%s%s%s", cause.message, cause.detail[0] == '\0' ? "" : "\n", cause.detail);
    return cause.code == EXIT_CODE_REFUSED && !pg_lock_timed_out(session->connection)
               ? error_hint(error, "%s", cause.hint)
               : error_hint(error,
                            "Kept tables that take writes would take rows that nobody reads. "
                            "Run as the tables' owner, and end sessions that lock them.");
}

/* Within a savepoint, so that the transaction can go on without. */
static bool make(Session *session, bool *made, Error *error)
{
    Error ignored;

    *made = false;
    if (!pg_execute(session->connection, "SAVEPOINT unguarded", NULL, error)) {
        return false;
    }
    *made = write_guard_make(session->connection, &session->schema, error);
    if (*made) {
        return pg_execute(session->connection, "SAVEPOINT guarded", NULL, error);
    }
    cannot_guard(session, error);
    return !pg_is_lost(session->connection) &&
           pg_execute(session->connection, "ROLLBACK TO SAVEPOINT unguarded", NULL, &ignored);
}

bool guard_make(Session *session, bool required, Error *error)
{
    return make(session, &session->guarded, error) && (session->guarded || !required);
}

/* Again, for the time that the triggers tell. */
bool guard_commit(Session *session, Error *error)
{
    return write_guard_make(session->connection, &session->schema, error) &&
           pg_commit(session->connection, error);
}

void guard_commit_alone(Session *session)
{
    Error ignored;

    if (session->guarded && !session_is_lost(session) &&
        pg_execute(session->connection, "ROLLBACK TO SAVEPOINT guarded", NULL, &ignored)) {
        guard_commit(session, &ignored);
    }
    session->guarded = false;
}

bool guard_migrated(Session *session, Error *error)
{
    WriteGuardCounts counts;
    Error problem;
    bool made;

    if (!write_guard_count(session->connection, &session->schema, &counts, error)) {
        return false;
    }
    if (counts.guarded == counts.tables) {
        return true;
    }
    if (!make(session, &made, &problem) || !made || !pg_commit(session->connection, &problem)) {
        message_warning_error(&problem);
        return true;
    }
    message_info("legacy tables and partitions that refuse writes from now on: %" PRId64,
                 counts.tables - counts.guarded);
    return true;
}
