/* SPDX-License-Identifier: Apache-2.0 */
#include "export/options.h"

#include "common/config/apply.h"
#include "common/dump/compression.h"
#include "common/dump/fields.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/kv/time.h"
#include "common/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BLOCK_STORAGE_PREFIX "_lakefs"

static bool take_package(void *options, char *argument, Error *error)
{
    ExportOptions *export = options;
    size_t package;

    if (!option_word("--package", argument, KV_PACKAGE_WORDS, &package, error)) {
        return false;
    }
    if (export->package_count == DUMP_MAX_PACKAGES) {
        return error_set(error, EXIT_CODE_USAGE, "too many packages");
    }
    export->packages[export->package_count++] = KV_PACKAGE_NAMES[package];
    return true;
}

static bool take_as_of(void *options, char *argument, Error *error)
{
    ExportOptions *export = options;

    export->has_as_of = kv_timestamptz_from_text(slice_text(argument), &export->as_of);
    if (!export->has_as_of) {
        error_set(error, EXIT_CODE_USAGE, "option --as-of takes a time, not \"%s\"", argument);
        return error_hint(error, "Use the format of RFC 3339, such as 2024-02-29T12:00:00Z.");
    }
    return true;
}

/* Adds the id of a repository to a list. */
static bool add_repository(const char *option, const char *id, const char ***list, size_t *count,
                           Error *error)
{
    const char **longer;

    if (id[0] == '\0') {
        return error_set(error, EXIT_CODE_USAGE, "option --%s= names no repository", option);
    }
    if (!DUMP_FIELD_NAME.check(id)) {
        error_set(error, EXIT_CODE_USAGE,
                  "the repository of option --%s= has a longer name than the header of a dump can "
                  "hold",
                  option);
        return error_hint(error, "At most 255 bytes. --no-settings alone leaves out the rules of "
                                 "all repositories.");
    }
    longer = reallocarray(*list, *count + 1, sizeof *longer);
    if (longer == NULL) {
        return error_out_of_memory(error);
    }
    *list = longer;
    longer[(*count)++] = id;
    return true;
}

static bool take_no_settings(void *options, char *argument, Error *error)
{
    ExportOptions *export = options;

    return add_repository("no-settings", argument, &export->no_settings_of,
                          &export->no_settings_count, error);
}

/* Naming one twice is the same as once. */
static bool take_repository(void *options, char *argument, Error *error)
{
    ExportOptions *export = options;

    return (export->repository_count > 0 && export_options_choose_repository(export, argument)) ||
           add_repository("repository", argument, &export->repositories, &export->repository_count,
                          error);
}

static const Option GENERAL_OPTIONS[] = {
    {"file", 'f', "FILE", "output file (default: standard output)", NULL, OPTION_FILES,
     OPTION_TEXT(ExportOptions, file), .once = true},
    {"force", 0, NULL, "replace an existing file", NULL, NULL, OPTION_FLAG(ExportOptions, force)},
    {"jobs", 'j', "NUM",
     "read with NUM connections in parallel\n"
     "(default: number of processors, at most " OPTION_NUMERAL(DEFAULT_JOBS_MAX) ")",
     NULL, NULL, OPTION_JOBS(ExportOptions, jobs)},
    {"compress", 'Z', "LEVEL",
     "zstd level, " OPTION_NUMERAL(COMPRESSION_LEVEL_MIN) " to " OPTION_NUMERAL(
         COMPRESSION_LEVEL_MAX) " (default: " OPTION_NUMERAL(COMPRESSION_LEVEL_DEFAULT) "); "
                                                                                        "0: none",
     NULL, NULL,
     OPTION_NUMBER(ExportOptions, compression_level, COMPRESSION_LEVEL_MIN, COMPRESSION_LEVEL_MAX)},
    {"no-sha256", 0, NULL,
     "omit the SHA-256 of the stream, for a stream that\n"
     "is not kept; all other checksums stay",
     NULL, NULL, OPTION_FLAG(ExportOptions, no_sha256)},
    {"config", 0, "FILE",
     "lakeFS's configuration: connection, storage and\n"
     "credentials, unless options or LAKEFS_* variables\n"
     "give them",
     NULL, OPTION_FILES, OPTION_TEXT(ExportOptions, config)},
    {"migrations", 0, "DIR",
     "take the last schema version from the schema\n"
     "migrations in DIR",
     NULL, OPTION_FOLDERS, OPTION_TEXT(ExportOptions, migrations)},
    {"list-tables", 0, NULL, "print the names of the legacy tables, then exit", NULL, NULL,
     OPTION_FLAG(ExportOptions, list_tables)},
    {"dry-run", 0, NULL,
     "make all checks that do not read every row, and\n"
     "fetch the branch protection rules; write nothing",
     NULL, NULL, OPTION_FLAG(ExportOptions, dry_run)},
    {0},
};

static const Option SOURCE_OPTIONS[] = {
    {"source", 0, "KIND",
     "legacy (default): the tables of lakeFS before the\n"
     "KV store; kv: a KV store as it is",
     NULL, DUMP_SOURCE_LEGACY " " DUMP_SOURCE_KV, OPTION_SWITCH(ExportOptions, from_kv)},
    {"table", 0, "NAME",
     "name of the KV table, with --source=kv\n"
     "(default: " KV_TABLE_NAME ")",
     NULL, NULL, OPTION_TEXT(ExportOptions, table)},
    {"store", 0, "STORE", "with --source=kv: postgres (default) or dynamodb", NULL,
     "postgres dynamodb", OPTION_WORD(ExportOptions, store)},
    OPTION_DYNAMODB_ROWS("with --store=dynamodb: the table\n", ExportOptions, dynamodb),
    {"package", 'n', "NAME",
     "export only this package; may be repeated: actions,\n"
     "auth, graveler, multiparts, or other (partitions\n"
     "of a KV store that belong to no package)",
     take_package, KV_PACKAGE_WORDS, .repeats = true},
    {"repository", 0, "NAME",
     "export only this repository, with all that belongs\n"
     "to it; may be repeated",
     take_repository, .repeats = true},
    {"multiparts", 0, NULL,
     "with --repository: also multipart uploads, of all\n"
     "repositories, as it is not known whose they are",
     NULL, NULL, OPTION_FLAG(ExportOptions, multiparts)},
    {"snapshot", 0, "NAME", "read in the exported snapshot NAME", NULL, NULL,
     OPTION_TEXT(ExportOptions, snapshot)},
    {"as-of", 0, "TIME",
     "read the kept tables of a migrated database, as\n"
     "they were at TIME, such as 2024-02-29T12:00:00Z",
     take_as_of, .once = true},
    {"strict", 0, NULL, "fail if a row would be left out", NULL, NULL,
     OPTION_FLAG(ExportOptions, strict)},
    {"invalid-utf8", 0, "ACTION",
     "refuse (default) text that is not UTF-8, or replace\n"
     "invalid bytes with U+FFFD",
     NULL, "refuse replace", OPTION_SWITCH(ExportOptions, replace_invalid_utf8)},
    {"basic-auth-user", 0, "USER",
     "add the entries that make USER, or USER:ACCESS_KEY,\n"
     "the one user of lakeFS 1.33.0 and later",
     NULL, NULL, OPTION_TEXT(ExportOptions, basic_auth_user), .once = true},
    {"redact", 0, NULL,
     "omit secrets and replace names with pseudonyms,\n"
     "for a dump you hand to someone else",
     NULL, NULL, OPTION_FLAG(ExportOptions, redact)},
    {"redact-key-file", 0, "FILE",
     "key for the pseudonyms, to keep them the same\n"
     "across dumps (default: random, not stored)",
     NULL, OPTION_FILES, OPTION_TEXT(ExportOptions, redact_key_file)},
    {0},
};

static const Option RULES_OPTIONS[] = {
    {"blockstore-path", 0, "DIR", "root of local:// storage namespaces", NULL, OPTION_FOLDERS,
     OPTION_TEXT(ExportOptions, settings.blockstore_path)},
    {"block-storage-prefix", 0, "NAME",
     "folder of lakeFS's own objects\n"
     "(default: " DEFAULT_BLOCK_STORAGE_PREFIX ")",
     NULL, NULL, OPTION_TEXT(ExportOptions, settings.block_storage_prefix)},
    {"s3-endpoint", 0, "URL", "server of s3:// storage namespaces (default: AWS)", NULL, NULL,
     OPTION_TEXT(ExportOptions, settings.s3_endpoint)},
    {"s3-region", 0, "NAME",
     "its region (default: AWS_REGION, the profile's, or\n"
     "us-east-1)",
     NULL, NULL, OPTION_TEXT(ExportOptions, settings.s3_region)},
    {"s3-force-path-style", 0, NULL, "do not put the bucket's name into the host name", NULL, NULL,
     OPTION_FLAG(ExportOptions, settings.s3_force_path_style)},
    {"settings-command", 0, "CMD",
     "for any kind of storage: CMD, in which {} is the\n"
     "object's URL, prints the object, or exits with code\n"
     "44 if there is none. The URL may be hostile: write\n"
     "PROGRAM {}, or sh -c '... \"$KV_SETTINGS_URL\"'",
     NULL, OPTION_COMMANDS, OPTION_TEXT(ExportOptions, settings.command), .once = true},
    {"no-settings", 0, NULL,
     "skip branch protection rules (protected branches\n"
     "become unprotected!)",
     NULL, NULL, OPTION_FLAG(ExportOptions, no_settings)},
    {"no-settings", 0, "REPOSITORY", "skip those of this repository; may be repeated",
     take_no_settings, .repeats = true},
    {0},
};

static const OptionTable TABLE = {
    .program = "kv-export",
    .usage = "kv-export writes the KV entries of a lakeFS database, legacy or KV, to a dump.\n"
             "\n"
             "Usage:\n"
             "  kv-export [OPTION]... [DBNAME]",
    .groups =
        (const OptionGroup *const[]){
            &(const OptionGroup){"General options", GENERAL_OPTIONS},
            &(const OptionGroup){"What is exported", SOURCE_OPTIONS},
            &(const OptionGroup){"Branch protection rules (read from the repositories' storage)",
                                 RULES_OPTIONS},
            &COMMON_CONNECTION_GROUP, &COMMON_MESSAGE_GROUP, NULL},
    .epilogue = "Example:\n"
                "  kv-export -d postgres://lakefs@db/lakefs --blockstore-path=/data -f kv.dump",
    .operands = OPTION_DATABASES,
};

bool export_options_choose_repository(const ExportOptions *options, const char *id)
{
    for (size_t i = 0; i < options->repository_count; i++) {
        if (strcmp(options->repositories[i], id) == 0) {
            return true;
        }
    }
    return options->repository_count == 0;
}

/* The packages that a repository has entries in. */
static bool is_of_repository(const ExportOptions *options, const char *package)
{
    return strcmp(package, KV_PACKAGE_NAMES[KV_PACKAGE_ACTIONS]) == 0 ||
           strcmp(package, KV_PACKAGE_NAMES[KV_PACKAGE_GRAVELER]) == 0 ||
           (options->multiparts && strcmp(package, KV_PACKAGE_NAMES[KV_PACKAGE_MULTIPARTS]) == 0);
}

bool export_options_choose(const ExportOptions *options, const char *package)
{
    if (options->repository_count > 0) {
        return is_of_repository(options, package);
    }
    for (size_t i = 0; i < options->package_count; i++) {
        if (strcmp(options->packages[i], package) == 0) {
            return true;
        }
    }
    return options->package_count == 0;
}

bool export_options_with_rules(const ExportOptions *options, const char *repository_id)
{
    for (size_t i = 0; i < options->no_settings_count; i++) {
        if (strcmp(options->no_settings_of[i], repository_id) == 0) {
            return false;
        }
    }
    return !options->no_settings;
}

void export_options_help(void)
{
    option_table_help(&TABLE, stdout);
}

void export_options_list(void)
{
    option_table_list(&TABLE, stdout);
}

static bool names_rules_storage(const SettingsOptions *settings)
{
    return settings->blockstore_path != NULL || settings->command != NULL ||
           settings->s3_endpoint != NULL || settings->s3_region != NULL ||
           settings->s3_force_path_style;
}

/* Whether an option was given that only a store in PostgreSQL has. */
static bool names_postgres(const ExportOptions *options)
{
    const PgOptions *pg = &options->common.pg;

    return options->table != NULL || options->snapshot != NULL || pg->dbname != NULL ||
           pg->host != NULL || pg->port != NULL || pg->user != NULL;
}

/* The KV store as lakeFS's settings describe it. */
static bool take_store(ExportOptions *options, Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;
    Words variables = {0};
    bool done = true;

    if (!names_postgres(options)) {
        option_set_default(&options->store, lakefs->database_type);
    }
    if (options->store != NULL && store_find(options->store) == NULL) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "lakeFS's settings name a KV store of type \"%s\", which cannot be read",
                         options->store);
    }
    if (options->store != NULL && store_find(options->store) == &STORE_DYNAMODB) {
        option_set_default(&options->dynamodb.table, lakefs->dynamodb_table);
        option_set_default(&options->dynamodb.endpoint, lakefs->dynamodb_endpoint);
        option_set_default(&options->dynamodb.region, lakefs->dynamodb_region);
        done = lakefs_apply_dynamodb(lakefs, &variables, error) &&
               words_set_environment(&variables, error);
        words_free(&variables);
        return done;
    }
    return lakefs_apply_connection(lakefs_settings_kv_database(lakefs), &options->common, error);
}

/* The legacy database, and the storage of branch protection rules. */
static bool take_legacy(ExportOptions *options, Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;
    SettingsOptions *settings = &options->settings;
    Words variables = {0};
    bool done;

    option_set_default(&settings->blockstore_path, lakefs->blockstore_path);
    option_set_default(&settings->block_storage_prefix, lakefs->block_storage_prefix);
    option_set_default(&settings->s3_endpoint, lakefs->s3_endpoint);
    option_set_default(&settings->s3_region, lakefs->s3_region);
    settings->s3_force_path_style |= lakefs->s3_force_path_style == SWITCH_ON;
    done =
        lakefs_apply_s3(lakefs, &variables, error) && words_set_environment(&variables, error) &&
        lakefs_apply_connection(lakefs_settings_legacy_database(lakefs), &options->common, error);
    words_free(&variables);
    return done;
}

/* kv-migrate has read lakeFS's settings itself. */
static bool read_lakefs_settings(ExportOptions *options, Error *error)
{
    const CommonOptions *common = &options->common;

    if (common->supervised || common->help || common->version || common->list_options ||
        options->list_tables) {
        return true;
    }
    return lakefs_settings_read(&options->lakefs, options->config, false, NULL, error) &&
           (options->from_kv ? take_store(options, error) : take_legacy(options, error));
}

static void set_defaults(ExportOptions *options)
{
    static const char PREFIX[] = DEFAULT_BLOCK_STORAGE_PREFIX;

    option_set_default(&options->store, STORE_POSTGRES.name);
    option_set_default(&options->dynamodb.table, DYNAMO_TABLE_NAME);
    option_set_default(&options->table, KV_TABLE_NAME);
    option_set_default(&options->settings.block_storage_prefix, PREFIX);
}

/* Checks options that only one store has. */
static bool check_store_options(const ExportOptions *options, Error *error)
{
    const DynamoOptions *dynamodb = &options->dynamodb;
    const StoreDriver *store =
        store_find(options->store == NULL ? STORE_POSTGRES.name : options->store);

    if (options->store != NULL && !options->from_kv) {
        return error_set(error, EXIT_CODE_USAGE, "option --store requires --source=kv");
    }
    if (store != &STORE_DYNAMODB &&
        (dynamodb->table != NULL || dynamodb->endpoint != NULL || dynamodb->region != NULL)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-... and --aws-region require --store=dynamodb");
    }
    if (store == &STORE_DYNAMODB && names_postgres(options)) {
        error_set(error, EXIT_CODE_USAGE, "an option requires --store=postgres");
        return error_detail(error, "Options --table, --snapshot and those of the connection do: a "
                                   "DynamoDB table is read without PostgreSQL.");
    }
    return true;
}

/* Refuses options that would have no effect. */
static bool check_combination(const ExportOptions *options, Error *error)
{
    if (options->list_tables && options->dry_run) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --list-tables and --dry-run exclude each other");
    }
    if (options->redact_key_file != NULL && !options->redact) {
        return error_set(error, EXIT_CODE_USAGE, "option --redact-key-file requires --redact");
    }
    if (options->from_kv &&
        (options->strict || options->replace_invalid_utf8 || options->no_settings ||
         options->no_settings_count > 0 || options->has_as_of || options->basic_auth_user != NULL ||
         names_rules_storage(&options->settings))) {
        error_set(error, EXIT_CODE_USAGE, "an option requires --source=legacy");
        return error_detail(
            error, "Options --strict, --invalid-utf8, --as-of, --basic-auth-user, --no-settings "
                   "and those for branch protection rules do: a KV store is exported as it is.");
    }
    if (options->basic_auth_user != NULL &&
        !export_options_choose(options, KV_PACKAGE_NAMES[KV_PACKAGE_AUTH])) {
        return error_set(error, EXIT_CODE_USAGE, "option --basic-auth-user requires package auth");
    }
    if (options->repository_count > 0 && options->package_count > 0) {
        error_set(error, EXIT_CODE_USAGE, "options --repository and --package exclude each other");
        return error_hint(error, "A repository has entries in packages actions and graveler; with "
                                 "--multiparts also in multiparts.");
    }
    if (options->multiparts && options->repository_count == 0) {
        return error_set(error, EXIT_CODE_USAGE, "option --multiparts requires --repository");
    }
    if (!options->from_kv && options->table != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --table requires --source=kv");
    }
    for (size_t i = 0; !options->from_kv && i < options->package_count; i++) {
        if (options->packages[i] == KV_PACKAGE_NAMES[KV_PACKAGE_OTHER]) {
            return error_set(error, EXIT_CODE_USAGE, "package %s requires --source=kv",
                             options->packages[i]);
        }
    }
    return true;
}

bool export_options_parse(ExportOptions *options, int count, char **arguments, Error *error)
{
    int next;

    *options = (ExportOptions){.compression_level = COMPRESSION_LEVEL_DEFAULT,
                               .jobs = option_default_jobs()};
    common_options_init(&options->common, TABLE.program);
    if (!option_table_parse(&TABLE, options, count, arguments, &next, error)) {
        return false;
    }
    if (next < count && options->common.pg.dbname == NULL &&
        !common_options_set_dbname(&options->common, arguments[next++], error)) {
        return false;
    }
    if (next < count) {
        return option_unexpected(arguments[next], error);
    }
    if (!check_combination(options, error) || !check_store_options(options, error) ||
        !read_lakefs_settings(options, error)) {
        return false;
    }
    set_defaults(options);
    return dynamo_options_check(&options->dynamodb, error) &&
           settings_check(&options->settings, error);
}

void export_options_free(ExportOptions *options)
{
    free(options->no_settings_of);
    free(options->repositories);
    lakefs_settings_free(&options->lakefs);
    common_options_free(&options->common);
}
