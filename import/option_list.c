/* SPDX-License-Identifier: Apache-2.0 */
#include "import/option_list.h"

#include "common/kv/model.h"
#include "common/kv/package.h"
#include "import/options.h"
#include "import/restore/options.h"

#include <limits.h>

#define PARTITIONS_MAX 10000
#define REQUESTS_MAX 256

/* Process ids. */
#define PID_MAX INT32_MAX

static const Option INSPECT_OPTIONS[] = {
    {"list", 'l', NULL, "print header and manifest", NULL, NULL,
     OPTION_CONSTANT(ImportOptions, action, IMPORT_LIST)},
    {"format", 0, "FORMAT",
     "output format of --list, --diff and --check-target:\n"
     "text (default) or json; of --print: lakefs-kv, as\n"
     "lakefs kv load --strategy overwrite reads it",
     NULL, "text json lakefs-kv", OPTION_WORD(ImportOptions, format)},
    {"check", 0, NULL,
     "check every checksum; with --target=dynamodb also\n"
     "whether DynamoDB accepts every entry, and the cost",
     NULL, NULL, OPTION_CONSTANT(ImportOptions, action, IMPORT_CHECK)},
    {"print", 0, NULL, "print entries as JSON lines, decoded", NULL, NULL,
     OPTION_CONSTANT(ImportOptions, action, IMPORT_PRINT)},
    {"package", 'n', "NAME", "with --print: only entries of this package (see\nalso below)", NULL,
     KV_PACKAGE_WORDS, OPTION_TEXT(ImportOptions, package), .once = true},
    {"partition", 0, "NAME", "with --print: only entries of this partition", NULL, NULL,
     OPTION_TEXT(ImportOptions, print.partition), .once = true},
    {"prefix", 0, "TEXT", "with --print: only keys that begin with TEXT", NULL, NULL,
     OPTION_TEXT(ImportOptions, print.prefix), .once = true},
    {"limit", 0, "NUM", "with --print: no more than NUM entries", NULL, NULL,
     OPTION_NUMBER(ImportOptions, print.limit, 0, LONG_MAX)},
    {"raw", 0, NULL, "with --print, or --diff --format=json: undecoded,\nall parts in base64", NULL,
     NULL, OPTION_FLAG(ImportOptions, print.raw)},
    {"diff", 0, "OLD",
     "show what has changed since dump OLD, and exit\n"
     "with 3 if anything has: in dump FILE, or, without\n"
     "FILE, in the KV store that other options name",
     NULL, OPTION_FILES, OPTION_TEXT(ImportOptions, diff), .once = true},
    {0},
};

static const Option LOAD_OPTIONS[] = {
    {"check-target", 0, NULL,
     "change nothing, read no FILE; show the state of the\n"
     "target, and fail if a load would",
     NULL, NULL, OPTION_CONSTANT(ImportOptions, action, IMPORT_CHECK_TARGET)},
    {"not-migrated", 0, NULL,
     "with --check-target: the database is not migrated\n"
     "yet, so a stamped store belongs to another one",
     NULL, NULL, OPTION_FLAG(ImportOptions, store.not_migrated)},
    {"verify", 0, NULL,
     "change nothing; show what is missing, extra or\n"
     "different in the KV table, and exit with 3 if so",
     NULL, NULL, OPTION_CONSTANT(ImportOptions, action, IMPORT_VERIFY)},
    {"digest", 0, NULL, NULL, NULL, NULL, OPTION_CONSTANT(ImportOptions, action, IMPORT_DIGEST)},
    {"second-reading", 0, "FILE",
     "with --verify: read the dump from FILE the second\n"
     "time, which is needed to name differences",
     NULL, OPTION_FILES, OPTION_TEXT(ImportOptions, second_reading), .once = true},
    {"second-reading-wanted", 0, "FD", NULL, NULL, NULL,
     OPTION_NUMBER(ImportOptions, second_reading_wanted, 3, INT_MAX)},
    {"jobs", 'j', "NUM",
     "work with NUM connections in parallel\n"
     "(default: number of processors, at most " OPTION_NUMERAL(DEFAULT_JOBS_MAX) ")",
     NULL, NULL, OPTION_JOBS(ImportOptions, store.jobs)},
    {"clean", 'c', NULL,
     "replace a KV store that is already stamped; in\n"
     "PostgreSQL it stays in use until then, and is kept",
     NULL, NULL, OPTION_FLAG(ImportOptions, store.clean)},
    {"in-place", 0, NULL,
     "with --clean: drop the store before loading, which\n"
     "needs less room; a failed load leaves none",
     NULL, NULL, OPTION_FLAG(ImportOptions, store.in_place)},
    {"allow-other-version", 0, NULL,
     "with --clean: replace a store of another KV version\n"
     "than the dump's",
     NULL, NULL, OPTION_FLAG(ImportOptions, allow_other_version)},
    {"undo", 0, NULL,
     "read no FILE; let the store that --clean has\n"
     "replaced and the present one change places",
     NULL, NULL, OPTION_CONSTANT(ImportOptions, action, IMPORT_UNDO)},
    {"forget", 0, NULL, "read no FILE; drop the store that --clean replaced", NULL, NULL,
     OPTION_CONSTANT(ImportOptions, action, IMPORT_FORGET)},
    {"allow-redacted", 0, NULL, "load a dump that is redacted", NULL, NULL,
     OPTION_FLAG(ImportOptions, allow_redacted)},
    {"allow-incomplete", 0, NULL,
     "load a dump that lacks packages, repositories or,\n"
     "with --repository, branch protection rules",
     NULL, NULL, OPTION_FLAG(ImportOptions, allow_incomplete)},
    {"table", 0, "NAME", "name of the KV table (default: " KV_TABLE_NAME ")", NULL, NULL,
     OPTION_TEXT(ImportOptions, store.table)},
    {"partitions", 0, "NUM",
     "number of hash partitions (default: " OPTION_NUMERAL(DEFAULT_PARTITIONS) ")", NULL, NULL,
     OPTION_NUMBER(ImportOptions, store.partitions, 1, PARTITIONS_MAX)},
    {"lock-held-by", 0, "PID",
     "the session with backend process id PID already\n"
     "holds the migration lock",
     NULL, NULL, OPTION_NUMBER(ImportOptions, store.lock_held_by, 1, PID_MAX)},
    {"target", 0, "STORE", "type of KV store: postgres (default) or dynamodb", NULL,
     "postgres dynamodb", OPTION_WORD(ImportOptions, target)},
    {"config", 0, "FILE",
     "lakeFS's configuration: the KV store and its\n"
     "credentials, unless options or LAKEFS_* variables\n"
     "give them",
     NULL, OPTION_FILES, OPTION_TEXT(ImportOptions, config)},
    {0},
};

static const Option DYNAMODB_OPTIONS[] = {
    OPTION_DYNAMODB_ROWS("the table ", ImportOptions, store.dynamodb.table),
    {"dynamodb-read-capacity", 0, "NUM", "", NULL, NULL,
     OPTION_NUMBER(ImportOptions, store.dynamodb.capacity.read, 1, UNITS_MAX)},
    {"dynamodb-write-capacity", 0, "NUM",
     "capacity units of a table that is created (default:\n"
     "those of the table it replaces, else on demand)",
     NULL, NULL, OPTION_NUMBER(ImportOptions, store.dynamodb.capacity.write, 1, UNITS_MAX)},
    {"dynamodb-requests", 0, "NUM",
     "write requests in flight (default: " OPTION_NUMERAL(
         DEFAULT_REQUESTS) ", at most " OPTION_NUMERAL(REQUESTS_MAX) ")",
     NULL, NULL, OPTION_NUMBER(ImportOptions, store.dynamodb.requests, 1, REQUESTS_MAX)},
    {"write-units", 0, "NUM", "write at most NUM capacity units a second", NULL, NULL,
     OPTION_NUMBER(ImportOptions, store.dynamodb.write_units, 1, UNITS_MAX)},
    {0},
};

const OptionTable IMPORT_OPTION_TABLE = {
    .program = "kv-import",
    .usage = "kv-import loads a dump of kv-export into the KV table and stamps its version.\n"
             "\n"
             "Usage:\n"
             "  kv-import -d DBNAME [OPTION]... [FILE]   load\n"
             "  kv-import --target=dynamodb [OPTION]... [FILE]\n"
             "                                           load into DynamoDB\n"
             "  kv-import -d DBNAME --repository=NAME [OPTION]... [FILE]\n"
             "                                           restore one repository\n"
             "  kv-import -d DBNAME --check-target       see whether a load would be accepted\n"
             "  kv-import -d DBNAME --undo               bring back the replaced store\n"
             "  kv-import -d DBNAME --verify [FILE]      compare the KV table with a dump\n"
             "  kv-import -l [FILE]                      show what is in a dump\n"
             "  kv-import --check [FILE]                 read and check all of a dump\n"
             "  kv-import --print [OPTION]... [FILE]     show the entries of a dump\n"
             "  kv-import --diff=OLD [OPTION]... [FILE]  show what has changed since OLD\n"
             "  kv-import --diff=OLD -d DBNAME           show what has changed since a dump\n"
             "\n"
             "FILE is a dump; if it is - or missing, standard input is read.",
    .groups =
        (const OptionGroup *const[]){
            &(const OptionGroup){"Inspecting a dump (accesses no database)", INSPECT_OPTIONS},
            &(const OptionGroup){"Loading and verifying", LOAD_OPTIONS},
            &(const OptionGroup){
                "Restoring a part of a dump, or with --package one package, into a store in use",
                RESTORE_OPTIONS},
            &(const OptionGroup){
                "With --target=dynamodb (a given database is the legacy one, stamped too)",
                DYNAMODB_OPTIONS},
            &COMMON_CONNECTION_GROUP, &COMMON_MESSAGE_GROUP, NULL},
    .epilogue = "Example:\n"
                "  kv-import -d postgres://lakefs@db/lakefs kv.dump",
    .operands = OPTION_FILES,
};
