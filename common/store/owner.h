/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns what the programs make: tables, views, functions.
 *
 * A migration is often run by another role than lakeFS connects with, such as a superuser; lakeFS
 * must be able to use, and later to alter, what was made.  So it gets the owner of the legacy
 * tables, or of the KV table that it replaces.  That is done by ALTER ... OWNER right after the
 * object was made: SET ROLE before would need the owner's right to create in the schema, which
 * nobody has by default since PostgreSQL 15, and which a superuser can do without.
 *
 * All functions run in the caller's transaction, with an empty search_path.
 */
#ifndef COMMON_STORE_OWNER_H
#define COMMON_STORE_OWNER_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

typedef struct Owner {
    char *name; /* both owned */
    char *quoted;
    bool is_self; /* the connection's own role: nothing to be given away */
} Owner;

/*
 * Finds the owner for what is made in the schema: of the KV table `replaced` (NULL: none is
 * replaced); else of the legacy tables; else of schema_migrations; else the connection's role.
 *
 * Legacy tables may belong to several roles.  Of these the owner of schema_migrations counts, which
 * golang-migrate makes on lakeFS's own connection; if that role owns no legacy table, the one that
 * owns most of them.
 *
 * End with owner_free, also after a failure.
 */
bool owner_find(PgConnection *connection, const PgSchema *schema, const char *replaced,
                Owner *owner, Error *error);

/* Checks whether the connection's role can give objects in the schema to the owner and go on
 * working on them.  EXIT_CODE_REFUSED, with the GRANT that helps, if not. */
bool owner_check(PgConnection *connection, const PgSchema *schema, const Owner *owner,
                 Error *error);

/* Appends a statement, with a semicolon, that gives an object to the owner; nothing if that is the
 * connection's role.  `kind`: "TABLE", "VIEW" ...; `object` is quoted and qualified. */
bool owner_append_give(const Owner *owner, const char *kind, const char *object, Buffer *sql,
                       Error *error);

/* Lists the schema's relations, types and functions, for owner_give_new; *objects is malloced. */
bool owner_list(PgConnection *connection, const PgSchema *schema, char **objects, Error *error);

/* Gives away the relations, types and functions of the schema that were not there at owner_list and
 * that belong to the connection's role.  What belongs to an extension stays with it. */
bool owner_give_new(PgConnection *connection, const PgSchema *schema, const Owner *owner,
                    const char *objects, Error *error);

/* Takes {0}. */
void owner_free(Owner *owner);

#endif
