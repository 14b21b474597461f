/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --verify: compares a KV store with a dump.
 */
#ifndef IMPORT_VERIFY_VERIFY_H
#define IMPORT_VERIFY_VERIFY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/*
 * Changes nothing.  If they are equal, prints one line.  If not, fails with EXIT_CODE_FAILED and
 * prints the first differences as JSON lines {"difference": "missing" | "extra" | "value",
 * "partition": bytes, "key": bytes, "dump": value, "store": value}, as seen from the dump: an entry
 * that only the dump has is missing.  Values are those of diff/json_line.h.  To name differences
 * the dump is read a second time, from the path of --second-reading if it is given; that path is
 * not opened otherwise.  Standard input cannot be read again: without
 * --second-reading its differences are not named.
 */
bool verify_store(ImportOptions *options, Error *error);

#endif
