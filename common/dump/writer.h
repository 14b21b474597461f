/*
 * Writes a dump: header, chunks in any order and from any thread, manifest, seek table.
 *
 * Order of calls: dump_writer_new, then for each worker chunk_writer_new, chunk_writer_begin for
 * each package it works on, chunk_writer_add for each entry, chunk_writer_flush, chunk_writer_free;
 * then dump_writer_finish.  dump_writer_free at any time removes an unfinished dump.
 */
#ifndef COMMON_DUMP_WRITER_H
#define COMMON_DUMP_WRITER_H

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"
#include "common/dump/output.h"

typedef struct DumpWriter DumpWriter;

/* Starts a dump and writes its header.  Takes over `output`, also when it fails. */
bool dump_writer_new(DumpOutput *output, const DumpHeader *header, DumpWriter **writer,
                     Error *error);

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

/* From here on entries are of this package, an index into the header's.  Nothing may wait to be
 * flushed. */
void chunk_writer_begin(ChunkWriter *chunks, size_t package);

/* Adds an entry; *value is where its `value_size` bytes are to be written before the next call. */
bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error);

/* Writes what has been collected as a chunk. */
bool chunk_writer_flush(ChunkWriter *chunks, Error *error);
void chunk_writer_free(ChunkWriter *chunks);

#endif
