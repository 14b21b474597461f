/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the name of a dump leads to: links, pipes, names that no file can have.  A dry run and a run
 * say the same of all of them.
 */
#include "tests/unit/support.h"

#include <errno.h>

#include "common/dump/output.h"

enum { NOBODY = 65534 };

/* Writes a dump by this name, which the dry run takes, too. */
static void write_dump(const char *path, bool replace, const char *text)
{
    Error error = {0};
    DumpOutput *output = NULL;

    assert_done(dump_output_check(path, replace, &error), &error);
    assert_done(dump_output_open(path, replace, &output, &error) &&
                    dump_output_write(output, slice_text(text), &error) &&
                    dump_output_commit(output, &error),
                &error);
}

static void assert_refused_by_both(const char *path, bool replace, const char *part, Error *error)
{
    DumpOutput *output = NULL;
    Error checked = {0};

    assert_refused(dump_output_check(path, replace, &checked), &checked, EXIT_CODE_USAGE);
    assert_refused(dump_output_open(path, replace, &output, error), error, EXIT_CODE_USAGE);
    assert_null(output);
    assert_string_equal(checked.message, error->message);
    assert_contains(error->message, part);
}

static void assert_is_link(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void make_link(const char *target, const char *path)
{
    assert_int_equal(symlink(target, path), 0);
}

static void test_link_to_a_file_that_is_not_there_yet_is_followed(void **state)
{
    const char *const targets[] = {"volume/dump", folder_path(state, "volume/dump"),
                                   "./volume/../volume//dump", "volume/another-link"};
    const char *name = folder_path(state, "dump");
    const char *file = folder_path(state, "volume/dump");

    folder_make(state, "volume");
    make_link("dump", folder_path(state, "volume/another-link"));
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        make_link(targets[i], name);
        write_dump(name, i % 2 == 1, "whole");
        assert_is_link(name);
        assert_file_holds(file, "whole");
        assert_false(file_exists(folder_path(state, "dump.partial")));
        assert_int_equal(unlink(file), 0);
        assert_int_equal(unlink(name), 0);
    }
}

static void test_partial_file_is_where_the_link_leads(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output = NULL;
    Error error = {0};

    folder_make(state, "volume");
    make_link("volume/dump", name);
    assert_done(dump_output_open(name, false, &output, &error), &error);
    assert_true(file_exists(folder_path(state, "volume/dump.partial")));
    dump_output_discard(output);
    assert_false(file_exists(folder_path(state, "volume/dump.partial")));
    assert_is_link(name);
}

static void test_file_that_a_link_leads_to_is_replaced_by_force_only(void **state)
{
    const char *name = folder_path(state, "dump");
    const char *file = folder_path(state, "volume/dump");
    Error error = {0};

    folder_make(state, "volume");
    file_write(file, slice_text("old"));
    make_link("volume/dump", name);
    assert_refused_by_both(name, false, file, &error);
    assert_contains(error.hint, "--force");
    assert_contains(error.detail, name);
    assert_file_holds(file, "old");
    write_dump(name, true, "new");
    assert_is_link(name);
    assert_file_holds(file, "new");
}

static void test_link_in_the_middle_is_followed(void **state)
{
    Error error = {0};

    folder_make(state, "volume");
    make_link("volume", folder_path(state, "folder"));
    write_dump(folder_path(state, "folder/dump"), false, "whole");
    assert_file_holds(folder_path(state, "volume/dump"), "whole");
    make_link("missing", folder_path(state, "nowhere"));
    assert_refused_by_both(folder_path(state, "nowhere/dump"), true, "nowhere/dump", &error);
}

static void test_link_that_leads_nowhere_is_refused(void **state)
{
    const char *loop = folder_path(state, "loop");
    const char *folder = folder_path(state, "folder");
    Error error = {0};

    make_link("loop", loop);
    assert_refused_by_both(loop, true, strerror(ELOOP), &error);
    make_link("missing/dump", folder_path(state, "missing-folder"));
    assert_refused_by_both(folder_path(state, "missing-folder"), true, "missing/dump", &error);
    make_link(".", folder);
    assert_refused_by_both(folder, true, "directory", &error);
}

static void test_name_that_no_file_can_have_is_refused(void **state)
{
    char longest[256];
    Error error = {0};

    assert_refused_by_both("", true, "\"\"", &error);
    assert_refused_by_both(folder_path(state, "new/"), true, "new/", &error);
    make_link("new/", folder_path(state, "link"));
    assert_refused_by_both(folder_path(state, "link"), true, "new/", &error);
    /* A name that is possible, while that of its partial file is not. */
    memset(longest, 'x', 250);
    longest[250] = '\0';
    assert_refused_by_both(folder_path(state, longest), true, strerror(ENAMETOOLONG), &error);
}

/* As /dev/stdout does, or what bash makes of >(program). */
static void test_link_to_an_open_descriptor_is_taken(void **state)
{
    const char *file = folder_path(state, "file");
    char name[64];
    char byte;
    int fd;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[1]);
    make_link(name, folder_path(state, "link"));
    write_dump(name, false, "1");
    write_dump(folder_path(state, "link"), false, "2");
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, '1');
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, '2');
    close(ends[0]);
    close(ends[1]);

    file_write(file, slice_text(""));
    fd = open(file, O_WRONLY);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    write_dump(name, true, "whole");
    close(fd);
    assert_file_holds(file, "whole");
}

static void test_file_that_has_lost_its_name_is_refused(void **state)
{
    const char *file = folder_path(state, "file");
    char name[64];
    Error error = {0};
    int fd;

    file_write(file, slice_text(""));
    fd = open(file, O_WRONLY);
    assert_int_equal(unlink(file), 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    assert_refused_by_both(name, true, name, &error);
    close(fd);
}

static void test_device_is_written_to(void **state)
{
    (void)state;
    write_dump("/dev/null", false, "gone");
    write_dump("/dev/null", true, "gone");
}

static void test_terminal_is_refused_by_its_name(void **state)
{
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    DumpOutput *output = NULL;
    Error error = {0};
    char name[64];

    (void)state;
    assert_true(terminal >= 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", terminal);
    assert_refused(dump_output_open(name, true, &output, &error), &error, EXIT_CODE_USAGE);
    assert_contains(error.message, "terminal");
    close(terminal);
}

static void test_link_and_pipe_of_another_user_are_refused(void **state)
{
    const char *link = folder_path(state, "link");
    const char *pipe_name = folder_path(state, "pipe");
    const char *own = folder_path(state, "own");
    Error error = {0};

    if (geteuid() != 0) {
        skip(); /* only root can make them */
    }
    make_link("file", link);
    assert_int_equal(lchown(link, NOBODY, NOBODY), 0);
    make_link("link", own);
    assert_refused_by_both(link, true, "another user", &error);
    assert_refused_by_both(own, true, "another user", &error);
    assert_int_equal(mkfifo(pipe_name, 0600), 0);
    assert_int_equal(chown(pipe_name, NOBODY, NOBODY), 0);
    assert_refused_by_both(pipe_name, false, "another user", &error);
    assert_false(file_exists(folder_path(state, "file")));
}

/* Of /tmp, for instance: a user may write to the folder, and yet not replace what others have
 * there. */
static void test_file_of_another_user_in_a_shared_folder_is_refused_beforehand(void **state)
{
    const char *name = folder_path(state, "shared/dump");
    Error error = {0};
    DumpOutput *output = NULL;
    bool checked;
    bool opened;

    if (geteuid() != 0) {
        skip(); /* only root can become another user */
    }
    folder_make(state, "shared");
    assert_int_equal(chmod(folder_path(state, "shared"), 01777), 0);
    assert_int_equal(chmod(*state, 0755), 0);
    file_write(name, slice_text("root's"));
    assert_int_equal(seteuid(NOBODY), 0);
    checked = dump_output_check(name, true, &error);
    opened = dump_output_open(name, true, &output, &error);
    assert_int_equal(seteuid(0), 0);
    assert_false(checked);
    assert_false(opened);
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_contains(error.message, name);
    assert_file_holds(name, "root's");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_link_to_a_file_that_is_not_there_yet_is_followed),
        IN_FOLDER(test_partial_file_is_where_the_link_leads),
        IN_FOLDER(test_file_that_a_link_leads_to_is_replaced_by_force_only),
        IN_FOLDER(test_link_in_the_middle_is_followed),
        IN_FOLDER(test_link_that_leads_nowhere_is_refused),
        IN_FOLDER(test_name_that_no_file_can_have_is_refused),
        IN_FOLDER(test_link_to_an_open_descriptor_is_taken),
        IN_FOLDER(test_file_that_has_lost_its_name_is_refused),
        cmocka_unit_test(test_device_is_written_to),
        cmocka_unit_test(test_terminal_is_refused_by_its_name),
        IN_FOLDER(test_link_and_pipe_of_another_user_are_refused),
        IN_FOLDER(test_file_of_another_user_in_a_shared_folder_is_refused_beforehand),
    };

    return cmocka_run_group_tests_name("output_path", tests, NULL, NULL);
}
