/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/commands.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/config/upgrade.h"

#include <string.h>

/* Versions below the KV store's have nothing to change. */
static bool find_version(const MigrateOptions *options, int64_t *version, Error *error)
{
    int64_t first;

    config_upgrade_version(CONFIG_UPGRADE_FIRST, &first);
    if (config_upgrade_version(options->for_version == NULL ? "latest" : options->for_version,
                               version) &&
        *version >= first) {
        return true;
    }
    return error_set(error, EXIT_CODE_USAGE,
                     "option --for takes a version of lakeFS, from " CONFIG_UPGRADE_FIRST
                     " on, or latest, not \"%s\"",
                     options->for_version);
}

static bool is_standard_input(const MigrateOptions *options)
{
    return strcmp(options->file, "-") == 0;
}

static bool tell(const MigrateOptions *options, const ConfigUpgrade *upgrade, Error *error)
{
    const char *name = is_standard_input(options) ? "standard input" : options->file;
    const Words *corrected = &upgrade->corrected;
    const Words *open = &upgrade->open;
    char text[QUANTITY_SIZE];

    for (size_t i = 0; i < corrected->count; i++) {
        message_info("%s: %s", name, corrected->items[i]);
    }
    for (size_t i = 0; i < open->count; i++) {
        message_warning("%s: %s", name, open->items[i]);
    }
    if (corrected->count + open->count == 0) {
        message_info("%s: nothing to change", name);
    }
    if (!output_text(buffer_slice(&upgrade->text), error) || !output_flush(error)) {
        return false;
    }
    if (open->count == 0) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "%s in the configuration must be settled by hand",
              quantity_noun(open->count, "setting", "settings", text));
    return error_hint(error, "The warnings name them. All else is as it should be in what was "
                             "printed.");
}

bool config_command(const MigrateOptions *options, Error *error)
{
    ConfigUpgrade upgrade = {0};
    int64_t version;
    bool done = find_version(options, &version, error) &&
                (is_standard_input(options)
                     ? config_upgrade_stream("standard input", stdin, version, &upgrade, error)
                     : config_upgrade_file(options->file, version, &upgrade, error)) &&
                tell(options, &upgrade, error);

    config_upgrade_free(&upgrade);
    return done;
}
