/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a copied repository.  The messages are written byte by byte.
 *
 * Source: KV-MODEL.md, "One repository".
 */
#include "tests/unit/support.h"

#include "common/kv/model.h"
#include "common/kv/repository_copy.h"

/* Like BYTES, for the initialization of constants. */
#define CONSTANT(literal)                                                                          \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

#define INSTANCE "cbpmmkcq9c0000a3v1ng"
#define R "repo-" INSTANCE
#define UUID "00000000-0000-4000-8000-000000000001"
#define TOKEN "repo-a:b:" UUID

/* RepositoryData, with a field of a later version. */
#define RECORD "\x0a\x04repo\x12\x06s3://b\x1a\x04main\x32\x14" INSTANCE "\x38\x01\x9a\x06\x01x"
/* BranchData: id, token, sealed token, hidden, a field of a later version. */
#define BRANCH "\x0a\x01m\x1a\x2d" TOKEN "\x22\x02t1\x28\x01\x9a\x06\x01x"

typedef struct Copying {
    KvRepository from;
    KvRepository to;
    KvCopyScratch scratch;
    Buffer tuples;
} Copying;

static void begin(Copying *copying, const KvRepositoryChange *change)
{
    Error error = {0};

    *copying = (Copying){0};
    assert_done(kv_repository_set(&copying->from, BYTES("repo"), BYTES(RECORD), &error), &error);
    assert_done(
        kv_repository_add_branch(&copying->from, BYTES("branches/m"), BYTES(BRANCH), &error),
        &error);
    assert_done(kv_repository_copy_begin(&copying->from, change, &copying->to, &error), &error);
}

static void end(Copying *copying)
{
    kv_repository_free(&copying->from);
    kv_repository_free(&copying->to);
    kv_copy_scratch_free(&copying->scratch);
    buffer_free(&copying->tuples);
}

/* The copy of an entry, valid until the next one. */
static Entry copy(Copying *copying, Slice partition, Slice key, Slice value)
{
    const Entry entry = {partition, key, value};
    const char *problem;
    Error error = {0};
    Entry copied;
    Slice rest;

    copying->tuples.size = 0;
    assert_done(kv_repository_copy_entry(&copying->from, &copying->to,
                                         kv_repository_part(&copying->from, &entry), &entry,
                                         &copying->scratch, &copying->tuples, &error),
                &error);
    rest = buffer_slice(&copying->tuples);
    assert_true(entry_next(&rest, &copied, &problem));
    assert_int_equal(rest.size, 0);
    return copied;
}

static void test_without_changes_entries_stay_as_they_are(void **state)
{
    static const Entry ENTRIES[] = {
        {CONSTANT("graveler"), CONSTANT("repos/repo"), CONSTANT(RECORD)},
        {CONSTANT(R), CONSTANT("branches/m"), CONSTANT(BRANCH)},
        {CONSTANT(R), CONSTANT("settings/protected_branches"), CONSTANT("\0\xff")},
        {CONSTANT(TOKEN), CONSTANT("k"), CONSTANT("\x0a\x01k")},
        {CONSTANT("actions"), CONSTANT("repos/repo/branches/m/1"),
         CONSTANT("\x0a\x11repos/repo/runs/1")},
        {CONSTANT("pulls"), CONSTANT("repos/" R "/a/b"), CONSTANT("\x0a\x01p")},
    };
    const KvRepositoryChange change = {0};
    Copying copying;

    (void)state;
    begin(&copying, &change);
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        Entry copied = copy(&copying, ENTRIES[i].partition_key, ENTRIES[i].key, ENTRIES[i].value);

        assert_slice_equal(copied.partition_key, ENTRIES[i].partition_key);
        assert_slice_equal(copied.key, ENTRIES[i].key);
        assert_slice_equal(copied.value, ENTRIES[i].value);
    }
    end(&copying);
}

static void test_copy_has_other_names_everywhere(void **state)
{
    const KvRepositoryChange change = {
        .id = "the-copy", .storage_namespace = "gs://c/d", .new_instance = true};
    KvRepositoryRecord record;
    Slice id;
    Slice instance;
    Copying copying;
    Buffer expected = {0};
    Error error = {0};
    Entry copied;
    Slice token;

    (void)state;
    begin(&copying, &change);
    assert_done(kv_repository_renew_token(&copying.from, &copying.to, BYTES(TOKEN), &error),
                &error);
    copied = copy(&copying, BYTES("graveler"), BYTES("repos/repo"), BYTES(RECORD));
    assert_slice_equal(copied.key, BYTES("repos/the-copy"));
    assert_true(kv_repository_read(copied.value, &record));
    assert_slice_equal(record.id, BYTES("the-copy"));
    assert_slice_equal(record.storage_namespace, BYTES("gs://c/d"));
    /* The rest is as it was, in its place. */
    assert_true(slice_contains(copied.value, BYTES("gs://c/d\x1a\x04main\x32\x14")));
    assert_slice_equal(slice_of(copied.value.data + copied.value.size - 6, 6),
                       BYTES("\x38\x01\x9a\x06\x01x"));

    copied = copy(&copying, BYTES(R), BYTES("commits/c"), BYTES("value"));
    assert_true(kv_partition_is_repository(copied.partition_key, &id, &instance));
    assert_slice_equal(id, BYTES("the-copy"));
    assert_false(slice_equal(instance, BYTES(INSTANCE)));

    token = kv_repository_copied_token(&copying.from, BYTES(TOKEN));
    assert_slice_equal(slice_of(token.data, strlen("the-copy-a:b:")), BYTES("the-copy-a:b:"));
    assert_int_equal(token.size, strlen("the-copy-a:b:") + strlen(UUID));
    assert_false(slice_contains(token, BYTES(UUID)));
    copied = copy(&copying, BYTES(TOKEN), BYTES("k"), BYTES("\x0a\x01k"));
    assert_slice_equal(copied.partition_key, token);
    assert_slice_equal(copied.value, BYTES("\x0a\x01k"));

    /* A token that was not renewed stays. */
    copied = copy(&copying, BYTES(R), BYTES("branches/m"), BYTES(BRANCH));
    assert_done(buffer_append_format(&expected, &error, "\x0a\x01m\x1a%c%.*s\x22\x02t1\x28\x01",
                                     (char)token.size, (int)token.size, (const char *)token.data),
                &error);
    assert_done(buffer_append(&expected, "\x9a\x06\x01x", 4, &error), &error);
    assert_slice_equal(copied.value, buffer_slice(&expected));

    copied = copy(&copying, BYTES("actions"), BYTES("repos/repo/branches/m/1"),
                  BYTES("\x0a\x11repos/repo/runs/1"));
    assert_slice_equal(copied.key, BYTES("repos/the-copy/branches/m/1"));
    assert_slice_equal(copied.value, BYTES("\x0a\x15repos/the-copy/runs/1"));
    copied = copy(&copying, BYTES("actions"), BYTES("repos/repo/runs/1"),
                  BYTES("\x0a\x01"
                        "1"));
    assert_slice_equal(copied.key, BYTES("repos/the-copy/runs/1"));
    assert_slice_equal(copied.value, BYTES("\x0a\x01"
                                           "1"));
    copied = copy(&copying, BYTES("pulls"), BYTES("repos/" R "/a/b"), BYTES("\x0a\x01p"));
    assert_slice_equal(slice_of(copied.key.data, 15), BYTES("repos/the-copy-"));
    assert_slice_equal(slice_of(copied.key.data + copied.key.size - 4, 4), BYTES("/a/b"));
    buffer_free(&expected);
    end(&copying);
}

static void test_long_names_have_longer_sizes(void **state)
{
    char url[400];
    const KvRepositoryChange change = {.storage_namespace = url};
    KvRepositoryRecord record;
    Copying copying;
    Entry copied;

    (void)state;
    memset(url, 'x', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    begin(&copying, &change);
    copied = copy(&copying, BYTES("graveler"), BYTES("repos/repo"), BYTES(RECORD));
    assert_true(kv_repository_read(copied.value, &record));
    assert_slice_equal(record.storage_namespace, slice_text(url));
    assert_slice_equal(record.instance_id, BYTES(INSTANCE));
    end(&copying);
}

static void test_instances_and_tokens_are_never_the_same(void **state)
{
    const KvRepositoryChange change = {.id = "the-copy", .new_instance = true};
    Copying first;
    Copying second;
    Error error = {0};

    (void)state;
    begin(&first, &change);
    begin(&second, &change);
    assert_false(
        slice_equal(buffer_slice(&first.to.partition), buffer_slice(&second.to.partition)));
    assert_done(kv_repository_renew_token(&first.from, &first.to, BYTES("t1"), &error), &error);
    assert_done(kv_repository_renew_token(&second.from, &second.to, BYTES("t1"), &error), &error);
    assert_false(slice_equal(kv_repository_copied_token(&first.from, BYTES("t1")),
                             kv_repository_copied_token(&second.from, BYTES("t1"))));
    end(&first);
    end(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_changes_entries_stay_as_they_are),
        cmocka_unit_test(test_copy_has_other_names_everywhere),
        cmocka_unit_test(test_long_names_have_longer_sizes),
        cmocka_unit_test(test_instances_and_tokens_are_never_the_same),
    };

    return cmocka_run_group_tests_name("kv_repository_copy", tests, NULL, NULL);
}
