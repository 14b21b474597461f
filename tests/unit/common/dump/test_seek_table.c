/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seek table, byte for byte as in zstd_seekable_compression_format.md, version 0.1.0.
 */
#include "tests/unit/support.h"

#include "common/base/bytes.h"
#include "common/dump/format.h"
#include "common/dump/seek_table.h"

/* Two frames: 0x01020304 bytes with 0x05060708 decompressed, and 9 bytes with none. */
static const uint8_t TWO_FRAMES[] = {
    0x5e, 0x2a, 0x4d, 0x18,                         /* skippable frame 0xE */
    0x19, 0x00, 0x00, 0x00,                         /* 25 bytes follow */
    0x04, 0x03, 0x02, 0x01, 0x08, 0x07, 0x06, 0x05, /* compressed, decompressed size */
    0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, /* number of frames */
    0x00,                   /* descriptor: no checksums */
    0xb1, 0xea, 0x92, 0x8f, /* 0x8F92EAB1 */
};

enum { HEADER_SIZE = 8, FOOTER_OFFSET = 24 };

static void add(SeekTable *table, uint64_t compressed_size, uint64_t decompressed_size)
{
    Error error = {0};

    assert_done(seek_table_add(table, compressed_size, decompressed_size, &error), &error);
}

/* Whether the bytes, in an allocation of their own, are a seek table. */
static bool decode(Slice bytes, SeekTable *table, Error *error)
{
    uint8_t *copy = copy_of(bytes);
    const uint8_t *footer = copy + bytes.size - DUMP_SEEK_TABLE_FOOTER_SIZE;
    bool done = (bytes.size >= HEADER_SIZE + DUMP_SEEK_TABLE_FOOTER_SIZE &&
                 seek_table_frame_size(footer) == bytes.size) ||
                error_set(error, EXIT_CODE_DUMP, "not of that size");

    done = done && seek_table_check(copy, footer, error);
    for (const uint8_t *entry = copy + HEADER_SIZE; done && entry < footer; entry += 8) {
        SeekTableEntry found = seek_table_entry(entry);

        done = seek_table_add(table, found.compressed_size, found.decompressed_size, error);
    }
    free(copy);
    return done;
}

static void assert_no_table(Slice bytes)
{
    SeekTable table = {0};
    Error error = {0};

    assert_refused(decode(bytes, &table, &error), &error, EXIT_CODE_DUMP);
    seek_table_free(&table);
}

static void test_table_has_the_bytes_of_the_specification(void **state)
{
    SeekTable table = {0};
    Buffer frame = {0};
    Error error = {0};

    (void)state;
    add(&table, 0x01020304, 0x05060708);
    add(&table, 9, 0);
    assert_done(buffer_append_text(&frame, "left over", &error), &error);
    assert_done(seek_table_encode(&table, &frame, &error), &error);
    assert_slice_equal(buffer_slice(&frame), slice_of(TWO_FRAMES, sizeof TWO_FRAMES));
    buffer_free(&frame);
    seek_table_free(&table);
}

static void test_table_is_read_back(void **state)
{
    SeekTable table = {0};
    Error error = {0};

    (void)state;
    assert_done(decode(slice_of(TWO_FRAMES, sizeof TWO_FRAMES), &table, &error), &error);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.entries[0].compressed_size, 0x01020304);
    assert_int_equal(table.entries[0].decompressed_size, 0x05060708);
    assert_int_equal(table.entries[1].compressed_size, 9);
    assert_int_equal(table.entries[1].decompressed_size, 0);
    seek_table_free(&table);
}

static void test_many_frames_come_back(void **state)
{
    enum { FRAMES = 5000 };
    SeekTable table = {0};
    SeekTable found = {0};
    Buffer frame = {0};
    Error error = {0};

    (void)state;
    for (uint32_t i = 0; i < FRAMES; i++) {
        add(&table, i * UINT32_C(2654435761), UINT32_MAX - i);
    }
    assert_done(seek_table_encode(&table, &frame, &error), &error);
    assert_int_equal(frame.size, HEADER_SIZE + FRAMES * 8 + 9);
    assert_done(decode(buffer_slice(&frame), &found, &error), &error);
    assert_int_equal(found.count, FRAMES);
    assert_memory_equal(found.entries, table.entries, FRAMES * sizeof *table.entries);
    seek_table_free(&table);
    seek_table_free(&found);
    buffer_free(&frame);
}

static void test_table_of_no_frames_is_header_and_footer(void **state)
{
    static const uint8_t EXPECTED[] = {0x5e, 0x2a, 0x4d, 0x18, 0x09, 0x00, 0x00, 0x00, 0x00,
                                       0x00, 0x00, 0x00, 0x00, 0xb1, 0xea, 0x92, 0x8f};
    SeekTable table = {0};
    Buffer frame = {0};
    Error error = {0};

    (void)state;
    assert_done(seek_table_encode(&table, &frame, &error), &error);
    assert_slice_equal(buffer_slice(&frame), slice_of(EXPECTED, sizeof EXPECTED));
    assert_done(decode(buffer_slice(&frame), &table, &error), &error);
    assert_int_equal(table.count, 0);
    buffer_free(&frame);
    seek_table_free(&table);
}

static void test_sizes_beyond_32_bits_are_an_error_and_are_not_added(void **state)
{
    SeekTable table = {0};
    Error error = {0};

    (void)state;
    add(&table, UINT32_MAX, UINT32_MAX);
    assert_refused(seek_table_add(&table, UINT64_C(0x100000000), 0, &error), &error,
                   EXIT_CODE_FAILED);
    assert_refused(seek_table_add(&table, 0, UINT64_C(0x100000000), &error), &error,
                   EXIT_CODE_FAILED);
    assert_int_equal(table.count, 1);
    seek_table_free(&table);
}

static void test_table_cut_off_or_lengthened_is_refused(void **state)
{
    uint8_t longer[sizeof TWO_FRAMES + 8] = {0};

    (void)state;
    for (size_t size = 0; size < sizeof TWO_FRAMES; size++) {
        assert_no_table(slice_of(TWO_FRAMES, size));
        assert_no_table(slice_of(TWO_FRAMES + sizeof TWO_FRAMES - size, size));
    }
    memcpy(longer, TWO_FRAMES, sizeof TWO_FRAMES);
    assert_no_table(slice_of(longer, sizeof TWO_FRAMES + 1));
    assert_no_table(slice_of(longer, sizeof TWO_FRAMES + 8));
}

/* Magic numbers, size, count and descriptor, but not the entries, which may be anything. */
static void test_each_altered_bit_of_header_and_footer_is_refused(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < sizeof TWO_FRAMES * 8; bit++) {
        uint8_t altered[sizeof TWO_FRAMES];

        memcpy(altered, TWO_FRAMES, sizeof altered);
        altered[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bit / 8 < HEADER_SIZE || bit / 8 >= FOOTER_OFFSET) {
            assert_no_table(slice_of(altered, sizeof altered));
        }
    }
}

/* Size and count agree with each other, but not with the bytes. */
static void test_table_that_claims_more_frames_than_it_has_is_refused(void **state)
{
    static const uint32_t COUNTS[] = {1, 3, 0x08000000, 0x20000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        uint8_t altered[sizeof TWO_FRAMES];

        memcpy(altered, TWO_FRAMES, sizeof altered);
        store_le32(altered + FOOTER_OFFSET, COUNTS[i]);
        assert_no_table(slice_of(altered, sizeof altered));
        store_le32(altered + 4, COUNTS[i] * 8 + 9);
        assert_no_table(slice_of(altered, sizeof altered));
    }
}

static void test_freed_table_is_empty(void **state)
{
    SeekTable table = {0};

    (void)state;
    add(&table, 1, 2);
    seek_table_free(&table);
    assert_int_equal(table.count, 0);
    assert_null(table.entries);
    seek_table_free(&table);
    add(&table, 3, 4);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.entries[0].compressed_size, 3);
    seek_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_has_the_bytes_of_the_specification),
        cmocka_unit_test(test_table_is_read_back),
        cmocka_unit_test(test_many_frames_come_back),
        cmocka_unit_test(test_table_of_no_frames_is_header_and_footer),
        cmocka_unit_test(test_sizes_beyond_32_bits_are_an_error_and_are_not_added),
        cmocka_unit_test(test_table_cut_off_or_lengthened_is_refused),
        cmocka_unit_test(test_each_altered_bit_of_header_and_footer_is_refused),
        cmocka_unit_test(test_table_that_claims_more_frames_than_it_has_is_refused),
        cmocka_unit_test(test_freed_table_is_empty),
    };

    return cmocka_run_group_tests_name("seek table", tests, NULL, NULL);
}
