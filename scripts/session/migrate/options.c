/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/options.h"

#include "common/base/environment.h"
#include "common/cli/message.h"
#include "common/cli/password.h"
#include "common/dump/output.h"
#include "common/pg/conninfo.h"
#include "common/pg/pgx.h"
#include "scripts/session/migrate/option_list.h"
#include "scripts/session/migrate/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool migrate_options_kv_enabled(const MigrateOptions *options)
{
    return options->lakefs.kv_enabled == SWITCH_ON;
}

bool migrate_options_drop_tables(const MigrateOptions *options)
{
    return options->lakefs.drop_tables != SWITCH_OFF;
}

bool migrate_options_in_dynamodb(const MigrateOptions *options)
{
    return strcmp(options->target, "dynamodb") == 0;
}

static bool read_settings(MigrateOptions *options, Error *error)
{
    /* A rehearsal runs this program again. */
    options->lakefs.keep_variables = options->command == COMMAND_REHEARSE;
    if (!lakefs_settings_read(&options->lakefs, options->config, true, &options->config_found,
                              error)) {
        return false;
    }
    options->config = options->config_found;
    /* On a rehearsal's server, this has been said. */
    if (options->config != NULL && environment_variable(REHEARSAL_SOURCE_VARIABLE) == NULL) {
        message_info("configuration is read from \"%s\"", options->config);
    }
    return true;
}

/* Settles the KV store: from the options, else from the settings. */
static bool settle_target(MigrateOptions *options, Error *error)
{
    const char *configured = options->lakefs.database_type;
    bool by_option = options->target != NULL;
    const char *target = by_option ? options->target : configured != NULL ? configured : "postgres";
    bool is_postgres = strcmp(target, "postgres") == 0;

    options->target = target;
    if (!is_postgres && strcmp(target, "dynamodb") != 0) {
        if (by_option) {
            return error_set(error, EXIT_CODE_USAGE,
                             "option --target takes postgres or dynamodb, not \"%s\"", target);
        }
        error_set(error, EXIT_CODE_REFUSED, "the configuration asks for a KV store of type \"%s\"",
                  target);
        return error_hint(error, "This program migrates to PostgreSQL and DynamoDB; set "
                                 "database.type to postgres or dynamodb for the migration.");
    }
    if (is_postgres && options->dynamodb_option != NULL) {
        return error_set(error, EXIT_CODE_USAGE, "option --%s goes with --target=dynamodb only",
                         options->dynamodb_option);
    }
    return true;
}

/* A rehearsal is one of the KV migration, into PostgreSQL. */
static bool settle_rehearsal(MigrateOptions *options, Error *error)
{
    if (options->command != COMMAND_REHEARSE) {
        return true;
    }
    options->lakefs.kv_enabled = SWITCH_ON;
    if (!migrate_options_in_dynamodb(options)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "a rehearsal cannot load into DynamoDB");
    return error_hint(error, "Rehearse with --target=postgres: only the load differs.");
}

/* Splits a connection string of lakeFS's into the password and the other parameters. */
static bool split(const char *text, void (*dropped)(const char *name), PgConninfo *conninfo,
                  Error *error)
{
    bool done = pgx_split_public(text, conninfo, dropped, error);

    if (done && conninfo->has_others) {
        /* There is no environment variable to pass it to the other programs, and arguments are
         * visible. */
        pg_conninfo_free(conninfo);
        error_set(error, EXIT_CODE_USAGE,
                  "kv-migrate takes no secret but the password from a connection string");
        return error_hint(error, "Put the other one, such as sslpassword, into a service file.");
    }
    return done;
}

static bool append_part(const char *part, Buffer *text, Error *error)
{
    return (text->size == 0 || part[0] == '\0' || buffer_append_text(text, " ", error)) &&
           buffer_append_text(text, part, error);
}

/* Builds the connection string for all programs.  Of two pairs for one parameter, the later one
 * wins. */
static bool settle_connection(MigrateOptions *options, Error *error)
{
    const PgOptions *pg = &options->common.pg;
    const LakefsSettings *lakefs = &options->lakefs;
    const char *of_lakefs = lakefs_settings_legacy_database(lakefs);
    const char *string = pg->dbname != NULL ? pg->dbname : of_lakefs;
    PgConninfo conninfo = {0};
    Buffer text = {0};
    bool done;

    /* Of what an option's string lacks here, its handler has warned. */
    if (string != NULL &&
        !split(string, pg->dbname != NULL ? NULL : common_options_warn_dropped, &conninfo, error)) {
        return false;
    }
    if (pg->dbname != NULL) {
        /* As in psql, the connection string takes precedence. */
        done = common_options_append_place(pg, &text, error) &&
               append_part(conninfo.public_part, &text, error);
    } else {
        /* Options take precedence over the environment. */
        done = (string == NULL || append_part(conninfo.public_part, &text, error)) &&
               common_options_append_place(pg, &text, error);
    }
    if (done && conninfo.password != NULL && conninfo.password[0] != '\0') {
        password_free(options->password);
        options->password = conninfo.password;
        conninfo.password = NULL;
    }
    options->connection = buffer_take(&text, error);
    done = done && options->connection != NULL;
    pg_conninfo_free(&conninfo);
    return done;
}

/* The dump is written first and then read: standard output is no place for it. */
static bool check_dump(const char *dump, Error *error)
{
    if (dump == NULL || strcmp(dump, "-") != 0) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "option --dump takes the name of a file, not \"-\"");
    return error_hint(error, "Without --dump the entries go through a pipe.");
}

/* A rehearsal has a server of its own, and one place that its tables come from. */
static bool check_rehearsal(const MigrateOptions *options, Error *error)
{
    if (options->command != COMMAND_REHEARSE) {
        return true;
    }
    if (options->from != NULL && options->common.pg.dbname != NULL) {
        error_set(error, EXIT_CODE_USAGE, "a rehearsal takes --from or a database, not both");
        return error_hint(error, "Leave out one of them.");
    }
    if (options->report != NULL && strcmp(options->report, "-") == 0) {
        error_set(error, EXIT_CODE_USAGE, "option --report takes the name of a file, not \"-\"");
        return error_hint(error, "The report is on standard output anyway, as text or JSON.");
    }
    return options->report == NULL || dump_output_check(options->report, options->force, error) ||
           error_hint(error, "Give --report another name, or --force.");
}

#define ONLY(name) (1u << COMMAND_##name)

/* Refuses an option that was given to a command for which it has no meaning. */
static bool check_command(const MigrateOptions *options, Error *error)
{
    const struct {
        const char *option;
        bool is_given;
        unsigned commands;
        const char *names;
    } OPTIONS[] = {{options->up_option, options->up_option != NULL, ONLY(UP) | ONLY(REHEARSE),
                    "commands up and rehearse"},
                   {"basic-auth-user", options->has_basic_auth_option,
                    ONLY(UP) | ONLY(REHEARSE) | ONLY(STATUS) | ONLY(VERIFY) | ONLY(CLEANUP),
                    "commands up, rehearse, status, verify and cleanup"},
                   {"on-event", options->on_event != NULL, ONLY(UP) | ONLY(CLEANUP),
                    "commands up and cleanup"},
                   {"dry-run", options->dry_run, ONLY(UP) | ONLY(REVERT), "commands up and revert"},
                   {"lose-writes", options->lose_writes, ONLY(REVERT), "command revert"},
                   {"new-database", options->new_database, ONLY(UP), "command up"},
                   {"for", options->for_version != NULL, ONLY(CONFIG), "command config"},
                   {"from", options->from != NULL, ONLY(REHEARSE), "command rehearse"},
                   {"report", options->report != NULL, ONLY(REHEARSE), "command rehearse"},
                   {"bindir", options->bindir != NULL, ONLY(REHEARSE), "command rehearse"}};

    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        if (OPTIONS[i].is_given && (OPTIONS[i].commands & 1u << options->command) == 0) {
            return error_set(error, EXIT_CODE_USAGE, "option --%s goes with the %s only",
                             OPTIONS[i].option, OPTIONS[i].names);
        }
    }
    return true;
}

static bool check(const MigrateOptions *options, Error *error)
{
    if (options->command == COMMAND_NONE) {
        error_set(error, EXIT_CODE_USAGE, "no command was given");
        return error_hint(error, "Try --help.");
    }
    if (options->command == COMMAND_BASIC_AUTH && options->basic_auth_user == NULL) {
        error_set(error, EXIT_CODE_USAGE, "the command basic-auth takes the name of a user");
        return error_hint(error, "kv-migrate status counts the users of a store.");
    }
    if (options->command == COMMAND_CONFIG && (options->file == NULL || options->json)) {
        return error_set(error, EXIT_CODE_USAGE,
                         options->json ? "the command config prints a file of lakeFS's, not JSON"
                                       : "the command config takes the name of a file");
    }
    return check_command(options, error) && check_rehearsal(options, error) &&
           check_dump(options->dump, error);
}

/* Who asks for a detail of the KV migration expects one.  Settings of lakeFS's are there for
 * lakeFS, and ask for nothing. */
static bool check_kv_option(const MigrateOptions *options, Error *error)
{
    if (options->command != COMMAND_UP || options->kv_option == NULL ||
        migrate_options_kv_enabled(options)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "option --%s means nothing without --kv-enabled",
              options->kv_option);
    return error_hint(error, "Without --kv-enabled, up runs the schema migrations only.");
}

/* Takes the password that a previous run of this program passed to itself. */
static bool take_password(char **password, Error *error)
{
    const char *given = environment_variable(PASSWORD_VARIABLE);

    *password = given == NULL ? NULL : strdup(given);
    unsetenv(PASSWORD_VARIABLE);
    return given == NULL || *password != NULL || error_out_of_memory(error);
}

bool migrate_options_read(MigrateOptions *options, int count, char **arguments, Error *error)
{
    const CommonOptions *common = &options->common;

    *options = (MigrateOptions){.compression_level = COMPRESSION_UNSET};
    common_options_init(&options->common, "kv-migrate");
    if (!option_list_parse(options, count, arguments, error)) {
        return false;
    }
    if (common->help || common->version || common->list_options) {
        return true;
    }
    if (!check(options, error) || !take_password(&options->password, error)) {
        return false;
    }
    /* Only that file counts, and lakeFS's variables are looked at as they are. */
    if (options->command == COMMAND_CONFIG) {
        return true;
    }
    return read_settings(options, error) && check_kv_option(options, error) &&
           settle_target(options, error) && settle_rehearsal(options, error) &&
           settle_connection(options, error);
}

void migrate_options_free(MigrateOptions *options)
{
    lakefs_settings_free(&options->lakefs);
    words_free(&options->export_options);
    words_free(&options->import_options);
    words_free(&options->arguments);
    words_free(&options->migration);
    words_free(&options->place);
    free(options->config_found);
    free(options->connection);
    password_free(options->password);
    common_options_free(&options->common);
}
