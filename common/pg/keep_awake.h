/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps open connections awake: servers, pools and load balancers close connections that are idle
 * for too long, and many of ours wait while others work.
 *
 * A thread checks all open connections once a second.  Those not used since the last check get an
 * empty query, which does not affect a transaction: it does not even take its snapshot.  In a COPY
 * OUT whose owner has stopped reading, it sends a Flush (common/pg/statement.h).  A COPY IN gets
 * nothing: its owner has the data at hand.
 *
 * A connection is used by one thread at a time: its owner, between keep_awake_acquire and
 * keep_awake_release, or this thread.  Internal to common/pg: others use PgConnection.
 */
#ifndef COMMON_PG_KEEP_AWAKE_H
#define COMMON_PG_KEEP_AWAKE_H

#include <pthread.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "common/base/error.h"

/* Interval between checks; others wait for input in the same steps. */
enum { KEEP_AWAKE_MS = 1000 };

/* An open connection; {0} before keep_awake_add. */
typedef struct KeptConnection {
    PGconn *conn;
    pthread_mutex_t mutex;       /* held by the thread that uses the connection */
    struct KeptConnection *next; /* in the list of open connections */
    unsigned round;              /* number of the last check */

    /* The mutex guards what follows. */
    bool used;         /* since the last check */
    char reason[1024]; /* why it was lost, if this thread found out; "" otherwise */
    bool copying;      /* a COPY OUT is being read */
} KeptConnection;

/* Adds a connection; the first one starts the thread.  The owner still has to close the connection,
 * after keep_awake_remove. */
bool keep_awake_add(KeptConnection *kept, PGconn *conn, Error *error);
void keep_awake_remove(KeptConnection *kept);

/* Bracket all uses of the connection; may be nested.  Acquiring waits for the response to an empty
 * query that is in progress. */
void keep_awake_acquire(KeptConnection *kept);
void keep_awake_release(KeptConnection *kept);

/* Records that a COPY OUT begins or ends.  Call it with the connection acquired. */
void keep_awake_set_copying(KeptConnection *kept, bool copying);

/* Asks the server to cancel the current statement of each open connection; false when there is
 * none. */
bool keep_awake_cancel_all(void);

#endif
