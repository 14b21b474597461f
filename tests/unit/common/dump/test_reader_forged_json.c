/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dumps with a broken JSON frame or an inconsistent manifest, while everything else is correct,
 * including checksums.
 */
#include "tests/unit/dump_forge.h"

#include <inttypes.h>

/* Replaces `frame` by a JSON frame whose object has its first member twice. */
static void make_repeated_member(Slice original, Buffer *frame)
{
    Slice text = json_text(original);
    const uint8_t *comma = memchr(text.data, ',', text.size);
    Buffer repeated = {0};

    assert_non_null(comma);
    append(&repeated, slice_of(text.data, (size_t)(comma + 1 - text.data)));
    append(&repeated, slice_of(text.data + 1, text.size - 1));
    make_json_frame(buffer_slice(&repeated), frame);
    buffer_free(&repeated);
}

/* JSON frames with a single error, in every place where there is one. */
static void test_broken_json_frames_are_refused(void **state)
{
    static const size_t PLACES[] = {HEADER, COPY_HEADER_JSON, CHUNK_JSON, TRAILER_JSON};
    static const char *const TEXTS[] = {"",
                                        "{",
                                        "[]",
                                        "null",
                                        "\"frame\"",
                                        "{}x",
                                        "{} {}",
                                        "\xef\xbb\xbf{}",
                                        "{\"frame\":\"\xff\"}"};
    Dump dump = dump_of_sample(state);
    Buffer frame = {0};

    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        Slice original = dump.frames.items[PLACES[i]];

        for (size_t j = 0; j < COUNT_OF(TEXTS); j++) {
            make_json_frame(slice_text(TEXTS[j]), &frame);
            assert_frame_refused(&dump, PLACES[i], buffer_slice(&frame));
        }
        /* A duplicate member in an otherwise valid object. */
        make_repeated_member(original, &frame);
        assert_frame_refused(&dump, PLACES[i], buffer_slice(&frame));
        /* The checksum. */
        frame.size = 0;
        append(&frame, original);
        frame.data[frame.size - 1] ^= 1;
        assert_frame_refused(&dump, PLACES[i], buffer_slice(&frame));
        /* Another kind of skippable frame. */
        frame.data[frame.size - 1] ^= 1;
        frame.data[0] ^= 1;
        assert_frame_refused(&dump, PLACES[i], buffer_slice(&frame));
        /* No room for a checksum. */
        assert_frame_refused(&dump, PLACES[i],
                             BYTES("\x57\x2a\x4d\x18\7\0\0\0"
                                   "1234567"));
        assert_frame_refused(&dump, PLACES[i], BYTES("\x57\x2a\x4d\x18\0\0\0\0"));
    }
    buffer_free(&frame);
    free_dump(&dump);
}

/* The payload, the JSON text and its checksum, has at most 1 MiB. */
static void test_json_frame_may_have_a_mebibyte_and_no_byte_more(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    Slice original = json_text(frames.items[HEADER]);
    Buffer text = {0};
    Buffer header = {0};

    append(&text, original);
    while (text.size < 1024 * 1024 - 8) {
        append(&text, BYTES(" "));
    }
    make_json_frame(buffer_slice(&text), &header);
    frames.items[HEADER] = buffer_slice(&header);
    seal(&dump, &frames);
    assert_accepted(&dump);

    append(&text, BYTES(" "));
    make_json_frame(buffer_slice(&text), &header);
    assert_frame_refused(&dump, HEADER, buffer_slice(&header));
    buffer_free(&text);
    buffer_free(&header);
    free_dump(&dump);
}

static void test_manifest_that_does_not_fit_is_refused(void **state)
{
    /* In "packages": their number, else the object; the sample has 7 entries, 2 of them in auth. */
    static const struct {
        int package;
        const char *object;
        const char *member;
        const char *value;
    } ALTERED[] = {
        {-1, NULL, "frame", "\"header\""},
        {-1, NULL, "entries", "8"},
        {-1, NULL, "entries", "\"7\""},
        {-1, NULL, "packages", "[]"},
        {-1, NULL, "packages", "{}"},
        {-1, "stream", "size", "1"},
        {-1, "stream", "sha256",
         "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""},
        {-1, "stream", "sha256", "\"\""},
        {-1, "file", "size", "1"},
        {-1, "file", "xxh64", "\"ef46db3751d8e999\""},
        {-1, "file", "xxh64", "\"\""},
        {0, NULL, "name", "\"graveler\""},
        {0, NULL, "name", "null"},
        {0, NULL, "entries", "3"},
        {0, NULL, "bytes", "67"},
        {0, NULL, "chunks", "2"},
        {0, NULL, "chunks", "-1"},
        {0, NULL, "set_digest", "\"00000000000000000000000000000000\""},
        {0, NULL, "set_digest", "\"0\""},
        {2, NULL, "set_digest", "\"00000000000000000000000000000001\""},
        {2, NULL, "bytes", "1"},
        {2, NULL, "chunks", "1"},
        {0, NULL, "source_rows", "null"},
        {0, NULL, "left_out", "[{\"table\":\"t\",\"rows\":1}]"},
        {0, NULL, "adjusted", "[1]"},
        {0, NULL, "source_rows", "[{\"table\":\"t\",\"rows\":1},{\"table\":\"t\",\"rows\":1}]"},
    };

    for (size_t i = 0; i < COUNT_OF(ALTERED); i++) {
        Dump dump = dump_of_sample(state);
        Frames frames = contents_of(&dump);
        json_t *object = dump.manifest;
        json_t *value = json_loads(ALTERED[i].value, JSON_DECODE_ANY, NULL);

        if (ALTERED[i].package >= 0) {
            object =
                json_array_get(json_object_get(object, "packages"), (size_t)ALTERED[i].package);
        } else if (ALTERED[i].object != NULL) {
            object = json_object_get(object, ALTERED[i].object);
        }
        begin_file(&dump, &frames);
        assert_non_null(json_object_get(object, ALTERED[i].member));
        assert_int_equal(json_object_set_new(object, ALTERED[i].member, value), 0);
        end_file(&dump, &frames);
        assert_read_refused(&dump);
        free_dump(&dump);
    }
}

/* Moves entries from one package's count to another's: the sum stays correct. */
static void test_manifest_whose_sums_alone_are_right_is_refused(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    json_t *packages = json_object_get(dump.manifest, "packages");

    json_object_set_new(json_array_get(packages, 0), "entries", json_integer(3));
    json_object_set_new(json_array_get(packages, 1), "entries", json_integer(4));
    seal(&dump, &frames);
    assert_read_refused(&dump);
    free_dump(&dump);
}

static void test_manifest_that_lacks_a_package_is_refused_and_also_ahead(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    Error error = {0};
    char place[64];
    bool found;

    /* The one without entries, so that all sums stay correct. */
    json_array_remove(json_object_get(dump.manifest, "packages"), 2);
    seal(&dump, &frames);
    assert_never_accepted(&dump);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, dump.path);
    snprintf(place, sizeof place, ", offset %" PRId64 ": ",
             (int64_t)json_integer_value(
                 json_object_get(json_object_get(dump.manifest, "file"), "size")));
    assert_contains(error.message, place);
    free_dump(&dump);
}

/* The limit for reading ahead is the same as for reading in order. */
static void test_manifest_may_have_a_mebibyte_also_ahead(void **state)
{
    Dump dump = dump_of_sample(state);
    Frames frames = contents_of(&dump);
    char *text = json_dumps(dump.manifest, JSON_COMPACT);
    size_t padding = 1024 * 1024 - 8 - strlen(text) - strlen(",\"later\":\"\"");
    char *later = malloc(padding + 1);
    Error error = {0};
    bool found;

    assert_non_null(later);
    memset(later, 'x', padding);
    later[padding] = '\0';
    json_object_set_new(dump.manifest, "later", json_string(later));
    seal(&dump, &frames);
    assert_accepted(&dump);
    assert_done(peek_dump(dump.path, &found, &error), &error);
    assert_true(found);

    json_object_set_new(dump.manifest, "later2", json_null());
    seal(&dump, &frames);
    assert_never_accepted(&dump);
    assert_refused(peek_dump(dump.path, &found, &error), &error, EXIT_CODE_DUMP);
    free(text);
    free(later);
    free_dump(&dump);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_broken_json_frames_are_refused),
        IN_FOLDER(test_json_frame_may_have_a_mebibyte_and_no_byte_more),
        IN_FOLDER(test_manifest_that_does_not_fit_is_refused),
        IN_FOLDER(test_manifest_whose_sums_alone_are_right_is_refused),
        IN_FOLDER(test_manifest_that_lacks_a_package_is_refused_and_also_ahead),
        IN_FOLDER(test_manifest_may_have_a_mebibyte_also_ahead),
    };

    return cmocka_run_group_tests_name("forged JSON frames and manifests", tests, NULL, NULL);
}
