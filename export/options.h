/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of kv-export.
 */
#ifndef EXPORT_OPTIONS_H
#define EXPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "common/dump/header.h"
#include "common/pg/options.h"
#include "common/store/dynamodb/client.h"
#include "export/settings/settings.h"

typedef struct ExportOptions {
    CommonOptions common;
    const char *config;    /* --config; NULL: none */
    LakefsSettings lakefs; /* from it and from the environment */
    const char *file;      /* NULL or "-": standard output */
    bool force;            /* replace an existing file */
    int compression_level;
    bool no_sha256;                          /* --no-sha256 */
    int jobs;                                /* number of connections that read in parallel */
    const char *packages[DUMP_MAX_PACKAGES]; /* --package; if empty, all */
    size_t package_count;
    const char **repositories; /* --repository; if empty, all; owned */
    size_t repository_count;
    bool multiparts;        /* --multiparts: with --repository, all uploads in progress, too */
    bool from_kv;           /* --source=kv: a KV store, not the legacy tables */
    const char *table;      /* --table: the name of the KV table */
    const char *snapshot;   /* --snapshot: an exported snapshot to read in; may be NULL */
    const char *migrations; /* --migrations: the folder that gives the last schema version */
    bool list_tables;       /* --list-tables */
    bool dry_run;           /* check only, write nothing */
    bool has_as_of;         /* --as-of: read the kept tables of a migrated database ... */
    int64_t as_of;          /* ... as of this time, microseconds since 2000-01-01 00:00:00 UTC */
    bool strict;            /* fail if a row is left out */
    bool replace_invalid_utf8;
    bool redact;
    const char *redact_key_file; /* --redact-key-file; NULL: a random key */
    const char *basic_auth_user; /* --basic-auth-user: USER[:ACCESS_KEY]; NULL: none */
    bool no_settings;            /* --no-settings: no repository's rules */
    const char **no_settings_of; /* --no-settings=REPOSITORY; owned */
    size_t no_settings_count;
    SettingsOptions settings;
    const char *store; /* the name of a StoreDriver */
    DynamoOptions dynamodb;
} ExportOptions;

/* Whether a package is exported. */
bool export_options_choose(const ExportOptions *options, const char *package);

/* Whether a repository is exported. */
bool export_options_choose_repository(const ExportOptions *options, const char *id);

/* Whether the rules of a repository are exported. */
bool export_options_with_rules(const ExportOptions *options, const char *repository_id);

/* Reads the command line, then what it leaves open from lakeFS's variables and configuration. False
 * with EXIT_CODE_USAGE.  Free with export_options_free, also after a failure. */
bool export_options_parse(ExportOptions *options, int count, char **arguments, Error *error);
void export_options_free(ExportOptions *options);

/* Prints --help, --list-options. */
void export_options_help(void);
void export_options_list(void);

#endif
