/*
 * A command of the user's in which {} stands for a URL, as a script for `sh -c`.
 *
 * The URL never becomes a part of the script, so that no character in it is more than a character:
 * it is the script's first argument, and {} is replaced by a reference to that.
 */
#ifndef EXPORT_SETTINGS_COMMAND_LINE_H
#define EXPORT_SETTINGS_COMMAND_LINE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Whether {} is in the command. */
bool command_line_has_url(const char *command);

/* Appends the command with each {} replaced by "$1", quoted in a way that suits the quotes in which
 * it stands: one word, whatever the URL holds. */
bool command_line_to_script(const char *command, Buffer *script, Error *error);

#endif
