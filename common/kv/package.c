/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/package.h"

#include "common/kv/entry_type.h"
#include "common/kv/model.h"
#include "common/kv/xid.h"

#include "graveler.pb-c.h"

const char *const KV_PACKAGE_NAMES[KV_PACKAGES] = {
    [KV_PACKAGE_ACTIONS] = "actions",   [KV_PACKAGE_AUTH] = "auth",
    [KV_PACKAGE_GRAVELER] = "graveler", [KV_PACKAGE_MULTIPARTS] = "multiparts",
    [KV_PACKAGE_OTHER] = "other",
};

static const struct {
    const char *partition;
    KvPackage package;
} PARTITIONS[] = {
    {KV_PARTITION_ACTIONS, KV_PACKAGE_ACTIONS},
    {KV_PARTITION_AUTH, KV_PACKAGE_AUTH},
    {KV_PARTITION_GRAVELER, KV_PACKAGE_GRAVELER},
    {KV_PARTITION_MULTIPARTS, KV_PACKAGE_MULTIPARTS},
};

/* `<repository id>-<instance id>` */
static bool is_repository(Slice partition_key)
{
    const size_t tail = 1 + XID_TEXT_SIZE;
    const uint8_t *end = partition_key.data + partition_key.size;
    Xid ignored;

    return partition_key.size > tail && end[-(ptrdiff_t)tail] == '-' &&
           xid_from_text(slice_of(end - XID_TEXT_SIZE, XID_TEXT_SIZE), &ignored);
}

KvPackage kv_package_of(Slice partition_key, Slice key, Slice value)
{
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return PARTITIONS[i].package;
        }
    }
    return is_repository(partition_key) || kv_entry_type(partition_key, key, value).message ==
                                               &kv__staged_entry_data__descriptor
               ? KV_PACKAGE_GRAVELER
               : KV_PACKAGE_OTHER;
}
