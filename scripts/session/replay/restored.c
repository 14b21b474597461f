/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/restored.h"

#include "scripts/session/replay/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

/* Unsets libpq's variables, which were meant for another server. */
static void forget_environment(void)
{
    char **setting = environ;

    while (*setting != NULL) {
        char name[128];
        size_t size = strcspn(*setting, "=");

        snprintf(name, sizeof name, "%.*s", (int)size, *setting);
        if (strncmp(name, "PG", 2) == 0 && size < sizeof name && unsetenv(name) == 0) {
            setting = environ; /* unsetenv() has moved the others */
        } else {
            setting++;
        }
    }
}

bool restored_connect(const Address *address, const char *name, PgConnection **connection,
                      Error *error)
{
    Buffer conninfo = {0};
    PgOptions options = {.host = address->socket,
                         .port = address->port,
                         .user = SERVER_SUPERUSER,
                         .no_password = true,
                         .program = "kv-replay"};
    bool done = buffer_append_text(&conninfo, "dbname='", error);

    forget_environment();
    *connection = NULL;
    for (const char *p = name; done && *p != '\0'; p++) {
        done = ((*p != '\'' && *p != '\\') || buffer_append_text(&conninfo, "\\", error)) &&
               buffer_append(&conninfo, p, 1, error);
    }
    done = done && buffer_append_text(&conninfo, "'", error);
    options.dbname = buffer_string(&conninfo);
    done = done && pg_connect(&options, connection, error);
    buffer_free(&conninfo);
    return done;
}

/* Runs a statement, with the quoted name in place of %s. */
static bool run_with_name(PgConnection *connection, const char *before, const char *name,
                          const char *after, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, before, error) &&
                pg_quote_identifier(connection, name, &sql, error) &&
                buffer_append_text(&sql, after, error) &&
                pg_execute(connection, buffer_string(&sql), NULL, error);

    buffer_free(&sql);
    return done;
}

/* A dump of pg_dump -C creates its own database: rename that to ours. */
static bool rename_database(PgConnection *connection, Error *error)
{
    PgRows *rows;
    bool done = pg_query(connection,
                         "SELECT datname FROM pg_catalog.pg_database WHERE NOT datistemplate "
                         "AND datname NOT IN ('postgres', '" REPLAY_DATABASE "')",
                         0, NULL, &rows, error);

    if (done && pg_rows_count(rows) == 1) {
        done = pg_execute(connection, "DROP DATABASE " REPLAY_DATABASE, NULL, error) &&
               run_with_name(connection, "ALTER DATABASE ", pg_rows_text(rows, 0, 0),
                             " RENAME TO " REPLAY_DATABASE, error);
    }
    pg_rows_free(rows);
    return done;
}

static bool no_table(const DumpFile *dump, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "\"%s\" holds no table schema_migrations: it is not a dump of a lakeFS database, or "
              "an incomplete one",
              dump->name);
    return error_hint(error, "Make a dump of the whole database.");
}

static bool several_tables(const DumpFile *dump, const PgRows *schemas, Error *error)
{
    char names[sizeof error->detail / 2] = "";
    size_t size = 0;

    for (int i = 0; i < pg_rows_count(schemas) && size < sizeof names; i++) {
        size += (size_t)snprintf(names + size, sizeof names - size, "%s%s", i == 0 ? "" : ", ",
                                 pg_rows_text(schemas, i, 0));
    }
    error_set(error, EXIT_CODE_REFUSED, "\"%s\" holds several tables schema_migrations",
              dump->name);
    error_detail(error, "They are in the schemas %s.", names);
    return error_hint(error, "Make a dump of lakeFS's schema only: pg_dump -n.");
}

static bool find_schema(const DumpFile *dump, PgConnection *connection, Error *error)
{
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                  "ON n.oid = c.relnamespace WHERE c.relname = 'schema_migrations' "
                  "AND c.relkind IN ('r', 'p') ORDER BY 1",
                  0, NULL, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) == 0) {
        done = no_table(dump, error);
    } else if (pg_rows_count(rows) > 1) {
        done = several_tables(dump, rows, error);
    } else {
        const char *schema = pg_rows_text(rows, 0, 0);

        done = strcmp(schema, "public") == 0 ||
               run_with_name(connection,
                             "ALTER DATABASE " REPLAY_DATABASE " SET search_path = ", schema,
                             ", public", error);
    }
    pg_rows_free(rows);
    return done;
}

bool restored_find(const Restore *restore, Error *error)
{
    PgConnection *connection = NULL;
    bool done = restored_connect(restore->address, "postgres", &connection, error) &&
                rename_database(connection, error);

    pg_close(connection);
    connection = NULL;
    done = done && restored_connect(restore->address, REPLAY_DATABASE, &connection, error) &&
           find_schema(restore->dump, connection, error);
    pg_close(connection);
    if (!done && error->code == EXIT_CODE_FAILED) {
        error->code = EXIT_CODE_CONNECTION;
    }
    return done;
}
