/*
 * Where lakeFS lives in a database, and at which schema version it stands.
 *
 * The schema is the one in which the connection's own search_path finds schema_migrations, the
 * bookkeeping table of golang-migrate, or the one that the user names.  Source of the table's
 * shape: legacy-schema facts, "Schema version".
 */
#ifndef COMMON_PG_SCHEMA_H
#define COMMON_PG_SCHEMA_H

#include "common/pg/connection.h"

typedef struct PgSchema {
    char *database;      /* current_database() */
    char *name;          /* the schema's name */
    char *quoted;        /* the same as an SQL identifier */
    bool has_migrations; /* schema_migrations is there */
} PgSchema;

/*
 * Finds the schema.  `wanted` (may be NULL) is the user's --schema; without it, and without
 * schema_migrations anywhere on the search path, the current schema is taken.  To be called outside
 * a transaction.  End with pg_schema_free, also after a failure.
 */
bool pg_schema_find(PgConnection *connection, const char *wanted, PgSchema *schema, Error *error);

/* Whether the table schema_migrations has a row, and what it says.  Within a transaction.  More
 * than one row, and a version that is no number, are errors with EXIT_CODE_REFUSED. */
bool pg_schema_find_version(PgConnection *connection, const PgSchema *schema, bool *found,
                            int64_t *version, bool *dirty, Error *error);

/* The same where there must be a row: none is an error, too. */
bool pg_schema_version(PgConnection *connection, const PgSchema *schema, int64_t *version,
                       bool *dirty, Error *error);

/* Appends `schema.name`, both quoted. */
bool pg_schema_qualify(PgConnection *connection, const PgSchema *schema, const char *name,
                       Buffer *sql, Error *error);

void pg_schema_free(PgSchema *schema);

#endif
