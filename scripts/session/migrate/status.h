/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `status` has found out about a database, and how it is printed.  status.c finds it out.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STATUS_H
#define SCRIPTS_SESSION_MIGRATE_STATUS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/lock.h"
#include "common/store/write_guard.h"
#include "scripts/session/migrate/kept_store.h"
#include "scripts/session/migrate/next_lakefs.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/predecessor.h"
#include "scripts/session/migrate/stamp.h"

/* What status reports. */
typedef struct Status {
    Session *session;
    bool alone; /* only a store in DynamoDB was named: there is no session, nor any of its facts */
    KvStore store;
    Note note;
    char place[NOTE_PLACE_SIZE]; /* of a store in DynamoDB */
    bool seen;                   /* the store is in DynamoDB, and was looked at */
    Accounts accounts;           /* of that store */
    KeptStore kept;
    char holder[PG_HOLDER_SIZE]; /* who holds the migration lock; "": nobody */
    bool standby;
    WriteGuardCounts guard;
    Predecessor predecessor;
    /* Schemas that hold lakeFS, if this one does not, and the first of them; "": none.  Owned. */
    char *elsewhere;
    char *first;
    char *taken;       /* a relation in the way of a table kv; NULL: none; owned */
    const char *state; /* a word of a closed set, for programs */
    bool by_hand;      /* somebody has to do what `text` says, for which there is no command */
    Buffer text;       /* the same for people */
    Buffer next;       /* the command, or the SQL, to run next; empty: nothing */
    Buffer later;      /* a command for the time when all is well; empty: none */
    NextLakefs lakefs;
} Status;

/* Whether there are legacy tables, and all of them refuse writes. */
bool status_writes_are_refused(const Status *status);

/* Prints it as text or, with --format json, as JSON. */
bool status_print(Status *status, Error *error);

#endif
