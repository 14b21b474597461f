/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that a dump is written to until it is whole, where something has its name before, or
 * takes its name meanwhile.
 */
#include "tests/unit/support.h"

#include "common/dump/output.h"

enum { NOBODY = 65534 };

static DumpOutput *open_output(const char *path, bool replace)
{
    Error error = {0};
    DumpOutput *output = NULL;

    assert_done(dump_output_open(path, replace, &output, &error), &error);
    return output;
}

static void write_text(DumpOutput *output, const char *text)
{
    Error error = {0};

    assert_done(dump_output_write(output, slice_text(text), &error), &error);
}

static void commit(DumpOutput *output)
{
    Error error = {0};

    assert_done(dump_output_commit(output, &error), &error);
}

/* The dry run says the same as the run, with --force or without. */
static void assert_refused_by_both(const char *path, const char *part)
{
    for (int replace = 0; replace < 2; replace++) {
        DumpOutput *output = NULL;
        Error error = {0};

        assert_refused(dump_output_check(path, replace, &error), &error, EXIT_CODE_USAGE);
        assert_contains(error.message, part);
        assert_refused(dump_output_open(path, replace, &output, &error), &error, EXIT_CODE_USAGE);
        assert_contains(error.message, part);
        assert_null(output);
    }
}

static void assert_only_mine(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_uid, geteuid());
}

static void test_who_has_opened_a_leftover_sees_nothing_of_the_dump(void **state)
{
    const char *name = folder_path(state, "dump");
    const char *partial = folder_path(state, "dump.partial");
    DumpOutput *output;
    char seen[16] = "";
    int opened;

    file_write(partial, slice_text("old"));
    assert_int_equal(chmod(partial, 0666), 0);
    opened = open(partial, O_RDWR);
    assert_true(opened >= 0);
    output = open_output(name, false);
    assert_only_mine(partial);
    write_text(output, "a secret");
    assert_int_equal(pread(opened, seen, sizeof seen, 0), 3);
    assert_memory_equal(seen, "old", 3);
    commit(output);
    assert_int_equal(pwrite(opened, "changed", 7, 0), 7);
    close(opened);
    assert_file_holds(name, "a secret");
    assert_only_mine(name);
}

/* A program that was killed when it had given the dump its name and not yet removed the other one.
 */
static void test_leftover_that_is_a_finished_dump_stays_until_it_is_replaced(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output;

    file_write(name, slice_text("a whole dump"));
    assert_int_equal(link(name, folder_path(state, "dump.partial")), 0);
    output = open_output(name, true);
    write_text(output, "new");
    assert_file_holds(name, "a whole dump");
    dump_output_discard(output);
    assert_file_holds(name, "a whole dump");
    output = open_output(name, true);
    write_text(output, "new");
    commit(output);
    assert_file_holds(name, "new");
}

static void test_leftover_that_has_another_name_keeps_its_content(void **state)
{
    const char *other = folder_path(state, "precious");
    DumpOutput *output;

    file_write(other, slice_text("precious"));
    assert_int_equal(link(other, folder_path(state, "dump.partial")), 0);
    output = open_output(folder_path(state, "dump"), false);
    write_text(output, "new");
    commit(output);
    assert_file_holds(other, "precious");
}

static void test_what_is_no_file_is_refused(void **state)
{
    const char *partial = folder_path(state, "dump.partial");
    const char *name = folder_path(state, "dump");

    assert_int_equal(mkfifo(partial, 0600), 0);
    assert_refused_by_both(name, partial);
    assert_int_equal(unlink(partial), 0);
    assert_int_equal(mkdir(partial, 0700), 0);
    assert_refused_by_both(name, partial);
    assert_int_equal(rmdir(partial), 0);
    assert_int_equal(symlink("/dev/null", partial), 0);
    assert_refused_by_both(name, partial);
    assert_int_equal(unlink(partial), 0);
    assert_int_equal(symlink("nowhere", partial), 0);
    assert_refused_by_both(name, partial);
    assert_false(file_exists(folder_path(state, "nowhere")));
    assert_true(file_exists(partial));
}

static void test_file_of_another_user_is_refused_and_stays(void **state)
{
    const char *partial = folder_path(state, "dump.partial");

    if (geteuid() != 0) {
        skip(); /* only root can make one */
    }
    file_write(partial, slice_text("theirs"));
    assert_int_equal(chmod(partial, 0666), 0);
    assert_int_equal(chown(partial, NOBODY, NOBODY), 0);
    assert_refused_by_both(folder_path(state, "dump"), partial);
    assert_file_holds(partial, "theirs");
    assert_int_equal(symlink("elsewhere", folder_path(state, "link")), 0);
    assert_int_equal(rename(partial, folder_path(state, "elsewhere.partial")), 0);
    assert_refused_by_both(folder_path(state, "link"), "elsewhere.partial");
}

static void test_umask_does_not_matter(void **state)
{
    const char *name = folder_path(state, "dump");
    mode_t before = umask(0777);
    DumpOutput *output = open_output(name, false);

    umask(before);
    assert_only_mine(folder_path(state, "dump.partial"));
    commit(output);
    assert_only_mine(name);
}

/* In a folder that another user may write to, any name can be taken at any time. */
static void test_file_put_in_its_place_does_not_become_the_dump(void **state)
{
    const char *name = folder_path(state, "dump");
    const char *partial = folder_path(state, "dump.partial");
    Error error = {0};
    DumpOutput *output;

    file_write(name, slice_text("old"));
    for (int discard = 0; discard < 2; discard++) {
        output = open_output(name, true);
        write_text(output, "mine");
        assert_int_equal(rename(partial, folder_path(state, "stolen")), 0);
        file_write(partial, slice_text("theirs"));
        if (discard) {
            dump_output_discard(output);
        } else {
            assert_refused(dump_output_commit(output, &error), &error, EXIT_CODE_FAILED);
            assert_contains(error.message, partial);
        }
        assert_file_holds(name, "old");
        assert_file_holds(partial, "theirs");
        assert_only_mine(folder_path(state, "stolen"));
        assert_int_equal(unlink(partial), 0);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_who_has_opened_a_leftover_sees_nothing_of_the_dump),
        IN_FOLDER(test_leftover_that_is_a_finished_dump_stays_until_it_is_replaced),
        IN_FOLDER(test_leftover_that_has_another_name_keeps_its_content),
        IN_FOLDER(test_what_is_no_file_is_refused),
        IN_FOLDER(test_file_of_another_user_is_refused_and_stays),
        IN_FOLDER(test_umask_does_not_matter),
        IN_FOLDER(test_file_put_in_its_place_does_not_become_the_dump),
    };

    return cmocka_run_group_tests_name("partial_file", tests, NULL, NULL);
}
