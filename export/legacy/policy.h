/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts the statements of a policy from jsonb to messages.
 */
#ifndef EXPORT_LEGACY_POLICY_H
#define EXPORT_LEGACY_POLICY_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"

#include "auth.pb-c.h"

/*
 * Reads an array of {"Effect": string, "Action": [string], "Resource": string} as lakeFS read it;
 * see LEGACY-SCHEMA.md, "Package auth".  The messages are in the arena.  *adjusted: a name is
 * written in other case, further members are dropped, or a text is null.
 *
 * Fails with *problem, a constant text, if the JSON is anything else, and with *problem NULL and
 * the error set if out of memory.
 */
bool policy_read(Slice json, Arena *arena, Kv__PolicyData *policy, bool *adjusted,
                 const char **problem, Error *error);

#endif
