/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration lock: golang-migrate's own advisory lock, so that it and our programs exclude each
 * other.
 *
 * It is acquired with pg_advisory_xact_lock and released when that transaction ends.
 */
#ifndef COMMON_PG_LOCK_H
#define COMMON_PG_LOCK_H

#include "common/pg/connection.h"
#include "common/pg/schema.h"

/*
 * The lock's key: crc32(schema, NUL, "schema_migrations", NUL, "/", database) * 1486364155 modulo
 * 2^32.  Source: golang-migrate's GenerateAdvisoryLockId and its PostgreSQL driver, which passes
 * the path of the connection URL, including the slash, as the database name.  For schema "public"
 * of database "lakefs" the key is 1236895002.
 */
uint32_t pg_lock_key(const char *schema, const char *database);

/* Acquires the lock in the open transaction, waiting up to its lock_timeout.  On a timeout fails
 * with EXIT_CODE_REFUSED and names the holder. */
bool pg_lock_acquire(PgConnection *connection, const PgSchema *schema, Error *error);

/* SQL to describe the holder of a lock, given its row l of pg_locks: an expression, and the joins
 * that it needs.  A prepared transaction has no process, and several may share a virtual
 * transaction; the lock that each holds on its own transaction id tells which they are. */
#define PG_LOCK_HOLDER_TEXT                                                                        \
    "CASE WHEN l.pid IS NULL THEN format('prepared transaction \"%s\" of user \"%s\" (since %s)'," \
    " p.gid, p.owner, p.prepared) ELSE format('process %s of user \"%s\" (application \"%s\","     \
    " since %s, from %s)', l.pid, a.usename, a.application_name, a.backend_start,"                 \
    " coalesce(host(a.client_addr), 'a local socket')) END"
#define PG_LOCK_HOLDER_JOIN                                                                        \
    "LEFT JOIN pg_stat_activity a ON a.pid = l.pid"                                                \
    " LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction IN"                         \
    " (SELECT x.transactionid FROM pg_locks x WHERE x.locktype = 'transactionid'"                  \
    "  AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction)"

enum { PG_HOLDER_SIZE = 512 };

/* Describes the session that holds the lock; "" if none does.  Call it within a transaction; does
 * not wait. */
bool pg_lock_holder(PgConnection *connection, const PgSchema *schema, char holder[PG_HOLDER_SIZE],
                    Error *error);

/*
 * After a statement that waited too long for a lock: puts before the error's detail which sessions
 * and prepared transactions hold locks on tables of the schema, and on which.  Leaves out this
 * session and those that hold the migration lock, which are ours.  The connection is in a
 * transaction that accepts queries; where that fails the error stays as it is.
 */
void pg_lock_name_holders(PgConnection *connection, const PgSchema *schema, Error *error);

/* The same for a transaction that has failed with this error: does nothing unless it was for a
 * lock; else rolls back, and asks in a new transaction.  Always returns false. */
bool pg_lock_failed(PgConnection *connection, const PgSchema *schema, Error *error);

/* The same at the end of an action, which may have failed for any reason and on any connection:
 * does nothing unless the error is as a statement left it that waited too long.  `connection` may
 * be NULL; it is rolled back.  Always returns false. */
bool pg_lock_explain(PgConnection *connection, const PgSchema *schema, Error *error);

/* Checks that the session with this backend pid holds the lock.  EXIT_CODE_REFUSED when it does
 * not. */
bool pg_lock_check_holder(PgConnection *connection, const PgSchema *schema, int64_t holder_pid,
                          Error *error);

#endif
