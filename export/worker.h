/*
 * One of the connections that read the legacy tables, and what it works with.
 */
#ifndef EXPORT_WORKER_H
#define EXPORT_WORKER_H

#include "common/base/arena.h"
#include "common/base/buffer.h"
#include "common/dump/writer.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "export/options.h"
#include "export/redact/distinct_keys.h"
#include "export/redact/entry.h"
#include "export/report.h"
#include "export/written_keys.h"

/* What all workers share.  Only `written` and `redacted` change while they run. */
typedef struct ExportContext {
    const ExportOptions *options;
    PgSchema schema;
    int64_t now; /* the snapshot's time, microseconds since 2000-01-01 00:00:00 UTC */
    WrittenKeys *written;
    DistinctKeys *redacted; /* NULL unless entries are redacted */
} ExportContext;

typedef struct Worker {
    const ExportContext *context;
    PgConnection *connection; /* owned by the run */
    ChunkWriter *chunks;      /* NULL while packages prepare: nothing is written then */
    Redactor *redactor;       /* NULL: entries are written as they are */
    bool checks_only;         /* queries are checked, but their rows are not read */
    Report report;            /* of the package that is being worked on */
    Arena arena;              /* for one row */
    Buffer key;               /* of the entry that is being made */
    Buffer value;             /* likewise, where it is redacted */
} Worker;

#endif
