/*
 * The seam for targets: a KV store that a dump is loaded into.  How a store is read is in
 * common/store/.
 *
 * A target is one file with a TargetDriver, and what that file needs.  The drivers are dumb; the
 * order of what is done, and what a failure means, is in load.c:
 *
 *   open; then, unless it is stamped already, check_entries for each chunk, prepare; for each
 *   worker, on its own thread, begin_load, load for each chunk, end_load; then complete and stamp;
 *   close.  Of a target that is half stamped: open, finish, close.  Of one that is only looked at
 *   (check_target.c): open, close.
 *
 * A target that was opened must be left as it was until prepare, and with version "0" between
 * prepare and stamp, so that a failed load is told from a finished one.
 */
#ifndef COMMON_STORE_TARGET_H
#define COMMON_STORE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/kv/model.h"
#include "common/pg/connection.h"
#include "common/store/dynamodb/table.h"

/* The target DynamoDB. */
typedef struct DynamoTargetOptions {
    DynamoOptions table;
    DynamoCapacity capacity; /* of a table that is made; 0: on demand */
    uint64_t write_units;    /* a second, at most; 0: any */
    int requests;            /* to write, under way at the same time; 16 */
    bool has_database;       /* the connection options lead to a legacy database to be stamped */
} DynamoTargetOptions;

/* What a target is told.  All is borrowed, and must stay while the target is open. */
typedef struct TargetOptions {
    PgOptions *pg;            /* of the database */
    const char *schema;       /* NULL: where the search_path leads */
    int lock_wait_timeout_ms; /* 0: for ever */
    int64_t lock_held_by;     /* backend that holds the lock for us; 0: take it */
    int jobs;                 /* connections that load at the same time */
    bool clean;               /* replace a KV store that is already stamped */
    bool not_migrated;        /* the database is known not to be, when it is only looked at */
    const char *table;        /* "kv"; of PostgreSQL, as the next */
    int partitions;           /* 100 */
    DynamoTargetOptions dynamodb;
} TargetOptions;

/* A target's own state, and that of one of its workers; each driver defines them. */
typedef struct Target Target;
typedef struct Loader Loader;

/* What was found. */
typedef struct TargetState {
    KvStoreState store;
    uint64_t version;  /* of a store that is stamped, else 0 */
    bool kept;         /* it is stamped, and not to be replaced (--clean) */
    bool half_stamped; /* it is kept, but the legacy database has not been told */
} TargetState;

typedef struct TargetDriver {
    const char *name;

    /* What a person calls its table; and the table's name. */
    const char *kind;
    const char *(*table)(const TargetOptions *options);

    /* See signals_start: ends what waits for the store, if anything does. */
    bool (*cancel)(void);

    /* Connects, takes the lock, and looks at what is there.  EXIT_CODE_REFUSED for a store that is
     * not lakeFS's, or a database that does not go with the dump.  *target is to be closed, also
     * after a failure, unless it is NULL.
     *
     * `header` is NULL where the target is only looked at: what the schema version should be, the
     * dump would tell.  With options->not_migrated it is not read; half_stamped then says that a
     * load would compare the entries first. */
    bool (*open)(const TargetOptions *options, const DumpHeader *header, Target **target,
                 TargetState *state, Error *error);

    /* Whether such a target takes the entries of a chunk; *units grows by what it costs to write
     * them.  No target needs to be open.  Asked for all of a dump before anything is done, where
     * the dump can be read twice; `load` must ask by itself.  NULL where it takes any. */
    bool (*check_entries)(Slice tuples, uint64_t *units, Error *error);
    const char *unit_name; /* "write capacity units" */

    /* Removes what a failed load left, makes an empty store and stamps it "0". */
    bool (*prepare)(Target *target, Error *error);

    /* Readies a worker; the thread that calls this is the one that uses it.  *loader is to be given
     * to end_load, unless it is NULL. */
    bool (*begin_load)(Target *target, Loader **loader, Error *error);

    /* Adds entries: `tuples` holds `entries` of them, in any order. */
    bool (*load)(Loader *loader, Slice tuples, uint64_t entries, Error *error);

    /* Ends a worker.  With `keep`, what it loaded is in the target afterwards; without, it need not
     * be: the load has failed.  Takes NULL. */
    bool (*end_load)(Loader *loader, bool keep, Error *error);

    /* After all workers have ended: makes the store ready for use, and compares its contents with
     * the manifest's counts.  May start threads of its own. */
    bool (*complete)(Target *target, const DumpManifest *manifest, Error *error);

    /* The store's version becomes the header's, and the legacy database's that of the KV migration;
     * in one step where that is possible.  After this the migration has happened. */
    bool (*stamp)(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                  Error *error);

    /* Where the two cannot be one step: does the second one for a target that is half stamped, once
     * the dump was read and its manifest is known.  EXIT_CODE_REFUSED where the store holds
     * something else than the dump.  NULL where no target is ever half stamped. */
    bool (*finish)(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                   Error *error);

    /* Takes NULL. */
    void (*close)(Target *target);
} TargetDriver;

extern const TargetDriver TARGET_POSTGRES;
extern const TargetDriver TARGET_DYNAMODB;

/* The target of that name; NULL: there is none. */
const TargetDriver *target_find(const char *name);

#endif
