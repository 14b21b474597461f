/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user that runs the throw-away server and all programs that read a dump.
 *
 * This is the caller or, if the caller is root, the user postgres, or nobody if that user does not
 * exist.  PostgreSQL refuses to run as root, and the author of a dump must not get root's rights.
 */
#ifndef SCRIPTS_SESSION_REPLAY_IDENTITY_H
#define SCRIPTS_SESSION_REPLAY_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"

enum { IDENTITY_NAME_SIZE = 256 };

typedef struct Identity {
    uid_t uid;
    gid_t gid;
    char name[IDENTITY_NAME_SIZE];
    bool differs; /* not the caller, who is root */
} Identity;

/* Finds this user.  EXIT_CODE_USAGE if root has neither of the two. */
bool identity_find(Identity *identity, Error *error);

/*
 * Permanently switches to this user, with that user's groups only; for child processes.  Does
 * nothing if this process already runs as that user.  False with errno.
 */
bool identity_become(const Identity *identity);

#endif
