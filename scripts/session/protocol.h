/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a shell script asks the program that decides for it.
 *
 * The script writes requests, a line each, and reads answers; both have descriptors of their own,
 * so that the standard ones are the user's.  An answer is a line with one word of a closed set, or
 * a list of words for the script to run: each ends with NUL, and an empty word ends the list.  The
 * program that has nothing more to answer ends; its exit code is the script's.  When the script
 * ends, even killed, the requests end, and with them the program.
 */
#ifndef SCRIPTS_SESSION_PROTOCOL_H
#define SCRIPTS_SESSION_PROTOCOL_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"

enum { PROTOCOL_REQUESTS = 3, PROTOCOL_ANSWERS = 4, PROTOCOL_REQUEST_SIZE = 256 };

typedef enum ProtocolEvent {
    PROTOCOL_REQUEST,    /* there is one */
    PROTOCOL_IDLE,       /* none came in time */
    PROTOCOL_CLOSED,     /* the script has ended */
    PROTOCOL_FAILED,     /* what it asks cannot be read */
    PROTOCOL_INTERRUPTED /* this program was told to end, see interrupt_signal */
} ProtocolEvent;

/* Checks that both descriptors are there, and keeps them from other programs. */
bool protocol_open(Error *error);

/* Has this program told to end (SIGTERM) when the script ends, whatever it is doing then.  After
 * signals_start. */
bool protocol_watch(Error *error);

/* Waits for a request, without its newline, for `milliseconds` (-1: forever).  To be called from a
 * thread whose system calls are interrupted (see interrupt_enter_thread). */
ProtocolEvent protocol_next(char request[PROTOCOL_REQUEST_SIZE], int milliseconds);

/* Answers with a word, with a list.  Words of a list are not empty.  A script that waits for an
 * answer that cannot be written would wait forever, so this program must end then. */
bool protocol_answer(const char *word, Error *error);
bool protocol_answer_words(const Words *words, Error *error);

/* The error of PROTOCOL_FAILED.  Always returns false. */
bool protocol_failed(Error *error);

#endif
