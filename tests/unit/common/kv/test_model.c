/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spelling of partitions and keys, byte for byte as in the KV model facts.
 */
#include "tests/unit/support.h"

#include "common/kv/model.h"

/* Typical ids: with the separator in them, non-ASCII, empty. */
#define SLASHED "a/b"
#define ACCENTED "caf\xc3\xa9 \xf0\x9f\x90\x98"
#define RUN_ID "cakupq28r3tdg7tnqj6g"

/* Checks a call that writes `expected` into a buffer with other contents. */
#define assert_key(call, expected)                                                                 \
    do {                                                                                           \
        Error error = {0};                                                                         \
        Buffer key = {0};                                                                          \
        assert_done(buffer_append_text(&key, "left over from the entry before", &error), &error);  \
        assert_done(call, &error);                                                                 \
        assert_slice_equal(buffer_slice(&key), BYTES(expected));                                   \
        buffer_free(&key);                                                                         \
    } while (0)

static Slice t(const char *text)
{
    return slice_text(text);
}

static void test_partitions_are_those_of_the_model(void **state)
{
    (void)state;
    assert_string_equal(KV_PARTITION_AUTH, "auth");
    assert_string_equal(KV_PARTITION_ACTIONS, "actions");
    assert_string_equal(KV_PARTITION_MULTIPARTS, "multiparts");
    assert_string_equal(KV_PARTITION_GRAVELER, "graveler");
    assert_string_equal(KV_PARTITION_INTERNAL, "kv-internal-metadata");
}

static void test_fixed_keys_and_versions_are_those_of_the_model(void **state)
{
    (void)state;
    assert_string_equal(KV_VERSION_KEY, "kv/schema/version");
    assert_string_equal(KV_INSTALLATION_ID_KEY, "installation_id");
    assert_string_equal(KV_BRANCH_PROTECTION_KEY, "settings/protected_branches");
    assert_int_equal(KV_VERSION_STARTED, 0);
    assert_int_equal(KV_VERSION_MIGRATED, 1);
}

static void test_repository_partition_is_id_dash_instance_id(void **state)
{
    (void)state;
    assert_key(kv_partition_repository(&key, t("example-repo"), RUN_ID, &error),
               "example-repo-" RUN_ID);
    assert_key(kv_partition_repository(&key, t(ACCENTED), RUN_ID, &error), ACCENTED "-" RUN_ID);
    assert_key(kv_partition_repository(&key, t(""), RUN_ID, &error), "-" RUN_ID);
}

static void test_auth_entities_stand_below_their_kind(void **state)
{
    (void)state;
    assert_key(kv_key_user(&key, t("admin"), &error), "users/admin");
    assert_key(kv_key_user(&key, t(SLASHED), &error), "users/" SLASHED);
    assert_key(kv_key_user(&key, t(ACCENTED), &error), "users/" ACCENTED);
    assert_key(kv_key_user(&key, t(""), &error), "users/");
    assert_key(kv_key_group(&key, t("Admins"), &error), "groups/Admins");
    assert_key(kv_key_group(&key, t(SLASHED), &error), "groups/" SLASHED);
    assert_key(kv_key_group(&key, t(""), &error), "groups/");
    assert_key(kv_key_policy(&key, t("FSFullAccess"), &error), "policies/FSFullAccess");
    assert_key(kv_key_policy(&key, t(ACCENTED), &error), "policies/" ACCENTED);
    assert_key(kv_key_policy(&key, t(""), &error), "policies/");
}

static void test_auth_relations_name_the_owner_first(void **state)
{
    (void)state;
    assert_key(kv_key_group_user(&key, t("g"), t("u"), &error), "gUsers/g/users/u");
    assert_key(kv_key_group_user(&key, t(SLASHED), t(ACCENTED), &error),
               "gUsers/" SLASHED "/users/" ACCENTED);
    assert_key(kv_key_group_user(&key, t(""), t(""), &error), "gUsers//users/");
    assert_key(kv_key_user_policy(&key, t("u"), t("p"), &error), "uPolicies/u/policies/p");
    assert_key(kv_key_user_policy(&key, t(ACCENTED), t(SLASHED), &error),
               "uPolicies/" ACCENTED "/policies/" SLASHED);
    assert_key(kv_key_user_policy(&key, t(""), t("p"), &error), "uPolicies//policies/p");
    assert_key(kv_key_group_policy(&key, t("g"), t("p"), &error), "gPolicies/g/policies/p");
    assert_key(kv_key_group_policy(&key, t(SLASHED), t(SLASHED), &error),
               "gPolicies/" SLASHED "/policies/" SLASHED);
    assert_key(kv_key_group_policy(&key, t("g"), t(""), &error), "gPolicies/g/policies/");
}

static void test_credentials_tokens_and_metadata_have_their_keys(void **state)
{
    (void)state;
    assert_key(kv_key_credential(&key, t("admin"), t("AKIAJEXAMPLE00000000"), &error),
               "uCredentials/admin/credentials/AKIAJEXAMPLE00000000");
    assert_key(kv_key_credential(&key, t(SLASHED), t(""), &error),
               "uCredentials/" SLASHED "/credentials/");
    assert_key(kv_key_expired_token(&key, t("t/1"), &error), "expiredTokens/t/1");
    assert_key(kv_key_expired_token(&key, t(""), &error), "expiredTokens/");
    assert_key(kv_key_installation_metadata(&key, t("installation_id"), &error),
               "installation_metadata/installation_id");
    assert_key(kv_key_installation_metadata(&key, t(ACCENTED), &error),
               "installation_metadata/" ACCENTED);
}

static void test_runs_and_tasks_stand_below_their_repository(void **state)
{
    (void)state;
    assert_key(kv_key_run(&key, t("repo"), RUN_ID, &error), "repos/repo/runs/" RUN_ID);
    assert_key(kv_key_run(&key, t(""), RUN_ID, &error), "repos//runs/" RUN_ID);
    assert_key(kv_key_branch_run(&key, t("repo"), t("main"), RUN_ID, &error),
               "repos/repo/branches/main/" RUN_ID);
    assert_key(kv_key_branch_run(&key, t("repo"), t("feature/x"), RUN_ID, &error),
               "repos/repo/branches/feature/x/" RUN_ID);
    assert_key(kv_key_commit_run(&key, t(ACCENTED), t("c0ffee"), RUN_ID, &error),
               "repos/" ACCENTED "/commits/c0ffee/" RUN_ID);
    assert_key(kv_key_task(&key, t("repo"), RUN_ID, t("0_0"), &error),
               "repos/repo/tasks/" RUN_ID "/0_0");
    assert_key(kv_key_task(&key, t("repo"), RUN_ID, t(SLASHED), &error),
               "repos/repo/tasks/" RUN_ID "/" SLASHED);
    assert_key(kv_key_task(&key, t("repo"), RUN_ID, t(""), &error), "repos/repo/tasks/" RUN_ID "/");
}

static void test_repositories_and_what_is_in_them_have_their_keys(void **state)
{
    (void)state;
    assert_key(kv_key_repository(&key, t("example-repo"), &error), "repos/example-repo");
    assert_key(kv_key_repository(&key, t(""), &error), "repos/");
    assert_key(kv_key_commit(&key, t("c0ffee"), &error), "commits/c0ffee");
    assert_key(kv_key_commit(&key, t(SLASHED), &error), "commits/" SLASHED);
    assert_key(kv_key_branch(&key, t("main"), &error), "branches/main");
    assert_key(kv_key_branch(&key, t("feature/x"), &error), "branches/feature/x");
    assert_key(kv_key_branch(&key, t(ACCENTED), &error), "branches/" ACCENTED);
    assert_key(kv_key_tag(&key, t("v1.0"), &error), "tags/v1.0");
    assert_key(kv_key_tag(&key, t(""), &error), "tags/");
}

static void test_ids_are_taken_as_bytes(void **state)
{
    (void)state;
    assert_key(kv_key_user(&key, BYTES("a\0b"), &error), "users/a\0b");
    assert_key(kv_key_branch(&key, slice_of(NULL, 0), &error), "branches/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_are_those_of_the_model),
        cmocka_unit_test(test_fixed_keys_and_versions_are_those_of_the_model),
        cmocka_unit_test(test_repository_partition_is_id_dash_instance_id),
        cmocka_unit_test(test_auth_entities_stand_below_their_kind),
        cmocka_unit_test(test_auth_relations_name_the_owner_first),
        cmocka_unit_test(test_credentials_tokens_and_metadata_have_their_keys),
        cmocka_unit_test(test_runs_and_tasks_stand_below_their_repository),
        cmocka_unit_test(test_repositories_and_what_is_in_them_have_their_keys),
        cmocka_unit_test(test_ids_are_taken_as_bytes),
    };

    return cmocka_run_group_tests_name("KV model", tests, NULL, NULL);
}
