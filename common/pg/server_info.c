/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/server_info.h"

#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MICROSECONDS = 1000000 };

bool pg_query_text(PgConnection *connection, const char *sql, char **text, Error *error)
{
    PgRows *rows;
    const char *value;
    bool done;

    if (!pg_query(connection, sql, 0, NULL, &rows, error)) {
        return false;
    }
    value = pg_rows_count(rows) > 0 ? pg_rows_text(rows, 0, 0) : NULL;
    done = text_copy(value == NULL ? "" : value, text, error);
    pg_rows_free(rows);
    return done;
}

bool pg_system_identifier(PgConnection *connection, char **text, Error *error)
{
    char *allowed;
    bool done =
        pg_query_text(connection, "SELECT has_function_privilege('pg_control_system()', 'execute')",
                      &allowed, error);

    if (done) {
        done = pg_query_text(connection,
                             strcmp(allowed, "t") == 0
                                 ? "SELECT system_identifier FROM pg_control_system()"
                                 : "SELECT ''",
                             text, error);
        free(allowed);
    }
    return done;
}

bool pg_database_oid(PgConnection *connection, uint32_t *oid, Error *error)
{
    char *text;

    if (!pg_query_text(connection, "SELECT oid FROM pg_database WHERE datname = current_database()",
                       &text, error)) {
        return false;
    }
    *oid = (uint32_t)strtoul(text, NULL, 10);
    free(text);
    return true;
}

bool pg_is_standby(PgConnection *connection, bool *standby, Error *error)
{
    char *text_value;

    if (!pg_query_text(connection, "SELECT pg_is_in_recovery()", &text_value, error)) {
        return false;
    }
    *standby = strcmp(text_value, "t") == 0;
    free(text_value);
    return true;
}

bool pg_refuse_standby(PgConnection *connection, Error *error)
{
    bool standby;

    if (!pg_is_standby(connection, &standby, error)) {
        return false;
    }
    if (standby) {
        error_set(error, EXIT_CODE_REFUSED, "the server is a standby, which cannot be written to");
        return error_hint(error, "Connect to the primary server.");
    }
    return true;
}

bool pg_transaction_time(PgConnection *connection, int64_t *microseconds,
                         char text[PG_TIME_TEXT_SIZE], Error *error)
{
    char *text_value;
    time_t seconds;
    struct tm utc;

    if (!pg_query_text(connection, "SELECT (extract(epoch FROM now()) * 1000000)::int8",
                       &text_value, error)) {
        return false;
    }
    *microseconds = strtoll(text_value, NULL, 10);
    free(text_value);
    seconds = *microseconds / MICROSECONDS;
    text[0] = '\0';
    if (gmtime_r(&seconds, &utc) != NULL) {
        strftime(text, PG_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    return true;
}
