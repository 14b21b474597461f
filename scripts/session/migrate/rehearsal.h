/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rehearse, on the throw-away server: runs kv-migrate's own commands on the copy, as a user would,
 * and gathers what they print into one report.
 *
 * kv-replay runs it (rehearse.h); PG* variables lead to the copy.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_REHEARSAL_H
#define SCRIPTS_SESSION_MIGRATE_REHEARSAL_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/session.h"

/* Holds what is known of the tables' source, as a JSON object: kind ("database" or "dump"), name,
 * begun (seconds of the monotonic clock), settings (which of lakeFS's, connection_string and
 * newer_connection_string, are set), and of a database schema, server, at and dry_run, as
 * rehearsal_run_program returns it. */
#define REHEARSAL_SOURCE_VARIABLE "KV_REHEARSAL_SOURCE"

/* Set for the commands that run on the copy, whose server is gone when their words are read. */
#define REHEARSAL_COPY_VARIABLE "KV_REHEARSAL_COPY"

/* The whole rehearsal: runs it, prints the report, and writes the page.  *code is that of the first
 * command that failed or, if up did not fail here, of the database's dry run. */
bool rehearsal_main(Session *session, MigrateOptions *options, const char *programs, ExitCode *code,
                    Error *error);

/* Runs a program to its end.  *result is an object, owned by the caller: exit_code, output (the
 * JSON that it has printed last; null: none) and messages (its warnings and errors, as
 * --log-format=json has them).  *seconds (may be NULL) is how long it took. */
bool rehearsal_run_program(const Program *program, json_t **result, double *seconds, Error *error);

#endif
