/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/conninfo.h"

#include "common/base/buffer.h"
#include "common/base/text.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static const char SCHEME_END[] = "://";

bool pg_conninfo_is_string(const char *text)
{
    return strchr(text, '=') != NULL || strstr(text, SCHEME_END) != NULL;
}

bool pg_conninfo_is_uri(const char *text)
{
    return strncmp(text, "postgres://", 11) == 0 || strncmp(text, "postgresql://", 13) == 0;
}

/* Tells whether an "@" appears where it should be percent-encoded: after the one that ends user and
 * password, or after a "/", where there can be none.  Most likely it (or the "/") is part of the
 * password, and libpq would take a part of the password for host, port and database. */
static bool has_stray_at(const char *uri)
{
    const char *rest = strstr(uri, SCHEME_END) + strlen(SCHEME_END);
    const char *authority_end = rest + strcspn(rest, "@/");

    if (*authority_end == '@') {
        rest = authority_end + 1;
    }
    return rest[strcspn(rest, "@?")] == '@';
}

/* libpq's error message quotes the part that it cannot parse, which may be a password.  So the
 * error does not include it. */
static PQconninfoOption *parse_conninfo(const char *text, Error *error)
{
    bool refused = pg_conninfo_is_uri(text) && has_stray_at(text);
    PQconninfoOption *parsed = refused ? NULL : PQconninfoParse(text, NULL);

    if (parsed == NULL) {
        error_set(error, EXIT_CODE_USAGE, "could not parse the connection string");
        error_hint(error, "It is a database name, a URI (percent-encode special characters, leave "
                          "out parameters that libpq does not know) or keyword=value pairs (quote "
                          "values that hold spaces).");
    }
    return parsed;
}

bool pg_conninfo_check(const char *text, Error *error)
{
    PQconninfoOption *parsed;

    if (!pg_conninfo_is_string(text)) {
        return true;
    }
    parsed = parse_conninfo(text, error);
    PQconninfoFree(parsed);
    return parsed != NULL;
}

bool pg_conninfo_append(Buffer *text, const char *keyword, const char *value, Error *error)
{
    if (!buffer_append_format(text, error, "%s%s='", text->size > 0 ? " " : "", keyword)) {
        return false;
    }
    for (; *value != '\0'; value++) {
        if ((*value == '\'' || *value == '\\') && !buffer_append_text(text, "\\", error)) {
            return false;
        }
        if (!buffer_append(text, value, 1, error)) {
            return false;
        }
    }
    return buffer_append_text(text, "'", error);
}

bool pg_conninfo_split(const char *text, PgConninfo *conninfo, Error *error)
{
    PQconninfoOption *parsed = NULL;
    const char *password = "";
    Buffer pairs = {0};
    bool done = true;

    *conninfo = (PgConninfo){0};
    if (pg_conninfo_is_string(text)) {
        parsed = parse_conninfo(text, error);
        done = parsed != NULL;
    } else if (text[0] != '\0') {
        done = pg_conninfo_append(&pairs, "dbname", text, error);
    }
    for (const PQconninfoOption *option = parsed; done && option != NULL && option->keyword != NULL;
         option++) {
        if (option->val == NULL) {
            continue;
        }
        if (strcmp(option->keyword, "password") == 0) {
            password = option->val;
            conninfo->has_secrets = true;
        } else if (strcmp(option->dispchar, "*") == 0) {
            /* libpq marks secrets with "*". */
            conninfo->has_secrets = true;
            conninfo->has_others = true;
        } else {
            done = pg_conninfo_append(&pairs, option->keyword, option->val, error);
        }
    }
    if (done) {
        conninfo->public_part = buffer_take(&pairs, error);
        done = conninfo->public_part != NULL && text_copy(password, &conninfo->password, error);
    }
    PQconninfoFree(parsed);
    buffer_free(&pairs);
    return done;
}

void pg_conninfo_free(PgConninfo *conninfo)
{
    if (conninfo->password != NULL) {
        explicit_bzero(conninfo->password, strlen(conninfo->password));
    }
    free(conninfo->password);
    free(conninfo->public_part);
    *conninfo = (PgConninfo){0};
}
