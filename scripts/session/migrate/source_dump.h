/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dump that a rehearsal makes of the database: pg_dump of lakeFS's tables alone, as SQL.
 * pg_dump only reads, in one snapshot.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SOURCE_DUMP_H
#define SCRIPTS_SESSION_MIGRATE_SOURCE_DUMP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/session.h"

/* Finds out whether pg_dump can dump the session's legacy tables, and makes the command for it, in
 * which this program (`self`) comes first, see source_dump_main.  EXIT_CODE_USAGE if pg_dump is
 * missing or older than the server, EXIT_CODE_REFUSED for tables that the role may not read. */
bool source_dump_command(Session *session, const char *self, Program *program, Error *error);

/* Writes SQL, the first argument, to standard output and becomes the program in the others: pg_dump
 * of single tables does not make their schemas.  Returns if that fails. */
bool source_dump_main(char **arguments, Error *error);

#endif
