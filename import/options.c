/* SPDX-License-Identifier: Apache-2.0 */
#include "import/options.h"

#include "common/config/apply.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/pg/conninfo.h"
#include "common/store/target.h"
#include "import/option_list.h"
#include "import/restore/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void import_options_help(void)
{
    option_table_help(&IMPORT_OPTION_TABLE, stdout);
}

void import_options_list(void)
{
    option_table_list(&IMPORT_OPTION_TABLE, stdout);
}

static bool is_standard_input(const char *file)
{
    return file == NULL || strcmp(file, "-") == 0;
}

static bool is_dynamodb(const ImportOptions *options)
{
    return options->target != NULL && target_find(options->target) == &TARGET_DYNAMODB;
}

/* Whether an option was given that only a store in PostgreSQL has. */
static bool names_postgres(const ImportOptions *options)
{
    const PgOptions *pg = &options->common.pg;

    return pg->dbname != NULL || pg->host != NULL || pg->port != NULL || pg->user != NULL ||
           options->store.table != NULL || options->store.partitions > 0;
}

/* Whether options name a database beside DynamoDB.  Environment variables do not count: they may be
 * set for other programs. */
static bool names_legacy_database(const ImportOptions *options)
{
    const PgOptions *pg = &options->common.pg;

    return pg->dbname != NULL || pg->host != NULL || pg->port != NULL || pg->user != NULL ||
           options->store.lock_held_by != 0;
}

/* What a database is needed for; NULL: no database is needed. */
static const char *database_purpose(ImportAction action)
{
    switch (action) {
    case IMPORT_LOAD:
        return "load into";
    case IMPORT_RESTORE:
        return "restore into";
    case IMPORT_VERIFY:
    case IMPORT_DIFF_STORE:
        return "compare with";
    case IMPORT_CHECK_TARGET:
        return "check";
    case IMPORT_DIGEST:
        return "read";
    case IMPORT_UNDO:
    case IMPORT_FORGET:
        return "change";
    case IMPORT_LIST:
    case IMPORT_CHECK:
    case IMPORT_PRINT:
    case IMPORT_DIFF:
        break;
    }
    return NULL;
}

/* Capacity units of lakeFS's settings are text. */
static bool take_units(uint64_t *units, const char *setting, const char *name, Error *error)
{
    long number;

    if (*units > 0 || setting == NULL || setting[0] == '\0') {
        return true;
    }
    if (!option_number(name, setting, 1, UNITS_MAX, &number, error)) {
        return false;
    }
    *units = (uint64_t)number;
    return true;
}

static bool take_dynamodb(ImportOptions *options, Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;
    DynamoTargetOptions *dynamodb = &options->store.dynamodb;
    Words variables = {0};
    bool done;

    option_set_default(&dynamodb->table.table, lakefs->dynamodb_table);
    option_set_default(&dynamodb->table.endpoint, lakefs->dynamodb_endpoint);
    option_set_default(&dynamodb->table.region, lakefs->dynamodb_region);
    done = take_units(&dynamodb->capacity.read, lakefs->dynamodb_read_capacity,
                      "database.dynamodb.read_capacity_units", error) &&
           take_units(&dynamodb->capacity.write, lakefs->dynamodb_write_capacity,
                      "database.dynamodb.write_capacity_units", error) &&
           lakefs_apply_dynamodb(lakefs, &variables, error) &&
           words_set_environment(&variables, error);
    words_free(&variables);
    return done;
}

/* What lakeFS's settings say of the target; kv-migrate has read them itself. */
static bool read_lakefs_settings(ImportOptions *options, Error *error)
{
    const CommonOptions *common = &options->common;
    LakefsSettings *lakefs = &options->lakefs;

    if (common->supervised || common->help || common->version || common->list_options) {
        return true;
    }
    if (!lakefs_settings_read(lakefs, options->config, false, NULL, error)) {
        return false;
    }
    if (!names_postgres(options)) {
        option_set_default(&options->target, lakefs->database_type);
    }
    if (options->target != NULL && target_find(options->target) == NULL) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "lakeFS's settings name a KV store of type \"%s\", which cannot be loaded",
                         options->target);
    }
    if (options->target != NULL && is_dynamodb(options)) {
        return take_dynamodb(options, error);
    }
    return database_purpose(options->action) == NULL ||
           lakefs_apply_connection(lakefs_settings_kv_database(lakefs), &options->common, error);
}

/* A load never falls back to the database that has the user's name, as libpq would. */
static bool check_database(const ImportOptions *options, Error *error)
{
    const char *purpose = database_purpose(options->action);

    if (purpose == NULL || is_dynamodb(options) || options->common.pg.dbname != NULL ||
        options->common.help || options->common.version || options->common.list_options ||
        getenv("PGDATABASE") != NULL || getenv("PGSERVICE") != NULL) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "no database to %s", purpose);
    return error_hint(error, "Specify it with --dbname, or inspect the dump with --list, --print "
                             "or --check.");
}

/* Checks options that only one target has. */
static bool check_store_options(const ImportOptions *options, Error *error)
{
    const DynamoTargetOptions *dynamodb = &options->store.dynamodb;
    bool named = dynamodb->table.table != NULL || dynamodb->table.endpoint != NULL ||
                 dynamodb->table.region != NULL || dynamodb->capacity.read > 0 ||
                 dynamodb->capacity.write > 0 || dynamodb->write_units > 0 ||
                 dynamodb->requests > 0;

    if (named && !is_dynamodb(options)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-..., --aws-region and --write-units require "
                         "--target=dynamodb");
    }
    if (is_dynamodb(options) && (options->store.in_place || options->action == IMPORT_UNDO ||
                                 options->action == IMPORT_FORGET)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --in-place, --undo and --forget require --target=postgres");
    }
    if (is_dynamodb(options) && (options->store.table != NULL || options->store.partitions > 0)) {
        error_set(error, EXIT_CODE_USAGE,
                  "options --table and --partitions require --target=postgres");
        return error_hint(error, "Specify the name of a DynamoDB table with --dynamodb-table.");
    }
    if (is_dynamodb(options) &&
        (options->action == IMPORT_VERIFY || options->action == IMPORT_DIFF_STORE) &&
        names_legacy_database(options)) {
        error_set(error, EXIT_CODE_USAGE, "option --%s with --target=dynamodb takes no database",
                  options->action == IMPORT_VERIFY ? "verify" : "diff");
        return error_hint(error, "Omit the connection options.");
    }
    if (is_dynamodb(options) && options->action == IMPORT_RESTORE &&
        names_legacy_database(options)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "with --target=dynamodb, options --repository and --package take no "
                         "database");
    }
    if ((dynamodb->capacity.read > 0) != (dynamodb->capacity.write > 0)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-read-capacity and --dynamodb-write-capacity must be "
                         "used together");
    }
    return true;
}

static bool set_defaults(ImportOptions *options, Error *error)
{
    DynamoTargetOptions *dynamodb = &options->store.dynamodb;

    option_set_default(&options->target, TARGET_POSTGRES.name);
    options->store.pg = &options->common.pg;
    options->store.schema = options->common.schema;
    options->store.lock_wait_timeout_ms = options->common.lock_wait_timeout_ms;
    dynamodb->has_database = is_dynamodb(options) && names_legacy_database(options);
    options->store.table = options->store.table == NULL ? KV_TABLE_NAME : options->store.table;
    options->store.partitions =
        options->store.partitions == 0 ? DEFAULT_PARTITIONS : options->store.partitions;
    dynamodb->requests = dynamodb->requests == 0 ? DEFAULT_REQUESTS : dynamodb->requests;
    if (dynamodb->table.table == NULL) {
        dynamodb->table.table = DYNAMO_TABLE_NAME;
    }
    return dynamo_options_check(&dynamodb->table, error);
}

static bool is_diff(const ImportOptions *options)
{
    return options->action == IMPORT_DIFF || options->action == IMPORT_DIFF_STORE;
}

/* Whether options say which store to use.  The environment does not count: it may be set for the
 * program whose dump comes through a pipe. */
static bool names_store(const ImportOptions *options)
{
    return names_postgres(options) || options->target != NULL || options->config != NULL;
}

/* --diff compares with a dump, unless there is no dump and a store is named. */
static bool choose_diff(ImportOptions *options, Error *error)
{
    if (options->diff == NULL) {
        return true;
    }
    if (options->action != IMPORT_LOAD) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --diff cannot be combined with --list, --check, --print, "
                         "--verify or --check-target");
    }
    options->action =
        options->file == NULL && names_store(options) ? IMPORT_DIFF_STORE : IMPORT_DIFF;
    if (options->action == IMPORT_DIFF && names_store(options)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --diff compares with a dump or with a KV store, not with both");
    }
    if (options->action == IMPORT_DIFF && is_standard_input(options->diff) &&
        is_standard_input(options->file)) {
        error_set(error, EXIT_CODE_USAGE, "standard input cannot be both dumps");
        return error_hint(error, "Name the newer dump as the argument, or a KV store with --dbname "
                                 "or --target.");
    }
    if (options->allow_redacted || options->allow_incomplete) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --allow-redacted and --allow-incomplete have no effect with "
                         "--diff");
    }
    return true;
}

/* Which formats there are depends on the action. */
static bool check_format(ImportOptions *options, Error *error)
{
    const char *format = options->format;

    if (format == NULL) {
        return true;
    }
    options->json = strcmp(format, "json") == 0;
    options->print.lakefs_kv = strcmp(format, "lakefs-kv") == 0;
    if (options->print.lakefs_kv && options->action != IMPORT_PRINT) {
        return error_set(error, EXIT_CODE_USAGE, "option --format=lakefs-kv requires --print");
    }
    return !options->print.lakefs_kv || !options->print.raw ||
           error_set(error, EXIT_CODE_USAGE,
                     "options --format=lakefs-kv and --raw exclude each other");
}

/* Refuses options that would have no effect: above all, a filter given to a load would be a
 * misunderstanding. */
static bool check_combination(const ImportOptions *options, Error *error)
{
    const PrintOptions *print = &options->print;

    if (options->action != IMPORT_PRINT &&
        (print->partition != NULL || print->prefix != NULL || print->limit >= 0)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --partition, --prefix and --limit require --print");
    }
    if (print->raw && options->action != IMPORT_PRINT && !(is_diff(options) && options->json)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --raw requires --print, or --diff and --format=json");
    }
    if (options->action != IMPORT_PRINT && options->action != IMPORT_RESTORE &&
        options->package != NULL) {
        error_set(error, EXIT_CODE_USAGE, "option --package works with --print, and with a load");
        return error_hint(error, is_diff(options)
                                     ? "Omit it: --diff compares whole stores, and says of every "
                                       "change which package it is in with --format=json."
                                     : "Omit it: only --print and a load can be limited to a "
                                       "package.");
    }
    if (options->store.clean && options->action != IMPORT_LOAD &&
        options->action != IMPORT_CHECK_TARGET && options->action != IMPORT_RESTORE) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --clean works with a load, and with --check-target");
    }
    if (options->action != IMPORT_VERIFY && options->second_reading != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --second-reading requires --verify");
    }
    if (options->action != IMPORT_CHECK_TARGET && options->store.not_migrated) {
        return error_set(error, EXIT_CODE_USAGE, "option --not-migrated requires --check-target");
    }
    if (options->action == IMPORT_CHECK_TARGET && options->file != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --check-target takes no dump");
    }
    if ((options->action == IMPORT_UNDO || options->action == IMPORT_FORGET) &&
        options->file != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "options --undo and --forget take no dump");
    }
    if (!options->store.clean && (options->store.in_place || options->allow_other_version)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --in-place and --allow-other-version require --clean");
    }
    if (options->action != IMPORT_LIST && options->action != IMPORT_CHECK_TARGET &&
        !is_diff(options) && options->action != IMPORT_RESTORE && options->json) {
        error_set(error, EXIT_CODE_USAGE,
                  "option --format requires --list, --diff, --check-target, --repository or "
                  "--package");
        return error_hint(error, "To set the format of messages, use --log-format.");
    }
    return true;
}

bool import_options_parse(ImportOptions *options, int count, char **arguments, Error *error)
{
    int next;

    *options = (ImportOptions){
        .action = IMPORT_LOAD, .print = {.limit = -1}, .store.jobs = option_default_jobs()};
    common_options_init(&options->common, IMPORT_OPTION_TABLE.program);
    if (!option_table_parse(&IMPORT_OPTION_TABLE, options, count, arguments, &next, error)) {
        return false;
    }
    if (next < count) {
        options->file = arguments[next++];
        /* The error for a missing file repeats its name, and a connection string may contain a
         * password. */
        if (pg_conninfo_is_string(options->file) && access(options->file, F_OK) != 0) {
            error_set(error, EXIT_CODE_USAGE,
                      "file does not exist, and its name looks like a connection string");
            return error_hint(error,
                              "Pass the database with --dbname, and the dump as the argument.");
        }
    }
    if (next < count) {
        return option_unexpected(arguments[next], error);
    }
    if (!check_format(options, error) || !choose_diff(options, error)) {
        return false;
    }
    restore_options_choose(options);
    return check_combination(options, error) && restore_options_check(options, error) &&
           check_store_options(options, error) && read_lakefs_settings(options, error) &&
           set_defaults(options, error) && check_database(options, error);
}

void import_options_free(ImportOptions *options)
{
    lakefs_settings_free(&options->lakefs);
    common_options_free(&options->common);
}

StoreOptions import_options_store(const ImportOptions *options)
{
    return (StoreOptions){
        .pg = options->store.pg,
        .dynamodb = &options->store.dynamodb.table,
        .schema = options->common.schema,
        .table = options->store.table,
        .lock_wait_timeout_ms = options->common.lock_wait_timeout_ms,
        .jobs = options->store.jobs,
    };
}
