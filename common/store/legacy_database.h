/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy database of a migration, whichever store receives the entries: the migration lock, the
 * schema version, and the stamp there.
 *
 * Call legacy_database_open, legacy_database_check; before the stamp legacy_database_check_lock; in
 * a transaction on `connection` legacy_database_stamp and legacy_database_comment, then
 * legacy_database_commit.
 */
#ifndef COMMON_STORE_LEGACY_DATABASE_H
#define COMMON_STORE_LEGACY_DATABASE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/store/provenance.h"
#include "common/store/target.h"

typedef struct LegacyDatabase {
    const TargetOptions *options;
    PgConnection *guard; /* holds the lock; NULL if another session does */
    PgConnection *connection;
    PgSchema schema;
    bool has_store; /* a stamped KV store was found; the target sets it before the check */
    bool held;      /* the transaction keeps writers out of the legacy tables */
} LegacyDatabase;

/* Connects to a server that accepts writes, acquires the lock and finds the schema.  End with
 * legacy_database_close, also after a failure. */
bool legacy_database_open(LegacyDatabase *database, const TargetOptions *options, Error *error);
/* Takes {0}. */
void legacy_database_close(LegacyDatabase *database);

/* Opens another connection to the same database. */
bool legacy_database_connect(const LegacyDatabase *database, PgConnection **connection,
                             Error *error);

/*
 * Within a transaction: checks that a legacy database, if there is one, matches the dump, and was
 * not written to since.  A table of another name than lakeFS's is only a copy, which may be loaded
 * beside whatever there is.
 * `stamped` describes a store that is already stamped; NULL if there is none.  EXIT_CODE_REFUSED if
 * they do not match.  `header` is NULL when there is no dump yet, see TargetDriver.
 */
bool legacy_database_check(const LegacyDatabase *database, const DumpHeader *header,
                           const char *stamped, Error *error);

/* Within a transaction, before a load: refuses a role for which legacy_database_hold_unwritten
 * would fail after it. */
bool legacy_database_check_rights(const LegacyDatabase *database, Error *error);

/*
 * Within a transaction: whether kv-migrate revert has put the database back from a store in
 * DynamoDB, which is there still.  Its mark, the comment of schema_migrations, has the members
 * reverted_by, reverted (a time) and store, which is that of the note that was there
 * (provenance.h).
 */
bool legacy_database_reverted_from(const LegacyDatabase *database, const ProvenanceStore *store,
                                   bool *reverted, Error *error);

/* Within a transaction: the schema version; 0 if it is unknown or dirty. */
bool legacy_database_version(const LegacyDatabase *database, uint64_t *version, Error *error);

/* Within a transaction: refuses a dump if legacy tables were written to since (written_since.h),
 * unless the session that runs us keeps writers out. */
bool legacy_database_check_unwritten(const LegacyDatabase *database, const DumpHeader *header,
                                     const DumpManifest *manifest, Error *error);

/* Within the transaction of the stamp: keeps writers out of the legacy tables until it ends, and
 * then checks once more that they were not written to.  The tables refuse writes from then on
 * (write_guard.h); where the role may not do that they are only locked, with a warning.
 * EXIT_CODE_REFUSED where neither is possible, or a writer does not end in time. */
bool legacy_database_hold_unwritten(LegacyDatabase *database, const DumpHeader *header,
                                    const DumpManifest *manifest, Error *error);

/* Records in the legacy database, if there is one, that it was migrated, after
 * legacy_database_hold_unwritten, which it calls unless that is done.  Removes the note of an
 * earlier migration from its comment.  Does nothing for a copy but say so. */
bool legacy_database_stamp(LegacyDatabase *database, const DumpHeader *header,
                           const DumpManifest *manifest, Error *error);

/* Sets the comment of a table (quoted and qualified); NULL removes it. */
bool legacy_database_comment(const LegacyDatabase *database, const char *table, const char *text,
                             Error *error);

/* Checks that we have held the lock all the time: otherwise another migrator may have run. */
bool legacy_database_check_lock(const LegacyDatabase *database, Error *error);

/* Commits the stamp. */
bool legacy_database_commit(const LegacyDatabase *database, Error *error);

#endif
