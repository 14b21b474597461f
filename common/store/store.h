/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interface of KV stores for reading: to compare them with a dump or to export them.
 *
 * A store is one StoreDriver.  Several workers read its entries, in parts that are the same on
 * every run, and from one snapshot if the store supports that. common/store/target.h is the
 * interface for writing.
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
#include "common/store/ranges.h"

/* Identifies the store.  All strings are borrowed and must outlive the open store. */
typedef struct StoreOptions {
    PgOptions *pg; /* `program` is used for every kind of store */
    const DynamoOptions *dynamodb;
    const char *schema; /* NULL: found through the search_path */
    const char *table;
    const char *snapshot; /* the exported snapshot to read from; NULL: a new one */
    int lock_wait_timeout_ms;
    int jobs; /* number of parallel workers */
} StoreOptions;

/* A driver's own state. */
typedef struct Store Store;

/* Properties of a store and of the snapshot that is read.  Strings are owned by the store. */
typedef struct StoreInfo {
    const char *database;          /* for DynamoDB: the table */
    uint32_t database_oid;         /* 0 for DynamoDB */
    const char *schema;            /* for DynamoDB: the region */
    const char *server_version;    /* "" if the store has none */
    const char *system_identifier; /* of the cluster; "" if unknown */
    const char *snapshot;          /* as pg_current_snapshot() prints it; "" if there is none */
    const char *time;              /* RFC 3339, UTC */
    uint64_t schema_version;       /* of the legacy tables; 0 if there is none */
    uint64_t estimated_entries;    /* for progress reports; 0: unknown */
} StoreInfo;

/* Callbacks for the entries read.  Those of a worker are called on its own thread. */
typedef struct EntryVisitor {
    /* Initializes a worker; *worker is passed to the other functions, and to `end` even after a
     * failure.  NULL: `state` is passed to them. */
    bool (*begin)(void *state, void **worker, Error *error);

    /* Called before and after the entries of a part.  Parts are numbered from 0; each goes to one
     * worker, in ascending order.  May be NULL. */
    bool (*begin_part)(void *worker, size_t part, Error *error);
    bool (*end_part)(void *worker, Error *error);

    /* Receives an entry and its tuple, as in a dump; the entry points into the tuple. */
    bool (*visit)(void *worker, const Entry *entry, Slice tuple, Error *error);

    /* Ends a worker; `complete`: it has read all of its parts.  May be NULL. */
    bool (*end)(void *worker, bool complete, Error *error);

    /* Called once when a worker has failed, to end the others.  NULL if the visitor's functions
     * never wait for each other. */
    void (*stop)(void *state);
} EntryVisitor;

typedef struct StoreDriver {
    const char *name;

    /* For signals_start: cancels whatever waits for the store, and returns whether anything did. */
    bool (*cancel)(void);

    /* Connects to a store without locking or changing it, and returns its version, whatever it is.
     * EXIT_CODE_REFUSED if there is no store or something else in its place.  Unless *store is
     * NULL, close it, even after a failure. */
    bool (*open)(const StoreOptions *options, Store **store, uint64_t *version, Error *error);

    bool (*describe)(Store *store, StoreInfo *info, Error *error);

    /* Reads all entries except the version's and reports progress.  May be repeated: the snapshot
     * stays that of the first time, if the store has snapshots. */
    bool (*read)(Store *store, const EntryVisitor *visitor, void *state, Error *error);

    /* Reads some entries, see StoreRanges, whose state is the store.  Sees the same snapshot. */
    bool (*read_range)(void *store, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error);

    /* Takes NULL. */
    void (*close)(Store *store);
} StoreDriver;

/* Reads one part; `reader` is the driver's state of the thread. */
typedef bool StorePartReader(void *reader, size_t part, void *worker, Error *error);

/* The work of one thread of a driver's `read`: runs a worker of the visitor from begin to end over
 * the parts that it takes. */
bool store_read_parts(WorkPieces *parts, const EntryVisitor *visitor, void *state,
                      StorePartReader *read, void *reader, Error *error);

/* Stops the threads after one of them has failed. */
void store_stop(WorkPieces *parts, const EntryVisitor *visitor, void *state);

extern const StoreDriver STORE_POSTGRES;
extern const StoreDriver STORE_DYNAMODB;

/* Returns the store of that name; NULL if there is none. */
const StoreDriver *store_find(const char *name);

#endif
