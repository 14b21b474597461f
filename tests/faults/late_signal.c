/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload (LD_PRELOAD) that signals bash at the worst moment: after it has looked for
 * signals, and before it blocks.
 *
 *   LATE_SIGNAL  the number of the signal
 *   LATE_ANSWER  the line, without its end, after which the signal comes: just before the next
 *                reading blocks
 *   LATE_NUMBER  which of several such lines, from 1, the default
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static bool armed;
static char line[64]; /* that was read last; bash reads from pipes byte by byte */
static size_t size_read;
static int lines; /* that were the answer */

static void note(const char *bytes, ssize_t size)
{
    const char *answer = getenv("LATE_ANSWER");

    if (size != 1) {
        return;
    }
    if (*bytes != '\n') {
        line[size_read++ % sizeof line] = *bytes;
        return;
    }
    if (answer != NULL && size_read == strlen(answer) && size_read < sizeof line &&
        memcmp(line, answer, size_read) == 0) {
        armed = ++lines == atoi(getenv("LATE_NUMBER") == NULL ? "1" : getenv("LATE_NUMBER"));
    }
    size_read = 0;
}

static void strike(void)
{
    const char *number = getenv("LATE_SIGNAL");

    if (armed && number != NULL) {
        armed = false;
        raise(atoi(number));
    }
}

ssize_t read(int file, void *bytes, size_t size)
{
    ssize_t (*real)(int, void *, size_t) = (__typeof__(real))dlsym(RTLD_NEXT, "read");

    ssize_t done;

    strike();
    done = real(file, bytes, size);
    note(bytes, done);
    return done;
}

int pselect(int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout,
            const sigset_t *mask)
{
    int (*real)(int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *) =
        (__typeof__(real))dlsym(RTLD_NEXT, "pselect");

    strike();
    return real(count, in, out, other, timeout, mask);
}

int select(int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout)
{
    int (*real)(int, fd_set *, fd_set *, fd_set *, struct timeval *) =
        (__typeof__(real))dlsym(RTLD_NEXT, "select");

    strike();
    return real(count, in, out, other, timeout);
}
