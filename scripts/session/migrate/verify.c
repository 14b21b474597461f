/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-export | kv-import --verify.  To describe differences kv-import has to read the dump a second
 * time.  It requests that through a pipe, and only then a second export is started.
 */
#include "scripts/session/migrate/commands.h"

#include "common/base/interrupt.h"
#include "common/cli/output.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/cleanup.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/predecessor.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_END, WRITE_END, EXPORT = 0, SECOND_EXPORT, IMPORT, CHILDREN };

typedef struct Comparison {
    Session *session;
    Note note;
    Words store;              /* kv-import's options for the KV store */
    char *hint;               /* what to do if no comparison is possible; owned */
    pid_t children[CHILDREN]; /* 0: not running */
    int statuses[CHILDREN];
    int dump[2];
    int second_dump[2];
    int wanted[2];  /* kv-import writes to it to request the second dump */
    int errors[2];  /* messages of the second export */
    int printed[2]; /* kv-import's output; with --format json only */
    Buffer error_text;
    Buffer print_text;
} Comparison;

static void close_end(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
        *descriptor = -1;
    }
}

static void close_pipe(int ends[2])
{
    close_end(&ends[READ_END]);
    close_end(&ends[WRITE_END]);
}

static void end_comparison(Comparison *comparison)
{
    for (int i = 0; i < CHILDREN; i++) {
        if (comparison->children[i] > 0) {
            child_stop(comparison->children[i]);
        }
    }
    close_pipe(comparison->dump);
    close_pipe(comparison->second_dump);
    close_pipe(comparison->wanted);
    close_pipe(comparison->errors);
    close_pipe(comparison->printed);
    words_free(&comparison->store);
    free(comparison->hint);
    note_free(&comparison->note);
    buffer_free(&comparison->error_text);
    buffer_free(&comparison->print_text);
}

/* Sets store and hint.  What a connection string holds may be secret, so the hint has the name of
 * the database only. */
static bool set_store(Comparison *comparison, Error *error)
{
    const Session *session = comparison->session;
    Words words = {0};
    Buffer hint = {0};
    bool done = words_add(&words, "kv-import", error) && words_add(&words, "--verify", error);

    if (comparison->note.in_dynamodb) {
        done = done &&
               program_add_noted_dynamodb(session, &comparison->note, &comparison->store, error) &&
               words_add_all(&words, &comparison->store, error);
    } else {
        done = done && program_add_connection(session, &comparison->store, error) &&
               words_add(&words, "-d", error) && words_add(&words, session->schema.database, error);
    }
    done = done &&
           buffer_append_text(&hint,
                              "If you kept a dump of the migration, compare with that:", error) &&
           report_command(&hint, &words, error) && buffer_append_text(&hint, " FILE", error);
    words_free(&words);
    comparison->hint = buffer_take(&hint, error);
    return done && comparison->hint != NULL;
}

/* Of a legacy table that is missing, what was read could not be told from what was added to the KV
 * store since. */
static bool check_kept_tables(const Comparison *comparison, Error *error)
{
    Buffer missing = {0};
    bool done = legacy_tables_append_missing(comparison->session, &missing, error);

    if (done && missing.size > 0) {
        error_set(error, EXIT_CODE_REFUSED,
                  "legacy tables are missing: there is nothing to compare with");
        error_detail(error, "Tables: %s.", buffer_string(&missing));
        done = error_hint(error, "%s", comparison->hint);
    }
    buffer_free(&missing);
    return done;
}

/* The time at which the migration judged expiry.  A store loaded from a KV store's dump, or from a
 * partial one, was not read from these tables.  The note of an older kv-import has the dump's time
 * only. */
static const char *as_of(const Comparison *comparison, Error *error)
{
    const Note *note = &comparison->note;
    const char *time = note_text(note, "source", "time");

    time = time[0] != '\0' ? time : note_text(note, NULL, "dump_created");
    if (!note_has_tables(note, &comparison->session->legacy.known) || time[0] == '\0') {
        error_set(error, EXIT_CODE_REFUSED, "it is not known when the legacy tables were read");
        error_detail(error, "The note of table kv does not tell of all of them.");
        error_hint(error, "%s", comparison->hint);
        return NULL;
    }
    return time;
}

/* Starts an export of the kept tables as of the migration. */
static bool start_export(Comparison *comparison, int number, const char *time, Error *error)
{
    Program program = {0};
    ChildOptions child = child_options(&program.command, &program.environment);
    bool second = number == SECOND_EXPORT;
    bool done = program_export_to_pipe(comparison->session, &program, error) &&
                /* The first one has already printed these warnings. */
                (!second || words_add(&program.command, "--quiet", error)) &&
                words_add_format(&program.command, error, "--as-of=%s", time);

    child.output = second ? comparison->second_dump[WRITE_END] : comparison->dump[WRITE_END];
    child.error = second ? comparison->errors[WRITE_END] : -1;
    done = done && child_start(&child, &comparison->children[number], error);
    program_free(&program);
    return done;
}

static bool start_import(Comparison *comparison, Error *error)
{
    Program program = {0};
    ChildOptions child = child_options(&program.command, &program.environment);
    bool done = program_import_bare(comparison->session, &program, error) &&
                words_add_all(&program.command, &comparison->store, error) &&
                words_add(&program.command, "--verify", error) &&
                words_add_format(&program.command, error, "--second-reading=/dev/fd/%d",
                                 comparison->second_dump[READ_END]) &&
                words_add_format(&program.command, error, "--second-reading-wanted=%d",
                                 comparison->wanted[WRITE_END]) &&
                words_add(&program.command, "-", error);

    child.input = comparison->dump[READ_END];
    child.output = comparison->printed[WRITE_END];
    child.kept[0] = comparison->second_dump[READ_END];
    child.kept[1] = comparison->wanted[WRITE_END];
    done = done && child_start(&child, &comparison->children[IMPORT], error);
    program_free(&program);
    return done;
}

static bool open_pipes(Comparison *comparison, Error *error)
{
    return (child_pipe(comparison->dump) && child_pipe(comparison->second_dump) &&
            child_pipe(comparison->wanted) && child_pipe(comparison->errors) &&
            (!comparison->session->options->json || child_pipe(comparison->printed))) ||
           error_set(error, EXIT_CODE_USAGE, "could not make a pipe: %s", strerror(errno));
}

/* Waits until kv-import requests the second dump, or ends without doing so. */
static bool await_wish(Comparison *comparison, bool *wanted, Error *error)
{
    char wish;
    ssize_t got;

    do {
        got = read(comparison->wanted[READ_END], &wish, 1);
    } while (got < 0 && errno == EINTR && interrupt_signal() == 0);
    *wanted = got == 1;
    return interrupt_check(error);
}

static bool wait_for(Comparison *comparison, int number, Error *error)
{
    pid_t child = comparison->children[number];

    comparison->children[number] = 0;
    return child <= 0 || child_wait(child, &comparison->statuses[number], error);
}

static bool compare(Comparison *comparison, const char *time, Error *error)
{
    bool wanted = false;
    bool done = open_pipes(comparison, error) && start_export(comparison, EXPORT, time, error) &&
                start_import(comparison, error);

    close_pipe(comparison->dump);
    close_end(&comparison->second_dump[READ_END]);
    close_end(&comparison->wanted[WRITE_END]);
    close_end(&comparison->printed[WRITE_END]);
    done = done && await_wish(comparison, &wanted, error) &&
           (!wanted || start_export(comparison, SECOND_EXPORT, time, error));
    close_end(&comparison->second_dump[WRITE_END]);
    close_end(&comparison->errors[WRITE_END]);
    done = done && child_read(comparison->errors[READ_END], &comparison->error_text, error) &&
           wait_for(comparison, EXPORT, error) && wait_for(comparison, SECOND_EXPORT, error) &&
           (comparison->printed[READ_END] < 0 ||
            child_read(comparison->printed[READ_END], &comparison->print_text, error)) &&
           wait_for(comparison, IMPORT, error);
    if (done && comparison->statuses[EXPORT] == 0 &&
        comparison->statuses[IMPORT] == EXIT_CODE_DUMP) {
        /* It was the second dump that was incomplete. */
        comparison->statuses[EXPORT] = comparison->statuses[SECOND_EXPORT];
        fwrite(comparison->error_text.data, 1, comparison->error_text.size, stderr);
    }
    return done;
}

static bool comparison_failed(int status, const char *program, Error *error)
{
    error_set(error, program_failure_code(status),
              "the comparison failed: %s ended with exit code %d", program, status);
    return error_hint(error, "Fix the cause, then run again.");
}

/* Prints kv-import's output, lines of JSON, as one object. */
static bool print_json(Comparison *comparison, Error *error)
{
    json_t *differences = json_array();
    json_t *entries = json_null();
    char *printed = buffer_take(&comparison->print_text, error);
    uint64_t count;
    char *rest;

    if (printed == NULL) {
        json_decref(differences);
        return false;
    }
    for (char *line = strtok_r(printed, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '{') {
            json_array_append_new(differences, json_loads(line, 0, NULL));
        } else if (sscanf(line, "equal: %" SCNu64, &count) == 1) {
            entries = json_integer((json_int_t)count);
        }
    }
    free(printed);
    return output_json(json_pack("{s:b, s:o, s:o}", "equal", comparison->statuses[IMPORT] == 0,
                                 "entries", entries, "differences", differences),
                       error) &&
           report_flush(error);
}

/* As in a migration, the exit codes show which program failed first. */
static bool judge(Comparison *comparison, Error *error)
{
    int exported = comparison->statuses[EXPORT];
    int imported = comparison->statuses[IMPORT];

    if (exported != 0 && (imported == 0 || imported == EXIT_CODE_DUMP)) {
        return comparison_failed(exported, "kv-export", error);
    }
    if (imported != 0 && imported != EXIT_CODE_FAILED) {
        return comparison_failed(imported, "kv-import", error);
    }
    if (comparison->session->options->json && !print_json(comparison, error)) {
        return false;
    }
    if (imported == EXIT_CODE_FAILED) {
        /* kv-import has reported the differences. */
        error_set(error, EXIT_CODE_FAILED, "%s", "");
        return false;
    }
    return true;
}

static bool refuse_not_migrated(Session *session, const KvStore *store, Error *error)
{
    if (!predecessor_refuse(session, store,
                            "It cannot be verified. Compare by hand what matters to you.", error)) {
        return false;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the database was not migrated to the KV store: there is nothing to compare");
    stamp_detail(session, store, error);
    return error_hint(error, "Run kv-migrate up --kv-enabled --keep-tables first.");
}

bool verify_command(Session *session, MigrateOptions *options, const char *programs, Error *error)
{
    Comparison comparison = {.session = session,
                             .dump = {-1, -1},
                             .second_dump = {-1, -1},
                             .wanted = {-1, -1},
                             .errors = {-1, -1},
                             .printed = {-1, -1}};
    KvStore store;
    bool stamped = false;
    const char *time = NULL;
    bool done;

    if (!session_open_locked(session, options, programs, PG_READ_WRITE, error) ||
        !stamp_read(session, &store, &stamped, error)) {
        return false;
    }
    if (!stamped) {
        return refuse_not_migrated(session, &store, error);
    }
    done = note_read(session, &comparison.note, error) && set_store(&comparison, error) &&
           legacy_tables_find(session, error) && check_kept_tables(&comparison, error) &&
           cleanup_check_origin(session, &comparison.note, comparison.hint, error);
    if (done) {
        time = as_of(&comparison, error);
    }
    done = done && time != NULL && legacy_tables_lock(session, error) &&
           compare(&comparison, time, error) && judge(&comparison, error);
    end_comparison(&comparison);
    return done;
}
