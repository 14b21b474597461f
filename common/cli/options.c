#include "common/cli/options.h"

#include "common/cli/message.h"
#include "common/cli/password.h"
#include "common/pg/conninfo.h"
#include "common/pg/pgx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_LOCK_WAIT_MS = 60 * 1000 };

const char COMMON_OPTIONS_HELP[] =
    "Connection options:\n"
    "  -d, --dbname=DBNAME        database name, URI or connection string\n"
    "  -h, --host=HOSTNAME        database server host or socket directory\n"
    "  -p, --port=PORT            database server port\n"
    "  -U, --username=NAME        database user\n"
    "  -w, --no-password          never ask for a password\n"
    "  -W, --password             ask for the password before connecting\n"
    "      --schema=NAME          schema of lakeFS's tables (default: where the\n"
    "                             search_path finds schema_migrations)\n"
    "      --lock-wait-timeout=T  give up when a lock is not had after T, such as\n"
    "                             500ms, 10s, 2min; 0 waits for ever (default: 60s)\n"
    "\n"
    "Messages:\n"
    "  -P, --progress             print progress also where no terminal is\n"
    "      --no-progress          print no progress\n"
    "  -q, --quiet                warnings and errors only\n"
    "  -v, --verbose              name every row that is left out or adjusted; twice:\n"
    "                             show every statement that goes to the server\n"
    "      --log-format=FORMAT    text (default) or json, one object a line\n"
    "  -V, --version              print the version, then exit\n"
    "  -?, --help                 print this help, then exit\n";

static bool take_dbname(void *options, char *argument, Error *error)
{
    return common_options_set_dbname(options, argument, error);
}

static bool take_host(void *options, char *argument, Error *error)
{
    (void)error;
    ((CommonOptions *)options)->pg.host = argument;
    return true;
}

static bool take_port(void *options, char *argument, Error *error)
{
    (void)error;
    ((CommonOptions *)options)->pg.port = argument;
    return true;
}

static bool take_user(void *options, char *argument, Error *error)
{
    (void)error;
    ((CommonOptions *)options)->pg.user = argument;
    return true;
}

static bool take_no_password(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->pg.no_password = true;
    return true;
}

static bool take_password(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->pg.force_password = true;
    return true;
}

static bool take_schema(void *options, char *argument, Error *error)
{
    (void)error;
    ((CommonOptions *)options)->schema = argument;
    return true;
}

static bool take_lock_wait_timeout(void *options, char *argument, Error *error)
{
    CommonOptions *common = options;

    return option_duration("--lock-wait-timeout", argument, &common->lock_wait_timeout_ms, error);
}

static bool take_progress(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->progress = PROGRESS_ALWAYS;
    return true;
}

static bool take_no_progress(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->progress = PROGRESS_NEVER;
    return true;
}

static bool take_quiet(void *options, char *argument, Error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    message_set_level(MESSAGE_QUIET);
    return true;
}

static bool take_verbose(void *options, char *argument, Error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    message_set_level(message_level() >= MESSAGE_VERBOSE ? MESSAGE_DEBUG : MESSAGE_VERBOSE);
    return true;
}

static bool set_log_format(const char *format, Error *error);

static bool take_log_format(void *options, char *argument, Error *error)
{
    (void)options;
    return set_log_format(argument, error);
}

static bool take_version(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->version = true;
    return true;
}

static bool take_help(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->help = true;
    return true;
}

static bool take_list_options(void *options, char *argument, Error *error)
{
    (void)argument;
    (void)error;
    ((CommonOptions *)options)->list_options = true;
    return true;
}

static const Option CONNECTION_OPTIONS[] = {
    {"dbname", 'd', "DBNAME", "database name, URI or connection string", take_dbname, NULL},
    {"host", 'h', "HOSTNAME", "database server host or socket directory", take_host,
     OPTION_FOLDERS},
    {"port", 'p', "PORT", "database server port", take_port, NULL},
    {"username", 'U', "NAME", "database user", take_user, NULL},
    {"no-password", 'w', NULL, "never ask for a password", take_no_password, NULL},
    {"password", 'W', NULL, "ask for the password before connecting", take_password, NULL},
    {"schema", 0, "NAME",
     "schema of lakeFS's tables (default: where the\n"
     "search_path finds schema_migrations)",
     take_schema, NULL},
    {"lock-wait-timeout", 0, "T",
     "give up waiting for a lock after T, such as 500ms,\n"
     "10s, 2min; 0 waits forever (default: 60s)",
     take_lock_wait_timeout, NULL},
    {0},
};

static const Option MESSAGE_OPTIONS[] = {
    {"progress", 'P', NULL, "print progress even when not on a terminal", take_progress, NULL},
    {"no-progress", 0, NULL, "print no progress", take_no_progress, NULL},
    {"quiet", 'q', NULL, "print warnings and errors only", take_quiet, NULL},
    {"verbose", 'v', NULL,
     "name every row that is left out or adjusted; twice:\n"
     "show every statement sent to the server",
     take_verbose, NULL},
    {"log-format", 0, "FORMAT", "text (default) or json, one object a line", take_log_format,
     "text json"},
    {"version", 'V', NULL, "print the version, then exit", take_version, NULL},
    {"help", '?', NULL, "print this help, then exit", take_help, NULL},
    {"list-options", 0, NULL, NULL, take_list_options, NULL},
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
    *options = (CommonOptions){.lock_wait_timeout_ms = DEFAULT_LOCK_WAIT_MS};
    options->pg.program = program;
    options->pg.ask_password = password_ask;
    options->pg.on_notice = show_notice;
    options->pg.on_statement = message_debug;
}

bool option_number(const char *name, const char *text, long lowest, long highest, long *number,
                   Error *error)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *number < lowest || *number > highest) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option %s takes a number from %ld to %ld, not \"%s\"", name, lowest,
                         highest, text);
    }
    return true;
}

bool option_duration(const char *name, const char *text, int *milliseconds, Error *error)
{
    static const struct {
        const char *unit;
        long factor;
    } UNITS[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (end != text && errno == 0 && number >= 0 && strcmp(end, UNITS[i].unit) == 0 &&
            number <= INT32_MAX / UNITS[i].factor) {
            *milliseconds = (int)(number * UNITS[i].factor);
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "option %s takes a time, not \"%s\"", name, text);
    return error_hint(error, "Write a whole number and ms, s, min or h, such as 10s.");
}

static bool set_log_format(const char *format, Error *error)
{
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --log-format takes text or json, not \"%s\"", format);
    }
    message_set_json(strcmp(format, "json") == 0);
    return true;
}

/* getopt_long has answered '?' or ':'; optopt is the letter or code of the option, 0 where it knows
 * none. */
static bool complain(CommonOptions *options, int option, char *const *arguments, Error *error)
{
    const char *argument = arguments[optind - 1];
    bool is_long = strncmp(argument, "--", 2) == 0;

    if (option == '?' && optopt == '?' && !is_long) {
        options->help = true;
        return true;
    }
    if (option == ':' && is_long) {
        error_set(error, EXIT_CODE_USAGE, "option %s needs an argument", argument);
    } else if (option == ':') {
        error_set(error, EXIT_CODE_USAGE, "option -%c needs an argument", optopt);
    } else if (optopt == 0) {
        error_set(error, EXIT_CODE_USAGE, "unknown or ambiguous option %s", argument);
    } else if (is_long) {
        error_set(error, EXIT_CODE_USAGE, "option %s takes no argument", argument);
    } else {
        error_set(error, EXIT_CODE_USAGE, "unknown option -%c", optopt);
    }
    return error_hint(error, "Try --help.");
}

static void tell_dropped(const char *name)
{
    message_warning("connection parameter %s is of lakeFS's driver only: ignored", name);
}

bool common_options_set_dbname(CommonOptions *options, char *argument, Error *error)
{
    size_t size = strlen(argument);
    PgConninfo conninfo = {0};
    Buffer libpq = {0};
    bool done = pgx_to_libpq(argument, &libpq, tell_dropped, error) &&
                buffer_text(&libpq, error) != NULL &&
                pg_conninfo_split((const char *)libpq.data, &conninfo, error);

    if (!done) {
        buffer_wipe(&libpq);
        return false;
    }
    password_free(options->dbname_copy);
    options->dbname_copy = (char *)libpq.data; /* taken over */
    options->pg.dbname = options->dbname_copy;
    if (conninfo.has_secrets) {
        memset(argument, 0, size);
        snprintf(argument, size + 1, "%s", conninfo.public_part);
    }
    pg_conninfo_free(&conninfo);
    return true;
}

bool common_option(CommonOptions *options, int option, char *const *arguments, Error *error)
{
    switch (option) {
    case 'd':
        return common_options_set_dbname(options, optarg, error);
    case 'h':
        options->pg.host = optarg;
        return true;
    case 'p':
        options->pg.port = optarg;
        return true;
    case 'U':
        options->pg.user = optarg;
        return true;
    case 'w':
        options->pg.no_password = true;
        return true;
    case 'W':
        options->pg.force_password = true;
        return true;
    case 'P':
        options->progress = PROGRESS_ALWAYS;
        return true;
    case OPTION_NO_PROGRESS:
        options->progress = PROGRESS_NEVER;
        return true;
    case 'q':
        message_set_level(MESSAGE_QUIET);
        return true;
    case 'v':
        message_set_level(message_level() >= MESSAGE_VERBOSE ? MESSAGE_DEBUG : MESSAGE_VERBOSE);
        return true;
    case 'V':
        options->version = true;
        return true;
    case OPTION_SCHEMA:
        options->schema = optarg;
        return true;
    case OPTION_LOCK_WAIT_TIMEOUT:
        return option_duration("--lock-wait-timeout", optarg, &options->lock_wait_timeout_ms,
                               error);
    case OPTION_LOG_FORMAT:
        return set_log_format(optarg, error);
    case OPTION_HELP:
        options->help = true;
        return true;
    default:
        return complain(options, option, arguments, error);
    }
}

bool option_unexpected(const char *argument, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "unexpected argument \"%s\"",
              pg_conninfo_is_string(argument) ? "(a connection string)" : argument);
    return error_hint(error, "Try --help.");
}

bool option_jobs(const char *text, int *jobs, Error *error)
{
    long number;

    if (!option_number("--jobs", text, 1, JOBS_MAX, &number, error)) {
        return false;
    }
    *jobs = (int)number;
    return true;
}

int option_default_jobs(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1) {
        return 1;
    }
    return processors > DEFAULT_JOBS_MAX ? DEFAULT_JOBS_MAX : (int)processors;
}

void common_options_free(CommonOptions *options)
{
    password_free(options->pg.password);
    password_free(options->dbname_copy);
    options->pg.password = NULL;
    options->dbname_copy = NULL;
}
