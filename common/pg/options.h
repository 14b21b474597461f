/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options shared by the programs: connection, lock timeout, messages, --jobs.
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
    const char *schema;       /* --schema; NULL: found through the search_path */
    int lock_wait_timeout_ms; /* 0: forever */
    ProgressMode progress;
    bool help; /* print help, version or the list of options, then exit */
    bool version;
    bool list_options;
    bool supervised;   /* whoever runs the program reports what ends it from outside */
    char *dbname_copy; /* owned; see common_options_set_dbname */
} CommonOptions;

/* Shared groups of an option table (common/cli/option_table.h), for a structure that starts with
 * CommonOptions. */
extern const OptionGroup COMMON_CONNECTION_GROUP;
extern const OptionGroup COMMON_MESSAGE_GROUP;

/* Sets the defaults; `program` becomes the application_name. */
void common_options_init(CommonOptions *options, const char *program);

/* Warns of a parameter that only lakeFS's driver knows; for pgx_split_public. */
void common_options_warn_dropped(const char *name);

/* Appends host, port and user, where they were given, as keyword='value' pairs. */
bool common_options_append_place(const PgOptions *pg, Buffer *pairs, Error *error);

/* Sets the database name or connection string from an argument.  If it contains a password, the
 * argument is overwritten without it, since everybody on the machine can see command lines. */
bool common_options_set_dbname(CommonOptions *options, char *argument, Error *error);

/* Sets the error for an unexpected argument.  Always returns false.  A misplaced connection string
 * is not repeated, as it may contain a password. */
bool option_unexpected(const char *argument, Error *error);

/* --jobs: number of parallel connections; by default the number of processors, at most
 * DEFAULT_JOBS_MAX. */
#define JOBS_MAX 64
#define DEFAULT_JOBS_MAX 8
#define OPTION_JOBS(Type, member) OPTION_NUMBER(Type, member, 1, JOBS_MAX)
int option_default_jobs(void);

/* Reports what a program ends with: its error.  A supervised program does not if it was stopped by
 * a signal, or if the program that writes its input has failed: that one has said why. */
void common_options_report(const CommonOptions *options, const Error *error);

/* Frees and wipes the password and the copied connection string. */
void common_options_free(CommonOptions *options);

#endif
