/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zstd frame that stores its content.
 *
 * libzstd cannot be told to store: even at its lowest level it looks for matches, which costs more
 * than all else that an export into a pipe does with a byte.
 */
#ifndef COMMON_DUMP_STORED_FRAME_H
#define COMMON_DUMP_STORED_FRAME_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/*
 * Replaces *frame by a frame of raw blocks that states the content's size and ends with its
 * checksum.  False with EXIT_CODE_FAILED if there is not enough memory.
 *
 * Source: RFC 8878, sections 3.1.1.1 (the header), 3.1.1.2 (blocks) and 3.1.1 (the checksum).
 */
bool stored_frame_write(Slice content, Buffer *frame, Error *error);

#endif
