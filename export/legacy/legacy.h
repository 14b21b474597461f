/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports the legacy tables: one snapshot, the packages' units on several workers, one dump.
 */
#ifndef EXPORT_LEGACY_LEGACY_H
#define EXPORT_LEGACY_LEGACY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/options.h"
#include "export/package.h"

/* Runs the export.  A failure or a dry run leaves no dump behind. */
bool export_legacy(ExportOptions *options, Error *error);

/* All packages, ending with NULL. */
extern const Package *const ALL_PACKAGES[];

#endif
