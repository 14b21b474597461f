/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/copy_binary.h"

#include "common/base/bytes.h"

#include <string.h>

enum { SIGNATURE_SIZE = 11 };

const uint8_t COPY_HEADER[COPY_HEADER_SIZE] = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', '\0', 0, 0, 0, 0, 0, 0, 0, 0};
const uint8_t COPY_TRAILER[COPY_TRAILER_SIZE] = {0xff, 0xff};

CopyStatus copy_tuple_parse(Slice input, CopyField *fields, size_t field_count, size_t *consumed,
                            const char **problem)
{
    size_t offset = 2;
    uint16_t count;

    if (input.size < 2) {
        return COPY_MORE;
    }
    count = load_be16(input.data);
    if (count == 0xffff) {
        *consumed = COPY_TRAILER_SIZE;
        return COPY_END;
    }
    if (count != field_count) {
        *problem = "a tuple has an unexpected number of fields";
        return COPY_INVALID;
    }
    for (size_t i = 0; i < field_count; i++) {
        uint32_t size;

        if (input.size - offset < 4) {
            return COPY_MORE;
        }
        size = load_be32(input.data + offset);
        offset += 4;
        if (size == UINT32_MAX) {
            fields[i] = (CopyField){NULL, -1};
            continue;
        }
        if (size > INT32_MAX) {
            *problem = "a field has a negative length";
            return COPY_INVALID;
        }
        if (input.size - offset < size) {
            return COPY_MORE;
        }
        fields[i] = (CopyField){input.data + offset, (int32_t)size};
        offset += size;
    }
    *consumed = offset;
    return COPY_TUPLE;
}

/* Parses the stream's header: signature, flags, and an extension, which is skipped. */
static CopyStatus parse_header(Slice input, size_t *consumed, const char **problem)
{
    size_t compared = input.size < SIGNATURE_SIZE ? input.size : SIGNATURE_SIZE;
    uint32_t extension_size;

    if (memcmp(input.data, COPY_HEADER, compared) != 0) {
        *problem = "the signature is missing";
        return COPY_INVALID;
    }
    if (input.size < COPY_HEADER_SIZE) {
        return COPY_MORE;
    }
    /* Bits 16 to 31 mark critical features: a reader must stop at one it does not know. */
    if (load_be32(input.data + SIGNATURE_SIZE) >> 16 != 0) {
        *problem = "the header has an unknown critical flag";
        return COPY_INVALID;
    }
    extension_size = load_be32(input.data + SIGNATURE_SIZE + 4);
    if (extension_size > INT32_MAX) {
        *problem = "the header extension has a negative length";
        return COPY_INVALID;
    }
    if (input.size - COPY_HEADER_SIZE < extension_size) {
        return COPY_MORE;
    }
    *consumed = COPY_HEADER_SIZE + extension_size;
    return COPY_TUPLE;
}

bool copy_parser_feed(CopyParser *parser, Slice piece, Error *error)
{
    if (parser->pending.size == 0) {
        parser->input = piece;
        return true;
    }
    if (!buffer_append(&parser->pending, piece.data, piece.size, error)) {
        return false;
    }
    parser->input = buffer_slice(&parser->pending);
    return true;
}

/* Saves the rest of the input until the next piece arrives. */
static bool keep_rest(CopyParser *parser, Error *error)
{
    Slice rest = parser->input;
    bool in_pending = parser->pending.size > 0;

    parser->input = (Slice){0};
    if (in_pending) {
        memmove(parser->pending.data, rest.data, rest.size);
        parser->pending.size = rest.size;
        return true;
    }
    return buffer_append(&parser->pending, rest.data, rest.size, error);
}

CopyStatus copy_parser_next(CopyParser *parser, CopyField *fields, Error *error)
{
    const char *problem = "";
    size_t consumed = 0;
    CopyStatus status = COPY_MORE;

    if (parser->ended && parser->input.size > 0) {
        problem = "data follows the trailer";
        status = COPY_INVALID;
    } else if (parser->ended) {
        return COPY_END;
    }
    if (status == COPY_MORE && !parser->header_read && parser->input.size > 0) {
        status = parse_header(parser->input, &consumed, &problem);
        if (status == COPY_TUPLE) {
            parser->header_read = true;
            parser->input = slice_of(parser->input.data + consumed, parser->input.size - consumed);
        }
    }
    if (parser->header_read && status != COPY_INVALID) {
        status = copy_tuple_parse(parser->input, fields, parser->field_count, &consumed, &problem);
        if (status == COPY_TUPLE || status == COPY_END) {
            parser->input = slice_of(parser->input.data + consumed, parser->input.size - consumed);
        }
    }
    switch (status) {
    case COPY_TUPLE:
        /* All input is consumed: the next piece can be parsed in place. */
        if (parser->input.size == 0) {
            parser->pending.size = 0;
        }
        return COPY_TUPLE;
    case COPY_END:
        parser->ended = true;
        parser->pending.size = parser->input.size == 0 ? 0 : parser->pending.size;
        return copy_parser_next(parser, fields, error);
    case COPY_MORE:
        return keep_rest(parser, error) ? COPY_MORE : COPY_INVALID;
    case COPY_INVALID:
        break;
    }
    error_set(error, EXIT_CODE_FAILED, "the COPY BINARY stream is broken: %s", problem);
    return COPY_INVALID;
}

void copy_parser_free(CopyParser *parser)
{
    buffer_free(&parser->pending);
    parser->input = (Slice){0};
}
