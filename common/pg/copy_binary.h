/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's COPY BINARY format.  Works on bytes only, without connections or files.
 *
 * Source: PostgreSQL documentation, "COPY", section "Binary Format".  A stream consists of a
 * header, tuples (a 16-bit field count, then for each field a 32-bit length, -1 for NULL, and its
 * bytes; all big-endian) and a trailer, the 16-bit word -1.
 *
 * Use copy_tuple_parse for tuples that are completely in memory, and CopyParser for a stream that
 * arrives in pieces of any size.
 */
#ifndef COMMON_PG_COPY_BINARY_H
#define COMMON_PG_COPY_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

enum { COPY_HEADER_SIZE = 19, COPY_TRAILER_SIZE = 2 };

/* A header without flags or extension, and the trailer. */
extern const uint8_t COPY_HEADER[COPY_HEADER_SIZE];
extern const uint8_t COPY_TRAILER[COPY_TRAILER_SIZE];

typedef struct CopyField {
    const uint8_t *data; /* borrowed from the input, which is writable */
    int32_t size;        /* bytes; -1: NULL */
} CopyField;

typedef enum CopyStatus {
    COPY_TUPLE,  /* a tuple was read */
    COPY_END,    /* the trailer was read */
    COPY_MORE,   /* the input ends inside a tuple */
    COPY_INVALID /* not COPY BINARY; *problem says why */
} CopyStatus;

/*
 * Parses the tuple or trailer at the start of `input`.
 *
 * COPY_TUPLE: fields[0 .. field_count-1] point into the input, *consumed is the tuple's size.
 * COPY_END: *consumed is the trailer's size.  COPY_INVALID: *problem is a constant string.
 */
CopyStatus copy_tuple_parse(Slice input, CopyField *fields, size_t field_count, size_t *consumed,
                            const char **problem);

/* Parser for a stream in pieces.  Initialize with {.field_count = n}; end with copy_parser_free. */
typedef struct CopyParser {
    size_t field_count; /* fields of every tuple */
    bool header_read;
    bool ended;     /* the trailer was read */
    Slice input;    /* the rest of the latest piece, or of pending */
    Buffer pending; /* an incomplete tuple */
} CopyParser;

/* Feeds the next piece, after copy_parser_next has returned COPY_MORE.  The piece must stay valid
 * until it does so again. */
bool copy_parser_feed(CopyParser *parser, Slice piece, Error *error);

/*
 * Returns the next tuple.  COPY_TUPLE: the fields are valid until the next feed.  COPY_MORE: feed
 * the next piece.  COPY_END: the trailer was read and nothing follows it in this piece.
 * COPY_INVALID: broken stream or out of memory; the error is set.
 */
CopyStatus copy_parser_next(CopyParser *parser, CopyField *fields, Error *error);

void copy_parser_free(CopyParser *parser);

#endif
