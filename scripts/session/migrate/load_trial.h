/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how fast the server loads: as many sessions as a load has copy made-up entries into
 * temporary tables and build their primary keys, in transactions that are rolled back.
 *
 * Temporary tables are not written to the write-ahead log, so the real load is slower where that
 * log is what limits it.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LOAD_TRIAL_H
#define SCRIPTS_SESSION_MIGRATE_LOAD_TRIAL_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* What is to be loaded. */
typedef struct LoadTrial {
    double entries;
    double bytes;     /* of their tuples */
    double key_bytes; /* of their partition keys and keys */
} LoadTrial;

/* *seconds: what loading them into a new store takes.  Takes a second at most where the server is
 * not stuck.  False if it could not be tried, such as for lack of the right to make temporary
 * tables. */
bool load_trial(const Session *session, const LoadTrial *trial, double *seconds, Error *error);

#endif
