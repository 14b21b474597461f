/*
 * zstd frames: whole ones, compressed and decompressed in memory.
 *
 * Every frame states the size of its content and carries zstd's content checksum.
 */
#ifndef COMMON_DUMP_COMPRESSION_H
#define COMMON_DUMP_COMPRESSION_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Memory and tables of a compressor; one per thread.  Free takes NULL. */
typedef struct Compressor Compressor;

/* The levels of zstd that are offered, and the default.  Level 3, zstd's own default, takes more
 * than three times as long on staged objects and makes nothing smaller: most of what repeats stands
 * close together, and the rest are digests. */
enum { COMPRESSION_LEVEL_MIN = 1, COMPRESSION_LEVEL_MAX = 19, COMPRESSION_LEVEL_DEFAULT = 1 };

bool compressor_new(int level, Compressor **compressor, Error *error);

/* Replaces `frame` by one frame that holds `content`. */
bool compressor_run(Compressor *compressor, Slice content, Buffer *frame, Error *error);
void compressor_free(Compressor *compressor);

/* The largest frame that a sane compressor makes of content of this size. */
size_t compression_bound(size_t content_size);

/* The same for reading. */
typedef struct Decompressor Decompressor;

bool decompressor_new(Decompressor **decompressor, Error *error);

/* Replaces `content` by what `frame` holds, exactly `content_size` bytes.  The frame must be one
 * whole frame that states that size and has a checksum: else false with EXIT_CODE_DUMP. */
bool decompressor_run(Decompressor *decompressor, Slice frame, size_t content_size, Buffer *content,
                      Error *error);
void decompressor_free(Decompressor *decompressor);

#endif
