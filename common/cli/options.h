/*
 * The options that all programs share: connection, lock wait, messages.
 *
 * A program builds its getopt_long table from COMMON_SHORT_OPTIONS, COMMON_LONG_OPTIONS and its
 * own, with codes from OPTION_PROGRAM_FIRST on for those without a letter, and hands to
 * common_option what it does not know itself.
 */
#ifndef COMMON_CLI_OPTIONS_H
#define COMMON_CLI_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "common/base/error.h"
#include "common/cli/option_table.h"
#include "common/cli/option_values.h"
#include "common/cli/progress.h"
#include "common/pg/connection.h"

typedef struct CommonOptions {
    PgOptions pg;
    const char *schema;       /* --schema; NULL: where the search_path leads */
    int lock_wait_timeout_ms; /* 0: for ever */
    ProgressWish progress;
    bool help; /* the program shall print its help, its version, its options, and end */
    bool version;
    bool list_options;
    char *dbname_copy; /* owned; see common_options_set_dbname */
} CommonOptions;

enum {
    OPTION_HELP = 256,
    OPTION_SCHEMA,
    OPTION_LOCK_WAIT_TIMEOUT,
    OPTION_LOG_FORMAT,
    OPTION_NO_PROGRESS,
    OPTION_PROGRAM_FIRST = 512
};

/* The leading ':' makes getopt tell a missing argument from an unknown option.  -? is not here:
 * getopt answers '?' to it as to any unknown option, and common_option sees which one it was. */
#define COMMON_SHORT_OPTIONS ":d:h:p:U:wWPqvV"

#define COMMON_LONG_OPTIONS                                                                        \
    {"dbname", required_argument, NULL, 'd'}, {"host", required_argument, NULL, 'h'},              \
        {"port", required_argument, NULL, 'p'}, {"username", required_argument, NULL, 'U'},        \
        {"no-password", no_argument, NULL, 'w'}, {"password", no_argument, NULL, 'W'},             \
        {"schema", required_argument, NULL, OPTION_SCHEMA},                                        \
        {"lock-wait-timeout", required_argument, NULL, OPTION_LOCK_WAIT_TIMEOUT},                  \
        {"log-format", required_argument, NULL, OPTION_LOG_FORMAT},                                \
        {"progress", no_argument, NULL, 'P'},                                                      \
        {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS}, {"quiet", no_argument, NULL, 'q'}, \
        {"verbose", no_argument, NULL, 'v'}, {"version", no_argument, NULL, 'V'},                  \
    {                                                                                              \
        "help", no_argument, NULL, OPTION_HELP                                                     \
    }

/* The shared part of --help's text. */
extern const char COMMON_OPTIONS_HELP[];

/* The shared groups of an option table (common/cli/option_table.h), for a structure that begins
 * with CommonOptions. */
extern const OptionGroup COMMON_CONNECTION_GROUP;
extern const OptionGroup COMMON_MESSAGE_GROUP;

/* The defaults; `program` is the application_name. */
void common_options_init(CommonOptions *options, const char *program);

/*
 * Takes in one answer of getopt_long: a shared option, or a complaint.  False with
 * EXIT_CODE_USAGE for an unknown option, a missing argument or a bad value.
 */
bool common_option(CommonOptions *options, int option, char *const *arguments, Error *error);

/* Takes a database name or connection string from the arguments.  One that holds a password is
 * copied, and the argument overwritten without it: everybody on the machine can see arguments. */
bool common_options_set_dbname(CommonOptions *options, char *argument, Error *error);

/* The complaint about an argument that nothing is known to do with.  Always returns false.  A
 * connection string in the wrong place is not repeated, as it may hold a password. */
bool option_unexpected(const char *argument, Error *error);

/* --jobs: the connections that work at the same time; by default as many as there are processors,
 * at most DEFAULT_JOBS_MAX. */
#define JOBS_MAX 64
#define DEFAULT_JOBS_MAX 8
#define OPTION_JOBS(Type, member) OPTION_NUMBER(Type, member, 1, JOBS_MAX)
bool option_jobs(const char *text, int *jobs, Error *error);
int option_default_jobs(void);

/* Frees what was asked for or copied; passwords are wiped. */
void common_options_free(CommonOptions *options);

#endif
