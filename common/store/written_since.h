/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether legacy tables were written to after a dump was taken of them.
 *
 * A row that was written since has an xmin that the dump's snapshot does not see; rows that were
 * deleted since are missing from the number of rows that were read.  Vacuuming, freezing and
 * clustering change neither.  An ALTER TABLE that rewrites a table makes all its rows new: this is
 * said to be possible where all are.
 */
#ifndef COMMON_STORE_WRITTEN_SINCE_H
#define COMMON_STORE_WRITTEN_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

enum { ROWS_READ_UNKNOWN = -1 };

/* Appends how a table, whose name is plain, differs from what was read of it in `snapshot`; nothing
 * if it does not.  With ROWS_READ_UNKNOWN, rows that were only deleted are not noticed.  Reads the
 * whole table, in the caller's transaction. */
bool written_since_append(PgConnection *connection, const PgSchema *schema, const char *table,
                          const char *snapshot, int64_t rows_read, Buffer *changes, Error *error);

/* Refuses a dump, with EXIT_CODE_REFUSED, if a legacy table that it was read from has changed
 * since. The tables are known to be those of the dump (origin.h).  `manifest` is NULL if it is not
 * known yet.  A dump of a KV store is accepted. */
bool written_since_check(PgConnection *connection, const PgSchema *schema, const DumpHeader *header,
                         const DumpManifest *manifest, Error *error);

#endif
