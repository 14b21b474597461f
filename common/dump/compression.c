/* SPDX-License-Identifier: Apache-2.0 */
/* For the fields of the frame header and the literal mode: in zstd's "experimental" section, but
 * stable since 1.4. */
#define ZSTD_STATIC_LINKING_ONLY
#include "common/dump/compression.h"

#include "common/dump/stored_frame.h"

#include <stdlib.h>
#include <zstd.h>

struct Compressor {
    ZSTD_CCtx *context; /* NULL: stores */
};

struct Decompressor {
    ZSTD_DCtx *context;
};

static bool set_parameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value, Error *error)
{
    size_t code = ZSTD_CCtx_setParameter(context, parameter, value);

    return !ZSTD_isError(code) ||
           error_set(error, EXIT_CODE_FAILED, "could not set up zstd: %s", ZSTD_getErrorName(code));
}

static bool set_level(ZSTD_CCtx *context, int level, Error *error)
{
    return set_parameter(context, ZSTD_c_compressionLevel, level, error) &&
           (level > 0 ||
            set_parameter(context, ZSTD_c_literalCompressionMode, ZSTD_ps_enable, error));
}

bool compressor_new(int level, Compressor **compressor, Error *error)
{
    Compressor *c = calloc(1, sizeof *c);

    *compressor = NULL;
    if (c == NULL) {
        return error_out_of_memory(error);
    }
    if (level == COMPRESSION_LEVEL_STORE) {
        *compressor = c;
        return true;
    }
    c->context = ZSTD_createCCtx();
    if (c->context == NULL) {
        compressor_free(c);
        return error_out_of_memory(error);
    }
    if (!set_level(c->context, level, error) ||
        !set_parameter(c->context, ZSTD_c_checksumFlag, 1, error) ||
        !set_parameter(c->context, ZSTD_c_contentSizeFlag, 1, error)) {
        compressor_free(c);
        return false;
    }
    *compressor = c;
    return true;
}

size_t compression_bound(size_t content_size)
{
    return ZSTD_compressBound(content_size);
}

bool compressor_run(Compressor *compressor, Slice content, Buffer *frame, Error *error)
{
    size_t size;

    if (compressor->context == NULL) {
        return stored_frame_write(content, frame, error);
    }
    frame->size = 0;
    if (!buffer_reserve(frame, compression_bound(content.size), error)) {
        return false;
    }
    size = ZSTD_compress2(compressor->context, frame->data, frame->capacity, content.data,
                          content.size);
    if (ZSTD_isError(size)) {
        return error_set(error, EXIT_CODE_FAILED, "could not compress: %s",
                         ZSTD_getErrorName(size));
    }
    frame->size = size;
    return true;
}

void compressor_free(Compressor *compressor)
{
    if (compressor != NULL) {
        ZSTD_freeCCtx(compressor->context);
        free(compressor);
    }
}

bool decompressor_new(Decompressor **decompressor, Error *error)
{
    *decompressor = calloc(1, sizeof **decompressor);
    if (*decompressor == NULL) {
        return error_out_of_memory(error);
    }
    (*decompressor)->context = ZSTD_createDCtx();
    if ((*decompressor)->context == NULL) {
        decompressor_free(*decompressor);
        *decompressor = NULL;
        return error_out_of_memory(error);
    }
    return true;
}

/* Checks the frame's header before memory is allocated for its content. */
static bool check_frame(Slice frame, size_t content_size, Error *error)
{
    ZSTD_frameHeader header;
    size_t code = ZSTD_getFrameHeader(&header, frame.data, frame.size);

    if (ZSTD_isError(code) || code > 0 || header.frameType != ZSTD_frame) {
        return error_set(error, EXIT_CODE_DUMP, "there is no zstd frame where one was announced");
    }
    if (header.frameContentSize != content_size) {
        return error_set(error, EXIT_CODE_DUMP, "a zstd frame states another size than announced");
    }
    if (header.checksumFlag != 1) {
        return error_set(error, EXIT_CODE_DUMP, "a zstd frame has no checksum");
    }
    if (header.dictID != 0) {
        return error_set(error, EXIT_CODE_DUMP, "a zstd frame wants a dictionary");
    }
    if (ZSTD_findFrameCompressedSize(frame.data, frame.size) != frame.size) {
        return error_set(error, EXIT_CODE_DUMP, "a zstd frame is not as long as announced");
    }
    return true;
}

bool decompressor_run(Decompressor *decompressor, Slice frame, size_t content_size, Buffer *content,
                      Error *error)
{
    size_t size;

    content->size = 0;
    if (!check_frame(frame, content_size, error) || !buffer_reserve(content, content_size, error)) {
        return false;
    }
    size = ZSTD_decompressDCtx(decompressor->context, content->data, content_size, frame.data,
                               frame.size);
    if (ZSTD_isError(size)) {
        error_set(error, EXIT_CODE_DUMP, "a zstd frame cannot be decompressed");
        return error_detail(error, "%s", ZSTD_getErrorName(size));
    }
    if (size != content_size) {
        return error_set(error, EXIT_CODE_DUMP, "a zstd frame holds less than announced");
    }
    content->size = size;
    return true;
}

void decompressor_free(Decompressor *decompressor)
{
    if (decompressor != NULL) {
        ZSTD_freeDCtx(decompressor->context);
        free(decompressor);
    }
}
