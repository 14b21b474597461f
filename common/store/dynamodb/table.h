/*
 * The KV table of DynamoDB: its shape, its version, and what may stand in its place.
 *
 * Beside what lakeFS reads, the version's item has attributes of ours, which lakeFS passes over and
 * which go when it writes a version of its own: LoadId tells apart the loads that began at version
 * 0, TableCreated says whether the table was made for this load, Provenance is where the entries
 * come from (common/store/provenance.h).  So a table never has an entry more than it should.
 *
 * Source of the shape: KV model facts, "On DynamoDB", "The version"; that lakeFS reads its three
 * attributes by name, and replaces an item as a whole: its pkg/kv/dynamodb/store.go.
 */
#ifndef COMMON_STORE_DYNAMODB_TABLE_H
#define COMMON_STORE_DYNAMODB_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/client.h"

/* Capacity units; both 0: what is used is paid for, on demand. */
typedef struct DynamoCapacity {
    uint64_t read;
    uint64_t write;
} DynamoCapacity;

/* {0} is empty; end with dynamo_table_info_free. */
typedef struct DynamoTableInfo {
    KvStoreState state;
    uint64_t version;
    char *load_id;    /* NULL: none */
    char *provenance; /* NULL: none */
    /* Made for a load, and nobody has protected it since: nothing is lost with it but its items. */
    bool disposable;
    DynamoCapacity capacity;
    uint64_t item_count; /* as it was some hours ago */
} DynamoTableInfo;

/* Finds out what is there; a table that is being made or deleted is waited for.  EXIT_CODE_REFUSED
 * for anything that is not lakeFS's or ours. */
bool dynamo_table_inspect(DynamoClient *client, DynamoTableInfo *info, Error *error);
void dynamo_table_info_free(DynamoTableInfo *info);

/* Makes the table, which must not be there, and waits until it can be used. */
bool dynamo_table_create(DynamoClient *client, DynamoCapacity capacity, Error *error);

/* Deletes the table and waits until it is gone. */
bool dynamo_table_delete(DynamoClient *client, Error *error);

/* A load begins: writes its id and version 0, on condition that the version is what the info says,
 * or that there is none yet.  `created`: the table was made for it.  EXIT_CODE_REFUSED where the
 * version has changed. */
bool dynamo_table_start(DynamoClient *client, const DynamoTableInfo *info, const char *load_id,
                        bool created, Error *error);

/* Changes the version from 0; EXIT_CODE_REFUSED when it is not that of this load any more. */
bool dynamo_table_stamp(DynamoClient *client, const char *load_id, uint64_t version,
                        const char *provenance, Error *error);

#endif
