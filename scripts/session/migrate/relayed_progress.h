/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows the progress of programs that report it as JSON lines, into a file with all their messages,
 * as this program's own (common/cli/progress.h).
 */
#ifndef SCRIPTS_SESSION_MIGRATE_RELAYED_PROGRESS_H
#define SCRIPTS_SESSION_MIGRATE_RELAYED_PROGRESS_H

#include <stdbool.h>

#include "common/base/error.h"

typedef struct RelayedProgress RelayedProgress;

/* Starts a thread that reads what is appended to the file, from its beginning, without moving the
 * file's position.  End with relayed_progress_stop, before the file is closed. */
bool relayed_progress_start(int file, RelayedProgress **relay, Error *error);

/* Reads the rest, and ends the thread.  Accepts NULL. */
void relayed_progress_stop(RelayedProgress *relay);

#endif
