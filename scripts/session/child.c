/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/child.h"

#include "common/base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 50, PATIENCE_MS = 5000, CANNOT_START = 127 };

bool child_pipe(int ends[2])
{
    return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

ChildOptions child_options(const Words *command, const Words *environment)
{
    return (ChildOptions){.command = command,
                          .environment = environment,
                          .input = -1,
                          .output = -1,
                          .error = -1,
                          .kept = {-1, -1}};
}

static void set_environment(const Words *environment)
{
    for (size_t i = 0; environment != NULL && i < environment->count; i++) {
        char *setting = environment->items[i];

        /* Not freed: this process is about to become another program. */
        if (strchr(setting, '=') != NULL) {
            putenv(setting);
        } else {
            unsetenv(setting);
        }
    }
}

static bool prepare_child(const void *state)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1};
    const ChildOptions *options = state;
    sigset_t none;

    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        signal(SIGNALS[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    set_environment(options->environment);
    return (options->input < 0 || dup2(options->input, STDIN_FILENO) >= 0) &&
           (options->output < 0 || dup2(options->output, STDOUT_FILENO) >= 0) &&
           (options->error < 0 || dup2(options->error, STDERR_FILENO) >= 0) &&
           (options->kept[0] < 0 || fcntl(options->kept[0], F_SETFD, 0) == 0) &&
           (options->kept[1] < 0 || fcntl(options->kept[1], F_SETFD, 0) == 0);
}

/* Executes the program in the child.  If that fails, writes errno to `problem`. */
static _Noreturn void become(const Words *command, ChildPrepareFunction *prepare, const void *state,
                             int problem)
{
    int code;

    if (prepare(state)) {
        execvp(command->items[0], command->items);
    }
    code = errno;
    (void)!write(problem, &code, sizeof code);
    _exit(CANNOT_START);
}

static bool start_failed(const Words *command, int code, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "could not run \"%s\": %s", command->items[0],
                     strerror(code));
}

bool child_exec(const Words *command, ChildPrepareFunction *prepare, const void *state,
                pid_t *child, Error *error)
{
    int problem[2];
    int code = 0;
    ssize_t got;

    if (!child_pipe(problem)) {
        return start_failed(command, errno, error);
    }
    *child = fork();
    if (*child == 0) {
        become(command, prepare, state, problem[1]);
    }
    code = errno;
    close(problem[1]);
    if (*child < 0) {
        close(problem[0]);
        return start_failed(command, code, error);
    }
    do {
        got = read(problem[0], &code, sizeof code);
    } while (got < 0 && errno == EINTR);
    close(problem[0]);
    if (got == (ssize_t)sizeof code) {
        waitpid(*child, NULL, 0);
        return start_failed(command, code, error);
    }
    return true;
}

bool child_start(const ChildOptions *options, pid_t *child, Error *error)
{
    return child_exec(options->command, prepare_child, options, child, error);
}

int child_exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for a child that was sent SIGTERM; kills it after PATIENCE_MS. */
static int await_end(pid_t child)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000 * 1000};
    int status = 0;

    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (waitpid(child, &status, WNOHANG) != 0) {
            return child_exit_code(status);
        }
        nanosleep(&step, NULL);
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child_exit_code(status);
}

void child_stop(pid_t child)
{
    kill(child, SIGTERM);
    await_end(child);
}

bool child_wait(pid_t child, int *status, Error *error)
{
    int answer = 0;

    /* A signal to this program interrupts it, see interrupt_enter_thread. */
    while (waitpid(child, &answer, 0) < 0) {
        if (errno != EINTR) {
            return error_set(error, EXIT_CODE_FAILED, "could not wait for a program: %s",
                             strerror(errno));
        }
        if (interrupt_signal() != 0) {
            child_stop(child);
            return interrupt_check(error);
        }
    }
    *status = child_exit_code(answer);
    return interrupt_check(error);
}

/* Writes to a child's standard input.  A child that does not read it is no error. */
static void feed(int input, const char *text)
{
    size_t size = strlen(text);

    while (size > 0) {
        ssize_t written = write(input, text, size);

        if (written < 0 && errno == EINTR && interrupt_signal() == 0) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        text += written;
        size -= (size_t)written;
    }
}

bool child_run(const ChildOptions *options, const char *input, int *status, Error *error)
{
    ChildOptions with_input = *options;
    int ends[2];
    pid_t child;
    bool started;

    if (input == NULL) {
        return child_start(options, &child, error) && child_wait(child, status, error);
    }
    if (!child_pipe(ends)) {
        return start_failed(options->command, errno, error);
    }
    with_input.input = ends[0];
    started = child_start(&with_input, &child, error);
    close(ends[0]);
    if (started) {
        feed(ends[1], input);
    }
    close(ends[1]);
    return started && child_wait(child, status, error);
}

bool child_read(int output, Buffer *printed, Error *error)
{
    for (;;) {
        ssize_t got;

        if (!buffer_reserve(printed, 4096, error)) {
            return false;
        }
        got = read(output, printed->data + printed->size, printed->capacity - printed->size);
        if (got < 0 && errno == EINTR && interrupt_signal() == 0) {
            continue;
        }
        if (got <= 0) {
            return true;
        }
        printed->size += (size_t)got;
    }
}

bool child_capture(const ChildOptions *options, Buffer *printed, int *status, Error *error)
{
    ChildOptions with_output = *options;
    int ends[2];
    pid_t child;
    bool done;

    if (!child_pipe(ends)) {
        return start_failed(options->command, errno, error);
    }
    with_output.output = ends[1];
    done = child_start(&with_output, &child, error);
    close(ends[1]);
    if (done) {
        done = child_read(ends[0], printed, error);
        if (!done) {
            child_stop(child);
        }
    }
    close(ends[0]);
    return done && child_wait(child, status, error);
}
