/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a migration's SQL into statements, as far as transactions are concerned.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SQL_STATEMENTS_H
#define SCRIPTS_SESSION_MIGRATE_SQL_STATEMENTS_H

#include <stdbool.h>

/*
 * Whether the SQL begins or ends transactions itself, or has a statement that cannot run in one
 * (VACUUM, CREATE INDEX CONCURRENTLY ...).  Comments, strings and function bodies are ignored.
 */
bool sql_controls_transactions(const char *sql);

#endif
