/*
 * The lock that keeps migrators apart: golang-migrate's own advisory lock, so that it and our
 * programs exclude each other.
 *
 * It is taken with pg_advisory_xact_lock and ends with the transaction that took it.
 */
#ifndef COMMON_PG_LOCK_H
#define COMMON_PG_LOCK_H

#include "common/pg/connection.h"
#include "common/pg/schema.h"

/*
 * The lock's key: crc32(schema, NUL, "schema_migrations", NUL, "/", database) * 1486364155 modulo
 * 2^32.  Source: golang-migrate's GenerateAdvisoryLockId with its PostgreSQL driver, which takes
 * the path of the connection URL, slash included, for the database's name.  For schema "public" of
 * database "lakefs" it is 1236895002.
 */
uint32_t pg_lock_key(const char *schema, const char *database);

/* Takes the lock in the open transaction, waiting as long as its lock_timeout allows.  False with
 * EXIT_CODE_REFUSED, naming the holder, when it is not to be had. */
bool pg_lock_acquire(PgConnection *connection, const PgSchema *schema, Error *error);

/* SQL that describes who holds a lock, of which pg_locks has the row l: an expression, and what it
 * needs joined.  A prepared transaction has no process; its virtual transaction may be that of
 * others, too, whose locks on their own transaction ids tell which ones there are. */
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

/* Describes the session that holds the lock, for people: "" where none does.  Within a transaction;
 * nobody is waited for. */
bool pg_lock_holder(PgConnection *connection, const PgSchema *schema, char holder[PG_HOLDER_SIZE],
                    Error *error);

/* Checks that the session with this backend process id holds the lock now.  False with
 * EXIT_CODE_REFUSED when it does not. */
bool pg_lock_check_holder(PgConnection *connection, const PgSchema *schema, int64_t holder_pid,
                          Error *error);

#endif
