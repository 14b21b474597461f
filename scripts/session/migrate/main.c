/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-migrate-session: the program that decides for kv-migrate.  Not for users: the script
 * kv-migrate starts it, and requests the steps of `up` one by one; see scripts/session/protocol.h.
 *
 *   kv-migrate-session PROGRAMS DATA ARGUMENT...
 *
 *   kv-migrate-session --killed STATUS ARGUMENT...
 *   kv-migrate-session --rehearsal PROGRAMS DATA ARGUMENT...
 *   kv-migrate-session --source-dump SQL PG_DUMP ARGUMENT...
 *
 * The second form only reports that the first was killed; the others are parts of `rehearse`, see
 * rehearsal.h and source_dump.h.  PROGRAMS is the folder of kv-export and
 * kv-import, DATA the one that holds the folder of the schema migrations; the arguments are
 * kv-migrate's.
 *
 * The requests are:
 *
 * - begin: runs any command but `up`, and begins `up`.  The answer is `go`, or `again` if the
 *   arguments hold a password: then the script is to restart itself with the words of `arguments`,
 *   in the environment of `environment`.  To `rehearse` it is `rehearse-database`, to run the
 *   programs source-dump and rehearsal in a pipe, or `rehearse-dump`, to run rehearsal; then
 *   `rehearsed S S`.
 *
 * - migrate-schema, lock-tables, transfer, exported S, imported S, transferred S S, clean-up and
 *   finish: the steps of `up`, see up.h; S are exit codes.
 *
 * - arguments, environment, and for each program (export, import, source-dump, rehearsal)
 *   PROGRAM-command and PROGRAM-environment: return lists of words.
 */
#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/signals.h"
#include "common/cli/startup.h"
#include "common/cli/version.h"
#include "common/pg/lock.h"
#include "scripts/session/migrate/cleanup.h"
#include "scripts/session/migrate/commands.h"
#include "scripts/session/migrate/event.h"
#include "scripts/session/migrate/guard.h"
#include "scripts/session/migrate/rehearsal.h"
#include "scripts/session/migrate/rehearse.h"
#include "scripts/session/migrate/source_dump.h"
#include "scripts/session/migrate/up.h"
#include "scripts/session/protocol.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Main {
    const char *programs;
    MigrateOptions options;
    Session session;
    Up up;
    Rehearse rehearse;
    bool begun;
    bool by_script; /* this is no rehearsal's other half */
    const char *answer;
    ExitCode code; /* of a command that ends without an error */
} Main;

/* A rehearsal leaves nothing to run again. */
static atomic_bool rehearses;

static bool stopped(Error *error)
{
    interrupt_check(error);
    if (atomic_load(&rehearses)) {
        return false;
    }
    return error_hint(error, "Run again: what was not stamped starts from scratch.");
}

/* The script begins anew, and leaves this program to its end. */
static atomic_bool left;

/* This program waits for others, which it stops itself. */
static atomic_bool waits_for_programs;

/* See signals_start: the program ends at once while it connects. */
static bool on_signal(void)
{
    Error error;

    if (atomic_load(&left)) {
        return false;
    }
    if (pg_cancel_all() || atomic_load(&waits_for_programs)) {
        return true;
    }
    stopped(&error);
    message_error(&error);
    return false;
}

/* Answers with the arguments without their secrets, which other users could see. */
static bool answer_again(Main *m, Words *environment, Error *error)
{
    return words_add_format(environment, error, "%s=%s", PASSWORD_VARIABLE,
                            m->options.password == NULL ? "" : m->options.password);
}

static bool begin(Main *m, Error *error)
{
    MigrateOptions *options = &m->options;

    if (m->begun) {
        return error_set(error, EXIT_CODE_USAGE, "a command begins once");
    }
    m->begun = true;
    if (options->has_secret_argument) {
        m->answer = "again";
        atomic_store(&left, true);
        return true;
    }
    m->up.session = &m->session;
    if (options->command == COMMAND_UP && !options->dry_run) {
        return up_begin(&m->up, options, m->programs, error);
    }
    if (options->command == COMMAND_REHEARSE) {
        m->rehearse.session = &m->session;
        m->answer = options->from == NULL ? "rehearse-database" : "rehearse-dump";
        return rehearse_begin(&m->rehearse, options, m->programs, error);
    }
    m->up.ended = true;
    switch (options->command) {
    case COMMAND_STATUS:
        return status_command(&m->session, options, m->programs, error);
    case COMMAND_VERIFY:
        return verify_command(&m->session, options, m->programs, error);
    case COMMAND_CLEANUP:
        return cleanup_command(&m->session, options, m->programs, error);
    case COMMAND_REVERT:
        return revert_command(&m->session, options, m->programs, error);
    case COMMAND_CONFIG:
        return config_command(options, error);
    case COMMAND_BASIC_AUTH:
        return basic_auth_command(&m->session, options, m->programs, error);
    case COMMAND_REHEARSE:
    case COMMAND_UP:
    case COMMAND_NONE:
        break;
    }
    return dry_run_command(&m->session, options, m->programs, &m->code, error);
}

typedef bool ProgramFunction(Main *m, Program *program, Error *error);

static bool export_program(Main *m, Program *program, Error *error)
{
    return up_export_command(&m->up, program, error);
}

static bool import_program(Main *m, Program *program, Error *error)
{
    return up_import_command(&m->up, program, error);
}

static bool source_dump_program(Main *m, Program *program, Error *error)
{
    return rehearse_dump_command(&m->rehearse, program, error);
}

static bool rehearsal_program(Main *m, Program *program, Error *error)
{
    return rehearse_replay_command(&m->rehearse, program, error);
}

/* Answers with the words of a program's command, or with its environment. */
static bool answer_program(Main *m, ProgramFunction *make, bool environment, Error *error)
{
    Program program = {0};
    bool done = make(m, &program, error);

    done =
        done && protocol_answer_words(environment ? &program.environment : &program.command, error);
    program_free(&program);
    return done;
}

static bool answer_environment(Main *m, Error *error)
{
    Words environment = {0};
    bool done = answer_again(m, &environment, error) && protocol_answer_words(&environment, error);

    words_free(&environment);
    return done;
}

/* Answers a request for a list; *known is false for any other request. */
static bool answer_list(Main *m, const char *request, bool *known, Error *error)
{
    static const struct {
        const char *request;
        ProgramFunction *make;
        bool environment;
    } PROGRAMS[] = {{"export-command", export_program, false},
                    {"export-environment", export_program, true},
                    {"import-command", import_program, false},
                    {"import-environment", import_program, true},
                    {"source-dump-command", source_dump_program, false},
                    {"source-dump-environment", source_dump_program, true},
                    {"rehearsal-command", rehearsal_program, false},
                    {"rehearsal-environment", rehearsal_program, true}};

    *known = true;
    if (strcmp(request, "arguments") == 0) {
        m->up.ended = true;
        return protocol_answer_words(&m->options.arguments, error);
    }
    if (strcmp(request, "environment") == 0) {
        return answer_environment(m, error);
    }
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof PROGRAMS[0]; i++) {
        if (strcmp(request, PROGRAMS[i].request) == 0) {
            return answer_program(m, PROGRAMS[i].make, PROGRAMS[i].environment, error);
        }
    }
    *known = false;
    return true;
}

static bool step(Main *m, const char *request, Error *error)
{
    int first;
    int second;

    if (strcmp(request, "begin") == 0) {
        return begin(m, error);
    }
    if (strcmp(request, "migrate-schema") == 0) {
        return up_migrate_schema(&m->up, error);
    }
    if (strcmp(request, "lock-tables") == 0) {
        return up_lock_tables(&m->up, error);
    }
    if (sscanf(request, "exported %d", &first) == 1) {
        return up_exported(&m->up, first, error);
    }
    if (sscanf(request, "imported %d", &first) == 1) {
        return up_imported(&m->up, first, error);
    }
    if (sscanf(request, "transferred %d %d", &first, &second) == 2) {
        return up_transferred(&m->up, first, second, error);
    }
    if (sscanf(request, "rehearsed %d %d", &first, &second) == 2) {
        m->up.ended = true;
        return rehearse_ended(first, second, &m->code, error);
    }
    if (strcmp(request, "clean-up") == 0) {
        return up_clean_up(&m->up, error);
    }
    if (strcmp(request, "finish") == 0) {
        return up_finish(&m->up, error);
    }
    return error_set(error, EXIT_CODE_USAGE, "the request \"%s\" is unknown", request);
}

/* Handles a request, and answers it unless the command has ended. */
static bool handle(Main *m, const char *request, Error *error)
{
    bool known;

    if (strcmp(request, "transfer") == 0) {
        return protocol_answer(up_transfer(&m->up) == UP_BY_FILE ? "by-file" : "by-pipe", error);
    }
    if (!answer_list(m, request, &known, error)) {
        return false;
    }
    if (known) {
        return true;
    }
    return step(m, request, error) && (m->up.ended || protocol_answer(m->answer, error));
}

/* Adds that the outcome of the migration is unknown. */
static bool outcome_unknown(Error *error)
{
    error_detail(error, "It is unknown whether the migration was stamped.");
    return error_hint(error, "kv-migrate status shows where the database stands. If nothing was "
                             "stamped, kv-migrate up starts from scratch.");
}

static bool serve(Main *m, Error *error)
{
    char request[PROTOCOL_REQUEST_SIZE];

    while (!m->up.ended) {
        switch (protocol_next(request, -1)) {
        case PROTOCOL_REQUEST:
            if (!handle(m, request, error)) {
                return false;
            }
            break;
        case PROTOCOL_IDLE:
            break;
        case PROTOCOL_INTERRUPTED:
            return stopped(error);
        case PROTOCOL_FAILED:
            protocol_failed(error);
            return outcome_unknown(error);
        case PROTOCOL_CLOSED:
            /* Fail without a message: nobody reads it. */
            return error_set(error, EXIT_CODE_FAILED, "%s", "");
        }
    }
    return true;
}

static bool killed(Main *m, int count, char **arguments, Error *error)
{
    const char *status = arguments[0];
    Error ignored;

    /* The options decide how messages look. */
    migrate_options_read(&m->options, count, arguments, &ignored);
    error_set(error, EXIT_CODE_FAILED, "kv-migrate-session was killed (exit status %s)", status);
    return outcome_unknown(error);
}

static bool part_of_kv_migrate(Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "this program is a part of kv-migrate");
}

static bool session_main(Main *m, int count, char **arguments, Error *error)
{
    static char migrations[4096];
    const CommonOptions *common = &m->options.common;

    if (count < 3) {
        return part_of_kv_migrate(error);
    }
    if (strcmp(arguments[1], "--killed") == 0) {
        return killed(m, count - 2, arguments + 2, error);
    }
    if (strcmp(arguments[1], "--source-dump") == 0 && count > 3) {
        return source_dump_main(arguments + 2, error);
    }
    m->rehearse.self = arguments[0];
    m->by_script = strcmp(arguments[1], "--rehearsal") != 0;
    if (!m->by_script) {
        count--;
        arguments++;
    }
    if (count < 3) {
        return part_of_kv_migrate(error);
    }
    m->rehearse.data = arguments[2];
    m->programs = arguments[1];
    snprintf(migrations, sizeof migrations, "%s/migrations", arguments[2]);
    /* getopt expects the program's name first. */
    if (!migrate_options_read(&m->options, count - 2, arguments + 2, error)) {
        return false;
    }
    if (common->help) {
        migrate_options_help();
    } else if (common->version) {
        output_line("kv-migrate (lakeFS KV migration) %s", PROGRAM_VERSION);
    } else if (common->list_options) {
        migrate_options_list();
    }
    if (common->help || common->version || common->list_options) {
        return output_flush(error);
    }
    if (m->options.migrations == NULL) {
        m->options.migrations = migrations;
    }
    /* A signal to the whole group comes once more from the script. */
    signals_set_supervised();
    atomic_store(&rehearses, m->options.command == COMMAND_REHEARSE);
    atomic_store(&waits_for_programs, !m->by_script);
    if (!signals_start(on_signal, error)) {
        return false;
    }
    return m->by_script ? protocol_open(error) && protocol_watch(error) && serve(m, error)
                        : rehearsal_main(&m->session, &m->options, m->programs, &m->code, error);
}

/* After the stamp the migration has succeeded: a failure is an event if tables were to be dropped,
 * else a warning. */
static void report(Main *m, Error *error)
{
    Session *session = &m->session;
    bool to_drop = migrate_options_drop_tables(&m->options) && !session->cleaned;

    if (session->migrated || error->code == EXIT_CODE_CLEANUP) {
        guard_commit_alone(session);
    } else {
        pg_lock_explain(session->connection, &session->schema, error);
    }
    if (interrupt_signal() != 0 && error->code != EXIT_CODE_CLEANUP) {
        stopped(error);
        if (!m->by_script) {
            return; /* kv-replay says so */
        }
    }
    if (session->migrated && to_drop && error->code != EXIT_CODE_CLEANUP) {
        event_cleanup_failed(error);
    }
    if (error->code == EXIT_CODE_CLEANUP) {
        event_report(&m->session, error);
    } else if (session->migrated && interrupt_signal() == 0) {
        message_warning_error(error);
        error->code = EXIT_CODE_DONE;
    } else if (error->message[0] != '\0') {
        message_error(error);
    }
}

int main(int argc, char **argv)
{
    static Main m = {.answer = "go"};
    Error error = {0};

    startup("kv-migrate");
    if (session_main(&m, argc, argv, &error)) {
        error.code = m.code;
    } else {
        report(&m, &error);
    }
    rehearse_free(&m.rehearse);
    up_free(&m.up);
    session_close(&m.session);
    migrate_options_free(&m.options);
    return signals_exit_code(error.code);
}
