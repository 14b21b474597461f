/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/keep_awake.h"

#include "common/pg/statement.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Guards what follows, and the connections' `next` and `round`. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_cond_t ended;
static KeptConnection *connections;
static pthread_t thread;
static unsigned generation; /* a thread of an older generation ends */
static bool running;

/* Saves the error message of a lost connection for its owner, whose own call will only find that
 * the connection is gone. */
static void note_reason(KeptConnection *kept)
{
    if (PQstatus(kept->conn) == CONNECTION_BAD) {
        snprintf(kept->reason, sizeof kept->reason, "%s", PQerrorMessage(kept->conn));
    }
}

static void ping(KeptConnection *kept)
{
    PQclear(PQexec(kept->conn, ""));
    note_reason(kept);
}

/* Called with the connection acquired. */
static void keep_awake(KeptConnection *kept)
{
    if (kept->used || PQstatus(kept->conn) == CONNECTION_BAD) {
        kept->used = false;
        return;
    }
    if (PQtransactionStatus(kept->conn) != PQTRANS_ACTIVE) {
        ping(kept);
    } else if (kept->copying) {
        pg_send_flush(kept->conn);
    }
}

/* Acquires the next connection of this round; NULL when all have had their turn. */
static KeptConnection *acquire_next(unsigned round)
{
    for (KeptConnection *kept = connections; kept != NULL; kept = kept->next) {
        if (kept->round != round) {
            kept->round = round;
            /* A connection in use needs nothing. */
            if (pthread_mutex_trylock(&kept->mutex) == 0) {
                return kept;
            }
        }
    }
    return NULL;
}

static void *keep_all_awake(void *argument)
{
    unsigned own_generation = *(unsigned *)argument;
    unsigned round = 0;

    free(argument);
    pthread_mutex_lock(&mutex);
    while (generation == own_generation) {
        struct timespec until;
        KeptConnection *kept;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += KEEP_AWAKE_MS / 1000;
        while (generation == own_generation &&
               pthread_cond_timedwait(&ended, &mutex, &until) != ETIMEDOUT) {
        }
        round++;
        while (generation == own_generation && (kept = acquire_next(round)) != NULL) {
            /* The response may take a while: do not block the others. */
            pthread_mutex_unlock(&mutex);
            keep_awake(kept);
            pthread_mutex_unlock(&kept->mutex);
            pthread_mutex_lock(&mutex);
        }
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void initialize(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Blocks all signals in the new thread.  The mutex is held. */
static bool start_thread(Error *error)
{
    unsigned *own_generation = malloc(sizeof *own_generation);
    sigset_t all;
    sigset_t before;
    int code;

    if (own_generation == NULL) {
        return error_out_of_memory(error);
    }
    *own_generation = generation;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread, NULL, keep_all_awake, own_generation);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    running = code == 0;
    if (!running) {
        free(own_generation);
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread: %s", strerror(code));
    }
    return true;
}

bool keep_awake_add(KeptConnection *kept, PGconn *conn, Error *error)
{
    pthread_mutexattr_t recursive;
    bool done;

    pthread_once(&once, initialize);
    *kept = (KeptConnection){.conn = conn, .used = true};
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&kept->mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_lock(&mutex);
    done = running || start_thread(error);
    if (done) {
        kept->next = connections;
        connections = kept;
    }
    pthread_mutex_unlock(&mutex);
    if (!done) {
        pthread_mutex_destroy(&kept->mutex);
    }
    return done;
}

/* Removes it from the list.  True when it was the last one: then *last_thread must be joined. */
static bool unlink_connection(const KeptConnection *kept, pthread_t *last_thread)
{
    bool last;

    pthread_mutex_lock(&mutex);
    for (KeptConnection **link = &connections; *link != NULL; link = &(*link)->next) {
        if (*link == kept) {
            *link = kept->next;
            break;
        }
    }
    last = connections == NULL && running;
    if (last) {
        *last_thread = thread;
        running = false;
        generation++;
        pthread_cond_broadcast(&ended);
    }
    pthread_mutex_unlock(&mutex);
    return last;
}

void keep_awake_remove(KeptConnection *kept)
{
    pthread_t last_thread;

    if (unlink_connection(kept, &last_thread)) {
        pthread_join(last_thread, NULL);
    }
    /* The thread may still be using it, but will not come back. */
    pthread_mutex_lock(&kept->mutex);
    pthread_mutex_unlock(&kept->mutex);
    pthread_mutex_destroy(&kept->mutex);
}

void keep_awake_acquire(KeptConnection *kept)
{
    pthread_mutex_lock(&kept->mutex);
}

void keep_awake_release(KeptConnection *kept)
{
    kept->used = true;
    pthread_mutex_unlock(&kept->mutex);
}

void keep_awake_set_copying(KeptConnection *kept, bool copying)
{
    kept->copying = copying;
}

bool keep_awake_cancel_all(void)
{
    char reason[256];
    bool any;

    pthread_mutex_lock(&mutex);
    any = connections != NULL;
    for (const KeptConnection *kept = connections; kept != NULL; kept = kept->next) {
        PGcancel *cancel = PQgetCancel(kept->conn);

        if (cancel != NULL) {
            PQcancel(cancel, reason, sizeof reason);
            PQfreeCancel(cancel);
        }
    }
    pthread_mutex_unlock(&mutex);
    return any;
}
