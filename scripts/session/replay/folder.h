/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The temporary folder of a replay:
 *
 *   kv-replay.XXXXXX/   the caller's; if that is root, everybody may enter it, only root may write
 *     postgres/         the server's user's, and the only folder that this user writes to
 *     socket/           the server's socket; once it exists nobody can replace it
 *     input, unpacked   copies of a dump that cannot be read twice, or is compressed
 *     pgpass            the password for TCP connections
 *     ...               kv-migrate's temporary files
 *
 * Root neither opens nor follows anything in postgres/; the server's user removes that folder.
 */
#ifndef SCRIPTS_SESSION_REPLAY_FOLDER_H
#define SCRIPTS_SESSION_REPLAY_FOLDER_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/replay/identity.h"

/* Limited by the length of a socket's address. */
enum { FOLDER_SIZE = 108 };

/* Makes the folder in TMPDIR, with postgres/ and socket/ for the server's user.  EXIT_CODE_USAGE if
 * TMPDIR is not suitable. */
bool folder_make(const Identity *identity, char folder[FOLDER_SIZE], Error *error);

/* Makes the caller own socket/, after the server has created its socket. */
bool folder_close_socket(const Identity *identity, const char *folder, Error *error);

/* Removes the folder.  No process of the server's user may be left. */
bool folder_remove(const Identity *identity, const char *folder);

#endif
