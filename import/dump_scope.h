/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dump lacks on request, and whether it is good for a purpose all the same.
 */
#ifndef IMPORT_DUMP_SCOPE_H
#define IMPORT_DUMP_SCOPE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "import/options.h"

/* Checks that the dump may be loaded as a whole KV store: it is not redacted, and lacks no package
 * and no repository, unless the options allow it.  EXIT_CODE_REFUSED if not. */
bool dump_scope_check_store(const DumpHeader *header, const ImportOptions *options, Error *error);

/* Checks that a repository, or a package, can be restored from the dump: it is not redacted, and
 * was not left out, nor was a part of the repository, unless the options allow it.
 * EXIT_CODE_REFUSED if not; EXIT_CODE_USAGE for what the dump was not to have. */
bool dump_scope_check_repository(const DumpHeader *header, const ImportOptions *options,
                                 Error *error);
bool dump_scope_check_package(const DumpHeader *header, const ImportOptions *options, Error *error);

#endif
