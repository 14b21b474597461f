/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/options.h"

#include "common/store/change.h"

static bool take_existing(void *options, char *argument, Error *error)
{
    RestoreOptions *restore = &((ImportOptions *)options)->restore;

    restore->existing_given = true;
    return option_word("--existing", argument, EXISTING_WORDS, &restore->existing, error);
}

const Option RESTORE_OPTIONS[] = {
    {"repository", 0, "NAME",
     "restore only this repository, with all that belongs\n"
     "to it",
     NULL, NULL, OPTION_TEXT(ImportOptions, restore.repository), .once = true},
    {"as", 0, "NEW", "under another name", NULL, NULL, OPTION_TEXT(ImportOptions, restore.as),
     .once = true},
    {"storage-namespace", 0, "URL",
     "in another storage namespace, which the objects\n"
     "must be copied to",
     NULL, NULL, OPTION_TEXT(ImportOptions, restore.storage_namespace), .once = true},
    {"multiparts", 0, NULL,
     "with --repository: also multipart uploads, of all\n"
     "repositories, as it is not known whose they are",
     NULL, NULL, OPTION_FLAG(ImportOptions, restore.multiparts)},
    {"existing", 0, "ACTION",
     "if the repository, or another value of an entry,\n"
     "is there already: refuse (default), skip or\n"
     "overwrite it",
     take_existing, EXISTING_WORDS, .once = true},
    {0},
};

void restore_options_choose(ImportOptions *options)
{
    if (options->action == IMPORT_LOAD &&
        (options->restore.repository != NULL || options->package != NULL)) {
        options->action = IMPORT_RESTORE;
    }
}

bool restore_options_check(const ImportOptions *options, Error *error)
{
    const RestoreOptions *restore = &options->restore;

    if (restore->repository == NULL &&
        (restore->as != NULL || restore->storage_namespace != NULL || restore->multiparts)) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --as, --storage-namespace and --multiparts require "
                         "--repository");
    }
    if (options->action != IMPORT_RESTORE) {
        return (restore->repository == NULL && !restore->existing_given) ||
               error_set(error, EXIT_CODE_USAGE,
                         "options --repository and --existing require a load");
    }
    if (restore->repository != NULL && options->package != NULL) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --repository and --package exclude each other");
    }
    if (options->store.clean || options->store.partitions > 0 || options->store.lock_held_by != 0) {
        return error_set(error, EXIT_CODE_USAGE,
                         "options --clean, --partitions and --lock-held-by are for the load of a "
                         "whole dump, not for --repository or --package");
    }
    return true;
}
