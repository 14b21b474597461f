/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaf buffers compared with a simple model: a growing buffer for each leaf.
 *
 * Input: leaves, capacity, then operations of three bytes: kind and size.
 */
#include "tests/fuzz/fuzz.h"

#include "common/store/postgres/leaf_buffers.h"

enum { MAX_LEAVES = 8, BLOCK = 64 * 1024, MAX_TUPLE = 300 * 1024, MAX_OPERATIONS = 100 };

typedef struct Model {
    LeafBuffers *buffers;
    size_t leaf_count;
    size_t capacity;
    Buffer leaves[MAX_LEAVES];
    uint64_t entries[MAX_LEAVES];
    uint32_t next; /* tuple, by which their contents differ */
} Model;

typedef struct Written {
    Buffer bytes;
    size_t fail_after; /* pieces */
} Written;

static bool write_piece(void *state, Slice piece, Error *error)
{
    Written *written = state;

    FUZZ_CHECK(piece.size > 0);
    if (written->fail_after-- == 0) {
        return error_set(error, EXIT_CODE_FAILED, "as asked");
    }
    fuzz_append(&written->bytes, piece.data, piece.size);
    return true;
}

static void check_counts(const Model *model)
{
    size_t fullest = leaf_buffers_fullest(model->buffers);

    for (size_t i = 0; i < model->leaf_count; i++) {
        FUZZ_CHECK(leaf_buffers_bytes(model->buffers, i) == model->leaves[i].size);
        FUZZ_CHECK(leaf_buffers_entries(model->buffers, i) == model->entries[i]);
        FUZZ_CHECK(model->leaves[i].size <= model->leaves[fullest].size);
    }
}

/* Empties a leaf, with a writer that fails after this many pieces. */
static void empty_leaf(Model *model, size_t leaf, size_t fail_after)
{
    Written written = {.fail_after = fail_after};
    Error error = {0};
    Slice expected = buffer_slice(&model->leaves[leaf]);

    if (leaf_buffers_empty(model->buffers, leaf, write_piece, &written, &error)) {
        FUZZ_CHECK(slice_equal(buffer_slice(&written.bytes), expected));
    } else {
        FUZZ_CHECK(written.bytes.size < expected.size);
        FUZZ_CHECK(error.code == EXIT_CODE_FAILED);
    }
    model->leaves[leaf].size = 0;
    model->entries[leaf] = 0;
    buffer_free(&written.bytes);
}

/* A tuple different from the previous ones. */
static Slice make_tuple(Model *model, size_t size)
{
    static uint8_t pool[MAX_TUPLE + BLOCK];
    static bool filled;
    uint32_t random = 1;

    for (size_t i = 0; !filled && i < sizeof pool; i++) {
        random = random * 1103515245 + 12345;
        pool[i] = (uint8_t)(random >> 24);
    }
    filled = true;
    return slice_of(pool + model->next++ * 7919 % BLOCK, size);
}

static void add_tuple(Model *model, size_t leaf, size_t size)
{
    Error error = {0};
    Slice tuple;

    while (!leaf_buffers_have_room(model->buffers, leaf, size)) {
        size_t fullest = leaf_buffers_fullest(model->buffers);

        if (model->leaves[fullest].size == 0) {
            FUZZ_CHECK(size > model->capacity / BLOCK * BLOCK);
            return;
        }
        empty_leaf(model, fullest, SIZE_MAX);
    }
    tuple = make_tuple(model, size);
    FUZZ_CHECK(leaf_buffers_add(model->buffers, leaf, tuple, &error));
    fuzz_append(&model->leaves[leaf], tuple.data, tuple.size);
    model->entries[leaf]++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice input = slice_of(data, size);
    Model model = {.buffers = NULL};
    Error error = {0};

    model.leaf_count = 1 + fuzz_byte(&input) % MAX_LEAVES;
    model.capacity = fuzz_number(&input, 2) * 16;
    FUZZ_CHECK(leaf_buffers_new(model.leaf_count, model.capacity, &model.buffers, &error));
    for (int i = 0; i < MAX_OPERATIONS && input.size > 0; i++) {
        unsigned which = fuzz_byte(&input);
        size_t amount = fuzz_number(&input, 2);
        size_t leaf = which / 8 % model.leaf_count;

        switch (which % 8) {
        case 0:
            empty_leaf(&model, leaf, SIZE_MAX);
            break;
        case 1:
            empty_leaf(&model, leaf, amount % 4);
            break;
        case 2: /* large ones, close to a multiple of the block size */
            add_tuple(&model, leaf, amount % 4 * BLOCK + BLOCK / 2 + amount / 4 % BLOCK);
            break;
        default:
            add_tuple(&model, leaf, amount % 4096);
            break;
        }
        check_counts(&model);
    }
    for (size_t i = 0; i < model.leaf_count; i++) {
        empty_leaf(&model, i, SIZE_MAX);
        buffer_free(&model.leaves[i]);
    }
    check_counts(&model);
    leaf_buffers_free(model.buffers);
    return 0;
}
