/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/package.h"

#include "common/kv/entry_type.h"
#include "common/kv/model.h"

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
    {KV_PARTITION_ACTIONS, KV_PACKAGE_ACTIONS},       {KV_PARTITION_AUTH, KV_PACKAGE_AUTH},
    {KV_PARTITION_BASIC_AUTH, KV_PACKAGE_AUTH},       {KV_PARTITION_ACL_AUTH, KV_PACKAGE_AUTH},
    {KV_PARTITION_GRAVELER, KV_PACKAGE_GRAVELER},     {KV_PARTITION_PULLS, KV_PACKAGE_GRAVELER},
    {KV_PARTITION_CLEANUP, KV_PACKAGE_GRAVELER},      {KV_PARTITION_OWNERSHIP, KV_PACKAGE_GRAVELER},
    {KV_PARTITION_MULTIPARTS, KV_PACKAGE_MULTIPARTS}, {KV_PARTITION_CATALOG, KV_PACKAGE_OTHER},
    {KV_PARTITION_USAGE, KV_PACKAGE_OTHER},
};

KvPackage kv_package_of(Slice partition_key, Slice key, Slice value)
{
    Slice repository_id;
    Slice instance_id;

    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return PARTITIONS[i].package;
        }
    }
    return kv_partition_is_repository(partition_key, &repository_id, &instance_id) ||
                   kv_entry_type(partition_key, key, value).message ==
                       &kv__staged_entry_data__descriptor
               ? KV_PACKAGE_GRAVELER
               : KV_PACKAGE_OTHER;
}

bool kv_partition_is_fixed(Slice partition_key)
{
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return true;
        }
    }
    return slice_equal(partition_key, slice_text(KV_PARTITION_INTERNAL));
}
