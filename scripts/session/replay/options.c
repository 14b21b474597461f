/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/options.h"

#include "common/base/environment.h"
#include "common/cli/message.h"
#include "common/cli/option_table.h"
#include "common/cli/option_values.h"
#include "common/dump/output.h"
#include "common/pg/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool take_quiet(void *options, char *argument, Error *error)
{
    (void)argument;
    message_set_level(MESSAGE_QUIET);
    return words_add(&((ReplayOptions *)options)->shared, "--quiet", error);
}

static bool take_verbose(void *options, char *argument, Error *error)
{
    (void)argument;
    message_set_level(MESSAGE_VERBOSE);
    return words_add(&((ReplayOptions *)options)->shared, "--verbose", error);
}

static bool take_log_format(void *options, char *argument, Error *error)
{
    size_t index;

    (void)options;
    if (!option_word("--log-format", argument, "text json", &index, error)) {
        return false;
    }
    message_set_json(index == 1);
    return true;
}

static const Option SERVER_OPTIONS[] = {
    {"bindir", 0, "DIR",
     "folder of PostgreSQL's server programs (default:\n"
     "that of pg_config, the newest in\n"
     "/usr/lib/postgresql, or that of initdb in PATH)",
     NULL, OPTION_FOLDERS, OPTION_TEXT(ReplayOptions, bindir)},
    {"psql", 0, NULL, "start psql, and end with it", NULL, NULL, OPTION_FLAG(ReplayOptions, psql)},
    {"wait", 0, NULL,
     "wait to be interrupted even when not on a\n"
     "terminal",
     NULL, NULL, OPTION_FLAG(ReplayOptions, wait)},
    {"jobs", 'j', "NUM",
     "load, or migrate, with NUM connections in parallel\n"
     "(default: number of processors, at most 8)",
     NULL, NULL, OPTION_NUMBER(ReplayOptions, jobs, 1, JOBS_MAX)},
    {0},
};

static const Option MIGRATION_OPTIONS[] = {
    {"blockstore-path", 0, "DIR",
     "root of local:// storage namespaces; without it\n"
     "branch protection rules are skipped",
     NULL, OPTION_FOLDERS, OPTION_TEXT(ReplayOptions, blockstore_path)},
    {"block-storage-prefix", 0, "NAME", "folder of lakeFS's own objects (default: _lakefs)", NULL,
     NULL, OPTION_TEXT(ReplayOptions, block_storage_prefix)},
    {"config", 0, "FILE", "lakeFS's configuration, for the two above", NULL, OPTION_FILES,
     OPTION_TEXT(ReplayOptions, config)},
    {"keep-dump", 0, "FILE", "keep the dump of the migration in FILE", NULL, OPTION_FILES,
     OPTION_TEXT(ReplayOptions, keep_dump), .once = true},
    {"no-migration", 0, NULL, "leave it a legacy database", NULL, NULL,
     OPTION_FLAG(ReplayOptions, no_migration)},
    {0},
};

static const Option MESSAGE_OPTIONS[] = {
    {"progress", 'P', NULL, "print progress even when not on a terminal", NULL, NULL,
     OPTION_CONSTANT(ReplayOptions, progress, PROGRESS_ALWAYS)},
    {"no-progress", 0, NULL, "print no progress", NULL, NULL,
     OPTION_CONSTANT(ReplayOptions, progress, PROGRESS_NEVER)},
    {"quiet", 'q', NULL, "print warnings and errors only", take_quiet},
    {"verbose", 'v', NULL, "name every row that is left out or adjusted", take_verbose},
    {"log-format", 0, "FORMAT", "text (default) or json, one object a line", take_log_format,
     "text json"},
    {"version", 'V', NULL, "print the version, then exit", NULL, NULL,
     OPTION_FLAG(ReplayOptions, version)},
    {"help", '?', NULL, "print this help, then exit", NULL, NULL, OPTION_FLAG(ReplayOptions, help)},
    {"list-options", 0, NULL, NULL, NULL, NULL, OPTION_FLAG(ReplayOptions, list_options)},
    {0},
};

static const OptionGroup SERVER_GROUP = {"The server", SERVER_OPTIONS};
static const OptionGroup MIGRATION_GROUP = {"A dump by pg_dump", MIGRATION_OPTIONS};
static const OptionGroup MESSAGE_GROUP = {"Messages", MESSAGE_OPTIONS};

static const OptionGroup *const GROUPS[] = {&SERVER_GROUP, &MIGRATION_GROUP, &MESSAGE_GROUP, NULL};

static const OptionTable TABLE = {
    .program = "kv-replay",
    .usage = "kv-replay loads a dump into a throw-away PostgreSQL server, to look into it with\n"
             "SQL or to start a lakeFS on it. It always cleans up after itself.\n"
             "\n"
             "Usage:\n"
             "  kv-replay [OPTION]... DUMP                  until it is interrupted\n"
             "  kv-replay [OPTION]... --psql DUMP           until psql exits\n"
             "  kv-replay [OPTION]... DUMP -- CMD [ARG]...  until CMD exits; PG* and\n"
             "                                              LAKEFS_DATABASE_* variables lead\n"
             "                                              it to the database\n"
             "\n"
             "DUMP is a dump of kv-export, also one that was redacted or lacks packages; or a\n"
             "dump of a legacy database by pg_dump, as SQL or in the custom format, which is\n"
             "then migrated. Either may be compressed by gzip or zstd. - is standard input.\n"
             "\n"
             "The SQL of a dump can do what the user of the server can: see \"Security\" in the\n"
             "manual page. Commands of psql in it (\\!, \\copy ...) are never run.",
    .groups = GROUPS,
    .epilogue = "Environment:\n"
                "  PG_BINDIR                  as --bindir\n"
                "  TMPDIR                     where the server's folder is made (default: /tmp)\n"
                "\n"
                "Exit codes: 0 done, 1 usage or environment, 2 the server was lost, 3 the\n"
                "migration failed, 4 dump corrupt or of an unknown kind, 5 refused, 128+n ended\n"
                "by signal n; once a command or psql runs: its own\n"
                "\n"
                "Examples:\n"
                "  kv-replay support.dump\n"
                "  kv-replay --psql support.dump\n"
                "  pg_dump -Fc -d lakefs | kv-replay - -- psql -c 'SELECT count(*) FROM kv'",
    .operands = OPTION_FILES OPTION_THEN_COMMAND,
};

void replay_options_help(void)
{
    option_table_help(&TABLE, stdout);
}

void replay_options_list(void)
{
    option_table_list(&TABLE, stdout);
}

/* The command after "--" has options of its own.  Returns its index. */
static int find_command(int count, char **arguments)
{
    int i = 1;

    while (i < count && strcmp(arguments[i], "--") != 0) {
        i++;
    }
    return i;
}

static bool try_help(Error *error)
{
    return error_hint(error, "Try --help.");
}

static bool take_operands(ReplayOptions *options, int count, char **arguments, Error *error)
{
    if (count == 0) {
        error_set(error, EXIT_CODE_USAGE, "no dump was given");
        return try_help(error);
    }
    if (count > 1) {
        option_unexpected(arguments[1], error);
        return error_hint(error, "Give one dump; a command follows \"--\".");
    }
    options->dump = arguments[0];
    return true;
}

static bool take_command(ReplayOptions *options, int count, char **arguments, Error *error)
{
    if (count == 0) {
        options->use = options->psql ? USE_PSQL : USE_WAIT;
        return true;
    }
    if (count == 1) {
        error_set(error, EXIT_CODE_USAGE, "no command was given after \"--\"");
        return try_help(error);
    }
    if (options->psql) {
        error_set(error, EXIT_CODE_USAGE, "a command cannot be combined with --psql");
        return error_hint(error, "Leave out one of them.");
    }
    options->use = USE_COMMAND;
    options->command = arguments + 1;
    return true;
}

static bool has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC);

    if (terminal >= 0) {
        close(terminal);
    }
    return terminal >= 0;
}

static bool check(const ReplayOptions *options, Error *error)
{
    if (options->no_migration && options->keep_dump != NULL) {
        error_set(error, EXIT_CODE_USAGE, "--keep-dump cannot be combined with --no-migration");
        return error_hint(error, "Leave out one of them.");
    }
    if (strcmp(options->dump, "-") == 0 && isatty(STDIN_FILENO)) {
        return error_set(error, EXIT_CODE_USAGE, "standard input is a terminal, not a dump");
    }
    if (options->use == USE_PSQL && strcmp(options->dump, "-") == 0 && !has_terminal()) {
        error_set(error, EXIT_CODE_USAGE,
                  "standard input cannot be both the dump and what psql reads");
        return error_hint(error, "Give the dump as a file.");
    }
    if (options->use == USE_WAIT && !options->wait && !isatty(STDERR_FILENO)) {
        error_set(error, EXIT_CODE_USAGE, "standard error is not a terminal");
        error_detail(error, "Without a terminal nobody can interrupt the replay.");
        return error_hint(
            error, "Give a command after \"--\", or --psql; or wait for a signal with --wait.");
    }
    if (options->keep_dump != NULL && !dump_output_check(options->keep_dump, false, error)) {
        return error_hint(error, "Give --keep-dump another name.");
    }
    return true;
}

/* Where objects are stored locally; options beat lakeFS's variables, and these its configuration.
 */
static bool read_lakefs_settings(ReplayOptions *options, Error *error)
{
    LakefsSettings *lakefs = &options->lakefs;

    /* The command may be a lakeFS. */
    lakefs->keep_variables = true;
    lakefs->blockstore_path = options->blockstore_path;
    lakefs->block_storage_prefix = options->block_storage_prefix;
    if (!lakefs_settings_read(lakefs, options->config, false, NULL, error)) {
        return false;
    }
    options->blockstore_path = lakefs->blockstore_path;
    options->block_storage_prefix = lakefs->block_storage_prefix;
    return true;
}

bool replay_options_parse(ReplayOptions *options, int count, char **arguments, Error *error)
{
    int own = find_command(count, arguments);
    int first;

    *options = (ReplayOptions){.bindir = environment_variable("PG_BINDIR")};
    if (!option_table_parse(&TABLE, options, own, arguments, &first, error)) {
        return false;
    }
    if (options->help || options->version || options->list_options) {
        return true;
    }
    return read_lakefs_settings(options, error) &&
           (options->jobs == 0 ||
            words_add_format(&options->shared, error, "--jobs=%d", options->jobs)) &&
           (!message_is_json() || words_add(&options->shared, "--log-format=json", error)) &&
           take_operands(options, own - first, arguments + first, error) &&
           take_command(options, count - own, arguments + own, error) && check(options, error);
}

void replay_options_free(ReplayOptions *options)
{
    words_free(&options->shared);
    lakefs_settings_free(&options->lakefs);
}
