/*
 * Writes a dump's frames, one after the other: the counterpart of frame_reader.h.
 *
 * It knows the shape of frames and gives them their own checksums; what they mean is the business
 * of writer.h.  It keeps what the end of the dump tells: the sizes of all frames, and the XXH64 of
 * all bytes.  Belongs to one thread at a time.
 */
#ifndef COMMON_DUMP_FRAME_WRITER_H
#define COMMON_DUMP_FRAME_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/output.h"

typedef struct FrameWriter FrameWriter;

/* Takes over `output`, also when it fails. */
bool frame_writer_new(DumpOutput *output, FrameWriter **frames, Error *error);

/* Writes a skippable frame with the JSON text and its checksum.  Frees the text; NULL, of a text
 * that could not be made, is passed on as the failure that it is. */
bool frame_writer_json(FrameWriter *frames, char *text, Error *error);

/* Writes a zstd frame, already compressed, that holds `content_size` bytes. */
bool frame_writer_data(FrameWriter *frames, Slice frame, uint64_t content_size, Error *error);

/* Writes the seek table and gives the file its name.  The dump is complete afterwards, or gone when
 * this fails. */
bool frame_writer_finish(FrameWriter *frames, Error *error);

/* Bytes written so far, and their XXH64. */
uint64_t frame_writer_offset(const FrameWriter *frames);
uint64_t frame_writer_digest(const FrameWriter *frames);

/* Removes an unfinished dump.  Takes NULL. */
void frame_writer_free(FrameWriter *frames);

#endif
