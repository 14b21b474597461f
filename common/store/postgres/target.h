/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internals of the PostgreSQL target, shared by its files.  Others use TARGET_POSTGRES.
 *
 *   target.c   checks, the empty table, the stamp
 *   load.c     copying entries into the leaf partitions
 *   index.c    primary keys, counts, statistics
 *   replace.c  a load beside the store in use, and changing places with it
 */
#ifndef COMMON_STORE_POSTGRES_TARGET_H
#define COMMON_STORE_POSTGRES_TARGET_H

#include "common/pg/connection.h"
#include "common/store/legacy_database.h"
#include "common/store/owner.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/postgres/late_writes.h"
#include "common/store/postgres/swap.h"
#include "common/store/target.h"

enum { POSTGRES_NAME_SIZE = 64 };

struct Target {
    const TargetOptions *options;
    LegacyDatabase database;
    KvTable place;      /* the table that lakeFS reads */
    KvTable table;      /* the one that is loaded: the same, or beside it */
    KvStoreState found; /* in that place, when it was opened */
    uint64_t version;   /* of a stamped store there */
    Owner owner;        /* of what is made */
    bool is_beside;
    bool is_begun;                   /* a load beside it has made its table */
    bool may_be_stamped;             /* the answer to the commit was lost */
    StoreMoment moment;              /* the store in use when the load began */
    char beside[POSTGRES_NAME_SIZE]; /* the name of a table beside it */
};

/* load.c; see TargetDriver. */
bool postgres_begin_load(Target *target, Loader **loader, Error *error);
bool postgres_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool postgres_end_load(Loader *loader, bool keep, Error *error);

/* index.c; see TargetDriver. */
bool postgres_complete(Target *target, const DumpManifest *manifest, Error *error);

/* replace.c.  Names the table that is loaded beside the store in use. */
bool replace_init(Target *target, Error *error);

/* In a transaction: whether that can be done.  EXIT_CODE_REFUSED if the store cannot be put aside,
 * or if something else has the name. */
bool replace_check(Target *target, Error *error);

/* In the transaction that makes the table: before and after.  The first remembers what the store in
 * use is now. */
bool replace_make_room(Target *target, Error *error);
bool replace_begin(Target *target, Error *error);

/* In a transaction of its own: sets the version of the table, which nobody reads yet. */
bool replace_set_version(Target *target, const DumpHeader *header, Error *error);

/* In the stamping transaction, around that of the database. */
bool replace_stamp_begin(Target *target, Swap *swap, Error *error);
bool replace_stamp_end(Target *target, Swap *swap, Error *error);

/* After the commit: says where the other store is, and what was written to it meanwhile. */
void replace_tell(const Target *target, const Swap *swap);

/* See TargetDriver. */
bool postgres_abandon(Target *target);
bool postgres_undo(Target *target, Error *error);
bool postgres_forget(Target *target, Error *error);

/* Begins a read-write transaction on a worker's connection.  Its commit does not wait for the disk;
 * the stamp, which comes later, does, and that covers everything committed before it. */
bool postgres_begin_work(const Target *target, PgConnection *connection, Error *error);

#endif
