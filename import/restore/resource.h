/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources of policies: whether a pattern such as "arn:lakefs:fs:::repository/data-*" refers to a
 * repository.
 *
 * Source: common/kv/KV-MODEL.md, "One repository".
 */
#ifndef IMPORT_RESTORE_RESOURCE_H
#define IMPORT_RESTORE_RESOURCE_H

#include <stdbool.h>

#include "common/base/slice.h"

/* Whether the pattern, in which "*" stands for any text and "?" for any byte, matches `name`, or
 * anything that begins with `name` and "/". */
bool resource_matches(Slice pattern, Slice name);

/* Whether the pattern refers to the repository, to something in it, or to its storage
 * namespace. */
bool resource_refers(Slice pattern, Slice repository_id, Slice storage_namespace);

#endif
