/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/options.h"

#include "common/base/interrupt.h"
#include "common/base/text.h"
#include "common/cli/message.h"
#include "common/cli/password.h"
#include "common/cli/signals.h"
#include "common/cli/status_line.h"
#include "common/pg/conninfo.h"
#include "common/pg/pgx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LOCK_WAIT_S 60

#define LOG_FORMATS "text json"

static bool set_dbname(void *options, char *argument, Error *error)
{
    return common_options_set_dbname(options, argument, error);
}

static bool set_quiet(void *options, char *argument, Error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    message_set_level(MESSAGE_QUIET);
    return true;
}

static bool set_verbose(void *options, char *argument, Error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    message_set_level(message_level() >= MESSAGE_VERBOSE ? MESSAGE_DEBUG : MESSAGE_VERBOSE);
    return true;
}

static bool set_log_format(void *options, char *argument, Error *error)
{
    size_t index;

    (void)options;
    if (!option_word("--log-format", argument, LOG_FORMATS, &index, error)) {
        return false;
    }
    message_set_json(index == 1);
    return true;
}

static bool set_supervised(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->supervised = true;
    signals_set_supervised();
    status_line_share();
    return true;
}

/* Thousandths, so that no locale's decimal point matters. */
static bool set_progress_around(void *options, char *argument, Error *error)
{
    size_t before;
    size_t after;
    unsigned long weight;
    unsigned long ms;
    long after_weight;

    (void)options;
    if (sscanf(argument, "%zu:%lu:%lu:%zu:%ld", &before, &weight, &ms, &after, &after_weight) !=
        5) {
        return error_set(error, EXIT_CODE_USAGE, "invalid argument of --progress-around");
    }
    progress_set_around(&(ProgressAround){.before = before,
                                          .before_weight = (double)weight / 1000,
                                          .before_seconds = (double)ms / 1000,
                                          .after = after,
                                          .after_weight = (double)after_weight / 1000});
    return true;
}

static const Option CONNECTION_OPTIONS[] = {
    {"dbname", 'd', "DBNAME", "database name, URI or connection string", set_dbname,
     OPTION_DATABASES},
    {"host", 'h', "HOSTNAME", "database server host or socket directory", NULL, OPTION_HOSTS,
     OPTION_TEXT(CommonOptions, pg.host)},
    {"port", 'p', "PORT", "database server port", NULL, NULL, OPTION_TEXT(CommonOptions, pg.port)},
    {"username", 'U', "NAME", "database user", NULL, NULL, OPTION_TEXT(CommonOptions, pg.user)},
    {"no-password", 'w', NULL, "never ask for a password", NULL, NULL,
     OPTION_FLAG(CommonOptions, pg.no_password)},
    {"password", 'W', NULL, "ask for the password before connecting", NULL, NULL,
     OPTION_FLAG(CommonOptions, pg.force_password)},
    {"role", 0, "NAME", "do SET ROLE after connecting", NULL, NULL,
     OPTION_TEXT(CommonOptions, pg.role)},
    {"schema", 0, "NAME",
     "schema of lakeFS's tables (default: where the\n"
     "search_path finds schema_migrations)",
     NULL, NULL, OPTION_TEXT(CommonOptions, schema)},
    {"lock-wait-timeout", 0, "T",
     "give up waiting for a lock after T, such as 500ms,\n"
     "10s, 2min; 0 waits forever (default: " OPTION_NUMERAL(DEFAULT_LOCK_WAIT_S) "s)",
     NULL, NULL, OPTION_DURATION(CommonOptions, lock_wait_timeout_ms)},
    {0},
};

static const Option MESSAGE_OPTIONS[] = {
    {"progress", 'P', NULL, "print progress even when not on a terminal", NULL, NULL,
     OPTION_CONSTANT(CommonOptions, progress, PROGRESS_ALWAYS)},
    {"no-progress", 0, NULL, "print no progress", NULL, NULL,
     OPTION_CONSTANT(CommonOptions, progress, PROGRESS_NEVER)},
    {"quiet", 'q', NULL, "print warnings and errors only", set_quiet},
    {"verbose", 'v', NULL,
     "name every row that is left out or adjusted; twice:\n"
     "show every statement sent to the server",
     set_verbose, .repeats = true},
    {"log-format", 0, "FORMAT", "text (default) or json, one object a line", set_log_format,
     LOG_FORMATS},
    {"version", 'V', NULL, "print the version, then exit", NULL, NULL,
     OPTION_FLAG(CommonOptions, version)},
    {"help", '?', NULL, "print this help, then exit", NULL, NULL, OPTION_FLAG(CommonOptions, help)},
    {"list-options", 0, NULL, NULL, NULL, NULL, OPTION_FLAG(CommonOptions, list_options)},
    {"supervised", 0, NULL, NULL, set_supervised},
    /* Phases, weight and milliseconds of what ran before; phases and weight of what will. */
    {"progress-around", 0, "N:WEIGHT:MS:N:WEIGHT", NULL, set_progress_around},
    {0},
};

const OptionGroup COMMON_CONNECTION_GROUP = {"Connection options", CONNECTION_OPTIONS};
const OptionGroup COMMON_MESSAGE_GROUP = {"Messages", MESSAGE_OPTIONS};

static void show_notice(const char *text)
{
    message_warning("the server says: %s", text);
}

void common_options_init(CommonOptions *options, const char *program)
{
    *options = (CommonOptions){.lock_wait_timeout_ms = DEFAULT_LOCK_WAIT_S * 1000};
    options->pg.program = program;
    options->pg.ask_password = password_ask;
    options->pg.on_notice = show_notice;
    options->pg.on_statement = message_debug;
}

void common_options_warn_dropped(const char *name)
{
    message_warning("connection parameter %s is specific to lakeFS's driver: ignored", name);
}

bool common_options_append_place(const PgOptions *pg, Buffer *pairs, Error *error)
{
    return (pg->host == NULL || pg_conninfo_append(pairs, "host", pg->host, error)) &&
           (pg->port == NULL || pg_conninfo_append(pairs, "port", pg->port, error)) &&
           (pg->user == NULL || pg_conninfo_append(pairs, "user", pg->user, error));
}

bool common_options_set_dbname(CommonOptions *options, char *argument, Error *error)
{
    size_t size = strlen(argument);
    PgConninfo conninfo = {0};
    bool done = pgx_split_public(argument, &conninfo, common_options_warn_dropped, error);

    if (done) {
        password_free(options->dbname_copy);
        options->pg.dbname = NULL;
        done = text_copy(argument, &options->dbname_copy, error);
        options->pg.dbname = options->dbname_copy;
    }
    if (done && conninfo.has_secrets) {
        memset(argument, 0, size);
        snprintf(argument, size + 1, "%s", conninfo.public_part);
    }
    pg_conninfo_free(&conninfo);
    return done;
}

bool option_unexpected(const char *argument, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "unexpected argument \"%s\"",
              pg_conninfo_is_string(argument) ? "(a connection string)" : argument);
    return error_hint(error, "Try --help.");
}

int option_default_jobs(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1) {
        return 1;
    }
    return processors > DEFAULT_JOBS_MAX ? DEFAULT_JOBS_MAX : (int)processors;
}

void common_options_report(const CommonOptions *options, const Error *error)
{
    if (!options->supervised || (interrupt_signal() == 0 && !error->input_ended)) {
        message_error(error);
    }
}

void common_options_free(CommonOptions *options)
{
    password_free(options->pg.password);
    password_free(options->dbname_copy);
    options->pg.password = NULL;
    options->dbname_copy = NULL;
}
