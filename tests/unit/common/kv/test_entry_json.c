/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries as JSON: the type of an entry, found from its contents, and how its value is shown.
 */
#include "tests/unit/support.h"

#include "common/base/base64.h"
#include "common/base/json_quote.h"
#include "common/kv/entry_json.h"
#include "common/kv/entry_type.h"
#include "common/kv/message_json.h"

/* Text literals may contain NUL. */
#define BYTES(literal) slice_of((literal), sizeof(literal) - 1)

static void test_base64_is_that_of_rfc_4648(void **state)
{
    static const char *const VECTORS[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VECTORS); i++) {
        Buffer text = {0};
        Error error = {0};

        assert_done(base64_append(&text, slice_text(VECTORS[i][0]), &error), &error);
        assert_string_equal(buffer_string(&text), VECTORS[i][1]);
        buffer_free(&text);
    }
}

/* Longer than what is encoded at once. */
static void test_base64_of_megabytes_is_in_one_piece(void **state)
{
    size_t size = 7 * 1024 * 1024 + 1;
    uint8_t *bytes = calloc(1, size);
    Buffer text = {0};
    Error error = {0};

    (void)state;
    assert_non_null(bytes);
    assert_done(base64_append(&text, slice_of(bytes, size), &error), &error);
    assert_int_equal(text.size, (size + 2) / 3 * 4);
    for (size_t i = 0; i < text.size - 1; i++) {
        if (text.data[i] != 'A') {
            fail_msg("byte %zu is %c", i, text.data[i]);
        }
    }
    assert_int_equal(text.data[text.size - 1], '=');
    free(bytes);
    buffer_free(&text);
}

static void assert_type(const char *expected, Slice partition_key, Slice key, Slice value)
{
    assert_string_equal(kv_entry_type(partition_key, key, value).name, expected);
}

static void test_type_follows_from_the_entry(void **state)
{
    static const struct {
        const char *partition;
        const char *key;
        const char *value;
        const char *type;
    } ENTRIES[] = {
        {"auth", "users/admin",
         "\x12\x05"
         "admin",
         "UserData"},
        {"auth", "groups/g", "\x12\x01g", "GroupData"},
        {"auth", "policies/p", "\x12\x01p", "PolicyData"},
        {"auth", "gUsers/g/users/u", "\x0a\x07users/u", "SecondaryIndex"},
        {"auth", "uPolicies/u/policies/p", "\x0a\x0apolicies/p", "SecondaryIndex"},
        {"auth", "gPolicies/g/policies/p", "\x0a\x0apolicies/p", "SecondaryIndex"},
        {"auth", "uCredentials/u/credentials/A",
         "\x0a\x01"
         "A",
         "CredentialData"},
        {"auth", "expiredTokens/t", "\x0a\x01t", "TokenData"},
        {"auth", "installation_metadata/k", "v", "text"},
        {"auth", "installation_id", "v", "text"},
        {"auth", "something/else", "v", "bytes"},
        {"multiparts", "upload", "\x0a\x06upload", "MultipartUploadData"},
        {"graveler", "repos/r", "\x0a\x01r", "RepositoryData"},
        {"r-0123456789abcdefghig", "commits/c",
         "\x0a\x01"
         "c",
         "CommitData"},
        {"r-0123456789abcdefghig", "branches/b",
         "\x0a\x01"
         "b",
         "BranchData"},
        {"r-0123456789abcdefghig", "tags/t", "\x0a\x01t", "TagData"},
        {"r-0123456789abcdefghig", "settings/protected_branches", "\x0a\x01x",
         "BranchProtectionRules"},
        {"r-0123456789abcdefghig", "settings/other", "\x0a\x01x", "bytes"},
        {"r-0123456789abcdefghig", "repo-metadata", "", "RepoMetadata"},
        {"r-0123456789abcdefghig", "repo-metadata/x", "", "bytes"},
        {"r-0123456789abcdefghig", "pulls/p", "\x0a\x01p", "PullRequestData"},
        {"r-0123456789abcdefghig", "imports/i", "\x0a\x01i", "ImportStatusData"},
        {"r-0123456789abcdefghig", "tasks/DRx", "\x0a\x01x", "RepositoryDumpStatus"},
        {"r-0123456789abcdefghig", "tasks/RRx", "\x0a\x01x", "RepositoryRestoreStatus"},
        {"r-0123456789abcdefghig", "tasks/GCPCx", "\x0a\x01x", "GarbageCollectionPrepareStatus"},
        {"r-0123456789abcdefghig", "tasks/CAx", "\x0a\x01x", "CommitAsyncStatus"},
        {"r-0123456789abcdefghig", "tasks/MAx", "\x0a\x01x", "MergeAsyncStatus"},
        {"r-0123456789abcdefghig", "tasks/x", "\x0a\x01x", "TaskMsg"},
        {"r-0123456789abcdefghig", "link-addresses/a", "\x0a\x01y", "LinkAddressData"},
        {"basicAuth", "users/superAdmin", "\x12\x01u", "UserData"},
        {"aclauth", "installation_metadata/setup_timestamp", "v", "text"},
        {"pulls", "repos/r-i/a/b", "\x0a\x01p", "SecondaryIndex"},
        {"cleanup-tokens", "token", "stub-value", "text"},
        {"mc-ownership", "run-refs/approximate-branch-owner/1:r/b", "", "BranchOwnershipData"},
        {"catalog", "instances/i", "", "InstanceData"},
        {"usage", "usage/monthly/i/202611", "1", "text"},
        {"usage", "other", "1", "bytes"},
        /* No repository's partition. */
        {"later", "tags/t", "\x0a\x01t", "bytes"},
        {"token", "a/b",
         "\x0a\x03"
         "a/b\x1a\x01x",
         "StagedEntryData"},
        /* A staged object may have the name of a branch. */
        {"token", "branches/b",
         "\x0a\x0a"
         "branches/b\x1a\x01x",
         "StagedEntryData"},
        {"token", "settings/protected_branches", "\x0a\x1bsettings/protected_branches\x1a\x01x",
         "StagedEntryData"},
        {"token", "", "\x1a\x01x", "StagedEntryData"},
        {"kv-internal-metadata", "kv/schema/version", "1", "text"},
        {"actions", "repos/r/runs/x", "\x0a\x01x", "RunResultData"},
        {"actions", "repos/r/branches/b/x", "\x0a\x0erepos/r/runs/x", "SecondaryIndex"},
        {"actions", "repos/r/commits/c/x", "\x0a\x0erepos/r/runs/x", "SecondaryIndex"},
        /* Field 1 of a task is the id that the run had before the migration. */
        {"actions", "repos/r/tasks/x/0",
         "\x0a\x03old\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/0",
         "\x0a\x01x\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/0",
         "\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/0",
         "\x0a\x09repos/old\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/",
         "\x0a\x03old\x22\x01"
         "a",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/a/b",
         "\x0a\x03old\x12\x03"
         "a/b",
         "TaskResultData"},
        {"actions", "repos/r/tasks/x/0",
         "\x0a\x03old\x12\x01"
         "1",
         "bytes"},
        {"actions", "repos/r/tasks//0",
         "\x0a\x03old\x12\x01"
         "0",
         "bytes"},
        {"actions", "repos/tasks/x/0",
         "\x0a\x03old\x12\x01"
         "0",
         "bytes"},
        /* Ids that contain the names of parts. */
        {"actions", "repos/a/tasks/x/b/runs/x", "\x0a\x01x", "RunResultData"},
        {"actions", "repos/a/runs/x/tasks/x/0",
         "\x0a\x01x\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/a/tasks/y/0/tasks/x/0",
         "\x0a\x01z\x12\x01"
         "0",
         "TaskResultData"},
        {"actions", "repos/r/branches/a/runs/x", "\x0a\x0erepos/r/runs/x", "SecondaryIndex"},
        {"actions", "repos/r/other/x", "\x0a\x01x", "bytes"},
        {"actions", "other", "\x0a\x01x", "bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        assert_type(ENTRIES[i].type, slice_text(ENTRIES[i].partition), slice_text(ENTRIES[i].key),
                    slice_text(ENTRIES[i].value));
    }
}

/* Lengths that exceed the rest of the value. */
static void test_type_of_broken_values_reads_no_further_than_they_are(void **state)
{
    (void)state;
    assert_type("bytes", BYTES("token"), BYTES("key"), BYTES("\x0a"));
    assert_type("bytes", BYTES("token"), BYTES("key"), BYTES("\x0a\x7fkey"));
    assert_type("bytes", BYTES("token"), BYTES("key"),
                BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
    assert_type("bytes", BYTES("actions"), BYTES("repos/"), BYTES("\x0a\x80"));
    assert_type("bytes", BYTES("actions"), BYTES("repos/"), BYTES(""));
}

static void assert_decoded(const char *expected, Slice partition_key, Slice key, Slice value)
{
    Entry entry = {partition_key, key, value};
    Buffer line = {0};
    Error error = {0};

    assert_done(entry_json_append(&line, "p", &entry, &error), &error);
    assert_memory_equal(buffer_string(&line), "{\"package\":\"p\",", strlen("{\"package\":\"p\","));
    assert_string_equal(buffer_string(&line) + strlen("{\"package\":\"p\","), expected + 1);
    buffer_free(&line);
}

static void test_values_are_shown_by_their_type(void **state)
{
    (void)state;
    assert_decoded(
        "{\"partition\":\"auth\",\"key\":\"users/u\",\"type\":\"UserData\",\"value\":"
        "{\"created_at\":\"2022-02-02T02:02:02.000123Z\",\"username\":\"u\","
        "\"encrypted_password\":{\"base64\":\"/wA=\"}}}",
        BYTES("auth"), BYTES("users/u"),
        BYTES("\x0a\x0a\x08\x9a\xcc\xe7\x8f\x06\x10\xf8\xc0\x07\x12\x01u\x2a\x02\xff\x00"));
    assert_decoded(
        "{\"partition\":\"auth\",\"key\":\"policies/p\",\"type\":\"PolicyData\",\"value\":"
        "{\"display_name\":\"p\",\"statement\":[{\"effect\":\"allow\",\"action\":[\"a\",\"b\"],"
        "\"resource\":\"*\"}]}}",
        BYTES("auth"), BYTES("policies/p"),
        BYTES("\x12\x01p\x1a\x10\x0a\x05"
              "allow\x12\x01"
              "a\x12\x01"
              "b\x1a\x01*"));
    assert_decoded(
        "{\"partition\":\"r-0123456789abcdefghig\",\"key\":\"commits/"
        "c\",\"type\":\"CommitData\",\"value\":"
        "{\"id\":\"c\",\"metadata\":{\"k\":\"v\"},\"parents\":[\"p1\",\"p2\"],\"version\":1,"
        "\"generation\":-1}}",
        BYTES("r-0123456789abcdefghig"), BYTES("commits/c"),
        BYTES("\x0a\x01"
              "c\x32\x06\x0a\x01k\x12\x01v\x3a\x02p1\x3a\x02p2\x40\x01"
              "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_decoded(
        "{\"partition\":\"graveler\",\"key\":\"repos/r\",\"type\":\"RepositoryData\",\"value\":"
        "{\"id\":\"r\",\"state\":\"IN_DELETION\"}}",
        BYTES("graveler"), BYTES("repos/r"), BYTES("\x0a\x01r\x28\x01"));
    assert_decoded("{\"partition\":\"t\",\"key\":\"k\",\"type\":\"StagedEntryData\",\"value\":"
                   "{\"key\":\"k\"}}",
                   BYTES("t"), BYTES("k"), BYTES("\x0a\x01k"));
    /* Fields that are not known are kept. */
    assert_decoded("{\"partition\":\"r-0123456789abcdefghig\",\"key\":\"tags/"
                   "t\",\"type\":\"TagData\",\"value\":{\"id\":\"t\","
                   "\"unknown_fields\":{\"base64\":\"8gEBeA==\"}}}",
                   BYTES("r-0123456789abcdefghig"), BYTES("tags/t"),
                   BYTES("\x0a\x01t\xf2\x01\x01x"));
    /* An object in a staged entry; a map of which a pair has no value. */
    assert_decoded("{\"partition\":\"t\",\"key\":\"k\",\"type\":\"StagedEntryData\",\"value\":"
                   "{\"key\":\"k\",\"data\":{\"address\":\"a\",\"last_modified\":"
                   "\"1970-01-01T00:00:01Z\",\"size\":300,\"metadata\":{\"m\":\"\"},"
                   "\"address_type\":\"RELATIVE\"}}}",
                   BYTES("t"), BYTES("k"),
                   BYTES("\x0a\x01k\x1a\x11\x0a\x01"
                         "a\x12\x02\x08\x01\x18\xac\x02\x2a\x03\x0a\x01m\x30\x01"));
    /* Data that is no object. */
    assert_decoded("{\"partition\":\"t\",\"key\":\"k\",\"type\":\"StagedEntryData\",\"value\":"
                   "{\"key\":\"k\",\"data\":\"data\"}}",
                   BYTES("t"), BYTES("k"), BYTES("\x0a\x01k\x1a\x04\x64\x61\x74\x61"));
    /* Enums of a repeated field, packed and not; a number without a name. */
    assert_decoded(
        "{\"partition\":\"r-0123456789abcdefghig\",\"key\":\"settings/protected_branches\","
        "\"type\":\"BranchProtectionRules\",\"value\":{\"branch_pattern_to_blocked_actions\":"
        "{\"a\":{\"value\":[\"STAGING_WRITE\",\"COMMIT\"]},\"b\":{\"value\":[\"COMMIT\",7]},"
        "\"c\":{}}}}",
        BYTES("r-0123456789abcdefghig"), BYTES("settings/protected_branches"),
        BYTES("\x0a\x09\x0a\x01"
              "a\x12\x04\x0a\x02\x00\x01\x0a\x09\x0a\x01"
              "b\x12\x04\x08\x01\x08\x07\x0a\x03\x0a\x01"
              "c"));
}

static void test_keys_are_strings_whatever_their_bytes(void **state)
{
    (void)state;
    assert_decoded(
        "{\"partition\":\"t\\\\\\\\\",\"key\":"
        "\"\\\\000\\\\377\\\\\\\\\\n\\\"\xc3\xa9\\u202e\\\\303\","
        "\"type\":\"StagedEntryData\",\"value\":{\"key\":\"\\\\000\\\\377\\\\\\\\\\n\\\"\xc3\xa9"
        "\\u202e\\\\303\"}}",
        BYTES("t\\"), BYTES("\x00\xff\\\n\"\xc3\xa9\xe2\x80\xae\xc3"),
        BYTES("\x0a\x0b\x00\xff\\\n\"\xc3\xa9\xe2\x80\xae\xc3"));
}

/* Each is not the message that its key says. */
static void test_malformed_messages_are_bytes(void **state)
{
    static const Slice VALUES[] = {
        /* Lengths that lie, a group, field 0, numbers of more than 10 bytes, another kind of field.
         */
        {(const uint8_t *)"\x0a\x05tag", 5},
        {(const uint8_t *)"\x0b\x0c", 2},
        {(const uint8_t *)"\x02\x00", 2},
        {(const uint8_t *)"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
        {(const uint8_t *)"\x08\x01", 2},
        {(const uint8_t *)"\x0a", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        Entry entry = {BYTES("r-0123456789abcdefghig"), BYTES("tags/tag"), VALUES[i]};
        Buffer line = {0};
        Error error = {0};

        assert_done(entry_json_append(&line, "p", &entry, &error), &error);
        assert_contains(buffer_string(&line), "\"type\":\"bytes\",\"value\":");
        buffer_free(&line);
    }
}

static void test_value_of_another_type_is_shown_as_bytes(void **state)
{
    (void)state;
    assert_decoded("{\"partition\":\"auth\",\"key\":\"users/u\",\"type\":\"bytes\",\"value\":"
                   "{\"base64\":\"En8=\"}}",
                   BYTES("auth"), BYTES("users/u"), BYTES("\x12\x7f"));
    assert_decoded(
        "{\"partition\":\"auth\",\"key\":\"other\",\"type\":\"bytes\",\"value\":\"text\"}",
        BYTES("auth"), BYTES("other"), BYTES("text"));
}

static void test_bytes_are_text_if_possible(void **state)
{
    static const struct {
        Slice bytes;
        const char *json;
    } CASES[] = {
        {{(const uint8_t *)"", 0}, "\"\""},
        {{(const uint8_t *)"a\tb\nc\rd", 7}, "\"a\\tb\\nc\\rd\""},
        {{(const uint8_t *)"\xc3\xa9\xf0\x9f\x90\x98", 6}, "\"\xc3\xa9\xf0\x9f\x90\x98\""},
        {{(const uint8_t *)"\0", 1}, "{\"base64\":\"AA==\"}"},
        {{(const uint8_t *)"\x1b[2J", 4}, "{\"base64\":\"G1sySg==\"}"},
        {{(const uint8_t *)"\x7f", 1}, "{\"base64\":\"fw==\"}"},
        {{(const uint8_t *)"\xff", 1}, "{\"base64\":\"/w==\"}"},
        {{(const uint8_t *)"\xed\xa0\x80", 3}, "{\"base64\":\"7aCA\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Buffer json = {0};
        Error error = {0};

        assert_done(message_json_append_bytes(&json, CASES[i].bytes, &error), &error);
        assert_string_equal(buffer_string(&json), CASES[i].json);
        buffer_free(&json);
    }
}

/* A text is the same string in JSON, whatever characters it has; only what is not UTF-8 is not. */
static void test_texts_are_strings(void **state)
{
    (void)state;
    assert_decoded("{\"partition\":\"r-0123456789abcdefghig\",\"key\":\"commits/c\",\"type\":"
                   "\"CommitData\",\"value\":{\"message\":"
                   "\"a\\n\\t\\u001b[2J\\u0000\\u007f\\u009b\\\\\\\"\",\"metadata\":"
                   "{\"k\\\\\\u001b\":\"\\u0001\",\"\\\\377\":\"v\"}}}",
                   BYTES("r-0123456789abcdefghig"), BYTES("commits/c"),
                   BYTES("\x1a\x0d\x61\n\t\x1b[2J\x00\x7f\xc2\x9b\\\""
                         "\x32\x08\x0a\x03k\\\x1b\x12\x01\x01"
                         "\x32\x06\x0a\x01\xff\x12\x01v"));
    assert_decoded("{\"partition\":\"r-0123456789abcdefghig\",\"key\":\"commits/c\",\"type\":"
                   "\"CommitData\",\"value\":{\"message\":{\"base64\":\"/wo=\"}}}",
                   BYTES("r-0123456789abcdefghig"), BYTES("commits/c"), BYTES("\x1a\x02\xff\n"));
    assert_decoded("{\"partition\":\"auth\",\"key\":\"installation_id\",\"type\":\"text\","
                   "\"value\":\"a\\u001bb\"}",
                   BYTES("auth"), BYTES("installation_id"), BYTES("a\x1b\x62"));
}

static void test_raw_entries_are_base64(void **state)
{
    Entry entry = {BYTES("p"), BYTES(""), BYTES("\xff\x00")};
    Buffer line = {0};
    Error error = {0};

    (void)state;
    assert_done(entry_json_append_raw(&line, &entry, &error), &error);
    assert_string_equal(buffer_string(&line),
                        "{\"partition_key\":\"cA==\",\"key\":\"\",\"value\":\"/wA=\"}");
    buffer_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_is_that_of_rfc_4648),
        cmocka_unit_test(test_base64_of_megabytes_is_in_one_piece),
        cmocka_unit_test(test_type_follows_from_the_entry),
        cmocka_unit_test(test_type_of_broken_values_reads_no_further_than_they_are),
        cmocka_unit_test(test_values_are_shown_by_their_type),
        cmocka_unit_test(test_keys_are_strings_whatever_their_bytes),
        cmocka_unit_test(test_malformed_messages_are_bytes),
        cmocka_unit_test(test_value_of_another_type_is_shown_as_bytes),
        cmocka_unit_test(test_bytes_are_text_if_possible),
        cmocka_unit_test(test_texts_are_strings),
        cmocka_unit_test(test_raw_entries_are_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
