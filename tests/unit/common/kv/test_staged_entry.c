/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staged entries are packed as protobuf-c packs them.
 */
#include "tests/unit/support.h"

#include "common/kv/staged_entry.h"

#include "graveler.pb-c.h"

static ProtobufCBinaryData binary(Slice bytes)
{
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

static void compare(const StagedEntry *entry)
{
    Kv__StagedEntryData message = KV__STAGED_ENTRY_DATA__INIT;
    size_t size = staged_entry_size(entry);
    uint8_t *packed = malloc(size + 1);
    uint8_t *expected;

    message.key = binary(entry->key);
    message.identity = binary(entry->identity);
    message.data = binary(entry->data);
    assert_int_equal(size, kv__staged_entry_data__get_packed_size(&message));
    expected = malloc(size + 1);
    assert_non_null(packed);
    assert_non_null(expected);
    packed[size] = '!';
    staged_entry_pack(entry, packed);
    kv__staged_entry_data__pack(&message, expected);
    assert_memory_equal(packed, expected, size);
    assert_int_equal(packed[size], '!');
    free(packed);
    free(expected);
}

/* The sizes are those at which a length gets longer. */
static void test_packed_as_by_protobuf(void **state)
{
    static const size_t SIZES[] = {0, 1, 127, 128, 16383, 16384, 2097151, 2097152};
    static uint8_t bytes[2097152];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        Slice all = slice_of(bytes, SIZES[i]);
        Slice few = slice_of(bytes + 1, 5);

        compare(&(StagedEntry){all, few, few});
        compare(&(StagedEntry){few, all, few});
        compare(&(StagedEntry){few, few, all});
        compare(&(StagedEntry){all, all, all});
        compare(&(StagedEntry){all, (Slice){0}, (Slice){0}});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packed_as_by_protobuf)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
