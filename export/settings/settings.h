/*
 * Branch protection rules: fetched from the repositories' storage.
 *
 * The rules are not in the database.  They are the object
 * <storage namespace>/<block storage prefix>/settings/protected_branches.json in each repository's
 * storage, and are stored as they are.  Source: KV model facts, package graveler.
 *
 * settings_open, then settings_fetch from as many threads as one likes, then settings_close.  The
 * kinds of storage are behind the seam in store.h.
 */
#ifndef EXPORT_SETTINGS_SETTINGS_H
#define EXPORT_SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct SettingsOptions {
    const char *blockstore_path;      /* root of local:// namespaces; may be NULL */
    const char *block_storage_prefix; /* "_lakefs" unless configured otherwise */
    const char *command;              /* fetches objects of any kind; may be NULL */
    const char *s3_endpoint;          /* URL of the server of s3:// namespaces; NULL: AWS's own */
    const char *s3_region;            /* NULL: what AWS's tools would take */
    bool s3_force_path_style;         /* the bucket is never a part of the host's name */
} SettingsOptions;

/* What is known after a fetch. */
typedef struct SettingsObject {
    bool found;             /* the repository has rules */
    bool namespace_checked; /* whether its storage is there at all could be told ... */
    bool namespace_found;   /* ... and it is */
    Buffer content;
} SettingsObject;

typedef struct Settings Settings;

/* Whether the options can be meant.  False with EXIT_CODE_USAGE. */
bool settings_check(const SettingsOptions *options, Error *error);

/* The options must stay. */
bool settings_open(const SettingsOptions *options, Settings **settings, Error *error);

/* Fetches the rules of a repository.  False, naming the repository, with EXIT_CODE_REFUSED when
 * its storage cannot be read, with EXIT_CODE_CONNECTION when it cannot be reached.  The caller
 * frees object->content. */
bool settings_fetch(Settings *settings, const char *repository_id, const char *storage_namespace,
                    SettingsObject *object, Error *error);

/* Ends all fetches, from any thread. */
void settings_stop(Settings *settings);

/* Takes NULL. */
void settings_close(Settings *settings);

#endif
