/*
 * The seam for KV stores that are read, to be compared with a dump or exported.
 *
 * A store is one file with a StoreDriver.  Its entries are read by several workers, in parts that
 * do not depend on chance, and as they are at one moment where the store has such a thing.  Writing
 * to a store is kv-import's, see common/store/target.h.
 */
#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/workers.h"
#include "common/kv/entry.h"
#include "common/pg/connection.h"
#include "common/store/dynamodb/client.h"

/* Which store.  All is borrowed, and must stay while the store is open. */
typedef struct StoreOptions {
    PgOptions *pg; /* its `program` is of interest whatever the store is */
    const DynamoOptions *dynamodb;
    const char *schema; /* NULL: where the search_path leads */
    const char *table;
    const char *snapshot; /* the exported snapshot to read in; NULL: one of its own */
    int lock_wait_timeout_ms;
    int jobs; /* workers that read at the same time */
} StoreOptions;

/* A driver's own state. */
typedef struct Store Store;

/* What is to be known of a store, and of the moment that it is read at.  Texts are the store's. */
typedef struct StoreInfo {
    const char *database;          /* of DynamoDB the table */
    const char *schema;            /* of DynamoDB the region */
    const char *server_version;    /* "" where it is of no server's */
    const char *system_identifier; /* of the cluster; "" where that is not known */
    const char *snapshot;          /* as pg_current_snapshot() prints it; "" where there is none */
    const char *time;              /* RFC 3339, UTC */
    uint64_t schema_version;       /* of the legacy tables; 0 where there is none */
    uint64_t estimated_entries;    /* for a progress display; 0: not known */
} StoreInfo;

/* What is done with the entries that are read.  The functions of one worker are called from its own
 * thread. */
typedef struct EntryVisitor {
    /* Readies a worker; *worker is handed to the others, to `end` also after a failure. */
    bool (*begin)(void *state, void **worker, Error *error);

    /* Before and after the entries of a part.  Parts are numbered from 0, and each goes to one
     * worker, the lower ones first.  NULL where that is of no interest. */
    bool (*begin_part)(void *worker, size_t part, Error *error);
    bool (*end_part)(void *worker, Error *error);

    /* Takes an entry, and its tuple as it would stand in a dump, into which the entry points. */
    bool (*visit)(void *worker, const Entry *entry, Slice tuple, Error *error);

    /* Ends a worker; `complete`: it has seen all that it was to see. */
    bool (*end)(void *worker, bool complete, Error *error);

    /* Called, once, when a worker has failed: the others are to end.  NULL where none of the
     * visitor's functions waits for another. */
    void (*stop)(void *state);
} EntryVisitor;

typedef struct StoreDriver {
    const char *name;

    /* See signals_start: ends what waits for the store, if anything does. */
    bool (*cancel)(void);

    /* Connects to a store, whatever its version, which is told; without a lock, and changing
     * nothing.  EXIT_CODE_REFUSED where there is none, or something else in its place.  *store is
     * to be closed, also after a failure, unless it is NULL. */
    bool (*open)(const StoreOptions *options, Store **store, uint64_t *version, Error *error);

    bool (*describe)(Store *store, StoreInfo *info, Error *error);

    /* Reads all entries but that of the version.  Progress is told.  May be repeated: the moment is
     * that of the first time, where the store has moments. */
    bool (*read)(Store *store, const EntryVisitor *visitor, void *state, Error *error);

    /* Takes NULL. */
    void (*close)(Store *store);
} StoreDriver;

/* Reads one part; `reader` is what a driver's thread reads it with. */
typedef bool StorePartReader(void *reader, size_t part, void *worker, Error *error);

/* What one thread of a driver's `read` does: a visitor's worker, from begin to end, gets the parts
 * that nobody else takes. */
bool store_read_parts(WorkPieces *parts, const EntryVisitor *visitor, void *state,
                      StorePartReader *read, void *reader, Error *error);

/* Ends the threads: one of them has failed. */
void store_stop(WorkPieces *parts, const EntryVisitor *visitor, void *state);

extern const StoreDriver STORE_POSTGRES;
extern const StoreDriver STORE_DYNAMODB;

/* The store of that name; NULL: there is none. */
const StoreDriver *store_find(const char *name);

#endif
