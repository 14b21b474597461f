/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uthash, configured so that a failed allocation is an error to handle rather than the end of the
 * program: after HASH_ADD..., HASH_ADDED tells whether the element was added.
 */
#ifndef COMMON_BASE_HASH_H
#define COMMON_BASE_HASH_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))

#include <uthash.h>

#define HASH_ADDED(handle, element) ((element)->handle.tbl != NULL)

#endif
