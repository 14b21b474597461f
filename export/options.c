#include "export/options.h"

#include "common/dump/compression.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/kv/time.h"
#include "common/store/store.h"

#include <stdio.h>
#include <string.h>

enum {
    OPTION_FORCE = OPTION_PROGRAM_FIRST,
    OPTION_SNAPSHOT,
    OPTION_MIGRATIONS,
    OPTION_LIST_TABLES,
    OPTION_STRICT,
    OPTION_INVALID_UTF8,
    OPTION_REDACT,
    OPTION_REDACT_KEY_FILE,
    OPTION_NO_SETTINGS,
    OPTION_BLOCKSTORE_PATH,
    OPTION_BLOCK_STORAGE_PREFIX,
    OPTION_S3_ENDPOINT,
    OPTION_S3_REGION,
    OPTION_S3_FORCE_PATH_STYLE,
    OPTION_SETTINGS_COMMAND,
    OPTION_NO_SHA256,
    OPTION_DRY_RUN,
    OPTION_SOURCE,
    OPTION_TABLE,
    OPTION_AS_OF,
    OPTION_STORE,
    OPTION_DYNAMODB_TABLE,
    OPTION_DYNAMODB_ENDPOINT,
    OPTION_AWS_REGION
};

static const char SHORT_OPTIONS[] = COMMON_SHORT_OPTIONS "f:n:j:Z:";

static const struct option LONG_OPTIONS[] = {
    COMMON_LONG_OPTIONS,
    {"file", required_argument, NULL, 'f'},
    {"package", required_argument, NULL, 'n'},
    {"jobs", required_argument, NULL, 'j'},
    {"compress", required_argument, NULL, 'Z'},
    {"no-sha256", no_argument, NULL, OPTION_NO_SHA256},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"source", required_argument, NULL, OPTION_SOURCE},
    {"table", required_argument, NULL, OPTION_TABLE},
    {"snapshot", required_argument, NULL, OPTION_SNAPSHOT},
    {"migrations", required_argument, NULL, OPTION_MIGRATIONS},
    {"list-tables", no_argument, NULL, OPTION_LIST_TABLES},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"as-of", required_argument, NULL, OPTION_AS_OF},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"invalid-utf8", required_argument, NULL, OPTION_INVALID_UTF8},
    {"redact", no_argument, NULL, OPTION_REDACT},
    {"redact-key-file", required_argument, NULL, OPTION_REDACT_KEY_FILE},
    {"no-settings", no_argument, NULL, OPTION_NO_SETTINGS},
    {"blockstore-path", required_argument, NULL, OPTION_BLOCKSTORE_PATH},
    {"block-storage-prefix", required_argument, NULL, OPTION_BLOCK_STORAGE_PREFIX},
    {"s3-endpoint", required_argument, NULL, OPTION_S3_ENDPOINT},
    {"s3-region", required_argument, NULL, OPTION_S3_REGION},
    {"s3-force-path-style", no_argument, NULL, OPTION_S3_FORCE_PATH_STYLE},
    {"settings-command", required_argument, NULL, OPTION_SETTINGS_COMMAND},
    {"store", required_argument, NULL, OPTION_STORE},
    {"dynamodb-table", required_argument, NULL, OPTION_DYNAMODB_TABLE},
    {"dynamodb-endpoint", required_argument, NULL, OPTION_DYNAMODB_ENDPOINT},
    {"aws-region", required_argument, NULL, OPTION_AWS_REGION},
    {NULL, 0, NULL, 0},
};

void export_options_help(void)
{
    printf("kv-export writes the KV entries of a lakeFS database, legacy or KV, to a dump.\n"
           "\n"
           "Usage:\n"
           "  kv-export [OPTION]... [DBNAME]\n"
           "\n"
           "General options:\n"
           "  -f, --file=FILE            output file (default: standard output)\n"
           "      --force                replace an existing file\n"
           "  -j, --jobs=NUM             read with NUM connections at the same time\n"
           "                             (default: number of processors, at most %d)\n"
           "  -Z, --compress=LEVEL       zstd level, %d to %d (default: %d); 0 stores\n"
           "      --no-sha256            leave out the SHA-256 of the stream, for a stream\n"
           "                             that nobody keeps; all other checksums stay\n"
           "      --migrations=DIR       folder of the schema migrations, which tells the\n"
           "                             last schema version\n"
           "      --list-tables          print the names of the legacy tables, then exit\n"
           "      --dry-run              make all checks that need not read every row, and\n"
           "                             fetch the branch protection rules; write nothing\n"
           "\n"
           "What is exported:\n"
           "      --source=KIND          legacy (default): the tables of lakeFS before the\n"
           "                             KV store; kv: a KV store as it is\n"
           "      --table=NAME           name of the KV table, of --source=kv (default: kv)\n"
           "      --store=STORE          of --source=kv: postgres (default) or dynamodb\n"
           "      --dynamodb-table=NAME  the table, of --store=dynamodb (default: kvstore)\n"
           "      --dynamodb-endpoint=URL\n"
           "                             the server (default: AWS)\n"
           "      --aws-region=NAME      its region (default: AWS_REGION, the profile's)\n"
           "  -n, --package=NAME         only this package; may be given several times:\n"
           "                             actions, auth, graveler, multiparts, and other\n"
           "                             for partitions of a KV store that are of none\n"
           "      --snapshot=NAME        read in this exported snapshot\n"
           "      --as-of=TIME           read the kept tables of a migrated database, as\n"
           "                             they were at TIME, such as 2024-02-29T12:00:00Z\n"
           "      --strict               a row that would be left out is an error\n"
           "      --invalid-utf8=ACTION  refuse (default) text that is not UTF-8, or replace\n"
           "                             what is invalid by U+FFFD\n"
           "      --redact               without secrets, and with pseudonyms in place of\n"
           "                             names: for a dump that leaves the house\n"
           "      --redact-key-file=FILE the key of pseudonyms, so that they are the same in\n"
           "                             several dumps (default: random, and forgotten)\n"
           "\n"
           "Branch protection rules, which are in the repositories' storage:\n"
           "      --blockstore-path=DIR  root of local:// storage namespaces\n"
           "      --block-storage-prefix=NAME\n"
           "                             folder of lakeFS's own objects (default: _lakefs)\n"
           "      --s3-endpoint=URL      server of s3:// storage namespaces (default: AWS)\n"
           "      --s3-region=NAME       its region (default: AWS_REGION, the profile's, or\n"
           "                             us-east-1)\n"
           "      --s3-force-path-style  do not make the bucket a part of the host's name\n"
           "      --settings-command=CMD for any kind of storage: CMD, in which {} is the\n"
           "                             object's URL, prints the object, or ends with exit\n"
           "                             code 44 where there is none\n"
           "      --no-settings          leave the rules out, knowingly\n"
           "\n"
           "%s"
           "\n"
           "Example:\n"
           "  kv-export -d postgres://lakefs@db/lakefs --blockstore-path=/data -f kv.dump\n",
           DEFAULT_JOBS_MAX, COMPRESSION_LEVEL_MIN, COMPRESSION_LEVEL_MAX,
           COMPRESSION_LEVEL_DEFAULT, COMMON_OPTIONS_HELP);
}

static bool add_package(ExportOptions *options, const char *name, Error *error)
{
    for (KvPackage package = 0; package < KV_PACKAGES; package++) {
        if (strcmp(KV_PACKAGE_NAMES[package], name) == 0) {
            if (options->package_count == DUMP_MAX_PACKAGES) {
                return error_set(error, EXIT_CODE_USAGE, "too many packages are named");
            }
            options->packages[options->package_count++] = KV_PACKAGE_NAMES[package];
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "there is no package \"%s\"", name);
    return error_hint(error, "Packages are actions, auth, graveler, multiparts, other.");
}

static bool set_source(ExportOptions *options, const char *kind, Error *error)
{
    options->from_kv = strcmp(kind, DUMP_SOURCE_KV) == 0;
    return options->from_kv || strcmp(kind, DUMP_SOURCE_LEGACY) == 0 ||
           error_set(error, EXIT_CODE_USAGE, "option --source takes legacy or kv, not \"%s\"",
                     kind);
}

static bool set_invalid_utf8(ExportOptions *options, const char *action, Error *error)
{
    options->replace_invalid_utf8 = strcmp(action, "replace") == 0;
    return options->replace_invalid_utf8 || strcmp(action, "refuse") == 0 ||
           error_set(error, EXIT_CODE_USAGE,
                     "option --invalid-utf8 takes refuse or replace, not \"%s\"", action);
}

static bool set_as_of(ExportOptions *options, const char *text, Error *error)
{
    options->has_as_of = kv_timestamptz_from_text(slice_text(text), &options->as_of);
    if (!options->has_as_of) {
        error_set(error, EXIT_CODE_USAGE, "option --as-of takes a time, not \"%s\"", text);
        return error_hint(error, "Write it as in RFC 3339, such as 2024-02-29T12:00:00Z.");
    }
    return true;
}

static bool set_option(ExportOptions *options, int option, char *const *arguments, Error *error)
{
    long number;

    switch (option) {
    case 'f':
        options->file = optarg;
        return true;
    case 'n':
        return add_package(options, optarg, error);
    case 'j':
        return option_jobs(optarg, &options->jobs, error);
    case 'Z':
        if (!option_number("--compress", optarg, COMPRESSION_LEVEL_MIN, COMPRESSION_LEVEL_MAX,
                           &number, error)) {
            return false;
        }
        options->compression_level = (int)number;
        return true;
    case OPTION_NO_SHA256:
        options->no_sha256 = true;
        return true;
    case OPTION_FORCE:
        options->force = true;
        return true;
    case OPTION_SOURCE:
        return set_source(options, optarg, error);
    case OPTION_TABLE:
        options->table = optarg;
        return true;
    case OPTION_SNAPSHOT:
        options->snapshot = optarg;
        return true;
    case OPTION_MIGRATIONS:
        options->migrations = optarg;
        return true;
    case OPTION_LIST_TABLES:
        options->list_tables = true;
        return true;
    case OPTION_AS_OF:
        return set_as_of(options, optarg, error);
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return true;
    case OPTION_STRICT:
        options->strict = true;
        return true;
    case OPTION_INVALID_UTF8:
        return set_invalid_utf8(options, optarg, error);
    case OPTION_REDACT:
        options->redact = true;
        return true;
    case OPTION_REDACT_KEY_FILE:
        options->redact_key_file = optarg;
        return true;
    case OPTION_NO_SETTINGS:
        options->no_settings = true;
        return true;
    case OPTION_BLOCKSTORE_PATH:
        options->settings.blockstore_path = optarg;
        return true;
    case OPTION_BLOCK_STORAGE_PREFIX:
        options->settings.block_storage_prefix = optarg;
        return true;
    case OPTION_S3_ENDPOINT:
        options->settings.s3_endpoint = optarg;
        return true;
    case OPTION_S3_REGION:
        options->settings.s3_region = optarg;
        return true;
    case OPTION_S3_FORCE_PATH_STYLE:
        options->settings.s3_force_path_style = true;
        return true;
    case OPTION_SETTINGS_COMMAND:
        options->settings.command = optarg;
        return true;
    case OPTION_STORE:
        options->store = optarg;
        return true;
    case OPTION_DYNAMODB_TABLE:
        options->dynamodb.table = optarg;
        return true;
    case OPTION_DYNAMODB_ENDPOINT:
        options->dynamodb.endpoint = optarg;
        return true;
    case OPTION_AWS_REGION:
        options->dynamodb.region = optarg;
        return true;
    default:
        return common_option(&options->common, option, arguments, error);
    }
}

static bool says_where_rules_are(const SettingsOptions *settings)
{
    return settings->blockstore_path != NULL || settings->command != NULL ||
           settings->s3_endpoint != NULL || settings->s3_region != NULL ||
           settings->s3_force_path_style;
}

/* What goes with one store only; then the defaults. */
static bool check_store(ExportOptions *options, Error *error)
{
    DynamoOptions *dynamodb = &options->dynamodb;
    const PgOptions *pg = &options->common.pg;
    const StoreDriver *store =
        store_named(options->store == NULL ? STORE_POSTGRES.name : options->store);

    if (store == NULL) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --store takes postgres or dynamodb, not \"%s\"", options->store);
    }
    if (options->store != NULL && !options->from_kv) {
        return error_set(error, EXIT_CODE_USAGE, "option --store goes with --source=kv");
    }
    if (store != &STORE_DYNAMODB &&
        (dynamodb->table != NULL || dynamodb->endpoint != NULL || dynamodb->region != NULL)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-... and --aws-region go with --store=dynamodb only");
    }
    if (store == &STORE_DYNAMODB &&
        (options->table != NULL || options->snapshot != NULL || pg->dbname != NULL ||
         pg->host != NULL || pg->port != NULL || pg->user != NULL)) {
        error_set(error, EXIT_CODE_USAGE, "an option goes with --store=postgres only");
        return error_detail(error, "They are --table, --snapshot and those of the connection: a "
                                   "DynamoDB table is read without PostgreSQL.");
    }
    options->store = store->name;
    dynamodb->table = dynamodb->table == NULL ? DYNAMO_TABLE_NAME : dynamodb->table;
    return dynamo_options_check(dynamodb, error);
}

/* Options that mean nothing beside the others are a misunderstanding. */
static bool check_together(ExportOptions *options, Error *error)
{
    if (options->redact_key_file != NULL && !options->redact) {
        return error_set(error, EXIT_CODE_USAGE, "option --redact-key-file goes with --redact");
    }
    if (options->from_kv &&
        (options->strict || options->replace_invalid_utf8 || options->no_settings ||
         options->has_as_of || says_where_rules_are(&options->settings))) {
        error_set(error, EXIT_CODE_USAGE, "an option goes with --source=legacy only");
        return error_detail(
            error, "They are --strict, --invalid-utf8, --as-of, --no-settings and those that "
                   "say where branch protection rules are: a KV store is "
                   "exported as it is.");
    }
    if (!options->from_kv && options->table != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --table goes with --source=kv");
    }
    for (size_t i = 0; !options->from_kv && i < options->package_count; i++) {
        if (options->packages[i] == KV_PACKAGE_NAMES[KV_PACKAGE_OTHER]) {
            return error_set(error, EXIT_CODE_USAGE, "package %s goes with --source=kv",
                             options->packages[i]);
        }
    }
    options->table = options->table == NULL ? KV_TABLE_NAME : options->table;
    return true;
}

bool export_options_parse(ExportOptions *options, int count, char **arguments, Error *error)
{
    int option;

    *options = (ExportOptions){.compression_level = COMPRESSION_LEVEL_DEFAULT,
                               .jobs = option_default_jobs(),
                               .settings = {.block_storage_prefix = "_lakefs"}};
    common_options_init(&options->common, "kv-export");
    while ((option = getopt_long(count, arguments, SHORT_OPTIONS, LONG_OPTIONS, NULL)) != -1) {
        if (!set_option(options, option, arguments, error)) {
            return false;
        }
    }
    if (optind < count && options->common.pg.dbname == NULL &&
        !common_options_set_dbname(&options->common, arguments[optind++], error)) {
        return false;
    }
    if (optind < count) {
        return option_unexpected(arguments[optind], error);
    }
    return check_store(options, error) && check_together(options, error) &&
           settings_check(&options->settings, error);
}
