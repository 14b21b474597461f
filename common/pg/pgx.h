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

#include "common/base/error.h"
#include "common/base/words.h"
#include "common/pg/conninfo.h"

typedef struct PgxConninfo {
    char *libpq;    /* what libpq takes; owned */
    Words settings; /* run-time parameters: a name, its value, the next name ... */
} PgxConninfo;

/*
 * Splits a connection string.  pgx's own parameters are dropped and reported to `dropped` (may be
 * NULL) by name; each that neither pgx nor libpq knows is a run-time parameter.  These are not made
 * part of libpq's `options`, which a connection pool may ignore or refuse: see
 * common/pg/settings.h.  lakefskv_table, which lakeFS itself reads, is refused with
 * EXIT_CODE_USAGE. Text that is not a valid connection string is copied unchanged: libpq will
 * report it.  End with pgx_free, also after a failure.
 */
bool pgx_split(const char *text, PgxConninfo *conninfo, void (*dropped)(const char *name),
               Error *error);

/* Separates the secret parts of such a string, as pg_conninfo_split does; the public part is in the
 * same dialect, with all parameters but the dropped ones. */
bool pgx_split_public(const char *text, PgConninfo *conninfo, void (*dropped)(const char *name),
                      Error *error);

/* Wipes and frees: the string may hold a password. */
void pgx_free(PgxConninfo *conninfo);

#endif
