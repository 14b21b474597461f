/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a dump from a file or a pipe and verifies all of it.
 *
 * Call dump_reader_open; then, until the end, dump_reader_next, dump_chunk_unpack (from any thread)
 * and dump_reader_account (in the order of the chunks); then dump_reader_finish.  Only the success
 * of the last proves that the dump is complete.  Anything wrong with a dump is an error with
 * EXIT_CODE_DUMP that names the file and the offset.
 */
#ifndef COMMON_DUMP_READER_H
#define COMMON_DUMP_READER_H

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/memory_budget.h"
#include "common/dump/bounds.h"
#include "common/dump/compression.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"

typedef struct DumpReader DumpReader;

/* A chunk as stored in the file.  {0} is an empty one; end with dump_chunk_free. */
typedef struct DumpChunk {
    uint64_t index;    /* 0, 1, ... */
    size_t package;    /* index into the header's packages */
    uint64_t entries;  /* as announced */
    size_t size;       /* decompressed size, as announced */
    uint64_t offset;   /* of the zstd frame in the file */
    Buffer frame;      /* the zstd frame */
    DumpBounds bounds; /* as announced */
    size_t taken;      /* bytes of `budget` that it has taken */
    MemoryBudget *budget;
} DumpChunk;

/* Opens `path` (NULL or "-": standard input) and reads the header.  Messages call it `name`. */
bool dump_reader_open_as(const char *path, const char *name, DumpReader **reader, Error *error);

/* The same, where messages name the path. */
static inline bool dump_reader_open(const char *path, DumpReader **reader, Error *error)
{
    return dump_reader_open_as(path, path, reader, error);
}

/* The header, owned by the reader. */
const DumpHeader *dump_reader_header(const DumpReader *reader);

/* The size of the dump in bytes; of one that cannot seek when all of it has been read. */
uint64_t dump_reader_size(const DumpReader *reader);

/*
 * Reads the manifest in advance if the input can seek, so that a truncated dump is noticed before
 * anything is done with it.  *found tells whether it could.  The manifest is not yet compared with
 * the chunks.  End with dump_manifest_free.
 */
bool dump_reader_peek_manifest(DumpReader *reader, bool *found, DumpManifest *manifest,
                               Error *error);

/* From now on dump_reader_next skips the chunks of all packages but this one, an index into the
 * header's.  What is read then is not verified as a whole: dump_reader_finish must not follow. */
void dump_reader_choose_package(DumpReader *reader, size_t package);

/* From now on dump_reader_next skips the chunks before number `first`, and reports the end after
 * `count` chunks; dump_reader_finish must not follow. */
void dump_reader_choose_chunks(DumpReader *reader, uint64_t first, uint64_t count);

/* From now on dump_reader_next skips the chunks that are not chosen, of which there are `count`;
 * dump_reader_finish must not follow.  The array is borrowed. */
void dump_reader_choose_listed(DumpReader *reader, const bool *chosen, size_t count);

/*
 * From now on a chunk that is larger than those of many entries takes the memory for its frame and
 * its content from `budget` before its frame is read, so that the workers of a dump do not each
 * need as much as the largest entry.  Free the content, then call dump_chunk_free, before the next
 * chunk is read.  Readers may share a budget.
 */
void dump_reader_limit_memory(DumpReader *reader, MemoryBudget *budget);

/* The limit for large chunks.  A larger one is read when there is no other. */
enum { DUMP_READER_BUDGET = 256 * 1024 * 1024 };

/*
 * From now on dump_reader_next skips chunks that hold no entries of the partition, or none whose
 * key begins with the prefix, if the input can seek and the bounds of the chunk tell.  NULL: any.
 * The texts are borrowed.  When dump_reader_has_skipped, dump_reader_finish must not follow.
 */
void dump_reader_choose_entries(DumpReader *reader, const Slice *partition, const Slice *prefix);
bool dump_reader_has_skipped(const DumpReader *reader);

/* Reads the next chunk.  After the last one, *end is set instead. */
bool dump_reader_next(DumpReader *reader, DumpChunk *chunk, bool *end, Error *error);

/* Reads the rest of the chunks without keeping them; dump_reader_finish_unread may follow. */
bool dump_reader_pass_chunks(DumpReader *reader, Error *error);

/* Decompresses a chunk into `content`, checks its number of entries and computes their set
 * digest. */
bool dump_chunk_unpack(const DumpReader *reader, Decompressor *decompressor, const DumpChunk *chunk,
                       Buffer *content, SetDigest *digest, Error *error);

/* Only decompresses a chunk that has been unpacked and checked before. */
bool dump_chunk_unpack_again(const DumpReader *reader, Decompressor *decompressor,
                             const DumpChunk *chunk, Buffer *content, Error *error);

/* Adds an unpacked chunk to what will be compared with the manifest. */
bool dump_reader_account(DumpReader *reader, const DumpChunk *chunk, Slice content,
                         SetDigest digest, Error *error);

/* Reads the manifest and the seek table and compares them with everything accounted for. */
bool dump_reader_finish(DumpReader *reader, DumpManifest *manifest, Error *error);

/* Like dump_reader_finish, for chunks that were not unpacked: compares only what the file itself
 * shows. */
bool dump_reader_finish_unread(DumpReader *reader, DumpManifest *manifest, Error *error);

/* Frees the frame and gives back what was taken of the budget. */
void dump_chunk_free(DumpChunk *chunk);
/* Takes NULL. */
void dump_reader_free(DumpReader *reader);

#endif
