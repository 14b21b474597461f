/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/spawn.h"

#include "common/base/interrupt.h"
#include "scripts/session/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void spawn_reset_signals(void)
{
    sigset_t none;

    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        signal(signal_number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Whether to pass a setting to a program of another user.  Root's environment may hold secrets,
 * such as the keys to a block store. */
static bool is_harmless(const char *setting)
{
    static const char *const NAMES[] = {
        "PATH=", "LD_LIBRARY_PATH=", "LANG=", "LC_ALL=", "TZ=", "TMPDIR="};

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strncmp(setting, NAMES[i], strlen(NAMES[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The old list is not freed: this process is about to become another program. */
static bool reduce_environment(void)
{
    size_t count = 0;
    size_t kept = 0;
    char **settings;

    while (environ[count] != NULL) {
        count++;
    }
    settings = calloc(count + 1, sizeof *settings);
    if (settings == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_harmless(environ[i])) {
            settings[kept++] = environ[i];
        }
    }
    environ = settings;
    return true;
}

static bool set_descriptor(int from, int to)
{
    int null;

    if (from >= 0) {
        return dup2(from, to) >= 0;
    }
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    return null >= 0 && dup2(null, to) >= 0;
}

typedef struct Spawn {
    const SpawnOptions *options;
    pid_t parent;
} Spawn;

static bool prepare(const void *state)
{
    const Spawn *spawn = state;
    const SpawnOptions *options = spawn->options;

    spawn_reset_signals();
    /* Changing the user would clear the death signal, so that comes first.  getppid() detects a
     * parent that died before. */
    return identity_become(options->identity) &&
           (options->death_signal == 0 ||
            prctl(PR_SET_PDEATHSIG, (unsigned long)options->death_signal) == 0) &&
           chdir(options->folder == NULL ? "/" : options->folder) == 0 &&
           set_descriptor(options->input, STDIN_FILENO) &&
           set_descriptor(options->output, STDOUT_FILENO) &&
           set_descriptor(options->errors, STDERR_FILENO) && reduce_environment() &&
           (options->death_signal == 0 || getppid() == spawn->parent);
}

bool spawn(const SpawnOptions *options, pid_t *child, Error *error)
{
    const Spawn state = {options, getpid()};

    return child_exec(options->command, prepare, &state, child, error);
}

int spawn_wait(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        if (interrupt_signal() != 0) {
            kill(child, SIGKILL);
        }
    }
    return child_exit_code(status);
}
