/*
 * PostgreSQL's COPY BINARY format, as bytes: no connection and no file is known here.
 *
 * Source: PostgreSQL documentation, "COPY", section "Binary Format".  A stream is a header, tuples
 * (a 16-bit field count, then each field as a 32-bit length, -1 for NULL, and its bytes; all
 * big-endian) and a trailer, the 16-bit word -1.
 *
 * Two ways to read it: copy_tuple_parse for tuples that lie in memory whole, and CopyParser for a
 * stream that arrives in pieces of any size.
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

/* A header without flags and extension, and the trailer. */
extern const uint8_t COPY_HEADER[COPY_HEADER_SIZE];
extern const uint8_t COPY_TRAILER[COPY_TRAILER_SIZE];

typedef struct CopyField {
    const uint8_t *data; /* borrowed from what was parsed */
    int32_t size;        /* bytes; -1: NULL */
} CopyField;

typedef enum CopyStatus {
    COPY_TUPLE,  /* a tuple was read */
    COPY_END,    /* the trailer was read */
    COPY_MORE,   /* the input ends within a tuple */
    COPY_INVALID /* not COPY BINARY; the problem says why */
} CopyStatus;

/*
 * Reads the tuple or trailer at the beginning of `input`.
 *
 * COPY_TUPLE: fields[0 .. field_count-1] point into the input and *consumed is the tuple's size.
 * COPY_END: *consumed is the trailer's size.  COPY_INVALID: *problem is a constant text.
 */
CopyStatus copy_tuple_parse(Slice input, CopyField *fields, size_t field_count, size_t *consumed,
                            const char **problem);

/* A stream in pieces.  Begin with {.field_count = n}; end with copy_parser_free. */
typedef struct CopyParser {
    size_t field_count; /* every tuple must have as many fields */
    bool header_read;
    bool ended;     /* the trailer was read */
    Slice input;    /* what is left of the latest piece, or of pending */
    Buffer pending; /* a tuple that continues in the next piece */
} CopyParser;

/* Hands over the next piece, after copy_parser_next has answered COPY_MORE.  The piece must stay
 * where it is until then again. */
bool copy_parser_feed(CopyParser *parser, Slice piece, Error *error);

/*
 * The next tuple.  COPY_TUPLE: the fields are valid until the next feed.  COPY_MORE: feed the next
 * piece.  COPY_END: the trailer was read, and nothing followed it in this piece.  COPY_INVALID:
 * broken stream, or out of memory; the error is set.
 */
CopyStatus copy_parser_next(CopyParser *parser, CopyField *fields, Error *error);

void copy_parser_free(CopyParser *parser);

#endif
