/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-export: writes the KV entries of a lakeFS database, legacy or KV, to a dump.
 */
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/signals.h"
#include "common/cli/startup.h"
#include "common/cli/version.h"
#include "export/kv_store.h"
#include "export/legacy/legacy.h"
#include "export/options.h"

static void print_tables(void)
{
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        for (const char *const *table = (*package)->tables; *table != NULL; table++) {
            output_line("%s", *table);
        }
    }
}

static bool export_main(ExportOptions *options, int count, char **arguments, Error *error)
{
    if (!export_options_parse(options, count, arguments, error)) {
        return false;
    }
    if (options->common.help) {
        export_options_help();
        return output_flush(error);
    }
    if (options->common.list_options) {
        export_options_list();
        return true;
    }
    if (options->common.version) {
        output_line("kv-export (lakeFS KV migration) %s", PROGRAM_VERSION);
        return output_flush(error);
    }
    if (options->list_tables) {
        print_tables();
        return output_flush(error);
    }
    return options->from_kv ? export_kv_store(options, error) : export_legacy(options, error);
}

int main(int argc, char **argv)
{
    ExportOptions options;
    Error error = {0};

    startup("kv-export");
    signals_report();
    if (!export_main(&options, argc, argv, &error)) {
        common_options_report(&options.common, &error);
    }
    export_options_free(&options);
    return signals_exit_code(error.code);
}
