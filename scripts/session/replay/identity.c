/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static void take_over(Identity *identity, const struct passwd *user, bool differs)
{
    *identity = (Identity){.uid = user->pw_uid, .gid = user->pw_gid, .differs = differs};
    snprintf(identity->name, sizeof identity->name, "%s", user->pw_name);
}

/* A user may have no entry in the user database, as in some containers. */
static bool take_caller(Identity *identity)
{
    const struct passwd *user = getpwuid(geteuid());

    if (user != NULL) {
        take_over(identity, user, false);
    } else {
        *identity = (Identity){.uid = geteuid(), .gid = getegid()};
        snprintf(identity->name, sizeof identity->name, "%lu", (unsigned long)geteuid());
    }
    return true;
}

bool identity_find(Identity *identity, Error *error)
{
    static const char *const NAMES[] = {"postgres", "nobody"};

    if (geteuid() != 0) {
        return take_caller(identity);
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const struct passwd *user = getpwnam(NAMES[i]);

        if (user != NULL && user->pw_uid != 0) {
            take_over(identity, user, true);
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "there is neither a user postgres nor a user nobody");
    error_detail(error, "PostgreSQL's server does not run as root.");
    return error_hint(error, "Create one of them, or run this as a user other than root.");
}

bool identity_become(const Identity *identity)
{
    if (!identity->differs || geteuid() == identity->uid) {
        return true;
    }
    if (initgroups(identity->name, identity->gid) != 0 || setgid(identity->gid) != 0 ||
        setuid(identity->uid) != 0) {
        return false;
    }
    /* There must be no way back. */
    if (setuid(0) == 0 || geteuid() == 0) {
        errno = EPERM;
        return false;
    }
    return true;
}
