/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last schema version, from the names of migrations.
 *
 * Source: golang-migrate's source/parse.go, which takes a number of digits only and of 64 bits, and
 * passes over files with other names.
 */
#include "tests/unit/support.h"

#include <dirent.h>

#include "export/schema_version.h"

static const char MIGRATIONS[] = "scripts/migrations";

static void add_file(void *const *state, const char *name)
{
    file_write(folder_path(state, name), slice_text("SELECT 1;\n"));
}

static void assert_last(const char *folder, int64_t expected)
{
    Error error = {0};
    int64_t version = -1;

    assert_done(schema_version_last(folder, &version, &error), &error);
    assert_true(version == expected);
}

static void assert_folder_refused(const char *folder)
{
    Error error = {0};
    int64_t version;

    assert_refused(schema_version_last(folder, &version, &error), &error, EXIT_CODE_USAGE);
    assert_contains(error.message, folder);
}

static void test_greatest_number_counts_not_the_last_name(void **state)
{
    add_file(state, "000021_legacy_schema.up.sql");
    assert_last(*state, 21);
    add_file(state, "000100_b.up.sql");
    add_file(state, "99_a.up.sql");
    assert_last(*state, 100);
    add_file(state, "1655303400_by_date.up.sql");
    assert_last(*state, 1655303400);
}

static void test_gaps_do_not_matter(void **state)
{
    add_file(state, "000001_a.up.sql");
    add_file(state, "000003_b.up.sql");
    add_file(state, "000038_c_d_e.up.sql");
    assert_last(*state, 38);
}

static void test_down_migrations_do_not_count(void **state)
{
    add_file(state, "000038_a.up.sql");
    add_file(state, "000038_a.down.sql");
    add_file(state, "000039_b.down.sql");
    assert_last(*state, 38);
}

static void test_other_files_do_not_count(void **state)
{
    static const char *const NAMES[] = {
        "README.md",       "50.up.sql",       "51-a.up.sql",  "a_52.up.sql", "v53_a.up.sql",
        "54_a.sql",        "55_a.up.sql.bak", ".56_a.up.sql", "57_a.up.sq",  "58_a_up.sql",
        "000059 a.up.sql", "-60_a.up.sql",    "61_up.sql",
    };

    add_file(state, "000038_a.up.sql");
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        add_file(state, NAMES[i]);
        assert_last(*state, 38);
    }
}

static void test_number_is_made_of_digits_only(void **state)
{
    add_file(state, "000038_a.up.sql");
    add_file(state, "+62_a.up.sql");
    assert_last(*state, 38);
    add_file(state, " 63_a.up.sql");
    assert_last(*state, 38);
}

/* It would become the version that a database must have, and one more the version that is stamped.
 */
static void test_number_beyond_64_bits_does_not_count(void **state)
{
    add_file(state, "000038_a.up.sql");
    add_file(state, "99999999999999999999_a.up.sql");
    assert_last(*state, 38);
}

static void test_folder_without_migrations_is_refused(void **state)
{
    assert_folder_refused(*state);
    add_file(state, "000038_a.down.sql");
    add_file(state, "README.md");
    assert_folder_refused(*state);
}

static void test_missing_folder_is_refused(void **state)
{
    assert_folder_refused(folder_path(state, "missing"));
    add_file(state, "000038_a.up.sql");
    assert_folder_refused(folder_path(state, "000038_a.up.sql"));
}

/* The number of the last migration in the sources' folder or, if the tests do not run at the root
 * of the sources, as counted by the build. */
static int64_t last_migration(void)
{
    DIR *folder = opendir(MIGRATIONS);
    const struct dirent *entry;
    int64_t last = 0;

    if (folder == NULL) {
        return LAST_SCHEMA_VERSION;
    }
    while ((entry = readdir(folder)) != NULL) {
        int number = 0;
        char direction[8] = "";

        if (sscanf(entry->d_name, "%d_%*[^.].%7[^.].sql", &number, direction) == 2 &&
            strcmp(direction, "up") == 0 && number > last) {
            last = number;
        }
    }
    closedir(folder);
    return last;
}

static void test_without_a_folder_it_is_that_of_the_build(void **state)
{
    (void)state;
    assert_true(last_migration() > 0);
    assert_last(NULL, last_migration());
}

static void test_build_and_migrations_folder_agree(void **state)
{
    struct stat status;

    (void)state;
    if (stat(MIGRATIONS, &status) == 0) {
        assert_last(MIGRATIONS, last_migration());
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_greatest_number_counts_not_the_last_name),
        IN_FOLDER(test_gaps_do_not_matter),
        IN_FOLDER(test_down_migrations_do_not_count),
        IN_FOLDER(test_other_files_do_not_count),
        IN_FOLDER(test_number_is_made_of_digits_only),
        IN_FOLDER(test_number_beyond_64_bits_does_not_count),
        IN_FOLDER(test_folder_without_migrations_is_refused),
        IN_FOLDER(test_missing_folder_is_refused),
        cmocka_unit_test(test_without_a_folder_it_is_that_of_the_build),
        cmocka_unit_test(test_build_and_migrations_folder_agree),
    };

    return cmocka_run_group_tests_name("schema version", tests, NULL, NULL);
}
