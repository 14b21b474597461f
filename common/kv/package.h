/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packages of lakeFS, determined from the entries of a KV store.
 *
 * Source: common/kv/KV-MODEL.md, "Partitions and keys".
 */
#ifndef COMMON_KV_PACKAGE_H
#define COMMON_KV_PACKAGE_H

#include <stdbool.h>

#include "common/base/slice.h"

typedef enum KvPackage {
    KV_PACKAGE_ACTIONS,
    KV_PACKAGE_AUTH,
    KV_PACKAGE_GRAVELER,
    KV_PACKAGE_MULTIPARTS,
    KV_PACKAGE_OTHER, /* what belongs to the installation as a whole, and unknown partitions */
    KV_PACKAGES
} KvPackage;

/* Their names in dumps, and the list of all as an option's values. */
#define KV_PACKAGE_WORDS "actions auth graveler multiparts other"
extern const char *const KV_PACKAGE_NAMES[KV_PACKAGES];

/* Returns the package of an entry.  Partitions of repositories are recognized by the instance id at
 * the end, those of staging tokens by their entries. */
KvPackage kv_package_of(Slice partition_key, Slice key, Slice value);

/* Whether it is a partition of the whole store, which belongs to no single repository. */
bool kv_partition_is_fixed(Slice partition_key);

#endif
