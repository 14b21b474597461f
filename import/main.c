/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-import: loads a dump of kv-export into a KV store, or inspects either.
 */
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/signals.h"
#include "common/cli/startup.h"
#include "common/cli/version.h"
#include "import/diff/diff.h"
#include "import/inspect/check_target.h"
#include "import/inspect/inspect.h"
#include "import/inspect/print.h"
#include "import/kept.h"
#include "import/load.h"
#include "import/options.h"
#include "import/restore/package.h"
#include "import/restore/repository.h"
#include "import/verify/digest.h"
#include "import/verify/verify.h"

static bool import_main(ImportOptions *options, int count, char **arguments, Error *error)
{
    if (!import_options_parse(options, count, arguments, error)) {
        return false;
    }
    if (options->common.help) {
        import_options_help();
        return output_flush(error);
    }
    if (options->common.list_options) {
        import_options_list();
        return true;
    }
    if (options->common.version) {
        output_line("kv-import (lakeFS KV migration) %s", PROGRAM_VERSION);
        return output_flush(error);
    }
    switch (options->action) {
    case IMPORT_LIST:
        return inspect_list(options->file, options->json, error);
    case IMPORT_CHECK:
        return inspect_check(options, error);
    case IMPORT_VERIFY:
        return verify_store(options, error);
    case IMPORT_DIFF:
        return diff_dumps(options, error);
    case IMPORT_DIFF_STORE:
        return diff_with_store(options, error);
    case IMPORT_CHECK_TARGET:
        return inspect_check_target(options, error);
    case IMPORT_DIGEST:
        return digest_store(options, error);
    case IMPORT_PRINT:
        return inspect_print(options, error);
    case IMPORT_UNDO:
        return kept_undo(options, error);
    case IMPORT_FORGET:
        return kept_forget(options, error);
    case IMPORT_RESTORE:
        return options->restore.repository != NULL ? restore_repository(options, error)
                                                   : restore_package(options, error);
    case IMPORT_LOAD:
        break;
    }
    return load_dump(options, error);
}

int main(int argc, char **argv)
{
    ImportOptions options;
    Error error = {0};

    startup("kv-import");
    signals_report();
    if (!import_main(&options, argc, argv, &error)) {
        common_options_report(&options.common, &error);
    }
    import_options_free(&options);
    return signals_exit_code(error.code);
}
