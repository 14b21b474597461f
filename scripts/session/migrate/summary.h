/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The summary at the end of a migration: entries, rows left out or adjusted, times, the dump, and
 * what to do next.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SUMMARY_H
#define SCRIPTS_SESSION_MIGRATE_SUMMARY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/next_lakefs.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

enum { SUMMARY_PHASES = 4 };

/* Measures a migration and its phases. */
typedef struct Clock {
    double begun; /* by monotonic_seconds */
    double phase_begun;
    const char *phase; /* NULL between phases */
    const char *names[SUMMARY_PHASES];
    double seconds[SUMMARY_PHASES];
    int count;
} Clock;

void clock_begin(Clock *clock);
/* Ends the current phase, if any, and begins one: "schema_migrations", "export", "import",
 * "transfer" or "cleanup". */
void clock_begin_phase(Clock *clock, const char *name);
void clock_end_phase(Clock *clock);

/* What a phase is called for people. */
const char *summary_phase_text(const char *name);

/* Prints the summary as a message, and with --format json on standard output.  `note` is the
 * load's, and may be missing; `lakefs` says which lakeFS comes next. */
bool summary_tell(const Session *session, const Clock *clock, const Note *note,
                  const NextLakefs *lakefs, Error *error);

/* Prints the result of schema migrations alone, with --format json. */
bool summary_print_schema(const Session *session, Error *error);

#endif
