/*
 * The options that programs share: connection, lock wait, messages, and rows for their own groups.
 */
#ifndef COMMON_PG_OPTIONS_H
#define COMMON_PG_OPTIONS_H

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
    ProgressMode progress;
    bool help; /* the program shall print its help, its version, its options, and end */
    bool version;
    bool list_options;
    bool supervised;   /* whoever runs the program says that it was stopped by a signal */
    char *dbname_copy; /* owned; see common_options_set_dbname */
} CommonOptions;

/* The shared groups of an option table (common/cli/option_table.h), for a structure that begins
 * with CommonOptions. */
extern const OptionGroup COMMON_CONNECTION_GROUP;
extern const OptionGroup COMMON_MESSAGE_GROUP;

/* The defaults; `program` is the application_name. */
void common_options_init(CommonOptions *options, const char *program);

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
int option_default_jobs(void);

/* Reports what a program ends with: its error, unless it was stopped by a signal and is supervised.
 */
void common_options_report(const CommonOptions *options, const Error *error);

/* Frees what was asked for or copied; passwords are wiped. */
void common_options_free(CommonOptions *options);

#endif
