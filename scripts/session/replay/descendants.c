/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/descendants.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 200, STEP_MS = 10 };

void descendants_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1UL);
}

/* This process has one thread, so that thread has all the children. */
static void kill_children(void)
{
    char path[64];
    FILE *list;
    int child;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    list = fopen(path, "re");
    if (list == NULL) {
        return;
    }
    while (fscanf(list, "%d", &child) == 1) {
        kill((pid_t)child, SIGKILL);
    }
    fclose(list);
}

/* Whether there are children left; reaps those that have ended. */
static bool has_children(void)
{
    pid_t ended;

    do {
        ended = waitpid(-1, NULL, WNOHANG);
    } while (ended > 0);
    return ended == 0;
}

void descendants_end(int timeout_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000 * 1000};

    for (int waited = 0; waited < timeout_ms && has_children(); waited += STEP_MS) {
        nanosleep(&step, NULL);
    }
    for (int round = 0; round < ROUNDS && has_children(); round++) {
        kill_children();
        nanosleep(&step, NULL);
    }
}
