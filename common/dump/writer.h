/*
 * Writes a dump: header, chunks, manifest, seek table.
 *
 * Chunks come from several threads at once, and yet the file does not depend on chance: the work is
 * cut into units 0, 1, ..., each done by one worker, and chunks stand in the order of units.  A
 * worker that is ahead of its turn keeps its chunks, up to a bound, and then waits.
 *
 * Order of calls: dump_writer_new; for each worker chunk_writer_new, then for each unit that it
 * takes (every number must be taken by somebody, the lower ones first) chunk_writer_begin,
 * chunk_writer_add for each entry, chunk_writer_end; chunk_writer_free; then dump_writer_finish.
 * dump_writer_free at any time removes an unfinished dump.
 */
#ifndef COMMON_DUMP_WRITER_H
#define COMMON_DUMP_WRITER_H

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/dump/output.h"

typedef struct DumpWriter DumpWriter;

/* Starts a dump and writes its header.  Takes over `output`, also when it fails.  `workers`: how
 * many will write at once, at most. */
bool dump_writer_new(DumpOutput *output, const DumpHeader *header, size_t workers,
                     DumpWriter **writer, Error *error);

/* A worker has failed: those that wait for their turn, or come to do so, fail too. */
void dump_writer_stop(DumpWriter *writer);

/*
 * Completes the dump.  The manifest comes with its packages (the header's, in its order), their
 * source_rows, left_out and adjusted; all other members are filled here.  The file has its name
 * afterwards, or is gone when this fails.
 */
bool dump_writer_finish(DumpWriter *writer, DumpManifest *manifest, Error *error);

/* Frees the writer and removes an unfinished dump.  Takes NULL. */
void dump_writer_free(DumpWriter *writer);

/* Collects one worker's entries into chunks.  One per thread; free takes NULL. */
typedef struct ChunkWriter ChunkWriter;

bool chunk_writer_new(DumpWriter *writer, ChunkWriter **chunks, Error *error);

/* Begins a unit, whose first entries are of this package, an index into the header's.  Waits while
 * the unit is too far ahead. */
bool chunk_writer_begin(ChunkWriter *chunks, size_t unit, size_t package, Error *error);

/* The entries that follow are of this package.  A unit may hold entries of several packages, in any
 * order: they go to chunks of their own. */
void chunk_writer_set_package(ChunkWriter *chunks, size_t package);

/* Adds an entry; *value is where its `value_size` bytes are to be written before the next call. */
bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error);

/* Ends the unit. */
bool chunk_writer_end(ChunkWriter *chunks, Error *error);
void chunk_writer_free(ChunkWriter *chunks);

#endif
