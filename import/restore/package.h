/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-import --package: restores the entries of one package from a dump into a KV store in use.
 * Entries of the store that the dump does not have stay.
 */
#ifndef IMPORT_RESTORE_PACKAGE_H
#define IMPORT_RESTORE_PACKAGE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* All or nothing, if the store can: see ChangeDriver.  EXIT_CODE_USAGE for package graveler, of
 * which single entries make no sense; EXIT_CODE_REFUSED if entries differ and that is not allowed.
 */
bool restore_package(ImportOptions *options, Error *error);

#endif
