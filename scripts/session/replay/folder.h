/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The temporary folder of a replay:
 *
 *   kv-replay.XXXXXX/   the caller's.  Root's can be passed through by everybody; only root writes
 *     postgres/         the server's user's, and the only place that this user writes to
 *     socket/           of the server's socket, in which nobody can replace it once it is there
 *     input, unpacked   the dump, where it is not a file that can be read twice
 *     pgpass            the password of who comes by TCP
 *     ...               what kv-migrate makes in TMPDIR
 *
 * As root: what is in postgres/ is neither opened nor followed; that folder's own user removes it.
 */
#ifndef SCRIPTS_SESSION_REPLAY_FOLDER_H
#define SCRIPTS_SESSION_REPLAY_FOLDER_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/replay/identity.h"

/* The longest name fits into the address of a socket. */
enum { FOLDER_SIZE = 108 };

/* Makes it in TMPDIR, with postgres/ and socket/ for the user in it.  EXIT_CODE_USAGE where TMPDIR
 * does not do. */
bool folder_make(const Identity *identity, char folder[FOLDER_SIZE], Error *error);

/* Takes socket/, where the server's socket is by now, away from the server's user. */
bool folder_close_socket(const Identity *identity, const char *folder, Error *error);

/* Removes it.  Nothing of the server's user runs any more. */
bool folder_remove(const Identity *identity, const char *folder);

#endif
