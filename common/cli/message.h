/*
 * What the programs tell their user, on standard error, as PostgreSQL's programs do:
 * `program: error: what happened`, then `detail:` and `hint:` lines; or one JSON object a line.
 * Texts may hold anything: they are shown as common/base/printable.h has it, in one line but for
 * detail and hint, whose further lines are indented.
 *
 * Any thread may call these functions.
 */
#ifndef COMMON_CLI_MESSAGE_H
#define COMMON_CLI_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/error.h"

typedef enum MessageLevel {
    MESSAGE_QUIET,   /* -q: errors and warnings only */
    MESSAGE_NORMAL,  /* and what was done */
    MESSAGE_VERBOSE, /* -v: and every row that is left out or adjusted */
    MESSAGE_DEBUG    /* -v twice: and every statement that goes to the server */
} MessageLevel;

/* `program` is the name that begins each line; it must stay.  Reads what the environment says of
 * colours. */
void message_init(const char *program);
void message_set_level(MessageLevel level);
MessageLevel message_level(void);
/* --log-format json: objects with the members time, level, program, message, detail, hint. */
void message_set_json(bool json);

bool message_is_json(void);
const char *message_program(void);

/* The time, RFC 3339, UTC: with milliseconds, as messages have it, and in whole seconds, as what is
 * stored has it. */
enum { MESSAGE_NOW_SIZE = 40 };
void message_now(char text[MESSAGE_NOW_SIZE]);
void message_now_seconds(char text[MESSAGE_NOW_SIZE]);

/* Whether messages go to a terminal that can redraw a line. */
bool message_is_terminal(void);

/* Silent where the reader of standard output has left. */
void message_error(const Error *error);
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A warning with a detail and a hint, as an error has them. */
void message_warning_error(const Error *warning);
void message_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of any length, as statements are. */
void message_debug(const char *text);

/* What asks for somebody although the work is done: the texts (detail may be empty) may be of any
 * length; as JSON the line stands for them. */
void message_event(const char *message, const char *detail, const char *hint,
                   const char *json_line);

/* Writes a JSON object as a line of its own, and takes the reference over.  NULL, and one that
 * memory was lacking for, is told as a lack of memory. */
void message_json(json_t *object);

/* Writes a line as it is. */
void message_line(const char *line);

/* Keeps this line at the bottom of the terminal, in place of the one before, under all messages; ""
 * for none. */
void message_status(const char *line);

#endif
