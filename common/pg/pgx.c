/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/pgx.h"

#include "common/pg/conninfo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char OPTIONS[] = "options";

/* Parameters of pgx only: its pool and its use of statements. */
static const char *const PGX_PARAMETERS[] = {
    "default_query_exec_mode",  "description_cache_capacity",
    "pool_health_check_period", "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",   "pool_max_conn_lifetime_jitter",
    "pool_max_conns",           "pool_min_conns",
    "pool_min_idle_conns",      "prefer_simple_protocol",
    "statement_cache_capacity", "statement_cache_mode",
};

/* Run-time parameters likely to appear in a connection string. pgx accepts any name, but then a
 * mistyped "hots", or the start of a password with a "=" in it, would count as one, too. */
static const char *const SERVER_PARAMETERS[] = {
    "bytea_output",
    "client_min_messages",
    "datestyle",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "extra_float_digits",
    "idle_in_transaction_session_timeout",
    "intervalstyle",
    "lock_timeout",
    "role",
    "search_path",
    "standard_conforming_strings",
    "statement_timeout",
    "timezone",
    "work_mem",
};

typedef enum ParameterKind { OF_LIBPQ, OF_PGX, OF_SERVER } ParameterKind;

/* State of a translation. */
typedef struct Translation {
    Buffer *libpq;
    Buffer options; /* collected run-time parameters, not yet encoded */
    void (*dropped)(const char *name);
    Error *error;
} Translation;

static bool is_one_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Unknown parameters are left to libpq, which rejects them. */
static ParameterKind kind_of(const char *name)
{
    if (is_one_of(PGX_PARAMETERS, sizeof PGX_PARAMETERS / sizeof PGX_PARAMETERS[0], name)) {
        return OF_PGX;
    }
    return is_one_of(SERVER_PARAMETERS, sizeof SERVER_PARAMETERS / sizeof SERVER_PARAMETERS[0],
                     name)
               ? OF_SERVER
               : OF_LIBPQ;
}

/* Appends "-c name=value" to the options; white space and backslashes are escaped for the
 * server. */
static bool append_option(Translation *translation, const char *name, const char *value)
{
    Buffer *options = &translation->options;

    if (!buffer_append_format(options, translation->error, "%s-c %s=", options->size > 0 ? " " : "",
                              name)) {
        return false;
    }
    for (; *value != '\0'; value++) {
        if ((isspace((unsigned char)*value) || *value == '\\') &&
            !buffer_append_text(options, "\\", translation->error)) {
            return false;
        }
        if (!buffer_append(options, value, 1, translation->error)) {
            return false;
        }
    }
    return true;
}

/* Translates a parameter that libpq does not accept as it is; *translated tells whether it was
 * one. */
static bool translate_parameter(Translation *translation, const char *name, const char *value,
                                bool *translated)
{
    *translated = true;
    if (strcmp(name, OPTIONS) == 0) {
        return buffer_append_format(&translation->options, translation->error, "%s%s",
                                    translation->options.size > 0 ? " " : "", value);
    }
    switch (kind_of(name)) {
    case OF_PGX:
        if (translation->dropped != NULL) {
            translation->dropped(name);
        }
        return true;
    case OF_SERVER:
        return append_option(translation, name, value);
    case OF_LIBPQ:
        break;
    }
    *translated = false;
    return true;
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

static bool append_percent(Buffer *libpq, const char *text, Error *error)
{
    for (; *text != '\0'; text++) {
        bool plain = isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL;

        if (plain ? !buffer_append(libpq, text, 1, error)
                  : !buffer_append_format(libpq, error, "%%%02X", (unsigned char)*text)) {
            return false;
        }
    }
    return true;
}

/* Translates one name=value of a URI's query; modifies `pair`. */
static bool translate_query_parameter(Translation *translation, char *pair, const char **separator)
{
    char *equals = strchr(pair, '=');
    char *value = equals == NULL ? NULL : strdup(equals + 1);
    size_t name_size = equals == NULL ? strlen(pair) : (size_t)(equals - pair);
    char *name = strndup(pair, name_size);
    bool translated = false;
    bool done = name != NULL && (equals == NULL || value != NULL);

    if (!done) {
        error_out_of_memory(translation->error);
    } else if (value != NULL) {
        decode_percent(name);
        decode_percent(value);
        done = translate_parameter(translation, name, value, &translated);
    }
    if (done && !translated) {
        done =
            buffer_append_format(translation->libpq, translation->error, "%s%s", *separator, pair);
        *separator = "&";
    }
    free(name);
    free(value);
    return done;
}

static bool translate_uri(Translation *translation, char *uri)
{
    char *query = strchr(uri, '?');
    const char *separator = "?";
    char *rest = NULL;
    bool done;

    if (query != NULL) {
        *query++ = '\0';
    }
    done = buffer_append_text(translation->libpq, uri, translation->error);
    for (char *pair = query == NULL ? NULL : strtok_r(query, "&", &rest); done && pair != NULL;
         pair = strtok_r(NULL, "&", &rest)) {
        done = translate_query_parameter(translation, pair, &separator);
    }
    return done && (translation->options.size == 0 ||
                    (buffer_append_format(translation->libpq, translation->error,
                                          "%s%s=", separator, OPTIONS) &&
                     append_percent(translation->libpq, buffer_string(&translation->options),
                                    translation->error)));
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
static bool translate_keywords(Translation *translation, char *text, bool *broken)
{
    text = skip_blanks(text);
    while (*text != '\0') {
        char *name;
        char *value;
        bool translated;

        *broken = !read_keyword(&text, &name, &value);
        if (*broken) {
            return true;
        }
        if (!translate_parameter(translation, name, value, &translated) ||
            (!translated &&
             !pg_conninfo_append(translation->libpq, name, value, translation->error))) {
            return false;
        }
    }
    return translation->options.size == 0 ||
           pg_conninfo_append(translation->libpq, OPTIONS, buffer_string(&translation->options),
                              translation->error);
}

bool pgx_to_libpq(const char *text, Buffer *libpq, void (*dropped)(const char *name), Error *error)
{
    Translation translation = {.libpq = libpq, .dropped = dropped, .error = error};
    char *copy = strdup(text);
    bool is_uri = pg_conninfo_is_uri(text);
    bool broken = false;
    bool done = copy != NULL;

    if (!done) {
        error_out_of_memory(error);
    } else if (is_uri) {
        done = translate_uri(&translation, copy);
    } else if (pg_conninfo_is_string(text) && strchr(text, '=') != NULL) {
        done = translate_keywords(&translation, copy, &broken);
    } else {
        broken = true;
    }
    if (done && broken) {
        libpq->size = 0;
        done = buffer_append_text(libpq, text, error);
    }
    if (copy != NULL) {
        explicit_bzero(copy, strlen(text));
    }
    free(copy);
    buffer_free(&translation.options);
    return done;
}
