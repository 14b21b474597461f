/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/startup.h"

#include "common/cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* The descriptors are opened in the wrong direction on purpose, so that using one fails. */
static void open_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
            /* open returns the lowest free descriptor: this one. */
            (void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

/* The programs wait for children and need their signals delivered. */
static void reset_signals(void)
{
    sigset_t none;

    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void startup(const char *program)
{
    open_standard_descriptors();
    reset_signals();
    message_init(program);
}
