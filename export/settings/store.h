/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of kinds of storage.  A kind is one file with a SettingsStore, and one line in the
 * table of settings.c.
 */
#ifndef EXPORT_SETTINGS_STORE_H
#define EXPORT_SETTINGS_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/kv/storage_namespace.h"
#include "export/settings/settings.h"

/* Far more than any set of rules; a larger object must be something else. */
enum { MAX_RULES_SIZE = 16 * 1024 * 1024 };

/* One kind of storage, such as local://. */
typedef struct SettingsStore {
    const char *scheme; /* in lower case, without "://"; "" for any */

    /* The hint for objects that cannot be read, if fetch gives no better one. */
    const char *hint;

    /* May be NULL.  Checks the options before anything is read: EXIT_CODE_USAGE. */
    bool (*check)(const SettingsOptions *options, Error *error);

    /* May be NULL.  Sets up *state once, before the first fetch.  It is passed to close even after
     * a failure. */
    bool (*open)(const SettingsOptions *options, void **state, Error *error);

    /* Fetches the object `path` ("_lakefs/settings/...") of a namespace.  Called from several
     * threads at once.  A missing object is not an error: found stays false.  Fails with
     * EXIT_CODE_REFUSED if the storage cannot be read or is not there, and with
     * EXIT_CODE_CONNECTION if it cannot be reached. */
    bool (*fetch)(void *state, const SettingsOptions *options, const StorageNamespace *space,
                  const char *path, SettingsObject *object, Error *error);

    /* May be NULL.  Stops all fetches; any thread may call it. */
    void (*stop)(void *state);

    /* May be NULL.  Accepts NULL. */
    void (*close)(void *state);
} SettingsStore;

extern const SettingsStore SETTINGS_COMMAND;
extern const SettingsStore SETTINGS_LOCAL;
extern const SettingsStore SETTINGS_S3;

#endif
