/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internals of the PostgreSQL target, shared by its files.  Others use TARGET_POSTGRES.
 *
 *   target.c  checks, the empty table, the stamp
 *   load.c    copying entries into the leaf partitions
 *   index.c   primary keys, counts, statistics
 */
#ifndef COMMON_STORE_POSTGRES_TARGET_H
#define COMMON_STORE_POSTGRES_TARGET_H

#include "common/pg/connection.h"
#include "common/store/legacy_database.h"
#include "common/store/owner.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/target.h"

struct Target {
    const TargetOptions *options;
    LegacyDatabase database;
    KvTable table;
    KvStoreState found; /* when it was opened */
    Owner owner;        /* of what is made */
};

/* load.c; see TargetDriver. */
bool postgres_begin_load(Target *target, Loader **loader, Error *error);
bool postgres_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool postgres_end_load(Loader *loader, bool keep, Error *error);

/* index.c; see TargetDriver. */
bool postgres_complete(Target *target, const DumpManifest *manifest, Error *error);

/* Begins a read-write transaction on a worker's connection.  Its commit does not wait for the disk;
 * the stamp, which comes later, does, and that covers everything committed before it. */
bool postgres_begin_work(const Target *target, PgConnection *connection, Error *error);

#endif
