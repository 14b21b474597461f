/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branch protection rules below the block store folder.  Unreadable rules must never look like a
 * repository without rules.
 */
#include "tests/unit/support.h"

#include "export/settings/settings.h"

#define RULES "settings/protected_branches.json"

static const char REPOSITORY[] = "example-repo";

/* Makes the folders of a path below the block store. */
static void make_folders(void *const *state, const char *path)
{
    char part[256];

    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] == '/') {
            snprintf(part, sizeof part, "%.*s", (int)i, path);
            if (!file_exists(folder_path(state, part))) {
                folder_make(state, part);
            }
        }
    }
}

static void add_rules(void *const *state, const char *path, Slice content)
{
    make_folders(state, path);
    file_write(folder_path(state, path), content);
}

static bool fetch_with(const SettingsOptions *options, const char *storage_namespace,
                       SettingsObject *object, Error *error)
{
    Settings *settings;
    bool done;

    *object = (SettingsObject){0};
    done = settings_open(options, &settings, error) &&
           settings_fetch(settings, REPOSITORY, storage_namespace, object, error);
    settings_close(settings);
    return done;
}

static bool fetch(void *const *state, const char *storage_namespace, SettingsObject *object,
                  Error *error)
{
    SettingsOptions options = {.blockstore_path = *state, .block_storage_prefix = "_lakefs"};

    return fetch_with(&options, storage_namespace, object, error);
}

static void assert_found(void *const *state, const char *storage_namespace, Slice content)
{
    SettingsObject object;
    Error error = {0};

    assert_done(fetch(state, storage_namespace, &object, &error), &error);
    assert_true(object.found);
    assert_slice_equal(buffer_slice(&object.content), content);
    buffer_free(&object.content);
}

static void assert_none(void *const *state, const char *storage_namespace)
{
    SettingsObject object;
    Error error = {0};

    assert_done(fetch(state, storage_namespace, &object, &error), &error);
    assert_false(object.found);
    assert_int_equal(object.content.size, 0);
    buffer_free(&object.content);
}

/* Refused, naming the repository and its namespace, with a hint. */
static void assert_unreadable(const SettingsOptions *options, const char *storage_namespace,
                              Error *error)
{
    SettingsObject object;

    assert_refused(fetch_with(options, storage_namespace, &object, error), error,
                   EXIT_CODE_REFUSED);
    buffer_free(&object.content);
    assert_contains(error->message, REPOSITORY);
    assert_contains(error->detail, storage_namespace);
    assert_contains(error->hint, "--no-settings");
}

static void assert_unreadable_in(void *const *state, const char *storage_namespace)
{
    SettingsOptions options = {.blockstore_path = *state, .block_storage_prefix = "_lakefs"};
    Error error = {0};

    assert_unreadable(&options, storage_namespace, &error);
}

static void test_rules_are_the_bytes_of_the_object(void **state)
{
    add_rules(state, "host/path/_lakefs/" RULES, BYTES("\12\0\377rules\n"));
    assert_found(state, "local://host/path", BYTES("\12\0\377rules\n"));
}

static void test_object_without_bytes_is_found(void **state)
{
    add_rules(state, "host/_lakefs/" RULES, BYTES(""));
    assert_found(state, "local://host", BYTES(""));
}

static void test_large_object_is_read_whole(void **state)
{
    enum { SIZE = 1000003 };
    uint8_t *content = malloc(SIZE);

    assert_non_null(content);
    for (size_t i = 0; i < SIZE; i++) {
        content[i] = (uint8_t)(i / 253);
    }
    add_rules(state, "host/_lakefs/" RULES, slice_of(content, SIZE));
    assert_found(state, "local://host", slice_of(content, SIZE));
    free(content);
}

static void test_missing_object_means_no_rules(void **state)
{
    make_folders(state, "bare/_lakefs/settings/");
    assert_none(state, "local://bare");
    make_folders(state, "barer/");
    assert_none(state, "local://barer");
    /* Another object of the settings does not count as rules. */
    add_rules(state, "bare/_lakefs/settings/other.json", BYTES("x"));
    assert_none(state, "local://bare");
}

/* Storage that is not mounted must not look like a repository without rules. */
static void test_missing_namespace_is_refused(void **state)
{
    SettingsOptions options = {.blockstore_path = *state, .block_storage_prefix = "_lakefs"};
    Error error = {0};

    make_folders(state, "host/");
    file_write(folder_path(state, "file"), BYTES("x"));
    assert_unreadable_in(state, "local://host/missing");
    assert_unreadable_in(state, "local://missing/path");
    assert_unreadable_in(state, "local://file");
    assert_unreadable_in(state, "local://file/below");
    assert_unreadable(&options, "local://host/missing", &error);
    assert_contains(error.detail, folder_path(state, "host/missing"));
    assert_contains(error.hint, "--no-settings=example-repo");
    assert_contains(error.hint, "--blockstore-path");
}

static void test_missing_block_store_is_refused(void **state)
{
    SettingsOptions options = {.blockstore_path = folder_path(state, "missing"),
                               .block_storage_prefix = "_lakefs"};
    Error error = {0};

    assert_unreadable(&options, "local://host/path", &error);
    assert_contains(error.detail, options.blockstore_path);
}

static void test_block_store_that_was_not_given_is_refused(void **state)
{
    SettingsOptions options = {.blockstore_path = NULL, .block_storage_prefix = "_lakefs"};
    Error error = {0};

    (void)state;
    assert_unreadable(&options, "local://host/path", &error);
    assert_contains(error.hint, "--blockstore-path");
}

static void test_namespace_that_leads_out_of_the_block_store_is_refused(void **state)
{
    static const char *const NAMESPACES[] = {
        "local://..",          "local://../",           "local://../x",
        "local:///..",         "local://host/../..",    "local://host//../../x",
        "local://./../b/c",    "local://%2e%2e/x",      "local://host/%2e%2E/..",
        "local:///%2e%2e/x",   "local://../stor",       "local://host/../../stor",
        "local://host%2f../x", "local://host/%2f../..", "local://host/..%2f../x",
    };
    SettingsOptions options = {.block_storage_prefix = "_lakefs"};
    Error error = {0};

    /* The rules there would be somebody else's. */
    add_rules(state, "_lakefs/" RULES, BYTES("not ours"));
    add_rules(state, "x/_lakefs/" RULES, BYTES("not ours"));
    add_rules(state, "b/c/_lakefs/" RULES, BYTES("not ours"));
    add_rules(state, "stor/_lakefs/" RULES, BYTES("not ours"));
    make_folders(state, "store/host/");
    options.blockstore_path = folder_path(state, "store");
    for (size_t i = 0; i < COUNT_OF(NAMESPACES); i++) {
        assert_unreadable(&options, NAMESPACES[i], &error);
    }
    assert_unreadable(&options, "local://../x", &error);
    assert_contains(error.detail, "leads out of the block store");
    assert_contains(error.hint, "lakeFS refuses it, too");
}

/* lakeFS compares the path with the root as text. */
static void test_namespace_whose_path_begins_like_the_root_is_read(void **state)
{
    static const char *const NAMESPACES[] = {"local:///../store2/x", "local://../store2/x",
                                             "local://host/../../store2//x/"};
    SettingsOptions options = {.block_storage_prefix = "_lakefs"};
    SettingsObject object;
    Error error = {0};

    add_rules(state, "store2/x/_lakefs/" RULES, BYTES("beside"));
    make_folders(state, "store/");
    for (size_t i = 0; i < COUNT_OF(NAMESPACES); i++) {
        options.blockstore_path = folder_path(state, i == 0 ? "store/" : "store");
        assert_done(fetch_with(&options, NAMESPACES[i], &object, &error), &error);
        assert_slice_equal(buffer_slice(&object.content), slice_text("beside"));
        buffer_free(&object.content);
    }
}

/* As lakeFS: the path is cleaned as text, and links are followed wherever they lead. */
static void test_dots_are_resolved_as_text(void **state)
{
    static const char *const NAMESPACES[] = {
        "local://b",         "local://a/../b",     "local://a/.././/b/.",    "local://./b",
        "local://link/../b", "local://none/../b",  "local://a/%2e%2e/b",     "local://a/..%2fb/",
        "local://b/c/..",    "local://../store/b", "local://a/../../store/b"};
    SettingsOptions options = {.block_storage_prefix = "_lakefs"};
    SettingsObject object;
    Error error = {0};

    make_folders(state, "outside/b/");
    add_rules(state, "outside/_lakefs/" RULES, BYTES("linked"));
    add_rules(state, "store/b/_lakefs/" RULES, BYTES("ours"));
    assert_int_equal(symlink("../outside", folder_path(state, "store/link")), 0);
    options.blockstore_path = folder_path(state, "store");
    for (size_t i = 0; i < COUNT_OF(NAMESPACES); i++) {
        assert_done(fetch_with(&options, NAMESPACES[i], &object, &error), &error);
        assert_slice_equal(buffer_slice(&object.content), slice_text("ours"));
        buffer_free(&object.content);
    }
    assert_done(fetch_with(&options, "local://link", &object, &error), &error);
    assert_slice_equal(buffer_slice(&object.content), slice_text("linked"));
    buffer_free(&object.content);
    add_rules(state, "store/_lakefs/" RULES, BYTES("root"));
    assert_done(fetch_with(&options, "local://b/..", &object, &error), &error);
    assert_slice_equal(buffer_slice(&object.content), slice_text("root"));
    buffer_free(&object.content);
}

/* It may lead to storage that is not mounted. */
static void test_link_that_leads_nowhere_is_refused(void **state)
{
    make_folders(state, "prefix/");
    assert_int_equal(symlink("/nonexistent/volume", folder_path(state, "prefix/_lakefs")), 0);
    assert_unreadable_in(state, "local://prefix");
    make_folders(state, "object/_lakefs/settings/");
    assert_int_equal(symlink("/nonexistent/x", folder_path(state, "object/_lakefs/" RULES)), 0);
    assert_unreadable_in(state, "local://object");
    assert_int_equal(symlink("/nonexistent/x", folder_path(state, "namespace")), 0);
    assert_unreadable_in(state, "local://namespace");
}

static void test_names_with_dots_stay_inside(void **state)
{
    add_rules(state, "a..b/..c/d../.../_lakefs/" RULES, BYTES("ours"));
    assert_found(state, "local://a..b/..c/d../...", BYTES("ours"));
}

static void test_namespace_is_a_url(void **state)
{
    add_rules(state, "caf\xc3\xa9-100%25/a+b c/_lakefs/" RULES, BYTES("ours"));
    assert_found(state, "local://caf\xc3\xa9-100%2525/a+b%20c", BYTES("ours"));
    assert_found(state, "local://caf%C3%A9-100%2525/a%2bb c", BYTES("ours"));
    assert_found(state, "local://caf%c3%a9-100%2525/%61%2Bb c?x=%zz", BYTES("ours"));
    assert_found(state, "LOCAL://user@caf%c3%a9-100%2525//a+b%20c/?", BYTES("ours"));
    assert_unreadable_in(state, "local://caf\xc3\xa9-100%25/a+b%20c");
    assert_unreadable_in(state, "local://caf\xc3\xa9-100%2525/a%2");
    assert_unreadable_in(state, "local://caf\xc3\xa9-100%2525/a%00");
    assert_unreadable_in(state, "local://caf\xc3\xa9 100%2525/a+b%20c");
    add_rules(state, "host:8/#f/_lakefs/" RULES, BYTES("port"));
    assert_found(state, "local://host:8/#f", BYTES("port"));
    assert_found(state, "local:///host:8/%23f", BYTES("port"));
}

static void test_trailing_slash_of_the_namespace_does_not_matter(void **state)
{
    add_rules(state, "host/path/_lakefs/" RULES, BYTES("ours"));
    assert_found(state, "local://host/path/", BYTES("ours"));
    assert_found(state, "local://host/path//", BYTES("ours"));
    assert_none(state, "local://host/");
}

static void test_trailing_slash_of_the_block_store_does_not_matter(void **state)
{
    SettingsOptions options = {.block_storage_prefix = "_lakefs"};
    SettingsObject object;
    Error error = {0};

    add_rules(state, "host/_lakefs/" RULES, BYTES("ours"));
    options.blockstore_path = folder_path(state, "");
    assert_done(fetch_with(&options, "local://host", &object, &error), &error);
    assert_true(object.found);
    assert_slice_equal(buffer_slice(&object.content), BYTES("ours"));
    buffer_free(&object.content);
}

static void test_block_storage_prefix_is_the_configured_one(void **state)
{
    static const char *const PREFIXES[] = {"custom", "deep/er", "_lakefs"};

    add_rules(state, "host/_lakefs/" RULES, BYTES("_lakefs"));
    add_rules(state, "host/custom/" RULES, BYTES("custom"));
    add_rules(state, "host/deep/er/" RULES, BYTES("deep/er"));
    for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
        SettingsOptions options = {.blockstore_path = *state, .block_storage_prefix = PREFIXES[i]};
        SettingsObject object;
        Error error = {0};

        assert_done(fetch_with(&options, "local://host", &object, &error), &error);
        assert_true(object.found);
        assert_slice_equal(buffer_slice(&object.content), slice_text(PREFIXES[i]));
        buffer_free(&object.content);
    }
}

/* Permissions do not stop root, who may run the tests; other errors stop everybody. */
static void test_unreadable_object_is_refused(void **state)
{
    make_folders(state, "folder/_lakefs/" RULES "/");
    assert_unreadable_in(state, "local://folder");

    make_folders(state, "loop/_lakefs/settings/");
    assert_int_equal(symlink("protected_branches.json", folder_path(state, "loop/_lakefs/" RULES)),
                     0);
    assert_unreadable_in(state, "local://loop");

    make_folders(state, "file/");
    file_write(folder_path(state, "file/_lakefs"), BYTES("x"));
    assert_unreadable_in(state, "local://file");
}

static void test_unreadable_namespace_is_refused(void **state)
{
    char long_name[400] = "local://";

    assert_int_equal(symlink("loop", folder_path(state, "loop")), 0);
    assert_unreadable_in(state, "local://loop");
    assert_unreadable_in(state, "local://loop/path");
    /* Longer than a file name may be: not missing, but impossible to look up. */
    memset(long_name + 8, 'x', 300);
    assert_unreadable_in(state, long_name);
}

static void test_object_too_large_for_rules_is_refused(void **state)
{
    const char *path = "host/_lakefs/" RULES;

    add_rules(state, path, BYTES("x"));
    assert_int_equal(truncate(folder_path(state, path), 64 * 1024 * 1024), 0);
    assert_unreadable_in(state, "local://host");
}

static void test_other_kinds_of_storage_are_refused(void **state)
{
    static const char *const NAMESPACES[] = {
        "gs://bucket/prefix",
        "https://account.blob.core.windows.net/container",
        "mem://collection",
        "local:/host",
        "localhost://host",
        "/host",
        "host",
        "",
    };

    add_rules(state, "host/_lakefs/" RULES, BYTES("ours"));
    for (size_t i = 0; i < COUNT_OF(NAMESPACES); i++) {
        assert_unreadable_in(state, NAMESPACES[i]);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_rules_are_the_bytes_of_the_object),
        IN_FOLDER(test_object_without_bytes_is_found),
        IN_FOLDER(test_large_object_is_read_whole),
        IN_FOLDER(test_missing_object_means_no_rules),
        IN_FOLDER(test_missing_namespace_is_refused),
        IN_FOLDER(test_missing_block_store_is_refused),
        IN_FOLDER(test_block_store_that_was_not_given_is_refused),
        IN_FOLDER(test_namespace_that_leads_out_of_the_block_store_is_refused),
        IN_FOLDER(test_namespace_whose_path_begins_like_the_root_is_read),
        IN_FOLDER(test_dots_are_resolved_as_text),
        IN_FOLDER(test_link_that_leads_nowhere_is_refused),
        IN_FOLDER(test_names_with_dots_stay_inside),
        IN_FOLDER(test_namespace_is_a_url),
        IN_FOLDER(test_trailing_slash_of_the_namespace_does_not_matter),
        IN_FOLDER(test_trailing_slash_of_the_block_store_does_not_matter),
        IN_FOLDER(test_block_storage_prefix_is_the_configured_one),
        IN_FOLDER(test_unreadable_object_is_refused),
        IN_FOLDER(test_unreadable_namespace_is_refused),
        IN_FOLDER(test_object_too_large_for_rules_is_refused),
        IN_FOLDER(test_other_kinds_of_storage_are_refused),
    };

    return cmocka_run_group_tests_name("local settings", tests, NULL, NULL);
}
