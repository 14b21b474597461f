/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/diff.h"

#include "common/base/quantity.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "import/diff/comparison.h"
#include "import/diff/json_line.h"
#include "import/diff/text_report.h"

#include <inttypes.h>

typedef bool DifferenceFunction(void *state, const Difference *difference, Error *error);

static bool for_each(Comparison *comparison, DifferenceFunction *function, void *state,
                     Error *error)
{
    for (;;) {
        Difference difference;
        bool end;

        if (!comparison_next(comparison, &difference, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!function(state, &difference, error)) {
            return false;
        }
    }
}

typedef struct JsonReport {
    bool raw;
    Buffer line;
} JsonReport;

static bool print_json_line(void *state, const Difference *difference, Error *error)
{
    JsonReport *report = state;

    report->line.size = 0;
    return (report->raw ? json_line_append_raw(&report->line, difference, error)
                        : json_line_append(&report->line, difference, error)) &&
           output_text(buffer_slice(&report->line), error);
}

static bool print_json(Comparison *comparison, Error *error)
{
    JsonReport report = {.raw = comparison->options->print.raw};
    bool done = for_each(comparison, print_json_line, &report, error);

    buffer_free(&report.line);
    return done;
}

static void add_dump(TextLine *line, const DumpFile *file)
{
    if (file->name == NULL) {
        text_add(line, "the dump on standard input");
    } else {
        text_add(line, "dump ");
        text_name(line, slice_text(file->name));
    }
    text_add(line, " (%s)", dump_file_header(file)->created);
}

static bool print_title(const Comparison *comparison, Error *error)
{
    TextLine line = {.error = error};
    bool done;

    text_add(&line, "changes ");
    if (comparison->scope.header != NULL) {
        text_add(&line, "of ");
        diff_scope_add(&comparison->scope, &line);
        text_add(&line, " ");
    }
    text_add(&line, "from ");
    add_dump(&line, &comparison->old_dump);
    text_add(&line, " to ");
    if (comparison->new_dump.open) {
        add_dump(&line, &comparison->new_dump);
    } else {
        text_add(&line, "the KV store");
    }
    text_add(&line, ":");
    done = text_end(&line);
    buffer_free(&line.buffer);
    return done;
}

static bool report_difference(void *state, const Difference *difference, Error *error)
{
    return text_report_add(state, difference, error);
}

/* The search for the branches of staging areas. */
typedef struct BranchSearch {
    StagedAreas *areas;
    atomic_bool found; /* all of them */
} BranchSearch;

static bool learn_branch(void *state, const Entry *entry, Slice tuple, Error *error)
{
    BranchSearch *search = state;

    (void)tuple;
    if (!staged_areas_learn(search->areas, entry, error)) {
        return false;
    }
    if (staged_areas_known(search->areas)) {
        atomic_store(&search->found, true);
    }
    return true;
}

/* A branch that differs is among the differences; every other one is in the old dump. */
static bool find_branches(Comparison *comparison, StagedAreas *areas, Error *error)
{
    DumpFile *dump = &comparison->old_dump;
    BranchSearch search = {.areas = areas};
    bool done;

    if (staged_areas_known(areas)) {
        return true;
    }
    atomic_init(&search.found, false);
    dump_file_choose_branches(dump);
    progress_begin("branches", 0);
    done = dump_file_read(dump, false, (size_t)comparison->options->store.jobs, learn_branch,
                          &search, &search.found, error);
    if (done) {
        progress_end();
    }
    return done;
}

static bool print_text(Comparison *comparison, Error *error)
{
    TextReport *report = NULL;
    bool done = print_title(comparison, error) && text_report_new(&report, error) &&
                for_each(comparison, report_difference, report, error) &&
                find_branches(comparison, text_report_areas(report), error) &&
                text_report_end(report, error);

    text_report_free(report);
    return done;
}

static bool report(Comparison *comparison, Error *error)
{
    const bool json = comparison->options->json;
    char text[QUANTITY_SIZE];

    if (!comparison->equal) {
        if (!(json ? print_json(comparison, error) : print_text(comparison, error)) ||
            !output_flush(error)) {
            return false;
        }
        error->code = EXIT_CODE_FAILED;
        return true;
    }
    if (!json) {
        output_line("equal: %s",
                    quantity_noun(comparison_entries(comparison), "entry", "entries", text));
    }
    return output_flush(error);
}

bool diff_dumps(ImportOptions *options, Error *error)
{
    Comparison comparison = {0};
    bool done = progress_init(options->common.progress, error) &&
                comparison_of_dumps(options, &comparison, error) && report(&comparison, error);

    progress_stop();
    comparison_free(&comparison);
    return done;
}

bool diff_with_store(ImportOptions *options, Error *error)
{
    Comparison comparison = {0};
    bool done = signals_start(store_find(options->target)->cancel, error) &&
                progress_init(options->common.progress, error) &&
                comparison_with_store(options, &comparison, error) && report(&comparison, error);

    progress_stop();
    comparison_free(&comparison);
    return done;
}
