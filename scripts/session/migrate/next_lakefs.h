/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lakeFS runs on a database, and how to get to today's: the words of `status` and of the
 * summary of `up`.  The only place in the programs that knows releases of lakeFS by number.
 *
 * Source: lakeFS's public history to 1.84.0 (July 2026); kv-migrate(1), "Which lakeFS next", has it
 * as a table.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_NEXT_LAKEFS_H
#define SCRIPTS_SESSION_MIGRATE_NEXT_LAKEFS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"
#include "scripts/session/migrate/accounts.h"
#include "scripts/session/migrate/session.h"

/* What there is to run on, besides stores with a version. */
enum {
    NEXT_LAKEFS_BEHIND = -6,  /* legacy tables at an earlier version */
    NEXT_LAKEFS_REFUSED = -5, /* NEXT_LAKEFS_LEGACY, and a table kv at version 0 or no number */
    NEXT_LAKEFS_INVALID = -4, /* a store whose version is no number */
    NEXT_LAKEFS_BEGUN = -3,   /* a table kv without a version */
    NEXT_LAKEFS_LEGACY = -2,  /* legacy tables at the last version of their schema, and no store */
    NEXT_LAKEFS_UNKNOWN = -1  /* anything else */
};

/* The last version of a KV store that there is. */
enum { NEXT_LAKEFS_LATEST_VERSION = 4 };

/* The first release whose default is basic authentication.  It also takes versions 1 to 4, and
 * changes nothing else in the store. */
#define NEXT_LAKEFS_BASIC_AUTH "1.33.0"

typedef struct NextLakefs {
    const char *runs; /* the releases that run on it; NULL: unknown */
    Words steps;      /* what to do next, in this order; a command to copy is a second line */
    Accounts accounts;
} NextLakefs;

/*
 * Finds both for a store of this version, or one of the above, with these accounts; `type` is the
 * store's as in database.type, the other settings are those of the session.  End with
 * next_lakefs_free, also after a failure.
 */
bool next_lakefs_find(const Session *session, int64_t version, const char *type,
                      const Accounts *accounts, NextLakefs *next, Error *error);

/* Prints the steps as report_field does. */
void next_lakefs_print(const NextLakefs *next, FILE *output, int indent, const char *label);

/* Appends the steps as one text. */
bool next_lakefs_append(const NextLakefs *next, Buffer *text, Error *error);

/* The member "lakefs" of what is printed as JSON; NULL: out of memory. */
json_t *next_lakefs_encode(const NextLakefs *next);

void next_lakefs_free(NextLakefs *next);

#endif
