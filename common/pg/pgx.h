/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection strings in lakeFS's dialect, that of the Go driver pgx: mostly libpq's, plus
 * parameters of pgx itself and any run-time parameter of the server.
 *
 * Source: pgx's documentation of pgconn.ParseConfig and pgxpool.ParseConfig; PostgreSQL
 * documentation, "Connection Strings".
 */
#ifndef COMMON_PG_PGX_H
#define COMMON_PG_PGX_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/*
 * Appends the equivalent connection string for libpq to `libpq`: pgx's own parameters are dropped
 * and reported to `dropped` (may be NULL) by name; common run-time parameters become part of
 * `options`.  Text that is not a valid connection string is appended unchanged: libpq will report
 * it.
 */
bool pgx_to_libpq(const char *text, Buffer *libpq, void (*dropped)(const char *name), Error *error);

#endif
