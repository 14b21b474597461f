/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/denied.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The longest name has 63 bytes, each of which may be a quote. */
enum { NAME_SIZE = 160, QUALIFIED_SIZE = 2 * NAME_SIZE };

static void quote_always(const char *name, char quoted[NAME_SIZE])
{
    size_t size = 0;

    quoted[size++] = '"';
    for (; *name != '\0' && size + 3 < NAME_SIZE; name++) {
        if (*name == '"') {
            quoted[size++] = '"';
        }
        quoted[size++] = *name;
    }
    quoted[size++] = '"';
    quoted[size] = '\0';
}

/* A plain name stays as it is, even if it is a keyword: none of ours is. */
static void quote(const char *name, char quoted[NAME_SIZE])
{
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0' &&
        (name[0] < '0' || name[0] > '9')) {
        snprintf(quoted, NAME_SIZE, "%s", name);
    } else {
        quote_always(name, quoted);
    }
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The beginning of the identifier that ends before `end`. */
static const char *identifier_before(const char *statement, const char *end)
{
    const char *begin = end;

    if (begin > statement && begin[-1] == '"') {
        for (begin--; begin > statement; begin--) {
            if (begin[-1] == '"') {
                begin--;
                if (begin == statement || begin[-1] != '"') {
                    return begin;
                }
            }
        }
        return end;
    }
    while (begin > statement && is_plain(begin[-1])) {
        begin--;
    }
    return begin;
}

/* Finds the name behind a schema's in the statement, and writes both; false if it is not there. */
static bool find_qualified(const char *name, const char *written, const char *statement,
                           char qualified[QUALIFIED_SIZE])
{
    size_t size = strlen(written);

    for (const char *found = strstr(statement, written); found != NULL;
         found = strstr(found + 1, written)) {
        const char *begin;

        if (found == statement || found[-1] != '.' ||
            (written[0] != '"' && is_plain(found[size]))) {
            continue;
        }
        begin = identifier_before(statement, found - 1);
        if (begin < found - 1) {
            snprintf(qualified, QUALIFIED_SIZE, "%.*s%s", (int)(found - begin), begin, name);
            return true;
        }
    }
    return false;
}

/* Without the schema the name alone must do. */
static void qualify(const char *name, const char *statement, char qualified[QUALIFIED_SIZE])
{
    char quoted[NAME_SIZE];
    char always[NAME_SIZE];

    quote(name, quoted);
    quote_always(name, always);
    if (!find_qualified(quoted, quoted, statement, qualified) &&
        !find_qualified(quoted, always, statement, qualified)) {
        snprintf(qualified, QUALIFIED_SIZE, "%s", quoted);
    }
}

static bool begins(const char *statement, const char *word)
{
    return strncasecmp(statement, word, strlen(word)) == 0;
}

/* The privilege on a table that the statement needs. */
static const char *table_privilege(const char *statement)
{
    static const char *const SAME[] = {"INSERT", "UPDATE", "DELETE", "TRUNCATE"};

    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++) {
        if (begins(statement, SAME[i])) {
            return SAME[i];
        }
    }
    if (begins(statement, "LOCK")) {
        return strstr(statement, "ACCESS SHARE") != NULL ? "SELECT" : "UPDATE";
    }
    if (begins(statement, "COPY")) {
        return strstr(statement, " FROM STDIN") != NULL ? "INSERT" : "SELECT";
    }
    if (begins(statement, "CREATE TRIGGER")) {
        return "TRIGGER";
    }
    return begins(statement, "SELECT") || begins(statement, "WITH") ? "SELECT" : "ALL";
}

static const char *schema_privilege(const char *statement)
{
    return begins(statement, "CREATE") || begins(statement, "ALTER") ? "CREATE" : "USAGE";
}

/* If the message is the prefix and a name, returns the name. */
static const char *after(const char *message, const char *prefix)
{
    return begins(message, prefix) ? message + strlen(prefix) : NULL;
}

static bool advise_table(const char *name, const char *statement, const char *role,
                         char advice[DENIED_ADVICE_SIZE])
{
    char table[QUALIFIED_SIZE];

    qualify(name, statement, table);
    snprintf(advice, DENIED_ADVICE_SIZE, "Run as its owner, or: GRANT %s ON %s TO %s",
             table_privilege(statement), table, role);
    return true;
}

static bool advise_owner(const char *kind, const char *name, const char *statement,
                         const char *role, char advice[DENIED_ADVICE_SIZE])
{
    char object[QUALIFIED_SIZE];

    qualify(name, statement, object);
    snprintf(advice, DENIED_ADVICE_SIZE, "Run as its owner, or: ALTER %s %s OWNER TO %s", kind,
             object, role);
    return true;
}

bool denied_advice(const char *message, const char *statement, const char *denied,
                   char advice[DENIED_ADVICE_SIZE])
{
    static const char *const TABLES[] = {
        "permission denied for table ", "permission denied for relation ",
        "permission denied for view ", "permission denied for materialized view "};
    static const struct {
        const char *prefix;
        const char *kind;
    } OWNED[] = {{"must be owner of table ", "TABLE"},
                 {"must be owner of relation ", "TABLE"},
                 {"must be owner of view ", "VIEW"}};
    char role[NAME_SIZE];
    char quoted[NAME_SIZE];
    const char *name;

    quote(denied, role);
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        if ((name = after(message, TABLES[i])) != NULL) {
            return advise_table(name, statement, role, advice);
        }
    }
    for (size_t i = 0; i < sizeof OWNED / sizeof OWNED[0]; i++) {
        if ((name = after(message, OWNED[i].prefix)) != NULL) {
            return advise_owner(OWNED[i].kind, name, statement, role, advice);
        }
    }
    if ((name = after(message, "permission denied for schema ")) != NULL) {
        quote(name, quoted);
        snprintf(advice, DENIED_ADVICE_SIZE, "GRANT %s ON SCHEMA %s TO %s",
                 schema_privilege(statement), quoted, role);
        return true;
    }
    if (after(message, "query would be affected by row-level security policy for table ") != NULL) {
        snprintf(advice, DENIED_ADVICE_SIZE,
                 "Run as its owner, or as a role that bypasses it: ALTER ROLE %s BYPASSRLS", role);
        return true;
    }
    return false;
}
