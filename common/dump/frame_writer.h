/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the frames of a dump, in order: the counterpart of frame_reader.h.
 *
 * Knows the structure of frames and adds their checksums; their meaning is the business of
 * writer.h.  It records what the end of the dump states: the sizes of all frames and the XXH64 of
 * all bytes.  Used by one thread at a time.
 */
#ifndef COMMON_DUMP_FRAME_WRITER_H
#define COMMON_DUMP_FRAME_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/output.h"

typedef struct FrameWriter FrameWriter;

/* Takes over `output`, even on failure. */
bool frame_writer_new(DumpOutput *output, FrameWriter **frames, Error *error);

/* Writes a skippable frame with the JSON text and its checksum.  Frees the text; NULL, for a text
 * whose encoding failed, is passed on as failure. */
bool frame_writer_json(FrameWriter *frames, char *text, Error *error);

/* Writes a compressed zstd frame with `content_size` bytes of content. */
bool frame_writer_data(FrameWriter *frames, Slice frame, uint64_t content_size, Error *error);

/* Writes the seek table and gives the file its final name.  On failure the dump is removed. */
bool frame_writer_finish(FrameWriter *frames, Error *error);

/* Bytes written so far (once finished: the size of the dump), and the XXH64 of all frames. */
uint64_t frame_writer_offset(const FrameWriter *frames);
uint64_t frame_writer_digest(const FrameWriter *frames);

/* Removes an unfinished dump.  Takes NULL. */
void frame_writer_free(FrameWriter *frames);

#endif
