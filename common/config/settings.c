/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/settings.h"

#include "common/base/buffer.h"
#include "common/base/environment.h"
#include "common/base/text.h"
#include "common/config/config_file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SETTING(member) offsetof(LakefsSettings, member)

/* A setting that is text. */
typedef struct TextSetting {
    const char *key; /* in the configuration */
    size_t offset;   /* of its text in LakefsSettings */
    bool secret;
} TextSetting;

static const TextSetting TEXTS[] = {
    {"database.connection_string", SETTING(connection_string), true},
    {"database.postgres.connection_string", SETTING(newer_connection_string), true},
    {"database.type", SETTING(database_type), false},
    {"database.dynamodb.table_name", SETTING(dynamodb_table), false},
    {"database.dynamodb.endpoint", SETTING(dynamodb_endpoint), false},
    {"database.dynamodb.aws_region", SETTING(dynamodb_region), false},
    {"database.dynamodb.aws_access_key_id", SETTING(dynamodb_access_key_id), true},
    {"database.dynamodb.aws_secret_access_key", SETTING(dynamodb_secret_access_key), true},
    {"database.dynamodb.read_capacity_units", SETTING(dynamodb_read_capacity), false},
    {"database.dynamodb.write_capacity_units", SETTING(dynamodb_write_capacity), false},
    {"blockstore.type", SETTING(blockstore_type), false},
    {"blockstore.local.path", SETTING(blockstore_path), false},
    {"blockstore.s3.endpoint", SETTING(s3_endpoint), false},
    {"blockstore.s3.region", SETTING(s3_region), false},
    {"blockstore.s3.profile", SETTING(s3_profile), false},
    {"blockstore.s3.credentials_file", SETTING(s3_credentials_file), false},
    {"blockstore.s3.credentials.access_key_id", SETTING(s3_access_key_id), true},
    {"blockstore.s3.credentials.secret_access_key", SETTING(s3_secret_access_key), true},
    {"blockstore.s3.credentials.access_secret_key", SETTING(s3_older_secret_access_key), true},
    {"blockstore.s3.credentials.session_token", SETTING(s3_session_token), true},
    {"committed.block_storage_prefix", SETTING(block_storage_prefix), false},
    {"auth.ui_config.rbac", SETTING(auth_rbac), false},
    {"auth.api.endpoint", SETTING(auth_api_endpoint), false},
};

static const struct {
    const char *key;
    size_t offset; /* of its Switch */
} SWITCHES[] = {
    {"database.kv_enabled", SETTING(kv_enabled)},
    {"database.drop_tables", SETTING(drop_tables)},
    {"blockstore.s3.force_path_style", SETTING(s3_force_path_style)},
};

enum {
    TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0],
    SWITCH_COUNT = sizeof SWITCHES / sizeof SWITCHES[0],
    NAME_SIZE = 80
};

static const char **text_of(LakefsSettings *settings, size_t offset)
{
    return (const char **)((char *)settings + offset);
}

static bool is_set(const char *setting)
{
    return setting != NULL && setting[0] != '\0';
}

static Switch *switch_of(LakefsSettings *settings, size_t offset)
{
    return (Switch *)((char *)settings + offset);
}

/* "database.type" as LAKEFS_DATABASE_TYPE. */
static void variable_name(const char *key, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "LAKEFS_%s", key);
    for (char *p = name; *p != '\0'; p++) {
        *p = *p == '.' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
}

/* Parses a boolean as lakeFS does; `name` is for the error. */
static bool switch_parse(Switch *value, const char *name, const char *text, Error *error)
{
    static const char *const ON[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const OFF[] = {"0", "f", "F", "false", "FALSE", "False"};

    for (size_t i = 0; i < sizeof ON / sizeof ON[0]; i++) {
        if (strcmp(text, ON[i]) == 0 || strcmp(text, OFF[i]) == 0) {
            *value = strcmp(text, ON[i]) == 0 ? SWITCH_ON : SWITCH_OFF;
            return true;
        }
    }
    return error_set(error, EXIT_CODE_USAGE, "%s takes true or false, not \"%s\"", name, text);
}

/* Takes a setting unless one of higher precedence is set. */
static void take_text(const char **setting, const char *value)
{
    if (!is_set(*setting) && is_set(value)) {
        *setting = value;
    }
}

/* Uses the older name of the secret key if the newer one is not set. */
static void settle_secret_access_key(LakefsSettings *settings)
{
    take_text(&settings->s3_secret_access_key, settings->s3_older_secret_access_key);
}

/* Reads the variables.  unsetenv() leaves their memory in place, so the texts stay valid. */
static void read_texts(LakefsSettings *settings)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        char name[NAME_SIZE];

        variable_name(TEXTS[i].key, name);
        take_text(text_of(settings, TEXTS[i].offset), getenv(name));
        if (TEXTS[i].secret && !settings->keep_variables) {
            unsetenv(name);
        }
    }
}

static bool read_environment(LakefsSettings *settings, Error *error)
{
    bool was_set = is_set(settings->connection_string);

    read_texts(settings);
    settings->connection_string_is_variable = !was_set && is_set(settings->connection_string);
    settle_secret_access_key(settings);
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        Switch *value = switch_of(settings, SWITCHES[i].offset);
        char name[NAME_SIZE];
        const char *text;

        variable_name(SWITCHES[i].key, name);
        text = environment_variable(name);
        if (*value == SWITCH_UNSET && text != NULL && !switch_parse(value, name, text, error)) {
            return false;
        }
    }
    return true;
}

bool lakefs_settings_secret_variables(Words *names, Error *error)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        char name[NAME_SIZE];

        variable_name(TEXTS[i].key, name);
        if (TEXTS[i].secret && !words_add(names, name, error)) {
            return false;
        }
    }
    return true;
}

static bool read_switch(ConfigFile *config, const char *path, const char *key, Switch *value,
                        Error *error)
{
    char name[1024];
    const char *text;

    if (!config_file_switch(config, key, &text, error)) {
        return false;
    }
    snprintf(name, sizeof name, "%s in configuration \"%s\"", key, path);
    return !is_set(text) || switch_parse(value, name, text, error);
}

static bool take_owned(LakefsSettings *settings, size_t offset, const char *value, Error *error)
{
    if (!words_add(&settings->owned, value, error)) {
        return false;
    }
    take_text(text_of(settings, offset), settings->owned.items[settings->owned.count - 1]);
    return true;
}

static bool read_configuration(ConfigFile *config, const char *path, LakefsSettings *settings,
                               Error *error)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const char *text;

        if (!config_file_text(config, TEXTS[i].key, &text, error) ||
            (text != NULL && !take_owned(settings, TEXTS[i].offset, text, error))) {
            return false;
        }
    }
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        if (!read_switch(config, path, SWITCHES[i].key, switch_of(settings, SWITCHES[i].offset),
                         error)) {
            return false;
        }
    }
    return true;
}

static void merge(LakefsSettings *settings, LakefsSettings *more)
{
    settle_secret_access_key(more);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        take_text(text_of(settings, TEXTS[i].offset), *text_of(more, TEXTS[i].offset));
    }
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        Switch *value = switch_of(settings, SWITCHES[i].offset);

        *value = *value == SWITCH_UNSET ? *switch_of(more, SWITCHES[i].offset) : *value;
    }
    settings->owned = more->owned;
    more->owned = (Words){0};
}

/* A file that was merely found must not override them. */
bool lakefs_settings_variables_name_database(void)
{
    return environment_variable("PGHOST") != NULL || environment_variable("PGHOSTADDR") != NULL ||
           environment_variable("PGDATABASE") != NULL || environment_variable("PGSERVICE") != NULL;
}

static bool read_file(LakefsSettings *settings, const char *path, bool searched, Error *error)
{
    LakefsSettings more = {0};
    ConfigFile *config;
    bool done =
        config_file_open(path, &config, error) && read_configuration(config, path, &more, error);

    if (done && searched && lakefs_settings_variables_name_database()) {
        more.connection_string = NULL;
        more.newer_connection_string = NULL;
    }
    if (done) {
        /* Later lakeFS refuses a file that has it, and only ignores a variable. */
        settings->connection_string_is_variable &= !is_set(more.connection_string);
        merge(settings, &more);
    }
    config_file_close(config);
    lakefs_settings_free(&more);
    if (!done && searched && error->code == EXIT_CODE_USAGE) {
        error_hint(error, "lakeFS would read this file, too. Name another one with --config.");
    }
    return done;
}

/* Sets *path if the folder contains `name` and it is not a folder. */
static bool find_file(const char *folder, const char *name, char **path, Error *error)
{
    Buffer text = {0};
    struct stat status;
    bool done = buffer_append_format(&text, error, "%s%s", folder, name);

    if (done && stat(buffer_string(&text), &status) == 0 && !S_ISDIR(status.st_mode)) {
        *path = buffer_take(&text, error);
        done = *path != NULL;
    }
    buffer_free(&text);
    return done;
}

/* The names that viper looks for, in its order.  lakeFS reads all of them as YAML. */
static bool find_in_folder(const char *folder, char **path, Error *error)
{
    static const char *const NAMES[] = {
        "config.json",  "config.toml", "config.yaml", "config.yml",    "config.properties",
        "config.props", "config.prop", "config.hcl",  "config.tfvars", "config.dotenv",
        "config.env",   "config.ini",  "config"};

    for (size_t i = 0; *path == NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (!find_file(folder, NAMES[i], path, error)) {
            return false;
        }
    }
    return true;
}

static bool search_file(char **path, Error *error)
{
    const char *home = environment_variable("HOME");
    Buffer below = {0};
    bool done;

    *path = NULL;
    done = find_in_folder("", path, error);
    if (done && *path == NULL && home != NULL) {
        done = buffer_append_format(&below, error, "%s/.lakefs/", home) &&
               find_in_folder(buffer_string(&below), path, error);
    }
    if (done && *path == NULL) {
        done = find_in_folder("/etc/lakefs/", path, error);
    }
    if (done && *path == NULL && home != NULL) {
        done = find_file(home, "/.lakefs.yaml", path, error);
    }
    buffer_free(&below);
    return done;
}

/* Sets a path below the home folder. */
static bool set_in_home(LakefsSettings *settings, const char **setting, const char *name,
                        const char *below, Error *error)
{
    const char *home = environment_variable("HOME");

    if (home == NULL) {
        error_set(error, EXIT_CODE_USAGE, "%s is in the home folder, but HOME is not set", name);
        return error_hint(error, "Set HOME, or give an absolute path.");
    }
    if (!words_add_format(&settings->owned, error, "%s%s", home, below)) {
        return false;
    }
    *setting = settings->owned.items[settings->owned.count - 1];
    return true;
}

/* Applies the default of blockstore.local.path, and expands ~ in it. */
static bool settle_blockstore_path(LakefsSettings *settings, Error *error)
{
    const char **path = &settings->blockstore_path;

    if (!is_set(*path)) {
        settings->blockstore_path_is_default =
            is_set(settings->blockstore_type) && strcmp(settings->blockstore_type, "local") == 0;
        return !settings->blockstore_path_is_default ||
               set_in_home(settings, path, "the default of blockstore.local.path",
                           "/data/lakefs/block", error);
    }
    return (strcmp(*path, "~") != 0 && strncmp(*path, "~/", 2) != 0) ||
           set_in_home(settings, path, "blockstore.local.path", *path + 1, error);
}

bool lakefs_settings_read(LakefsSettings *settings, const char *path, bool search, char **found,
                          Error *error)
{
    char *file = NULL;
    bool searched = path == NULL && search;
    bool done = read_environment(settings, error) &&
                (searched ? search_file(&file, error) : text_copy(path, &file, error)) &&
                (file == NULL || read_file(settings, file, searched, error)) &&
                settle_blockstore_path(settings, error);

    if (found != NULL && done) {
        *found = file;
    } else {
        free(file);
    }
    return done;
}

const char *lakefs_settings_legacy_database(const LakefsSettings *settings)
{
    return is_set(settings->connection_string)         ? settings->connection_string
           : is_set(settings->newer_connection_string) ? settings->newer_connection_string
                                                       : NULL;
}

const char *lakefs_settings_kv_database(const LakefsSettings *settings)
{
    return is_set(settings->newer_connection_string) ? settings->newer_connection_string
                                                     : lakefs_settings_legacy_database(settings);
}

void lakefs_settings_free(LakefsSettings *settings)
{
    words_free(&settings->owned);
}
