/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudonyms, and what is kept of texts of each kind.
 *
 * Pseudonyms are computed by Python's hmac according to FORMAT.md, "Pseudonyms".
 */
#include "tests/unit/support.h"

#include "export/redact/keys.h"
#include "export/redact/pseudonym.h"
#include "export/redact/texts.h"

#define KEY "0123456789abcdef"
#define MAIN "tmr5j4d0nhh2qwxp" /* of "main" */
#define ESTI "l3r0gcllnw6r5bxb" /* of "esti" */
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UUID "f121f6b3-027c-40d9-b15c-d14dd32e9b58"

static Pseudonyms *names;

static int names_setup(void **state)
{
    Error error = {0};

    (void)state;
    return pseudonyms_new(slice_text(KEY), &names, &error) ? 0 : -1;
}

static int names_teardown(void **state)
{
    (void)state;
    pseudonyms_free(names);
    return 0;
}

static void assert_redacted(TextRule *rule, const char *text, const char *expected)
{
    Buffer redacted = {0};
    Error error = {0};

    assert_done(rule(names, slice_text(text), &redacted, &error), &error);
    assert_string_equal(buffer_string(&redacted), expected);
    buffer_free(&redacted);
}

/* A text of which nothing is kept. */
static void assert_name(TextRule *rule, const char *text)
{
    Buffer pseudonym = {0};
    Error error = {0};

    assert_done(pseudonym_append(names, slice_text(text), &pseudonym, &error), &error);
    assert_redacted(rule, text, buffer_string(&pseudonym));
    buffer_free(&pseudonym);
}

static void test_a_pseudonym_is_the_one_of_the_format(void **state)
{
    (void)state;
    assert_redacted(text_name, "main", MAIN);
    assert_redacted(text_name, "esti", ESTI);
    assert_redacted(text_name, "a name of just 24 bytes.", "z2jdwpzs0hl833d0r1kcnyl4");
    assert_redacted(text_name, "a name of 25 bytes or more", "p1mx4jqwtsl7xcz6mwwk631913xnmhqn");
    assert_redacted(
        text_name, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "v782t4kr08vrlwp2z8b2f67ywtjrs9y3bxzg4t268yfhw6m628951y6nnnvjzpss43v1842xsgpnvwh"
        "3rv5nzjfgl8xnq0xt9rw9pnkcbmzwfpwx6w9xk8mn8l6mgzrf");
    assert_redacted(text_name, "", "");
}

static void test_a_pseudonym_depends_on_the_key(void **state)
{
    Pseudonyms *others;
    Buffer pseudonym = {0};
    Error error = {0};

    (void)state;
    assert_done(pseudonyms_new(BYTES("0123456789abcdeg"), &others, &error), &error);
    assert_done(pseudonym_append(others, BYTES("main"), &pseudonym, &error), &error);
    assert_int_equal(pseudonym.size, strlen(MAIN));
    assert_string_not_equal(buffer_string(&pseudonym), MAIN);
    buffer_free(&pseudonym);
    pseudonyms_free(others);
    pseudonyms_free(NULL);
}

/* Repository ids: ^[a-z0-9][a-z0-9-]{2,62}$; the length reveals no more than a range. */
static void test_a_pseudonym_is_a_valid_repository_id_as_long_as_the_name_was(void **state)
{
    static const size_t SIZES[][2] = {{1, 16},    {16, 16},     {17, 24},     {32, 32},
                                      {33, 48},   {49, 63},     {63, 63},     {64, 128},
                                      {257, 512}, {1024, 1024}, {1025, 2048}, {5000, 5120}};
    char name[5000];

    (void)state;
    memset(name, 'n', sizeof name);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        Buffer pseudonym = {0};
        Error error = {0};
        const char *text;

        assert_done(pseudonym_append(names, slice_of(name, SIZES[i][0]), &pseudonym, &error),
                    &error);
        text = buffer_string(&pseudonym);
        assert_int_equal(pseudonym.size, SIZES[i][1]);
        assert_int_equal(strspn(text, "bcdfghjklmnpqrstvwxyz0123456789"), pseudonym.size);
        assert_int_equal(strspn(text, "0123456789"), 0);
        buffer_free(&pseudonym);
    }
}

static void test_words_of_lakefs_stay_and_others_do_not(void **state)
{
    (void)state;
    assert_redacted(text_group, "Admins", "Admins");
    assert_name(text_group, "admins");
    assert_name(text_group, "AuthFullAccess");
    assert_redacted(text_policy, "AuthFullAccess", "AuthFullAccess");
    assert_name(text_policy, "Admins");
    assert_redacted(text_user_source, "internal", "internal");
    assert_name(text_user_source, "acme");
    assert_redacted(text_event_type, "post-create-branch", "post-create-branch");
    assert_name(text_event_type, "post-acme");
    assert_redacted(text_effect, "deny", "deny");
    assert_name(text_effect, "acme");
    assert_redacted(text_content_type, "application/octet-stream", "application/octet-stream");
    assert_name(text_content_type, "application/vnd.acme");
    assert_name(text_content_type, "text/plain; name=acme");
}

static void test_an_email_address_leads_nowhere(void **state)
{
    (void)state;
    assert_redacted(text_email, "main", MAIN "@redacted.invalid");
    assert_redacted(text_email, "", "");
}

static void test_paths_keep_their_separators(void **state)
{
    (void)state;
    assert_redacted(text_path, "main", MAIN);
    assert_redacted(text_path, "main/esti/main", MAIN "/" ESTI "/" MAIN);
    assert_redacted(text_path, "/main//esti/", "/" MAIN "//" ESTI "/");
    assert_redacted(text_path, "_lakefs_actions/esti", "_lakefs_actions/" ESTI);
    assert_name(text_path, "_lakefs_actions2");
    assert_redacted(text_path, "", "");
}

static void test_addresses_keep_their_scheme(void **state)
{
    (void)state;
    assert_redacted(text_address, "s3://esti/main/main", "s3://" ESTI "/" MAIN "/" MAIN);
    assert_redacted(text_address, "https://main/esti", "https://" MAIN "/" ESTI);
    assert_redacted(text_address, "local://esti", "local://" ESTI);
    assert_redacted(text_address, "main", MAIN);
    assert_redacted(text_address, "main/esti", MAIN "/" ESTI);
    assert_name(text_address, "s3:acme");
    assert_redacted(text_address, "", "");
}

static void test_an_unknown_scheme_is_a_name(void **state)
{
    Buffer redacted = {0};
    Error error = {0};

    (void)state;
    assert_done(text_address(names, BYTES("acme://main"), &redacted, &error), &error);
    assert_lacks(buffer_string(&redacted), "acme");
    assert_contains(buffer_string(&redacted), "//" MAIN);
    buffer_free(&redacted);
}

static void test_actions_of_policies_stay(void **state)
{
    (void)state;
    assert_redacted(text_action, "fs:ReadObject", "fs:ReadObject");
    assert_redacted(text_action, "auth:*", "auth:*");
    assert_redacted(text_action, "*", "*");
    assert_name(text_action, "acme:Read");
    assert_name(text_action, "fs:Read/acme");
    assert_name(text_action, "acme");
    assert_redacted(text_action, "", "");
}

static void test_resources_keep_words_wildcards_and_variables(void **state)
{
    static const char *const RESOURCES[][2] = {
        {"*", "*"},
        {"arn:lakefs:fs:::*", "arn:lakefs:fs:::*"},
        {"arn:lakefs:fs:::repository/main", "arn:lakefs:fs:::repository/" MAIN},
        {"arn:lakefs:fs:::repository/*", "arn:lakefs:fs:::repository/*"},
        {"arn:lakefs:fs:::repository/main*", "arn:lakefs:fs:::repository/" MAIN "*"},
        {"arn:lakefs:fs:::repository/esti/object/*",
         "arn:lakefs:fs:::repository/" ESTI "/object/*"},
        {"arn:lakefs:fs:::repository/esti/object/main?esti/main",
         "arn:lakefs:fs:::repository/" ESTI "/object/" MAIN "?" ESTI "/" MAIN},
        {"arn:lakefs:fs:::repository/esti/object/main/esti*",
         "arn:lakefs:fs:::repository/" ESTI "/object/" MAIN "/" ESTI "*"},
        {"arn:lakefs:fs:::repository/*/branch/main", "arn:lakefs:fs:::repository/*/branch/" MAIN},
        {"arn:lakefs:fs:::repository/esti/tag/main",
         "arn:lakefs:fs:::repository/" ESTI "/tag/" MAIN},
        {"arn:lakefs:fs:::repository/esti/main", "arn:lakefs:fs:::repository/" ESTI "/" MAIN},
        {"arn:lakefs:fs:::namespace/s3://esti/*", "arn:lakefs:fs:::namespace/s3://" ESTI "/*"},
        {"arn:lakefs:auth:::user/${user}", "arn:lakefs:auth:::user/${user}"},
        {"arn:lakefs:auth:::user/esti", "arn:lakefs:auth:::user/" ESTI},
        {"arn:lakefs:auth:::group/Admins", "arn:lakefs:auth:::group/Admins"},
        {"arn:lakefs:auth:::group/esti", "arn:lakefs:auth:::group/" ESTI},
        {"arn:lakefs:auth:::policy/FSReadAll", "arn:lakefs:auth:::policy/FSReadAll"},
        {"arn:lakefs:main:esti::user/*", "arn:lakefs:" MAIN ":" ESTI "::user/*"},
        {"arn:lakefs:fs:::main/esti", "arn:lakefs:fs:::" MAIN "/" ESTI},
        {"arn:lakefs:main", "arn:lakefs:" MAIN},
        {"main/esti", MAIN "/" ESTI},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(RESOURCES); i++) {
        assert_redacted(text_resource, RESOURCES[i][0], RESOURCES[i][1]);
    }
}

static void test_branch_patterns_keep_what_makes_them_patterns(void **state)
{
    (void)state;
    assert_redacted(text_branch_pattern, "main", MAIN);
    assert_redacted(text_branch_pattern, "*main", "*" MAIN);
    assert_redacted(text_branch_pattern, "{main,esti}?*", "{" MAIN "," ESTI "}?*");
    assert_redacted(text_branch_pattern, "*", "*");
}

static void test_hashes_are_kept_and_other_text_is_not(void **state)
{
    (void)state;
    assert_redacted(text_hash, HASH, HASH);
    assert_name(text_hash, HASH "0");
    assert_name(text_hash, "0123456789abcdef");
    assert_name(text_hash, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeF");
    assert_redacted(text_hash, "", "");
}

static void test_refs_are_hashes_or_names_with_modifiers(void **state)
{
    (void)state;
    assert_redacted(text_ref, "main", MAIN);
    assert_redacted(text_ref, HASH, HASH);
    assert_redacted(text_ref, "main~2", MAIN "~2");
    assert_redacted(text_ref, "main^2~1", MAIN "^2~1");
    assert_redacted(text_ref, "main@", MAIN "@");
    assert_redacted(text_ref, HASH "~1", HASH "~1");
    assert_name(text_ref, "main~acme");
    assert_name(text_ref, "someone@acme.example");
    assert_redacted(text_ref, "", "");
}

static void test_an_xid_keeps_its_time_only(void **state)
{
    (void)state;
    assert_redacted(text_xid, "9m4e2mr0ui3e8a215n4g", "9m4e2mo9osd1l02q1mpg");
    assert_name(text_xid, "9m4e2mr0ui3e8a215n4h");
    assert_name(text_xid, "20261122151233LMgpDGN6");
    assert_redacted(text_xid, "", "");
}

static void test_the_number_of_a_hook_stays(void **state)
{
    (void)state;
    assert_redacted(text_hook_run, "0000_0001", "0000_0001");
    assert_name(text_hook_run, "0000");
    assert_name(text_hook_run, "_0001");
    assert_name(text_hook_run, "0000_");
    assert_name(text_hook_run, "0000_acme");
    assert_redacted(text_hook_run, "", "");
}

static void test_a_staging_token_keeps_its_uuid(void **state)
{
    (void)state;
    assert_redacted(text_staging_token, "main:" UUID, MAIN ":" UUID);
    assert_name(text_staging_token, "main-" UUID);
    assert_name(text_staging_token, ":" UUID);
    assert_name(text_staging_token, UUID);
    assert_name(text_staging_token, "main:f121f6b3-027c-40d9-b15c-d14dd32e9bXY");
    assert_name(text_staging_token, "main:f121f6b3-027c-40d9-b15c0d14dd32e9b58");
    assert_redacted(text_staging_token, "", "");
}

static void test_etags_and_identities_are_others_of_their_size(void **state)
{
    Buffer redacted = {0};
    Error error = {0};

    (void)state;
    assert_redacted(text_etag, "4ca39f2dfe974f5287a091850323f1ad",
                    "51d2709a01c1e3eb1ce569833419d652");
    assert_redacted(text_etag, "4ca39f2dfe974f5287a091850323f1ad-12",
                    "9a71cd639d76931209fd53d42d61a11f-12");
    assert_name(text_etag, "4ca39f2dfe974f5287a091850323f1ad-acme");
    assert_name(text_etag, "4ca39f2d");
    assert_redacted(text_etag, "", "");
    assert_done(text_identity(names, BYTES("\0\1\2\3"), &redacted, &error), &error);
    assert_slice_equal(buffer_slice(&redacted), BYTES("\xf0\x67\x08\x3b"));
    assert_redacted(text_identity, "", "");
    buffer_free(&redacted);
}

static void test_primary_keys_in_an_index(void **state)
{
    static const char *const REFUSED[] = {
        "", "main", "groups/main", "users", "repos/main", "repos//runs", "runs/x", "repos/runs/x"};

    (void)state;
    assert_redacted(text_primary_key, "users/main", "users/" MAIN);
    assert_redacted(text_primary_key, "policies/main", "policies/" MAIN);
    assert_redacted(text_primary_key, "policies/FSReadAll", "policies/FSReadAll");
    assert_redacted(text_primary_key, "repos/main/runs/9m4e2mr0ui3e8a215n4g",
                    "repos/" MAIN "/runs/9m4e2mo9osd1l02q1mpg");
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        Buffer redacted = {0};
        Error error = {0};

        assert_refused(text_primary_key(names, slice_text(REFUSED[i]), &redacted, &error), &error,
                       EXIT_CODE_FAILED);
        buffer_free(&redacted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pseudonym_is_the_one_of_the_format),
        cmocka_unit_test(test_a_pseudonym_depends_on_the_key),
        cmocka_unit_test(test_a_pseudonym_is_a_valid_repository_id_as_long_as_the_name_was),
        cmocka_unit_test(test_words_of_lakefs_stay_and_others_do_not),
        cmocka_unit_test(test_an_email_address_leads_nowhere),
        cmocka_unit_test(test_paths_keep_their_separators),
        cmocka_unit_test(test_addresses_keep_their_scheme),
        cmocka_unit_test(test_an_unknown_scheme_is_a_name),
        cmocka_unit_test(test_actions_of_policies_stay),
        cmocka_unit_test(test_resources_keep_words_wildcards_and_variables),
        cmocka_unit_test(test_branch_patterns_keep_what_makes_them_patterns),
        cmocka_unit_test(test_hashes_are_kept_and_other_text_is_not),
        cmocka_unit_test(test_refs_are_hashes_or_names_with_modifiers),
        cmocka_unit_test(test_an_xid_keeps_its_time_only),
        cmocka_unit_test(test_the_number_of_a_hook_stays),
        cmocka_unit_test(test_a_staging_token_keeps_its_uuid),
        cmocka_unit_test(test_etags_and_identities_are_others_of_their_size),
        cmocka_unit_test(test_primary_keys_in_an_index),
    };

    return cmocka_run_group_tests_name("redacted texts", tests, names_setup, names_teardown);
}
