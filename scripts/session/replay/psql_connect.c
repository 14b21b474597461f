/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/psql_connect.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Whether only blanks follow. */
static bool is_end(const char *text)
{
    return text[strspn(text, " \t\r")] == '\0';
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Reads an unquoted name; returns what follows it, or NULL. */
static const char *take_plain(const char *text, char name[PSQL_NAME_SIZE])
{
    size_t size = 0;

    while (is_plain(text[size]) && size + 1 < PSQL_NAME_SIZE) {
        name[size] = text[size];
        size++;
    }
    name[size] = '\0';
    return size > 0 ? text + size : NULL;
}

/* Reads a quoted name.  Within it, the byte `escape` precedes a literal quote (for an identifier it
 * is the quote itself) or another escape. */
static const char *take_quoted(const char *text, char quote, char escape, char name[PSQL_NAME_SIZE])
{
    size_t size = 0;

    if (*text++ != quote) {
        return NULL;
    }
    for (; *text != '\0' && size + 1 < PSQL_NAME_SIZE; text++) {
        if (*text == escape && (text[1] == quote || text[1] == escape)) {
            text++;
        } else if (*text == quote) {
            name[size] = '\0';
            return text + 1;
        }
        name[size++] = *text;
    }
    return NULL;
}

/* dbname=name or dbname='name' */
static bool take_conninfo(const char *text, char name[PSQL_NAME_SIZE])
{
    static const char KEYWORD[] = "dbname=";

    if (strncmp(text, KEYWORD, strlen(KEYWORD)) != 0) {
        return false;
    }
    text += strlen(KEYWORD);
    text = *text == '\'' ? take_quoted(text, '\'', '\\', name) : take_plain(text, name);
    return text != NULL && is_end(text);
}

bool psql_connect_database(const char *line, char name[PSQL_NAME_SIZE])
{
    static const char COMMAND[] = "\\connect ";
    static const char REUSE[] = "-reuse-previous=on ";
    char conninfo[PSQL_NAME_SIZE];

    if (strncmp(line, COMMAND, strlen(COMMAND)) != 0) {
        return false;
    }
    line += strlen(COMMAND);
    if (strncmp(line, REUSE, strlen(REUSE)) == 0) {
        line = take_quoted(line + strlen(REUSE), '"', '"', conninfo);
        return line != NULL && is_end(line) && take_conninfo(conninfo, name);
    }
    line = *line == '"' ? take_quoted(line, '"', '"', name) : take_plain(line, name);
    return line != NULL && is_end(line) && name[0] != '\0';
}
