/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/stop.h"

#include "common/base/interrupt.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>

enum { REPEAT_MICROSECONDS = 200 * 1000 };

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, STOP_ORPHANED};

/* The timer covers a system call that begins just after the check. */
static void note(int signal_number)
{
    const struct itimerval again = {.it_interval.tv_usec = REPEAT_MICROSECONDS,
                                    .it_value.tv_usec = REPEAT_MICROSECONDS};

    interrupt_request(signal_number);
    setitimer(ITIMER_REAL, &again, NULL);
}

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

void stop_by_signals(void)
{
    /* No SA_RESTART: system calls must be interrupted. */
    struct sigaction noted = {.sa_handler = note};
    struct sigaction wake = {.sa_handler = do_nothing};
    sigset_t none;

    sigaction(SIGALRM, &wake, NULL);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        sigaction(SIGNALS[i], &noted, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, (unsigned long)STOP_ORPHANED);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void stop_no_more(void)
{
    const struct itimerval never = {0};

    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        signal(SIGNALS[i], SIG_IGN);
    }
    setitimer(ITIMER_REAL, &never, NULL);
}
