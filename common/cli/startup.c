#include "common/cli/startup.h"

#include "common/cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Reading from, or writing to, what is opened here fails: it has the other direction. */
static void open_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
            /* The lowest one that is free, which is this one. */
            (void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

void startup(const char *program)
{
    open_standard_descriptors();
    signal(SIGCHLD, SIG_DFL);
    message_init(program);
}
