/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The longest keys that the primary key of PostgreSQL's table kv takes.
 */
#ifndef COMMON_STORE_POSTGRES_INDEX_KEY_H
#define COMMON_STORE_POSTGRES_INDEX_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/slice.h"

/* Keys of up to so many bytes, partition key and key together, always fit. */
enum { INDEX_KEY_ALWAYS_FITS = 2680 };

/*
 * Whether a server with pages of 8 KiB takes an entry with these keys: its index entry has at most
 * 2,704 bytes.  Keys of more than 506 bytes are compressed for that, so the answer depends on their
 * contents; it is that of the compression pglz, the server's default.
 */
bool index_key_fits(Slice partition_key, Slice key);

#endif
