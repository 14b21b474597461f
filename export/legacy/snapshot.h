/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot of an export, and the checks before anything is read.
 */
#ifndef EXPORT_LEGACY_SNAPSHOT_H
#define EXPORT_LEGACY_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/dump/tables.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/pg/server_info.h"
#include "export/options.h"
#include "export/package.h"

typedef struct Snapshot {
    char *name;              /* for other connections to join */
    char *text;              /* as pg_current_snapshot() prints it */
    char *system_identifier; /* of the cluster; "" if the user may not read it */
    uint32_t database_oid;
    DumpTables tables;               /* the packages' tables */
    int64_t now;                     /* microseconds since 2000-01-01 00:00:00 UTC */
    char created[PG_TIME_TEXT_SIZE]; /* the same in RFC 3339, whole seconds */
} Snapshot;

/* Refuses a database that is dirty or not at the last schema version, with EXIT_CODE_REFUSED and a
 * hint.  Requires a transaction. */
bool snapshot_check_version(PgConnection *connection, const PgSchema *schema, int64_t last_version,
                            Error *error);

/* The same for a database that is dirty or not at the KV migration version. */
bool snapshot_check_migrated(PgConnection *connection, const PgSchema *schema,
                             int64_t kv_migration_version, Error *error);

/* Begins the transaction of the export, in a new snapshot or in the one that the options name, and
 * locks the packages' tables so that nobody can alter or drop them.  End with snapshot_free, even
 * after a failure. */
bool snapshot_begin(PgConnection *connection, const PgSchema *schema, const ExportOptions *options,
                    const Package *const *packages, size_t package_count, Snapshot *snapshot,
                    Error *error);

/* The number of rows in the packages' tables, by the planner's estimates; a table that was never
 * analyzed counts as empty. */
bool snapshot_estimate_rows(PgConnection *connection, const PgSchema *schema,
                            const Package *const *packages, size_t package_count, uint64_t *rows,
                            Error *error);

/* Begins a transaction of another connection in the same snapshot. */
bool snapshot_join(PgConnection *connection, const Snapshot *snapshot, Error *error);

void snapshot_free(Snapshot *snapshot);

#endif
