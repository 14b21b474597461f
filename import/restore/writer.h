/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reading of a dump: writes a repository's entries to a store, changed where the copy is
 * not the original, and counts them.  Its own entry is not written; that comes last, see
 * ChangeDriver.
 */
#ifndef IMPORT_RESTORE_WRITER_H
#define IMPORT_RESTORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/byte_map.h"
#include "common/base/error.h"
#include "common/kv/repository.h"
#include "common/store/change.h"
#include "import/restore/report.h"

typedef struct RestoreWriter {
    const ChangeDriver *driver;
    StoreChange *change;
    const KvRepository *from;
    const KvRepository *to;
    bool multiparts;              /* also write uploads in progress ... */
    const ByteMap *known_uploads; /* ... but these */
    ByteMap *run_keys;            /* gets the keys of runs; NULL: not needed */
    RestoreReport *report;        /* gets the counts */
} RestoreWriter;

/* Reads the dump `file` with `jobs` workers, and verifies it again. */
bool restore_writer_run(RestoreWriter *writer, const char *file, size_t jobs, Error *error);

#endif
