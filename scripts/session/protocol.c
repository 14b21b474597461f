/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/protocol.h"

#include "common/base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

bool protocol_open(Error *error)
{
    if (fcntl(PROTOCOL_REQUESTS, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(PROTOCOL_ANSWERS, F_SETFD, FD_CLOEXEC) != 0) {
        error_set(error, EXIT_CODE_USAGE, "this program is a part of another one");
        return error_hint(error, "Run kv-migrate or kv-replay.");
    }
    return true;
}

/* Waits for the script's end only: the main thread reads requests. */
static void *watch(void *argument)
{
    struct pollfd input = {.fd = PROTOCOL_REQUESTS, .events = 0};

    (void)argument;
    while (poll(&input, 1, -1) < 0 && errno == EINTR) {
    }
    kill(getpid(), SIGTERM);
    return NULL;
}

bool protocol_watch(Error *error)
{
    pthread_t thread;
    int code = pthread_create(&thread, NULL, watch, NULL);

    if (code != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread: %s", strerror(code));
    }
    pthread_detach(thread);
    return true;
}

/* Waits for input, or its end. */
static ProtocolEvent wait_for_input(int milliseconds)
{
    struct pollfd input = {.fd = PROTOCOL_REQUESTS, .events = POLLIN};
    int ready;

    do {
        if (interrupt_signal() != 0) {
            return PROTOCOL_INTERRUPTED;
        }
        ready = poll(&input, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready == 0 ? PROTOCOL_IDLE : ready > 0 ? PROTOCOL_REQUEST : PROTOCOL_FAILED;
}

ProtocolEvent protocol_next(char request[PROTOCOL_REQUEST_SIZE], int milliseconds)
{
    size_t size = 0;

    /* The script writes each line in one piece. */
    for (;;) {
        ProtocolEvent event = wait_for_input(size == 0 ? milliseconds : -1);
        ssize_t got;
        char c;

        if (event != PROTOCOL_REQUEST) {
            return event;
        }
        got = read(PROTOCOL_REQUESTS, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? PROTOCOL_CLOSED : PROTOCOL_FAILED;
        }
        if (size + 1 >= PROTOCOL_REQUEST_SIZE) {
            return PROTOCOL_FAILED;
        }
        if (c == '\n') {
            request[size] = '\0';
            return PROTOCOL_REQUEST;
        }
        request[size++] = c;
    }
}

bool protocol_failed(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "could not read a request of the script: %s",
                     strerror(errno));
}

static bool write_all(const char *data, size_t size, Error *error)
{
    while (size > 0) {
        ssize_t written = write(PROTOCOL_ANSWERS, data, size);

        if (written < 0 && errno == EINTR && interrupt_signal() == 0) {
            continue;
        }
        if (written <= 0) {
            return error_set(error, EXIT_CODE_FAILED, "could not answer the script: %s",
                             strerror(errno));
        }
        data += written;
        size -= (size_t)written;
    }
    return true;
}

bool protocol_answer(const char *word, Error *error)
{
    return write_all(word, strlen(word), error) && write_all("\n", 1, error);
}

bool protocol_answer_words(const Words *words, Error *error)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!write_all(words->items[i], strlen(words->items[i]) + 1, error)) {
            return false;
        }
    }
    return write_all("", 1, error);
}
