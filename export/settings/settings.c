/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/settings.h"

#include "export/settings/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const SettingsStore *const STORES[] = {&SETTINGS_COMMAND, &SETTINGS_LOCAL, &SETTINGS_S3};

enum { STORE_COUNT = sizeof STORES / sizeof STORES[0] };

static const char RULES_PATH[] = "settings/protected_branches.json";

struct Settings {
    const SettingsOptions *options;
    pthread_mutex_t mutex; /* guards what follows */
    bool opened[STORE_COUNT];
    bool stopped;
    void *states[STORE_COUNT];
};

bool settings_check(const SettingsOptions *options, Error *error)
{
    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (STORES[i]->check != NULL && !STORES[i]->check(options, error)) {
            return false;
        }
    }
    return true;
}

bool settings_open(const SettingsOptions *options, Settings **settings, Error *error)
{
    *settings = calloc(1, sizeof **settings);
    if (*settings == NULL) {
        return error_out_of_memory(error);
    }
    (*settings)->options = options;
    pthread_mutex_init(&(*settings)->mutex, NULL);
    return true;
}

/* A command, if given, serves every repository. */
static size_t find_store(const SettingsOptions *options, const StorageNamespace *space)
{
    size_t i = options->command != NULL ? 0 : 1;

    while (i < STORE_COUNT && STORES[i]->scheme[0] != '\0' &&
           strcmp(space->scheme, STORES[i]->scheme) != 0) {
        i++;
    }
    return i;
}

/* Opens a kind of storage unless it is open; other threads wait. */
static bool open_store(Settings *settings, size_t index, Error *error)
{
    const SettingsStore *store = STORES[index];
    bool done;

    pthread_mutex_lock(&settings->mutex);
    done = settings->opened[index] || store->open == NULL ||
           store->open(settings->options, &settings->states[index], error);
    settings->opened[index] = done;
    if (done && settings->stopped && store->stop != NULL) {
        store->stop(settings->states[index]);
    }
    pthread_mutex_unlock(&settings->mutex);
    return done;
}

/* Whether a repository's name can be copied to a command line as it is. */
static bool is_plain(const char *repository_id)
{
    size_t size = strspn(repository_id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789._-");

    return size > 0 && repository_id[size] == '\0';
}

/* Turns the storage's error into one about the repository. */
static bool rules_unreadable(const char *repository_id, const char *storage_namespace,
                             const char *hint, Error *error)
{
    Error reason = *error;

    error_set(error, reason.code, "could not read the branch protection rules of repository \"%s\"",
              repository_id);
    error_detail(error, "Its storage namespace is \"%s\": %s.%s%s", storage_namespace,
                 reason.message, reason.detail[0] != '\0' ? "\n" : "", reason.detail);
    return error_hint(error,
                      "%s Or leave out the rules of this repository with --no-settings=%s: its "
                      "protected branches then become unprotected.",
                      reason.hint[0] != '\0' ? reason.hint : hint,
                      is_plain(repository_id) ? repository_id : "REPOSITORY");
}

static bool fetch_from(Settings *settings, size_t index, const StorageNamespace *space,
                       SettingsObject *object, Error *error)
{
    const SettingsOptions *options = settings->options;
    Buffer path = {0};
    bool done =
        open_store(settings, index, error) &&
        buffer_append_format(&path, error, "%s/%s", options->block_storage_prefix, RULES_PATH) &&
        STORES[index]->fetch(settings->states[index], options, space, buffer_string(&path), object,
                             error);

    buffer_free(&path);
    return done;
}

/* On failure *hint is the one that fits, unless the error has a better one. */
static bool fetch(Settings *settings, const char *storage_namespace, SettingsObject *object,
                  const char **hint, Error *error)
{
    StorageNamespace space;
    size_t index;
    bool done;

    *hint = "lakeFS cannot read this namespace either: look for a mistake in the repository's row.";
    if (!storage_namespace_parse(storage_namespace, &space, error)) {
        return false;
    }
    index = find_store(settings->options, &space);
    if (index == STORE_COUNT) {
        *hint = "Specify a command that prints an object with --settings-command (local:// and "
                "s3:// need none).";
        done = error_set(error, EXIT_CODE_REFUSED, "unsupported kind of storage");
    } else {
        *hint = STORES[index]->hint;
        done = fetch_from(settings, index, &space, object, error);
    }
    storage_namespace_free(&space);
    return done;
}

bool settings_fetch(Settings *settings, const char *repository_id, const char *storage_namespace,
                    SettingsObject *object, Error *error)
{
    const char *hint;

    *object = (SettingsObject){0};
    if (fetch(settings, storage_namespace, object, &hint, error)) {
        return true;
    }
    if (error->code == EXIT_CODE_REFUSED || error->code == EXIT_CODE_CONNECTION) {
        rules_unreadable(repository_id, storage_namespace, hint, error);
    }
    return false;
}

void settings_stop(Settings *settings)
{
    pthread_mutex_lock(&settings->mutex);
    settings->stopped = true;
    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (settings->opened[i] && STORES[i]->stop != NULL) {
            STORES[i]->stop(settings->states[i]);
        }
    }
    pthread_mutex_unlock(&settings->mutex);
}

void settings_close(Settings *settings)
{
    if (settings == NULL) {
        return;
    }
    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (STORES[i]->close != NULL) {
            STORES[i]->close(settings->states[i]);
        }
    }
    pthread_mutex_destroy(&settings->mutex);
    free(settings);
}
