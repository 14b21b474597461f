/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a migration has done, told at its end: entries, rows that are not in them as they were,
 * times, the dump, and what to do next.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SUMMARY_H
#define SCRIPTS_SESSION_MIGRATE_SUMMARY_H

#include <stdbool.h>
#include <time.h>

#include "common/base/error.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

enum { SUMMARY_PHASES = 4 };

/* How long a migration and its phases take. */
typedef struct Clock {
    struct timespec begun;
    struct timespec phase_begun;
    const char *phase; /* NULL between phases */
    const char *names[SUMMARY_PHASES];
    double seconds[SUMMARY_PHASES];
    int count;
} Clock;

void clock_begin(Clock *clock);
/* A phase begins, and the one before it ends: "schema_migrations", "export", "import", "transfer",
 * "cleanup". */
void clock_begin_phase(Clock *clock, const char *name);
void clock_end_phase(Clock *clock);

/* Tells it as a message, and with --format json on standard output.  `note` is the load's, which
 * may be missing. */
bool summary_tell(const Session *session, const Clock *clock, const Note *note, Error *error);

/* The same after schema migrations alone, with --format json. */
bool summary_print_schema(const Session *session, Error *error);

#endif
