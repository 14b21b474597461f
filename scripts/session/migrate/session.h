/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session of a command: one connection, open from the first look to the end.
 *
 * Its transaction holds golang-migrate's advisory lock, later the SHARE locks on the legacy tables,
 * and drops the tables.  When it dies, the server takes the locks back.
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

/* Legacy tables of kv-export that are there, in the schema. */
typedef struct LegacyTables {
    Words known; /* all that kv-export reads */
    Words found; /* those of them that are there, sorted by name */
} LegacyTables;

typedef struct Session {
    MigrateOptions *options;
    const char *programs; /* the folder of kv-export and kv-import */
    PgOptions pg;
    PgConnection *connection; /* NULL: none */
    char *backend;            /* the process id of its backend; owned */
    char *database_pairs;     /* the connection string, with the database that it led to; owned */
    PgSchema schema;
    Migrations migrations;
    bool has_version; /* what schema_migrations says */
    int64_t version;
    bool dirty;
    LegacyTables legacy;
    Words environment; /* of kv-export and kv-import: the connection, and no secret of others */
    bool migrated;     /* the stamp stands: what fails now is an event */
    bool cleaned;      /* the legacy tables were dropped */
} Session;

/* Connects, and finds migrations and schema; `access` is that of the transaction, which is begun,
 * with `lock_timeout_ms`.  A standby is refused unless nothing will be written.  End with
 * session_close, also after a failure. */
bool session_open(Session *session, MigrateOptions *options, const char *programs, PgAccess access,
                  int lock_timeout_ms, Error *error);

/* session_open for a command that changes or compares: takes the migration lock, and reads the
 * version under it. */
bool session_open_locked(Session *session, MigrateOptions *options, const char *programs,
                         PgAccess access, Error *error);

/* Reads what schema_migrations says, again. */
bool session_read_version(Session *session, Error *error);

/* Refuses what cannot be migrated from: a dirty database, a version without a migration, a newer
 * one, a KV store without a legacy database. */
bool session_check_version(Session *session, Error *error);

/* Whether the database is at the version behind the last schema migration. */
bool session_is_at_kv_version(const Session *session);

/* Whether the schema has a relation of this name. */
bool session_has_relation(Session *session, const char *name, bool *found, Error *error);

/* Runs a statement made of a format; `affected` as in pg_execute. */
bool session_execute(Session *session, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first value of a query, malloced, "" for a null or no row; parameters as in pg_query. */
bool session_query_text(Session *session, const char *sql, int parameter_count,
                        const char *const *parameters, char **text, Error *error);

/* Runs a statement whose failure does not end the transaction.  *failed says whether it did, and
 * then the error says why; false only where the session cannot go on. */
bool session_try(Session *session, const char *sql, bool *failed, Error *error);

/* Whether there is a connection that can still be asked. */
bool session_is_lost(const Session *session);

void session_close(Session *session);

#endif
