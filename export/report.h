/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the rows that are read, left out and adjusted, for the manifest and for messages.
 *
 * The words for the reasons go into the manifest, so do not change them lightly.
 */
#ifndef EXPORT_REPORT_H
#define EXPORT_REPORT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"

/* Rows that have no place in the KV model. */
typedef enum LeftOut {
    LEFT_OUT_EMPTY_TOKEN, /* the KV store has no partition for it */
    LEFT_OUT_TOKEN_ON_NO_BRANCH,
    LEFT_OUT_NO_REPOSITORY,
    LEFT_OUT_NO_USER,
    LEFT_OUT_NO_GROUP,
    LEFT_OUT_NO_POLICY,
    LEFT_OUT_NO_RUN,
    LEFT_OUT_EXPIRED,      /* by design: counted, without a warning */
    LEFT_OUT_OLD_DATABASE, /* by design: metadata about the legacy database */
    LEFT_OUT_NOT_CHOSEN,   /* likewise: of a repository that --repository does not name */
    LEFT_OUT_REASONS
} LeftOut;

/* Rows whose entry differs from the row. */
typedef enum Adjusted {
    ADJUSTED_RUN_ID_TIME,
    ADJUSTED_TIMESTAMP,
    ADJUSTED_UTF8,
    ADJUSTED_METADATA,
    ADJUSTED_NULL_PARENT,
    ADJUSTED_STATEMENT,
    ADJUSTED_REASONS
} Adjusted;

/* Counts of one package.  {0} is empty; end with report_free. */
typedef struct Report {
    DumpCounts source_rows;
    DumpCounts left_out;
    DumpCounts adjusted;
    bool silent; /* name no rows */
    bool strict; /* fail if a row is left out */
} Report;

/* Counts rows read from a table (a constant text). */
bool report_rows(Report *report, const char *table, uint64_t rows, Error *error);

/* Counts a row, and names it at -v; `row` describes it.  With `strict`, a row that is left out is
 * an error with EXIT_CODE_FAILED, unless it is left out by design. */
bool report_left_out(Report *report, const char *table, LeftOut reason, const char *row,
                     Error *error);
bool report_adjusted(Report *report, const char *table, Adjusted reason, const char *row,
                     Error *error);

/* Adds the counts to a package's summary in the manifest, and empties the report. */
bool report_move(Report *report, DumpPackageSummary *package, Error *error);

/* Warns about rows that a package left out or adjusted. */
void report_warn(const DumpPackageSummary *package);

/* Warns, ahead of an export, about rows that the package will leave out; adds their number. */
void report_foresee(const DumpPackageSummary *package, bool of_all, uint64_t *left_out);

void report_free(Report *report);

#endif
