/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/sql_reader.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { END = -1 };

/* PostgreSQL's limit for a statement. */
static const size_t TEXT_MAX = (size_t)1 << 30;

void sql_reader_init(SqlReader *reader, int source)
{
    memset(reader, 0, sizeof *reader);
    reader->source = source;
    reader->current_line = 1;
}

void sql_reader_free(SqlReader *reader)
{
    buffer_free(&reader->text);
}

/* Reads more input; false at its end or after an error, which whoever closes the pipe reports. */
static bool fill(SqlReader *reader)
{
    ssize_t got;

    memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
    do {
        got =
            read(reader->source, reader->buffer + reader->end, sizeof reader->buffer - reader->end);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        reader->end += (size_t)got;
    }
    return got > 0;
}

/* The byte at this distance ahead, or END. */
static int peek(SqlReader *reader, size_t ahead)
{
    while (reader->end - reader->begin <= ahead) {
        if (!fill(reader)) {
            return END;
        }
    }
    return reader->buffer[reader->begin + ahead];
}

static int take(SqlReader *reader)
{
    int c = peek(reader, 0);

    if (c != END) {
        reader->begin++;
    }
    if (c == '\n') {
        reader->current_line++;
    }
    return c;
}

static bool bad(const SqlReader *reader, const char *what, Error *error)
{
    error_set(error, EXIT_CODE_DUMP, "%s", what);
    return error_detail(error, "It begins in line %zu.", reader->line);
}

static bool append(SqlReader *reader, int c, Error *error)
{
    uint8_t byte = (uint8_t)c;

    if (c == END) {
        return bad(reader, "the dump ends within a statement", error);
    }
    if (c == '\0') {
        return bad(reader, "a statement holds a NUL", error);
    }
    if (reader->text.size >= TEXT_MAX) {
        return bad(reader, "a statement is too long", error);
    }
    return buffer_append(&reader->text, &byte, 1, error);
}

/* Reads to the closing quote; the opening one has been appended. */
static bool take_quoted(SqlReader *reader, int quote, bool escapes, Error *error)
{
    for (;;) {
        int c = take(reader);

        if (!append(reader, c, error)) {
            return false;
        }
        /* The second of two quotes begins the next string, which has the same effect. */
        if (c == quote) {
            return true;
        }
        if (c == '\\' && escapes && !append(reader, take(reader), error)) {
            return false;
        }
    }
}

/* The size of the tag that begins here, such as $$ or $tag$; 0: none. */
static size_t tag_size(SqlReader *reader)
{
    size_t size = 1;
    int c = peek(reader, size);

    if (c != '$' && !isalpha(c) && c != '_' && c < 0x80) {
        return 0;
    }
    while (isalnum(c) || c == '_' || c >= 0x80) {
        c = peek(reader, ++size);
        if (size >= SQL_READER_BUFFER / 2) {
            return 0;
        }
    }
    return c == '$' ? size + 1 : 0;
}

/* Reads dollar-quoted text with a tag of this size. */
static bool take_dollars(SqlReader *reader, size_t size, Error *error)
{
    size_t tag = reader->text.size;

    for (size_t i = 0; i < size; i++) {
        if (!append(reader, take(reader), error)) {
            return false;
        }
    }
    /* The text ends where the tag is repeated: a tag has a dollar at either end and none in
     * between. */
    for (size_t begin = reader->text.size;;) {
        int c = take(reader);

        if (!append(reader, c, error)) {
            return false;
        }
        if (c != '$') {
            continue;
        }
        if (reader->text.size - begin >= size &&
            memcmp(reader->text.data + reader->text.size - size, reader->text.data + tag, size) ==
                0) {
            return true;
        }
    }
}

static void skip_line_comment(SqlReader *reader)
{
    while (peek(reader, 0) != '\n' && peek(reader, 0) != END) {
        take(reader);
    }
}

static bool skip_block_comment(SqlReader *reader, Error *error)
{
    int depth = 0;

    do {
        int c = take(reader);

        if (c == END) {
            return bad(reader, "the dump ends within a comment", error);
        }
        if (c == '/' && peek(reader, 0) == '*') {
            take(reader);
            depth++;
        } else if (c == '*' && peek(reader, 0) == '/') {
            take(reader);
            depth--;
        }
    } while (depth > 0);
    return true;
}

static bool is_word(SqlReader *reader, size_t begin, const char *word)
{
    size_t size = reader->text.size - begin;

    return size == strlen(word) &&
           strncasecmp(buffer_string(&reader->text) + begin, word, size) == 0;
}

/* A function's body may be BEGIN ATOMIC ... END, with semicolons in it.  Like psql, look for them
 * only after CREATE [OR REPLACE] FUNCTION or PROCEDURE. */
static void note_word(SqlReader *reader, size_t begin)
{
    static const char *const WORDS[] = {"create", "or", "replace", "function", "procedure"};
    const char *words = reader->words;

    if (reader->word_count < SQL_READER_WORDS) {
        char initial = '-';

        for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
            if (is_word(reader, begin, WORDS[i])) {
                initial = WORDS[i][0];
            }
        }
        reader->words[reader->word_count++] = initial;
    }
    if (reader->parentheses > 0 ||
        (strncmp(words, "cf", 2) != 0 && strncmp(words, "cp", 2) != 0 &&
         strncmp(words, "corf", 4) != 0 && strncmp(words, "corp", 4) != 0)) {
        return;
    }
    if (is_word(reader, begin, "begin") || (reader->blocks > 0 && is_word(reader, begin, "case"))) {
        reader->blocks++;
    } else if (reader->blocks > 0 && is_word(reader, begin, "end")) {
        reader->blocks--;
    }
}

static bool is_word_byte(int c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

/* Reads a word or a number, and the string after an E. */
static bool take_word(SqlReader *reader, Error *error)
{
    size_t begin = reader->text.size;

    while (is_word_byte(peek(reader, 0))) {
        if (!append(reader, take(reader), error)) {
            return false;
        }
    }
    note_word(reader, begin);
    if (peek(reader, 0) == '\'' && is_word(reader, begin, "e")) {
        return append(reader, take(reader), error) && take_quoted(reader, '\'', true, error);
    }
    return true;
}

/* Reads one token that is not a word, a comment or the end. */
static bool take_other(SqlReader *reader, Error *error)
{
    size_t tag;
    int c = peek(reader, 0);

    if (c == '$' && (tag = tag_size(reader)) > 0) {
        return take_dollars(reader, tag, error);
    }
    take(reader);
    if (c == '(') {
        reader->parentheses++;
    } else if (c == ')' && reader->parentheses > 0) {
        reader->parentheses--;
    }
    if (!append(reader, c, error)) {
        return false;
    }
    return (c != '\'' && c != '"') || take_quoted(reader, c, c == '\'' && reader->escapes, error);
}

/* Reads a command of psql, to the end of its line. */
static bool take_command(SqlReader *reader, Error *error)
{
    reader->text.size = 0;
    reader->line = reader->current_line;
    while (peek(reader, 0) != '\n' && peek(reader, 0) != END) {
        if (!append(reader, take(reader), error)) {
            return false;
        }
    }
    take(reader);
    return true;
}

/* Reads the next token; *piece is SQL_END until a piece is complete. */
static bool take_next(SqlReader *reader, SqlPiece *piece, Error *error)
{
    int c = peek(reader, 0);

    if (c == '-' && peek(reader, 1) == '-') {
        skip_line_comment(reader);
        return true;
    }
    if (c == '/' && peek(reader, 1) == '*') {
        return skip_block_comment(reader, error) &&
               (reader->text.size == 0 || append(reader, ' ', error));
    }
    if (c == '\\') {
        *piece = SQL_COMMAND;
        return reader->text.size == 0 ? take_command(reader, error)
                                      : bad(reader, "a statement holds a command of psql", error);
    }
    if (c == ';' && reader->parentheses == 0 && reader->blocks == 0) {
        take(reader);
        *piece = SQL_STATEMENT;
        return true;
    }
    if (reader->text.size == 0 && c != ';') {
        reader->line = reader->current_line;
        if (isspace(c)) {
            take(reader);
            return true;
        }
    }
    return is_word_byte(c) && c != '$' ? take_word(reader, error) : take_other(reader, error);
}

bool sql_reader_next(SqlReader *reader, SqlPiece *piece, Error *error)
{
    do {
        reader->text.size = 0;
        reader->parentheses = 0;
        reader->blocks = 0;
        reader->word_count = 0;
        memset(reader->words, 0, sizeof reader->words);
        *piece = SQL_END;
        while (*piece == SQL_END) {
            if (peek(reader, 0) == END) {
                return reader->text.size == 0 ||
                       bad(reader, "the dump ends within a statement", error);
            }
            if (!take_next(reader, piece, error)) {
                return false;
            }
        }
        /* A lone semicolon is not a statement. */
    } while (*piece == SQL_STATEMENT && reader->text.size == 0);
    return true;
}

/* Whether the line that begins here ends the data; if so, reads it. */
static bool take_end_of_data(SqlReader *reader)
{
    size_t size = 2;

    if (peek(reader, 0) != '\\' || peek(reader, 1) != '.') {
        return false;
    }
    if (peek(reader, size) == '\r') {
        size++;
    }
    if (peek(reader, size) != '\n' && peek(reader, size) != END) {
        return false;
    }
    for (size_t i = 0; i <= size; i++) {
        take(reader);
    }
    return true;
}

/* Reads the rest of the COPY's line; its data begins on the next one. */
static bool begin_data(SqlReader *reader, Error *error)
{
    int c;

    do {
        c = take(reader);
        if (!isspace(c)) {
            return bad(reader, "a COPY has trailing text on its line", error);
        }
    } while (c != '\n');
    reader->in_data = true;
    reader->at_line = true;
    return true;
}

/* Returns a line, or as much of it as is in the buffer. */
bool sql_reader_data(SqlReader *reader, Slice *data, bool *end, Error *error)
{
    const uint8_t *newline;

    *end = false;
    if (!reader->in_data && !begin_data(reader, error)) {
        return false;
    }
    if (reader->at_line && take_end_of_data(reader)) {
        *end = true;
        reader->in_data = false;
        return true;
    }
    if (peek(reader, 0) == END) {
        return bad(reader, "the dump ends within the data of a COPY", error);
    }
    *data = slice_of(reader->buffer + reader->begin, reader->end - reader->begin);
    newline = memchr(data->data, '\n', data->size);
    if (newline != NULL) {
        data->size = (size_t)(newline - data->data) + 1;
        reader->current_line++;
    }
    reader->at_line = newline != NULL;
    reader->begin += data->size;
    return true;
}
