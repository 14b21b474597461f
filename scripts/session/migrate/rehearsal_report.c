/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/rehearsal_report.h"

#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/dump/output.h"
#include "scripts/session/migrate/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 21 };

static void print_command(const char *text, size_t size)
{
    char *line = strndup(text, size);

    report_line(stdout, INDENT, "", line == NULL ? "(out of memory)" : line);
    free(line);
}

/* The first line wrapped, as a sentence; the others, commands to copy, as they are. */
static void print_row(const json_t *row)
{
    const char *label = json_string_value(json_array_get(row, 0));
    const char *text = json_string_value(json_array_get(row, 1));
    size_t size = strcspn(text, "\n");

    report_field(stdout, INDENT, label, "%.*s", (int)size, text);
    while (text[size] != '\0') {
        text += size + 1;
        size = strcspn(text, "\n");
        print_command(text, size);
    }
}

static bool print_text(const json_t *report, Error *error)
{
    json_t *sections = rehearsal_sections(report);

    report_field(stdout, INDENT, "rehearsal", "%s", rehearsal_verdict(report));
    for (size_t i = 0; i < json_array_size(sections); i++) {
        const json_t *section = json_array_get(sections, i);
        const json_t *rows = json_object_get(section, "rows");
        const char *note = json_string_value(json_object_get(section, "note"));

        printf("\n%s\n", json_string_value(json_object_get(section, "title")));
        for (size_t j = 0; j < json_array_size(rows); j++) {
            print_row(json_array_get(rows, j));
        }
        if (note != NULL) {
            report_field(stdout, INDENT, "", "%s", note);
        }
    }
    json_decref(sections);
    return report_flush(error);
}

bool rehearsal_print(json_t *report, bool as_json, Error *error)
{
    if (as_json) {
        return output_json(json_incref(report), error) && report_flush(error);
    }
    return message_level() == MESSAGE_QUIET || print_text(report, error);
}

bool rehearsal_write_page(const json_t *report, const char *path, bool replace, Error *error)
{
    Buffer page = {0};
    DumpOutput *output = NULL;
    bool done = rehearsal_append_page(report, &page, error) &&
                dump_output_open(path, replace, &output, error);

    if (done) {
        done = dump_output_write(output, buffer_slice(&page), error);
        if (done) {
            done = dump_output_commit(output, error);
        } else {
            dump_output_discard(output);
        }
    }
    buffer_free(&page);
    if (done) {
        message_info("the report is in \"%s\"", path);
    }
    return done;
}
