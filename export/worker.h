/*
 * One of the connections that read the legacy tables, and what it works with.
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

/* What all workers share.  Only `written` changes while they run. */
typedef struct ExportContext {
    const ExportOptions *options;
    PgSchema schema;
    int64_t now; /* the snapshot's time, or --as-of; microseconds since 2000-01-01 00:00:00 UTC */
    WrittenKeys *written;
} ExportContext;

typedef struct Worker {
    const ExportContext *context;
    PgConnection *connection; /* owned by the run */
    Emitter emitter;          /* writes nothing while packages prepare */
    bool checks_only;         /* queries are checked, but their rows are not read */
    Report report;            /* of the package that is being worked on */
    Arena arena;              /* for one row */
    Buffer key;               /* of the entry that is being made */
} Worker;

#endif
