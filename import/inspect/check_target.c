/* SPDX-License-Identifier: Apache-2.0 */
#include "import/inspect/check_target.h"

#include "common/cli/output.h"
#include "common/cli/signals.h"
#include "common/store/target.h"

#include <inttypes.h>

static const char *state_name(KvStoreState store)
{
    switch (store) {
    case KV_STORE_NONE:
        break;
    case KV_STORE_EMPTY:
        return "empty";
    case KV_STORE_BEGUN:
        return "begun";
    case KV_STORE_STARTED:
        return "started";
    case KV_STORE_STAMPED:
        return "stamped";
    }
    return "none";
}

/* What a load would do. */
static const char *load_name(const TargetState *state)
{
    if (state->half_stamped) {
        return "compare";
    }
    if (state->kept) {
        return "nothing";
    }
    return state->store == KV_STORE_STAMPED ? "replace" : "fill";
}

static const char *stamped_suffix(const TargetState *state)
{
    if (state->half_stamped) {
        return ", not yet recorded in the database";
    }
    return state->kept ? "" : ", which --clean replaces";
}

static void print_state_text(const TargetState *state, const char *kind, const char *table)
{
    switch (state->store) {
    case KV_STORE_NONE:
        output_line("%s \"%s\": no KV store", kind, table);
        break;
    case KV_STORE_EMPTY:
        output_line("%s \"%s\": an empty KV store", kind, table);
        break;
    case KV_STORE_BEGUN:
        output_line("%s \"%s\": only what lakeFS writes when it starts; a load replaces it", kind,
                    table);
        break;
    case KV_STORE_STARTED:
        output_line("%s \"%s\": an unfinished load (version 0)", kind, table);
        break;
    case KV_STORE_STAMPED:
        output_line("%s \"%s\": KV store at version %" PRIu64 "%s", kind, table, state->version,
                    stamped_suffix(state));
        break;
    }
}

static bool print_state_json(const TargetState *state, const char *target, const char *table,
                             Error *error)
{
    return output_json(json_pack("{s:s, s:s, s:s, s:I, s:s}", "target", target, "table", table,
                                 "state", state_name(state->store), "version",
                                 (json_int_t)state->version, "load", load_name(state)),
                       error);
}

bool inspect_check_target(ImportOptions *options, Error *error)
{
    const TargetDriver *driver = target_find(options->target);
    const char *table = driver->table(&options->store);
    Target *target = NULL;
    TargetState state = {0};
    bool done = signals_start(driver->cancel, error) &&
                driver->open(&options->store, NULL, &target, &state, error);

    driver->close(target);
    if (done && options->json) {
        done = print_state_json(&state, driver->name, table, error);
    } else if (done) {
        print_state_text(&state, driver->kind, table);
    }
    return done && output_flush(error);
}
