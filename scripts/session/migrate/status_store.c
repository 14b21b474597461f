/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/status_store.h"

#include "common/kv/model.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/status_dynamodb.h"

#include <stdlib.h>

typedef struct StoreState {
    const char *name; /* as in kv-migrate(1), "States of a database" */
    const char *text;
    int64_t version; /* for next_lakefs_find */
} StoreState;

bool status_store_is_alone(const MigrateOptions *options)
{
    return migrate_options_in_dynamodb(options) && options->connection[0] == '\0' &&
           !lakefs_settings_variables_name_database();
}

static StoreState state_of(const KvStore *store)
{
    switch (store->state) {
    case KV_STAMPED:
        return (StoreState){"kv_store",
                            "a KV store; no database was named to look for a legacy one",
                            strtoll(store->version, NULL, 10)};
    case KV_STARTED:
        return (StoreState){"kv_store_load_failed",
                            "a KV store whose load failed: load the dump again",
                            KV_VERSION_STARTED};
    case KV_MISSING:
        return (StoreState){"no_lakefs", "there is no such table", NEXT_LAKEFS_UNKNOWN};
    case KV_FOREIGN:
    case KV_UNREADABLE:
    case KV_UNSTAMPED:
    case KV_EMPTY:
    case KV_BEGUN:
        break;
    }
    return (StoreState){"kv_store_begun", "a KV store that was not set up", NEXT_LAKEFS_BEGUN};
}

static bool set_next_import(Status *status, Error *error)
{
    Words words = {0};
    bool done = words_add(&words, "kv-import", error) &&
                words_add_all(&words, &status->session->options->place, error) &&
                words_add(&words, "FILE", error) && report_command(&status->next, &words, error);

    words_free(&words);
    return done;
}

bool status_store_look(Status *status, MigrateOptions *options, Error *error)
{
    StoreState state;

    status->alone = true;
    status->session->options = options;
    if (!migrations_find(&status->session->migrations, options->migrations, error) ||
        !status_dynamodb_read(options, &status->store, &status->accounts, status->place, error)) {
        return false;
    }
    status->store.in_dynamodb = true;
    status->seen = true;
    state = state_of(&status->store);
    status->state = state.name;
    return buffer_append_text(&status->text, state.text, error) &&
           (status->store.state != KV_STARTED || set_next_import(status, error)) &&
           next_lakefs_find(status->session, state.version, options->target, &status->accounts,
                            &status->lakefs, error);
}
