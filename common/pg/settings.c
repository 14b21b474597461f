/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/settings.h"

#include <string.h>
#include <strings.h>

static const char SEARCH_PATH[] = "search_path";

/* pgx_split allows only letters, digits, _ and dots in a name. */
static bool append_name(const char *name, Buffer *sql, Error *error)
{
    while (*name != '\0') {
        size_t size = strcspn(name, ".");

        if (!buffer_append_format(sql, error, "\"%.*s\"%s", (int)size, name,
                                  name[size] == '.' ? "." : "")) {
            return false;
        }
        name += size + (name[size] == '.' ? 1 : 0);
    }
    return true;
}

bool pg_settings_append(PgConnection *connection, const Words *settings, bool local, Buffer *sql,
                        Error *error)
{
    for (size_t i = 0; i + 1 < settings->count; i += 2) {
        if (strcasecmp(settings->items[i], SEARCH_PATH) != 0 &&
            (!buffer_append_text(sql, local ? "SET LOCAL " : "SET ", error) ||
             !append_name(settings->items[i], sql, error) ||
             !buffer_append_text(sql, " = ", error) ||
             !pg_quote_literal(connection, settings->items[i + 1], sql, error) ||
             !buffer_append_text(sql, ";", error))) {
            return false;
        }
    }
    return true;
}

/* Of two values of a parameter the later one counts. */
static const char *value_of(const Words *settings, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; i + 1 < settings->count; i += 2) {
        if (strcasecmp(settings->items[i], name) == 0) {
            value = settings->items[i + 1];
        }
    }
    return value;
}

/* By a function: SET would take a list for a single name. */
static bool set(PgConnection *connection, const char *name, const char *value, bool local,
                Error *error)
{
    const char *parameters[] = {name, value, local ? "true" : "false"};
    PgRows *rows;

    if (!pg_query(connection, "SELECT pg_catalog.set_config($1, $2, $3::pg_catalog.bool)", 3,
                  parameters, &rows, error)) {
        return false;
    }
    pg_rows_free(rows);
    return true;
}

bool pg_settings_restore(PgConnection *connection, const char *const *names, size_t count,
                         Error *error)
{
    const Words *settings = pg_connection_settings(connection);
    Buffer sql = {0};
    bool done = true;

    for (size_t i = 0; done && i < count; i++) {
        done = buffer_append_text(&sql, "SET LOCAL ", error) &&
               append_name(names[i], &sql, error) &&
               buffer_append_text(&sql, " TO DEFAULT;", error);
    }
    done = done && pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    for (size_t i = 0; done && i < count; i++) {
        const char *value = value_of(settings, names[i]);

        done = value == NULL || set(connection, names[i], value, true, error);
    }
    return done;
}

bool pg_settings_apply(PgConnection *connection, Error *error)
{
    const Words *settings = pg_connection_settings(connection);
    const char *search_path = value_of(settings, SEARCH_PATH);
    Buffer sql = {0};
    bool done = pg_settings_append(connection, settings, false, &sql, error) &&
                (sql.size == 0 || pg_execute(connection, buffer_string(&sql), NULL, error)) &&
                (search_path == NULL || set(connection, SEARCH_PATH, search_path, false, error));

    buffer_free(&sql);
    return done;
}
