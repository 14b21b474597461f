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
bool pg_lock_take(PgConnection *connection, const PgSchema *schema, Error *error);

/* Checks that the session with this backend process id holds the lock now.  False with
 * EXIT_CODE_REFUSED when it does not. */
bool pg_lock_check_holder(PgConnection *connection, const PgSchema *schema, int64_t holder_pid,
                          Error *error);

#endif
