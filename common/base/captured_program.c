/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* environ, pipe2 */
#include "common/base/captured_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUT, ERR, STREAMS };

/* How often to check whether to stop, and how long a program may take to terminate. */
enum { POLL_INTERVAL_MS = 100, TERMINATE_TIMEOUT_MS = 2000 };

typedef struct Running {
    CapturedProgram *child;
    Buffer *output;
    pid_t pid;
    struct pollfd streams[STREAMS]; /* fd -1: closed */
} Running;

static bool run_failed(const CapturedProgram *child, int code, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED, "could not run \"%s\": %s", child->arguments[0],
                     strerror(code));
}

static bool is_of(const char *variable, const char *assignment)
{
    size_t size = strcspn(assignment, "=") + 1;

    return strncmp(variable, assignment, size) == 0;
}

/* The environment with the child's variable and without the database password, which the program
 * must not see. */
static const char **make_environment(const CapturedProgram *child)
{
    size_t count = 0;
    size_t kept = 0;
    const char **copy;

    while (environ[count] != NULL) {
        count++;
    }
    copy = calloc(count + 2, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        if (!is_of(environ[i], "PGPASSWORD=") &&
            (child->variable == NULL || !is_of(environ[i], child->variable))) {
            copy[kept++] = environ[i];
        }
    }
    if (copy != NULL && child->variable != NULL) {
        copy[kept] = child->variable;
    }
    return copy;
}

/* Resets this program's signal mask and handlers for the new one.  SIGHUP is left alone: if nohup
 * ignores it, the new program should, too. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGHUP);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int spawn(Running *running, const int ends[STREAMS], const char **environment)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code;

    if ((code = posix_spawn_file_actions_init(&actions)) != 0) {
        return code;
    }
    if ((code = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    if ((code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                                 0)) == 0 &&
        (code = posix_spawn_file_actions_adddup2(&actions, ends[OUT], STDOUT_FILENO)) == 0 &&
        (code = posix_spawn_file_actions_adddup2(&actions, ends[ERR], STDERR_FILENO)) == 0 &&
        (code = set_attributes(&attributes)) == 0) {
        code = posix_spawnp(&running->pid, running->child->arguments[0], &actions, &attributes,
                            (char *const *)(uintptr_t)running->child->arguments,
                            (char *const *)(uintptr_t)environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* A program that is not there, or cannot be run, ends as a shell that was to run it would. */
static bool start_failed(CapturedProgram *child, int code, Error *error)
{
    if (code != ENOENT && code != EACCES && code != ENOEXEC) {
        return run_failed(child, code, error);
    }
    child->status = W_EXITCODE(code == ENOENT ? 127 : 126, 0);
    snprintf(child->error_output, sizeof child->error_output, "%s: %s", child->arguments[0],
             strerror(code));
    return true;
}

/* Starts the program, with pipes for its standard output and standard error. */
static bool start_program(Running *running, Error *error)
{
    const char **environment = make_environment(running->child);
    int ends[STREAMS] = {-1, -1};
    int code = environment == NULL ? ENOMEM : 0;

    for (int i = 0; i < STREAMS && code == 0; i++) {
        int pipe_ends[2];

        if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
            code = errno;
        } else {
            running->streams[i] = (struct pollfd){.fd = pipe_ends[0], .events = POLLIN};
            ends[i] = pipe_ends[1];
        }
    }
    if (code == 0) {
        code = spawn(running, ends, environment);
    }
    for (int i = 0; i < STREAMS; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
        }
    }
    free(environment);
    return code == 0 || start_failed(running->child, code, error);
}

static void close_stream(struct pollfd *stream)
{
    if (stream->fd >= 0) {
        close(stream->fd);
        stream->fd = -1;
    }
}

/* Keeps the end of standard error. */
static void keep_error_output(CapturedProgram *child, const char *text, size_t size)
{
    size_t room = sizeof child->error_output - 1;
    size_t used = strlen(child->error_output);

    if (size > room) {
        text += size - room;
        size = room;
    }
    if (used > room - size) {
        size_t dropped = used - (room - size);

        memmove(child->error_output, child->error_output + dropped, used - dropped + 1);
        used -= dropped;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];

        child->error_output[used + i] =
            (byte < 0x20 && byte != '\n') || byte == 0x7f ? ' ' : text[i];
    }
    child->error_output[used + size] = '\0';
}

static bool read_stream(Running *running, int stream, Error *error)
{
    char piece[4096];
    ssize_t size = read(running->streams[stream].fd, piece, sizeof piece);

    if (size < 0) {
        return errno == EINTR || run_failed(running->child, errno, error);
    }
    if (size == 0) {
        close_stream(&running->streams[stream]);
        return true;
    }
    if (stream == ERR) {
        keep_error_output(running->child, piece, (size_t)size);
        return true;
    }
    if ((size_t)size > running->child->output_limit - running->output->size) {
        running->child->output_too_large = true;
        return true;
    }
    return buffer_append(running->output, piece, (size_t)size, error);
}

/* Reads until both outputs are closed or there is too much output. */
static bool read_streams(Running *running, Error *error)
{
    CapturedProgram *child = running->child;

    while ((running->streams[OUT].fd >= 0 || running->streams[ERR].fd >= 0) &&
           !child->output_too_large) {
        int ready;

        if (child->is_stopped(child->state, error)) {
            return false;
        }
        ready = poll(running->streams, STREAMS, POLL_INTERVAL_MS);
        if (ready < 0 && errno != EINTR) {
            return run_failed(child, errno, error);
        }
        for (int i = 0; ready > 0 && i < STREAMS; i++) {
            if (running->streams[i].fd >= 0 && running->streams[i].revents != 0 &&
                !read_stream(running, i, error)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether the program has ended; waits only briefly.  It is not reaped yet, so that its process
 * group stays valid. */
static bool has_ended(const Running *running)
{
    const struct timespec interval = {.tv_nsec = 10 * 1000000L};
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == running->pid) {
        return true;
    }
    nanosleep(&interval, NULL);
    return false;
}

static bool wait_for_end(const Running *running, Error *error)
{
    while (!has_ended(running)) {
        if (running->child->is_stopped(running->child->state, error)) {
            return false;
        }
    }
    return true;
}

static long milliseconds_since(const struct timespec *begin)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
}

/* Terminates the program and all that it has started. */
static void terminate(const Running *running)
{
    struct timespec begin;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    kill(-running->pid, SIGTERM);
    while (!has_ended(running)) {
        if (milliseconds_since(&begin) > TERMINATE_TIMEOUT_MS) {
            kill(-running->pid, SIGKILL);
        }
    }
}

/* Collects the program's status, and kills what it has left running. */
static void reap(const Running *running)
{
    kill(-running->pid, SIGKILL);
    while (waitpid(running->pid, &running->child->status, 0) < 0 && errno == EINTR) {
    }
}

bool captured_program_run(CapturedProgram *child, Buffer *output, Error *error)
{
    Running running = {.child = child, .output = output, .streams = {{.fd = -1}, {.fd = -1}}};
    bool done = start_program(&running, error);

    if (done && running.pid > 0) {
        done = read_streams(&running, error) && !child->output_too_large &&
               wait_for_end(&running, error);
        if (!done) {
            terminate(&running);
        }
        reap(&running);
        done = done || child->output_too_large;
    }
    for (int i = 0; i < STREAMS; i++) {
        close_stream(&running.streams[i]);
    }
    for (size_t n = strlen(child->error_output); n > 0 && child->error_output[n - 1] == '\n'; n--) {
        child->error_output[n - 1] = '\0';
    }
    return done;
}
