/*
 * Threads that send batches to DynamoDB: so many requests are under way at the same time, whoever
 * fills the batches.
 *
 * What DynamoDB has not written, for want of capacity, goes again, as long as the table takes
 * anything at all.  The first failure ends the threads and the client's requests, and is what the
 * functions return from then on.
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

/* How long a table may take nothing of what it is sent, however often, before that is an error. */
enum { DYNAMO_STALL_TIMEOUT_S = 120 };

/* Starts `requests` threads, fewer where there cannot be so many.  Client and rate must stay.
 * *senders is NULL after a failure. */
bool dynamo_senders_start(DynamoClient *client, RateLimit *rate, size_t requests,
                          unsigned stall_timeout_s, DynamoSenders **senders, Error *error);

/* Ends them; what was submitted and not sent yet is not sent.  Takes NULL. */
void dynamo_senders_stop(DynamoSenders *senders);

/* From any thread, each with a batch of its own: adds an entry that dynamo_item_check has passed,
 * or the deletion of one.  A batch that is full is submitted. */
bool dynamo_senders_put(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                        Error *error);
bool dynamo_senders_delete(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                           Error *error);

/* Submits what is in the batch, which is empty afterwards.  Waits while all threads are busy and as
 * many batches wait for them. */
bool dynamo_senders_submit(DynamoSenders *senders, DynamoBatch *batch, Error *error);

/* Waits until all that was submitted is written. */
bool dynamo_senders_drain(DynamoSenders *senders, Error *error);

#endif
