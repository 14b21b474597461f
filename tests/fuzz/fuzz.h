/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the fuzz targets.  A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput,
 * linked with libFuzzer (make fuzz), or with replay.c, which runs it over its corpus.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, as a finding, unless the condition holds. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Take numbers from the beginning of the input; zeros after its end. */
static inline uint8_t fuzz_byte(Slice *input)
{
    uint8_t byte = 0;

    if (input->size > 0) {
        byte = input->data[0];
        *input = slice_of(input->data + 1, input->size - 1);
    }
    return byte;
}

static inline uint32_t fuzz_number(Slice *input, unsigned bytes)
{
    uint32_t number = 0;

    while (bytes-- > 0) {
        number = number << 8 | fuzz_byte(input);
    }
    return number;
}

/* Up to `size` bytes. */
static inline Slice fuzz_slice(Slice *input, size_t size)
{
    Slice taken = slice_of(input->data, size < input->size ? size : input->size);

    *input = slice_of(input->data + taken.size, input->size - taken.size);
    return taken;
}

/* A copy in an allocation of exactly its size, so that a sanitizer detects reads beyond it. */
static inline uint8_t *fuzz_copy(Slice bytes)
{
    uint8_t *copy = malloc(bytes.size == 0 ? 1 : bytes.size);

    FUZZ_CHECK(copy != NULL);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

static inline void fuzz_append(Buffer *buffer, const void *data, size_t size)
{
    Error error = {0};

    FUZZ_CHECK(buffer_append(buffer, data, size, &error));
}

#endif
