/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written to a store while another one is loaded beside it.
 *
 * The server's statistics do not tell: a session reports to them late.  The rows do: those whose
 * xmin was not among the visible ones when the load began are new, and what is missing of the
 * number of old ones was deleted or updated.  A snapshot would not do, as it does not list
 * subtransactions.
 *
 * Both scan the table without a lock that others would wait for.  With a million entries in a
 * hundred partitions on two cores they take 0.2 s each.
 */
#ifndef COMMON_STORE_POSTGRES_LATE_WRITES_H
#define COMMON_STORE_POSTGRES_LATE_WRITES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"

/* A store at a moment.  Starts as {0}. */
typedef struct StoreMoment {
    uint64_t rows;
    char *oldest; /* transactions before it had ended; malloced */
    char *known;  /* the later ones that had written rows that were visible: an array; malloced */
} StoreMoment;

typedef struct LateWrites {
    uint64_t written; /* rows that are new: inserted, or the new versions of updated ones */
    uint64_t gone;    /* rows that are no longer there: deleted, or the old versions */
} LateWrites;

/* In a transaction at READ COMMITTED.  `table` is quoted.  End with store_moment_free, also after a
 * failure. */
bool store_moment_read(PgConnection *connection, const char *table, StoreMoment *moment,
                       Error *error);

/* Compares the table, which may have another name now, with what it was. */
bool late_writes_count(PgConnection *connection, const char *table, const StoreMoment *moment,
                       LateWrites *writes, Error *error);

void store_moment_free(StoreMoment *moment);

#endif
