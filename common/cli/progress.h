/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress reports: rows, bytes, rate and time left of the current phase.
 *
 * On a terminal this is a line redrawn in place; with -P plain lines, for a log; with --log-format
 * json objects with the members time, level ("info"), program, message, event ("progress"), phase,
 * phase_number and phases (0 if not planned), rows, total_rows (null if unknown), bytes,
 * rows_per_second, seconds_left and seconds_left_of_all (null if unknown), done.
 * --no-progress turns it off, and so does -q without -P.
 *
 * Call progress_init once the options are parsed; progress_plan if there are several phases;
 * progress_begin, progress_add (from any thread)
 * and progress_end for each phase; progress_stop at the end, also after a failure.
 */
#ifndef COMMON_CLI_PROGRESS_H
#define COMMON_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

typedef enum ProgressMode {
    PROGRESS_AUTOMATIC, /* if standard error is a terminal or messages are JSON */
    PROGRESS_ALWAYS,    /* -P */
    PROGRESS_NEVER      /* --no-progress */
} ProgressMode;

/* Starts the reporting thread if needed, and if it does not run yet.  The thread gets no signals.
 */
bool progress_init(ProgressMode mode, Error *error);

/* A phase, and how long it takes compared with the others of its plan; 0 where that cannot be told.
 */
typedef struct ProgressPhase {
    const char *name;
    double weight;
} ProgressPhase;

/* Says which phases will come, so that the time left can be told of all of them, and that of a
 * phase before it has got far.  Phases that are skipped or not planned do no harm.  A plan may be
 * replaced by a longer one that begins with the same phases.  `phases` must stay valid. */
void progress_plan(const ProgressPhase *phases, size_t count);

/* Phases of other programs, before and after those of this one. */
typedef struct ProgressAround {
    size_t before;
    double before_weight;
    double before_seconds; /* how long they took */
    size_t after;
    double after_weight; /* negative if unknown */
} ProgressAround;

/* Says that the plan is a part of a longer one.  Call it before progress_init. */
void progress_set_around(const ProgressAround *around);

/* Begins a phase; `total` is the expected number of rows, perhaps an estimate, 0 if unknown. */
void progress_begin(const char *phase, uint64_t total);

/* The same for a phase that is measured by bytes, not by rows. */
void progress_begin_bytes(const char *phase, uint64_t total_bytes);

/* The same for a phase that began some seconds ago, in another program. */
void progress_begin_earlier(const char *phase, uint64_t total, double seconds);

void progress_add(uint64_t rows, uint64_t bytes);
void progress_end(void);

/* Ends the thread and clears the line.  Does nothing when it was not started. */
void progress_stop(void);

#endif
