/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/rehearsal.h"

#include "common/base/environment.h"
#include "common/base/interrupt.h"
#include "common/base/monotonic.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/rehearsal_report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

typedef struct Rehearsal {
    Session *session;
    const MigrateOptions *options;
    const char *programs;
    json_t *report;   /* see rehearsal_report.h */
    json_t *settings; /* which of lakeFS's name the database */
    ExitCode code;
} Rehearsal;

static json_t *member(const Rehearsal *rehearsal, const char *name)
{
    return json_object_get(rehearsal->report, name);
}

/* In whole milliseconds, so that JSON has no digits of rounding errors. */
static void note_seconds(Rehearsal *rehearsal, const char *phase, double seconds)
{
    json_object_set_new(member(rehearsal, "seconds"), phase,
                        json_real((double)(int64_t)(seconds * 1000) / 1000));
}

/* The source's object, of which the report keeps what is of use to a reader. */
static bool begin_report(Rehearsal *rehearsal, Error *error)
{
    const char *text = environment_variable(REHEARSAL_SOURCE_VARIABLE);
    json_t *source = text == NULL ? NULL : json_loads(text, 0, NULL);
    json_t *dry_run;
    struct sysinfo machine;

    if (!json_is_object(source)) {
        json_decref(source);
        return error_set(error, EXIT_CODE_USAGE, "this program is a part of kv-migrate");
    }
    unsetenv(REHEARSAL_SOURCE_VARIABLE);
    sysinfo(&machine);
    dry_run = json_object_get(source, "dry_run");
    rehearsal->report = json_pack("{s:s, s:i, s:O, s:{s:I, s:I}, s:{}, s:{}, s:O?, s:[]}", "result",
                                  "failed", "exit_code", 0, "source", source, "machine",
                                  "processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
                                  "memory_bytes", (json_int_t)machine.totalram * machine.mem_unit,
                                  "seconds", "bytes", "dry_run", dry_run, "messages");
    if (rehearsal->report != NULL) {
        note_seconds(rehearsal, "copy",
                     monotonic_seconds() - json_real_value(json_object_get(source, "begun")));
        rehearsal->settings = json_incref(json_object_get(source, "settings"));
        json_object_del(source, "settings");
        json_object_del(source, "begun");
        json_object_del(source, "dry_run");
    }
    json_decref(source);
    return rehearsal->report != NULL || error_out_of_memory(error);
}

/* Where lakeFS's settings name the database, a variable names the copy instead: it beats the
 * configuration.  Where they do not, PG* variables name it.  An option would show in the commands
 * that are printed to be copied. */
static bool add_place(const Rehearsal *rehearsal, const char *variable, const char *member,
                      Words *environment, Error *error)
{
    return json_is_true(json_object_get(rehearsal->settings, member))
               ? words_add_format(environment, error, "%s=dbname=lakefs", variable)
               : words_add(environment, variable, error);
}

/* Runs kv-migrate's command on the copy, with the user's options. */
static bool run_command(const Rehearsal *rehearsal, const char *const *words, json_t **result,
                        double *seconds, Error *error)
{
    Program program = {0};
    bool done = words_add_format(&program.command, error, "%s/kv-migrate", rehearsal->programs);

    for (; done && *words != NULL; words++) {
        done = words_add(&program.command, *words, error);
    }
    done = done && words_add_all(&program.command, &rehearsal->options->migration, error) &&
           words_add(&program.command, "--target=postgres", error) &&
           words_add(&program.command, "--format=json", error) &&
           words_add(&program.command, "--log-format=json", error) &&
           words_add(&program.environment, REHEARSAL_COPY_VARIABLE "=yes", error) &&
           add_place(rehearsal, "LAKEFS_DATABASE_CONNECTION_STRING", "connection_string",
                     &program.environment, error) &&
           add_place(rehearsal, "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING",
                     "newer_connection_string", &program.environment, error) &&
           rehearsal_run_program(&program, result, seconds, error);
    program_free(&program);
    return done;
}

/* Takes a command's messages into the report, and its exit code if it is the first failure. */
static int take_messages(Rehearsal *rehearsal, const json_t *result)
{
    int status = (int)json_integer_value(json_object_get(result, "exit_code"));

    json_array_extend(member(rehearsal, "messages"), json_object_get(result, "messages"));
    if (status != 0 && rehearsal->code == EXIT_CODE_DONE) {
        rehearsal->code = program_failure_code(status);
    }
    return status;
}

static bool dry_run(Rehearsal *rehearsal, Error *error)
{
    static const char *const WORDS[] = {"up", "--dry-run", "--kv-enabled", NULL};
    json_t *result;

    if (json_is_object(member(rehearsal, "dry_run"))) {
        return true;
    }
    if (!run_command(rehearsal, WORDS, &result, NULL, error)) {
        return false;
    }
    json_object_set_new(result, "of", json_string("copy"));
    json_object_set_new(rehearsal->report, "dry_run", result);
    return true;
}

/* The members of the summary that the report has, too. */
static void take_summary(Rehearsal *rehearsal, json_t *summary)
{
    static const char *const MEMBERS[] = {"entries", "left_out", "adjusted"};
    const json_t *dump = json_object_get(summary, "dump");
    const char *phase;
    json_t *seconds;

    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        json_object_set(rehearsal->report, MEMBERS[i], json_object_get(summary, MEMBERS[i]));
    }
    json_object_foreach(json_object_get(summary, "seconds"), phase, seconds)
    {
        if (strcmp(phase, "total") != 0) {
            json_object_set(member(rehearsal, "seconds"), phase, seconds);
        }
    }
    if (json_is_object(dump)) {
        json_object_set(member(rehearsal, "bytes"), "dump", json_object_get(dump, "size"));
    }
}

/* Keeps the tables, to compare with them. */
static bool migrate(Rehearsal *rehearsal, bool *migrated, Error *error)
{
    static const char *const WORDS[] = {"up", "--kv-enabled", "--keep-tables", NULL};
    json_t *result;

    message_info("migrating the copy");
    if (!run_command(rehearsal, WORDS, &result, NULL, error)) {
        return false;
    }
    *migrated = take_messages(rehearsal, result) == 0;
    take_summary(rehearsal, json_object_get(result, "output"));
    json_decref(result);
    return true;
}

static bool verify(Rehearsal *rehearsal, bool *equal, Error *error)
{
    static const char *const WORDS[] = {"verify", NULL};
    double seconds;
    json_t *result;

    message_info("comparing the store with the legacy tables");
    if (!run_command(rehearsal, WORDS, &result, &seconds, error)) {
        return false;
    }
    *equal = json_integer_value(json_object_get(result, "exit_code")) == 0;
    if (!*equal) {
        /* What it says of rows that are left out, up has said. */
        take_messages(rehearsal, result);
    }
    json_object_set(rehearsal->report, "verified", json_object_get(result, "output"));
    note_seconds(rehearsal, "verify", seconds);
    json_decref(result);
    return true;
}

static bool clean_up(Rehearsal *rehearsal, Error *error)
{
    static const char *const WORDS[] = {"cleanup", NULL};
    double seconds;
    json_t *result;

    if (!migrate_options_drop_tables(rehearsal->options)) {
        return true;
    }
    if (!run_command(rehearsal, WORDS, &result, &seconds, error)) {
        return false;
    }
    if (take_messages(rehearsal, result) == 0) {
        note_seconds(rehearsal, "cleanup", seconds);
    }
    json_decref(result);
    return true;
}

/* What status says of the result. */
static bool take_status(Rehearsal *rehearsal, Error *error)
{
    static const char *const WORDS[] = {"status", NULL};
    json_t *result;
    json_t *output;

    if (!run_command(rehearsal, WORDS, &result, NULL, error)) {
        return false;
    }
    take_messages(rehearsal, result);
    output = json_object_get(result, "output");
    json_object_set(rehearsal->report, "lakefs", json_object_get(output, "lakefs"));
    json_object_set(rehearsal->report, "state", json_object_get(output, "state"));
    json_decref(result);
    return true;
}

static bool measure_store(const Rehearsal *rehearsal, Error *error)
{
    const Session *session = rehearsal->session;
    const char *parameters[] = {session->schema.name};
    char *bytes;

    if (!session_query_text(rehearsal->session,
                            "SELECT sum(pg_total_relation_size(i.inhrelid)) FROM pg_class c"
                            " JOIN pg_namespace n ON n.oid = c.relnamespace"
                            " JOIN pg_inherits i ON i.inhparent = c.oid"
                            " WHERE n.nspname = $1 AND c.relname = 'kv'",
                            1, parameters, &bytes, error)) {
        return false;
    }
    json_object_set_new(member(rehearsal, "bytes"), "store", json_integer(atoll(bytes)));
    free(bytes);
    return true;
}

/* Reads a dump to its end, and counts its bytes. */
static bool count_bytes(int output, int64_t *bytes)
{
    char piece[65536];
    ssize_t got = 1;

    *bytes = 0;
    while (got > 0 && interrupt_signal() == 0) {
        got = read(output, piece, sizeof piece);
        *bytes += got > 0 ? got : 0;
    }
    return got == 0;
}

/* Runs an export as up --dump would, for the dump's size: nothing is written, and all that it would
 * say has been said. */
static bool measure_dump(Rehearsal *rehearsal, const char *time, Error *error)
{
    Program program = {0};
    ChildOptions child = child_options(&program.command, &program.environment);
    int64_t bytes = 0;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int ends[2];
    int status = 0;
    pid_t process;
    bool done = program_export(rehearsal->session, &program, error) &&
                words_add(&program.command, "--quiet", error) &&
                words_add_format(&program.command, error, "--as-of=%s", time) &&
                (child_pipe(ends) || error_set(error, EXIT_CODE_FAILED, "could not make a pipe"));

    if (done) {
        child.output = ends[1];
        child.error = nowhere;
        done = child_start(&child, &process, error);
        close(ends[1]);
        done = done && (count_bytes(ends[0], &bytes) || interrupt_check(error)) &&
               child_wait(process, &status, error);
        close(ends[0]);
    }
    if (done && status == 0) {
        json_object_set_new(member(rehearsal, "bytes"), "dump", json_integer(bytes));
    }
    if (nowhere >= 0) {
        close(nowhere);
    }
    program_free(&program);
    return done;
}

/* What only the server and another export tell. */
static bool measure(Rehearsal *rehearsal, MigrateOptions *options, Error *error)
{
    Session *session = rehearsal->session;
    Note note = {0};
    const char *time;
    bool done = session_open(session, options, rehearsal->programs, PG_READ_SNAPSHOT,
                             options->common.lock_wait_timeout_ms, error) &&
                measure_store(rehearsal, error) && note_read(session, &note, error);

    time = note_text(&note, "source", "time");
    if (done && json_object_get(member(rehearsal, "bytes"), "dump") == NULL && time[0] != '\0') {
        done = measure_dump(rehearsal, time, error);
    }
    note_free(&note);
    pg_close(session->connection);
    session->connection = NULL;
    return done;
}

static void measure_tables(Rehearsal *rehearsal)
{
    const json_t *plan = json_object_get(member(rehearsal, "dry_run"), "output");
    json_t *tables = json_object_get(plan, "legacy_tables");
    json_int_t bytes = 0;

    for (size_t i = 0; i < json_array_size(tables); i++) {
        bytes += json_integer_value(json_object_get(json_array_get(tables, i), "bytes"));
    }
    if (tables != NULL) {
        json_object_set(rehearsal->report, "legacy_tables", tables);
        json_object_set_new(member(rehearsal, "bytes"), "legacy_tables", json_integer(bytes));
    }
}

static bool run(Rehearsal *rehearsal, MigrateOptions *options, Error *error)
{
    bool migrated = false;
    bool equal = false;

    if (!dry_run(rehearsal, error)) {
        return false;
    }
    measure_tables(rehearsal);
    if (!migrate(rehearsal, &migrated, error) || !migrated) {
        return error->code == EXIT_CODE_DONE;
    }
    if (!verify(rehearsal, &equal, error) || !measure(rehearsal, options, error) ||
        (equal && !clean_up(rehearsal, error)) || !take_status(rehearsal, error)) {
        return false;
    }
    json_object_set_new(rehearsal->report, "result", json_string(equal ? "migrated" : "differs"));
    return true;
}

/* What the database's dry run refuses, up would refuse, though the copy could be migrated. */
static void judge(Rehearsal *rehearsal)
{
    int status =
        (int)json_integer_value(json_object_get(member(rehearsal, "dry_run"), "exit_code"));

    if (rehearsal->code == EXIT_CODE_DONE && status != 0) {
        rehearsal->code = program_failure_code(status);
        json_object_set_new(rehearsal->report, "result", json_string("refused"));
    }
    json_object_set_new(rehearsal->report, "exit_code", json_integer(rehearsal->code));
}

/* The phases of up and verify that take long, and how they compare with each other. */
static bool begin_progress(const MigrateOptions *options, Error *error)
{
    static const ProgressPhase PHASES[] = {
        {"load", 1}, {"index", 0.65}, {"verify", 0.05}, {"dump", 0.6}, {"store", 0.3}};

    progress_plan(PHASES, sizeof PHASES / sizeof PHASES[0]);
    return progress_init(options->common.progress, error);
}

bool rehearsal_main(Session *session, MigrateOptions *options, const char *programs, ExitCode *code,
                    Error *error)
{
    Rehearsal rehearsal = {.session = session, .options = options, .programs = programs};
    bool done = begin_report(&rehearsal, error) && begin_progress(options, error) &&
                run(&rehearsal, options, error);

    progress_stop();

    if (done) {
        judge(&rehearsal);
        done = rehearsal_print(rehearsal.report, options->json, error) &&
               (options->report == NULL ||
                rehearsal_write_page(rehearsal.report, options->report, options->force, error));
    }
    *code = rehearsal.code;
    json_decref(rehearsal.settings);
    json_decref(rehearsal.report);
    return done;
}
