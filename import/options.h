/*
 * What kv-import was asked to do.
 */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cli/options.h"

typedef enum ImportAction {
    IMPORT_LOAD, /* into a KV store */
    IMPORT_LIST, /* show header and manifest */
    IMPORT_CHECK /* read all of the dump, touch no database */
} ImportAction;

typedef struct ImportOptions {
    CommonOptions common;
    ImportAction action;
    const char *file;     /* NULL or "-": standard input */
    bool clean;           /* replace a KV store that is already stamped */
    bool allow_redacted;  /* stamp a dump that lacks packages or was redacted */
    const char *table;    /* "kv" */
    int partitions;       /* 100 */
    int jobs;             /* connections that load at the same time */
    int64_t lock_held_by; /* backend that holds the lock for us; 0: take it */
} ImportOptions;

/* Reads the command line.  False with EXIT_CODE_USAGE. */
bool import_options_parse(ImportOptions *options, int count, char **arguments, Error *error);

/* Prints --help. */
void import_options_help(void);

#endif
