/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a shell script talks to its session program.
 *
 * The script writes requests, one line each, and reads answers.  Both have descriptors of their
 * own, so that the standard ones stay the user's.  An answer is a line with one word of a fixed
 * set, or a list of words for the script to run: each ends with NUL, and an empty word ends the
 * list.  When the program is done it exits instead of answering; its exit code becomes the
 * script's.  When the script ends, even if killed, the program sees the end of its requests and
 * ends too.
 */
#ifndef SCRIPTS_SESSION_PROTOCOL_H
#define SCRIPTS_SESSION_PROTOCOL_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"

enum { PROTOCOL_REQUESTS = 3, PROTOCOL_ANSWERS = 4, PROTOCOL_REQUEST_SIZE = 256 };

typedef enum ProtocolEvent {
    PROTOCOL_REQUEST,    /* a request was read */
    PROTOCOL_IDLE,       /* none came in time */
    PROTOCOL_CLOSED,     /* the script has ended */
    PROTOCOL_FAILED,     /* the request cannot be read */
    PROTOCOL_INTERRUPTED /* this program is to end, see interrupt_signal */
} ProtocolEvent;

/* Checks that both descriptors are open, and sets close-on-exec. */
bool protocol_open(Error *error);

/* Sends this program SIGTERM when the script ends, whatever the program is doing.  After
 * signals_start. */
bool protocol_watch(Error *error);

/* Waits up to `milliseconds` (-1: forever) for a request; its newline is removed.  Call it from a
 * thread whose system calls are interrupted (see interrupt_enter_thread). */
ProtocolEvent protocol_next(char request[PROTOCOL_REQUEST_SIZE], int milliseconds);

/* Answer with a word or a list.  Words of a list are not empty.  If the answer cannot be written
 * this program must end, since the script would wait forever. */
bool protocol_answer(const char *word, Error *error);
bool protocol_answer_words(const Words *words, Error *error);

/* The error of PROTOCOL_FAILED.  Always returns false. */
bool protocol_failed(Error *error);

#endif
