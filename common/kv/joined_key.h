/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition key and a key as one run of bytes, for sets of both.
 */
#ifndef COMMON_KV_JOINED_KEY_H
#define COMMON_KV_JOINED_KEY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* The bytes before the partition key, which the key follows. */
enum { JOINED_KEY_PREFIX = 4 };

/* Replaces the contents of `joined`.  Different pairs give different bytes. */
bool joined_key_set(Buffer *joined, Slice partition_key, Slice key, Error *error);

#endif
