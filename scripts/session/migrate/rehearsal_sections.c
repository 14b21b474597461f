/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/quantity.h"
#include "scripts/session/migrate/rehearsal_report.h"
#include "scripts/session/migrate/summary.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

const char *rehearsal_verdict(const json_t *report)
{
    static const struct {
        const char *result;
        const char *verdict;
    } VERDICTS[] = {
        {"migrated", "The copy was migrated, and the KV store matches the legacy tables."},
        {"refused", "The copy was migrated, but on the database itself up would be refused."},
        {"differs", "The copy was migrated, but the store could not be shown to hold what the "
                    "legacy tables do."}};

    for (size_t i = 0; i < sizeof VERDICTS / sizeof VERDICTS[0]; i++) {
        if (strcmp(VERDICTS[i].result, text_of(report, "result")) == 0) {
            return VERDICTS[i].verdict;
        }
    }
    return "The copy could not be migrated.";
}

/* Begins a section; the array owns it. */
static json_t *begin_section(json_t *sections, const char *title)
{
    json_t *section = json_pack("{s:s, s:[]}", "title", title, "rows");

    json_array_append_new(sections, section);
    return section;
}

static void add_row(json_t *section, const char *label, const char *text)
{
    json_array_append_new(json_object_get(section, "rows"), json_pack("[s, s]", label, text));
}

static void add_json_row(json_t *section, const char *label, const json_t *object, const char *name)
{
    if (text_of(object, name)[0] != '\0') {
        add_row(section, label, text_of(object, name));
    }
}

static void add_bytes(json_t *section, const char *label, const json_t *bytes)
{
    char text[QUANTITY_SIZE];

    if (json_is_integer(bytes)) {
        quantity_bytes((uint64_t)json_integer_value(bytes), text);
        add_row(section, label, text);
    }
}

static void add_source(json_t *sections, const json_t *report)
{
    const json_t *source = json_object_get(report, "source");
    const json_t *machine = json_object_get(report, "machine");
    json_t *section = begin_section(sections, "What was rehearsed");
    char memory[QUANTITY_SIZE];
    char text[QUANTITY_SIZE + 64];
    json_int_t processors = json_integer_value(json_object_get(machine, "processors"));

    add_json_row(section, text_of(source, "kind"), source, "name");
    add_json_row(section, "schema", source, "schema");
    add_json_row(section, "server", source, "server");
    add_json_row(section, "read at", source, "at");
    add_bytes(section, "size", json_object_get(source, "bytes"));
    quantity_bytes((uint64_t)json_integer_value(json_object_get(machine, "memory_bytes")), memory);
    snprintf(text, sizeof text, "%lld processor%s, %s of memory", (long long)processors,
             processors == 1 ? "" : "s", memory);
    add_row(section, "this machine", text);
}

/* The phases in their order. */
static const struct {
    const char *name;
    const char *text;
    bool in_up; /* lakeFS stands still meanwhile */
} PHASES[] = {{"copy", "making the copy", false},
              {"schema_migrations", NULL, true},
              {"export", NULL, true},
              {"import", NULL, true},
              {"transfer", NULL, true},
              {"cleanup", NULL, true},
              {"verify", "comparing", false}};

enum { PHASE_COUNT = sizeof PHASES / sizeof PHASES[0] };

static void add_time(json_t *section, const char *label, double seconds, double all)
{
    char text[QUANTITY_SIZE];

    quantity_seconds(seconds, text);
    json_array_append_new(json_object_get(section, "rows"),
                          json_pack("[s, s, f]", label, text, all > 0 ? seconds / all : 0));
}

static void add_times(json_t *sections, const json_t *report)
{
    const json_t *seconds = json_object_get(report, "seconds");
    json_t *section = begin_section(sections, "Time");
    double all = 0;
    double up = 0;

    json_object_set_new(
        section, "note",
        json_string("As measured on this machine, whose server runs without fsync: another one may "
                    "be slower. lakeFS must be stopped only during up."));
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        double value = json_number_value(json_object_get(seconds, PHASES[i].name));

        all += value;
        up += PHASES[i].in_up ? value : 0;
    }
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        const json_t *value = json_object_get(seconds, PHASES[i].name);
        const char *text =
            PHASES[i].text == NULL ? summary_phase_text(PHASES[i].name) : PHASES[i].text;

        if (value != NULL) {
            add_time(section, text, json_number_value(value), all);
        }
    }
    if (up > 0) {
        add_time(section, "up, in all", up, all);
    }
}

static void add_sizes(json_t *sections, const json_t *report)
{
    const json_t *bytes = json_object_get(report, "bytes");
    json_t *section;

    if (json_object_size(bytes) == 0) {
        return;
    }
    section = begin_section(sections, "Sizes");
    add_bytes(section, "legacy tables", json_object_get(bytes, "legacy_tables"));
    add_bytes(section, "dump", json_object_get(bytes, "dump"));
    add_bytes(section, "KV store", json_object_get(bytes, "store"));
}

static void add_counts(json_t *section, const char *label, const json_t *counts)
{
    if (json_array_size(counts) == 0) {
        add_row(section, label, "nothing");
    }
    for (size_t i = 0; i < json_array_size(counts); i++) {
        const json_t *count = json_array_get(counts, i);
        json_int_t rows = json_integer_value(json_object_get(count, "rows"));
        char number[QUANTITY_SIZE];
        json_t *text;

        quantity_count((uint64_t)rows, number);
        text = json_sprintf("%s %s of %s: %s", number, rows == 1 ? "row" : "rows",
                            text_of(count, "table"), text_of(count, "reason"));
        add_row(section, i == 0 ? label : "", json_string_value(text));
        json_decref(text);
    }
}

static void add_rows(json_t *sections, const json_t *report)
{
    json_t *entries = json_object_get(report, "entries");
    json_t *section;
    const char *package;
    json_t *count;
    bool first = true;

    if (!json_is_object(entries)) {
        return;
    }
    section = begin_section(sections, "Rows");
    json_object_foreach(entries, package, count)
    {
        char number[QUANTITY_SIZE];
        json_t *text;

        quantity_count((uint64_t)json_integer_value(count), number);
        text = json_sprintf("%s of %s", number, package);
        add_row(section, first ? "entries" : "", json_string_value(text));
        json_decref(text);
        first = false;
    }
    add_counts(section, "left out", json_object_get(report, "left_out"));
    add_counts(section, "adjusted", json_object_get(report, "adjusted"));
}

static void add_lakefs(json_t *sections, const json_t *report)
{
    const json_t *lakefs = json_object_get(report, "lakefs");
    const json_t *steps = json_object_get(lakefs, "next");
    json_t *section;

    if (!json_is_object(lakefs)) {
        return;
    }
    section = begin_section(sections, "Which lakeFS next");
    add_json_row(section, "runs on it", lakefs, "runs");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        add_row(section, i == 0 ? "next" : "", json_string_value(json_array_get(steps, i)));
    }
}

/* A warning or an error, with its detail and hint on lines of their own. */
static void add_message(json_t *section, const json_t *message)
{
    static const char *const PARTS[] = {"detail", "hint"};

    add_row(section, text_of(message, "level"), text_of(message, "message"));
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        add_json_row(section, PARTS[i], message, PARTS[i]);
    }
}

static void add_messages(json_t *section, const json_t *messages)
{
    for (size_t i = 0; i < json_array_size(messages); i++) {
        add_message(section, json_array_get(messages, i));
    }
}

static void add_dry_run(json_t *sections, const json_t *report)
{
    const json_t *dry_run = json_object_get(report, "dry_run");
    bool of_database = strcmp(text_of(dry_run, "of"), "database") == 0;
    json_int_t code = json_integer_value(json_object_get(dry_run, "exit_code"));
    json_t *section;
    char text[80];

    if (!json_is_object(dry_run)) {
        return;
    }
    section = begin_section(sections, "What the dry run finds");
    if (!of_database) {
        json_object_set_new(
            section, "note",
            json_string("This dry run was of the copy. To check permissions, sessions, event "
                        "triggers and free space, run kv-migrate up --dry-run on the database."));
    }
    if (code == 0) {
        add_row(section, "result", "up would not be refused");
    } else {
        snprintf(text, sizeof text, "up would end with exit code %lld", (long long)code);
        add_row(section, "result", text);
    }
    add_messages(section, json_object_get(dry_run, "messages"));
}

json_t *rehearsal_sections(const json_t *report)
{
    const json_t *messages = json_object_get(report, "messages");
    json_t *sections = json_array();

    if (json_array_size(messages) > 0) {
        add_messages(begin_section(sections, "Messages of the rehearsal"), messages);
    }
    add_times(sections, report);
    add_sizes(sections, report);
    add_rows(sections, report);
    add_lakefs(sections, report);
    add_dry_run(sections, report);
    add_source(sections, report);
    return sections;
}
