/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a rehearsal, as text, JSON and a page.
 *
 * It is one JSON object.  A member is missing if it did not come to it:
 *
 *   result        "migrated", "refused" (migrated, but the database's dry run found a problem),
 *                 "differs" (the store does not hold what the tables do) or "failed"
 *   exit_code     the program's
 *   source        kind ("database" or "dump"), name; schema, server and at of a database, bytes of
 *                 a dump
 *   machine       processors, memory_bytes
 *   seconds       copy, then those of up's summary, verify, cleanup
 *   bytes         legacy_tables, dump, store
 *   legacy_tables, of the dry run; entries, left_out, adjusted, of up's summary
 *   verified      what verify prints
 *   lakefs, state of status
 *   dry_run       of ("database" or "copy"), exit_code, output, messages
 *   messages      of the commands that ran on the copy
 */
#ifndef SCRIPTS_SESSION_MIGRATE_REHEARSAL_REPORT_H
#define SCRIPTS_SESSION_MIGRATE_REHEARSAL_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Prints it on standard output. */
bool rehearsal_print(json_t *report, bool as_json, Error *error);

/* Writes the page to a file, which is complete or not there.  EXIT_CODE_USAGE if it cannot be
 * written, or exists and is not to be replaced. */
bool rehearsal_write_page(const json_t *report, const char *path, bool replace, Error *error);

/* What text and page show, for people: an array of sections, each with a title, a note (may be
 * missing), and rows of a label, a text and, in times, a share of the whole from 0 to 1.  A label
 * is "" where the row belongs to the one before; a text is of one line or of several. */
json_t *rehearsal_sections(const json_t *report);

/* The result in one sentence. */
const char *rehearsal_verdict(const json_t *report);

/* Appends the page. */
bool rehearsal_append_page(const json_t *report, Buffer *page, Error *error);

#endif
