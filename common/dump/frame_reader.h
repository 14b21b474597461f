/*
 * Reads a dump's frames, one after the other, from a file or a pipe.
 *
 * It knows the shape of frames and checks their own checksums; what they mean is the business of
 * reader.h.  It keeps what is needed to check the whole: the sizes of all frames, and the XXH64 of
 * all bytes.  Errors of the contents carry EXIT_CODE_DUMP and name the file and the offset.
 */
#ifndef COMMON_DUMP_FRAME_READER_H
#define COMMON_DUMP_FRAME_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/seek_table.h"

typedef struct FrameReader FrameReader;

/* Opens `path`; NULL or "-" is standard input. */
bool frame_reader_open(const char *path, FrameReader **frames, Error *error);

/* Reads a JSON frame; *json is valid until the next call. */
bool frame_reader_json(FrameReader *frames, Slice *json, Error *error);

/* Replaces `frame` by the next `compressed_size` bytes, a zstd frame.  `content_size` is noted for
 * the comparison with the seek table. */
bool frame_reader_data(FrameReader *frames, size_t compressed_size, size_t content_size,
                       Buffer *frame, Error *error);

/* Passes over the next `compressed_size` bytes, a zstd frame, without reading them where the input
 * can seek.  The digest of all bytes is lost by that: frame_reader_finish must not follow. */
bool frame_reader_skip(FrameReader *frames, size_t compressed_size, Error *error);

/* Reads the seek table, compares it with the frames that were read, and makes sure that nothing
 * follows. */
bool frame_reader_finish(FrameReader *frames, Error *error);

/* Offset of the next byte; bytes of the frames read so far. */
uint64_t frame_reader_offset(const FrameReader *frames);

/* XXH64 of all bytes up to the offset. */
uint64_t frame_reader_digest(const FrameReader *frames);

/*
 * Reads the last JSON frame by way of the seek table, without moving the place of reading; *offset
 * is where it begins.  *found is false where the input cannot seek; *json is then empty.
 */
bool frame_reader_last_json(FrameReader *frames, bool *found, Buffer *json, uint64_t *offset,
                            Error *error);

/* Puts the file's name and `offset` before the message of an error of the contents.  Always
 * returns false. */
bool frame_reader_error_at(const FrameReader *frames, uint64_t offset, Error *error);

/* Takes NULL. */
void frame_reader_free(FrameReader *frames);

#endif
