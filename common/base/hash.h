/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uthash, configured so that a failed allocation is an error to handle rather than the end of the
 * program: after HASH_ADD..., HASH_ADDED tells whether the element was added.  Keys are hashed by
 * XXH3, which takes a third of the time of uthash's own function.
 */
#ifndef COMMON_BASE_HASH_H
#define COMMON_BASE_HASH_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))

#define HASH_FUNCTION(key, size, hash) ((hash) = (unsigned)xxh3_of(slice_of((key), (size))))

#include <uthash.h>

#include "common/base/digest.h"
#include "common/base/slice.h"

#define HASH_ADDED(handle, element) ((element)->handle.tbl != NULL)

#endif
