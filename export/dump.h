/*
 * The dump that an export writes, whatever it reads: the output, the redaction, the writer and the
 * manifest, from the first look at the options to the last message.
 *
 * Order of calls: export_dump_prepare before anything is touched, export_dump_open,
 * export_dump_begin when the header is known, for each worker export_dump_new_emitter; then
 * export_dump_finish. export_dump_free at any time removes an unfinished dump.
 */
#ifndef EXPORT_DUMP_H
#define EXPORT_DUMP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/dump/output.h"
#include "common/dump/writer.h"
#include "export/emit.h"
#include "export/options.h"
#include "export/redact/key_file.h"

/* {.options = …} is ready for export_dump_prepare. */
typedef struct ExportDump {
    const ExportOptions *options;
    RedactKey redact_key;   /* where entries are redacted ... */
    Redactor *redactor;     /* ... and so is the header */
    DistinctKeys *redacted; /* NULL unless entries are redacted */
    DumpOutput *output;     /* until the writer takes it over */
    DumpWriter *writer;
    DumpManifest manifest; /* the export counts its packages' rows */
    char omitted[DUMP_MAX_OMITTED][64];
} ExportDump;

/* Reads or makes the key of pseudonyms, and has OpenSSL get what it needs (sha256_prepare). */
bool export_dump_prepare(ExportDump *dump, Error *error);

/* Opens the output; in a dry run it is only looked whether that could be done. */
bool export_dump_open(ExportDump *dump, Error *error);

/* Adds a package to the header and to the manifest, or to what the header says is omitted where the
 * options do not choose it.  Returns whether they do. */
bool export_dump_add_package(ExportDump *dump, DumpHeader *header, const char *name);

/* Fills in what the options say of the header, redacts it if that is asked for, and writes it. */
bool export_dump_begin(ExportDump *dump, DumpHeader *header, Error *error);

/* Readies a worker's emitter; end with emitter_free, also after a failure. */
bool export_dump_new_emitter(ExportDump *dump, Emitter *emitter, Error *error);

/* Completes the dump, and says what is in it. */
bool export_dump_finish(ExportDump *dump, Error *error);

void export_dump_free(ExportDump *dump);

#endif
