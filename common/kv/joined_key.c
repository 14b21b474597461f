/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/joined_key.h"

#include "common/base/bytes.h"

bool joined_key_set(Buffer *joined, Slice partition_key, Slice key, Error *error)
{
    uint8_t size[JOINED_KEY_PREFIX];

    /* The size of the first part says where it ends: any byte may occur in it. */
    store_be32(size, (uint32_t)partition_key.size);
    joined->size = 0;
    return buffer_append(joined, size, sizeof size, error) &&
           buffer_append(joined, partition_key.data, partition_key.size, error) &&
           buffer_append(joined, key.data, key.size, error);
}
