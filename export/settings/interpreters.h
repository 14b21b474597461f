/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises programs that run what is in their arguments or their input, such as `sh -c`, `eval`
 * and `ssh`.  What a shell quotes for itself is not quoted for those.
 *
 * Not every interpreter can be known: kv-export(1) says so, with --settings-command.
 */
#ifndef EXPORT_SETTINGS_INTERPRETERS_H
#define EXPORT_SETTINGS_INTERPRETERS_H

#include <stdbool.h>

/* Whether a command line names such a program anywhere.  `is_script`: a shell runs it, so that an
 * interpreter can also read from a pipe or a here-document. */
bool interpreters_named(const char *command, bool is_script);

#endif
