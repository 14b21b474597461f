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

/*
 * The levels that are offered, zstd's own but for two things: 0 stores, as users of pg_dump expect
 * it (for zstd it is another name of its default), and negative levels, zstd's fast ones, compress
 * literals too: it takes them little time, and a third of the size.
 *
 * Measured on staged objects, 456 MB on one core of 2024: level -3 takes 0.35 s and leaves 148 MB;
 * 1: 0.46 s, 145 MB; 3, zstd's default: 0.94 s, 146 MB; 0: 0.04 s.  Most of what repeats stands
 * close together, and the rest are digests, so that more effort finds nothing more.
 */
#define COMPRESSION_LEVEL_MIN -7 /* without parentheses, as --help shows them */
#define COMPRESSION_LEVEL_MAX 19
#define COMPRESSION_LEVEL_DEFAULT -3
enum { COMPRESSION_LEVEL_STORE = 0 };

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
