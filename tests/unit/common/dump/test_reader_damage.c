/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged dumps: truncated, altered, joined, with frames missing, repeated or reordered.  They are
 * refused with EXIT_CODE_DUMP, and dump_reader_finish never accepts them.
 */
#include "tests/unit/dump_forge.h"

static void test_truncated_dump_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);

    for (size_t size = 0; size < dump.sample.size; size++) {
        Error error = {0};
        bool found;

        file_write(dump.path, slice_of(dump.sample.data, size));
        assert_never_accepted(&dump);
        assert_refused(read_dump(dump.path, NULL, &error), &error, EXIT_CODE_DUMP);
        assert_contains(error.message, "ends here");
        assert_string_not_equal(error.hint, "");
        /* Detected before anything is done with the dump. */
        assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
        assert_contains(error.message, dump.path);
    }
    free_dump(&dump);
}

static void test_dump_with_any_bit_altered_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    const uint8_t *bytes = dump.sample.data;
    int fd;

    join(&dump, &dump.frames);
    fd = open(dump.path, O_RDWR);
    assert_true(fd >= 0);
    for (size_t at = 0; at < dump.sample.size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t altered = bytes[at] ^ (uint8_t)(1u << bit);

            assert_int_equal(pwrite(fd, &altered, 1, (off_t)at), 1);
            assert_never_accepted(&dump);
        }
        assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
    }
    close(fd);
    assert_accepted(&dump);
    free_dump(&dump);
}

/* Otherwise the tests of sealed dumps would prove nothing. */
static void test_sealed_sample_is_accepted(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);

    seal(&dump, &frames);
    assert_accepted(&dump);
    free_dump(&dump);
}

static void test_trailing_data_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Slice extras[] = {BYTES("x"), BYTES("\0"), BYTES("\x50\x2a\x4d\x18\0\0\0\0"),
                      dump.frames.items[COPY_HEADER_DATA], dump.frames.items[SEEK_TABLE]};

    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        Frames frames = dump.frames;

        insert_frame(&frames, frames.count, extras[i]);
        join(&dump, &frames);
        assert_never_accepted(&dump);
    }
    free_dump(&dump);
}

static void test_anything_before_the_dump_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Slice extras[] = {BYTES("\n"), BYTES("\xef\xbb\xbf"), BYTES("\x50\x2a\x4d\x18\0\0\0\0"),
                      dump.frames.items[COPY_HEADER_DATA]};

    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        Frames frames = dump.frames;

        insert_frame(&frames, 0, extras[i]);
        join(&dump, &frames);
        assert_never_accepted(&dump);
    }
    free_dump(&dump);
}

static void test_any_frame_that_does_not_belong_is_refused_wherever_it_stands(void **state)
{
    Dump dump = dump_of_sample(state);
    Buffer empty = {0};
    Slice extras[2] = {BYTES("\x50\x2a\x4d\x18\4\0\0\0more")};

    make_data_frame(BYTES(""), &empty);
    extras[1] = buffer_slice(&empty);
    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        for (size_t at = 0; at <= MANIFEST; at++) {
            Frames frames = dump.frames;

            insert_frame(&frames, at, extras[i]);
            join(&dump, &frames);
            assert_never_accepted(&dump);
            frames = contents_of(&dump);
            insert_frame(&frames, at, extras[i]);
            seal(&dump, &frames);
            assert_never_accepted(&dump);
        }
    }
    buffer_free(&empty);
    free_dump(&dump);
}

static void test_two_dumps_joined_are_refused(void **state)
{
    Dump dump = dump_of_sample(state);

    dump.file.size = 0;
    append(&dump.file, buffer_slice(&dump.sample));
    append(&dump.file, buffer_slice(&dump.sample));
    write_file(&dump);
    assert_never_accepted(&dump);
    free_dump(&dump);
}

static void test_dump_without_any_one_of_its_frames_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);

    for (size_t i = 0; i < FRAME_COUNT; i++) {
        Frames frames = dump.frames;

        remove_frame(&frames, i);
        join(&dump, &frames);
        assert_never_accepted(&dump);
        if (i < MANIFEST) {
            frames = contents_of(&dump);
            remove_frame(&frames, i);
            seal(&dump, &frames);
            assert_never_accepted(&dump);
        }
    }
    free_dump(&dump);
}

static void test_dump_with_any_frame_repeated_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);

    for (size_t i = 0; i < FRAME_COUNT; i++) {
        Frames frames = dump.frames;

        insert_frame(&frames, i, frames.items[i]);
        join(&dump, &frames);
        assert_never_accepted(&dump);
        if (i < MANIFEST) {
            frames = contents_of(&dump);
            insert_frame(&frames, i, frames.items[i]);
            seal(&dump, &frames);
            assert_never_accepted(&dump);
        }
    }
    free_dump(&dump);
}

static void test_dump_without_one_of_its_chunks_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);

    for (size_t i = 0; i < SAMPLE_CHUNKS; i++) {
        Frames frames = contents_of(&dump);

        remove_frame(&frames, CHUNK_JSON + 2 * i);
        remove_frame(&frames, CHUNK_JSON + 2 * i);
        seal(&dump, &frames);
        assert_read_refused(&dump);
    }
    free_dump(&dump);
}

static void test_dump_with_a_chunk_twice_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    Buffer last = {0};

    /* As the next chunk, with the next number. */
    make_altered_frame(frames.items[TRAILER_JSON - 2], "index", "4", &last);
    insert_frame(&frames, TRAILER_JSON, frames.items[TRAILER_JSON - 1]);
    insert_frame(&frames, TRAILER_JSON, buffer_slice(&last));
    seal(&dump, &frames);
    assert_read_refused(&dump);
    buffer_free(&last);
    free_dump(&dump);
}

static void test_chunks_in_another_order_are_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = dump.frames;
    Buffer first = {0};
    Buffer second = {0};

    swap_frames(&frames, CHUNK_JSON + 2, CHUNK_JSON + 4);
    swap_frames(&frames, CHUNK_DATA + 2, CHUNK_DATA + 4);
    join(&dump, &frames);
    assert_never_accepted(&dump);
    frames.count = MANIFEST;
    seal(&dump, &frames);
    assert_never_accepted(&dump);
    /* With their numbers corrected as well, only the digest of the stream detects it. */
    make_altered_frame(frames.items[CHUNK_JSON + 2], "index", "1", &first);
    make_altered_frame(frames.items[CHUNK_JSON + 4], "index", "2", &second);
    frames.items[CHUNK_JSON + 2] = buffer_slice(&first);
    frames.items[CHUNK_JSON + 4] = buffer_slice(&second);
    seal(&dump, &frames);
    assert_read_refused(&dump);
    buffer_free(&first);
    buffer_free(&second);
    free_dump(&dump);
}

static void test_json_frame_of_absurd_size_is_refused_without_memory(void **state)
{
    static const uint32_t SIZES[] = {1024 * 1024 + 1, 0x7fffffff, UINT32_MAX};
    Dump dump = dump_of_sample(state);
    long before = resident_kilobytes();

    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        append(&dump.file, buffer_slice(&dump.sample));
        store_le32(dump.file.data + 4, SIZES[i]);
        write_file(&dump);
        assert_never_accepted(&dump);
        dump.file.size = 0;
    }
    assert_true(resident_kilobytes() - before < 64 * 1024);
    free_dump(&dump);
}

/* Reading ahead uses the seek table, which may point anywhere. */
static void test_seek_table_that_leads_astray_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = dump.frames;
    Slice original = frames.items[SEEK_TABLE];
    Buffer table = {0};
    uint8_t *last;
    Error error = {0};
    bool found;

    append(&table, original);
    frames.items[SEEK_TABLE] = buffer_slice(&table);
    last = table.data + 8 + 8 * MANIFEST;

    /* The last frame seems to begin earlier, which the sum of all sizes does not reveal: in the
     * frame before, in the JSON frame before that, at the very beginning. */
    for (size_t begin = TRAILER_DATA + 1; begin-- > 0;) {
        memcpy(table.data, original.data, original.size);
        for (size_t i = begin; i < MANIFEST; i++) {
            store_le32(last, load_le32(last) + load_le32(table.data + 8 + 8 * i));
            store_le32(table.data + 8 + 8 * i, 0);
        }
        join(&dump, &frames);
        assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
        assert_never_accepted(&dump);
    }
    /* The manifest is where the table points to, but is not the last frame, or not all of that
     * frame. */
    memcpy(table.data, original.data, original.size);
    insert_frame(&frames, SEEK_TABLE, frames.items[CHUNK_JSON]);
    join(&dump, &frames);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    store_le32(last, load_le32(last) + (uint32_t)frames.items[CHUNK_JSON].size);
    join(&dump, &frames);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    remove_frame(&frames, SEEK_TABLE);
    /* It seems too short for a frame, and too long for the file. */
    memcpy(table.data, original.data, original.size);
    store_le32(last - 8, load_le32(last - 8) + load_le32(last) - 7);
    store_le32(last, 7);
    join(&dump, &frames);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    store_le32(last, UINT32_MAX);
    join(&dump, &frames);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    buffer_free(&table);
    free_dump(&dump);
}

/* The end of a sparse file claims the maximum number of frames. */
static void test_seek_table_of_absurd_size_is_refused_without_memory(void **state)
{
    static const uint8_t TABLE_HEADER[] = {0x5e, 0x2a, 0x4d, 0x18, 9, 0, 0, 0x40};
    static const uint8_t TABLE_FOOTER[] = {0, 0, 0, 8, 0, 0xb1, 0xea, 0x92, 0x8f};
    Dump dump = dump_of_sample(state);
    long before = resident_kilobytes();
    off_t size = (off_t)1 << 31;
    Error error = {0};
    bool found;
    int fd;

    join(&dump, &dump.frames);
    fd = open(dump.path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, TABLE_FOOTER, sizeof TABLE_FOOTER, size), sizeof TABLE_FOOTER);
    close(fd);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, "the seek table is not valid");
    /* A whole table of a gigabyte, which takes no room on disk. */
    fd = open(dump.path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, TABLE_HEADER, sizeof TABLE_HEADER, size - (off_t)(1 << 30) - 8),
                     sizeof TABLE_HEADER);
    close(fd);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, "the frames of the seek table do not fill the dump");
    assert_true(resident_kilobytes() - before < 64 * 1024);
    free_dump(&dump);
}

static void test_files_that_are_no_dumps_are_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Slice files[] = {
        BYTES(""),
        BYTES("\n"),
        BYTES("-- PostgreSQL database dump\n"),
        BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377"),
        dump.frames.items[CHUNK_DATA],
        dump.frames.items[SEEK_TABLE],
        dump.frames.items[MANIFEST],
    };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        Error error = {0};
        bool found;

        file_write(dump.path, files[i]);
        assert_never_accepted(&dump);
        assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    }
    free_dump(&dump);
}

static void test_folder_is_not_a_dump_and_a_missing_file_is_wrong_usage(void **state)
{
    DumpReader *reader;
    Error error = {0};

    assert_refused(dump_reader_open(*state, &reader, &error), &error, EXIT_CODE_DUMP);
    assert_null(reader);
    assert_refused(dump_reader_open(folder_path(state, "missing"), &reader, &error), &error,
                   EXIT_CODE_USAGE);
    assert_contains(error.message, "missing");
    assert_null(reader);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_truncated_dump_is_refused),
        IN_FOLDER(test_dump_with_any_bit_altered_is_refused),
        IN_FOLDER(test_sealed_sample_is_accepted),
        IN_FOLDER(test_trailing_data_is_refused),
        IN_FOLDER(test_anything_before_the_dump_is_refused),
        IN_FOLDER(test_any_frame_that_does_not_belong_is_refused_wherever_it_stands),
        IN_FOLDER(test_two_dumps_joined_are_refused),
        IN_FOLDER(test_dump_without_any_one_of_its_frames_is_refused),
        IN_FOLDER(test_dump_with_any_frame_repeated_is_refused),
        IN_FOLDER(test_dump_without_one_of_its_chunks_is_refused),
        IN_FOLDER(test_dump_with_a_chunk_twice_is_refused),
        IN_FOLDER(test_chunks_in_another_order_are_refused),
        IN_FOLDER(test_json_frame_of_absurd_size_is_refused_without_memory),
        IN_FOLDER(test_seek_table_that_leads_astray_is_refused),
        IN_FOLDER(test_seek_table_of_absurd_size_is_refused_without_memory),
        IN_FOLDER(test_files_that_are_no_dumps_are_refused),
        IN_FOLDER(test_folder_is_not_a_dump_and_a_missing_file_is_wrong_usage),
    };

    return cmocka_run_group_tests_name("damaged dumps", tests, NULL, NULL);
}
