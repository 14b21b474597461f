/*
 * Reads a dump from a file or a pipe and checks all of it.
 *
 * Order of calls: dump_reader_open; then until the end dump_reader_next, dump_chunk_unpack (from
 * any thread) and dump_reader_account (in the order of the chunks); then dump_reader_finish, which
 * alone says that the dump is whole.  Whatever is wrong with a dump is an error with
 * EXIT_CODE_DUMP that names the file and the offset.
 */
#ifndef COMMON_DUMP_READER_H
#define COMMON_DUMP_READER_H

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/dump/compression.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"

typedef struct DumpReader DumpReader;

/* A chunk as it stands in the file.  {0} is an empty one; end with dump_chunk_free. */
typedef struct DumpChunk {
    uint64_t index;   /* 0, 1, ... */
    size_t package;   /* index into the header's packages */
    uint64_t entries; /* as announced */
    size_t size;      /* decompressed, as announced */
    uint64_t offset;  /* of the zstd frame in the file */
    Buffer frame;     /* the zstd frame */
} DumpChunk;

/* Opens `path` (NULL or "-": standard input) and reads the header. */
bool dump_reader_open(const char *path, DumpReader **reader, Error *error);

/* The header, owned by the reader. */
const DumpHeader *dump_reader_header(const DumpReader *reader);

/*
 * Reads the manifest ahead where the input can seek, so that a dump that was cut is known before
 * anything is done with it.  *found says whether it could.  The manifest is not yet held against
 * the chunks.  End with dump_manifest_free.
 */
bool dump_reader_peek_manifest(DumpReader *reader, bool *found, DumpManifest *manifest,
                               Error *error);

/* From here on dump_reader_next passes over the chunks of all other packages than this one, an
 * index into the header's, as quickly as it can.  What is read then is not checked as a whole:
 * dump_reader_finish must not follow. */
void dump_reader_choose_package(DumpReader *reader, size_t package);

/* From here on dump_reader_next passes over the chunks before number `first`, and comes to its end
 * behind `count` chunks; dump_reader_finish must not follow. */
void dump_reader_choose_chunks(DumpReader *reader, uint64_t first, uint64_t count);

/* Reads the next chunk; *end, and no chunk, after the last one. */
bool dump_reader_next(DumpReader *reader, DumpChunk *chunk, bool *end, Error *error);

/* Decompresses a chunk into `content`, counts its entries and computes their set digest. */
bool dump_chunk_unpack(const DumpReader *reader, Decompressor *decompressor, const DumpChunk *chunk,
                       Buffer *content, SetDigest *digest, Error *error);

/* Adds an unpacked chunk to what the manifest will be held against. */
bool dump_reader_account(DumpReader *reader, const DumpChunk *chunk, Slice content,
                         SetDigest digest, Error *error);

/* Reads the manifest and the seek table and compares them with all that was accounted for. */
bool dump_reader_finish(DumpReader *reader, DumpManifest *manifest, Error *error);

/* Like dump_reader_finish, where chunks were not unpacked: only what the file itself shows is
 * compared. */
bool dump_reader_finish_unread(DumpReader *reader, DumpManifest *manifest, Error *error);

void dump_chunk_free(DumpChunk *chunk);
/* Takes NULL. */
void dump_reader_free(DumpReader *reader);

#endif
