/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/message.h"
#include "scripts/session/replay/replay.h"
#include "scripts/session/replay/server.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

static bool starts(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* What a program tells of its work, and what to do next, is about a database that stays: only
 * warnings, errors and, on a terminal, progress belong to a replay. */
static bool add_messages(const Replay *replay, Words *words, Error *error)
{
    ProgressMode progress = replay->options.progress;
    bool is_normal = message_level() == MESSAGE_NORMAL;

    if (progress == PROGRESS_AUTOMATIC && is_normal && message_is_terminal()) {
        progress = PROGRESS_ALWAYS;
    }
    return (!is_normal || words_add(words, "--quiet", error)) &&
           (progress != PROGRESS_ALWAYS || words_add(words, "--progress", error)) &&
           (progress != PROGRESS_NEVER || words_add(words, "--no-progress", error));
}

/* The kv-import command.  An incomplete store is fine on a throw-away server. */
static bool add_load(const Replay *replay, Words *words, Error *error)
{
    return words_add_format(words, error, "%s/kv-import", replay->programs) &&
           words_add(words, "--dbname=" REPLAY_DATABASE, error) &&
           words_add(words, "--no-password", error) &&
           words_add(words, "--allow-redacted", error) &&
           words_add(words, "--allow-incomplete", error) &&
           words_add_all(words, &replay->options.shared, error) &&
           add_messages(replay, words, error) && words_add(words, "--", error) &&
           words_add(words, replay->dump.path, error);
}

static bool add_option(Words *words, const char *name, const char *value, Error *error)
{
    return value == NULL || words_add_format(words, error, "%s=%s", name, value);
}

/* The kv-migrate command, shielded from this machine's lakeFS configuration. */
static bool add_migrate(const Replay *replay, Words *words, Error *error)
{
    const ReplayOptions *options = &replay->options;

    if (!words_add_format(words, error, "%s/kv-migrate", replay->programs) ||
        !words_add(words, "up", error) || !words_add(words, "--kv-enabled", error) ||
        !words_add(words, "--keep-tables", error) ||
        !words_add(words, "--config=/dev/null", error) || !words_add(words, "-d", error) ||
        !words_add(words, REPLAY_DATABASE, error) || !words_add(words, "-w", error) ||
        !words_add_all(words, &options->shared, error) || !add_messages(replay, words, error)) {
        return false;
    }
    if (options->blockstore_path == NULL) {
        return words_add(words, "--no-settings", error) &&
               add_option(words, "--dump", options->keep_dump, error);
    }
    return add_option(words, "--blockstore-path", options->blockstore_path, error) &&
           add_option(words, "--block-storage-prefix", options->block_storage_prefix, error) &&
           add_option(words, "--dump", options->keep_dump, error);
}

static bool add_users(const Replay *replay, Words *words, Error *error)
{
    for (char **word = replay->options.command; *word != NULL; word++) {
        if (!words_add(words, *word, error)) {
            return false;
        }
    }
    return true;
}

bool replay_command(Replay *replay, const char *name, Words *words, Error *error)
{
    replay->running = NULL;
    if (strcmp(name, "load") == 0) {
        replay->running = "kv-import";
        return add_load(replay, words, error);
    }
    if (strcmp(name, "migrate") == 0) {
        replay->running = "kv-migrate";
        return add_migrate(replay, words, error);
    }
    if (strcmp(name, "psql") == 0) {
        return words_add(words, "psql", error);
    }
    return add_users(replay, words, error);
}

/* Whether a variable was meant for another server. */
static bool is_foreign(const char *setting, bool is_migration)
{
    return (starts(setting, "PG") && isupper((unsigned char)setting[2])) ||
           starts(setting, is_migration ? "LAKEFS_" : "LAKEFS_DATABASE_");
}

/* A name that is not valid for a shell variable belongs to neither libpq nor lakeFS. */
static bool add_unset(Words *words, const char *setting, Error *error)
{
    size_t size = strspn(setting, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return setting[size] != '=' || words_add_format(words, error, "%.*s", (int)size, setting);
}

bool replay_environment(const Replay *replay, const char *name, Words *words, Error *error)
{
    bool is_migration = strcmp(name, "migrate") == 0;

    for (char **setting = environ; *setting != NULL; setting++) {
        if (is_foreign(*setting, is_migration) && !add_unset(words, *setting, error)) {
            return false;
        }
    }
    if (!words_add_format(words, error, "PGHOST=%s", replay->address.socket) ||
        !words_add_format(words, error, "PGPORT=%s", replay->address.port) ||
        !words_add(words, "PGUSER=" SERVER_SUPERUSER, error) ||
        !words_add(words, "PGDATABASE=" REPLAY_DATABASE, error)) {
        return false;
    }
    if (is_migration) {
        return words_add_format(words, error, "TMPDIR=%s", replay->supervisor.folder);
    }
    return strcmp(name, "command") != 0 ||
           (words_add(words, "LAKEFS_DATABASE_TYPE=postgres", error) &&
            words_add_format(words, error, "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=%s",
                             replay->uri));
}
