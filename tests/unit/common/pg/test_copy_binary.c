/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY BINARY: tuples in memory, and streams that arrive in pieces of any size.
 *
 * Source of all bytes: PostgreSQL documentation, "COPY", section "Binary Format".
 */
#include "tests/unit/support.h"

#include "common/pg/copy_binary.h"

#define SIGNATURE "PGCOPY\n\377\r\n\0"
#define HEADER                                                                                     \
    SIGNATURE "\0\0\0\0"                                                                           \
              "\0\0\0\0"
#define TRAILER "\377\377"
#define NULL_FIELD "\377\377\377\377"

/* ("a", NULL) and ("", "\0\377"). */
#define TUPLE_1                                                                                    \
    "\0\2"                                                                                         \
    "\0\0\0\1"                                                                                     \
    "a" NULL_FIELD
#define TUPLE_2                                                                                    \
    "\0\2"                                                                                         \
    "\0\0\0\0"                                                                                     \
    "\0\0\0\2"                                                                                     \
    "\0\377"

enum { FIELDS = 2, LONG_FIELD = 700 };

static void append_tuple(Buffer *seen, const CopyField *fields)
{
    Error error = {0};

    for (size_t i = 0; i < FIELDS; i++) {
        assert_done(buffer_append_format(seen, &error, "[%d:", (int)fields[i].size), &error);
        for (int32_t j = 0; j < fields[i].size; j++) {
            assert_done(buffer_append_format(seen, &error, "%02x", fields[i].data[j]), &error);
        }
        assert_done(buffer_append_text(seen, "]", &error), &error);
    }
    assert_done(buffer_append_text(seen, "\n", &error), &error);
}

/* Feeds one piece, appends its tuples to `seen`, and returns the status after the last one.  The
 * piece is freed before the next one is fed, since the parser must not keep it longer. */
static CopyStatus feed(CopyParser *parser, Slice piece, Buffer *seen)
{
    CopyField fields[FIELDS];
    Error error = {0};
    uint8_t *copy = copy_of(piece);
    CopyStatus status;

    assert_done(copy_parser_feed(parser, slice_of(copy, piece.size), &error), &error);
    while ((status = copy_parser_next(parser, fields, &error)) == COPY_TUPLE) {
        append_tuple(seen, fields);
    }
    if (status == COPY_INVALID) {
        assert_int_equal(error.code, EXIT_CODE_FAILED);
        assert_string_not_equal(error.message, "");
    }
    free(copy);
    return status;
}

/* Feeds the stream split into pieces of `size` bytes, the first one of `first` bytes. */
static CopyStatus read_stream(Slice stream, size_t first, size_t size, Buffer *seen)
{
    CopyParser parser = {.field_count = FIELDS};
    CopyStatus status = COPY_MORE;
    size_t offset = 0;
    size_t step = first;

    seen->size = 0;
    while (offset < stream.size && status != COPY_INVALID) {
        step = stream.size - offset < step ? stream.size - offset : step;
        status = feed(&parser, slice_of(stream.data + offset, step), seen);
        offset += step;
        step = size;
    }
    copy_parser_free(&parser);
    return status;
}

static CopyStatus read_whole(Slice stream, Buffer *seen)
{
    return read_stream(stream, stream.size, stream.size, seen);
}

/* Header, TUPLE_1, TUPLE_2, a tuple with a long field, TUPLE_1 again, trailer. */
static void make_stream(Buffer *stream, Buffer *tuples)
{
    Error error = {0};
    uint8_t field[LONG_FIELD];

    memset(field, 0xc3, sizeof field);
    assert_done(buffer_append(stream, HEADER TUPLE_1 TUPLE_2, 19 + 11 + 12, &error), &error);
    assert_done(buffer_append(stream, "\0\2" NULL_FIELD "\0\0\2\274", 10, &error), &error);
    assert_done(buffer_append(stream, field, sizeof field, &error), &error);
    assert_done(buffer_append(stream, TUPLE_1 TRAILER, 11 + 2, &error), &error);

    assert_done(buffer_append_text(tuples, "[1:61][-1:]\n[0:][2:00ff]\n[-1:][700:", &error),
                &error);
    for (size_t i = 0; i < LONG_FIELD; i++) {
        assert_done(buffer_append_text(tuples, "c3", &error), &error);
    }
    assert_done(buffer_append_text(tuples, "]\n[1:61][-1:]\n", &error), &error);
}

static void test_header_and_trailer_are_as_documented(void **state)
{
    (void)state;
    assert_slice_equal(slice_of(COPY_HEADER, COPY_HEADER_SIZE), BYTES(HEADER));
    assert_slice_equal(slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), BYTES(TRAILER));
}

static void test_tuple_points_to_its_fields(void **state)
{
    Slice input = BYTES(TUPLE_1 TUPLE_2);
    CopyField fields[FIELDS];
    const char *problem = NULL;
    size_t consumed;

    (void)state;
    assert_int_equal(copy_tuple_parse(input, fields, FIELDS, &consumed, &problem), COPY_TUPLE);
    assert_int_equal(consumed, sizeof TUPLE_1 - 1);
    assert_int_equal(fields[0].size, 1);
    assert_ptr_equal(fields[0].data, input.data + 6);
    assert_int_equal(fields[1].size, -1);

    input = slice_of(input.data + consumed, input.size - consumed);
    assert_int_equal(copy_tuple_parse(input, fields, FIELDS, &consumed, &problem), COPY_TUPLE);
    assert_int_equal(consumed, sizeof TUPLE_2 - 1);
    assert_int_equal(fields[0].size, 0);
    assert_int_equal(fields[1].size, 2);
    assert_memory_equal(fields[1].data, "\0\377", 2);
}

static void test_partial_tuple_is_not_returned(void **state)
{
    Slice tuple = BYTES(TUPLE_2);

    (void)state;
    for (size_t size = 0; size < tuple.size; size++) {
        CopyField fields[FIELDS];
        const char *problem = NULL;
        size_t consumed;
        uint8_t *copy = copy_of(slice_of(tuple.data, size));

        assert_int_equal(
            copy_tuple_parse(slice_of(copy, size), fields, FIELDS, &consumed, &problem), COPY_MORE);
        free(copy);
    }
}

static void test_trailer_ends_the_tuples(void **state)
{
    CopyField fields[FIELDS];
    const char *problem = NULL;
    size_t consumed;

    (void)state;
    assert_int_equal(copy_tuple_parse(BYTES(TRAILER "x"), fields, FIELDS, &consumed, &problem),
                     COPY_END);
    assert_int_equal(consumed, 2);
}

static void test_another_number_of_fields_is_refused(void **state)
{
    static const char *const COUNTS[] = {"\0\0", "\0\1", "\0\3", "\1\2", "\377\376", "\200\2"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        CopyField fields[FIELDS];
        const char *problem = NULL;
        size_t consumed;
        uint8_t tuple[14] = {0};

        memcpy(tuple, COUNTS[i], 2);
        assert_int_equal(
            copy_tuple_parse(slice_of(tuple, sizeof tuple), fields, FIELDS, &consumed, &problem),
            COPY_INVALID);
        assert_non_null(problem);
    }
}

static void test_negative_length_other_than_null_is_refused(void **state)
{
    static const char *const LENGTHS[] = {"\377\377\377\376", "\200\0\0\0", "\377\0\0\0"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        CopyField fields[FIELDS];
        const char *problem = NULL;
        size_t consumed;
        uint8_t tuple[32] = {0, 2};

        memcpy(tuple + 2, LENGTHS[i], 4);
        assert_int_equal(
            copy_tuple_parse(slice_of(tuple, sizeof tuple), fields, FIELDS, &consumed, &problem),
            COPY_INVALID);
        assert_non_null(problem);
    }
}

static void test_stream_without_tuples_ends(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_int_equal(read_whole(BYTES(HEADER TRAILER), &seen), COPY_END);
    assert_int_equal(seen.size, 0);
    buffer_free(&seen);
}

static void test_stream_gives_the_same_tuples_however_it_is_cut(void **state)
{
    Buffer stream = {0};
    Buffer expected = {0};
    Buffer seen = {0};

    (void)state;
    make_stream(&stream, &expected);
    assert_int_equal(read_whole(buffer_slice(&stream), &seen), COPY_END);
    assert_slice_equal(buffer_slice(&seen), buffer_slice(&expected));
    /* Pieces of equal size, starting with one byte. */
    for (size_t size = 1; size < 40; size++) {
        assert_int_equal(read_stream(buffer_slice(&stream), size, size, &seen), COPY_END);
        assert_slice_equal(buffer_slice(&seen), buffer_slice(&expected));
    }
    /* Two pieces, split at every byte; and a piece, then single bytes. */
    for (size_t cut = 1; cut < stream.size; cut++) {
        assert_int_equal(read_stream(buffer_slice(&stream), cut, stream.size, &seen), COPY_END);
        assert_slice_equal(buffer_slice(&seen), buffer_slice(&expected));
        assert_int_equal(read_stream(buffer_slice(&stream), cut, 1, &seen), COPY_END);
        assert_slice_equal(buffer_slice(&seen), buffer_slice(&expected));
    }
    buffer_free(&stream);
    buffer_free(&expected);
    buffer_free(&seen);
}

static void test_empty_pieces_change_nothing(void **state)
{
    static const Slice NOTHING = {0};
    Slice stream = BYTES(HEADER TUPLE_1 TUPLE_2 TRAILER);
    CopyParser parser = {.field_count = FIELDS};
    Buffer seen = {0};

    (void)state;
    assert_int_equal(feed(&parser, NOTHING, &seen), COPY_MORE);
    for (size_t i = 0; i + 1 < stream.size; i++) {
        assert_int_equal(feed(&parser, slice_of(stream.data + i, 1), &seen), COPY_MORE);
        assert_int_equal(feed(&parser, NOTHING, &seen), COPY_MORE);
    }
    assert_int_equal(feed(&parser, slice_of(stream.data + stream.size - 1, 1), &seen), COPY_END);
    assert_slice_equal(buffer_slice(&seen), slice_text("[1:61][-1:]\n[0:][2:00ff]\n"));
    copy_parser_free(&parser);
    buffer_free(&seen);
}

/* An empty piece is not data after the trailer, however the trailer arrived. */
static void test_empty_piece_after_the_trailer_is_not_data(void **state)
{
    static const Slice NOTHING = {0};

    (void)state;
    for (size_t cut = 0; cut < 2; cut++) {
        Slice stream = BYTES(HEADER TUPLE_1 TRAILER);
        CopyParser parser = {.field_count = FIELDS};
        Buffer seen = {0};

        if (cut > 0) {
            assert_int_equal(feed(&parser, slice_of(stream.data, stream.size - cut), &seen),
                             COPY_MORE);
            stream = slice_of(stream.data + stream.size - cut, cut);
        }
        assert_int_equal(feed(&parser, stream, &seen), COPY_END);
        assert_int_equal(feed(&parser, NOTHING, &seen), COPY_END);
        copy_parser_free(&parser);
        buffer_free(&seen);
    }
}

static void test_truncated_stream_reports_whole_tuples_only_and_no_end(void **state)
{
    Buffer stream = {0};
    Buffer tuples = {0};
    Buffer seen = {0};

    (void)state;
    make_stream(&stream, &tuples);
    for (size_t size = 1; size < stream.size; size++) {
        /* Where the tuples end in the stream, and in the output. */
        static const struct {
            size_t stream;
            size_t seen;
        } ENDS[] = {{30, 12}, {42, 25}, {752, 1437}, {763, 1449}};
        size_t expected = 0;

        for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
            expected = size >= ENDS[i].stream ? ENDS[i].seen : expected;
        }
        assert_int_equal(read_whole(slice_of(stream.data, size), &seen), COPY_MORE);
        assert_slice_equal(buffer_slice(&seen), slice_of(tuples.data, expected));
        assert_int_equal(read_stream(slice_of(stream.data, size), 1, 1, &seen), COPY_MORE);
        assert_slice_equal(buffer_slice(&seen), slice_of(tuples.data, expected));
    }
    buffer_free(&stream);
    buffer_free(&tuples);
    buffer_free(&seen);
}

static void test_wrong_signature_is_refused_at_its_first_wrong_byte(void **state)
{
    (void)state;
    for (size_t wrong = 0; wrong < sizeof SIGNATURE - 1; wrong++) {
        uint8_t header[COPY_HEADER_SIZE];
        CopyParser parser = {.field_count = FIELDS};
        Buffer seen = {0};

        memcpy(header, HEADER, sizeof header);
        header[wrong] ^= 0x20;
        assert_int_equal(read_whole(slice_of(header, sizeof header), &seen), COPY_INVALID);
        for (size_t i = 0; i < wrong; i++) {
            assert_int_equal(feed(&parser, slice_of(header + i, 1), &seen), COPY_MORE);
        }
        assert_int_equal(feed(&parser, slice_of(header + wrong, 1), &seen), COPY_INVALID);
        copy_parser_free(&parser);
        buffer_free(&seen);
    }
}

static void test_signature_with_translated_newlines_is_refused(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_int_equal(read_whole(BYTES("PGCOPY\r\n\377\r\n\0"
                                      "\0\0\0\0"
                                      "\0\0\0\0"),
                                &seen),
                     COPY_INVALID);
    assert_int_equal(read_whole(BYTES("PGCOPY\n\377\n\0"
                                      "\0\0\0\0"
                                      "\0\0\0\0" TRAILER),
                                &seen),
                     COPY_INVALID);
    assert_int_equal(read_whole(BYTES("PGCOPY\n\177\r\n\0"
                                      "\0\0\0\0"
                                      "\0\0\0\0"),
                                &seen),
                     COPY_INVALID);
    buffer_free(&seen);
}

static void test_each_critical_flag_is_refused_and_no_other_flag(void **state)
{
    Buffer seen = {0};

    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        uint8_t stream[COPY_HEADER_SIZE + COPY_TRAILER_SIZE];

        memcpy(stream, HEADER TRAILER, sizeof stream);
        stream[11 + 3 - bit / 8] |= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_whole(slice_of(stream, sizeof stream), &seen),
                         bit >= 16 ? COPY_INVALID : COPY_END);
    }
    buffer_free(&seen);
}

static void test_header_extension_is_skipped(void **state)
{
    /* The extension looks like a trailer and a tuple. */
    Slice stream = BYTES(SIGNATURE "\0\0\0\0"
                                   "\0\0\0\15" TRAILER TUPLE_1 TUPLE_2 TRAILER);
    Buffer seen = {0};

    (void)state;
    for (size_t cut = 1; cut <= stream.size; cut++) {
        assert_int_equal(read_stream(stream, cut, 1, &seen), COPY_END);
        assert_slice_equal(buffer_slice(&seen), slice_text("[0:][2:00ff]\n"));
    }
    buffer_free(&seen);
}

static void test_negative_header_extension_is_refused(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_int_equal(read_whole(BYTES(SIGNATURE "\0\0\0\0"
                                                "\377\377\377\377" TRAILER),
                                &seen),
                     COPY_INVALID);
    assert_int_equal(read_whole(BYTES(SIGNATURE "\0\0\0\0"
                                                "\200\0\0\0" TRAILER),
                                &seen),
                     COPY_INVALID);
    buffer_free(&seen);
}

static void test_broken_tuple_ends_the_stream_after_the_previous_ones(void **state)
{
    Slice streams[] = {
        BYTES(HEADER TUPLE_1 "\0\3"
                             "\0\0\0\0"
                             "\0\0\0\0"
                             "\0\0\0\0" TRAILER),
        BYTES(HEADER TUPLE_1 "\0\2"
                             "\0\0\0\0"
                             "\377\377\377\376" TRAILER),
    };
    Buffer seen = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        assert_int_equal(read_whole(streams[i], &seen), COPY_INVALID);
        assert_slice_equal(buffer_slice(&seen), slice_text("[1:61][-1:]\n"));
        assert_int_equal(read_stream(streams[i], 1, 1, &seen), COPY_INVALID);
        assert_slice_equal(buffer_slice(&seen), slice_text("[1:61][-1:]\n"));
    }
    buffer_free(&seen);
}

static void test_data_after_the_trailer_is_refused_in_any_piece(void **state)
{
    Slice streams[] = {
        BYTES(HEADER TUPLE_1 TRAILER TRAILER),
        BYTES(HEADER TUPLE_1 TRAILER TUPLE_1),
        BYTES(HEADER TUPLE_1 TRAILER "\n"),
    };
    Buffer seen = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        for (size_t cut = 1; cut <= streams[i].size; cut++) {
            assert_int_equal(read_stream(streams[i], cut, 1, &seen), COPY_INVALID);
            assert_slice_equal(buffer_slice(&seen), slice_text("[1:61][-1:]\n"));
        }
    }
    buffer_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_and_trailer_are_as_documented),
        cmocka_unit_test(test_tuple_points_to_its_fields),
        cmocka_unit_test(test_partial_tuple_is_not_returned),
        cmocka_unit_test(test_trailer_ends_the_tuples),
        cmocka_unit_test(test_another_number_of_fields_is_refused),
        cmocka_unit_test(test_negative_length_other_than_null_is_refused),
        cmocka_unit_test(test_stream_without_tuples_ends),
        cmocka_unit_test(test_stream_gives_the_same_tuples_however_it_is_cut),
        cmocka_unit_test(test_empty_pieces_change_nothing),
        cmocka_unit_test(test_empty_piece_after_the_trailer_is_not_data),
        cmocka_unit_test(test_truncated_stream_reports_whole_tuples_only_and_no_end),
        cmocka_unit_test(test_wrong_signature_is_refused_at_its_first_wrong_byte),
        cmocka_unit_test(test_signature_with_translated_newlines_is_refused),
        cmocka_unit_test(test_each_critical_flag_is_refused_and_no_other_flag),
        cmocka_unit_test(test_header_extension_is_skipped),
        cmocka_unit_test(test_negative_header_extension_is_refused),
        cmocka_unit_test(test_broken_tuple_ends_the_stream_after_the_previous_ones),
        cmocka_unit_test(test_data_after_the_trailer_is_refused_in_any_piece),
    };

    return cmocka_run_group_tests_name("COPY BINARY", tests, NULL, NULL);
}
