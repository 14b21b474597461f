#include "scripts/session/migrate/option_list.h"

#include "common/base/environment.h"
#include "common/dump/compression.h"
#include "common/pg/conninfo.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#define DEFAULT_JOBS_LIMIT 8

/* Handlers: (options, argument, error). */
#define HANDLER(name) static bool name(void *state, char *argument, Error *error)

HANDLER(take_kv_enabled)
{
    (void)argument, (void)error;
    ((MigrateOptions *)state)->lakefs.kv_enabled = SWITCH_ON;
    return true;
}

HANDLER(take_keep_tables)
{
    (void)argument, (void)error;
    ((MigrateOptions *)state)->lakefs.drop_tables = SWITCH_OFF;
    return true;
}

HANDLER(take_drop_tables)
{
    (void)argument, (void)error;
    ((MigrateOptions *)state)->lakefs.drop_tables = SWITCH_ON;
    return true;
}

HANDLER(take_dry_run)
{
    (void)argument, (void)error;
    ((MigrateOptions *)state)->dry_run = true;
    return true;
}

HANDLER(take_dump)
{
    (void)error;
    ((MigrateOptions *)state)->dump = argument[0] == '\0' ? NULL : argument;
    return true;
}

HANDLER(take_on_event)
{
    (void)error;
    ((MigrateOptions *)state)->on_event = argument[0] == '\0' ? NULL : argument;
    return true;
}

HANDLER(take_config)
{
    (void)error;
    ((MigrateOptions *)state)->config = argument[0] == '\0' ? NULL : argument;
    return true;
}

HANDLER(take_migrations)
{
    (void)error;
    ((MigrateOptions *)state)->migrations = argument;
    return true;
}

HANDLER(take_format)
{
    MigrateOptions *options = state;

    options->json = strcmp(argument, "json") == 0;
    return options->json || strcmp(argument, "text") == 0 ||
           error_set(error, EXIT_CODE_USAGE, "option --format takes text or json, not \"%s\"",
                     argument);
}

HANDLER(take_jobs)
{
    MigrateOptions *options = state;

    options->has_jobs = true;
    return option_jobs(argument, &options->jobs, error);
}

HANDLER(take_compress)
{
    MigrateOptions *options = state;
    long level = 0;

    if (!option_number("--compress", argument, COMPRESSION_LEVEL_MIN, COMPRESSION_LEVEL_MAX, &level,
                       error)) {
        return false;
    }
    options->has_compression_level = true;
    options->compression_level = (int)level;
    return true;
}

/* Replaces a setting of lakeFS's, which it beats. */
static bool replace(char **setting, const char *argument, Error *error)
{
    free(*setting);
    *setting = argument[0] == '\0' ? NULL : strdup(argument);
    return *setting != NULL || argument[0] == '\0' || error_out_of_memory(error);
}

HANDLER(take_blockstore_path)
{
    return replace(&((MigrateOptions *)state)->lakefs.blockstore_path, argument, error);
}

HANDLER(take_block_storage_prefix)
{
    return replace(&((MigrateOptions *)state)->lakefs.block_storage_prefix, argument, error);
}

HANDLER(take_s3_endpoint)
{
    return replace(&((MigrateOptions *)state)->lakefs.s3_endpoint, argument, error);
}

HANDLER(take_s3_region)
{
    return replace(&((MigrateOptions *)state)->lakefs.s3_region, argument, error);
}

HANDLER(take_s3_force_path_style)
{
    (void)argument, (void)error;
    ((MigrateOptions *)state)->lakefs.s3_force_path_style = SWITCH_ON;
    return true;
}

HANDLER(take_target)
{
    (void)error;
    ((MigrateOptions *)state)->target = argument;
    return true;
}

HANDLER(take_dynamodb_table)
{
    return replace(&((MigrateOptions *)state)->lakefs.dynamodb_table, argument, error);
}

HANDLER(take_dynamodb_endpoint)
{
    return replace(&((MigrateOptions *)state)->lakefs.dynamodb_endpoint, argument, error);
}

HANDLER(take_aws_region)
{
    return replace(&((MigrateOptions *)state)->lakefs.dynamodb_region, argument, error);
}

HANDLER(take_read_capacity)
{
    return replace(&((MigrateOptions *)state)->lakefs.dynamodb_read_capacity, argument, error);
}

HANDLER(take_write_capacity)
{
    return replace(&((MigrateOptions *)state)->lakefs.dynamodb_write_capacity, argument, error);
}

/* For another program, which checks it: see `seen`. */
HANDLER(pass_on)
{
    (void)state, (void)argument, (void)error;
    return true;
}

static const Option KV_OPTIONS[] = {
    {"kv-enabled", 0, NULL, "migrate to the KV store, too", take_kv_enabled, NULL},
    {"keep-tables", 0, NULL, "do not drop the legacy tables", take_keep_tables, NULL},
    {"drop-tables", 0, NULL, "drop them (default)", take_drop_tables, NULL},
    {"dump", 0, "FILE", "keep the dump in FILE", take_dump, OPTION_FILES},
    {"force", 0, NULL, "replace an existing FILE", pass_on, NULL},
    {"compress", 'Z', "LEVEL", "zstd level of the dump", take_compress, NULL},
    {"jobs", 'j', "NUM",
     "connections of the export, and of the import, that\n"
     "work at the same time (default: the number of\n"
     "processors, at most " STRING(DEFAULT_JOBS_LIMIT) ")",
     take_jobs, NULL},
    {"strict", 0, NULL, "a row that would be left out is an error", pass_on, NULL},
    {"invalid-utf8", 0, "ACTION",
     "refuse (default) text that is not UTF-8, or replace\n"
     "what is invalid",
     pass_on, "refuse replace"},
    {"blockstore-path", 0, "DIR", "root of local:// storage namespaces", take_blockstore_path,
     OPTION_FOLDERS},
    {"block-storage-prefix", 0, "NAME", "folder of lakeFS's own objects (default: _lakefs)",
     take_block_storage_prefix, NULL},
    {"s3-endpoint", 0, "URL", "server of s3:// storage namespaces (default: AWS)", take_s3_endpoint,
     NULL},
    {"s3-region", 0, "NAME",
     "its region (default: AWS_REGION, the profile's, or\n"
     "us-east-1)",
     take_s3_region, NULL},
    {"s3-force-path-style", 0, NULL, "do not make the bucket a part of the host's name",
     take_s3_force_path_style, NULL},
    {"settings-command", 0, "CMD",
     "for any kind of storage: CMD, in which {} is the\n"
     "object's URL, prints the object, or ends with exit\n"
     "code 44 where there is none",
     pass_on, NULL},
    {"no-settings", 0, NULL,
     "skip branch protection rules (protected branches\n"
     "become unprotected!)",
     pass_on, NULL},
    {"target", 0, "STORE",
     "what the KV store is kept in: postgres (default) or\n"
     "dynamodb",
     take_target, "postgres dynamodb"},
    {"dynamodb-table", 0, "NAME", "the table (default: kvstore)", take_dynamodb_table, NULL},
    {"dynamodb-endpoint", 0, "URL", "its server (default: AWS)", take_dynamodb_endpoint, NULL},
    {"aws-region", 0, "NAME", "its region (default: AWS_REGION, the profile's)", take_aws_region,
     NULL},
    {"dynamodb-read-capacity", 0, "NUM", "", take_read_capacity, NULL},
    {"dynamodb-write-capacity", 0, "NUM",
     "capacity units of a table that is created (default:\n"
     "on demand)",
     take_write_capacity, NULL},
    {"dynamodb-requests", 0, "NUM",
     "write requests in flight at the same time\n"
     "(default: 16)",
     pass_on, NULL},
    {"write-units", 0, "NUM", "write at most NUM capacity units a second", pass_on, NULL},
    {"on-event", 0, "CMD",
     "run CMD, with a JSON line on its standard input,\n"
     "when the cleanup failed after the migration",
     take_on_event, NULL},
    {0},
};

static const Option GENERAL_OPTIONS[] = {
    {"config", 0, "FILE",
     "lakeFS's configuration (default: the first of\n"
     "config.yaml, ~/.lakefs/config.yaml,\n"
     "/etc/lakefs/config.yaml that exists)",
     take_config, OPTION_FILES},
    {"migrations", 0, "DIR", "folder of the schema migrations", take_migrations, OPTION_FOLDERS},
    {"dry-run", 0, NULL,
     "say what up would do, and what would stop it, and\n"
     "change nothing",
     take_dry_run, NULL},
    {"format", 0, "FORMAT", "text (default) or json, of what a command prints", take_format,
     "text json"},
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
    "  kv-migrate cleanup [OPTION]... [DBNAME]  drop the legacy tables that up kept";

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

/* The command, by its name. */
static const struct {
    const char *name;
    MigrateCommand command;
} COMMANDS[] = {
    {"up", COMMAND_UP},         {"status", COMMAND_STATUS},   {"version", COMMAND_STATUS},
    {"verify", COMMAND_VERIFY}, {"cleanup", COMMAND_CLEANUP},
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

/* What everybody may see of the database's name, which may be a connection string. */
static bool add_database(MigrateOptions *options, Error *error)
{
    const char *dbname = options->common.pg.dbname;
    PgConninfo conninfo = {0};
    bool done = pg_conninfo_split(dbname, &conninfo, error);
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

/* What else an option is for than this program's own work. */
static bool seen(void *state, const Option *option, bool is_long, const char *argument,
                 Error *error)
{
    static const char *const OF_PLACE[] = {"host",        "port",       "username",
                                           "no-password", "password",   "schema",
                                           "config",      "migrations", NULL};
    static const char *const OF_EXPORT[] = {"force",        "strict",           "no-settings",
                                            "invalid-utf8", "settings-command", NULL};
    static const char *const OF_IMPORT[] = {"dynamodb-requests", "write-units", NULL};
    static const char *const OF_DYNAMODB[] = {
        "dynamodb-table",          "dynamodb-endpoint", "aws-region",  "dynamodb-read-capacity",
        "dynamodb-write-capacity", "dynamodb-requests", "write-units", NULL};
    MigrateOptions *options = state;

    if (options->dynamodb_option == NULL && is_one_of(option->name, OF_DYNAMODB)) {
        options->dynamodb_option = option->name;
    }
    if (strcmp(option->name, "dbname") == 0) {
        return add_database(options, error);
    }
    return add_written(&options->arguments, option, is_long, argument, error) &&
           (!is_one_of(option->name, OF_PLACE) ||
            add_written(&options->place, option, is_long, argument, error)) &&
           (!is_one_of(option->name, OF_EXPORT) ||
            add_written(&options->export_options, option, true, argument, error)) &&
           (!is_one_of(option->name, OF_IMPORT) ||
            add_written(&options->import_options, option, true, argument, error));
}

static const OptionTable TABLE = {.program = "kv-migrate",
                                  .usage = USAGE,
                                  .groups = GROUPS,
                                  .epilogue = EPILOGUE,
                                  .commands = "up status version verify cleanup",
                                  .seen = seen};

static bool take_operand(MigrateOptions *options, char *operand, Error *error)
{
    if (options->command == COMMAND_NONE) {
        for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
            if (strcmp(operand, COMMANDS[i].name) == 0) {
                options->command = COMMANDS[i].command;
                return words_add(&options->arguments, operand, error);
            }
        }
        return option_unexpected(operand, error);
    }
    if (options->common.pg.dbname != NULL) {
        return option_unexpected(operand, error);
    }
    return common_options_set_dbname(&options->common, operand, error) &&
           add_database(options, error);
}

bool option_list_parse(MigrateOptions *options, int count, char **arguments, Error *error)
{
    int next = 0;

    if (!option_table_parse(&TABLE, options, count, arguments, &next, error)) {
        return false;
    }
    while (next < count && !options->common.help && !options->common.version) {
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
