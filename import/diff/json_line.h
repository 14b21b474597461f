/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A difference as a line of JSON.
 */
#ifndef IMPORT_DIFF_JSON_LINE_H
#define IMPORT_DIFF_JSON_LINE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "import/diff/sorter.h"

/*
 * Appends {"op": "added" | "removed" | "changed", "package": text, "partition": text, "key": text,
 * "type": text, "old": ..., "new": ...} and a line end: without "old" for what was added, without
 * "new" for what was removed.  Partition, key, type and values are those of entry_json.h, but for
 * secrets (secrets.h).
 */
bool json_line_append(Buffer *line, const Difference *difference, Error *error);

/* Appends {"op": text, "partition_key": text, "key": text, "old": text, "new": text} and a line
 * end, all but the first in base64, secrets included. */
bool json_line_append_raw(Buffer *line, const Difference *difference, Error *error);

/* Appends a value without secrets as a member of a JSON object, after a comma; `other` is the other
 * value of the entry, or NULL.  *type is that of entry_json.h. */
bool json_line_append_value(Buffer *line, const char *member, const Entry *entry,
                            const Entry *other, const char **type, Error *error);

#endif
