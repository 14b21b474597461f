/*
 * The database of a migration in PostgreSQL, whatever the KV store is kept in: the migration lock,
 * the version of the legacy schema, and the stamp there.
 *
 * Order of calls: legacy_database_open, legacy_database_check; before the stamp
 * legacy_database_check_lock; within a transaction on `connection` legacy_database_stamp and
 * legacy_database_comment, then legacy_database_commit.
 */
#ifndef COMMON_STORE_LEGACY_DATABASE_H
#define COMMON_STORE_LEGACY_DATABASE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/store/target.h"

typedef struct LegacyDatabase {
    const TargetOptions *options;
    PgConnection *guard; /* holds the lock; NULL when another session does */
    PgConnection *connection;
    PgSchema schema;
} LegacyDatabase;

/* Connects to a server that can be written to, takes the lock and finds the schema.  End with
 * legacy_database_close, also after a failure. */
bool legacy_database_open(LegacyDatabase *database, const TargetOptions *options, Error *error);
/* Takes one that is {0}. */
void legacy_database_close(LegacyDatabase *database);

/* Another connection to the same database. */
bool legacy_database_connect(const LegacyDatabase *database, PgConnection **connection,
                             Error *error);

/*
 * Within a transaction: whether a legacy database, where there is one, is of the kind that the dump
 * was taken of.  `stamped` is the name, with its kind, of a store that is stamped already; NULL
 * where none is.  EXIT_CODE_REFUSED where they do not go together.  `header` is NULL where no
 * dump is there yet, see TargetDriver.
 */
bool legacy_database_check(const LegacyDatabase *database, const DumpHeader *header,
                           const char *stamped, Error *error);

/* Within a transaction: the schema version where it can be told; 0 where it cannot. */
bool legacy_database_version(const LegacyDatabase *database, uint64_t *version, Error *error);

/* The legacy database is told, where it is there, that it was migrated.  A note of an earlier
 * migration, in its comment, goes. */
bool legacy_database_stamp(const LegacyDatabase *database, const DumpHeader *header, Error *error);

/* Puts a text as the comment of a table, whose name is quoted and qualified. */
bool legacy_database_comment(const LegacyDatabase *database, const char *table, const char *text,
                             Error *error);

/* The lock must have been ours all the time: if it was lost, another migrator may have run. */
bool legacy_database_check_lock(const LegacyDatabase *database, Error *error);

/* Commits the stamp. */
bool legacy_database_commit(const LegacyDatabase *database, Error *error);

#endif
