/*
 * xid: a globally unique id of 12 bytes, written as 20 characters that sort like the bytes.
 *
 * 4 bytes big-endian seconds, then 8 bytes that tell ids of one second apart (by convention 3 of a
 * machine, 2 of a process, 3 of a counter).  The text is base32 with the alphabet 0-9a-v, without
 * padding (RFC 4648, "base32hex", in lower case).  Source: the KV model, package actions.
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

/* The id of `seconds` (modulo 2^32) with the 8 bytes of `tail` behind it. */
Xid xid_make(int64_t seconds, const uint8_t tail[XID_TAIL_SIZE]);

/* Writes the 20 characters and a terminating NUL. */
void xid_to_text(Xid xid, char text[XID_TEXT_SIZE + 1]);

/* Reads what xid_to_text writes, without the NUL; false for any other text. */
bool xid_from_text(Slice text, Xid *xid);

#endif
