/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failed statement, or a lost connection, becomes as an error.
 */
#include "common/pg/connection_private.h"

#include "common/base/interrupt.h"
#include "common/pg/denied.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool pg_connection_lost(const PgConnection *connection, Error *error)
{
    error_set(error, EXIT_CODE_CONNECTION, "the connection to the database was lost");
    return error_detail(error, "%s",
                        connection->kept.reason[0] != '\0' ? connection->kept.reason
                                                           : PQerrorMessage(connection->conn));
}

const char *pg_sqlstate(const PgConnection *connection)
{
    return connection->sqlstate;
}

bool pg_lock_timed_out(const PgConnection *connection)
{
    return strcmp(connection->sqlstate, "55P03") == 0; /* lock_not_available */
}

const char *pg_failure_text(const PgConnection *connection)
{
    return connection->failure == NULL ? "" : connection->failure;
}

/* When out of memory the text is dropped and the error says less. */
static void keep_failure(PgConnection *connection, const PGresult *result)
{
    const char *text =
        result == NULL ? PQerrorMessage(connection->conn) : PQresultErrorMessage(result);

    free(connection->failure);
    connection->failure = strdup(text);
}

/* Whose rights count: the latest role of the settings, else the user's. */
static const char *acting_role(const PgConnection *connection)
{
    const Words *settings = &connection->settings;

    for (size_t i = settings->count; i >= 2; i -= 2) {
        const char *role = settings->items[i - 1];

        if (strcasecmp(settings->items[i - 2], "role") == 0) {
            return strcmp(role, "none") == 0 ? PQuser(connection->conn) : role;
        }
    }
    return PQuser(connection->conn);
}

/* insufficient_privilege: which statement grants what is missing. */
static void advise_denied(const PgConnection *connection, const char *message, Error *error)
{
    char advice[DENIED_ADVICE_SIZE];

    if (strcmp(connection->sqlstate, "42501") == 0 && message != NULL &&
        denied_advice(message, connection->statement, acting_role(connection), advice)) {
        error_hint(error, "%s", advice);
    }
}

bool pg_connection_failed(PgConnection *connection, const PGresult *result, const char *what,
                          Error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

    keep_failure(connection, result);
    memset(connection->sqlstate, 0, sizeof connection->sqlstate);
    if (state != NULL) {
        strncpy(connection->sqlstate, state, sizeof connection->sqlstate - 1);
    }
    if (pg_is_lost(connection)) {
        return pg_connection_lost(connection, error);
    }
    /* query_canceled, by this program's own doing */
    if (strcmp(connection->sqlstate, "57014") == 0 && !interrupt_check(error)) {
        return false;
    }
    error_set(error, pg_lock_timed_out(connection) ? EXIT_CODE_REFUSED : EXIT_CODE_FAILED, "%s: %s",
              what, message != NULL ? message : "the server sent an unexpected response");
    error->lock_timeout = pg_lock_timed_out(connection);
    if (message == NULL) {
        error_detail(error, "%s", PQerrorMessage(connection->conn));
    } else if (detail != NULL || context != NULL) {
        /* The context tells a function of the database's own, such as an event trigger's. */
        error_detail(error, "%s%s%s%s", detail == NULL ? "" : detail,
                     detail != NULL && context != NULL ? "\n" : "",
                     context == NULL ? "" : "Context: ", context == NULL ? "" : context);
    }
    if (hint != NULL) {
        error_hint(error, "%s", hint);
    } else if (pg_lock_timed_out(connection)) {
        error_hint(error,
                   "Another session holds the lock. Wait for it to end, or end it (a prepared "
                   "transaction by ROLLBACK PREPARED), then run again; --lock-wait-timeout "
                   "sets how long to wait.");
    } else {
        advise_denied(connection, message, error);
    }
    return false;
}
