/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --source=kv: exports a KV store: its entries unchanged, from one moment in time, and its version,
 * which an import stamps again.
 */
#ifndef EXPORT_KV_STORE_H
#define EXPORT_KV_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/options.h"

/* Runs the export.  A failure or a dry run leaves no dump behind. */
bool export_kv_store(ExportOptions *options, Error *error);

#endif
