/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/signals.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REPEAT_NANOSECONDS = 200 * 1000 * 1000 };

/* See signals_set_supervised. */
static atomic_bool supervised;

/* See signals_report. */
static atomic_bool reported;
static atomic_bool finished;

static void on_wake_signal(int signal_number)
{
    (void)signal_number;
}

/* The signals that end the program. */
static sigset_t ending;

/* A user who starts a program under nohup wants it to outlive the terminal. */
static void init_ending_signals(void)
{
    struct sigaction hangup;

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        sigaddset(&ending, SIGHUP);
    }
}

static void die_now(int signal_number)
{
    signal(signal_number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
    raise(signal_number);
}

/* Async-signal-safe.  In the words of interrupt_check. */
static void report(int signal_number)
{
    enum { LINE_SIZE = 128, TENS = 10 };
    const char number[] = {(char)('0' + signal_number / TENS), (char)('0' + signal_number % TENS),
                           '\0'};
    const char *const parts[] = {message_program(),
                                 ": error: stopped by signal ",
                                 signal_number < TENS ? number + 1 : number,
                                 " (",
                                 interrupt_signal_name(signal_number),
                                 ")\n"};
    char line[LINE_SIZE];
    size_t size = 0;

    if (!atomic_load(&reported) || message_is_json()) {
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (const char *c = parts[i]; *c != '\0' && size < sizeof line; c++) {
            line[size++] = *c;
        }
    }
    (void)!write(STDERR_FILENO, line, size);
}

static void on_early_signal(int signal_number)
{
    report(signal_number);
    die_now(signal_number);
}

void signals_report(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction early = {.sa_handler = on_early_signal};
    struct sigaction before;

    init_ending_signals();
    atomic_store(&reported, true);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(SIGNALS[i], &early, NULL);
        }
    }
}

static void *wait_for_signals(void *argument)
{
    bool (*on_request)(void) = *(bool (**)(void))argument;
    const struct timespec pause = {.tv_nsec = REPEAT_NANOSECONDS};
    int signal_number = 0;
    int second;

    while (sigwait(&ending, &signal_number) != 0) {
    }
    if (atomic_load(&finished)) {
        return NULL;
    }
    interrupt_request(signal_number);
    for (;;) {
        /* Repeat: a statement may begin, or a thread may block, right after this. */
        bool works = on_request();

        if (atomic_load(&finished)) {
            return NULL;
        }
        if (!works) {
            report(signal_number);
            die_now(signal_number);
        }
        interrupt_wake_threads(SIGUSR1);
        second = sigtimedwait(&ending, NULL, &pause);
        /* Only the same signal again is somebody's impatience: a terminal that is closed, or a
         * service that is stopped, may well send two. */
        if (second == signal_number && !atomic_load(&supervised) && !atomic_load(&finished)) {
            die_now(second);
        }
    }
    return NULL;
}

void signals_finish(void)
{
    atomic_store(&finished, true);
}

bool signals_start(bool (*on_request)(void), Error *error)
{
    static bool (*callback)(void);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction wake = {.sa_handler = on_wake_signal}; /* no SA_RESTART: system calls must
                                                             * return */
    pthread_t thread;
    int code;

    callback = on_request;
    /* Makes writes to a closed pipe or beyond the file size limit fail with an error. */
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGUSR1, &wake, NULL);
    init_ending_signals();
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    interrupt_enter_thread();
    code = pthread_create(&thread, NULL, wait_for_signals, (void *)&callback);
    if (code != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread: %s", strerror(code));
    }
    pthread_detach(thread);
    return true;
}

void signals_set_supervised(void)
{
    atomic_store(&supervised, true);
}

int signals_exit_code(ExitCode code)
{
    int signal_number = interrupt_signal();

    return code != EXIT_CODE_DONE && signal_number != 0 ? 128 + signal_number : (int)code;
}
