/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a user's command, in which {} stands for a URL, into a script for `sh -c`.
 *
 * The URL never becomes part of the script, so the shell cannot interpret it: it is the script's
 * first argument, and {} is replaced with a reference to that.
 */
#ifndef EXPORT_SETTINGS_COMMAND_LINE_H
#define EXPORT_SETTINGS_COMMAND_LINE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Whether the command contains {}. */
bool command_line_has_url(const char *command);

/* Appends the command with each {} replaced with "$1", quoted to suit the quotes around it: one
 * word, whatever the URL contains. */
bool command_line_to_script(const char *command, Buffer *script, Error *error);

#endif
