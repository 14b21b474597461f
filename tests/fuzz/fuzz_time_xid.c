/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times and ids: timestamps keep their order and can be converted back, run ids are valid calendar
 * dates, xids are read back and sort like their bytes.
 *
 * Input: two timestamps of 8 bytes, two xids of 12, the text of a run id.
 */
#include "tests/fuzz/fuzz.h"

#include <time.h>

#include "common/base/bytes.h"
#include "common/kv/time.h"
#include "common/kv/xid.h"

static const int64_t POSTGRES_EPOCH = 946684800;

static KvTime check_timestamp(int64_t microseconds)
{
    KvTime time;
    bool exact = kv_time_from_timestamptz(microseconds, &time);

    FUZZ_CHECK(time.nanos >= 0 && time.nanos <= 999999999);
    FUZZ_CHECK(time.seconds >= -62135596800 && time.seconds <= 253402300799);
    if (exact) {
        FUZZ_CHECK(time.nanos % 1000 == 0);
        FUZZ_CHECK((time.seconds - POSTGRES_EPOCH) * 1000000 + time.nanos / 1000 == microseconds);
    } else {
        FUZZ_CHECK(time.seconds == -62135596800 || time.seconds == 253402300799);
    }
    return time;
}

static void check_order(int64_t a, int64_t b)
{
    KvTime x = check_timestamp(a);
    KvTime y = check_timestamp(b);

    if (a <= b) {
        FUZZ_CHECK(x.seconds < y.seconds || (x.seconds == y.seconds && x.nanos <= y.nanos));
    }
}

static void check_xid(const uint8_t *bytes, char text[XID_TEXT_SIZE + 1])
{
    static const char ALPHABET[] = "0123456789abcdefghijklmnopqrstuv";
    uint8_t read[XID_SIZE + 1] = {0};
    Xid xid = xid_make((int64_t)load_be32(bytes), bytes + 4);

    xid_to_text(xid, text);
    FUZZ_CHECK(strlen(text) == XID_TEXT_SIZE);
    for (unsigned i = 0; i < XID_TEXT_SIZE * 5; i++) {
        const char *digit = strchr(ALPHABET, text[i / 5]);

        FUZZ_CHECK(digit != NULL);
        if (((digit - ALPHABET) >> (4 - i % 5) & 1) != 0) {
            read[i / 8] |= (uint8_t)(0x80 >> i % 8);
        }
    }
    FUZZ_CHECK(memcmp(read, bytes, XID_SIZE) == 0 && read[XID_SIZE] == 0);
}

static void check_xids(const uint8_t *a, const uint8_t *b)
{
    char x[XID_TEXT_SIZE + 1];
    char y[XID_TEXT_SIZE + 1];
    int bytes = memcmp(a, b, XID_SIZE);
    int texts;

    check_xid(a, x);
    check_xid(b, y);
    texts = strcmp(x, y);
    FUZZ_CHECK((bytes < 0) == (texts < 0) && (bytes > 0) == (texts > 0));
}

static void check_run_id(Slice text)
{
    char again[32];
    struct tm parts;
    int64_t seconds;
    time_t time;

    if (!kv_time_from_run_id(text, &seconds)) {
        return;
    }
    time = (time_t)seconds;
    FUZZ_CHECK(gmtime_r(&time, &parts) != NULL);
    snprintf(again, sizeof again, "%04d%02d%02d%02d%02d%02d", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    FUZZ_CHECK(strlen(again) == 14 && memcmp(again, text.data, 14) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *run_id;

    if (size < 40) {
        return 0;
    }
    check_order((int64_t)load_be64(data), (int64_t)load_be64(data + 8));
    check_xids(data + 16, data + 28);
    run_id = fuzz_copy(slice_of(data + 40, size - 40));
    check_run_id(slice_of(run_id, size - 40));
    free(run_id);
    return 0;
}
