/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/xid.h"

#include "common/base/bytes.h"

#include <string.h>

static const char ALPHABET[] = "0123456789abcdefghijklmnopqrstuv";

Xid xid_make(int64_t seconds, const uint8_t tail[XID_TAIL_SIZE])
{
    Xid xid;

    store_be32(xid.bytes, (uint32_t)(uint64_t)seconds);
    memcpy(xid.bytes + 4, tail, XID_TAIL_SIZE);
    return xid;
}

void xid_to_text(Xid xid, char text[XID_TEXT_SIZE + 1])
{
    for (unsigned i = 0; i < XID_TEXT_SIZE; i++) {
        unsigned bit = i * 5;
        /* Five bits, taken from two adjacent bytes; zeros after the end. */
        unsigned pair = (unsigned)xid.bytes[bit / 8] << 8;

        if (bit / 8 + 1 < XID_SIZE) {
            pair |= xid.bytes[bit / 8 + 1];
        }
        text[i] = ALPHABET[pair >> (11 - bit % 8) & 31];
    }
    text[XID_TEXT_SIZE] = '\0';
}

bool xid_from_text(Slice text, Xid *xid)
{
    char again[XID_TEXT_SIZE + 1];

    if (text.size != XID_TEXT_SIZE) {
        return false;
    }
    *xid = (Xid){0};
    for (unsigned i = 0; i < XID_TEXT_SIZE; i++) {
        const char *digit = memchr(ALPHABET, text.data[i], sizeof ALPHABET - 1);
        unsigned bit = i * 5;
        unsigned pair;

        if (digit == NULL) {
            return false;
        }
        pair = (unsigned)(digit - ALPHABET) << (11 - bit % 8);
        xid->bytes[bit / 8] |= (uint8_t)(pair >> 8);
        if (bit / 8 + 1 < XID_SIZE) {
            xid->bytes[bit / 8 + 1] |= (uint8_t)pair;
        }
    }
    /* The last character has four surplus bits, which must be zero. */
    xid_to_text(*xid, again);
    return slice_equal(text, slice_text(again));
}
