/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole entries, redacted: their parts still agree with each other, and unknown data is refused.
 * Then the keys of pseudonyms, and keys of entries that must differ.
 *
 * Pseudonyms are those of test_texts.c.
 */
#include "tests/unit/support.h"

#include "common/kv/entry_type.h"
#include "export/redact/distinct_keys.h"
#include "export/redact/entry.h"
#include "export/redact/key_file.h"

#include "auth.pb-c.h"
#include "catalog.pb-c.h"
#include "graveler.pb-c.h"
#include "metadata.pb-c.h"

#define KEY "0123456789abcdef"
#define MAIN "tmr5j4d0nhh2qwxp" /* of "main" */
#define ESTI "l3r0gcllnw6r5bxb" /* of "esti" */
#define XID "9m4e2mr0ui3e8a215n4g"
#define REDACTED_XID "9m4e2mo9osd1l02q1mpg"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ETAG "4ca39f2dfe974f5287a091850323f1ad"
#define REDACTED_ETAG "51d2709a01c1e3eb1ce569833419d652"
#define UUID "f121f6b3-027c-40d9-b15c-d14dd32e9b58"

/* What BYTES is, as a constant. */
#define SLICE(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static Redactor *redactor;

static int redactor_setup(void **state)
{
    Error error = {0};

    (void)state;
    return redactor_new(slice_text(KEY), &redactor, &error) ? 0 : -1;
}

static int redactor_teardown(void **state)
{
    (void)state;
    redactor_free(redactor);
    redactor_free(NULL);
    return 0;
}

static const struct {
    Slice entry[3];    /* partition key, key, value */
    Slice redacted[3]; /* likewise */
} ENTRIES[] = {
    {{SLICE("auth"), SLICE("users/esti"),
      SLICE("\x12\x04"
            "esti\x2a\x03"
            "abc")},
     {SLICE("auth"), SLICE("users/" ESTI), SLICE("\x12\x10" ESTI)}},
    {{SLICE("auth"), SLICE("groups/Admins"),
      SLICE("\x12\x06"
            "Admins")},
     {SLICE("auth"), SLICE("groups/Admins"),
      SLICE("\x12\x06"
            "Admins")}},
    {{SLICE("auth"), SLICE("policies/main"),
      SLICE("\x12\x04main\x1a\x1d\x0a\x05"
            "allow\x12\x0d"
            "fs:ReadObject\x1a\x05"
            "esti*")},
     {SLICE("auth"), SLICE("policies/" MAIN),
      SLICE("\x12\x10" MAIN "\x1a\x29\x0a\x05"
            "allow\x12\x0d"
            "fs:ReadObject\x1a\x11" ESTI "*")}},
    {{SLICE("auth"), SLICE("gUsers/Admins/users/esti"), SLICE("\x0a\x0ausers/esti")},
     {SLICE("auth"), SLICE("gUsers/Admins/users/" ESTI), SLICE("\x0a\x16users/" ESTI)}},
    {{SLICE("auth"), SLICE("gUsers/main/users/esti"), SLICE("\x0a\x0ausers/esti")},
     {SLICE("auth"), SLICE("gUsers/" MAIN "/users/" ESTI), SLICE("\x0a\x16users/" ESTI)}},
    {{SLICE("auth"), SLICE("uPolicies/esti/policies/main"), SLICE("\x0a\x0dpolicies/main")},
     {SLICE("auth"), SLICE("uPolicies/" ESTI "/policies/" MAIN), SLICE("\x0a\x19policies/" MAIN)}},
    {{SLICE("auth"), SLICE("gPolicies/Admins/policies/FSReadAll"),
      SLICE("\x0a\x12policies/FSReadAll")},
     {SLICE("auth"), SLICE("gPolicies/Admins/policies/FSReadAll"),
      SLICE("\x0a\x12policies/FSReadAll")}},
    {{SLICE("auth"), SLICE("uCredentials/esti/credentials/main"),
      SLICE("\x0a\x04main\x12\x03"
            "abc\x22\x04"
            "esti")},
     {SLICE("auth"), SLICE("uCredentials/" ESTI "/credentials/" MAIN),
      SLICE("\x0a\x10" MAIN "\x22\x10" ESTI)}},
    {{SLICE("auth"), SLICE("expiredTokens/main"), SLICE("\x0a\x04main\x12\x02\x08\x01")},
     {SLICE("auth"), SLICE("expiredTokens/" MAIN), SLICE("\x0a\x10" MAIN "\x12\x02\x08\x01")}},
    {{SLICE("auth"), SLICE("installation_id"), SLICE("main")},
     {SLICE("auth"), SLICE("installation_id"), SLICE(MAIN)}},
    {{SLICE("auth"), SLICE("installation_metadata/installation_id"), SLICE("main")},
     {SLICE("auth"), SLICE("installation_metadata/installation_id"), SLICE(MAIN)}},
    {{SLICE("auth"), SLICE("installation_metadata/lakefs_version"), SLICE("0.70.1")},
     {SLICE("auth"), SLICE("installation_metadata/lakefs_version"), SLICE("0.70.1")}},
    {{SLICE("auth"), SLICE("installation_metadata/main"), SLICE("esti")},
     {SLICE("auth"), SLICE("installation_metadata/" MAIN), SLICE(ESTI)}},
    {{SLICE("actions"), SLICE("repos/esti/runs/" XID),
      SLICE("\x0a\x14" XID "\x12\x04main\x22\x06main~1\x2a\x0apre-commit\x40\x01")},
     {SLICE("actions"), SLICE("repos/" ESTI "/runs/" REDACTED_XID),
      SLICE("\x0a\x14" REDACTED_XID "\x12\x10" MAIN "\x22\x12" MAIN
            "~1\x2a\x0apre-commit\x40\x01")}},
    {{SLICE("actions"), SLICE("repos/esti/tasks/" XID "/0000_0001"),
      SLICE("\x0a\x14" XID "\x12\x09"
            "0000_0001\x1a\x04main\x22\x04"
            "esti")},
     {SLICE("actions"), SLICE("repos/" ESTI "/tasks/" REDACTED_XID "/0000_0001"),
      SLICE("\x0a\x14" REDACTED_XID "\x12\x09"
            "0000_0001\x1a\x10" MAIN "\x22\x10" ESTI)}},
    /* The run's id before the migration, which the key does not have. */
    {{SLICE("actions"), SLICE("repos/esti/tasks/" XID "/0000_0001"),
      SLICE("\x0a\x04main\x12\x09"
            "0000_0001\x1a\x04main\x22\x04"
            "esti")},
     {SLICE("actions"), SLICE("repos/" ESTI "/tasks/" REDACTED_XID "/0000_0001"),
      SLICE("\x0a\x10" MAIN "\x12\x09"
            "0000_0001\x1a\x10" MAIN "\x22\x10" ESTI)}},
    {{SLICE("actions"), SLICE("repos/esti/branches/main/" XID),
      SLICE("\x0a\x24repos/esti/runs/" XID)},
     {SLICE("actions"), SLICE("repos/" ESTI "/branches/" MAIN "/" REDACTED_XID),
      SLICE("\x0a\x30repos/" ESTI "/runs/" REDACTED_XID)}},
    {{SLICE("actions"), SLICE("repos/esti/commits/" HASH "/" XID),
      SLICE("\x0a\x24repos/esti/runs/" XID)},
     {SLICE("actions"), SLICE("repos/" ESTI "/commits/" HASH "/" REDACTED_XID),
      SLICE("\x0a\x30repos/" ESTI "/runs/" REDACTED_XID)}},
    {{SLICE("multiparts"), SLICE("main"),
      SLICE("\x0a\x04main\x12\x09"
            "esti/main")},
     {SLICE("multiparts"), SLICE(MAIN), SLICE("\x0a\x10" MAIN "\x12\x21" ESTI "/" MAIN)}},
    {{SLICE("graveler"), SLICE("repos/esti"),
      SLICE("\x0a\x04"
            "esti\x12\x0es3://main/esti\x1a\x04main\x28\x01\x32\x14" XID)},
     {SLICE("graveler"), SLICE("repos/" ESTI),
      SLICE("\x0a\x10" ESTI "\x12\x26s3://" MAIN "/" ESTI "\x1a\x10" MAIN
            "\x28\x01\x32\x14" REDACTED_XID)}},
    {{SLICE("esti-" XID), SLICE("branches/main"),
      SLICE("\x0a\x04main\x12\x40" HASH "\x1a\x29main:" UUID)},
     {SLICE(ESTI "-" REDACTED_XID), SLICE("branches/" MAIN),
      SLICE("\x0a\x10" MAIN "\x12\x40" HASH "\x1a\x35" MAIN ":" UUID)}},
    {{SLICE("esti-" XID), SLICE("tags/main"), SLICE("\x0a\x04main\x12\x40" HASH)},
     {SLICE(ESTI "-" REDACTED_XID), SLICE("tags/" MAIN), SLICE("\x0a\x10" MAIN "\x12\x40" HASH)}},
    {{SLICE("esti-" XID), SLICE("commits/" HASH),
      SLICE("\x0a\x40" HASH "\x12\x04"
            "esti\x1a\x04main\x3a\x40" HASH "\x40\x01\x48\x02")},
     {SLICE(ESTI "-" REDACTED_XID), SLICE("commits/" HASH),
      SLICE("\x0a\x40" HASH "\x12\x10" ESTI "\x1a\x10" MAIN "\x3a\x40" HASH "\x40\x01\x48\x02")}},
    /* "*main" blocks both actions, in packed and unpacked form. */
    {{SLICE("esti-" XID), SLICE("settings/protected_branches"),
      SLICE("\x0a\x0d\x0a\x05*main\x12\x04\x0a\x02\x00\x01")},
     {SLICE(ESTI "-" REDACTED_XID), SLICE("settings/protected_branches"),
      SLICE("\x0a\x19\x0a\x11*" MAIN "\x12\x04\x0a\x02\x00\x01")}},
    {{SLICE("esti-" XID), SLICE("settings/protected_branches"),
      SLICE("\x0a\x0d\x0a\x05*main\x12\x04\x08\x00\x08\x01")},
     {SLICE(ESTI "-" REDACTED_XID), SLICE("settings/protected_branches"),
      SLICE("\x0a\x19\x0a\x11*" MAIN "\x12\x04\x0a\x02\x00\x01")}},
    {{SLICE("main:" UUID), SLICE("esti/main"),
      SLICE("\x0a\x09"
            "esti/main\x12\x04\x00\x01\x02\x03\x1a\x46\x0a\x04main\x18\x05\x22\x20" ETAG
            "\x2a\x0c\x0a\x04main\x12\x04"
            "esti\x30\x01\x3a\x0atext/plain")},
     {SLICE(MAIN ":" UUID), SLICE(ESTI "/" MAIN),
      SLICE("\x0a\x21" ESTI "/" MAIN "\x12\x04\xf0\x67\x08\x3b\x1a\x6a\x0a\x10" MAIN
            "\x18\x05\x22\x20" REDACTED_ETAG "\x2a\x24\x0a\x10" MAIN "\x12\x10" ESTI
            "\x30\x01\x3a\x0atext/plain")}},
    /* A tombstone, one with the name of a branch, and one with an empty key. */
    {{SLICE("main:" UUID), SLICE("main"), SLICE("\x0a\x04main")},
     {SLICE(MAIN ":" UUID), SLICE(MAIN), SLICE("\x0a\x10" MAIN)}},
    {{SLICE("main:" UUID), SLICE(""), SLICE("\x1a\x02\x18\x05")},
     {SLICE(MAIN ":" UUID), SLICE(""), SLICE("\x1a\x02\x18\x05")}},
    {{SLICE("kv-internal-metadata"), SLICE("kv/schema/version"), SLICE("1")},
     {SLICE("kv-internal-metadata"), SLICE("kv/schema/version"), SLICE("1")}},
};

static void redact(const Slice entry[3], RedactedEntry *redacted)
{
    Error error = {0};

    assert_done(redactor_entry(redactor, entry[0], entry[1], entry[2], redacted, &error), &error);
}

static void test_every_part_of_an_entry_is_redacted_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        RedactedEntry redacted;

        redact(ENTRIES[i].entry, &redacted);
        assert_slice_equal(redacted.partition_key, ENTRIES[i].redacted[0]);
        assert_slice_equal(redacted.key, ENTRIES[i].redacted[1]);
        assert_slice_equal(redacted.value, ENTRIES[i].redacted[2]);
    }
}

static void test_an_entry_remains_of_its_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        const Slice *entry = ENTRIES[i].entry;
        RedactedEntry redacted;

        redact(entry, &redacted);
        assert_string_equal(
            kv_entry_type(redacted.partition_key, redacted.key, redacted.value).name,
            kv_entry_type(entry[0], entry[1], entry[2]).name);
    }
}

/* Names that look like parts of keys do not change how a key is split. */
static void test_a_slash_in_a_name_is_part_of_the_name(void **state)
{
    static const struct {
        Slice entry[3];
        const char *name;   /* whose pseudonym ... */
        const char *before; /* ... stands between these two in the key */
        const char *behind;
    } NAMES[] = {
        {{SLICE("auth"), SLICE("gUsers/a/users/b/users/esti"), SLICE("\x0a\x0ausers/esti")},
         "a/users/b",
         "gUsers/",
         "/users/" ESTI},
        {{SLICE("auth"), SLICE("gUsers/main/users/a/users/b"), SLICE("\x0a\x0fusers/a/users/b")},
         "a/users/b",
         "gUsers/" MAIN "/users/",
         ""},
        {{SLICE("actions"), SLICE("repos/a/runs/b/runs/" XID), SLICE("\x0a\x14" XID)},
         "a/runs/b",
         "repos/",
         "/runs/" REDACTED_XID},
        {{SLICE("actions"), SLICE("repos/main/branches/a/" XID "/b/" XID),
          SLICE("\x0a\x24repos/main/runs/" XID)},
         "a/" XID "/b",
         "repos/" MAIN "/branches/",
         "/" REDACTED_XID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        RedactedEntry redacted;
        Buffer expected = {0};
        Error error = {0};

        redact(NAMES[i].entry, &redacted);
        assert_done(buffer_append_text(&expected, NAMES[i].before, &error) &&
                        redactor_name(redactor, NAMES[i].name, &expected, &error) &&
                        buffer_append_text(&expected, NAMES[i].behind, &error),
                    &error);
        assert_slice_equal(redacted.key, buffer_slice(&expected));
        buffer_free(&expected);
    }
}

/* For each entry something that is not in the KV model. */
static void test_unknown_data_is_refused_and_named(void **state)
{
    static const Slice REFUSED[][3] = {
        /* Unknown keys. */
        {SLICE("auth"), SLICE("externalPrincipals/x"), SLICE("\x0a\x01x")},
        {SLICE("auth"), SLICE("installation_idea"), SLICE("x")},
        {SLICE("actions"), SLICE("repos/r/other/x"), SLICE("\x0a\x01x")},
        {SLICE("graveler"), SLICE("settings/protected_branches"), SLICE("")},
        {SLICE("esti-" XID), SLICE("settings/retention/gc/rules/config.json"), SLICE("\x08\x01")},
        {SLICE("esti-" XID), SLICE("link-addresses/x"), SLICE("\x0a\x01y")},
        {SLICE("kv-internal-metadata"), SLICE("kv/schema/version"), SLICE("one")},
        {SLICE("kv-internal-metadata"), SLICE("kv/schema/version"), SLICE("")},
        {SLICE("kv-internal-metadata"), SLICE("kv/schema/version2"), SLICE("1")},
        /* Partitions that do not belong to a repository. */
        {SLICE("esti"), SLICE("tags/t"), SLICE("\x0a\x01t")},
        {SLICE("-" XID), SLICE("tags/t"), SLICE("\x0a\x01t")},
        {SLICE("esti_" XID), SLICE("tags/t"), SLICE("\x0a\x01t")},
        {SLICE("esti-9m4e2mr0ui3e8a215n4h"), SLICE("tags/t"), SLICE("\x0a\x01t")},
        {SLICE(""), SLICE("tags/t"), SLICE("\x0a\x01t")},
        /* Keys that do not match their values. */
        {SLICE("auth"), SLICE("users/a"),
         SLICE("\x12\x01"
               "b")},
        {SLICE("auth"), SLICE("users/"),
         SLICE("\x12\x01"
               "b")},
        {SLICE("auth"), SLICE("users/bb"),
         SLICE("\x12\x01"
               "b")},
        {SLICE("auth"), SLICE("gUsers/g/users/a"), SLICE("\x0a\x07users/b")},
        {SLICE("auth"), SLICE("gUsers/gusers/b"), SLICE("\x0a\x07users/b")},
        {SLICE("auth"), SLICE("gUsers/users/b"), SLICE("\x0a\x07users/b")},
        {SLICE("auth"), SLICE("gUsers/g/groups/b"), SLICE("\x0a\x08groups/b")},
        {SLICE("auth"), SLICE("uCredentials/u/credentials/A"),
         SLICE("\x0a\x01"
               "A\x22\x01v")},
        {SLICE("actions"), SLICE("repos/r/branches/b/" XID), SLICE("\x0a\x21repos/s/runs/" XID)},
        {SLICE("actions"), SLICE("repos/r/branches/b/x"), SLICE("\x0a\x21repos/r/runs/" XID)},
        {SLICE("actions"), SLICE("repos/r/other/b/" XID), SLICE("\x0a\x21repos/r/runs/" XID)},
        {SLICE("actions"), SLICE("repos/r/branches/b/" XID), SLICE("\x0a\x07repos/r")},
        {SLICE("multiparts"), SLICE("a"),
         SLICE("\x0a\x01"
               "b")},
        {SLICE("esti-" XID), SLICE("tags/a"),
         SLICE("\x0a\x01"
               "b")},
        /* Values that are not messages, or have trailing data. */
        {SLICE("auth"), SLICE("users/a"),
         SLICE("\x12\x7f"
               "a")},
        {SLICE("auth"), SLICE("users/a"),
         SLICE("\x12\x01"
               "a\x42\x01x")},
        {SLICE("main:" UUID), SLICE("k"), SLICE("\x0a\x01k\x1a\x05hello")},
        {SLICE("esti-" XID), SLICE("settings/protected_branches"), SLICE("{}")},
        {SLICE("esti-" XID), SLICE("settings/protected_branches"), SLICE("\x12\x01x")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        RedactedEntry redacted;
        Error error = {0};
        bool done = redactor_entry(redactor, REFUSED[i][0], REFUSED[i][1], REFUSED[i][2], &redacted,
                                   &error);

        if (done || error.code != EXIT_CODE_FAILED) {
            fail_msg("entry %zu: %s", i, error.message);
        }
        assert_contains(error.message, "could not redact an entry");
        assert_contains(error.detail, (const char *)REFUSED[i][1].data);
        assert_contains(error.hint, "--package");
    }
}

/* After a refusal the next entry is redacted as usual. */
static void test_refusal_does_not_affect_the_next_entry(void **state)
{
    RedactedEntry redacted;
    Error error = {0};

    (void)state;
    assert_refused(redactor_entry(redactor, BYTES("auth"), BYTES("users/a"),
                                  BYTES("\x12\x01"
                                        "b"),
                                  &redacted, &error),
                   &error, EXIT_CODE_FAILED);
    redact(ENTRIES[0].entry, &redacted);
    assert_slice_equal(redacted.key, ENTRIES[0].redacted[1]);
}

/* The order of pairs would reveal the order of their keys. */
static void test_pairs_of_a_map_are_in_the_order_of_their_pseudonyms(void **state)
{
    enum { PAIRS = 20 };
    Kv__MetadataEntry pairs[PAIRS];
    Kv__MetadataEntry *pointers[PAIRS];
    char keys[PAIRS][8];
    uint8_t value[2048];
    Kv__CommitData commit = KV__COMMIT_DATA__INIT;
    Kv__CommitData *redacted_commit;
    RedactedEntry redacted;

    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        kv__metadata_entry__init(&pairs[i]);
        snprintf(keys[i], sizeof keys[i], "key%02zu", i);
        pairs[i].key = keys[i];
        pairs[i].value = keys[PAIRS - 1 - i];
        pointers[i] = &pairs[i];
    }
    commit.id = (char *)(uintptr_t)HASH;
    commit.metadata = pointers;
    commit.n_metadata = PAIRS;
    redact((const Slice[]){BYTES("esti-" XID), BYTES("commits/" HASH),
                           slice_of(value, kv__commit_data__pack(&commit, value))},
           &redacted);
    redacted_commit = kv__commit_data__unpack(NULL, redacted.value.size, redacted.value.data);
    assert_non_null(redacted_commit);
    assert_int_equal(redacted_commit->n_metadata, PAIRS);
    for (size_t i = 1; i < PAIRS; i++) {
        assert_true(
            strcmp(redacted_commit->metadata[i - 1]->key, redacted_commit->metadata[i]->key) < 0);
    }
    /* key00 is the value of key19, and the other way around. */
    for (size_t i = 0; i < PAIRS; i++) {
        size_t n = 0;

        while (strcmp(redacted_commit->metadata[n]->key, redacted_commit->metadata[i]->value) !=
               0) {
            assert_true(++n < PAIRS);
        }
        assert_string_equal(redacted_commit->metadata[n]->value, redacted_commit->metadata[i]->key);
    }
    kv__commit_data__free_unpacked(redacted_commit, NULL);
}

static void test_a_map_with_a_key_twice_is_refused(void **state)
{
    RedactedEntry redacted;
    Error error = {0};

    (void)state;
    assert_refused(redactor_entry(redactor, BYTES("multiparts"), BYTES("u"),
                                  BYTES("\x0a\x01u\x2a\x03\x0a\x01k\x2a\x06\x0a\x01k\x12\x01v"),
                                  &redacted, &error),
                   &error, EXIT_CODE_FAILED);
}

/* The key -------------------------------------------------------------------------------------- */

static void test_a_key_file_is_taken_byte_by_byte(void **state)
{
    const char *path = folder_path(state, "key");
    RedactKey key;
    Error error = {0};

    file_write(path, BYTES("0123456789abcde\n"));
    assert_done(redact_key_read(path, &key, &error), &error);
    assert_slice_equal(redact_key_slice(&key), BYTES("0123456789abcde\n"));
    redact_key_wipe(&key);
    assert_int_equal(key.size, 0);
    assert_int_equal(key.bytes[0], 0);
}

static void test_a_key_file_with_too_few_or_too_many_bytes_is_refused(void **state)
{
    static const size_t SIZES[] = {0, REDACT_KEY_MIN_SIZE - 1, REDACT_KEY_MAX_SIZE,
                                   REDACT_KEY_MAX_SIZE + 1};
    static const char BYTES_ENOUGH[REDACT_KEY_MAX_SIZE + 1];
    const char *path = folder_path(state, "key");
    RedactKey key;
    Error error = {0};

    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        file_write(path, slice_of(BYTES_ENOUGH, SIZES[i]));
        assert_refused(redact_key_read(path, &key, &error), &error, EXIT_CODE_USAGE);
        assert_contains(error.message, path);
        assert_contains(error.hint, "at least 16 bytes");
    }
    /* An endless file, a folder, and a missing file. */
    assert_refused(redact_key_read("/dev/zero", &key, &error), &error, EXIT_CODE_USAGE);
    assert_refused(redact_key_read(*state, &key, &error), &error, EXIT_CODE_USAGE);
    assert_refused(redact_key_read(folder_path(state, "none"), &key, &error), &error,
                   EXIT_CODE_USAGE);
}

static void test_without_a_file_every_key_is_another_one(void **state)
{
    RedactKey keys[2];
    Error error = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_done(redact_key_read(NULL, &keys[i], &error), &error);
        assert_true(keys[i].size >= 32);
    }
    assert_memory_not_equal(keys[0].bytes, keys[1].bytes, keys[0].size);
}

/* Keys that must differ ------------------------------------------------------------------------ */

static void test_a_key_that_comes_again_is_an_error(void **state)
{
    enum { KEYS = 100000 };
    DistinctKeys *keys;
    Error error = {0};

    (void)state;
    assert_done(distinct_keys_new(&keys, &error), &error);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_done(distinct_keys_add(keys, BYTES("p"), slice_of(&i, sizeof i), &error), &error);
    }
    for (uint32_t i = 0; i < KEYS; i += 997) {
        assert_refused(distinct_keys_add(keys, BYTES("p"), slice_of(&i, sizeof i), &error), &error,
                       EXIT_CODE_FAILED);
        assert_contains(error.hint, "--redact-key-file");
    }
    distinct_keys_free(keys);
    distinct_keys_free(NULL);
}

/* The same bytes, split differently. */
static void test_partition_and_key_are_distinguished(void **state)
{
    DistinctKeys *keys;
    Error error = {0};

    (void)state;
    assert_done(distinct_keys_new(&keys, &error), &error);
    assert_done(distinct_keys_add(keys, BYTES("a"), BYTES("bc"), &error), &error);
    assert_done(distinct_keys_add(keys, BYTES("ab"), BYTES("c"), &error), &error);
    assert_done(distinct_keys_add(keys, BYTES("abc"), BYTES(""), &error), &error);
    assert_refused(distinct_keys_add(keys, BYTES("ab"), BYTES("c"), &error), &error,
                   EXIT_CODE_FAILED);
    distinct_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_part_of_an_entry_is_redacted_alike),
        cmocka_unit_test(test_an_entry_remains_of_its_type),
        cmocka_unit_test(test_a_slash_in_a_name_is_part_of_the_name),
        cmocka_unit_test(test_unknown_data_is_refused_and_named),
        cmocka_unit_test(test_refusal_does_not_affect_the_next_entry),
        cmocka_unit_test(test_pairs_of_a_map_are_in_the_order_of_their_pseudonyms),
        cmocka_unit_test(test_a_map_with_a_key_twice_is_refused),
        cmocka_unit_test_setup_teardown(test_a_key_file_is_taken_byte_by_byte, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(test_a_key_file_with_too_few_or_too_many_bytes_is_refused,
                                        folder_setup, folder_teardown),
        cmocka_unit_test(test_without_a_file_every_key_is_another_one),
        cmocka_unit_test(test_a_key_that_comes_again_is_an_error),
        cmocka_unit_test(test_partition_and_key_are_distinguished),
    };

    return cmocka_run_group_tests_name("redacted entries", tests, redactor_setup,
                                       redactor_teardown);
}
