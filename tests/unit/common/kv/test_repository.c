/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries belong to a repository.  The messages are written byte by byte.
 *
 * Source: KV-MODEL.md, "One repository".
 */
#include "tests/unit/support.h"

#include "common/kv/repository.h"

/* Like BYTES, for the initialization of constants. */
#define CONSTANT(literal)                                                                          \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

#define INSTANCE "cbpmmkcq9c0000a3v1ng"
#define R "repo-" INSTANCE

/* RepositoryData: id, storage namespace, instance, read only, a field of a later version. */
#define RECORD "\x0a\x04repo\x12\x06s3://b\x32\x14" INSTANCE "\x38\x01\x9a\x06\x01x"

/* BranchData: id, commit, staging token, two sealed tokens, hidden. */
#define BRANCH                                                                                     \
    "\x0a\x01m\x12\x01"                                                                            \
    "c\x1a\x05token\x22\x02t1\x22\x02t2\x28\x01"

static void set(KvRepository *repository)
{
    Error error = {0};

    assert_done(kv_repository_set(repository, BYTES("repo"), BYTES(RECORD), &error), &error);
    assert_done(kv_repository_add_branch(repository, BYTES("branches/m"), BYTES(BRANCH), &error),
                &error);
}

static void test_record_gives_the_names(void **state)
{
    KvRepository repository = {0};

    (void)state;
    set(&repository);
    assert_slice_equal(buffer_slice(&repository.id), BYTES("repo"));
    assert_slice_equal(buffer_slice(&repository.partition), BYTES(R));
    assert_slice_equal(buffer_slice(&repository.key), BYTES("repos/repo"));
    assert_slice_equal(buffer_slice(&repository.storage_namespace), BYTES("s3://b"));
    assert_slice_equal(buffer_slice(&repository.actions), BYTES("repos/repo/"));
    assert_slice_equal(buffer_slice(&repository.pulls), BYTES("repos/" R "/"));
    assert_int_equal(byte_map_count(&repository.tokens), 3);
    assert_false(repository.in_deletion);
    kv_repository_free(&repository);
}

static void test_records_that_lead_elsewhere_are_refused(void **state)
{
    static const struct {
        Slice id;
        Slice record;
    } RECORDS[] = {
        {CONSTANT("repo"), CONSTANT("\x0a\x05other\x32\x14" INSTANCE)},
        {CONSTANT("repo"), CONSTANT("\x0a\x04repo")},
        {CONSTANT("repo"), CONSTANT("\x0a\x04repo\x32\x13"
                                    "cbpmmkcq9c0000a3v1n")},
        {CONSTANT("repo"), CONSTANT("\x0a\x04repo\x32\x16"
                                    "2-" INSTANCE)},
        {CONSTANT("repo"), CONSTANT("\x0a\x7f")},
        {CONSTANT(""), CONSTANT("\x32\x14" INSTANCE)},
        {CONSTANT("a/b"), CONSTANT("\x0a\x03"
                                   "a/b\x32\x14" INSTANCE)},
        /* The last one of two counts. */
        {CONSTANT("repo"), CONSTANT("\x0a\x04repo\x32\x14" INSTANCE "\x0a\x05other")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(RECORDS); i++) {
        KvRepository repository = {0};
        Error error = {0};

        assert_refused(kv_repository_set(&repository, RECORDS[i].id, RECORDS[i].record, &error),
                       &error, EXIT_CODE_REFUSED);
        assert_string_not_equal(error.hint, "");
        kv_repository_free(&repository);
    }
}

static void test_tokens_that_name_other_partitions_are_refused(void **state)
{
    static const Slice BRANCHES[] = {
        CONSTANT("\x1a\x04"
                 "auth"),
        CONSTANT("\x1a\x09"
                 "basicAuth"),
        CONSTANT("\x1a\x07"
                 "aclauth"),
        CONSTANT("\x1a\x07"
                 "actions"),
        CONSTANT("\x1a\x0amultiparts"),
        CONSTANT("\x1a\x08graveler"),
        CONSTANT("\x1a\x05pulls"),
        CONSTANT("\x1a\x0e"
                 "cleanup-tokens"),
        CONSTANT("\x1a\x0cmc-ownership"),
        CONSTANT("\x1a\x07"
                 "catalog"),
        CONSTANT("\x1a\x05usage"),
        CONSTANT("\x1a\x14kv-internal-metadata"),
        CONSTANT("\x22\x04"
                 "auth"),
        CONSTANT("\x1a\x05token\x22\x04"
                 "auth"),
        CONSTANT("\x1a\x19" R),
        CONSTANT("\x1a\x04"
                 "auth\x1a\x05token"),
        CONSTANT("\x1a\x7f"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(BRANCHES); i++) {
        KvRepository repository = {0};
        Error error = {0};

        set(&repository);
        assert_refused(
            kv_repository_add_branch(&repository, BYTES("branches/x"), BRANCHES[i], &error), &error,
            EXIT_CODE_REFUSED);
        assert_string_not_equal(error.hint, "");
        kv_repository_free(&repository);
    }
}

static void test_parts(void **state)
{
    static const struct {
        Entry entry;
        KvRepositoryPart part;
    } ENTRIES[] = {
        {{CONSTANT("graveler"), CONSTANT("repos/repo"), CONSTANT(RECORD)}, KV_PART_RECORD},
        {{CONSTANT("graveler"), CONSTANT("repos/repo2"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT("graveler"), CONSTANT("repos/rep"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT(R), CONSTANT("branches/m"), CONSTANT(BRANCH)}, KV_PART_BRANCH},
        {{CONSTANT(R), CONSTANT("commits/c"), CONSTANT("")}, KV_PART_COMMIT},
        {{CONSTANT(R), CONSTANT("tags/t"), CONSTANT("")}, KV_PART_TAG},
        {{CONSTANT(R), CONSTANT("pulls/p"), CONSTANT("")}, KV_PART_PULL},
        {{CONSTANT(R), CONSTANT("settings/protected_branches"), CONSTANT("")}, KV_PART_SETTING},
        {{CONSTANT(R), CONSTANT("repo-metadata"), CONSTANT("")}, KV_PART_SETTING},
        {{CONSTANT(R), CONSTANT("of a later version"), CONSTANT("")}, KV_PART_SETTING},
        {{CONSTANT(R), CONSTANT("tasks/DR1"), CONSTANT("")}, KV_PART_TRANSIENT},
        {{CONSTANT(R), CONSTANT("imports/i"), CONSTANT("")}, KV_PART_TRANSIENT},
        {{CONSTANT(R), CONSTANT("link-addresses/l"), CONSTANT("")}, KV_PART_TRANSIENT},
        {{CONSTANT("repo-cbpmmkcq9c0000a3v1n0"), CONSTANT("commits/c"), CONSTANT("")},
         KV_PART_NONE},
        {{CONSTANT("my-" R), CONSTANT("commits/c"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT("token"), CONSTANT("k"), CONSTANT("\x0a\x01k")}, KV_PART_STAGED},
        {{CONSTANT("t2"), CONSTANT("branches/m"),
          CONSTANT("\x0a\x0a"
                   "branches/m")},
         KV_PART_STAGED},
        {{CONSTANT("t1"), CONSTANT("k"), CONSTANT("\x0a\x01x")}, KV_PART_FOREIGN},
        {{CONSTANT("t3"), CONSTANT("k"), CONSTANT("\x0a\x01k")}, KV_PART_NONE},
        {{CONSTANT("pulls"), CONSTANT("repos/" R "/a/b"), CONSTANT("\x0a\x01p")},
         KV_PART_PULL_INDEX},
        {{CONSTANT("pulls"), CONSTANT("repos/" R "2/a/b"), CONSTANT("\x0a\x01p")}, KV_PART_NONE},
        {{CONSTANT("actions"), CONSTANT("repos/repo/runs/1"),
          CONSTANT("\x0a\x01"
                   "1")},
         KV_PART_RUN},
        {{CONSTANT("actions"), CONSTANT("repos/repo/tasks/1/h"), CONSTANT("")}, KV_PART_RUN_TASK},
        {{CONSTANT("actions"), CONSTANT("repos/repo/tasks/1/h/i"), CONSTANT("")}, KV_PART_RUN_TASK},
        {{CONSTANT("actions"), CONSTANT("repos/repo/branches/a/b/1"),
          CONSTANT("\x0a\x11repos/repo/runs/1")},
         KV_PART_RUN_INDEX},
        {{CONSTANT("actions"), CONSTANT("repos/repo/commits/c/1"),
          CONSTANT("\x0a\x11repos/repo/runs/1")},
         KV_PART_RUN_INDEX},
        {{CONSTANT("actions"), CONSTANT("repos/repo2/runs/1"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT("actions"), CONSTANT("repos/repo/other/1"), CONSTANT("")}, KV_PART_NONE},
        /* Of repositories "repo/runs" and "repo/branches". */
        {{CONSTANT("actions"), CONSTANT("repos/repo/runs/runs/1"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT("actions"), CONSTANT("repos/repo/branches/branches/m/1"),
          CONSTANT("\x0a\x1arepos/repo/branches/runs/1")},
         KV_PART_NONE},
        {{CONSTANT("auth"), CONSTANT("users/repo"), CONSTANT("")}, KV_PART_NONE},
        {{CONSTANT("cleanup-tokens"), CONSTANT("token"), CONSTANT("stub-value")}, KV_PART_NONE},
        {{CONSTANT("multiparts"), CONSTANT("u"), CONSTANT("")}, KV_PART_NONE},
    };
    KvRepository repository = {0};

    (void)state;
    set(&repository);
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        KvRepositoryPart part = kv_repository_part(&repository, &ENTRIES[i].entry);

        if (part != ENTRIES[i].part) {
            fail_msg("entry %zu is part %d", i, (int)part);
        }
    }
    kv_repository_free(&repository);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_gives_the_names),
        cmocka_unit_test(test_records_that_lead_elsewhere_are_refused),
        cmocka_unit_test(test_tokens_that_name_other_partitions_are_refused),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests_name("kv_repository", tests, NULL, NULL);
}
