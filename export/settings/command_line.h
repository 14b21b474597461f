/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's command, in which {} stands for a URL that somebody else has chosen.
 *
 * A command of plain words, one of which is {}, is run as it is, without a shell.  Anything else is
 * a script for `sh -c`: the URL never becomes part of the script, so this shell cannot interpret
 * it.  It is the script's first argument, and {} is replaced with a reference to that.
 *
 * A program that the command runs may interpret its arguments again (`sh -c "echo {}"`).  Where
 * that is recognised, only a URL without any character that means something to an interpreter is
 * let through.  The URL is in the environment, too, where no such harm is possible.
 */
#ifndef EXPORT_SETTINGS_COMMAND_LINE_H
#define EXPORT_SETTINGS_COMMAND_LINE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* The variable with the URL. */
#define COMMAND_LINE_VARIABLE "KV_SETTINGS_URL"

typedef struct CommandLine {
    char *text;         /* the script, or the words, each ending with a NUL; owned */
    const char **words; /* of a command without a shell, ending with NULL; owned.  NULL: a script */
    size_t word_count;
    bool interprets; /* it may run what is in the URL */
} CommandLine;

/* Whether the command names the URL, by {} or by the variable. */
bool command_line_has_url(const char *command);

/* End with command_line_free, also after a failure. */
bool command_line_parse(const char *command, CommandLine *line, Error *error);
void command_line_free(CommandLine *line);

/* Whether the command may get this URL. */
bool command_line_accepts(const CommandLine *line, const char *url);

/* The program to run and its arguments, ending with NULL, for a URL, which is borrowed like
 * everything else.  The caller frees the array.  NULL: out of memory. */
const char **command_line_arguments(const CommandLine *line, const char *url, Error *error);

#endif
