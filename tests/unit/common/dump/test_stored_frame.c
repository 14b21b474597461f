/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that store: byte for byte as in RFC 8878, and read by libzstd.
 */
#include "tests/unit/support.h"

#include "common/dump/compression.h"
#include "common/dump/stored_frame.h"

static void test_frame_has_the_bytes_of_the_specification(void **state)
{
    static const uint8_t FRAME[] = {
        0x28, 0xb5, 0x2f, 0xfd,                         /* 0xFD2FB528 */
        0xe4,                                           /* 8 bytes of size, no window, checksum */
        0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* 3 bytes */
        0x19, 0x00, 0x00,                               /* the last block, raw, of 3 bytes */
        'a',  'b',  'c',                                /**/
        0x99, 0x09, 0x77, 0xad,                         /* of XXH64, 0x44BC2CF5AD770999 */
    };
    Buffer frame = {0};
    Error error = {0};

    (void)state;
    assert_done(buffer_append_text(&frame, "left over", &error), &error);
    assert_done(stored_frame_write(BYTES("abc"), &frame, &error), &error);
    assert_slice_equal(buffer_slice(&frame), slice_of(FRAME, sizeof FRAME));
    buffer_free(&frame);
}

/* A block holds up to 128 KiB. */
static void test_frames_of_all_sizes_are_read(void **state)
{
    static const size_t SIZES[] = {0,      1,      131071, 131072,     131073,
                                   262143, 262144, 262145, 4 * 1048576};
    Decompressor *decompressor;
    Error error = {0};

    (void)state;
    assert_done(decompressor_new(&decompressor, &error), &error);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        uint8_t *bytes = malloc(SIZES[i] + 1);
        Slice content = slice_of(bytes, SIZES[i]);
        Buffer frame = {0};
        Buffer read = {0};

        assert_non_null(bytes);
        for (size_t j = 0; j < SIZES[i]; j++) {
            bytes[j] = (uint8_t)(j * 7 + j / 251);
        }
        assert_done(stored_frame_write(content, &frame, &error), &error);
        assert_true(frame.size <= compression_bound(SIZES[i]));
        assert_done(decompressor_run(decompressor, buffer_slice(&frame), SIZES[i], &read, &error),
                    &error);
        assert_slice_equal(buffer_slice(&read), content);
        /* The last byte is one of the checksum. */
        frame.data[frame.size - 1] ^= 1;
        assert_refused(
            decompressor_run(decompressor, buffer_slice(&frame), SIZES[i], &read, &error), &error,
            EXIT_CODE_DUMP);
        buffer_free(&frame);
        buffer_free(&read);
        free(bytes);
    }
    decompressor_free(decompressor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_has_the_bytes_of_the_specification),
        cmocka_unit_test(test_frames_of_all_sizes_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
