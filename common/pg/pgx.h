/*
 * Connection strings as lakeFS has them, which are those of the Go driver pgx: mostly libpq's, but
 * with parameters of pgx itself and with any run-time parameter of the server.
 *
 * Source: lakeFS configuration facts, "Connection strings"; PostgreSQL documentation, "Connection
 * Strings".
 */
#ifndef COMMON_PG_PGX_H
#define COMMON_PG_PGX_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/*
 * Appends to `libpq` the same connection string for libpq: pgx's own parameters are left out, and
 * told to `dropped` (may be NULL) by name; the usual run-time parameters become part of
 * `options`.  Whatever
 * is no connection string, or a broken one, is appended as it is: libpq will say so.
 */
bool pgx_to_libpq(const char *text, Buffer *libpq, void (*dropped)(const char *name), Error *error);

#endif
