/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that a table in use may have already: collects them, compares them with the table, then
 * writes those that it lacks.  They are kept in a temporary file, so memory does not grow with
 * their number.
 *
 * The partitions of the entries are read as a whole.  An entry that the table lacks is written on
 * condition that it still does, so that what a running lakeFS adds in the meantime is not replaced
 * unless told.
 *
 * Call collect as often as needed, then run once.  Only one thread at a time may use a merge.
 */
#ifndef COMMON_STORE_DYNAMODB_MERGE_H
#define COMMON_STORE_DYNAMODB_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/store/change.h"
#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/rate_limit.h"
#include "common/store/dynamodb/senders.h"

typedef struct DynamoMerge DynamoMerge;

/* How to write; borrowed. */
typedef struct DynamoMergeWriters {
    DynamoClient *client;
    RateLimit *rate;
    DynamoSenders *senders;
    size_t requests; /* in flight */
} DynamoMergeWriters;

/* *merge is to be freed, even after a failure. */
bool dynamo_merge_new(DynamoMerge **merge, Error *error);
/* Takes NULL. */
void dynamo_merge_free(DynamoMerge *merge);

/* Collects entries.  EXIT_CODE_FAILED for one that DynamoDB does not accept: nothing was written
 * yet. */
bool dynamo_merge_collect(DynamoMerge *merge, Slice tuples, Error *error);

/* See ChangeDriver's `merge`.  After a failure some entries may have been written. */
bool dynamo_merge_run(DynamoMerge *merge, const DynamoMergeWriters *writers, ExistingAction action,
                      MergeCounts *counts, Error *error);

#endif
