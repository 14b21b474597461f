/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the database is migrated: the versions of the KV store and of the schema, as the database
 * has them.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STAMP_H
#define SCRIPTS_SESSION_MIGRATE_STAMP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef enum KvState {
    KV_MISSING,    /* no relation kv */
    KV_FOREIGN,    /* a relation kv that is not a KV store */
    KV_UNREADABLE, /* locked, or not readable by this role */
    KV_UNSTAMPED,  /* a KV table with rows and without a version */
    KV_EMPTY,      /* a KV table without rows */
    KV_BEGUN,      /* no version, and only what lakeFS writes when it starts (begun_store.h) */
    KV_STARTED,    /* an unfinished load */
    KV_STAMPED
} KvState;

typedef struct KvStore {
    KvState state;
    bool in_dynamodb;                           /* as noted; its state is that of the stamp */
    char version[32];                           /* as stored; "" for none */
    ExitCode code;                              /* why it cannot be read */
    char reason[sizeof(((Error *)0)->message)]; /* the same, in words */
    char detail[sizeof(((Error *)0)->detail)];  /* such as who holds a lock on it; may be empty */
    char hint[sizeof(((Error *)0)->hint)];      /* what to do about it; may be empty */
} KvStore;

/* Reads the state of the KV store.  Waits no longer than the transaction's lock_timeout. */
bool kv_store_read(Session *session, KvStore *store, Error *error);

/* Reads schema version and KV store again; *stamped: the database is migrated.  A store that cannot
 * be read is an error. */
bool stamp_read(Session *session, KvStore *store, bool *stamped, Error *error);

/* Whether a database at the KV migration version has lost its store: there is no table kv, or only
 * what a lakeFS makes of none. */
bool kv_store_is_gone(const Session *session, const KvStore *store);

/* "Schema version and KV version are 38/none.", as a detail. */
bool stamp_detail(const Session *session, const KvStore *store, Error *error);

#endif
