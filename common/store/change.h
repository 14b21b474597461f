/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interface for changing a part of a KV store that is in use: a repository, or a package.
 * common/store/target.h is the interface for loading a whole one.
 *
 * Drivers make no decisions; what is changed, and in which order, is in import/restore/.  A running
 * lakeFS may go on: it waits only for keys that it writes itself and that are changed here.
 *
 * Order of calls: open; read_range and remove; put, then switch_record or merge; end; close.  Only
 * one thread at a time may use a change.
 */
#ifndef COMMON_STORE_CHANGE_H
#define COMMON_STORE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/byte_map.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"
#include "common/store/ranges.h"
#include "common/store/target.h"

/* What to do with what exists already; and the words for it, in this order. */
#define EXISTING_WORDS "refuse skip overwrite"
typedef enum ExistingAction { EXISTING_REFUSE, EXISTING_SKIP, EXISTING_OVERWRITE } ExistingAction;

/* The entries of `merge`. */
typedef struct MergeCounts {
    uint64_t added;
    uint64_t equal;     /* the store had them */
    uint64_t different; /* the store has, or had, another value */
} MergeCounts;

/* Sets the error of `merge` for entries that have another value; `example` names one, as
 * `PARTITION", key "KEY`.  Always returns false. */
bool store_change_refuse_different(const MergeCounts *counts, const char *example, Error *error);

/* A driver's own state. */
typedef struct StoreChange StoreChange;

typedef struct ChangeDriver {
    const char *name;

    /* All changes take effect at `end`, or none does.  Otherwise each takes effect by itself. */
    bool is_atomic;

    /* For signals_start: cancels whatever waits for the store, and returns whether anything did. */
    bool (*cancel)(void);

    /* Connects to a stamped store and returns its version.  Waits for other programs of this kind
     * to end if the store can tell.  EXIT_CODE_REFUSED if it is no stamped KV store.  Unless
     * *change is NULL, close it, even after a failure. */
    bool (*open)(const TargetOptions *options, StoreChange **change, uint64_t *version,
                 Error *error);

    /* See StoreRanges, whose state is the change.  Sees what was changed so far. */
    bool (*read_range)(void *change, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error);

    /* Deletes the entries of a range and adds their number to *count.  Entries with these keys
     * stay; `kept` is NULL, and must be, if the driver is atomic. */
    bool (*remove)(StoreChange *change, Slice partition, Slice prefix, const ByteMap *kept,
                   uint64_t *count, Error *error);

    /* Writes new entries.  EXIT_CODE_REFUSED, now or in switch_record, if one exists and the store
     * can tell. */
    bool (*put)(StoreChange *change, Slice tuples, Error *error);

    /* After everything that it leads to was put: writes a repository's entry in place of the value
     * `replaced` (NULL: there is none).  EXIT_CODE_REFUSED if that is not what is there. */
    bool (*switch_record)(StoreChange *change, const Entry *record, const Slice *replaced,
                          Error *error);

    /* Instead of put and switch_record, for entries that may exist: collects them (`collect`), then
     * writes them as `action` says.  With EXISTING_REFUSE nothing is written if one has another
     * value: EXIT_CODE_REFUSED. */
    bool (*collect)(StoreChange *change, Slice tuples, Error *error);
    bool (*merge)(StoreChange *change, ExistingAction action, MergeCounts *counts, Error *error);

    bool (*end)(StoreChange *change, Error *error);

    /* Takes NULL.  Without `end`, an atomic driver leaves the store unchanged. */
    void (*close)(StoreChange *change);
} ChangeDriver;

extern const ChangeDriver CHANGE_POSTGRES;
extern const ChangeDriver CHANGE_DYNAMODB;

/* Returns the driver for the target of that name; NULL if there is none. */
const ChangeDriver *store_change_find(const char *name);

#endif
