/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stamped a KV store beside a legacy database: kv-migrate, lakeFS's own migration, or a lakeFS
 * that was set up there anew.
 *
 * kv-import leaves a note and sets the schema version to the KV migration version in one
 * transaction with the stamp.  lakeFS 0.80 leaves no note, and the schema version as it was.  Its
 * migration copies the installation's id and the time of its setup from the legacy tables, to keys
 * that a running lakeFS never writes, or writes once when it is set up.  Source: lakeFS 0.80.2,
 * pkg/auth/migrate.go, pkg/auth/metadata.go.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_PREDECESSOR_H
#define SCRIPTS_SESSION_MIGRATE_PREDECESSOR_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "scripts/session/migrate/session.h"
#include "scripts/session/migrate/stamp.h"

typedef enum Predecessor {
    PREDECESSOR_NONE,     /* no stamped store, or a database at the KV migration version */
    PREDECESSOR_UNKNOWN,  /* kv-import, or a store of another database */
    PREDECESSOR_MIGRATED, /* lakeFS itself has migrated this database */
    PREDECESSOR_LIKELY,   /* as it seems: nothing proves it, and nothing speaks against it */
    PREDECESSOR_SET_UP,   /* a lakeFS was set up in the store, apart from the legacy database */
    PREDECESSOR_SET_BACK  /* kv-migrate, but the schema version was set back since */
} Predecessor;

/* Tells from the rows.  The session has its version; `store` is what kv_store_read found. */
bool predecessor_find(Session *session, const KvStore *store, Predecessor *predecessor,
                      Error *error);

/* Appends the statement that gives the database the KV migration version again, to be shown. */
bool predecessor_append_version(const Session *session, Buffer *sql, Error *error);

/*
 * For up, before it does anything: *migrated if lakeFS itself has migrated the database, which is
 * reported.  EXIT_CODE_REFUSED for other stamped stores, beside which the schema must not be
 * migrated either.  With `kv`, a store is left to kv-import if kv-import can tell why not to
 * replace it.  Keeps no lock on the store, which kv-import is to replace.
 */
bool predecessor_check(Session *session, bool kv, bool *migrated, Error *error);

/* For commands that need a migrated database: EXIT_CODE_REFUSED, with this hint, if lakeFS itself
 * has migrated it, which leaves no note; likewise where the schema version was set back. */
bool predecessor_refuse(Session *session, const KvStore *store, const char *hint, Error *error);

#endif
