/*
 * Where branch protection rules are fetched from: the seam for kinds of storage.
 *
 * The rules are not in the database.  They are the object
 * <storage namespace>/<block storage prefix>/settings/protected_branches.json in each repository's
 * storage, and are stored as they are.  Source: KV model facts, package graveler.
 *
 * A kind of storage is one file with a SettingsStore, and one line in the table of settings.c.
 */
#ifndef EXPORT_SETTINGS_SETTINGS_H
#define EXPORT_SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct SettingsOptions {
    const char *blockstore_path;      /* root of local:// namespaces; may be NULL */
    const char *block_storage_prefix; /* "_lakefs" unless configured otherwise */
} SettingsOptions;

/* What is known after a fetch. */
typedef struct SettingsObject {
    bool found;           /* the repository has rules */
    bool namespace_found; /* its storage holds anything at all, as far as the kind can tell */
    Buffer content;
} SettingsObject;

/* One kind of storage, such as local:// */
typedef struct SettingsStore {
    const char *scheme; /* with "://" */

    /* Fetches the object `path` ("_lakefs/settings/...") of the namespace, whose text behind the
     * scheme is `location`.  A missing object is no error: found stays false.  Storage that cannot
     * be read is one, with EXIT_CODE_REFUSED. */
    bool (*fetch)(const SettingsOptions *options, const char *location, const char *path,
                  SettingsObject *object, Error *error);
} SettingsStore;

extern const SettingsStore SETTINGS_LOCAL;

/* Fetches the rules of a repository.  False with EXIT_CODE_REFUSED, naming the repository, when
 * its storage cannot be read.  The caller frees object->content. */
bool settings_fetch(const SettingsOptions *options, const char *repository_id,
                    const char *storage_namespace, SettingsObject *object, Error *error);

#endif
