#include "common/kv/xid.h"

#include "common/base/bytes.h"

#include <string.h>

Xid xid_make(int64_t seconds, const uint8_t tail[XID_TAIL_SIZE])
{
    Xid xid;

    store_be32(xid.bytes, (uint32_t)(uint64_t)seconds);
    memcpy(xid.bytes + 4, tail, XID_TAIL_SIZE);
    return xid;
}

void xid_to_text(Xid xid, char text[XID_TEXT_SIZE + 1])
{
    static const char ALPHABET[] = "0123456789abcdefghijklmnopqrstuv";

    for (unsigned i = 0; i < XID_TEXT_SIZE; i++) {
        unsigned bit = i * 5;
        /* Five bits, from the byte in which they begin and the next one; zeros behind the end. */
        unsigned pair = (unsigned)xid.bytes[bit / 8] << 8;

        if (bit / 8 + 1 < XID_SIZE) {
            pair |= xid.bytes[bit / 8 + 1];
        }
        text[i] = ALPHABET[pair >> (11 - bit % 8) & 31];
    }
    text[XID_TEXT_SIZE] = '\0';
}
