/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that lakeFS uses in a database, and its schema version.
 *
 * The schema is the one in which the connection's own search_path finds schema_migrations,
 * golang-migrate's table, or the one that the user names.  Source of the table's structure:
 * export/legacy/LEGACY-SCHEMA.md, "Schema version".
 */
#ifndef COMMON_PG_SCHEMA_H
#define COMMON_PG_SCHEMA_H

#include "common/pg/connection.h"

typedef struct PgSchema {
    char *database;      /* current_database() */
    char *name;          /* the schema's name */
    char *quoted;        /* the name as an SQL identifier */
    bool has_migrations; /* the table schema_migrations exists */
} PgSchema;

/* Runs a query under the connection's own search_path, which holds for nothing else.  So it must
 * depend on nothing there: qualify functions and types, and use no operator.  In a transaction.
 * Free the rows also after a failure. */
bool pg_query_on_path(PgConnection *connection, const char *sql, int parameter_count,
                      const char *const *parameters, PgRows **rows, Error *error);

/*
 * Finds the schema.  `wanted` (may be NULL) is the user's --schema.  Without it, and without
 * schema_migrations on the search path, the current schema is used.  Call it outside a transaction.
 * End with pg_schema_free, also after a failure.  EXIT_CODE_REFUSED if schema_migrations is not a
 * table.
 */
bool pg_schema_find(PgConnection *connection, const char *wanted, PgSchema *schema, Error *error);

/* Reads the row of schema_migrations; *found is false when there is none.  Call it within a
 * transaction.  EXIT_CODE_REFUSED for more than one row or a version that is not a number. */
bool pg_schema_find_version(PgConnection *connection, const PgSchema *schema, bool *found,
                            int64_t *version, bool *dirty, Error *error);

/* The same, but without a row it fails with EXIT_CODE_REFUSED, too. */
bool pg_schema_version(PgConnection *connection, const PgSchema *schema, int64_t *version,
                       bool *dirty, Error *error);

/* Appends `schema.name`, both quoted. */
bool pg_schema_qualify(PgConnection *connection, const PgSchema *schema, const char *name,
                       Buffer *sql, Error *error);

void pg_schema_free(PgSchema *schema);

#endif
