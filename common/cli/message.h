/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the user on standard error, in the style of PostgreSQL's programs: `program: error:
 * what happened`, then `detail:` and `hint:` lines; or one JSON object per line.  Texts may contain
 * anything: common/base/printable.h makes them safe, and they stay on one line, except detail and
 * hint, whose further lines are indented.
 *
 * Thread-safe.
 */
#ifndef COMMON_CLI_MESSAGE_H
#define COMMON_CLI_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/error.h"

typedef enum MessageLevel {
    MESSAGE_QUIET,   /* -q: errors and warnings only */
    MESSAGE_NORMAL,  /* and what was done (default) */
    MESSAGE_VERBOSE, /* -v: and every row that is left out or adjusted */
    MESSAGE_DEBUG    /* -v twice: and every statement sent to the server */
} MessageLevel;

/* `program` is the prefix of each line; it must stay valid.  Reads the color settings of the
 * environment. */
void message_init(const char *program);
void message_set_level(MessageLevel level);
MessageLevel message_level(void);
/* --log-format json: one object per message, with the members time, level, program, message,
 * detail, hint. */
void message_set_json(bool json);

bool message_is_json(void);
const char *message_program(void);

/* The current time in RFC 3339, UTC: with milliseconds, for messages, and in whole seconds, for
 * what is stored. */
enum { MESSAGE_NOW_SIZE = 40 };
void message_now(char text[MESSAGE_NOW_SIZE]);
void message_now_seconds(char text[MESSAGE_NOW_SIZE]);

/* Tells whether messages go to a terminal that can redraw a line. */
bool message_is_terminal(void);

/* Prints nothing for EXIT_CODE_BROKEN_PIPE. */
void message_error(const Error *error);
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A warning with a detail and a hint. */
void message_warning_error(const Error *warning);
void message_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For texts of any length, such as SQL statements. */
void message_debug(const char *text);

/* Reports that somebody must act although the work is done.  The texts may be of any length; detail
 * may be empty.  With --log-format json, `json_line` is written instead. */
void message_event(const char *message, const char *detail, const char *hint,
                   const char *json_line);

/* Writes a JSON object on a line of its own and takes over the reference.  NULL, and an object with
 * parts missing for lack of memory, is reported as out of memory. */
void message_json(json_t *object);

/* Writes a line unchanged. */
void message_line(const char *line);

/* Shows a status line at the bottom of the terminal, below all messages, in place of the previous
 * one; "" removes it. */
void message_status(const char *line);

#endif
