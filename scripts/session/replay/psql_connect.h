/* SPDX-License-Identifier: Apache-2.0 */
/*
 * psql's command \connect, as pg_dump writes it.
 */
#ifndef SCRIPTS_SESSION_REPLAY_PSQL_CONNECT_H
#define SCRIPTS_SESSION_REPLAY_PSQL_CONNECT_H

#include <stdbool.h>

/* A name that is longer is none of a database: PostgreSQL has 63 bytes. */
enum { PSQL_NAME_SIZE = 256 };

/* Whether the line is that command, with nothing but a database in it: a name, as an identifier, or
 * -reuse-previous=on "dbname='name'".  Its name goes to `name`. */
bool psql_connect_database(const char *line, char name[PSQL_NAME_SIZE]);

#endif
