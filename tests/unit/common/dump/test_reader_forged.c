/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dumps with an invalid header, announcement or chunk, while everything else is correct, including
 * checksums: one for each of the reader's checks.
 */
#include "tests/unit/dump_forge.h"

#include "common/pg/copy_binary.h"

static void test_header_of_another_major_version_is_refused_and_named(void **state)
{
    Dump dump = dump_of_sample(state);
    Buffer header = {0};
    DumpReader *reader;
    Error error = {0};

    make_altered_frame(dump.frames.items[HEADER], "version", "\"2.0\"", &header);
    assert_frame_refused(&dump, HEADER, buffer_slice(&header));
    assert_refused(dump_reader_open(dump.path, &reader, &error), &error, EXIT_CODE_DUMP);
    assert_null(reader);
    assert_contains(error.message, "version \"2.0\"");
    assert_contains(error.detail, "1.");
    buffer_free(&header);
    free_dump(&dump);
}

static void test_header_of_a_later_minor_version_is_accepted(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    Buffer header = {0};

    make_altered_frame(frames.items[HEADER], "version", "\"1.7\"", &header);
    frames.items[HEADER] = buffer_slice(&header);
    seal(&dump, &frames);
    assert_accepted(&dump);
    buffer_free(&header);
    free_dump(&dump);
}

/* Members that later minor versions add. */
static void test_members_that_are_not_known_are_ignored(void **state)
{
    static const size_t PLACES[] = {HEADER, COPY_HEADER_JSON, CHUNK_JSON, TRAILER_JSON};
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    Buffer json[COUNT_OF(PLACES)] = {0};

    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        Slice text = json_text(frames.items[PLACES[i]]);
        json_t *object = json_loadb((const char *)text.data, text.size, 0, NULL);

        assert_int_equal(json_object_set_new(object, "later", json_pack("[i, {}]", 1)), 0);
        make_object_frame(object, &json[i]);
        frames.items[PLACES[i]] = buffer_slice(&json[i]);
    }
    json_object_set_new(dump.manifest, "later", json_null());
    seal(&dump, &frames);
    assert_accepted(&dump);
    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        buffer_free(&json[i]);
    }
    free_dump(&dump);
}

/* Otherwise a manifest without its digest would pass for one that never had it. */
static void test_header_and_manifest_must_agree_on_the_sha256(void **state)
{
    Dump dump = dump_of_sample(state);
    Buffer header = {0};
    json_t *stream = json_object_get(dump.manifest, "stream");
    Frames frames = contents_of(&dump);

    make_altered_frame(dump.frames.items[HEADER], "stream_sha256", "false", &header);
    assert_frame_refused(&dump, HEADER, buffer_slice(&header));
    assert_int_equal(json_object_del(stream, "sha256"), 0);
    seal(&dump, &frames);
    assert_read_refused(&dump);
    frames.items[HEADER] = buffer_slice(&header);
    seal(&dump, &frames);
    assert_accepted(&dump);
    buffer_free(&header);
    free_dump(&dump);
}

static void test_header_that_names_other_packages_is_refused(void **state)
{
    static const char *const PACKAGES[] = {
        "[\"auth\",\"graveler\"]",
        "[\"auth\",\"graveler\",\"actions\",\"multiparts\"]",
        "[\"graveler\",\"auth\",\"actions\"]",
        "[\"auth\",\"auth\",\"actions\"]",
        "[]",
    };
    Dump dump = dump_of_sample(state);
    Buffer header = {0};

    for (size_t i = 0; i < COUNT_OF(PACKAGES); i++) {
        make_altered_frame(dump.frames.items[HEADER], "packages", PACKAGES[i], &header);
        assert_frame_refused(&dump, HEADER, buffer_slice(&header));
    }
    buffer_free(&header);
    free_dump(&dump);
}

static void test_announcement_that_does_not_fit_is_refused(void **state)
{
    /* The first chunk has index 0, 2 entries of 66 bytes, package auth. */
    static const char *const ALTERED[][2] = {
        {"frame", "\"chunk2\""},
        {"frame", "\"copy-trailer\""},
        {"frame", "\"copy-header\""},
        {"frame", "1"},
        {"index", "1"},
        {"index", "-1"},
        {"index", "\"0\""},
        {"package", "\"graveler\""},
        {"package", "\"unknown\""},
        {"package", "\"\""},
        {"package", "0"},
        {"entries", "0"},
        {"entries", "1"},
        {"entries", "3"},
        {"entries", "2.0"},
        {"entries", "true"},
        {"size", "65"},
        {"size", "67"},
        {"size", "0"},
        {"size", "-66"},
        {"size", "null"},
        {"size", "66.5"},
        {"compressed_size", "0"},
        {"compressed_size", "1"},
        {"compressed_size", "-1"},
        {"compressed_size", "\"1\""},
    };
    static const char *const MEMBERS[] = {"frame",   "index", "package",
                                          "entries", "size",  "compressed_size"};
    Dump dump = dump_of_sample(state);
    Buffer json = {0};

    for (size_t i = 0; i < COUNT_OF(ALTERED); i++) {
        make_altered_frame(dump.frames.items[CHUNK_JSON], ALTERED[i][0], ALTERED[i][1], &json);
        assert_frame_refused(&dump, CHUNK_JSON, buffer_slice(&json));
    }
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        make_altered_frame(dump.frames.items[CHUNK_JSON], MEMBERS[i], NULL, &json);
        assert_frame_refused(&dump, CHUNK_JSON, buffer_slice(&json));
    }
    buffer_free(&json);
    free_dump(&dump);
}

static void test_announcements_of_copy_header_and_trailer_must_fit(void **state)
{
    static const char *const KINDS[] = {"\"copy-header\"", "\"copy-trailer\"", "\"chunk\"",
                                        "\"manifest\"", "\"\""};
    static const char *const SIZES[] = {"0", "1", "18", "20", "9223372036854775807"};
    Dump dump = dump_of_sample(state);
    Buffer json = {0};

    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (i != 0) {
            make_altered_frame(dump.frames.items[COPY_HEADER_JSON], "frame", KINDS[i], &json);
            assert_frame_refused(&dump, COPY_HEADER_JSON, buffer_slice(&json));
        }
        if (i != 1) {
            make_altered_frame(dump.frames.items[TRAILER_JSON], "frame", KINDS[i], &json);
            assert_frame_refused(&dump, TRAILER_JSON, buffer_slice(&json));
        }
    }
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        make_altered_frame(dump.frames.items[COPY_HEADER_JSON], "size", SIZES[i], &json);
        assert_frame_refused(&dump, COPY_HEADER_JSON, buffer_slice(&json));
        make_altered_frame(dump.frames.items[TRAILER_JSON], "size", SIZES[i], &json);
        assert_frame_refused(&dump, TRAILER_JSON, buffer_slice(&json));
        make_altered_frame(dump.frames.items[TRAILER_JSON], "compressed_size", SIZES[i], &json);
        assert_frame_refused(&dump, TRAILER_JSON, buffer_slice(&json));
    }
    buffer_free(&json);
    free_dump(&dump);
}

/* Seals the sample with these claims about the first chunk and this frame, and expects the reader
 * to refuse the chunk before anybody decompresses it. */
static void assert_claim_refused(Dump *dump, json_int_t entries, json_int_t size,
                                 json_int_t compressed_size, Slice frame)
{
    Frames frames = contents_of(dump);
    DumpReader *reader;
    DumpChunk chunk = {0};
    Buffer json = {0};
    Error error = {0};
    bool end;

    make_object_frame(json_pack("{s:s, s:i, s:s, s:I, s:I, s:I}", "frame", "chunk", "index", 0,
                                "package", "auth", "entries", entries, "size", size,
                                "compressed_size", compressed_size),
                      &json);
    frames.items[CHUNK_JSON] = buffer_slice(&json);
    frames.items[CHUNK_DATA] = frame;
    seal(dump, &frames);
    assert_done(dump_reader_open(dump->path, &reader, &error), &error);
    assert_refused(dump_reader_next(reader, &chunk, &end, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, dump->path);
    dump_chunk_free(&chunk);
    dump_reader_free(reader);
    buffer_free(&json);
}

/* Impossible numbers are refused before memory is allocated.  A reader that allocated first would
 * fail with EXIT_CODE_FAILED instead. */
static void test_absurd_claims_are_refused_without_memory(void **state)
{
    static const struct {
        json_int_t entries;
        json_int_t size;
        json_int_t compressed_size;
    } CLAIMS[] = {
        {0, 66, 60},
        {1, INT64_MAX, 60},
        {1, INT64_MAX, INT64_MAX},
        {1, INT64_C(1) << 62, INT64_C(1) << 62},
        {1, 66, INT64_MAX},
        {1, 66, INT64_C(1) << 32},
        {1, (INT64_C(1) << 30) + (INT64_C(1) << 24) + 1, 60},
        {2, DUMP_CHUNK_SIZE + 1, 60},
        {INT64_MAX, INT64_MAX, 60},
        {INT64_MAX, 66, 60},
        {5, 66, 60},
        /* This is possible: one entry of a gigabyte.  But it is missing. */
        {1, INT64_C(1) << 30, INT64_C(1) << 30},
    };
    Dump dump = dump_of_sample(state);
    uint8_t long_frame[1000] = {0};
    Slice frame = dump.frames.items[CHUNK_DATA];
    long before = resident_kilobytes();

    for (size_t i = 0; i < COUNT_OF(CLAIMS); i++) {
        assert_claim_refused(&dump, CLAIMS[i].entries, CLAIMS[i].size, CLAIMS[i].compressed_size,
                             frame);
    }
    /* More bytes than any compressor makes of 66, although they are there. */
    assert_claim_refused(&dump, 2, 66, sizeof long_frame, slice_of(long_frame, sizeof long_frame));
    assert_true(resident_kilobytes() - before < 64 * 1024);
    free_dump(&dump);
}

/* Seals the sample with another first chunk, which its announcement describes. */
static void assert_chunk_refused(Dump *dump, Slice frame, size_t size, uint64_t entries)
{
    Frames frames = contents_of(dump);
    Buffer json = {0};

    make_object_frame(json_pack("{s:s, s:i, s:s, s:I, s:I, s:I}", "frame", "chunk", "index", 0,
                                "package", "auth", "entries", (json_int_t)entries, "size",
                                (json_int_t)size, "compressed_size", (json_int_t)frame.size),
                      &json);
    frames.items[CHUNK_JSON] = buffer_slice(&json);
    frames.items[CHUNK_DATA] = frame;
    seal(dump, &frames);
    assert_read_refused(dump);
    buffer_free(&json);
}

static void test_chunk_that_holds_no_entries_as_announced_is_refused(void **state)
{
    static const struct {
        Slice content;
        uint64_t entries;
    } CHUNKS[] = {
        {{(const uint8_t *)"\377\377", 2}, 1},                              /* trailer */
        {{(const uint8_t *)"\0\3\0\0\0\0\0\0\0\0\0\0\0\0\377\377", 16}, 1}, /* and behind */
        {{(const uint8_t *)"\0\2\0\0\0\4abcd\0\0\0\0", 14}, 1},             /* two fields */
        {{(const uint8_t *)"\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18}, 1}, /* four */
        {{(const uint8_t *)"\0\3\0\0\0\0\0\0\0\0\377\377\377\377", 14}, 1}, /* NULL */
        {{(const uint8_t *)"\0\3\0\0\0\0\0\0\0\0\0\0\0\1", 14}, 1},         /* cut off */
        {{(const uint8_t *)"\0\3\0\0\0\0\0\0\0\0\0\0\0\0x", 15}, 1},        /* and more */
        {{(const uint8_t *)"\0\3\200\0\0\0\0\0\0\0\0\0\0\0", 14}, 1},       /* negative */
        {{(const uint8_t *)"\0\3\0\0\0\0\0\0\0\0\0\0\0\1"
                           "123456789012345",
          29},
         2},
        {{(const uint8_t *)"", 0}, 0},
        {{(const uint8_t *)"", 0}, 1},
    };
    Dump dump = dump_of_sample(state);
    Buffer frame = {0};

    for (size_t i = 0; i < COUNT_OF(CHUNKS); i++) {
        make_data_frame(CHUNKS[i].content, &frame);
        assert_chunk_refused(&dump, buffer_slice(&frame), CHUNKS[i].content.size,
                             CHUNKS[i].entries);
    }
    buffer_free(&frame);
    free_dump(&dump);
}

static void test_chunk_that_holds_more_or_less_than_it_says_is_refused(void **state)
{
    static const int COUNTS[] = {1, 3};

    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        Dump dump = dump_of_sample(state);
        json_t *packages = json_object_get(dump.manifest, "packages");
        char value[16];
        Buffer json = {0};

        /* The manifest agrees with the announcement, but both are wrong. */
        snprintf(value, sizeof value, "%d", COUNTS[i]);
        json_object_set_new(json_array_get(packages, 0), "entries", json_integer(COUNTS[i]));
        json_object_set_new(dump.manifest, "entries", json_integer(5 + COUNTS[i]));
        make_altered_frame(dump.frames.items[CHUNK_JSON], "entries", value, &json);
        assert_frame_refused(&dump, CHUNK_JSON, buffer_slice(&json));
        buffer_free(&json);
        free_dump(&dump);
    }
}

/* The chunk's own content as a frame without the checksum or the size, as one that requires a
 * dictionary, as two frames, and with trailing data. */
static void test_zstd_frames_of_another_make_are_refused(void **state)
{
    static const ZSTD_cParameter LACKING[] = {ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag};
    Dump dump = dump_of_sample(state);
    Slice original = dump.frames.items[CHUNK_DATA];
    Buffer frame = {0};
    Buffer second = {0};
    Error error = {0};
    uint8_t content[256];
    size_t size = ZSTD_decompress(content, sizeof content, original.data, original.size);

    assert_false(ZSTD_isError(size));
    assert_done(buffer_reserve(&frame, 1024, &error), &error);
    for (size_t i = 0; i < COUNT_OF(LACKING); i++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();

        assert_non_null(context);
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        ZSTD_CCtx_setParameter(context, LACKING[i], 0);
        frame.size = ZSTD_compress2(context, frame.data, 1024, content, size);
        assert_false(ZSTD_isError(frame.size));
        ZSTD_freeCCtx(context);
        assert_chunk_refused(&dump, buffer_slice(&frame), size, 2);
    }
    /* A frame that requires dictionary 7: bits 0 and 1 of the descriptor are the length of its
     * number. */
    make_data_frame(slice_of(content, size), &second);
    assert_int_equal(second.data[4] & 0x23, 0x20);
    second.data[4] |= 1;
    frame.size = 0;
    append(&frame, slice_of(second.data, 5));
    append(&frame, BYTES("\7"));
    append(&frame, slice_of(second.data + 5, second.size - 5));
    assert_chunk_refused(&dump, buffer_slice(&frame), size, 2);

    make_data_frame(slice_of(content, 30), &frame);
    make_data_frame(slice_of(content + 30, size - 30), &second);
    append(&frame, buffer_slice(&second));
    assert_chunk_refused(&dump, buffer_slice(&frame), size, 2);
    assert_chunk_refused(&dump, buffer_slice(&frame), 30, 2);

    /* With an empty second frame all sizes are correct. */
    make_data_frame(slice_of(content, size), &frame);
    append(&frame, BYTES("\x50\x2a\x4d\x18\0\0\0\0"));
    assert_chunk_refused(&dump, buffer_slice(&frame), size, 2);

    make_data_frame(slice_of(content, size), &frame);
    append(&frame, BYTES("\0"));
    assert_chunk_refused(&dump, buffer_slice(&frame), size, 2);
    assert_chunk_refused(&dump, BYTES("\x50\x2a\x4d\x18\0\0\0\0"), size, 2);
    buffer_free(&frame);
    buffer_free(&second);
    free_dump(&dump);
}

static void test_copy_header_and_trailer_must_be_those_of_copy(void **state)
{
    Dump dump = dump_of_sample(state);
    Buffer frame = {0};
    uint8_t header[COPY_HEADER_SIZE];

    memcpy(header, COPY_HEADER, sizeof header);
    header[14] = 1;
    make_data_frame(slice_of(header, sizeof header), &frame);
    assert_frame_refused(&dump, COPY_HEADER_DATA, buffer_slice(&frame));
    make_data_frame(BYTES("\377\376"), &frame);
    assert_frame_refused(&dump, TRAILER_DATA, buffer_slice(&frame));
    buffer_free(&frame);
    free_dump(&dump);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_header_of_another_major_version_is_refused_and_named),
        IN_FOLDER(test_header_of_a_later_minor_version_is_accepted),
        IN_FOLDER(test_members_that_are_not_known_are_ignored),
        IN_FOLDER(test_header_and_manifest_must_agree_on_the_sha256),
        IN_FOLDER(test_header_that_names_other_packages_is_refused),
        IN_FOLDER(test_announcement_that_does_not_fit_is_refused),
        IN_FOLDER(test_announcements_of_copy_header_and_trailer_must_fit),
        IN_FOLDER(test_absurd_claims_are_refused_without_memory),
        IN_FOLDER(test_chunk_that_holds_no_entries_as_announced_is_refused),
        IN_FOLDER(test_chunk_that_holds_more_or_less_than_it_says_is_refused),
        IN_FOLDER(test_zstd_frames_of_another_make_are_refused),
        IN_FOLDER(test_copy_header_and_trailer_must_be_those_of_copy),
    };

    return cmocka_run_group_tests_name("forged headers and chunks", tests, NULL, NULL);
}
