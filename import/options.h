/*
 * What kv-import was asked to do.
 */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/pg/options.h"
#include "common/store/target.h"

typedef enum ImportAction {
    IMPORT_LOAD,        /* into a KV store */
    IMPORT_LIST,        /* show header and manifest */
    IMPORT_CHECK,       /* read all of the dump, touch no database */
    IMPORT_PRINT,       /* show entries */
    IMPORT_VERIFY,      /* compare a KV store with the dump */
    IMPORT_CHECK_TARGET /* look whether a load would be taken */
} ImportAction;

/* Which entries --print shows, and how. */
typedef struct PrintOptions {
    const char *package;   /* NULL: all */
    const char *partition; /* NULL: all */
    const char *prefix;    /* of the key; NULL: any */
    int64_t limit;         /* -1: none */
    bool raw;              /* as they are, in base64 */
} PrintOptions;

typedef struct ImportOptions {
    CommonOptions common;
    ImportAction action;
    PrintOptions print;
    bool json;                  /* --format json */
    const char *file;           /* NULL or "-": standard input */
    const char *second_reading; /* where --verify reads the dump again; NULL: where it did first */
    int second_reading_wanted;  /* a descriptor that is written to before that; 0: none */
    bool allow_redacted;        /* stamp a dump that lacks packages or was redacted */
    const char *target;         /* the name of a TargetDriver */
    TargetOptions store;        /* its options, and those of the store that is compared */
} ImportOptions;

/* Reads the command line.  False with EXIT_CODE_USAGE. */
bool import_options_parse(ImportOptions *options, int count, char **arguments, Error *error);

/* Prints --help, --list-options. */
void import_options_help(void);
void import_options_list(void);

#endif
