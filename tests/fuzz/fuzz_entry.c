/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries: an appended entry is read back; a read entry, appended, gives the same bytes; and a scan
 * counts the same number.
 *
 * Input: a byte; if it is odd the rest is raw tuples, else sizes and contents of entries.
 */
#include "tests/fuzz/fuzz.h"

#include "common/dump/bounds.h"
#include "common/kv/entry.h"

static void append_entry(Buffer *tuples, const Entry *entry)
{
    Error error = {0};
    uint8_t *value;

    FUZZ_CHECK(
        entry_append(tuples, entry->partition_key, entry->key, entry->value.size, &value, &error));
    if (entry->value.size > 0) {
        memcpy(value, entry->value.data, entry->value.size);
    }
}

/* Reads all valid tuples, and appends them to another buffer. */
static void read_tuples(Slice tuples)
{
    Buffer again = {0};
    Slice rest = tuples;
    DumpScan scan;
    Entry entry;
    const char *problem = NULL;
    uint64_t count = 0;
    size_t offset = 0;
    bool whole = true;

    while (rest.size > 0) {
        whole = entry_next(&rest, &entry, &problem);
        if (!whole) {
            FUZZ_CHECK(problem != NULL);
            break;
        }
        append_entry(&again, &entry);
        count++;
    }
    FUZZ_CHECK(slice_equal(buffer_slice(&again), slice_of(tuples.data, tuples.size - rest.size)));
    FUZZ_CHECK(dump_scan(tuples, &scan, &offset, &problem) == whole);
    FUZZ_CHECK(scan.entries == count);
    FUZZ_CHECK(whole || offset == tuples.size - rest.size);
    buffer_free(&again);
}

static void append_and_read(Slice input)
{
    Buffer tuples = {0};
    Slice rest = input;
    Slice written;
    Entry entry;
    const char *problem = "";
    size_t size = 0;

    while (rest.size > 0) {
        entry.partition_key = fuzz_slice(&rest, fuzz_byte(&rest));
        entry.key = fuzz_slice(&rest, fuzz_byte(&rest));
        entry.value = fuzz_slice(&rest, fuzz_number(&rest, 2));
        append_entry(&tuples, &entry);
        size += entry_tuple_size(entry.partition_key.size, entry.key.size, entry.value.size);
        FUZZ_CHECK(tuples.size == size);
    }
    rest = input;
    written = buffer_slice(&tuples);
    while (rest.size > 0) {
        FUZZ_CHECK(entry_next(&written, &entry, &problem));
        FUZZ_CHECK(slice_equal(entry.partition_key, fuzz_slice(&rest, fuzz_byte(&rest))));
        FUZZ_CHECK(slice_equal(entry.key, fuzz_slice(&rest, fuzz_byte(&rest))));
        FUZZ_CHECK(slice_equal(entry.value, fuzz_slice(&rest, fuzz_number(&rest, 2))));
    }
    FUZZ_CHECK(written.size == 0);
    read_tuples(buffer_slice(&tuples));
    buffer_free(&tuples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice input = slice_of(data, size);

    if (fuzz_byte(&input) % 2 == 1) {
        read_tuples(input);
    } else {
        append_and_read(input);
    }
    return 0;
}
