/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session of a command: one connection, open from start to end.
 *
 * Its transaction holds golang-migrate's advisory lock and later the SHARE locks on the legacy
 * tables, and drops these tables.  If the session dies, the server releases the locks.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SESSION_H
#define SCRIPTS_SESSION_MIGRATE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "scripts/session/migrate/migrations.h"
#include "scripts/session/migrate/options.h"

/* The legacy tables in the schema. */
typedef struct LegacyTables {
    Words known; /* all tables that kv-export reads */
    Words found; /* those that exist, sorted by name */
} LegacyTables;

typedef struct Session {
    MigrateOptions *options;
    const char *programs; /* the folder of kv-export and kv-import */
    PgOptions pg;
    PgConnection *connection; /* NULL: none */
    char *backend;            /* process id of its backend; owned */
    char *database_pairs;     /* connection string with the actual database; owned */
    PgSchema schema;
    Migrations migrations;
    bool has_version; /* schema_migrations has a row */
    int64_t version;
    bool dirty;
    LegacyTables legacy;
    Words environment; /* of kv-export and kv-import: the connection, no other secrets */
    bool migrated;     /* stamped: from now on a failure is an event */
    bool cleaned;      /* the legacy tables were dropped */
    bool guarded;      /* the open transaction makes the legacy tables refuse writes */
} Session;

/* Connects, begins a transaction with this access and `lock_timeout_ms`, and finds migrations and
 * schema.  Refuses a standby unless the access is read-only.  End with session_close, also after a
 * failure. */
bool session_open(Session *session, MigrateOptions *options, const char *programs, PgAccess access,
                  int lock_timeout_ms, Error *error);

/* session_open for a command that changes or compares: also takes the migration lock, and reads the
 * version under it. */
bool session_open_locked(Session *session, MigrateOptions *options, const char *programs,
                         PgAccess access, Error *error);

/* Reads schema_migrations again. */
bool session_read_version(Session *session, Error *error);

/* Refuses a database that cannot be migrated: a dirty one, a version without a migration or a newer
 * one, a KV store without legacy tables. */
bool session_check_version(Session *session, Error *error);

/* Whether the database is at the version after the last schema migration. */
bool session_is_at_kv_version(const Session *session);

/* Whether the schema has a relation of this name. */
bool session_has_relation(Session *session, const char *name, bool *found, Error *error);

/* Executes a formatted statement; `affected` as in pg_execute. */
bool session_execute(Session *session, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first value that a query returns, malloced; "" for NULL or no row; parameters as in pg_query.
 */
bool session_query_text(Session *session, const char *sql, int parameter_count,
                        const char *const *parameters, char **text, Error *error);

/* Executes a statement whose failure does not abort the transaction.  *failed says whether it
 * failed; the error then says why.  False only if the session cannot continue. */
bool session_try(Session *session, const char *sql, bool *failed, Error *error);

/* Whether the connection is missing or lost. */
bool session_is_lost(const Session *session);

void session_close(Session *session);

#endif
