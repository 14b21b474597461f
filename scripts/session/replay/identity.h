/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user that the throw-away server, and whatever reads a dump, runs as.
 *
 * That is the caller, unless the caller is root: then it is user postgres, or nobody where there is
 * no such user.  PostgreSQL refuses to run as root, and whoever made the dump must not be able to
 * do what root can.
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
    bool differs; /* from the caller, who is root then */
} Identity;

/* Finds out who it is.  EXIT_CODE_USAGE where root has neither of these users. */
bool identity_find(Identity *identity, Error *error);

/*
 * Becomes this user for good, with the groups of that user only; for child processes.  Does nothing
 * where this process already is that user.  False with errno.
 */
bool identity_become(const Identity *identity);

#endif
