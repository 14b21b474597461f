/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where dumps are written: to a file that appears complete or not at all, or to an open stream.
 */
#include "tests/unit/support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "common/dump/output.h"

/* Called once, when the next lock is requested: between opening a file and locking it. */
static void (*before_lock)(void);

/* Intercepts libc's, so that a test can let another program act at that moment. */
int fcntl(int fd, int command, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    if (command == F_SETLK && before_lock != NULL) {
        void (*action)(void) = before_lock;

        before_lock = NULL;
        action();
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

static DumpOutput *open_output(const char *path, bool replace)
{
    Error error = {0};
    DumpOutput *output = NULL;

    assert_done(dump_output_open(path, replace, &output, &error), &error);
    assert_non_null(output);
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

static void assert_open_refused(const char *path, bool replace, Error *error)
{
    DumpOutput *output = NULL;

    assert_refused(dump_output_open(path, replace, &output, error), error, EXIT_CODE_USAGE);
    assert_null(output);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

static void test_file_has_its_name_only_once_it_is_whole(void **state)
{
    const char *name = folder_path(state, "dump");
    const char *partial = folder_path(state, "dump.partial");
    DumpOutput *output = open_output(name, false);

    assert_true(file_exists(partial));
    write_text(output, "one ");
    assert_false(file_exists(name));
    write_text(output, "two");
    assert_file_holds(partial, "one two");
    assert_false(file_exists(name));
    commit(output);
    assert_false(file_exists(partial));
    assert_file_holds(name, "one two");
}

static void test_file_is_its_owners_only_from_the_beginning(void **state)
{
    static const mode_t MASKS[] = {0, 0022, 0077};

    for (size_t i = 0; i < COUNT_OF(MASKS); i++) {
        const char *name = folder_path(state, "dump");
        mode_t before = umask(MASKS[i]);
        DumpOutput *output = open_output(name, false);

        umask(before);
        assert_int_equal(mode_of(folder_path(state, "dump.partial")), 0600);
        commit(output);
        assert_int_equal(mode_of(name), 0600);
        assert_int_equal(unlink(name), 0);
    }
}

static void test_discarded_file_leaves_nothing(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output = open_output(name, false);

    write_text(output, "some");
    dump_output_discard(output);
    assert_false(file_exists(name));
    assert_false(file_exists(folder_path(state, "dump.partial")));
    dump_output_discard(NULL);
}

static void test_existing_file_is_refused_and_stays(void **state)
{
    const char *name = folder_path(state, "dump");
    Error error = {0};

    file_write(name, slice_text("old"));
    assert_open_refused(name, false, &error);
    assert_contains(error.message, name);
    assert_contains(error.hint, "--force");
    assert_file_holds(name, "old");
    assert_false(file_exists(folder_path(state, "dump.partial")));
}

static void test_replaced_file_keeps_its_contents_until_the_new_one_is_whole(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output;

    file_write(name, slice_text("a longer old content"));
    output = open_output(name, true);
    write_text(output, "new");
    assert_file_holds(name, "a longer old content");
    commit(output);
    assert_file_holds(name, "new");
    assert_int_equal(mode_of(name), 0600);
    assert_false(file_exists(folder_path(state, "dump.partial")));
}

static void test_failed_replacement_keeps_the_old_file(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output;

    file_write(name, slice_text("old"));
    output = open_output(name, true);
    write_text(output, "new");
    dump_output_discard(output);
    assert_file_holds(name, "old");
    assert_false(file_exists(folder_path(state, "dump.partial")));
}

static void test_replacing_needs_no_old_file(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output = open_output(name, true);

    write_text(output, "new");
    commit(output);
    assert_file_holds(name, "new");
}

static void test_directory_is_refused(void **state)
{
    Error error = {0};

    assert_open_refused(*state, false, &error);
    assert_open_refused(*state, true, &error);
}

static void test_missing_folder_is_refused(void **state)
{
    Error error = {0};

    assert_open_refused(folder_path(state, "missing/dump"), false, &error);
    assert_contains(error.message, "missing/dump");
    file_write(folder_path(state, "file"), slice_text(""));
    assert_open_refused(folder_path(state, "file/dump"), true, &error);
}

static void test_partial_file_of_a_killed_program_is_taken_over(void **state)
{
    const char *name = folder_path(state, "dump");
    const char *partial = folder_path(state, "dump.partial");
    DumpOutput *output;

    file_write(partial, slice_text("what the killed program had written"));
    assert_int_equal(chmod(partial, 0644), 0);
    output = open_output(name, false);
    assert_int_equal(mode_of(partial), 0600);
    write_text(output, "new");
    commit(output);
    assert_file_holds(name, "new");
    assert_false(file_exists(partial));
}

/* Locks the file in another process until the returned pipe is closed. */
static pid_t lock_elsewhere(const char *path, int *release)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    int hold[2];
    char byte = 0;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = open(path, O_RDWR);
        bool locked = fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;

        close(hold[1]);
        if (!locked || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        /* Ends when the test closes its end, or exits. */
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(hold[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *release = hold[1];
    return child;
}

static void test_partial_file_that_another_program_writes_is_refused_and_stays(void **state)
{
    const char *partial = folder_path(state, "dump.partial");
    Error error = {0};
    DumpOutput *output = NULL;
    int release;
    int status;
    pid_t child;
    bool done;

    file_write(partial, slice_text("half of a dump"));
    child = lock_elsewhere(partial, &release);
    done = dump_output_open(folder_path(state, "dump"), false, &output, &error);
    close(release);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(done);
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_contains(error.message, partial);
    assert_file_holds(partial, "half of a dump");
}

static const char *committed_name;
static const char *committed_partial;

static void commit_elsewhere(void)
{
    assert_int_equal(rename(committed_partial, committed_name), 0);
}

/* Another program completes the same file after it was opened here and before it is locked: then
 * the open file is the finished dump, and no longer a partial file. */
static void test_dump_that_is_completed_meanwhile_is_not_written_to(void **state)
{
    const char *name = folder_path(state, "dump");
    Error error = {0};
    DumpOutput *output = NULL;

    committed_name = name;
    committed_partial = folder_path(state, "dump.partial");
    file_write(committed_partial, slice_text("a whole dump"));
    before_lock = commit_elsewhere;
    if (dump_output_open(name, false, &output, &error)) {
        write_text(output, "mine");
        dump_output_discard(output);
    }
    assert_null(before_lock);
    assert_file_holds(name, "a whole dump");
}

static void test_partial_file_that_is_a_link_is_not_followed(void **state)
{
    const char *target = folder_path(state, "precious");
    Error error = {0};

    file_write(target, slice_text("precious"));
    assert_int_equal(symlink(target, folder_path(state, "dump.partial")), 0);
    assert_open_refused(folder_path(state, "dump"), false, &error);
    assert_file_holds(target, "precious");
}

static void test_name_that_came_up_meanwhile_is_not_overwritten(void **state)
{
    const char *name = folder_path(state, "dump");
    DumpOutput *output = open_output(name, false);
    Error error = {0};

    write_text(output, "mine");
    file_write(name, slice_text("somebody else's"));
    assert_refused(dump_output_commit(output, &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, name);
    assert_file_holds(name, "somebody else's");
    assert_false(file_exists(folder_path(state, "dump.partial")));
}

static void test_folder_that_went_away_fails_the_commit(void **state)
{
    DumpOutput *output;
    Error error = {0};

    folder_make(state, "gone");
    output = open_output(folder_path(state, "gone/dump"), false);
    assert_int_equal(unlink(folder_path(state, "gone/dump.partial")), 0);
    assert_int_equal(rmdir(folder_path(state, "gone")), 0);
    assert_refused(dump_output_commit(output, &error), &error, EXIT_CODE_FAILED);
}

static void test_full_device_is_an_error(void **state)
{
    DumpOutput *output = open_output("/dev/full", false);
    Error error = {0};

    (void)state;
    assert_refused(dump_output_write(output, slice_text("x"), &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, "/dev/full");
    assert_contains(error.message, strerror(ENOSPC));
    dump_output_discard(output);
    assert_true(file_exists("/dev/full"));
}

/* A file system that accepts a part of a write and then no more, like a full one. */
static void test_part_of_a_write_is_not_taken_for_all_of_it(void **state)
{
    DumpOutput *output = open_output(folder_path(state, "dump"), false);
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    struct rlimit small;
    uint8_t bytes[1500] = {0};
    Error error = {0};
    bool done;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    done = dump_output_write(output, slice_of(bytes, sizeof bytes), &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, before);
    assert_false(done);
    assert_int_equal(error.code, EXIT_CODE_FAILED);
    dump_output_discard(output);
    assert_false(file_exists(folder_path(state, "dump.partial")));
}

typedef struct SlowReader {
    int fd;
    Buffer content;
} SlowReader;

static void *read_slowly(void *argument)
{
    SlowReader *reader = argument;
    Error error = {0};
    ssize_t size;

    do {
        if (!buffer_reserve(&reader->content, 1000, &error)) {
            return NULL;
        }
        size = read(reader->fd, reader->content.data + reader->content.size, 1000);
        reader->content.size += size > 0 ? (size_t)size : 0;
    } while (size > 0);
    return reader;
}

static void wake_up(int signal_number)
{
    (void)signal_number;
}

/* Sends signals that interrupt system calls of threads that do not block them, or stops doing so.
 */
static void interrupt_often(bool often)
{
    struct sigaction action = {.sa_handler = wake_up};
    struct itimerval timer = {.it_interval.tv_usec = often ? 200 : 0,
                              .it_value.tv_usec = often ? 200 : 0};

    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* A pipe is written directly.  It accepts less than a chunk at a time, and a signal, such as
 * SIGWINCH, interrupts a partial write. */
static void test_all_bytes_reach_the_reader_of_a_pipe(void **state)
{
    enum { SIZE = 1000000 };
    const char *name = folder_path(state, "pipe");
    uint8_t *bytes = malloc(SIZE);
    SlowReader reader = {0};
    DumpOutput *output;
    Error error = {0};
    pthread_t thread;
    sigset_t alarms;
    void *result;
    int waiting;
    bool done;

    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i / 251);
    }
    assert_int_equal(mkfifo(name, 0600), 0);
    /* A non-blocking reader must exist before the writer; then a blocking one can replace it. */
    waiting = open(name, O_RDONLY | O_NONBLOCK);
    assert_true(waiting >= 0);
    output = open_output(name, false);
    assert_false(file_exists(folder_path(state, "pipe.partial")));
    reader.fd = open(name, O_RDONLY);
    assert_true(reader.fd >= 0);
    close(waiting);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    interrupt_often(true);
    done = dump_output_write(output, slice_of(bytes, SIZE), &error);
    interrupt_often(false);
    assert_done(done, &error);
    commit(output);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_non_null(result);
    assert_slice_equal(buffer_slice(&reader.content), slice_of(bytes, SIZE));
    close(reader.fd);
    buffer_free(&reader.content);
    free(bytes);
}

/* Replaces standard output by `fd`; returns the previous one. */
static int redirect(int fd)
{
    int kept;

    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    close(fd);
    return kept;
}

static void test_no_name_and_a_dash_are_standard_output(void **state)
{
    static const char *const NAMES[] = {NULL, "-"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        const char *name = folder_path(state, "stdout");
        DumpOutput *output;
        Error error = {0};
        int kept = redirect(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600));
        bool done = dump_output_open(NAMES[i], false, &output, &error) &&
                    dump_output_write(output, slice_text("streamed"), &error) &&
                    dump_output_commit(output, &error);

        redirect(kept);
        assert_done(done, &error);
        assert_file_holds(name, "streamed");
    }
}

static void test_terminal_is_refused(void **state)
{
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    DumpOutput *output = NULL;
    Error error = {0};
    bool done;
    int kept;

    (void)state;
    assert_true(terminal >= 0 && isatty(terminal));
    kept = redirect(terminal);
    done = dump_output_open(NULL, true, &output, &error);
    redirect(kept);
    assert_false(done);
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_contains(error.message, "terminal");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_file_has_its_name_only_once_it_is_whole),
        IN_FOLDER(test_file_is_its_owners_only_from_the_beginning),
        IN_FOLDER(test_discarded_file_leaves_nothing),
        IN_FOLDER(test_existing_file_is_refused_and_stays),
        IN_FOLDER(test_replaced_file_keeps_its_contents_until_the_new_one_is_whole),
        IN_FOLDER(test_failed_replacement_keeps_the_old_file),
        IN_FOLDER(test_replacing_needs_no_old_file),
        IN_FOLDER(test_directory_is_refused),
        IN_FOLDER(test_missing_folder_is_refused),
        IN_FOLDER(test_partial_file_of_a_killed_program_is_taken_over),
        IN_FOLDER(test_partial_file_that_another_program_writes_is_refused_and_stays),
        IN_FOLDER(test_dump_that_is_completed_meanwhile_is_not_written_to),
        IN_FOLDER(test_partial_file_that_is_a_link_is_not_followed),
        IN_FOLDER(test_name_that_came_up_meanwhile_is_not_overwritten),
        IN_FOLDER(test_folder_that_went_away_fails_the_commit),
        IN_FOLDER(test_full_device_is_an_error),
        IN_FOLDER(test_part_of_a_write_is_not_taken_for_all_of_it),
        IN_FOLDER(test_all_bytes_reach_the_reader_of_a_pipe),
        IN_FOLDER(test_no_name_and_a_dash_are_standard_output),
        IN_FOLDER(test_terminal_is_refused),
    };

    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
