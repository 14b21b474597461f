/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY BINARY: a stream in pieces of any size gives the tuples that copy_tuple_parse finds in the
 * whole; and whatever is in a field, no type reads beyond it.
 *
 * Input: the number of fields, a seed for the sizes of pieces, the stream.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/bytes.h"
#include "common/pg/copy_binary.h"
#include "common/pg/copy_value.h"

enum { MAX_FIELDS = 5 };

static void read_array(CopyField field)
{
    CopyArray array;
    CopyField element;
    uint32_t count;
    uint32_t read = 0;
    size_t bytes = 0;

    if (!copy_array_open(field, &array)) {
        return;
    }
    count = array.count;
    FUZZ_CHECK(count <= (size_t)field.size / 4);
    while (array.count > 0 && copy_array_next(&array, &element)) {
        FUZZ_CHECK(element.size >= -1);
        bytes += 4 + (element.size < 0 ? 0 : (size_t)element.size);
        read++;
    }
    if (array.count == 0 && read == count) {
        FUZZ_CHECK(count == 0 || bytes + 20 <= (size_t)field.size);
        FUZZ_CHECK(!copy_array_next(&array, &element));
    }
}

/* Reads a field as each type. */
static void read_values(CopyField field)
{
    uint8_t *copy;
    CopyField own = field;
    bool flag;
    int32_t number;
    int64_t time;
    Slice json;

    if (field.size < 0) {
        return;
    }
    copy = fuzz_copy(slice_of(field.data, (size_t)field.size));
    own.data = copy;
    FUZZ_CHECK(!copy_value_bool(own, &flag) || field.size == 1);
    FUZZ_CHECK(!copy_value_int32(own, &number) || field.size == 4);
    FUZZ_CHECK(!copy_value_timestamptz(own, &time) || field.size == 8);
    FUZZ_CHECK(!copy_value_jsonb(own, &json) || json.size + 1 == (size_t)field.size);
    read_array(own);
    free(copy);
}

static void note(Buffer *seen, const void *data, size_t size)
{
    fuzz_append(seen, data, size);
}

static void note_tuple(Buffer *seen, const CopyField *fields, size_t count)
{
    note(seen, "T", 1);
    for (size_t i = 0; i < count; i++) {
        note(seen, &fields[i].size, sizeof fields[i].size);
        if (fields[i].size > 0) {
            note(seen, fields[i].data, (size_t)fields[i].size);
        }
    }
}

/* The expected result: the header parsed by hand, the tuples by copy_tuple_parse. */
static void read_whole(Slice stream, size_t field_count, Buffer *seen)
{
    CopyField fields[MAX_FIELDS];
    size_t consumed = 0;
    const char *problem = NULL;
    size_t compared = stream.size < 11 ? stream.size : 11;
    uint32_t extension;

    if (memcmp(stream.data, COPY_HEADER, compared) != 0) {
        note(seen, "I", 1);
        return;
    }
    if (stream.size < COPY_HEADER_SIZE) {
        note(seen, "M", 1);
        return;
    }
    extension = load_be32(stream.data + 15);
    if (stream.data[11] != 0 || stream.data[12] != 0 || extension > INT32_MAX) {
        note(seen, "I", 1);
        return;
    }
    if (extension > stream.size - COPY_HEADER_SIZE) {
        note(seen, "M", 1);
        return;
    }
    stream = slice_of(stream.data + COPY_HEADER_SIZE + extension,
                      stream.size - COPY_HEADER_SIZE - extension);
    for (;;) {
        switch (copy_tuple_parse(stream, fields, field_count, &consumed, &problem)) {
        case COPY_TUPLE:
            note_tuple(seen, fields, field_count);
            for (size_t i = 0; i < field_count; i++) {
                read_values(fields[i]);
            }
            break;
        case COPY_END:
            note(seen, stream.size == COPY_TRAILER_SIZE ? "E" : "I", 1);
            return;
        case COPY_MORE:
            note(seen, "M", 1);
            return;
        case COPY_INVALID:
            FUZZ_CHECK(problem != NULL);
            note(seen, "I", 1);
            return;
        }
        FUZZ_CHECK(consumed <= stream.size);
        stream = slice_of(stream.data + consumed, stream.size - consumed);
    }
}

/* Takes all available tuples. */
static CopyStatus take_tuples(CopyParser *parser, Buffer *seen)
{
    CopyField fields[MAX_FIELDS];
    CopyStatus status;
    Error error = {0};

    while ((status = copy_parser_next(parser, fields, &error)) == COPY_TUPLE) {
        note_tuple(seen, fields, parser->field_count);
    }
    FUZZ_CHECK(status != COPY_INVALID || error.code == EXIT_CODE_FAILED);
    return status;
}

static void read_pieces(Slice stream, size_t field_count, uint32_t seed, Buffer *seen)
{
    CopyParser parser = {.field_count = field_count};
    CopyStatus status = COPY_MORE;
    Error error = {0};

    while (stream.size > 0 && status != COPY_INVALID) {
        Slice piece;
        uint8_t *copy;

        /* Mostly small pieces, some empty. */
        seed = seed * 1103515245 + 12345;
        piece = fuzz_slice(&stream, (seed >> 16) % ((seed >> 28) < 12 ? 8 : 4096));
        copy = fuzz_copy(piece);
        FUZZ_CHECK(copy_parser_feed(&parser, slice_of(copy, piece.size), &error));
        status = take_tuples(&parser, seen);
        free(copy);
    }
    note(seen, status == COPY_MORE ? "M" : status == COPY_END ? "E" : "I", 1);
    copy_parser_free(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice stream = slice_of(data, size);
    size_t field_count = fuzz_byte(&stream) % (MAX_FIELDS + 1);
    uint32_t seed = fuzz_number(&stream, 2);
    Buffer whole = {0};
    Buffer pieces = {0};

    read_whole(stream, field_count, &whole);
    read_pieces(stream, field_count, seed, &pieces);
    FUZZ_CHECK(slice_equal(buffer_slice(&whole), buffer_slice(&pieces)));
    buffer_free(&whole);
    buffer_free(&pieces);
    return 0;
}
