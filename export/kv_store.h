/*
 * An export of a KV store, as `--source kv` asks for it: its entries as they are, at one moment,
 * and its version, which an import stamps again.
 */
#ifndef EXPORT_KV_STORE_H
#define EXPORT_KV_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/options.h"

/* Does what the options say.  After a failure, and after a dry run, no dump is left. */
bool export_kv_store(ExportOptions *options, Error *error);

#endif
