/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/summary.h"

#include "common/base/monotonic.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "scripts/session/migrate/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INDENT = 11 };

/* Phases as shown to people. */
static const struct {
    const char *name;
    const char *text;
} PHASES[] = {{"schema_migrations", "schema migrations"},
              {"export", "export"},
              {"import", "import"},
              {"transfer", "export and import"},
              {"cleanup", "cleanup"}};

void clock_begin(Clock *clock)
{
    *clock = (Clock){0};
    clock->begun = monotonic_seconds();
}

void clock_end_phase(Clock *clock)
{
    if (clock->phase != NULL && clock->count < SUMMARY_PHASES) {
        clock->names[clock->count] = clock->phase;
        clock->seconds[clock->count++] = monotonic_seconds() - clock->phase_begun;
    }
    clock->phase = NULL;
}

void clock_begin_phase(Clock *clock, const char *name)
{
    clock_end_phase(clock);
    clock->phase = name;
    clock->phase_begun = monotonic_seconds();
}

const char *summary_phase_text(const char *name)
{
    for (size_t i = 0; i < sizeof PHASES / sizeof PHASES[0]; i++) {
        if (strcmp(PHASES[i].name, name) == 0) {
            return PHASES[i].text;
        }
    }
    return name;
}

/* "5 (actions 0, auth 1 ...)". */
static void print_entries(const Note *note)
{
    const json_t *entries = json_object_get(note->json, "entries");
    char number[QUANTITY_SIZE];
    char packages[600] = "";
    size_t used = 0;
    int64_t sum = 0;
    const char *name;
    json_t *count;

    if (!json_is_object(entries)) {
        report_field(stderr, INDENT, "entries", "unknown");
        return;
    }
    json_object_foreach((json_t *)entries, name, count)
    {
        sum += json_integer_value(count);
        if (used < sizeof packages) {
            quantity_count((uint64_t)json_integer_value(count), number);
            used += (size_t)snprintf(packages + used, sizeof packages - used, "%s%s %s",
                                     used > 0 ? ", " : "", name, number);
        }
    }
    quantity_count((uint64_t)sum, number);
    report_field(stderr, INDENT, "entries", "%s (%s)", number, packages);
}

/* Prints the rows that were left out or adjusted. */
static void print_counts(const Note *note, const char *label, const char *member)
{
    const json_t *counts = json_object_get(note->json, member);

    if (json_array_size(counts) == 0) {
        report_field(stderr, INDENT, label, "nothing");
    }
    for (size_t i = 0; i < json_array_size(counts); i++) {
        const json_t *count = json_array_get(counts, i);
        const char *table = json_string_value(json_object_get(count, "table"));
        const char *reason = json_string_value(json_object_get(count, "reason"));
        int64_t rows = json_integer_value(json_object_get(count, "rows"));
        char number[QUANTITY_SIZE];

        quantity_count((uint64_t)rows, number);
        report_field(stderr, INDENT, i == 0 ? label : "", "%s %s of %s: %s", number,
                     rows == 1 ? "row" : "rows", table == NULL ? "?" : table,
                     reason == NULL ? "?" : reason);
    }
}

static void print_times(const Clock *clock)
{
    char text[QUANTITY_SIZE];

    quantity_seconds(monotonic_seconds() - clock->begun, text);
    report_field(stderr, INDENT, "time", "%s in all", text);
    for (int i = 0; i < clock->count; i++) {
        quantity_seconds(clock->seconds[i], text);
        report_field(stderr, INDENT, "", "%s %s", summary_phase_text(clock->names[i]), text);
    }
}

/* The dump's size; false if it is not a file. */
static bool dump_size(const Session *session, int64_t *size)
{
    const char *dump = session->options->dump;
    struct stat status;

    if (dump == NULL || stat(dump, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    *size = (int64_t)status.st_size;
    return true;
}

static void print_dump(const Session *session, const Note *note)
{
    char text[QUANTITY_SIZE];
    int64_t size;

    if (!dump_size(session, &size)) {
        return;
    }
    quantity_file_size((uint64_t)size, text);
    report_line(stderr, INDENT, "dump", session->options->dump);
    report_field(stderr, INDENT, "", "%s", text);
    report_field(stderr, INDENT, "SHA-256", "%s", note_text(note, NULL, "stream_sha256"));
    report_field(stderr, INDENT, "", "of the stream: zstd -dc FILE | sha256sum");
}

/* Appends the command that drops the tables later. */
static bool append_cleanup(const Session *session, Buffer *text, Error *error)
{
    Words words = {0};
    bool done = words_add(&words, "kv-migrate", error) && words_add(&words, "cleanup", error) &&
                words_add_all(&words, &session->options->place, error) &&
                report_command(text, &words, error);

    words_free(&words);
    return done;
}

static bool print_text(const Session *session, const Clock *clock, const Note *note,
                       const NextLakefs *lakefs, Error *error)
{
    Buffer command = {0};
    bool done = append_cleanup(session, &command, error);

    message_info("summary of the migration");
    print_entries(note);
    print_counts(note, "left out", "left_out");
    print_counts(note, "adjusted", "adjusted");
    print_times(clock);
    print_dump(session, note);
    next_lakefs_print(lakefs, stderr, INDENT, "next");
    if (done && !migrate_options_drop_tables(session->options)) {
        report_field(stderr, INDENT, "", "then, when all is well, drop the legacy tables:");
        report_line(stderr, INDENT, "", buffer_string(&command));
    }
    buffer_free(&command);
    return done;
}

/* In whole milliseconds, so that JSON has no digits of rounding errors. */
static json_t *encode_seconds(double seconds)
{
    return json_real((double)(int64_t)(seconds * 1000) / 1000);
}

static json_t *encode_times(const Clock *clock)
{
    json_t *times = json_object();

    json_object_set_new(times, "total", encode_seconds(monotonic_seconds() - clock->begun));
    for (int i = 0; i < clock->count; i++) {
        json_object_set_new(times, clock->names[i], encode_seconds(clock->seconds[i]));
    }
    return times;
}

static json_t *encode_dump(const Session *session, const Note *note)
{
    json_t *sha256 = json_object_get(note->json, "stream_sha256");
    int64_t size;

    if (!dump_size(session, &size)) {
        return json_null();
    }
    return json_pack("{s:s, s:I, s:O?}", "path", session->options->dump, "size", (json_int_t)size,
                     "stream_sha256", sha256);
}

/* A member of the note; null if missing. */
static json_t *noted(const Note *note, const char *member)
{
    json_t *value = json_object_get(note->json, member);

    return value == NULL ? json_null() : json_incref(value);
}

/* All steps in one text. */
static bool append_next(const Session *session, const NextLakefs *lakefs, Buffer *next,
                        Error *error)
{
    return next_lakefs_append(lakefs, next, error) &&
           (migrate_options_drop_tables(session->options) ||
            (buffer_append_text(next,
                                "; then, when all is well, drop the legacy tables: ", error) &&
             append_cleanup(session, next, error)));
}

/* Adds the members of the summary to a message's object. */
static bool add_members(json_t *object, const Session *session, const Clock *clock,
                        const Note *note, const NextLakefs *lakefs, Error *error)
{
    bool kept = !migrate_options_drop_tables(session->options);
    Buffer next = {0};
    bool done = append_next(session, lakefs, &next, error);

    json_object_set_new(object, "kv_migration_version",
                        json_integer(migrations_kv(&session->migrations)));
    json_object_set_new(object, "entries", noted(note, "entries"));
    json_object_set_new(object, "left_out", noted(note, "left_out"));
    json_object_set_new(object, "adjusted", noted(note, "adjusted"));
    json_object_set_new(object, "seconds", encode_times(clock));
    json_object_set_new(object, "dump", encode_dump(session, note));
    json_object_set_new(object, "legacy_tables_kept", json_boolean(kept));
    json_object_set_new(object, "lakefs", next_lakefs_encode(lakefs));
    if (done) {
        json_object_set_new(object, "next", json_string(buffer_string(&next)));
    }
    buffer_free(&next);
    return done;
}

static bool log_json(const Session *session, const Clock *clock, const Note *note,
                     const NextLakefs *lakefs, Error *error)
{
    char now[MESSAGE_NOW_SIZE];
    json_t *object;

    message_now(now);
    object =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "time", now, "level", "info", "program",
                  message_program(), "event", "summary", "message", "summary of the migration");
    if (object == NULL) {
        return error_out_of_memory(error);
    }
    if (!add_members(object, session, clock, note, lakefs, error)) {
        json_decref(object);
        return false;
    }
    message_json(object);
    return true;
}

bool summary_tell(const Session *session, const Clock *clock, const Note *note,
                  const NextLakefs *lakefs, Error *error)
{
    json_t *object;

    if (message_level() != MESSAGE_QUIET &&
        !(message_is_json() ? log_json(session, clock, note, lakefs, error)
                            : print_text(session, clock, note, lakefs, error))) {
        return false;
    }
    if (!session->options->json) {
        return true;
    }
    object = json_object();
    json_object_set_new(object, "database", json_string(session->schema.database));
    json_object_set_new(object, "schema", json_string(session->schema.name));
    if (!add_members(object, session, clock, note, lakefs, error)) {
        json_decref(object);
        return false;
    }
    return output_json(object, error) && report_flush(error);
}

bool summary_print_schema(const Session *session, Error *error)
{
    return !session->options->json ||
           (output_json(json_pack("{s:s, s:s, s:I}", "database", session->schema.database, "schema",
                                  session->schema.name, "schema_version",
                                  (json_int_t)session->version),
                        error) &&
            report_flush(error));
}
