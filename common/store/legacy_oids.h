/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OIDs of the legacy tables that a database has.  They tell whether these are the very tables
 * that a dump was read from.
 */
#ifndef COMMON_STORE_LEGACY_OIDS_H
#define COMMON_STORE_LEGACY_OIDS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/tables.h"
#include "common/pg/connection.h"

/* The names of all legacy tables, as a literal of type text[].  kv-export --list-tables prints the
 * same ones. */
#define LEGACY_TABLE_NAMES                                                                         \
    "{actions_run_hooks,actions_runs,auth_credentials,auth_expired_tokens,auth_group_policies,"    \
    "auth_groups,auth_installation_metadata,auth_policies,auth_user_groups,auth_user_policies,"    \
    "auth_users,gateway_multiparts,graveler_branches,graveler_commits,graveler_repositories,"      \
    "graveler_staging_kv,graveler_tags}"

/* Reads those of the names (a literal of type text[]) that are tables of the schema, with their
 * partitions and children.  Call it within a transaction.  End with dump_tables_free, also after a
 * failure. */
bool legacy_oids_read(PgConnection *connection, const char *schema, const char *names,
                      DumpTables *tables, Error *error);

#endif
