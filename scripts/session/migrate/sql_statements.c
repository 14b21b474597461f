/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/sql_statements.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 16, WORDS_KEPT = 4 };

/* The statement being read: its first words, and its state. */
typedef struct Statement {
    char words[WORDS_KEPT][WORD_MAX];
    int count;       /* number of words */
    int body;        /* open BEGIN ATOMIC and CASE in a function's body */
    bool last_begin; /* the last word is BEGIN */
    bool concurrently;
} Statement;

static bool is_word(const Statement *statement, int number, const char *word)
{
    return statement->count > number && strcasecmp(statement->words[number], word) == 0;
}

static void take_word(Statement *statement, const char *word, size_t size)
{
    char text[WORD_MAX];

    size = size < WORD_MAX ? size : WORD_MAX - 1;
    memcpy(text, word, size);
    text[size] = '\0';
    if (statement->count < WORDS_KEPT) {
        memcpy(statement->words[statement->count], text, sizeof text);
    }
    statement->count++;
    statement->concurrently |= strcasecmp(text, "concurrently") == 0;
    /* CREATE FUNCTION ... BEGIN ATOMIC ...; END: its semicolons and its END belong to the body. */
    if (is_word(statement, 0, "create")) {
        if (statement->last_begin && strcasecmp(text, "atomic") == 0) {
            statement->body++;
        } else if (statement->body > 0 && strcasecmp(text, "case") == 0) {
            statement->body++;
        } else if (statement->body > 0 && strcasecmp(text, "end") == 0) {
            statement->body--;
        }
    }
    statement->last_begin = strcasecmp(text, "begin") == 0;
}

/* Whether a complete statement begins or ends a transaction, or cannot run in one. */
static bool is_special(const Statement *statement)
{
    static const char *const FIRST[] = {"begin", "commit", "end", "rollback",
                                        "abort", "vacuum", NULL};

    for (const char *const *word = FIRST; *word != NULL; word++) {
        if (is_word(statement, 0, *word)) {
            return true;
        }
    }
    return statement->concurrently ||
           (is_word(statement, 0, "start") && is_word(statement, 1, "transaction")) ||
           ((is_word(statement, 0, "create") || is_word(statement, 0, "drop")) &&
            (is_word(statement, 1, "database") || is_word(statement, 1, "tablespace"))) ||
           (is_word(statement, 0, "alter") && is_word(statement, 1, "system"));
}

static const char *skip_line(const char *sql)
{
    return sql + strcspn(sql, "\n");
}

/* Skips a comment.  Comments nest. */
static const char *skip_comment(const char *sql)
{
    int depth = 0;

    while (*sql != '\0') {
        if (sql[0] == '/' && sql[1] == '*') {
            depth++;
            sql += 2;
        } else if (sql[0] == '*' && sql[1] == '/') {
            sql += 2;
            if (--depth == 0) {
                break;
            }
        } else {
            sql++;
        }
    }
    return sql;
}

/* Skips quoted text.  A doubled quote looks like the start of another text here, which has the same
 * effect. */
static const char *skip_quoted(const char *sql, bool has_escapes)
{
    char quote = *sql++;

    while (*sql != '\0' && *sql != quote) {
        sql += has_escapes && *sql == '\\' && sql[1] != '\0' ? 2 : 1;
    }
    return *sql == '\0' ? sql : sql + 1;
}

static bool is_identifier_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Skips $tag$ ... $tag$; NULL if the $ begins no such text. */
static const char *skip_dollar_quoted(const char *sql)
{
    const char *end = sql + 1;
    size_t size;

    while (is_identifier_part(*end)) {
        end++;
    }
    if (*end != '$' || isdigit((unsigned char)sql[1])) {
        return NULL;
    }
    size = (size_t)(end + 1 - sql);
    for (const char *p = end + 1; *p != '\0'; p++) {
        if (strncmp(p, sql, size) == 0) {
            return p + size;
        }
    }
    return sql + strlen(sql);
}

/* Reads one token; returns what follows it. */
static const char *take_token(Statement *statement, const char *sql)
{
    const char *end = sql;

    if (sql[0] == '-' && sql[1] == '-') {
        return skip_line(sql);
    }
    if (sql[0] == '/' && sql[1] == '*') {
        return skip_comment(sql);
    }
    if (sql[0] == '\'' || sql[0] == '"') {
        return skip_quoted(sql, false);
    }
    if ((sql[0] == 'e' || sql[0] == 'E') && sql[1] == '\'') {
        return skip_quoted(sql + 1, true);
    }
    if (sql[0] == '$') {
        end = skip_dollar_quoted(sql);
        return end == NULL ? sql + 1 : end;
    }
    while (is_identifier_part(*end) || (end > sql && *end == '$')) {
        end++;
    }
    if (end == sql) {
        return sql + 1;
    }
    take_word(statement, sql, (size_t)(end - sql));
    return end;
}

bool sql_controls_transactions(const char *sql)
{
    Statement statement = {.count = 0};

    while (*sql != '\0') {
        if (*sql == ';' && statement.body == 0) {
            if (is_special(&statement)) {
                return true;
            }
            statement = (Statement){.count = 0};
            sql++;
        } else {
            sql = take_token(&statement, sql);
        }
    }
    return is_special(&statement);
}
