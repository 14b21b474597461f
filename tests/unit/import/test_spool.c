/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipe that can be read twice, by way of a file that has no name.
 */
#include "tests/unit/support.h"

#include "import/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 3 * 1024 * 1024 + 17 };

static char *former_tmpdir; /* NULL: it was not set */

/* The test's folder is TMPDIR, too. */
static int setup(void **state)
{
    const char *tmpdir = getenv("TMPDIR");
    int result = folder_setup(state);

    former_tmpdir = tmpdir == NULL ? NULL : strdup(tmpdir);
    return result == 0 ? setenv("TMPDIR", *state, 1) : result;
}

static int teardown(void **state)
{
    int result = former_tmpdir == NULL ? unsetenv("TMPDIR") : setenv("TMPDIR", former_tmpdir, 1);

    free(former_tmpdir);
    return folder_teardown(state) == 0 ? result : -1;
}

static uint8_t byte_at(size_t position)
{
    return (uint8_t)(position * 31 + position / 977);
}

/* The reading end of a pipe into which a child writes `size` bytes. */
static int pipe_of(size_t size)
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static uint8_t bytes[4096];

        close(ends[0]);
        signal(SIGPIPE, SIG_DFL);
        for (size_t done = 0; done < size;) {
            size_t step = size - done < sizeof bytes ? size - done : sizeof bytes;

            for (size_t i = 0; i < step; i++) {
                bytes[i] = byte_at(done + i);
            }
            for (size_t sent = 0; sent < step;) {
                ssize_t n = write(ends[1], bytes + sent, step - sent);

                if (n < 0) {
                    _exit(1);
                }
                sent += (size_t)n;
            }
            done += step;
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static void assert_holds(const char *path, size_t size)
{
    int fd = open(path, O_RDONLY);
    size_t position = 0;
    uint8_t bytes[4096];
    ssize_t n;

    assert_true(fd >= 0);
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            assert_int_equal(bytes[i], byte_at(position++));
        }
    }
    assert_int_equal(n, 0);
    assert_int_equal(position, size);
    close(fd);
}

static size_t count_files(const char *folder)
{
    DIR *files = opendir(folder);
    size_t count = 0;

    assert_non_null(files);
    while (readdir(files) != NULL) {
        count++;
    }
    closedir(files);
    return count - 2; /* "." and ".." */
}

/* The name that bash gives the pipe of a process substitution. */
static const char *name_of(int fd)
{
    static char name[32];

    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    return name;
}

static void reads_a_pipe_twice(void **state)
{
    int fd = pipe_of(LARGE);
    const char *file = name_of(fd);
    struct stat status;
    Error error = {0};

    assert_true(spool_dump(&file, &error));
    assert_holds(file, LARGE);
    assert_holds(file, LARGE);
    /* Nobody else can find it, or read it. */
    assert_int_equal(count_files(*state), 0);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    close(fd);
}

static void reads_standard_input_twice(void **state)
{
    int kept = dup(STDIN_FILENO);
    int fd = pipe_of(LARGE);
    const char *file = "-";
    Error error = {0};

    (void)state;
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    assert_true(spool_dump(&file, &error));
    assert_holds(file, LARGE);
    assert_holds(file, LARGE);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void copies_no_file(void **state)
{
    int kept = dup(STDIN_FILENO);
    const char *path = folder_path(state, "dump");
    const char *file = path;
    struct stat status;
    Error error = {0};
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    setenv("TMPDIR", "/nonexistent", 1);
    assert_true(fd >= 0);
    assert_true(spool_dump(&file, &error));
    assert_ptr_equal(file, path);

    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    file = NULL;
    assert_true(spool_dump(&file, &error));
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_nlink, 1);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void copies_a_file_that_was_read_in_part(void **state)
{
    int kept = dup(STDIN_FILENO);
    const char *file = NULL;
    uint8_t bytes[] = {'x', byte_at(0), byte_at(1)};
    Error error = {0};
    int fd = open(folder_path(state, "dump"), O_RDWR | O_CREAT, 0600);

    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    assert_true(spool_dump(&file, &error));
    assert_holds(file, 2);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void needs_a_folder(void **state)
{
    int fd = pipe_of(10);
    const char *file = name_of(fd);
    Error error = {0};

    setenv("TMPDIR", folder_path(state, "missing"), 1);
    assert_false(spool_dump(&file, &error));
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_contains(error.message, "missing\": No such file or directory");
    assert_contains(error.hint, "TMPDIR");
    close(fd);
}

static void needs_room(void **state)
{
    struct rlimit before;
    int fd = pipe_of(LARGE);
    const char *file = name_of(fd);
    Error error = {0};

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1024 * 1024, before.rlim_max}), 0);
    assert_false(spool_dump(&file, &error));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(error.code, EXIT_CODE_FAILED);
    assert_contains(error.message, "File too large");
    assert_contains(error.hint, "TMPDIR");
    assert_int_equal(count_files(*state), 0);
    close(fd);
}

static void leaves_a_missing_file_to_the_reader(void **state)
{
    const char *path = folder_path(state, "missing");
    const char *file = path;
    Error error = {0};

    assert_true(spool_dump(&file, &error));
    assert_ptr_equal(file, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_pipe_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_standard_input_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_a_file_that_was_read_in_part, setup, teardown),
        cmocka_unit_test_setup_teardown(needs_a_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(needs_room, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_a_missing_file_to_the_reader, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
