/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/pgx.h"

#include "common/base/buffer.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Parameters of pgx only: its pool and its use of statements. */
static const char *const PGX_PARAMETERS[] = {
    "default_query_exec_mode",  "description_cache_capacity",
    "pool_health_check_period", "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",   "pool_max_conn_lifetime_jitter",
    "pool_max_conns",           "pool_min_conns",
    "pool_min_idle_conns",      "prefer_simple_protocol",
    "statement_cache_capacity", "statement_cache_mode",
};

/* lakeFS's own: the name of the KV table, where it is not kv. */
#define LAKEFS_TABLE_PARAMETER "lakefskv_table"

/* State of a split. */
typedef struct Split {
    Buffer libpq;
    Words *settings;
    PQconninfoOption *of_libpq; /* its keywords */
    void (*dropped)(const char *name);
    Error *error;
} Split;

static bool is_of_pgx(const char *name)
{
    for (size_t i = 0; i < sizeof PGX_PARAMETERS / sizeof PGX_PARAMETERS[0]; i++) {
        if (strcasecmp(name, PGX_PARAMETERS[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* libpq's keywords, and one that it takes in URIs only. */
static bool is_of_libpq(const Split *split, const char *name)
{
    bool known = strcmp(name, "ssl") == 0;

    for (const PQconninfoOption *option = split->of_libpq; !known && option->keyword != NULL;
         option++) {
        known = strcmp(name, option->keyword) == 0;
    }
    return known;
}

/* lakeFS takes it out of the string before pgx sees the rest. */
static bool refuse_table(Error *error)
{
    error_set(error, EXIT_CODE_USAGE,
              "the connection string has lakeFS's own parameter " LAKEFS_TABLE_PARAMETER
              ", which names another KV table");
    return error_hint(error, "Leave it out of the string, and name the table to kv-export or "
                             "kv-import with --table=NAME. kv-migrate works with table kv only.");
}

/* Anything else is left to libpq, which refuses it. */
static bool can_be_setting(const char *name)
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                   "0123456789.";

    return name[0] != '\0' && strchr("0123456789.", name[0]) == NULL &&
           name[strspn(name, ALPHABET)] == '\0' && strstr(name, "..") == NULL &&
           name[strlen(name) - 1] != '.';
}

/* Takes a parameter that libpq does not know; *taken tells whether it was one. */
static bool take_parameter(Split *split, const char *name, const char *value, bool *taken)
{
    *taken = false;
    if (is_of_pgx(name)) {
        *taken = true;
        if (split->dropped != NULL) {
            split->dropped(name);
        }
        return true;
    }
    if (strcmp(name, LAKEFS_TABLE_PARAMETER) == 0) {
        return refuse_table(split->error);
    }
    if (is_of_libpq(split, name) || !can_be_setting(name)) {
        return true;
    }
    *taken = true;
    return words_add(split->settings, name, split->error) &&
           words_add(split->settings, value, split->error);
}

static int hex_digit(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

/* Decodes %XX in place. */
static void decode_percent(char *text)
{
    char *target = text;

    while (*text != '\0') {
        if (text[0] == '%' && isxdigit((unsigned char)text[1]) &&
            isxdigit((unsigned char)text[2])) {
            *target++ = (char)(hex_digit(text[1]) * 16 + hex_digit(text[2]));
            text += 3;
        } else {
            *target++ = *text++;
        }
    }
    *target = '\0';
}

/* Appends name=value as it is, but for a "=" in the value, which Go's URLs may have and libpq's may
 * not. */
static bool append_pair(Split *split, const char *separator, const char *pair)
{
    const char *equals = strchr(pair, '=');
    const char *value = equals == NULL ? pair : equals + 1;
    bool done = buffer_append_format(&split->libpq, split->error, "%s%.*s", separator,
                                     (int)(value - pair), pair);

    while (done && *value != '\0') {
        size_t size = strcspn(value, "=");

        done = buffer_append(&split->libpq, value, size, split->error) &&
               (value[size] == '\0' || buffer_append_text(&split->libpq, "%3D", split->error));
        value += value[size] == '\0' ? size : size + 1;
    }
    return done;
}

/* Takes one name=value of a URI's query; modifies `pair`. */
static bool take_query_parameter(Split *split, char *pair, const char **separator)
{
    char *equals = strchr(pair, '=');
    char *value = equals == NULL ? NULL : strdup(equals + 1);
    size_t name_size = equals == NULL ? strlen(pair) : (size_t)(equals - pair);
    char *name = strndup(pair, name_size);
    bool taken = false;
    bool done = name != NULL && (equals == NULL || value != NULL);

    if (!done) {
        error_out_of_memory(split->error);
    } else if (value != NULL) {
        decode_percent(name);
        decode_percent(value);
        done = take_parameter(split, name, value, &taken);
    }
    if (done && !taken) {
        done = append_pair(split, *separator, pair);
        *separator = "&";
    }
    if (value != NULL) {
        explicit_bzero(value, strlen(value));
    }
    free(name);
    free(value);
    return done;
}

static bool split_uri(Split *split, char *uri)
{
    char *query = strchr(uri, '?');
    const char *separator = "?";
    char *rest = NULL;
    bool done;

    if (query != NULL) {
        *query++ = '\0';
    }
    done = buffer_append_text(&split->libpq, uri, split->error);
    for (char *pair = query == NULL ? NULL : strtok_r(query, "&", &rest); done && pair != NULL;
         pair = strtok_r(NULL, "&", &rest)) {
        done = take_query_parameter(split, pair, &separator);
    }
    return done;
}

static char *skip_blanks(char *text)
{
    return text + strspn(text, " \t\n\r\f\v");
}

/* Parses keyword = value at *text, in place, like libpq does; false if it is malformed. */
static bool read_keyword(char **text, char **name, char **value)
{
    char *p = *text;
    char *target;
    bool quoted;

    *name = p;
    p += strcspn(p, "= \t\n\r\f\v");
    target = p;
    p = skip_blanks(p);
    if (*p != '=') {
        return false;
    }
    p = skip_blanks(p + 1);
    *target = '\0';
    quoted = *p == '\'';
    p += quoted ? 1 : 0;
    *value = target = p;
    while (*p != '\0' && (quoted ? *p != '\'' : !isspace((unsigned char)*p))) {
        p += *p == '\\' && p[1] != '\0' ? 1 : 0;
        *target++ = *p++;
    }
    if (quoted && *p != '\'') {
        return false;
    }
    p += *p == '\0' ? 0 : 1;
    *target = '\0';
    *text = skip_blanks(p);
    return true;
}

/* *broken: libpq would not accept the text. */
static bool split_keywords(Split *split, char *text, bool *broken)
{
    text = skip_blanks(text);
    while (*text != '\0') {
        char *name;
        char *value;
        bool taken;

        *broken = !read_keyword(&text, &name, &value);
        if (*broken) {
            return true;
        }
        if (!take_parameter(split, name, value, &taken) ||
            (!taken && !pg_conninfo_append(&split->libpq, name, value, split->error))) {
            return false;
        }
    }
    return true;
}

/* Splits a copy, which it modifies; *broken: it is no connection string. */
static bool split_copy(Split *split, char *copy, bool *broken)
{
    *broken = false;
    if (pg_conninfo_is_uri(copy)) {
        return split_uri(split, copy);
    }
    *broken = !pg_conninfo_is_string(copy) || strchr(copy, '=') == NULL;
    return *broken || split_keywords(split, copy, broken);
}

bool pgx_split(const char *text, PgxConninfo *conninfo, void (*dropped)(const char *name),
               Error *error)
{
    Split split = {.settings = &conninfo->settings, .dropped = dropped, .error = error};
    char *copy = strdup(text);
    bool broken;
    bool done;

    *conninfo = (PgxConninfo){0};
    if (copy == NULL) {
        return error_out_of_memory(error);
    }
    split.of_libpq = PQconndefaults();
    done =
        (split.of_libpq != NULL || error_out_of_memory(error)) && split_copy(&split, copy, &broken);
    PQconninfoFree(split.of_libpq);
    if (done && broken) {
        words_free(&conninfo->settings);
        split.libpq.size = 0;
        done = buffer_append_text(&split.libpq, text, error);
    }
    if (done) {
        conninfo->libpq = buffer_take(&split.libpq, error);
        done = conninfo->libpq != NULL;
    }
    explicit_bzero(copy, strlen(text));
    free(copy);
    buffer_wipe(&split.libpq);
    return done;
}

static bool append_settings(const Words *settings, PgConninfo *conninfo, Error *error)
{
    Buffer pairs = {0};
    bool done = buffer_append_text(&pairs, conninfo->public_part, error);

    for (size_t i = 0; done && i + 1 < settings->count; i += 2) {
        done = pg_conninfo_append(&pairs, settings->items[i], settings->items[i + 1], error);
    }
    if (done) {
        free(conninfo->public_part);
        conninfo->public_part = buffer_take(&pairs, error);
        done = conninfo->public_part != NULL;
    }
    buffer_free(&pairs);
    return done;
}

bool pgx_split_public(const char *text, PgConninfo *conninfo, void (*dropped)(const char *name),
                      Error *error)
{
    PgxConninfo split;
    bool done;

    *conninfo = (PgConninfo){0};
    done = pgx_split(text, &split, dropped, error) &&
           pg_conninfo_split(split.libpq, conninfo, error) &&
           append_settings(&split.settings, conninfo, error);
    pgx_free(&split);
    return done;
}

void pgx_free(PgxConninfo *conninfo)
{
    if (conninfo->libpq != NULL) {
        explicit_bzero(conninfo->libpq, strlen(conninfo->libpq));
    }
    free(conninfo->libpq);
    words_free(&conninfo->settings);
    *conninfo = (PgxConninfo){0};
}
