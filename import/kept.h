/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store that a load has replaced and kept.
 */
#ifndef IMPORT_KEPT_H
#define IMPORT_KEPT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Brings it back: it and the present one change places.  EXIT_CODE_REFUSED if there is none. */
bool kept_undo(ImportOptions *options, Error *error);

/* Drops it, if there is one. */
bool kept_forget(ImportOptions *options, Error *error);

#endif
