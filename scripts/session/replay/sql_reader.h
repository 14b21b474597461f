/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a dump as SQL the way psql does: cuts it into statements, and gives out the data that
 * stands behind a COPY ... FROM stdin.  Nothing of it is obeyed here: a line that begins with a
 * backslash, psql's own commands, is given out as what it is.  Variables of psql (:name) are not
 * replaced.
 *
 * pg_dump writes nothing that would be cut otherwise by psql.  For what somebody else has written
 * that may be so; then the server gets another statement, or part of one, and complains.
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
    SQL_COMMAND,   /* of psql: the line from the backslash on */
    SQL_END
} SqlPiece;

typedef struct SqlReader {
    int source;
    bool escapes; /* a backslash has a meaning in each string: standard_conforming_strings = off */

    Buffer text; /* the latest piece, with a NUL behind it */
    size_t line; /* where it begins, from 1 on */

    size_t current_line;
    bool in_data; /* of a COPY */
    bool at_line; /* at the beginning of a line of it */
    int parentheses;
    int blocks;                       /* BEGIN ATOMIC, and CASE in it */
    char words[SQL_READER_WORDS + 1]; /* of the first words the initials, see note_word */
    size_t word_count;
    uint8_t buffer[SQL_READER_BUFFER];
    size_t begin, end; /* of what is in the buffer and not yet read */
} SqlReader;

void sql_reader_init(SqlReader *reader, int source);
void sql_reader_free(SqlReader *reader);

/* Reads the next piece.  EXIT_CODE_DUMP where the file ends within one, or one is too long. */
bool sql_reader_next(SqlReader *reader, SqlPiece *piece, Error *error);

/* Reads the data behind a COPY: a piece of any size, valid until the next call, or *end.
 * EXIT_CODE_DUMP where the file ends within it. */
bool sql_reader_data(SqlReader *reader, Slice *data, bool *end, Error *error);

#endif
