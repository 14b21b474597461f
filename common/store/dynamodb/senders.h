/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that send batches to DynamoDB: they keep a number of requests running, whoever fills the
 * batches.
 *
 * What DynamoDB did not write for lack of capacity is sent again, as long as the table accepts
 * anything at all.  The first failure ends the threads and the client's requests; from then on all
 * functions return its error.
 */
#ifndef COMMON_STORE_DYNAMODB_SENDERS_H
#define COMMON_STORE_DYNAMODB_SENDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/kv/entry.h"
#include "common/store/dynamodb/batch.h"
#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/rate_limit.h"

typedef struct DynamoSenders DynamoSenders;

/* Stall timeout: how long a table may accept nothing, despite retries, before that is an error. */
enum { DYNAMO_STALL_TIMEOUT_S = 120 };

/* Starts `requests` threads, or fewer if the system allows no more.  Client and rate must outlive
 * the senders.  *senders is NULL after a failure. */
bool dynamo_senders_start(DynamoClient *client, RateLimit *rate, size_t requests,
                          unsigned stall_timeout_s, DynamoSenders **senders, Error *error);

/* Ends the threads; batches not sent yet are dropped.  Takes NULL. */
void dynamo_senders_stop(DynamoSenders *senders);

/* Add an entry that dynamo_item_check has accepted, or the deletion of one.  A full batch is
 * submitted first.  Any thread may call them, each with a batch of its own. */
bool dynamo_senders_put(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                        Error *error);
bool dynamo_senders_delete(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                           Error *error);

/* Submits the batch, which is empty afterwards.  Waits while all threads are busy and as many
 * batches are queued. */
bool dynamo_senders_submit(DynamoSenders *senders, DynamoBatch *batch, Error *error);

/* Waits until everything submitted is written. */
bool dynamo_senders_drain(DynamoSenders *senders, Error *error);

#endif
