/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/worker.h"

#include "common/base/interrupt.h"
#include "scripts/session/child.h"
#include "scripts/session/replay/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 200 };

typedef struct Report {
    bool done;
    Error error;
} Report;

static bool write_all(int target, const void *data, size_t size)
{
    const char *position = data;

    while (size > 0) {
        ssize_t written = write(target, position, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        position += written;
        size -= (size_t)written;
    }
    return true;
}

/* False if the other side ends before sending everything, or if this program is asked to stop. */
static bool read_all(int source, void *data, size_t size)
{
    char *position = data;

    while (size > 0) {
        ssize_t got = read(source, position, size);

        if (got < 0 && errno == EINTR && interrupt_signal() == 0) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        position += got;
        size -= (size_t)got;
    }
    return true;
}

typedef struct Work {
    const Identity *identity;
    WorkerTask *task;
    const void *argument;
    void *result;
    size_t size;
} Work;

static _Noreturn void work(const Work *work, pid_t parent, int target)
{
    Report report = {0};

    spawn_reset_signals();
    signal(SIGPIPE, SIG_IGN);
    if (!identity_become(work->identity)) {
        error_set(&report.error, EXIT_CODE_USAGE, "could not become user %s: %s",
                  work->identity->name, strerror(errno));
    } else if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL) == 0 && getppid() == parent) {
        report.done = work->task(work->argument, work->result, &report.error);
    }
    if (write_all(target, &report, sizeof report)) {
        write_all(target, work->result, work->size);
    }
    _exit(0);
}

/* Terminates the texts of an untrusted report. */
static void terminate(Error *error)
{
    error->message[sizeof error->message - 1] = '\0';
    error->detail[sizeof error->detail - 1] = '\0';
    error->hint[sizeof error->hint - 1] = '\0';
}

static bool receive(int source, const Work *work, Error *error)
{
    Report report;

    if (!read_all(source, &report, sizeof report) || !read_all(source, work->result, work->size)) {
        return interrupt_check(error) &&
               error_set(error, EXIT_CODE_FAILED, "a part of this program ended unexpectedly");
    }
    if (!report.done) {
        *error = report.error;
        terminate(error);
    }
    return report.done;
}

static bool begin_progress(const WorkerProgress *progress, Error *error)
{
    struct stat status;
    bool known = fstat(progress->file, &status) == 0 && S_ISREG(status.st_mode);

    if (!progress_init(progress->mode, error)) {
        return false;
    }
    progress_begin_bytes(progress->phase, known ? (uint64_t)status.st_size : 0);
    return true;
}

/* Tells how far the work is until it ends, or this program is asked to stop. */
static void show_progress(const WorkerProgress *progress, int report)
{
    struct pollfd ended = {.fd = report, .events = POLLIN};
    off_t shown = 0;
    bool has_ended = false;

    while (!has_ended && interrupt_signal() == 0) {
        off_t position;

        has_ended = poll(&ended, 1, LOOK_MS) > 0;
        position = lseek(progress->file, 0, SEEK_CUR);
        if (position > shown) {
            progress_add(0, (uint64_t)(position - shown));
            shown = position;
        }
    }
}

static bool run(const Work *todo, const WorkerProgress *progress, Error *error)
{
    pid_t parent = getpid();
    int ends[2];
    pid_t child;
    bool done;

    if (!child_pipe(ends)) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a pipe: %s", strerror(errno));
    }
    child = fork();
    if (child == 0) {
        work(todo, parent, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return error_set(error, EXIT_CODE_USAGE, "could not start a process: %s", strerror(errno));
    }
    /* Not before the fork, as the process would get only a part of a program with threads. */
    done = progress == NULL || begin_progress(progress, error);
    if (done && progress != NULL) {
        show_progress(progress, ends[0]);
    }
    done = done && receive(ends[0], todo, error);
    if (done && progress != NULL) {
        progress_end();
    }
    progress_stop();
    close(ends[0]);
    if (!done) {
        kill(child, SIGKILL);
    }
    spawn_wait(child);
    return done;
}

bool worker_run(const Identity *identity, WorkerTask *task, const void *argument, void *result,
                size_t size, Error *error)
{
    const Work todo = {identity, task, argument, result, size};

    if (size > 0) {
        memset(result, 0, size);
    }
    return run(&todo, NULL, error);
}

bool worker_run_reading(const Identity *identity, WorkerTask *task, const void *argument,
                        const WorkerProgress *progress, Error *error)
{
    const Work todo = {.identity = identity, .task = task, .argument = argument};

    return run(&todo, progress, error);
}
