/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a migration has happened: the KV store's version and the schema's, asked of the database
 * itself.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STAMP_H
#define SCRIPTS_SESSION_MIGRATE_STAMP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef enum KvState {
    KV_MISSING,    /* there is no relation kv */
    KV_FOREIGN,    /* there is one that is no KV store */
    KV_UNREADABLE, /* it is locked, or may not be read */
    KV_UNSTAMPED,  /* it has a KV table's columns and no version */
    KV_STARTED,    /* a load has begun and not ended */
    KV_STAMPED
} KvState;

typedef struct KvStore {
    KvState state;
    bool in_dynamodb; /* as the note tells; its state is that of the stamp */
    char version[32]; /* as it stands there; "" for none */
    ExitCode code;    /* of what keeps it from being read */
    char reason[sizeof(((Error *)0)->message)]; /* the same in words */
} KvStore;

/* Looks at the KV store; nobody is waited for longer than the transaction's lock_timeout. */
bool kv_store_read(Session *session, KvStore *store, Error *error);

/* Reads schema version and KV store again; *stamped: the migration has happened.  A store that
 * cannot be read is an error. */
bool stamp_read(Session *session, KvStore *store, bool *stamped, Error *error);

/* "Schema version and KV version are 38/none.", as a detail. */
bool stamp_detail(const Session *session, const KvStore *store, Error *error);

#endif
