/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY in both directions.
 */
#ifndef COMMON_PG_COPY_H
#define COMMON_PG_COPY_H

#include "common/base/slice.h"
#include "common/pg/connection.h"

/* COPY ... TO STDOUT: begin, then read until *end.  A piece is valid until the next read. */
bool pg_copy_out_begin(PgConnection *connection, const char *sql, Error *error);
bool pg_copy_out_read(PgConnection *connection, Slice *piece, bool *end, Error *error);

/* COPY ... FROM STDIN: begin, write pieces of any size, then end; *rows is the server's count.
 * After a failure of any of these, roll back. */
bool pg_copy_in_begin(PgConnection *connection, const char *sql, Error *error);
bool pg_copy_in_write(PgConnection *connection, Slice piece, Error *error);
bool pg_copy_in_end(PgConnection *connection, uint64_t *rows, Error *error);

#endif
