/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches branch protection rules from the repositories' storage.
 *
 * The rules are not in the database.  They are the object
 * <storage namespace>/<block storage prefix>/settings/protected_branches.json in each repository's
 * storage, and become an entry unchanged: see KV-MODEL.md, "Package graveler".
 *
 * Order of calls: settings_open, settings_fetch from any number of threads, settings_close. store.h
 * is the interface of the kinds of storage.
 */
#ifndef EXPORT_SETTINGS_SETTINGS_H
#define EXPORT_SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct SettingsOptions {
    const char *blockstore_path;      /* root of local:// namespaces; may be NULL */
    const char *block_storage_prefix; /* "_lakefs" unless configured otherwise */
    const char *command;              /* fetches objects from any storage; may be NULL */
    const char *s3_endpoint;          /* URL of the server of s3:// namespaces; NULL: AWS */
    const char *s3_region;            /* NULL: as AWS's tools choose it */
    bool s3_force_path_style;         /* never put the bucket into the host name */
} SettingsOptions;

/* The result of a fetch. */
typedef struct SettingsObject {
    bool found; /* the repository has rules */
    Buffer content;
} SettingsObject;

typedef struct Settings Settings;

/* Checks the options.  Fails with EXIT_CODE_USAGE. */
bool settings_check(const SettingsOptions *options, Error *error);

/* The options must outlive the settings. */
bool settings_open(const SettingsOptions *options, Settings **settings, Error *error);

/* Fetches the rules of a repository.  Fails, naming the repository, with EXIT_CODE_REFUSED if its
 * storage cannot be read and with EXIT_CODE_CONNECTION if it cannot be reached.  The caller frees
 * object->content. */
bool settings_fetch(Settings *settings, const char *repository_id, const char *storage_namespace,
                    SettingsObject *object, Error *error);

/* Stops all fetches; any thread may call it. */
void settings_stop(Settings *settings);

/* Accepts NULL. */
void settings_close(Settings *settings);

#endif
