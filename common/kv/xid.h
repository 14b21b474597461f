/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xid: a globally unique id of 12 bytes, written as 20 characters that sort like the bytes.
 *
 * 4 bytes of big-endian seconds, then 8 bytes that make ids of the same second unique (by
 * convention 3 for the machine, 2 for the process, 3 for a counter).  The text is base32 with the
 * alphabet 0-9a-v, without padding (RFC 4648, "base32hex", in lower case).  Source:
 * common/kv/KV-MODEL.md, "Ids".
 */
#ifndef COMMON_KV_XID_H
#define COMMON_KV_XID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/slice.h"

enum { XID_SIZE = 12, XID_TAIL_SIZE = 8, XID_TEXT_SIZE = 20 };

typedef struct Xid {
    uint8_t bytes[XID_SIZE];
} Xid;

/* Makes an id from `seconds` (modulo 2^32) and the 8 bytes of `tail`. */
Xid xid_make(int64_t seconds, const uint8_t tail[XID_TAIL_SIZE]);

/* Writes the 20 characters and a terminating NUL. */
void xid_to_text(Xid xid, char text[XID_TEXT_SIZE + 1]);

/* Parses what xid_to_text writes, without the NUL; false for any other text. */
bool xid_from_text(Slice text, Xid *xid);

#endif
