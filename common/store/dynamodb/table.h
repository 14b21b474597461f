/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KV table in DynamoDB: its structure, its version, and what may exist in its place.
 *
 * Besides what lakeFS reads, the version's item has attributes of ours: LoadId distinguishes loads
 * that began at version 0, TableCreated tells whether the table was created for this load,
 * Provenance tells where the entries come from (common/store/provenance.h). lakeFS ignores them,
 * and they vanish when it writes a version of its own.  So the table needs no extra entry.
 *
 * Source of the structure: common/kv/KV-MODEL.md, "The table" and "The version". lakeFS's
 * pkg/kv/dynamodb/store.go reads its three attributes by name and replaces items as a whole.
 */
#ifndef COMMON_STORE_DYNAMODB_TABLE_H
#define COMMON_STORE_DYNAMODB_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/client.h"

/* Provisioned capacity units; both 0: on demand. */
typedef struct DynamoCapacity {
    uint64_t read;
    uint64_t write;
} DynamoCapacity;

/* What is known about a table.  {0} is empty; end with dynamo_table_info_free. */
typedef struct DynamoTableInfo {
    KvStoreState state;
    uint64_t version;
    char *load_id;    /* NULL: none */
    char *provenance; /* NULL: none */
    /* Created for a load and not protected since: deleting it loses nothing but its items. */
    bool disposable;
    DynamoCapacity capacity;
    uint64_t item_count; /* these two are updated by DynamoDB about every six hours */
    uint64_t size;       /* in bytes */
} DynamoTableInfo;

/* Inspects the table; waits for one that is being created or deleted.  EXIT_CODE_REFUSED for
 * anything that is not a KV table. */
bool dynamo_table_inspect(DynamoClient *client, DynamoTableInfo *info, Error *error);
void dynamo_table_info_free(DynamoTableInfo *info);

/* Creates the table, which must not exist, and waits until it can be used. */
bool dynamo_table_create(DynamoClient *client, DynamoCapacity capacity, Error *error);

/* Deletes the table and waits until it is gone. */
bool dynamo_table_delete(DynamoClient *client, Error *error);

/* Begins a load: writes its id and version 0, on condition that the version is still as in `info`,
 * or that there still is none.  `created`: the table was created for this load.  EXIT_CODE_REFUSED
 * if the version has changed. */
bool dynamo_table_start(DynamoClient *client, const DynamoTableInfo *info, const char *load_id,
                        bool created, Error *error);

/* Changes the version from 0; EXIT_CODE_REFUSED if the version is no longer that of this load. */
bool dynamo_table_stamp(DynamoClient *client, const char *load_id, uint64_t version,
                        const char *provenance, Error *error);

#endif
