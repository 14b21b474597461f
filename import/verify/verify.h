/*
 * --verify: whether a KV store holds just what a dump does.
 */
#ifndef IMPORT_VERIFY_VERIFY_H
#define IMPORT_VERIFY_VERIFY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/*
 * Compares, and changes nothing.  Equal: one line on standard output.  Not equal: false with
 * EXIT_CODE_FAILED; the first differences stand on standard output, as JSON lines {"difference":
 * "missing" | "extra" | "value", "partition": bytes, "key": bytes}, as seen from the dump: an entry
 * that only the dump has is missing.  For that the dump is read twice, the second time from
 * the path of --second-reading if there is one, which is not opened otherwise: without it, what
 * came from standard input cannot be read again, and the differences are only known to be there.
 */
bool verify_store(ImportOptions *options, Error *error);

#endif
