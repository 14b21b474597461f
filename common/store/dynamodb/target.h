/*
 * The target DynamoDB, inside: what its parts share.  Others know it as TARGET_DYNAMODB only.
 *
 *   dynamodb.c          guards, the empty table, the count, the stamp
 *   dynamodb_clear.c    a table that was not empty
 *   dynamodb_load.c     entries into the table
 *   dynamodb_senders.c  many requests at the same time
 *   dynamodb_batch.c    a request's entries
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
    LegacyDatabase database; /* {0} without a legacy database */
    DynamoTableInfo info;    /* as they were when it was opened */
    RateLimit rate;
    DynamoSenders *senders;         /* NULL until the table is prepared */
    char load_id[LOAD_ID_SIZE + 1]; /* by chance: this load's */
};

/* dynamodb_clear.c: deletes all items but the version's, by the senders. */
bool dynamodb_clear(Target *target, Error *error);

/* dynamodb_load.c; see TargetDriver. */
bool dynamodb_check_entries(Slice tuples, uint64_t *units, Error *error);
bool dynamodb_begin_load(Target *target, Loader **loader, Error *error);
bool dynamodb_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool dynamodb_end_load(Loader *loader, bool keep, Error *error);

#endif
