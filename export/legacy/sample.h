/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates an export of the legacy tables by exporting a sample of their rows to nowhere, on as
 * many connections and with the same code.
 *
 * A small table is read whole, a large one at places that are spread over all its pages, until time
 * is up.  What it gave is multiplied by the pages that it has for each one that was read: so dead
 * space and outdated statistics of the server do not matter.
 */
#ifndef EXPORT_LEGACY_SAMPLE_H
#define EXPORT_LEGACY_SAMPLE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/dump.h"
#include "export/estimate.h"
#include "export/legacy/snapshot.h"
#include "export/package.h"

/* An export that could begin now; all is borrowed. */
typedef struct SampleSource {
    const ExportContext *context;
    const Snapshot *snapshot;
    PgConnection *connection; /* holds the snapshot */
    const UnitList *units;
    const ExportDump *dump;   /* with its packages */
    const DumpHeader *header; /* not yet completed by export_dump_begin */
} SampleSource;

/* Takes a second or so, and at most a few.  `estimate` has what the preparation took in `seconds`
 * already.  Fails, like the export, for a row of the sample that is refused; connection and
 * snapshot can be used again even then. */
bool sample_export(const SampleSource *source, ExportEstimate *estimate, Error *error);

#endif
