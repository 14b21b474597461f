/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a dump as SQL as psql does: splits it into statements, and returns the data after a COPY
 * ... FROM stdin.  Nothing is executed here: a line that begins with a backslash, a command of
 * psql, is returned as such.  Variables of psql (:name) are not substituted.
 *
 * Everything that pg_dump writes is split as psql would split it.  Other SQL may not be; then the
 * server gets a wrong or partial statement, and reports an error.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SQL_READER_H
#define SCRIPTS_SESSION_REPLAY_SQL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

enum { SQL_READER_BUFFER = 64 * 1024, SQL_READER_WORDS = 4 };

typedef enum SqlPiece {
    SQL_STATEMENT, /* without comments and without the final semicolon */
    SQL_COMMAND,   /* of psql: from the backslash to the end of the line */
    SQL_END
} SqlPiece;

typedef struct SqlReader {
    int source;
    bool escapes; /* backslashes are special in all strings: standard_conforming_strings = off */

    Buffer text; /* the last piece, NUL-terminated */
    size_t line; /* where it begins, from 1 */

    size_t current_line;
    bool in_data; /* reading the data of a COPY */
    bool at_line; /* at the beginning of a line of data */
    int parentheses;
    int blocks;                       /* open BEGIN ATOMIC and CASE */
    char words[SQL_READER_WORDS + 1]; /* initials of the first words, see note_word */
    size_t word_count;
    uint8_t buffer[SQL_READER_BUFFER];
    size_t begin, end; /* unread part of the buffer */
} SqlReader;

void sql_reader_init(SqlReader *reader, int source);
void sql_reader_free(SqlReader *reader);

/* Reads the next piece.  EXIT_CODE_DUMP if the file ends within one, or one is too long. */
bool sql_reader_next(SqlReader *reader, SqlPiece *piece, Error *error);

/* Reads the data of a COPY: a piece of any size, valid until the next call, or *end.
 * EXIT_CODE_DUMP if the file ends within the data. */
bool sql_reader_data(SqlReader *reader, Slice *data, bool *end, Error *error);

#endif
