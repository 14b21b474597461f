/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

/* More than the programs start.  Any thread beyond notices a stop only when its own call
 * returns. */
enum { MAX_THREADS = 256 };

static pthread_mutex_t threads_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[MAX_THREADS];
static size_t thread_count;

static atomic_int requested;

void interrupt_request(int signal_number)
{
    int none = 0;

    atomic_compare_exchange_strong(&requested, &none, signal_number);
}

int interrupt_signal(void)
{
    return atomic_load(&requested);
}

const char *interrupt_signal_name(int signal_number)
{
    switch (signal_number) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    case SIGHUP:
        return "SIGHUP";
    default:
        return "a signal";
    }
}

bool interrupt_check(Error *error)
{
    int signal_number = interrupt_signal();

    return signal_number == 0 || error_set(error, EXIT_CODE_FAILED, "stopped by signal %d (%s)",
                                           signal_number, interrupt_signal_name(signal_number));
}

void interrupt_enter_thread(void)
{
    pthread_mutex_lock(&threads_mutex);
    if (thread_count < MAX_THREADS) {
        threads[thread_count++] = pthread_self();
    }
    pthread_mutex_unlock(&threads_mutex);
}

void interrupt_leave_thread(void)
{
    pthread_mutex_lock(&threads_mutex);
    for (size_t i = 0; i < thread_count; i++) {
        if (pthread_equal(threads[i], pthread_self())) {
            threads[i] = threads[--thread_count];
            break;
        }
    }
    pthread_mutex_unlock(&threads_mutex);
}

void interrupt_wake_threads(int signal_number)
{
    pthread_mutex_lock(&threads_mutex);
    for (size_t i = 0; i < thread_count; i++) {
        pthread_kill(threads[i], signal_number);
    }
    pthread_mutex_unlock(&threads_mutex);
}
