/*
 * What is told of the rows that are read: how many, which are left out and why, which are adjusted.
 *
 * The reasons are the rows of the design's table of irregular rows; their words are those of the
 * manifest.
 */
#ifndef EXPORT_REPORT_H
#define EXPORT_REPORT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"

/* Rows that have no place in the KV model. */
typedef enum LeftOut {
    LEFT_OUT_TOKEN_ON_NO_BRANCH,
    LEFT_OUT_NO_REPOSITORY,
    LEFT_OUT_NO_USER,
    LEFT_OUT_NO_GROUP,
    LEFT_OUT_NO_POLICY,
    LEFT_OUT_NO_RUN,
    LEFT_OUT_EXPIRED,      /* that is the rule: counted, without a warning */
    LEFT_OUT_OLD_DATABASE, /* likewise: metadata that describes the legacy database */
    LEFT_OUT_REASONS
} LeftOut;

/* Rows whose entry is not the row to the letter. */
typedef enum Adjusted {
    ADJUSTED_RUN_ID_TIME,
    ADJUSTED_TIMESTAMP,
    ADJUSTED_UTF8,
    ADJUSTED_METADATA,
    ADJUSTED_NULL_PARENT,
    ADJUSTED_REASONS
} Adjusted;

/* Counts of one package.  {0} is empty; end with report_free. */
typedef struct Report {
    DumpCounts source_rows;
    DumpCounts left_out;
    DumpCounts adjusted;
    bool strict; /* a row that is left out is an error */
} Report;

/* Counts rows that were read from a table (a constant text). */
bool report_rows(Report *report, const char *table, uint64_t rows, Error *error);

/* Counts a row and names it at -v; with `strict` it is an error with EXIT_CODE_FAILED instead,
 * unless leaving it out is the rule.  `row` describes it. */
bool report_left_out(Report *report, const char *table, LeftOut reason, const char *row,
                     Error *error);
bool report_adjusted(Report *report, const char *table, Adjusted reason, const char *row,
                     Error *error);

/* Adds the counts to a package's part of the manifest, and empties the report. */
bool report_move(Report *report, DumpPackageSummary *package, Error *error);

/* Warns of what a package left out and adjusted. */
void report_warn(const DumpPackageSummary *package);

void report_free(Report *report);

#endif
