/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internals of the DynamoDB target, shared by its files.  Others use TARGET_DYNAMODB.
 *
 *   target.c   checks, the empty table, the count, the stamp
 *   clear.c    emptying a table
 *   load.c     writing entries
 *   senders.c  parallel requests
 *   batch.c    the entries of a request
 */
#ifndef COMMON_STORE_DYNAMODB_TARGET_H
#define COMMON_STORE_DYNAMODB_TARGET_H

#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/rate_limit.h"
#include "common/store/dynamodb/senders.h"
#include "common/store/dynamodb/table.h"
#include "common/store/legacy_database.h"
#include "common/store/target.h"

enum { LOAD_ID_SIZE = 32 };

struct Target {
    const TargetOptions *options;
    DynamoClient *client;
    LegacyDatabase database; /* {0} if there is no legacy database */
    DynamoTableInfo info;    /* as found by `open` */
    RateLimit rate;
    DynamoSenders *senders;         /* NULL until `prepare` */
    char load_id[LOAD_ID_SIZE + 1]; /* random */
};

/* clear.c: deletes all items except the version's, through the senders. */
bool dynamodb_clear(Target *target, Error *error);

/* load.c; see TargetDriver. */
bool dynamodb_check_entries(Slice tuples, uint64_t *units, Error *error);
bool dynamodb_begin_load(Target *target, Loader **loader, Error *error);
bool dynamodb_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool dynamodb_end_load(Loader *loader, bool keep, Error *error);

#endif
