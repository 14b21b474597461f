/*
 * The seam for kinds of storage.  A kind is one file with a SettingsStore, and one line in the
 * table of settings.c.
 */
#ifndef EXPORT_SETTINGS_STORE_H
#define EXPORT_SETTINGS_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/settings/settings.h"

/* Far more than any set of rules; a larger object is something else. */
enum { MAX_RULES_SIZE = 16 * 1024 * 1024 };

/* One kind of storage, such as local:// */
typedef struct SettingsStore {
    const char *scheme; /* with "://"; "" for any namespace */

    /* What to do when its objects cannot be read, where fetch has no better hint. */
    const char *hint;

    /* May be NULL.  Says whether the options make sense, before anything is read: EXIT_CODE_USAGE.
     */
    bool (*check)(const SettingsOptions *options, Error *error);

    /* May be NULL.  Makes what fetches work with, once, when the first one is due: *state, which is
     * handed to close also after a failure. */
    bool (*open)(const SettingsOptions *options, void **state, Error *error);

    /* Fetches the object `path` ("_lakefs/settings/...") of the namespace, whose text behind the
     * scheme is `location`; on several threads at once.  A missing object is no error: found stays
     * false.  Storage that cannot be read is one, with EXIT_CODE_REFUSED, or EXIT_CODE_CONNECTION
     * where it is not reached. */
    bool (*fetch)(void *state, const SettingsOptions *options, const char *location,
                  const char *path, SettingsObject *object, Error *error);

    /* May be NULL.  Ends fetches, from any thread. */
    void (*stop)(void *state);

    /* May be NULL.  Takes NULL. */
    void (*close)(void *state);
} SettingsStore;

extern const SettingsStore SETTINGS_COMMAND;
extern const SettingsStore SETTINGS_LOCAL;
extern const SettingsStore SETTINGS_S3;

#endif
