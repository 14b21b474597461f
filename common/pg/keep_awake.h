/*
 * Keeps open connections awake: servers, pools and balancers on the way end a connection that is
 * silent for too long, and many of ours have nothing to do while others work.
 *
 * A thread looks at all open connections once a second.  Those that nobody has used since it last
 * looked get an empty query, which changes nothing of a transaction, not even that it has taken no
 * snapshot yet; in a COPY OUT that its owner does not read on, a Flush (common/pg/statement.h).  A
 * COPY IN is not helped: who begins one has its data at hand.
 *
 * A connection is used by one thread at a time: its owner, between keep_awake_acquire and
 * keep_awake_release, or this one.  Inside of common/pg only: the others see PgConnection.
 */
#ifndef COMMON_PG_KEEP_AWAKE_H
#define COMMON_PG_KEEP_AWAKE_H

#include <pthread.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "common/base/error.h"

/* How often connections are looked at, for those who wait for one. */
enum { KEEP_AWAKE_MS = 1000 };

/* An open connection; {0} before keep_awake_add. */
typedef struct KeptConnection {
    PGconn *conn;
    pthread_mutex_t mutex;       /* held by who uses the connection */
    struct KeptConnection *next; /* of all open ones */
    unsigned round;              /* when it was last looked at */

    /* What follows is guarded by the mutex. */
    bool used;         /* since it was last looked at */
    char reason[1024]; /* of its loss, where that was found here; "" otherwise */
    bool copying;      /* a COPY OUT is being read */
} KeptConnection;

/* Adds a connection, and starts the thread for the first one.  Its owner still closes it, after
 * keep_awake_remove. */
bool keep_awake_add(KeptConnection *kept, PGconn *conn, Error *error);
void keep_awake_remove(KeptConnection *kept);

/* Around all uses of the connection; may be nested.  Waits for an answer to the empty query, if one
 * is under way. */
void keep_awake_acquire(KeptConnection *kept);
void keep_awake_release(KeptConnection *kept);

/* A COPY OUT begins or ends; by the owner, who has taken the connection. */
void keep_awake_set_copying(KeptConnection *kept, bool copying);

/* Asks the server to cancel what each open connection is doing; false when there is none. */
bool keep_awake_cancel_all(void);

#endif
