/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interface of targets: KV stores that dumps are loaded into. common/store/store.h is the interface
 * for reading.
 *
 * A target is one TargetDriver.  Drivers make no decisions; the order of calls, and what a failure
 * means, are in import/load.c:
 *
 *   open; then, unless the store is already stamped, check_entries for each chunk, prepare; for
 * each worker, on its own thread, begin_load, load for each chunk, end_load; then complete and
 * stamp; close.  For a half-stamped target: open, finish, close.  After a failure abandon comes
 * before close.  To inspect a target only (import/inspect/check_target.c): open, close.  To bring
 * back what was replaced, or to remove it (import/kept.c): open, undo or forget, close.
 *
 * An opened target must be left unchanged until prepare and have version "0" between prepare and
 * stamp, so that an unfinished load can be recognized; or be left unchanged until stamp.
 */
#ifndef COMMON_STORE_TARGET_H
#define COMMON_STORE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/cli/progress.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/kv/model.h"
#include "common/pg/connection.h"
#include "common/store/dynamodb/table.h"

/* Hash partitions of a table in PostgreSQL, unless an option says otherwise. */
#define DEFAULT_PARTITIONS 100

/* Options of the DynamoDB target. */
typedef struct DynamoTargetOptions {
    DynamoOptions table;
    DynamoCapacity capacity; /* of a new table; 0: on demand */
    uint64_t write_units;    /* maximum per second; 0: unlimited */
    int requests;            /* number of parallel write requests */
    bool has_database;       /* the connection options name a legacy database to stamp */
} DynamoTargetOptions;

/* Options of a target.  All strings are borrowed and must outlive the open target. */
typedef struct TargetOptions {
    PgOptions *pg;            /* of the database */
    const char *schema;       /* NULL: found through the search_path */
    int lock_wait_timeout_ms; /* 0: forever */
    int64_t lock_held_by;     /* pid of the backend that holds the lock for us; 0: acquire it */
    int jobs;                 /* number of parallel connections */
    bool clean;               /* replace a KV store that is already stamped */
    bool in_place;            /* PostgreSQL: drop it before loading, rather than after */
    bool not_migrated;        /* inspection only: the database is known not to be migrated */
    const char *table;        /* PostgreSQL: the table, "kv" */
    int partitions;           /* PostgreSQL: its hash partitions */
    DynamoTargetOptions dynamodb;
    const DumpManifest *manifest; /* of the dump; NULL until it is known */
} TargetOptions;

/* The state of a target and of one of its workers; defined by each driver. */
typedef struct Target Target;
typedef struct Loader Loader;

/* What `open` found. */
typedef struct TargetState {
    KvStoreState store;
    uint64_t version;  /* of a stamped store, else 0 */
    bool kept;         /* stamped, and not to be replaced (no --clean) */
    bool half_stamped; /* kept, but the legacy database is not stamped */
    bool beside;       /* replaced, but only by the stamp: until then it is unchanged */
} TargetState;

typedef struct TargetDriver {
    const char *name;

    /* What users call its table, and the table's name. */
    const char *kind;
    const char *(*table)(const TargetOptions *options);

    /* The phases of a load, in order, for progress_plan: of a file, or else a pipe, into the
     * target, or into one that is not there yet (NULL). */
    const ProgressPhase *(*phases)(const Target *target, bool is_file, size_t *count);

    /* For signals_start: cancels whatever waits for the store, and returns whether anything did. */
    bool (*cancel)(void);

    /* Connects, acquires the lock and inspects what is there.  EXIT_CODE_REFUSED for a store that
     * is not a KV store, or a database that does not match the dump.  Unless *target is NULL, close
     * it, even after a failure.
     *
     * `header` is NULL to inspect the target only: the expected schema version is then unknown.
     * With options->not_migrated the schema version is not read, and half_stamped means that a load
     * would first compare the entries. */
    bool (*open)(const TargetOptions *options, const DumpHeader *header, Target **target,
                 TargetState *state, Error *error);

    /* Checks that this kind of target accepts the entries of a chunk; adds the cost of writing them
     * to *units.  Needs no open target.  If the dump can be read twice, it is called for all of it
     * before anything is done; `load` must check by itself.  NULL if every entry is accepted. */
    bool (*check_entries)(Slice tuples, uint64_t *units, Error *error);
    const char *unit_name; /* "write capacity unit" */
    const char *units_name;

    /* For a target that can change a store into the dump's, instead of replacing it as a whole;
     * NULL for others.  With options->clean the dump must be readable twice; then, instead of
     * check_entries for each chunk, come expect, remember for each chunk, and compare.  `expect`
     * tells how many entries will come, and gets whether the store is compared: if not, go on as
     * without these.  `remember` checks entries like check_entries; any worker may call it.  Once
     * the dump was read to its end, `compare` finds out what must be written and says what that
     * will cost; *equal is true if nothing must be, so that all is done already.  Then `prepare`
     * changes nothing but the version, and `load` writes only what differs. */
    bool (*expect)(Target *target, uint64_t entries, bool *compared, Error *error);
    bool (*remember)(Target *target, Slice tuples, Error *error);
    bool (*compare)(Target *target, uint64_t version, bool *equal, Error *error);

    /* Removes what a failed load left, creates an empty store and stamps it "0". */
    bool (*prepare)(Target *target, Error *error);

    /* Initializes a worker; only the calling thread uses it.  Unless *loader is NULL, pass it to
     * end_load, even after a failure. */
    bool (*begin_load)(Target *target, Loader **loader, Error *error);

    /* Adds `entries` entries from `tuples`, which may be in any order. */
    bool (*load)(Loader *loader, Slice tuples, uint64_t entries, Error *error);

    /* Ends a worker.  With `keep`, everything it loaded is in the target afterwards; without it,
     * the load has failed and its data may be dropped.  Takes NULL. */
    bool (*end_load)(Loader *loader, bool keep, Error *error);

    /* After all workers have ended: makes the store ready for use and compares its contents with
     * the manifest's counts.  May start threads. */
    bool (*complete)(Target *target, const DumpManifest *manifest, Error *error);

    /* Sets the version of the store to the header's, and that of the legacy database to the KV
     * migration's: in one step if possible.  After this the migration has happened. */
    bool (*stamp)(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                  Error *error);

    /* If stamping takes two steps: does the second one for a half-stamped target, once the dump was
     * read and its manifest is known.  EXIT_CODE_REFUSED if the store does not hold the dump's
     * entries.  NULL if a target cannot be half stamped. */
    bool (*finish)(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                   Error *error);

    /* After a failure of any of these, before close: removes what the load has made, as far as
     * possible.  Returns whether a store that was to be replaced is as it was before the load; NULL
     * if that is never so. */
    bool (*abandon)(Target *target);

    /* Instead of a load: brings back the store that was replaced last, which changes places with
     * the present one; or removes it.  EXIT_CODE_REFUSED if there is none to bring back.  NULL if a
     * target does not keep it. */
    bool (*undo)(Target *target, Error *error);
    bool (*forget)(Target *target, Error *error);

    /* Takes NULL. */
    void (*close)(Target *target);
} TargetDriver;

extern const TargetDriver TARGET_POSTGRES;
extern const TargetDriver TARGET_DYNAMODB;

/* Returns the target of that name; NULL if there is none. */
const TargetDriver *target_find(const char *name);

#endif
