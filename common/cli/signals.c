#include "common/cli/signals.h"

#include "common/base/interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum { REPEAT_NANOSECONDS = 200 * 1000 * 1000 };

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

static void fill_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

static void end_at_once(int signal_number)
{
    sigset_t set;

    fill_set(&set);
    signal(signal_number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(signal_number);
}

static void *wait_for_signals(void *argument)
{
    bool (*on_request)(void) = *(bool (**)(void))argument;
    const struct timespec pause = {.tv_nsec = REPEAT_NANOSECONDS};
    sigset_t set;
    int signal_number = 0;
    int second;

    fill_set(&set);
    while (sigwait(&set, &signal_number) != 0) {
    }
    interrupt_request(signal_number);
    for (;;) {
        /* A statement may begin, or a thread go to sleep, just after this: hence the loop. */
        if (!on_request()) {
            end_at_once(signal_number);
        }
        interrupt_wake_threads(SIGUSR1);
        second = sigtimedwait(&set, NULL, &pause);
        if (second > 0) {
            end_at_once(second);
        }
    }
    return NULL;
}

bool signals_start(bool (*on_request)(void), Error *error)
{
    static bool (*callback)(void);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction wake = {.sa_handler = do_nothing}; /* no SA_RESTART: calls are to end */
    pthread_t thread;
    sigset_t set;
    int code;

    callback = on_request;
    /* A closed pipe and a file that is too large are errors of write, which can be told. */
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGUSR1, &wake, NULL);
    fill_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    interrupt_enter_thread();
    code = pthread_create(&thread, NULL, wait_for_signals, (void *)&callback);
    if (code != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread: %s", strerror(code));
    }
    pthread_detach(thread);
    return true;
}

int signals_exit_code(ExitCode code)
{
    int signal_number = interrupt_signal();

    return code != EXIT_CODE_DONE && signal_number != 0 ? 128 + signal_number : (int)code;
}
