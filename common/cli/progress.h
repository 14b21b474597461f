/*
 * How far a program has come: rows, bytes, rate and time left of the phase that it is in.
 *
 * On a terminal it is a line redrawn in place; with -P plain lines, for a log; with --log-format
 * json objects with the members time, level ("info"), program, message, event ("progress"), phase,
 * rows, total_rows (null when not known), bytes, rows_per_second, seconds_left (null when not
 * known), done.  -q and --no-progress silence it.
 *
 * Order of calls: progress_init once the options are read; progress_begin, progress_add from any
 * thread, progress_end for each phase; progress_stop at the end, also after a failure.
 */
#ifndef COMMON_CLI_PROGRESS_H
#define COMMON_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

typedef enum ProgressMode {
    PROGRESS_AUTOMATIC, /* where standard error is a terminal, or messages are JSON */
    PROGRESS_ALWAYS,    /* -P */
    PROGRESS_NEVER      /* --no-progress */
} ProgressMode;

/* Starts the thread that shows the progress, where it is wanted.  After signals_start, whose
 * signals the thread must not get. */
bool progress_init(ProgressMode mode, Error *error);

/* Begins a phase; `total` is the number of rows to come, perhaps an estimate, 0 when not known. */
void progress_begin(const char *phase, uint64_t total);
void progress_add(uint64_t rows, uint64_t bytes);
void progress_end(void);

/* Ends the thread and clears the line.  Harmless when it was not started. */
void progress_stop(void);

#endif
