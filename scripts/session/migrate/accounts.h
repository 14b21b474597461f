/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The users of an installation, counted: what a later lakeFS makes of the database depends on them.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_ACCOUNTS_H
#define SCRIPTS_SESSION_MIGRATE_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Accounts {
    bool known;  /* false: they cannot be read, and the rest is not set */
    bool set_up; /* lakeFS was set up */
    bool basic;  /* the store has the one user of lakeFS's basic authentication */
    int64_t users;
    int64_t credentials; /* of these users */
    int64_t groups_without_policy;
} Accounts;

/* Count what is in the legacy tables, and in the table kv.  Tables that are missing, locked or not
 * readable by this role are no error: *accounts is then unknown. */
bool accounts_count_legacy(Session *session, Accounts *accounts, Error *error);
bool accounts_count_kv(Session *session, Accounts *accounts, Error *error);

#endif
