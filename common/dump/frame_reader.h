/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the frames of a dump, in order, from a file or a pipe.
 *
 * Knows the structure of frames and verifies their checksums; their meaning is the business of
 * reader.h.  It records what is needed to verify the dump as a whole: the sizes of all frames and
 * the XXH64 of all bytes.  Errors in the contents have EXIT_CODE_DUMP and name the file and the
 * offset.
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

/* Opens `path`; NULL or "-" is standard input.  Messages call it `name`. */
bool frame_reader_open(const char *path, const char *name, FrameReader **frames, Error *error);

/* Reads a JSON frame; *json is valid until the next call. */
bool frame_reader_json(FrameReader *frames, Slice *json, Error *error);

/* Replaces `frame` with the next `compressed_size` bytes, a zstd frame.  `content_size` is recorded
 * for comparison with the seek table. */
bool frame_reader_data(FrameReader *frames, size_t compressed_size, size_t content_size,
                       Buffer *frame, Error *error);

/* Reads the next `compressed_size` bytes, a zstd frame, without keeping them. */
bool frame_reader_pass(FrameReader *frames, size_t compressed_size, size_t content_size,
                       Error *error);

/* Skips the next `compressed_size` bytes, a zstd frame, by seeking if the input allows it.  This
 * invalidates the digest of all bytes: frame_reader_finish must not follow. */
bool frame_reader_skip(FrameReader *frames, size_t compressed_size, Error *error);

/* Whether the input can seek: then frames are skipped unread. */
bool frame_reader_can_seek(const FrameReader *frames);

/* Reads the seek table, compares it with the frames read, and checks that nothing follows. */
bool frame_reader_finish(FrameReader *frames, Error *error);

/* Offset of the next byte. */
uint64_t frame_reader_offset(const FrameReader *frames);

/* The size of a regular file; otherwise what has been read, which is all after frame_reader_finish.
 */
uint64_t frame_reader_size(const FrameReader *frames);

/* XXH64 of all bytes before the offset. */
uint64_t frame_reader_digest(const FrameReader *frames);

/*
 * Reads the last JSON frame by using the seek table, without changing the read position; *offset is
 * where it starts.  *found is false, and *json empty, when the input cannot seek.
 */
bool frame_reader_last_json(FrameReader *frames, bool *found, Buffer *json, uint64_t *offset,
                            Error *error);

/* Prefixes the message of an error in the contents with the file name and `offset`.  Always returns
 * false. */
bool frame_reader_error_at(const FrameReader *frames, uint64_t offset, Error *error);

/* Takes NULL. */
void frame_reader_free(FrameReader *frames);

#endif
