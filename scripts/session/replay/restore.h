/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on the throw-away server, done by workers (worker.h): everything that connects to it.
 */
#ifndef SCRIPTS_SESSION_REPLAY_RESTORE_H
#define SCRIPTS_SESSION_REPLAY_RESTORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/replay/dump_file.h"
#include "scripts/session/replay/folder.h"

#define REPLAY_DATABASE "lakefs"

enum { PASSWORD_SIZE = 65, VERSION_SIZE = 128 };

/* How to connect to the server. */
typedef struct Address {
    char socket[FOLDER_SIZE + 16]; /* the socket's folder */
    char port[8];
    char password[PASSWORD_SIZE]; /* of the superuser, for TCP */
} Address;

/* A WorkerTask: waits until the server accepts connections, sets the superuser's password to that
 * of the Address, and creates the database.  The result is a text of VERSION_SIZE, the server's
 * version. */
bool restore_prepare(const void *address, void *version, Error *error);

typedef struct Restore {
    const Address *address;
    const DumpFile *dump;
} Restore;

/* A WorkerTask: restores the dump of a Restore, and makes sure that lakeFS's tables are where
 * lakeFS and kv-migrate look for them.  No result. */
bool restore_dump(const void *restore, void *nothing, Error *error);

#endif
