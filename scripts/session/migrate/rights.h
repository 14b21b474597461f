/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the role has the rights that a migration needs, read in one query.
 *
 * The hint of each problem has the statement that grants what is missing.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_RIGHTS_H
#define SCRIPTS_SESSION_MIGRATE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Rights {
    const Session *session;
    PgRows *rows; /* owned */
} Rights;

/* What the role lacks for something that up does.  The table rights come first, in the order of the
 * table in rights.c. */
typedef enum Right {
    RIGHT_MIGRATE, /* own the tables that schema migrations alter */
    RIGHT_LOCK,    /* lock the legacy tables against writers */
    RIGHT_READ,
    RIGHT_SEE_ROWS, /* row security hides none */
    RIGHT_TRIGGER,  /* let kept tables refuse writes */
    RIGHT_DROP,
    RIGHT_CREATE,     /* create tables in the schema */
    RIGHT_REPLACE_KV, /* drop the table kv */
    RIGHT_STAMP,      /* read and write schema_migrations */
    RIGHT_LANGUAGE    /* use plpgsql */
} Right;

/* Reads them.  `array` has the legacy tables' names (legacy_tables_array), `pending` says whether
 * schema migrations would run.  End with rights_free, also after a failure. */
bool rights_read(Rights *rights, const Session *session, const char *array, bool pending,
                 Error *error);

/* Whether the role has the right; else the problem says what is missing, and how to mend it. */
bool rights_check(const Rights *rights, Right right, Error *problem);

/* The size of the legacy tables, without indexes: measured for a dry run or a dump file, otherwise
 * as the latest VACUUM has noted it, without waiting for locks. */
uint64_t rights_table_bytes(const Rights *rights);

void rights_free(Rights *rights);

#endif
