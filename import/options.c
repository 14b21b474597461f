#include "import/options.h"

#include "common/kv/model.h"
#include "common/pg/conninfo.h"
#include "import/target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_CHECK = OPTION_PROGRAM_FIRST,
    OPTION_ALLOW_REDACTED,
    OPTION_TABLE,
    OPTION_PARTITIONS,
    OPTION_LOCK_HELD_BY,
    OPTION_FORMAT,
    OPTION_PRINT,
    OPTION_PARTITION,
    OPTION_PREFIX,
    OPTION_LIMIT,
    OPTION_RAW,
    OPTION_VERIFY,
    OPTION_SECOND_READING,
    OPTION_SECOND_READING_WANTED,
    OPTION_CHECK_TARGET,
    OPTION_NOT_MIGRATED,
    OPTION_TARGET,
    OPTION_DYNAMODB_TABLE,
    OPTION_DYNAMODB_ENDPOINT,
    OPTION_DYNAMODB_READ_CAPACITY,
    OPTION_DYNAMODB_WRITE_CAPACITY,
    OPTION_AWS_REGION,
    OPTION_WRITE_UNITS,
    OPTION_DYNAMODB_REQUESTS
};

enum { DEFAULT_PARTITIONS = 100, DEFAULT_REQUESTS = 16, REQUESTS_MAX = 256 };

static const char SHORT_OPTIONS[] = COMMON_SHORT_OPTIONS "lcj:n:";

static const struct option LONG_OPTIONS[] = {
    COMMON_LONG_OPTIONS,
    {"list", no_argument, NULL, 'l'},
    {"clean", no_argument, NULL, 'c'},
    {"jobs", required_argument, NULL, 'j'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"allow-redacted", no_argument, NULL, OPTION_ALLOW_REDACTED},
    {"table", required_argument, NULL, OPTION_TABLE},
    {"partitions", required_argument, NULL, OPTION_PARTITIONS},
    {"lock-held-by", required_argument, NULL, OPTION_LOCK_HELD_BY},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"print", no_argument, NULL, OPTION_PRINT},
    {"package", required_argument, NULL, 'n'},
    {"partition", required_argument, NULL, OPTION_PARTITION},
    {"prefix", required_argument, NULL, OPTION_PREFIX},
    {"limit", required_argument, NULL, OPTION_LIMIT},
    {"raw", no_argument, NULL, OPTION_RAW},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"second-reading", required_argument, NULL, OPTION_SECOND_READING},
    {"second-reading-wanted", required_argument, NULL, OPTION_SECOND_READING_WANTED},
    {"check-target", no_argument, NULL, OPTION_CHECK_TARGET},
    {"not-migrated", no_argument, NULL, OPTION_NOT_MIGRATED},
    {"target", required_argument, NULL, OPTION_TARGET},
    {"dynamodb-table", required_argument, NULL, OPTION_DYNAMODB_TABLE},
    {"dynamodb-endpoint", required_argument, NULL, OPTION_DYNAMODB_ENDPOINT},
    {"dynamodb-read-capacity", required_argument, NULL, OPTION_DYNAMODB_READ_CAPACITY},
    {"dynamodb-write-capacity", required_argument, NULL, OPTION_DYNAMODB_WRITE_CAPACITY},
    {"aws-region", required_argument, NULL, OPTION_AWS_REGION},
    {"write-units", required_argument, NULL, OPTION_WRITE_UNITS},
    {"dynamodb-requests", required_argument, NULL, OPTION_DYNAMODB_REQUESTS},
    {NULL, 0, NULL, 0},
};

void import_options_help(void)
{
    printf("kv-import loads a dump of kv-export into the KV table and stamps its version.\n"
           "\n"
           "Usage:\n"
           "  kv-import -d DBNAME [OPTION]... [FILE]   load\n"
           "  kv-import --target=dynamodb [OPTION]... [FILE]\n"
           "                                           load into DynamoDB\n"
           "  kv-import -d DBNAME --check-target       look whether a load would be taken\n"
           "  kv-import -d DBNAME --verify [FILE]      compare the KV table with a dump\n"
           "  kv-import -l [FILE]                      show what is in a dump\n"
           "  kv-import --check [FILE]                 read and check all of a dump\n"
           "  kv-import --print [OPTION]... [FILE]     show the entries of a dump\n"
           "\n"
           "FILE is a dump; - or none is standard input.\n"
           "\n"
           "Looking into a dump (no database is touched):\n"
           "  -l, --list                 print header and manifest\n"
           "      --format=FORMAT        of the list, or of what --check-target prints: text\n"
           "                             (default) or json\n"
           "      --check                check every checksum; with --target=dynamodb also\n"
           "                             whether DynamoDB takes every entry, at what cost\n"
           "      --print                print entries as JSON lines, decoded\n"
           "  -n, --package=NAME         only those of this package\n"
           "      --partition=NAME       only those of this partition\n"
           "      --prefix=TEXT          only those whose key begins so\n"
           "      --limit=NUM            no more than so many\n"
           "      --raw                  partition key, key and value in base64\n"
           "\n"
           "Loading and verifying:\n"
           "      --check-target         change nothing and take no FILE; tell what is\n"
           "                             there, and fail as a load would\n"
           "      --not-migrated         with it: the database is not migrated yet, so that\n"
           "                             a store that is stamped is another's\n"
           "      --verify               change nothing; tell what is missing, extra or\n"
           "                             different in the KV table, and exit with 3 if so\n"
           "      --second-reading=FILE  read the dump there when it is read for the second\n"
           "                             time, to name differences\n"
           "  -j, --jobs=NUM             work with NUM connections at the same time\n"
           "                             (default: number of processors, at most %d)\n"
           "  -c, --clean                replace a KV store that is already stamped\n"
           "      --allow-redacted       stamp a dump that was redacted or lacks packages\n"
           "      --table=NAME           name of the KV table (default: kv)\n"
           "      --partitions=NUM       its hash partitions (default: 100)\n"
           "      --lock-held-by=PID     the session with this backend process id holds the\n"
           "                             migration lock already\n"
           "      --target=STORE         what the KV store is kept in: postgres (default) or\n"
           "                             dynamodb\n"
           "\n"
           "With --target=dynamodb (a database, if it is named, is the legacy database; it\n"
           "is stamped as well):\n"
           "      --dynamodb-table=NAME  the table (default: kvstore)\n"
           "      --dynamodb-endpoint=URL\n"
           "                             the server (default: AWS)\n"
           "      --aws-region=NAME      its region (default: AWS_REGION, the profile's)\n"
           "      --dynamodb-read-capacity=NUM\n"
           "      --dynamodb-write-capacity=NUM\n"
           "                             capacity units of a table that is made (default:\n"
           "                             those of the table it replaces, else on demand)\n"
           "      --dynamodb-requests=NUM\n"
           "                             requests to write, under way at the same time\n"
           "                             (default: %d, at most %d)\n"
           "      --write-units=NUM      write no more than so many capacity units a second\n"
           "\n"
           "%s"
           "\n"
           "Example:\n"
           "  kv-import -d postgres://lakefs@db/lakefs kv.dump\n",
           DEFAULT_JOBS_MAX, DEFAULT_REQUESTS, REQUESTS_MAX, COMMON_OPTIONS_HELP);
}

static bool set_format(ImportOptions *options, const char *format, Error *error)
{
    options->json = strcmp(format, "json") == 0;
    return options->json || strcmp(format, "text") == 0 ||
           error_set(error, EXIT_CODE_USAGE, "option --format takes text or json, not \"%s\"",
                     format);
}

static bool set_units(const char *name, uint64_t *units, Error *error)
{
    long number = 0;

    if (!option_number(name, optarg, 1, INT32_MAX, &number, error)) {
        return false;
    }
    *units = (uint64_t)number;
    return true;
}

/* An option of DynamoDB's; *known is false for any other. */
static bool set_dynamodb(DynamoTargetOptions *options, int option, bool *known, Error *error)
{
    long number = 0;

    *known = true;
    switch (option) {
    case OPTION_DYNAMODB_TABLE:
        options->table.table = optarg;
        return true;
    case OPTION_DYNAMODB_ENDPOINT:
        options->table.endpoint = optarg;
        return true;
    case OPTION_AWS_REGION:
        options->table.region = optarg;
        return true;
    case OPTION_DYNAMODB_READ_CAPACITY:
        return set_units("--dynamodb-read-capacity", &options->capacity.read, error);
    case OPTION_DYNAMODB_WRITE_CAPACITY:
        return set_units("--dynamodb-write-capacity", &options->capacity.write, error);
    case OPTION_WRITE_UNITS:
        return set_units("--write-units", &options->write_units, error);
    case OPTION_DYNAMODB_REQUESTS:
        if (!option_number("--dynamodb-requests", optarg, 1, REQUESTS_MAX, &number, error)) {
            return false;
        }
        options->requests = (int)number;
        return true;
    default:
        *known = false;
        return true;
    }
}

static bool set_option(ImportOptions *options, int option, char *const *arguments, Error *error)
{
    long number = 0;
    bool known;

    switch (option) {
    case 'l':
        options->action = IMPORT_LIST;
        return true;
    case 'c':
        options->clean = true;
        return true;
    case 'j':
        return option_jobs(optarg, &options->jobs, error);
    case OPTION_CHECK:
        options->action = IMPORT_CHECK;
        return true;
    case OPTION_FORMAT:
        return set_format(options, optarg, error);
    case OPTION_PRINT:
        options->action = IMPORT_PRINT;
        return true;
    case 'n':
        options->print.package = optarg;
        return true;
    case OPTION_PARTITION:
        options->print.partition = optarg;
        return true;
    case OPTION_PREFIX:
        options->print.prefix = optarg;
        return true;
    case OPTION_LIMIT:
        if (!option_number("--limit", optarg, 0, LONG_MAX, &number, error)) {
            return false;
        }
        options->print.limit = number;
        return true;
    case OPTION_VERIFY:
        options->action = IMPORT_VERIFY;
        return true;
    case OPTION_SECOND_READING:
        options->second_reading = optarg;
        return true;
    case OPTION_SECOND_READING_WANTED:
        if (!option_number("--second-reading-wanted", optarg, 3, INT_MAX, &number, error)) {
            return false;
        }
        options->second_reading_wanted = (int)number;
        return true;
    case OPTION_CHECK_TARGET:
        options->action = IMPORT_CHECK_TARGET;
        return true;
    case OPTION_NOT_MIGRATED:
        options->not_migrated = true;
        return true;
    case OPTION_RAW:
        options->print.raw = true;
        return true;
    case OPTION_TARGET:
        options->target = optarg;
        return true;
    case OPTION_ALLOW_REDACTED:
        options->allow_redacted = true;
        return true;
    case OPTION_TABLE:
        options->table = optarg;
        return true;
    case OPTION_PARTITIONS:
        if (!option_number("--partitions", optarg, 1, 10000, &number, error)) {
            return false;
        }
        options->partitions = (int)number;
        return true;
    case OPTION_LOCK_HELD_BY:
        if (!option_number("--lock-held-by", optarg, 1, INT32_MAX, &number, error)) {
            return false;
        }
        options->lock_held_by = number;
        return true;
    default:
        return set_dynamodb(&options->dynamodb, option, &known, error) &&
               (known || common_option(&options->common, option, arguments, error));
    }
}

static bool is_dynamodb(const ImportOptions *options)
{
    return target_named(options->target) == &TARGET_DYNAMODB;
}

/* Whether a database beside DynamoDB is named: by options, as everybody may have variables. */
static bool names_legacy(const ImportOptions *options)
{
    const PgOptions *pg = &options->common.pg;

    return pg->dbname != NULL || pg->host != NULL || pg->port != NULL || pg->user != NULL ||
           options->lock_held_by != 0;
}

/* What a database is needed for; NULL: it is not. */
static const char *database_purpose(ImportAction action)
{
    switch (action) {
    case IMPORT_LOAD:
        return "load into";
    case IMPORT_VERIFY:
        return "compare with";
    case IMPORT_CHECK_TARGET:
        return "look at";
    case IMPORT_LIST:
    case IMPORT_CHECK:
    case IMPORT_PRINT:
        break;
    }
    return NULL;
}

/* A load goes where it was told to, never to a database that happens to have the user's name. */
static bool check_database(const ImportOptions *options, Error *error)
{
    const char *purpose = database_purpose(options->action);

    if (purpose == NULL || is_dynamodb(options) || options->common.pg.dbname != NULL ||
        options->common.help || options->common.version || getenv("PGDATABASE") != NULL ||
        getenv("PGSERVICE") != NULL) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "no database to %s was named", purpose);
    return error_hint(error, "Name it with --dbname, or look into the dump with --list, --print "
                             "or --check.");
}

/* What goes with one target only; then the defaults. */
static bool check_target(ImportOptions *options, Error *error)
{
    DynamoTargetOptions *dynamodb = &options->dynamodb;
    bool named = dynamodb->table.table != NULL || dynamodb->table.endpoint != NULL ||
                 dynamodb->table.region != NULL || dynamodb->capacity.read > 0 ||
                 dynamodb->capacity.write > 0 || dynamodb->write_units > 0 ||
                 dynamodb->requests > 0;

    if (target_named(options->target) == NULL) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --target takes postgres or dynamodb, not \"%s\"", options->target);
    }
    if (named && !is_dynamodb(options)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-..., --aws-region and --write-units go with "
                         "--target=dynamodb only");
    }
    if (is_dynamodb(options) && (options->table != NULL || options->partitions > 0)) {
        error_set(error, EXIT_CODE_USAGE,
                  "options --table and --partitions go with --target=postgres only");
        return error_hint(error, "The name of a DynamoDB table goes to --dynamodb-table.");
    }
    if (is_dynamodb(options) && options->action == IMPORT_VERIFY && names_legacy(options)) {
        error_set(error, EXIT_CODE_USAGE, "option --verify needs no database beside DynamoDB");
        return error_hint(error, "Leave the connection options out.");
    }
    if ((dynamodb->capacity.read > 0) != (dynamodb->capacity.write > 0)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --dynamodb-read-capacity and --dynamodb-write-capacity go "
                         "together");
    }
    dynamodb->has_database = is_dynamodb(options) && names_legacy(options);
    options->table = options->table == NULL ? KV_TABLE_NAME : options->table;
    options->partitions = options->partitions == 0 ? DEFAULT_PARTITIONS : options->partitions;
    dynamodb->requests = dynamodb->requests == 0 ? DEFAULT_REQUESTS : dynamodb->requests;
    if (dynamodb->table.table == NULL) {
        dynamodb->table.table = DYNAMO_TABLE_NAME;
    }
    return dynamo_options_check(&dynamodb->table, error);
}

/* An option that would be without effect is a misunderstanding: a filter that was given to a load
 * most of all. */
static bool check_combination(const ImportOptions *options, Error *error)
{
    const PrintOptions *print = &options->print;

    if (options->action != IMPORT_PRINT &&
        (print->package != NULL || print->partition != NULL || print->prefix != NULL ||
         print->limit >= 0 || print->raw)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --package, --partition, --prefix, --limit and --raw go with "
                         "--print only");
    }
    if (options->action != IMPORT_VERIFY && options->second_reading != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --second-reading goes with --verify only");
    }
    if (options->action != IMPORT_CHECK_TARGET && options->not_migrated) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option --not-migrated goes with --check-target only");
    }
    if (options->action == IMPORT_CHECK_TARGET && options->file != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --check-target takes no dump");
    }
    if (options->action != IMPORT_LIST && options->action != IMPORT_CHECK_TARGET && options->json) {
        error_set(error, EXIT_CODE_USAGE,
                  "option --format goes with --list and --check-target only");
        return error_hint(error, "The format of messages is that of --log-format.");
    }
    return true;
}

bool import_options_parse(ImportOptions *options, int count, char **arguments, Error *error)
{
    int option;

    *options = (ImportOptions){.action = IMPORT_LOAD,
                               .print = {.limit = -1},
                               .target = TARGET_POSTGRES.name,
                               .jobs = option_default_jobs()};
    common_options_init(&options->common, "kv-import");
    while ((option = getopt_long(count, arguments, SHORT_OPTIONS, LONG_OPTIONS, NULL)) != -1) {
        if (!set_option(options, option, arguments, error)) {
            return false;
        }
    }
    if (optind < count) {
        options->file = arguments[optind++];
        /* The name of a file that is not there would be repeated, and a connection string may hold
         * a password. */
        if (pg_conninfo_is_string(options->file) && access(options->file, F_OK) != 0) {
            error_set(error, EXIT_CODE_USAGE,
                      "there is no such file, and its name looks like a connection string");
            return error_hint(error, "The database goes to --dbname, the dump is the argument.");
        }
    }
    if (optind < count) {
        return option_unexpected(arguments[optind], error);
    }
    return check_combination(options, error) && check_target(options, error) &&
           check_database(options, error);
}
