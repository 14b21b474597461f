/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two KV tables change places, in one transaction: whoever reads the table in use finds the one or
 * the other.
 */
#ifndef COMMON_STORE_POSTGRES_SWAP_H
#define COMMON_STORE_POSTGRES_SWAP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/store/postgres/aside.h"

typedef struct Swap {
    const PgSchema *schema; /* borrowed, like the others */
    const char *name;       /* of the table in use */
    const char *incoming;   /* the one that takes its place */
    int lock_wait_timeout_ms;
    bool exists; /* there is a table in use; set by swap_begin */
    char *record;
    char kept[KV_ASIDE_NAME_SIZE];    /* what the table in use is called afterwards; "": none was */
    char dropped[KV_ASIDE_NAME_SIZE]; /* what was kept until now, if it is dropped; "": none */
} Swap;

/* Begins with reading what belongs to the table in use, before the transaction changes any of it.
 * End with swap_free, also after a failure. */
bool swap_begin(Swap *swap, PgConnection *connection, Error *error);

/*
 * Makes `incoming` like the table in use, puts that aside, with its record (kept.h), and gives its
 * name to `incoming`.  A store that was kept until now is dropped.
 *
 * The table is locked just before it is renamed.  Others that want it queue behind who waits for
 * such a lock, so it is waited for in short attempts, until the timeout: EXIT_CODE_REFUSED then, as
 * for other locks (pg_lock_failed).  `check` is called once the table is locked.
 */
bool swap_tables(Swap *swap, PgConnection *connection,
                 bool (*check)(void *state, PgConnection *connection, Error *error), void *state,
                 Error *error);

/* Says where the other store is; call it after the commit. */
void swap_tell(const Swap *swap);

void swap_free(Swap *swap);

#endif
