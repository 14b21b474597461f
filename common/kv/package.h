/*
 * The packages of lakeFS, told from the entries of a KV store.
 *
 * Source: KV model facts, the partitions of each package.
 */
#ifndef COMMON_KV_PACKAGE_H
#define COMMON_KV_PACKAGE_H

#include "common/base/slice.h"

typedef enum KvPackage {
    KV_PACKAGE_ACTIONS,
    KV_PACKAGE_AUTH,
    KV_PACKAGE_GRAVELER,
    KV_PACKAGE_MULTIPARTS,
    KV_PACKAGE_OTHER, /* partitions that are not known here, such as those of later lakeFS */
    KV_PACKAGES
} KvPackage;

/* Their names in dumps; all of them, as the values of an option. */
#define KV_PACKAGE_WORDS "actions auth graveler multiparts other"
extern const char *const KV_PACKAGE_NAMES[KV_PACKAGES];

/* The package of an entry.  Partitions of repositories are known by the instance id at their end,
 * those of staging tokens by their entries. */
KvPackage kv_package_of(Slice partition_key, Slice key, Slice value);

#endif
