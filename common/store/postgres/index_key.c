/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/index_key.h"

#include <stdint.h>
#include <string.h>

/* Source: PostgreSQL, src/include/access/nbtree.h (BTMaxItemSize) and heaptoast.h
 * (TOAST_INDEX_TARGET), for pages of 8 KiB; indextuple.c, index_form_tuple. */
enum {
    MAX_ITEM_SIZE = 2704,
    COMPRESSED_FROM = 510,
    TUPLE_HEADER = 8,
    ALIGNMENT = 8,
    LONG_HEADER = 4,
    SHORT_HEADER = 1,
    COMPRESSED_HEADER = 8,
    SHORT_MAX = 126
};

/* Source: PostgreSQL, src/common/pg_lzcompress.c, strategy_default. */
enum {
    PGLZ_NEED_RATE = 25,
    PGLZ_FIRST_SUCCESS_BY = 1024,
    PGLZ_GOOD_MATCH = 128,
    PGLZ_GOOD_DROP = 10,
    PGLZ_MAX_MATCH = 273,
    PGLZ_MAX_OFFSET = 0x0fff,
    PGLZ_SHORT_MATCH = 17,
    PGLZ_BUCKETS = 8192,
    /* No compression makes an index entry of more: a tag of 3 bytes stands for 273. */
    PGLZ_LONGEST = 256 * 1024
};

/* Positions are counted from 1; 0: none. */
typedef struct History {
    Slice input;
    uint32_t mask;
    uint32_t first[PGLZ_BUCKETS];
    uint32_t next[PGLZ_MAX_OFFSET + 1]; /* of the latest positions */
} History;

static uint32_t bucket_of(const History *history, size_t at)
{
    const int8_t *p = (const int8_t *)history->input.data + at;

    if (history->input.size - at < 4) {
        return (uint32_t)p[0] & history->mask;
    }
    return ((uint32_t)p[0] << 6 ^ (uint32_t)p[1] << 4 ^ (uint32_t)p[2] << 2 ^ (uint32_t)p[3]) &
           history->mask;
}

static void remember(History *history, size_t at)
{
    uint32_t bucket = bucket_of(history, at);

    history->next[(at + 1) & PGLZ_MAX_OFFSET] = history->first[bucket];
    history->first[bucket] = (uint32_t)at + 1;
}

/* The length of the best match for the bytes at `at`; 0 if none is worth it. */
static size_t find_match(const History *history, size_t at)
{
    const uint8_t *data = history->input.data;
    uint32_t position = history->first[bucket_of(history, at)];
    size_t longest = 0;
    int good = PGLZ_GOOD_MATCH;

    while (position != 0) {
        size_t from = position - 1;
        size_t size = 0;

        if (at - from >= PGLZ_MAX_OFFSET) {
            break;
        }
        while (at + size < history->input.size && size < PGLZ_MAX_MATCH &&
               data[at + size] == data[from + size]) {
            size++;
        }
        longest = size > longest ? size : longest;
        position = history->next[position & PGLZ_MAX_OFFSET];
        if (position != 0) {
            if (longest >= (size_t)good) {
                break;
            }
            good -= good * PGLZ_GOOD_DROP / 100;
        }
    }
    return longest > 2 ? longest : 0;
}

static uint32_t buckets(size_t size)
{
    return size < 128 ? 512 : size < 256 ? 1024 : size < 512 ? 2048 : size < 1024 ? 4096 : 8192;
}

/* The size that pglz compresses to; the input's size where it does not. */
static size_t compressed_size(Slice input)
{
    const size_t most = input.size * (100 - PGLZ_NEED_RATE) / 100;
    History history = {.input = input, .mask = buckets(input.size) - 1};
    size_t items = 0;
    size_t size = 0;
    size_t at = 0;
    bool found = false;

    while (at < input.size) {
        size_t match;

        if (size >= most || (!found && size >= PGLZ_FIRST_SUCCESS_BY)) {
            return input.size;
        }
        match = find_match(&history, at);
        found = found || match > 0;
        /* A control byte stands before every eight items. */
        size += items++ % 8 == 0 ? 1 : 0;
        size += match > PGLZ_SHORT_MATCH ? 3 : match > 0 ? 2 : 1;
        for (size_t end = at + (match > 0 ? match : 1); at < end; at++) {
            remember(&history, at);
        }
    }
    return size >= most ? input.size : size;
}

static size_t aligned(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

/* The end of the value in an index entry, of which `used` bytes are in use. */
static size_t add_value(size_t used, Slice value)
{
    if (value.size <= SHORT_MAX) {
        return used + SHORT_HEADER + value.size;
    }
    if (LONG_HEADER + value.size > COMPRESSED_FROM) {
        size_t size = COMPRESSED_HEADER + compressed_size(value);

        if (size + 2 < value.size) {
            return aligned(used, LONG_HEADER) + size;
        }
    }
    return aligned(used, LONG_HEADER) + LONG_HEADER + value.size;
}

bool index_key_fits(Slice partition_key, Slice key)
{
    if (partition_key.size + key.size <= INDEX_KEY_ALWAYS_FITS) {
        return true;
    }
    if (partition_key.size > PGLZ_LONGEST || key.size > PGLZ_LONGEST) {
        return false;
    }
    return aligned(TUPLE_HEADER + add_value(add_value(0, partition_key), key), ALIGNMENT) <=
           MAX_ITEM_SIZE;
}
