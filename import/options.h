/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of kv-import.
 */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "common/pg/options.h"
#include "common/store/store.h"
#include "common/store/target.h"

typedef enum ImportAction {
    IMPORT_LOAD,         /* into a KV store */
    IMPORT_RESTORE,      /* a repository or a package into a KV store in use */
    IMPORT_LIST,         /* show header and manifest */
    IMPORT_CHECK,        /* read all of the dump, touch no database */
    IMPORT_PRINT,        /* show entries */
    IMPORT_VERIFY,       /* compare a KV store with the dump */
    IMPORT_DIFF,         /* compare two dumps */
    IMPORT_DIFF_STORE,   /* compare a dump with a KV store */
    IMPORT_CHECK_TARGET, /* check whether a load would be accepted */
    IMPORT_DIGEST,       /* print the digest of a KV store */
    IMPORT_UNDO,         /* bring back the store that was replaced */
    IMPORT_FORGET        /* drop it */
} ImportAction;

/* Which entries --print shows, and how. */
typedef struct PrintOptions {
    const char *partition; /* escaped as it is printed; NULL: all */
    const char *prefix;    /* likewise, of the key; NULL: any */
    int64_t limit;         /* -1: none */
    bool raw;              /* undecoded, in base64 */
    bool lakefs_kv;        /* as one object that lakeFS loads */
} PrintOptions;

/* What is restored into a KV store in use: a repository, or else options.package. */
typedef struct RestoreOptions {
    const char *repository;        /* NULL: none */
    const char *as;                /* its name in the store; NULL: the same */
    const char *storage_namespace; /* NULL: the same */
    bool multiparts;               /* also uploads in progress, of all repositories */
    size_t existing;               /* an ExistingAction */
    bool existing_given;
} RestoreOptions;

typedef struct ImportOptions {
    CommonOptions common;
    const char *config;    /* --config; NULL: none */
    LakefsSettings lakefs; /* from it and from the environment */
    ImportAction action;
    const char *package; /* to be printed or restored; NULL: all */
    PrintOptions print;
    RestoreOptions restore;
    const char *format;         /* --format */
    bool json;                  /* it is json */
    const char *diff;           /* --diff: the older dump; NULL: none */
    const char *file;           /* NULL or "-": standard input */
    const char *second_reading; /* from where --verify reads the dump again; NULL: from `file` */
    int second_reading_wanted;  /* a file descriptor to write to before that; 0: none */
    bool allow_redacted;        /* load a dump that is redacted */
    bool allow_incomplete;      /* load a dump that lacks packages, repositories or rules */
    bool allow_other_version;   /* replace a store of another KV version */
    const char *target;         /* the name of a TargetDriver */
    TargetOptions store;        /* the target's options, also for comparing */
} ImportOptions;

/* Reads the command line, then what it leaves open of the target from lakeFS's variables and
 * configuration.  False with EXIT_CODE_USAGE.  Free with import_options_free, also after a
 * failure. */
bool import_options_parse(ImportOptions *options, int count, char **arguments, Error *error);
void import_options_free(ImportOptions *options);

/* The target, as a store to read.  It borrows from the options. */
StoreOptions import_options_store(const ImportOptions *options);

/* Prints --help, --list-options. */
void import_options_help(void);
void import_options_list(void);

#endif
