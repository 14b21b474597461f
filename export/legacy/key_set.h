/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of byte strings.
 */
#ifndef EXPORT_LEGACY_KEY_SET_H
#define EXPORT_LEGACY_KEY_SET_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct KeySet KeySet;

bool key_set_new(KeySet **set, Error *error);

/* Adds a key; *added is false if the set already has it. */
bool key_set_add(KeySet *set, Slice key, bool *added, Error *error);
bool key_set_contains(const KeySet *set, Slice key);

/* Accepts NULL. */
void key_set_free(KeySet *set);

#endif
