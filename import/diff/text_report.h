/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences in lakeFS's words: a line for each change of a user, a branch and so on; commits,
 * runs and staged objects are counted.  What lakeFS keeps of itself is one line.
 *
 * Call text_report_new, text_report_add in the sorter's order, text_report_areas to find branches,
 * text_report_end.
 */
#ifndef IMPORT_DIFF_TEXT_REPORT_H
#define IMPORT_DIFF_TEXT_REPORT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/diff/sorter.h"
#include "import/diff/staged_areas.h"

typedef struct TextReport TextReport;

bool text_report_new(TextReport **report, Error *error);

/* Writes the lines that are complete with this difference. */
bool text_report_add(TextReport *report, const Difference *difference, Error *error);

/* The staging areas with changes; before text_report_end, branches of unknown ones can be learned.
 */
StagedAreas *text_report_areas(TextReport *report);

/* Writes the rest, and how many entries of each package have changed. */
bool text_report_end(TextReport *report, Error *error);

/* Accepts NULL. */
void text_report_free(TextReport *report);

#endif
