/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a dump: header, chunks, manifest, seek table.
 *
 * Several threads produce chunks, yet the file is deterministic: the work is divided into units 0,
 * 1, ..., each done by one worker, and chunks are written in the order of units.  A worker ahead of
 * its turn buffers its chunks, up to a limit, and then waits.
 *
 * Call dump_writer_new; for each worker chunk_writer_new, then for each of its units
 * chunk_writer_begin, chunk_writer_add for each entry, and chunk_writer_end; chunk_writer_free;
 * then dump_writer_finish.  Every unit must be done by some worker, in ascending order.
 * dump_writer_free removes an unfinished dump at any time.
 */
#ifndef COMMON_DUMP_WRITER_H
#define COMMON_DUMP_WRITER_H

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/dump/output.h"

typedef struct DumpWriter DumpWriter;

/* Starts a dump and writes its header.  Takes over `output`, even on failure.  `workers`: the
 * maximum number of parallel writers. */
bool dump_writer_new(DumpOutput *output, const DumpHeader *header, size_t workers,
                     DumpWriter **writer, Error *error);

/* Call it when a worker has failed: workers that wait for their turn, now or later, fail too. */
void dump_writer_stop(DumpWriter *writer);

/*
 * Completes the dump.  The caller fills the manifest's packages (the header's, in its order) with
 * source_rows, left_out and adjusted; this function fills all other members.  The file gets its
 * final name, or is removed on failure.
 */
bool dump_writer_finish(DumpWriter *writer, DumpManifest *manifest, Error *error);

/* The size of the finished dump, in bytes. */
uint64_t dump_writer_size(const DumpWriter *writer);

/* Frees the writer and removes an unfinished dump.  Takes NULL. */
void dump_writer_free(DumpWriter *writer);

/* Collects the entries of one worker into chunks.  One per thread; free takes NULL. */
typedef struct ChunkWriter ChunkWriter;

bool chunk_writer_new(DumpWriter *writer, ChunkWriter **chunks, Error *error);

/* Begins a unit.  Its first entries are of `package`, an index into the header's.  Waits while the
 * unit is too far ahead. */
bool chunk_writer_begin(ChunkWriter *chunks, size_t unit, size_t package, Error *error);

/* Sets the package of the entries that follow.  A unit may contain entries of several packages, in
 * any order: each package gets its own chunks. */
void chunk_writer_set_package(ChunkWriter *chunks, size_t package);

/* Adds an entry; the caller writes its `value_size` bytes to *value before the next call. */
bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error);

/* Ends the unit. */
bool chunk_writer_end(ChunkWriter *chunks, Error *error);
void chunk_writer_free(ChunkWriter *chunks);

#endif
