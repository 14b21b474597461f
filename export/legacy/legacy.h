/*
 * An export of the legacy tables from beginning to end: one snapshot, the packages' units on
 * several workers, one dump.
 */
#ifndef EXPORT_LEGACY_LEGACY_H
#define EXPORT_LEGACY_LEGACY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/options.h"
#include "export/package.h"

/* Does what the options say.  After a failure, and after a dry run, no dump is left. */
bool export_legacy(ExportOptions *options, Error *error);

/* All packages, NULL behind the last. */
extern const Package *const ALL_PACKAGES[];

#endif
