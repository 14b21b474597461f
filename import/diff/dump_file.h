/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump that is read several times.
 *
 * It is opened once, so that each reading is of the same file even if its name is given to another
 * one meanwhile.  What comes through a pipe is first copied to a temporary file.
 */
#ifndef IMPORT_DIFF_DUMP_FILE_H
#define IMPORT_DIFF_DUMP_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"
#include "common/kv/entry.h"

/* What is known of a chunk. */
typedef struct FrameInfo {
    SetDigest digest; /* of the compressed frame: equal frames hold equal entries */
    uint64_t entries;
    size_t chunk; /* its number */
    const char *package;
    bool may_hold_branches; /* as far as its bounds tell; likewise */
    bool may_hold_records;  /* the entries of repositories */
} FrameInfo;

/* {0} is not open. */
typedef struct DumpFile {
    const char *name; /* the path, for messages; NULL: standard input */
    int fd;           /* if `open` */
    bool open;
    DumpReader *reader; /* owns the header */
    DumpManifest manifest;
    FrameInfo *frames; /* of all chunks, after dump_file_scan; owned */
    size_t frame_count;
    size_t frame_capacity;
    bool *chosen;        /* chunks that dump_file_read reads; owned */
    SetDigest *contents; /* by chunk, of the entries of those that it has read; owned */
    DumpPackageTotals read[DUMP_MAX_PACKAGES]; /* of those, by the header's packages */
} DumpFile;

/* Opens a dump (NULL or "-": standard input), reads header and manifest.  End with
 * dump_file_close, also after a failure. */
bool dump_file_open(const char *path, DumpFile *file, Error *error);

const DumpHeader *dump_file_header(const DumpFile *file);

/* Reads every byte of the file, checks all that shows without unpacking the chunks, and fills in
 * `frames` and `chosen`, in which all are chosen. */
bool dump_file_scan(DumpFile *file, Error *error);

/* Choose the chunks that may hold branches, those that may hold branches or repositories' entries,
 * and all. */
void dump_file_choose_branches(DumpFile *file);
void dump_file_choose_repositories(DumpFile *file);
void dump_file_choose_all(DumpFile *file);

/* Receives an entry and its tuple, on one of several threads. */
typedef bool EntryFunction(void *state, const Entry *entry, Slice tuple, Error *error);

/* Unpacks the chosen chunks with `workers` threads and passes on their entries; reports progress.
 * Checks the chunks and fills in `contents` and `read`, unless that has been done: `again`.
 * *stop (NULL: it does not) ends it early. */
bool dump_file_read(DumpFile *file, bool again, size_t workers, EntryFunction *visit, void *state,
                    const atomic_bool *stop, Error *error);

void dump_file_close(DumpFile *file);

#endif
