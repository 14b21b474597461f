/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/index_key.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

/* Bytes that no compression makes shorter, the same on every machine. */
static uint8_t *random_bytes(size_t size, uint32_t seed)
{
    uint8_t *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    return bytes;
}

static bool random_fits(size_t partition_size, size_t key_size)
{
    uint8_t *partition = random_bytes(partition_size, 1);
    uint8_t *key = random_bytes(key_size, 2);
    bool fits = index_key_fits(slice_of(partition, partition_size), slice_of(key, key_size));

    free(partition);
    free(key);
    return fits;
}

/* Where PostgreSQL 15 draws the line. */
static void test_limit_of_keys_that_cannot_be_compressed(void **state)
{
    (void)state;
    /* An entry has 8 bytes of its own.  A value of up to 126 bytes has one byte more, a longer one
     * four, and begins at a multiple of four. */
    assert_true(random_fits(4, 2684));
    assert_false(random_fits(4, 2685));
    assert_true(random_fits(0, 2688));
    assert_false(random_fits(0, 2689));
    assert_true(random_fits(126, 2564));
    assert_false(random_fits(126, 2565));
    assert_true(random_fits(127, 2560));
    assert_false(random_fits(127, 2561));
    assert_true(random_fits(1344, 1344));
    assert_false(random_fits(1344, 1345));
}

static bool repeated_fits(size_t unit_size, size_t size)
{
    uint8_t *unit = random_bytes(unit_size, 3);
    uint8_t *key = malloc(size);
    bool fits;

    for (size_t i = 0; i < size; i++) {
        key[i] = unit[i % unit_size];
    }
    fits = index_key_fits(slice_text("token"), slice_of(key, size));
    free(unit);
    free(key);
    return fits;
}

static void test_keys_that_can_be_compressed_may_be_longer(void **state)
{
    (void)state;
    assert_true(repeated_fits(1, 200000));
    assert_true(repeated_fits(7, 200000));
    assert_true(repeated_fits(600, 6000));
    /* Nothing is compressed that does not begin to repeat itself within the first kilobyte. */
    assert_false(repeated_fits(2000, 6000));
    /* No repetition helps a key as long as that. */
    assert_false(repeated_fits(1, 1000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_of_keys_that_cannot_be_compressed),
        cmocka_unit_test(test_keys_that_can_be_compressed_may_be_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
