/*
 * kv-migrate-helper: what kv-migrate cannot do in a shell.  Not for users.
 *
 * - kv-migrate-helper connection LOG_FORMAT: reads a connection string from the environment's
 *   KV_CONNECTION (never from its arguments, which all can see), and prints it without its
 *   secrets, a NUL, the password, a NUL.
 * - kv-migrate-helper config FILE LOG_FORMAT: prints each scalar of lakeFS's configuration: its
 * key, a NUL, its value, a NUL.
 * - kv-migrate-helper lock-key SCHEMA DATABASE: prints the key of golang-migrate's advisory lock.
 */
#include "common/cli/message.h"
#include "common/pg/conninfo.h"
#include "common/pg/lock.h"
#include "common/pg/pgx.h"
#include "scripts/helper/lakefs_config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell_dropped(const char *name)
{
    message_warning("connection parameter %s is of lakeFS's driver only: ignored", name);
}

/* The connection string as libpq takes it. */
static bool split_connection(PgConninfo *conninfo, Error *error)
{
    const char *text = getenv("KV_CONNECTION");
    Buffer libpq = {0};
    bool done = pgx_to_libpq(text == NULL ? "" : text, &libpq, tell_dropped, error);

    if (done && buffer_text(&libpq, error) != NULL) {
        done = pg_conninfo_split((const char *)libpq.data, conninfo, error);
    }
    if (libpq.data != NULL) {
        explicit_bzero(libpq.data, libpq.size);
    }
    buffer_free(&libpq);
    return done;
}

static bool print_connection(Error *error)
{
    PgConninfo conninfo;

    if (!split_connection(&conninfo, error)) {
        return false;
    }
    if (conninfo.has_others) {
        /* No variable of the environment would take it to psql, and arguments show. */
        pg_conninfo_free(&conninfo);
        error_set(error, EXIT_CODE_USAGE,
                  "kv-migrate takes no secret but the password from a connection string");
        return error_hint(error, "Put the other one, such as sslpassword, into a service file.");
    }
    printf("%s%c%s%c", conninfo.public_part, 0, conninfo.password, 0);
    pg_conninfo_free(&conninfo);
    return true;
}

static void print_pair(const char *key, const char *value)
{
    printf("%s%c%s%c", key, 0, value, 0);
}

static bool helper_main(int count, char **arguments, Error *error)
{
    if (count == 3 && strcmp(arguments[1], "connection") == 0) {
        message_set_json(strcmp(arguments[2], "json") == 0);
        return print_connection(error);
    }
    if (count == 4 && strcmp(arguments[1], "config") == 0) {
        message_set_json(strcmp(arguments[3], "json") == 0);
        return lakefs_config_read(arguments[2], print_pair, error);
    }
    if (count == 4 && strcmp(arguments[1], "lock-key") == 0) {
        printf("%" PRIu32 "\n", pg_lock_key(arguments[2], arguments[3]));
        return true;
    }
    return error_set(error, EXIT_CODE_USAGE, "this program belongs to kv-migrate: see there");
}

int main(int argc, char **argv)
{
    Error error = {0};

    message_init("kv-migrate");
    if (!helper_main(argc, argv, &error)) {
        message_error(&error);
    }
    return (int)error.code;
}
