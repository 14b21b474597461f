/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of a connection.  libpq prints what the server says meanwhile, such as a warning about
 * an invalid setting of the database, to standard error as it is; here it goes to a receiver.
 */
#ifndef COMMON_PG_START_H
#define COMMON_PG_START_H

#include <libpq-fe.h>

/*
 * Like PQconnectdbParams with expand_dbname.  connect_timeout counts for the whole attempt, except
 * that with several hosts libpq itself connects, and prints its notices.  If the time is over, the
 * status is neither CONNECTION_OK nor CONNECTION_BAD.
 */
PGconn *pg_start(const char *const *keywords, const char *const *values, PQnoticeReceiver receiver,
                 void *argument);

#endif
