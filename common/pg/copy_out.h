/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the rows of a COPY ... TO STDOUT (FORMAT binary), one by one.
 */
#ifndef COMMON_PG_COPY_OUT_H
#define COMMON_PG_COPY_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/copy_binary.h"

typedef struct PgCopyOut {
    const char *sql;
    const char *table; /* for messages */
    CopyField *fields; /* the caller's array; overwritten by each row */
    size_t field_count;
    bool reports_progress; /* rows and bytes are added to the current phase */
    uint64_t rows;         /* read so far */
} PgCopyOut;

/* Takes the row in copy->fields, which are valid until it returns. */
typedef bool PgRowFunction(void *state, Error *error);

/* Runs the statement and calls `function` for each row.  Ends when that fails, or when the program
 * is asked to stop.  EXIT_CODE_FAILED for a stream without its trailer. */
bool pg_copy_out(PgConnection *connection, PgCopyOut *copy, PgRowFunction *function, void *state,
                 Error *error);

#endif
