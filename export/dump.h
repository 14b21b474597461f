/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the dump of an export, whatever its source: output, redaction, writer and manifest, up to
 * the final messages.
 *
 * Order of calls: export_dump_prepare before anything is touched; export_dump_open;
 * export_dump_add_package and export_dump_begin once the header is known; for each worker
 * export_dump_new_emitter; export_dump_finish.  export_dump_free removes an unfinished dump, at any
 * time.
 */
#ifndef EXPORT_DUMP_H
#define EXPORT_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/dump/output.h"
#include "common/dump/writer.h"
#include "export/emit.h"
#include "export/options.h"
#include "export/redact/key_file.h"

/* Initialise with {.options = options}. */
typedef struct ExportDump {
    const ExportOptions *options;
    RedactKey redact_key;   /* with --redact; likewise the next two */
    Redactor *redactor;     /* of the header */
    DistinctKeys *redacted; /* of all workers */
    DumpOutput *output;     /* NULL once the writer owns it */
    bool is_file;           /* the output is one, not a pipe or a device */
    DumpWriter *writer;
    DumpManifest manifest; /* the export adds the counts of its packages */
    char omitted[DUMP_MAX_OMITTED][64];
} ExportDump;

/* Reads or generates the key for pseudonyms. */
bool export_dump_prepare(ExportDump *dump, Error *error);

/* Opens the output; in a dry run, only checks whether that is possible. */
bool export_dump_open(ExportDump *dump, Error *error);

/* Adds a package to header and manifest if the options choose it, else to the header's list of what
 * is omitted.  Returns whether it is chosen. */
bool export_dump_add_package(ExportDump *dump, DumpHeader *header, const char *name);

/* Completes the header from the options, redacts it with --redact, and writes it. */
bool export_dump_begin(ExportDump *dump, DumpHeader *header, Error *error);

/* Begins to report progress, of about so many rows; 0: unknown.  progress_end ends it. */
void export_dump_begin_progress(uint64_t rows);

/* Sets up a worker's emitter.  End with emitter_free, even after a failure. */
bool export_dump_new_emitter(ExportDump *dump, Emitter *emitter, Error *error);

/* Completes the dump and reports what is in it. */
bool export_dump_finish(ExportDump *dump, Error *error);

void export_dump_free(ExportDump *dump);

#endif
