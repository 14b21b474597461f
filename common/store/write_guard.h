/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The write guard of legacy tables that are kept after a migration: triggers that refuse every
 * INSERT, UPDATE, DELETE, TRUNCATE and COPY, so that an old lakeFS that still runs gets an error
 * instead of writing rows that nobody reads.
 *
 * Each legacy table, and each of its partitions and children, has a statement-level trigger of its
 * own, since such a trigger fires only for the table that a statement names.  The triggers call one
 * function in the legacy schema.
 *
 * A role that may not make triggers can still lock the tables while it looks for writes.
 *
 * All functions run in the caller's transaction.
 */
#ifndef COMMON_STORE_WRITE_GUARD_H
#define COMMON_STORE_WRITE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* The name of the triggers and of their function. */
#define WRITE_GUARD_NAME "kv_migrate_refuse_writes"

/* Legacy tables of the schema, partitions and children counted with them. */
typedef struct WriteGuardCounts {
    int64_t tables;  /* all */
    int64_t guarded; /* those that refuse writes */
} WriteGuardCounts;

bool write_guard_count(PgConnection *connection, const PgSchema *schema, WriteGuardCounts *counts,
                       Error *error);

/* Refuses a function of the triggers' name that was not made by write_guard_make, or that a role
 * could change that owns no legacy table. */
bool write_guard_check(PgConnection *connection, const PgSchema *schema, Error *error);

/*
 * Makes the triggers that are missing, and the function, whose message has the time of this call;
 * does nothing without legacy tables.  Fails like write_guard_check.  The function gets the tables'
 * owner where the role may give it away.  Waits for writers as long as lock_timeout allows.
 *
 * Needs the right TRIGGER on the tables, CREATE on the schema, and the language plpgsql.  Where the
 * role owns the tables the triggers also fire in sessions whose session_replication_role is
 * replica.
 */
bool write_guard_make(PgConnection *connection, const PgSchema *schema, Error *error);

/* Locks the legacy tables, if there are any, in SHARE mode until the transaction ends: it waits for
 * writers as long as lock_timeout allows, and keeps new ones out.  Needs UPDATE, DELETE or TRUNCATE
 * on the tables. */
bool write_guard_lock(PgConnection *connection, const PgSchema *schema, Error *error);

/* Refuses, with EXIT_CODE_REFUSED, a role that may neither make the triggers nor lock all legacy
 * tables, and names those that it may not. */
bool write_guard_check_rights(PgConnection *connection, const PgSchema *schema, Error *error);

/* Fails, with EXIT_CODE_FAILED, where write_guard_drop would: the role does not own all of it. */
bool write_guard_check_drop(PgConnection *connection, const PgSchema *schema, Error *error);

/* Removes the function and the triggers that call it, also those of tables that are no longer part
 * of a legacy table.  Needs the tables' owner. */
bool write_guard_drop(PgConnection *connection, const PgSchema *schema, Error *error);

/* Appends a statement, without a semicolon, that drops the function if it is there: for after the
 * tables were dropped.  A trigger of a table that was detached before goes with it. */
bool write_guard_append_drop_function(const PgSchema *schema, Buffer *sql, Error *error);

#endif
