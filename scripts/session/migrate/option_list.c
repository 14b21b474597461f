/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/option_list.h"

#include "common/dump/compression.h"
#include "common/pg/pgx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Passes an option on to another program, which checks it: see `seen`. */
static bool pass_on(void *options, char *argument, Error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    return true;
}

/* A setting of lakeFS's; the option takes precedence. */
#define LAKEFS_TEXT(member) OPTION_TEXT(MigrateOptions, lakefs.member)
#define LAKEFS_SWITCH(member, value) OPTION_CONSTANT(MigrateOptions, lakefs.member, value)

static const Option KV_OPTIONS[] = {
    {"kv-enabled", 0, NULL, "migrate to the KV store, too", NULL, NULL,
     LAKEFS_SWITCH(kv_enabled, SWITCH_ON)},
    {"keep-tables", 0, NULL, "do not drop the legacy tables", NULL, NULL,
     LAKEFS_SWITCH(drop_tables, SWITCH_OFF)},
    {"drop-tables", 0, NULL, "drop them (default)", NULL, NULL,
     LAKEFS_SWITCH(drop_tables, SWITCH_ON)},
    {"dump", 0, "FILE", "keep the dump in FILE", NULL, OPTION_FILES,
     OPTION_TEXT(MigrateOptions, dump), .once = true},
    {"force", 0, NULL, "replace an existing FILE", NULL, NULL, OPTION_FLAG(MigrateOptions, force)},
    {"compress", 'Z', "LEVEL", "zstd level of the dump", NULL, NULL,
     OPTION_NUMBER(MigrateOptions, compression_level, COMPRESSION_LEVEL_MIN,
                   COMPRESSION_LEVEL_MAX)},
    {"jobs", 'j', "NUM",
     "connections of the export, and of the import, that\n"
     "work in parallel (default: number of processors,\n"
     "at most " OPTION_NUMERAL(DEFAULT_JOBS_MAX) ")",
     NULL, NULL, OPTION_JOBS(MigrateOptions, jobs)},
    {"strict", 0, NULL, "a row that would be left out is an error", pass_on},
    {"invalid-utf8", 0, "ACTION",
     "refuse (default) text that is not UTF-8, or replace\n"
     "what is invalid",
     pass_on, "refuse replace"},
    {"blockstore-path", 0, "DIR", "root of local:// storage namespaces", NULL, OPTION_FOLDERS,
     LAKEFS_TEXT(blockstore_path)},
    {"block-storage-prefix", 0, "NAME", "folder of lakeFS's own objects (default: _lakefs)", NULL,
     NULL, LAKEFS_TEXT(block_storage_prefix)},
    {"s3-endpoint", 0, "URL", "server of s3:// storage namespaces (default: AWS)", NULL, NULL,
     LAKEFS_TEXT(s3_endpoint)},
    {"s3-region", 0, "NAME",
     "its region (default: AWS_REGION, the profile's, or\n"
     "us-east-1)",
     NULL, NULL, LAKEFS_TEXT(s3_region)},
    {"s3-force-path-style", 0, NULL, "do not put the bucket's name into the host name", NULL, NULL,
     LAKEFS_SWITCH(s3_force_path_style, SWITCH_ON)},
    {"settings-command", 0, "CMD",
     "for any kind of storage: CMD, in which {} is the\n"
     "object's URL, prints the object, or exits with code\n"
     "44 if there is none. The URL may be hostile: write\n"
     "PROGRAM {}, or sh -c '... \"$KV_SETTINGS_URL\"'",
     pass_on, OPTION_COMMANDS, .once = true},
    {"no-settings", 0, NULL,
     "skip branch protection rules (protected branches\n"
     "become unprotected!)",
     pass_on},
    {"no-settings", 0, "REPOSITORY", "skip those of this repository; may be repeated", pass_on,
     .repeats = true},
    {"basic-auth-user", 0, "USER",
     "make USER, or USER:ACCESS_KEY, the one user of\n"
     "lakeFS 1.33.0 and later, as basic-auth does",
     NULL, NULL, OPTION_TEXT(MigrateOptions, basic_auth_user), .once = true},
    {"target", 0, "STORE", "type of KV store: postgres (default) or dynamodb", NULL,
     "postgres dynamodb", OPTION_WORD(MigrateOptions, target)},
    {"dynamodb-table", 0, "NAME", "the table (default: kvstore)", NULL, NULL,
     LAKEFS_TEXT(dynamodb_table)},
    {"dynamodb-endpoint", 0, "URL", "the server (default: AWS)", NULL, NULL,
     LAKEFS_TEXT(dynamodb_endpoint)},
    {"aws-region", 0, "NAME", "its region (default: AWS_REGION, the profile's)", NULL, NULL,
     LAKEFS_TEXT(dynamodb_region)},
    {"dynamodb-read-capacity", 0, "NUM", "", NULL, NULL, LAKEFS_TEXT(dynamodb_read_capacity)},
    {"dynamodb-write-capacity", 0, "NUM",
     "capacity units of a table that is created (default:\n"
     "on demand)",
     NULL, NULL, LAKEFS_TEXT(dynamodb_write_capacity)},
    {"dynamodb-requests", 0, "NUM", "write requests in flight (default: 16)", pass_on},
    {"write-units", 0, "NUM", "write at most NUM capacity units a second", pass_on},
    {"on-event", 0, "CMD",
     "run CMD, with a JSON line on its standard input,\n"
     "when the cleanup failed after the migration",
     NULL, OPTION_COMMANDS, OPTION_TEXT(MigrateOptions, on_event), .once = true},
    {0},
};

static const Option GENERAL_OPTIONS[] = {
    {"config", 0, "FILE",
     "lakeFS's configuration (default: the first of\n"
     "config.yaml, ~/.lakefs/config.yaml,\n"
     "/etc/lakefs/config.yaml, ~/.lakefs.yaml\n"
     "that exists)",
     NULL, OPTION_FILES, OPTION_TEXT(MigrateOptions, config)},
    {"migrations", 0, "DIR", "folder of the schema migrations", NULL, OPTION_FOLDERS,
     OPTION_TEXT(MigrateOptions, migrations)},
    {"for", 0, "VERSION",
     "with config: the lakeFS that is to take the file\n"
     "(default: latest)",
     NULL, NULL, OPTION_TEXT(MigrateOptions, for_version)},
    {"from", 0, "FILE",
     "with rehearse: take the tables from FILE, a dump\n"
     "by pg_dump, or from standard input: -",
     NULL, OPTION_FILES, OPTION_TEXT(MigrateOptions, from), .once = true},
    {"report", 0, "FILE", "with rehearse: write the report to FILE, as HTML", NULL, OPTION_FILES,
     OPTION_TEXT(MigrateOptions, report), .once = true},
    {"bindir", 0, "DIR",
     "with rehearse: folder of PostgreSQL's server\n"
     "programs (default: as kv-replay finds it)",
     NULL, OPTION_FOLDERS, OPTION_TEXT(MigrateOptions, bindir)},
    {"new-database", 0, NULL,
     "with up: a database without lakeFS's tables is\n"
     "meant: make them, or with --kv-enabled a KV store",
     NULL, NULL, OPTION_FLAG(MigrateOptions, new_database)},
    {"lose-writes", 0, NULL,
     "with revert: go back even if lakeFS has written to\n"
     "the KV store since the migration",
     NULL, NULL, OPTION_FLAG(MigrateOptions, lose_writes)},
    {"dry-run", 0, NULL,
     "show what up or revert would do, and what would\n"
     "stop it, and change nothing",
     NULL, NULL, OPTION_FLAG(MigrateOptions, dry_run)},
    {"no-trial", 0, NULL, NULL, NULL, NULL, OPTION_FLAG(MigrateOptions, no_trial)},
    {"format", 0, "FORMAT", "of what a command prints: text (default) or json", NULL, "text json",
     OPTION_SWITCH(MigrateOptions, json)},
    {0},
};

static const OptionGroup KV_GROUP = {"The KV migration", KV_OPTIONS};
static const OptionGroup GENERAL_GROUP = {"General options", GENERAL_OPTIONS};

static const OptionGroup *const GROUPS[] = {&KV_GROUP, &GENERAL_GROUP, &COMMON_CONNECTION_GROUP,
                                            &COMMON_MESSAGE_GROUP, NULL};

static const char USAGE[] =
    "kv-migrate brings a legacy lakeFS database up to date.\n"
    "\n"
    "Usage:\n"
    "  kv-migrate up [OPTION]... [DBNAME]       schema migrations; with --kv-enabled\n"
    "                                           then the KV migration and the cleanup\n"
    "  kv-migrate status [OPTION]... [DBNAME]   show where the database stands\n"
    "  kv-migrate version [OPTION]... [DBNAME]  alias of status\n"
    "  kv-migrate verify [OPTION]... [DBNAME]   compare the KV store with the legacy\n"
    "                                           tables that up kept\n"
    "  kv-migrate rehearse [OPTION]... [DBNAME] migrate a copy of the tables on a\n"
    "                                           throw-away server, and report\n"
    "  kv-migrate cleanup [OPTION]... [DBNAME]  drop the legacy tables that up kept\n"
    "  kv-migrate revert [OPTION]... [DBNAME]   go back to the legacy tables that up\n"
    "                                           kept, and put the KV store aside\n"
    "  kv-migrate basic-auth [OPTION]... USER[:ACCESS_KEY] [DBNAME]\n"
    "                                           make USER the one user of lakeFS\n"
    "                                           1.33.0 and later, in a migrated store\n"
    "  kv-migrate config [OPTION]... FILE       print lakeFS's configuration as\n"
    "                                           today's takes it, and what was wrong";

static const char EPILOGUE[] =
    "Environment (an option beats it; it beats the configuration):\n"
    "  LAKEFS_DATABASE_CONNECTION_STRING, LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING,\n"
    "  LAKEFS_DATABASE_KV_ENABLED, LAKEFS_DATABASE_DROP_TABLES, LAKEFS_DATABASE_TYPE,\n"
    "  LAKEFS_BLOCKSTORE_TYPE, LAKEFS_BLOCKSTORE_LOCAL_PATH,\n"
    "  LAKEFS_BLOCKSTORE_S3_ENDPOINT, LAKEFS_BLOCKSTORE_S3_REGION,\n"
    "  LAKEFS_BLOCKSTORE_S3_FORCE_PATH_STYLE, LAKEFS_BLOCKSTORE_S3_PROFILE,\n"
    "  LAKEFS_BLOCKSTORE_S3_CREDENTIALS_FILE,\n"
    "  LAKEFS_BLOCKSTORE_S3_CREDENTIALS_ACCESS_KEY_ID,\n"
    "  LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SECRET_ACCESS_KEY,\n"
    "  LAKEFS_BLOCKSTORE_S3_CREDENTIALS_ACCESS_SECRET_KEY,\n"
    "  LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SESSION_TOKEN,\n"
    "  LAKEFS_AUTH_UI_CONFIG_RBAC, LAKEFS_AUTH_API_ENDPOINT,\n"
    "  LAKEFS_COMMITTED_BLOCK_STORAGE_PREFIX, LAKEFS_DATABASE_DYNAMODB_TABLE_NAME,\n"
    "  LAKEFS_DATABASE_DYNAMODB_ENDPOINT, LAKEFS_DATABASE_DYNAMODB_AWS_REGION,\n"
    "  LAKEFS_DATABASE_DYNAMODB_AWS_ACCESS_KEY_ID,\n"
    "  LAKEFS_DATABASE_DYNAMODB_AWS_SECRET_ACCESS_KEY,\n"
    "  LAKEFS_DATABASE_DYNAMODB_READ_CAPACITY_UNITS,\n"
    "  LAKEFS_DATABASE_DYNAMODB_WRITE_CAPACITY_UNITS,\n"
    "  libpq's PG* variables, and for s3:// storage and DynamoDB AWS's own\n"
    "\n"
    "Exit codes: 0 done or nothing to do, 1 usage, 2 connection, 3 failed before the\n"
    "stamp, 4 dump corrupt, 5 refused, 6 migrated but the cleanup failed";

/* Commands by name. */
static const struct {
    const char *name;
    MigrateCommand command;
} COMMANDS[] = {
    {"up", COMMAND_UP},         {"status", COMMAND_STATUS},         {"version", COMMAND_STATUS},
    {"verify", COMMAND_VERIFY}, {"rehearse", COMMAND_REHEARSE},     {"cleanup", COMMAND_CLEANUP},
    {"revert", COMMAND_REVERT}, {"basic-auth", COMMAND_BASIC_AUTH}, {"config", COMMAND_CONFIG},
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool add_written(Words *words, const Option *option, bool is_long, const char *argument,
                        Error *error)
{
    if (is_long) {
        return argument == NULL ? words_add_format(words, error, "--%s", option->name)
                                : words_add_format(words, error, "--%s=%s", option->name, argument);
    }
    return words_add_format(words, error, "-%c", option->letter) &&
           (argument == NULL || words_add(words, argument, error));
}

/* Keeps the parts of the database's name or connection string that are not secret. */
static bool add_database(MigrateOptions *options, Error *error)
{
    const char *dbname = options->common.pg.dbname;
    PgConninfo conninfo = {0};
    bool done = pgx_split_public(dbname, &conninfo, NULL, error);
    const char *shown = dbname;

    if (done && pg_conninfo_is_string(dbname)) {
        shown = conninfo.public_part;
        options->has_secret_argument |= conninfo.has_secrets;
    }
    done = done && words_add(&options->arguments, "-d", error) &&
           words_add(&options->arguments, shown, error) &&
           words_add(&options->place, "-d", error) && words_add(&options->place, shown, error);
    pg_conninfo_free(&conninfo);
    return done;
}

/* Whether an option has no meaning without the KV migration. */
static bool is_of_kv_migration(const char *name)
{
    for (const Option *option = KV_OPTIONS; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return strcmp(name, "kv-enabled") != 0;
        }
    }
    return false;
}

/* Whether a rehearsal passes the option to the migration of its copy: those of the KV migration but
 * for what it decides itself. */
static bool is_rehearsed(const char *name)
{
    static const char *const OTHERS[] = {"config", "migrations", NULL};
    static const char *const OWN[] = {"keep-tables", "drop-tables", "on-event", "target", NULL};

    return is_one_of(name, OTHERS) || (is_of_kv_migration(name) && !is_one_of(name, OWN));
}

/* Collects the options that are for other programs or for the restarted script. */
static bool seen(void *state, const Option *option, bool is_long, const char *argument,
                 Error *error)
{
    static const char *const OF_PLACE[] = {
        "host",       "port",   "username",   "no-password", "password",       "role",
        "schema",     "config", "migrations", "target",      "dynamodb-table", "dynamodb-endpoint",
        "aws-region", NULL};
    static const char *const OF_EXPORT[] = {
        "force",           "strict", "no-settings", "invalid-utf8", "settings-command",
        "basic-auth-user", NULL};
    static const char *const OF_IMPORT[] = {"dynamodb-requests", "write-units", NULL};
    static const char *const OF_DYNAMODB[] = {
        "dynamodb-table",          "dynamodb-endpoint", "aws-region",  "dynamodb-read-capacity",
        "dynamodb-write-capacity", "dynamodb-requests", "write-units", NULL};
    static const char *const OF_UP[] = {"kv-enabled", "keep-tables", "drop-tables", NULL};
    MigrateOptions *options = state;

    if (options->up_option == NULL && is_one_of(option->name, OF_UP)) {
        options->up_option = option->name;
    }
    options->has_basic_auth_option |= strcmp(option->name, "basic-auth-user") == 0;
    if (options->dynamodb_option == NULL && is_one_of(option->name, OF_DYNAMODB)) {
        options->dynamodb_option = option->name;
    }
    if (options->kv_option == NULL && is_of_kv_migration(option->name)) {
        options->kv_option = option->name;
    }
    if (strcmp(option->name, "dbname") == 0) {
        return add_database(options, error);
    }
    return add_written(&options->arguments, option, is_long, argument, error) &&
           (!is_one_of(option->name, OF_PLACE) ||
            add_written(&options->place, option, is_long, argument, error)) &&
           (!is_rehearsed(option->name) ||
            add_written(&options->migration, option, true, argument, error)) &&
           (!is_one_of(option->name, OF_EXPORT) ||
            add_written(&options->export_options, option, true, argument, error)) &&
           (!is_one_of(option->name, OF_IMPORT) ||
            add_written(&options->import_options, option, true, argument, error));
}

static const OptionTable TABLE = {.program = "kv-migrate",
                                  .usage = USAGE,
                                  .groups = GROUPS,
                                  .epilogue = EPILOGUE,
                                  .commands = "up status version verify rehearse cleanup revert "
                                              "basic-auth config",
                                  .operands = OPTION_DATABASES,
                                  .seen = seen};

static bool unknown_command(const char *command, Error *error)
{
    /* As somebody may have left out the command. */
    if (pg_conninfo_is_string(command)) {
        return option_unexpected(command, error);
    }
    error_set(error, EXIT_CODE_USAGE, "unknown command \"%s\"", command);
    return error_hint(error, "The commands are: %s help. Try --help.", TABLE.commands);
}

static bool take_operand(MigrateOptions *options, char *operand, Error *error)
{
    if (options->command == COMMAND_NONE) {
        if (strcmp(operand, "help") == 0 && !options->common.help) {
            options->common.help = true;
            return true;
        }
        for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
            if (strcmp(operand, COMMANDS[i].name) == 0) {
                options->command = COMMANDS[i].command;
                return words_add(&options->arguments, operand, error);
            }
        }
        return unknown_command(operand, error);
    }
    if (options->command == COMMAND_BASIC_AUTH && options->basic_auth_user == NULL) {
        options->basic_auth_user = operand;
        return words_add(&options->arguments, operand, error);
    }
    if (options->command == COMMAND_CONFIG && options->file == NULL) {
        options->file = operand;
        return words_add(&options->arguments, operand, error);
    }
    if (options->common.pg.dbname != NULL || options->command == COMMAND_CONFIG) {
        return option_unexpected(operand, error);
    }
    return common_options_set_dbname(&options->common, operand, error) &&
           add_database(options, error);
}

/* An empty name is probably an unset variable in a script. */
static bool refuse_empty(const MigrateOptions *options, Error *error)
{
    const struct {
        const char *name;
        const char *value;
    } NAMES[] = {{"dump", options->dump},     {"on-event", options->on_event},
                 {"config", options->config}, {"migrations", options->migrations},
                 {"from", options->from},     {"report", options->report},
                 {"bindir", options->bindir}, {"basic-auth-user", options->basic_auth_user}};

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (NAMES[i].value != NULL && NAMES[i].value[0] == '\0') {
            return error_set(error, EXIT_CODE_USAGE, "option --%s is empty", NAMES[i].name);
        }
    }
    return true;
}

bool option_list_parse(MigrateOptions *options, int count, char **arguments, Error *error)
{
    int next = 0;
    bool ended;

    if (!option_table_parse(&TABLE, options, count, arguments, &next, error) ||
        !refuse_empty(options, error)) {
        return false;
    }
    ended = options->common.help || options->common.version;
    /* What follows the command help is still checked: there is one help for all commands. */
    while (next < count && !ended) {
        if (!take_operand(options, arguments[next++], error)) {
            return false;
        }
    }
    return true;
}

void migrate_options_help(void)
{
    option_table_help(&TABLE, stdout);
}

void migrate_options_list(void)
{
    option_table_list(&TABLE, stdout);
}
