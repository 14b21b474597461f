#include "export/settings/settings.h"

#include <string.h>

static const SettingsStore *const STORES[] = {&SETTINGS_LOCAL};

static const char RULES_PATH[] = "settings/protected_branches.json";

static const SettingsStore *find_store(const char *storage_namespace)
{
    for (size_t i = 0; i < sizeof STORES / sizeof STORES[0]; i++) {
        if (strncmp(storage_namespace, STORES[i]->scheme, strlen(STORES[i]->scheme)) == 0) {
            return STORES[i];
        }
    }
    return NULL;
}

static bool refused(const char *repository_id, const char *storage_namespace, Error *error)
{
    char reason[sizeof error->message];

    memcpy(reason, error->message, sizeof reason);
    error_set(error, EXIT_CODE_REFUSED,
              "the branch protection rules of repository \"%s\" cannot be read", repository_id);
    error_detail(error, "Its storage namespace is \"%s\": %s.", storage_namespace, reason);
    return error_hint(error, "Make the storage readable (--blockstore-path for local://), or leave "
                             "all rules out, knowingly, with --no-settings: branches that were "
                             "protected will not be.");
}

bool settings_fetch(const SettingsOptions *options, const char *repository_id,
                    const char *storage_namespace, SettingsObject *object, Error *error)
{
    const SettingsStore *store = find_store(storage_namespace);
    Buffer path = {0};
    const char *text = NULL;
    bool done = false;

    *object = (SettingsObject){0};
    if (store == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "storage of this kind cannot be read");
        return refused(repository_id, storage_namespace, error);
    }
    if (buffer_append_format(&path, error, "%s/%s", options->block_storage_prefix, RULES_PATH)) {
        text = buffer_text(&path, error);
    }
    if (text != NULL) {
        done =
            store->fetch(options, storage_namespace + strlen(store->scheme), text, object, error);
        if (!done && error->code == EXIT_CODE_REFUSED) {
            refused(repository_id, storage_namespace, error);
        }
    }
    buffer_free(&path);
    return done;
}
