/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of the connections that read the legacy tables, and its state.
 */
#ifndef EXPORT_WORKER_H
#define EXPORT_WORKER_H

#include "common/base/arena.h"
#include "common/base/buffer.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "export/emit.h"
#include "export/legacy/written_keys.h"
#include "export/options.h"
#include "export/report.h"

/* Shared by all workers.  Only `written` changes while they run. */
typedef struct ExportContext {
    const ExportOptions *options;
    PgSchema schema;
    int64_t now; /* the snapshot's time, or --as-of; microseconds since 2000-01-01 00:00:00 UTC */
    WrittenKeys *written;
} ExportContext;

typedef struct Worker {
    const ExportContext *context;
    PgConnection *connection; /* borrowed */
    Emitter emitter;          /* cannot write while packages prepare */
    bool checks_only;         /* check queries, but do not read their rows */
    uint64_t row_limit;       /* rows to read of each query without a range; 0: all */
    Report report;            /* of the current package */
    Arena arena;              /* for one row */
    Buffer key;               /* of the current entry */
} Worker;

/* Frees what a worker has, but not the connection. */
void worker_free(Worker *worker);

#endif
