/*
 * The target PostgreSQL, inside: what its parts share.  Others know it as TARGET_POSTGRES only.
 *
 *   postgres.c        guards, the empty table, the stamp
 *   postgres_load.c   entries into the leaf partitions
 *   postgres_index.c  primary keys, counts, statistics
 */
#ifndef COMMON_STORE_POSTGRES_TARGET_H
#define COMMON_STORE_POSTGRES_TARGET_H

#include "common/pg/connection.h"
#include "common/store/legacy_database.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/target.h"

struct Target {
    const TargetOptions *options;
    LegacyDatabase database;
    KvTable table;
};

/* postgres_load.c; see TargetDriver. */
bool postgres_begin_load(Target *target, Loader **loader, Error *error);
bool postgres_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool postgres_end_load(Loader *loader, bool keep, Error *error);

/* postgres_index.c; see TargetDriver. */
bool postgres_complete(Target *target, const DumpManifest *manifest, Error *error);

/* Begins a transaction that writes, on a worker's connection.  Its commit does not wait for the
 * disk: the stamp, which comes later, does, and for all that was committed before it. */
bool postgres_begin_work(const Target *target, PgConnection *connection, Error *error);

#endif
