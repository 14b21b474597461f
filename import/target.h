/*
 * The seam for targets: a KV store that a dump is loaded into.
 *
 * A target is one file with a TargetDriver.  The drivers are dumb; the order of what is done, and
 * what a failure means, is in load.c:
 *
 *   open, then, unless it is stamped already: prepare, load for each chunk, complete, stamp; close.
 *
 * A target that was opened must be left as it was until prepare, and with version "0" between
 * prepare and stamp, so that a failed load is told from a finished one.
 */
#ifndef IMPORT_TARGET_H
#define IMPORT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "import/options.h"

/* A target's own state; each driver defines it. */
typedef struct Target Target;

typedef struct TargetDriver {
    const char *name;

    /* Connects, takes the lock, and looks at what is there.  *stamped is the version of a KV store
     * that is complete, 0 where there is none or where it may be replaced.  EXIT_CODE_REFUSED for a
     * store that is not lakeFS's, or a database that does not go with the dump.  *target is to be
     * closed, also after a failure, unless it is NULL. */
    bool (*open)(ImportOptions *options, const DumpHeader *header, Target **target,
                 uint64_t *stamped, Error *error);

    /* Removes what a failed load left, makes an empty store and stamps it "0". */
    bool (*prepare)(Target *target, Error *error);

    /* Adds entries: `tuples` holds `entries` of them. */
    bool (*load)(Target *target, Slice tuples, uint64_t entries, Error *error);

    /* After the last entry: makes the store ready for use, and compares its contents with the
     * manifest's counts. */
    bool (*complete)(Target *target, const DumpManifest *manifest, Error *error);

    /* In one step: the store's version becomes the header's, and the legacy database's that of the
     * KV migration.  After this the migration has happened. */
    bool (*stamp)(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                  Error *error);

    /* Takes NULL. */
    void (*close)(Target *target);
} TargetDriver;

extern const TargetDriver TARGET_POSTGRES;

#endif
