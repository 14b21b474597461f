/* SPDX-License-Identifier: Apache-2.0 */
/*
 * psql's command \connect, as written by pg_dump.
 */
#ifndef SCRIPTS_SESSION_REPLAY_PSQL_CONNECT_H
#define SCRIPTS_SESSION_REPLAY_PSQL_CONNECT_H

#include <stdbool.h>

/* Database names have at most 63 bytes. */
enum { PSQL_NAME_SIZE = 256 };

/* Whether the line is \connect with nothing but a database: a name, as an identifier, or
 * -reuse-previous=on "dbname='name'".  Its name goes to `name`. */
bool psql_connect_database(const char *line, char name[PSQL_NAME_SIZE]);

#endif
