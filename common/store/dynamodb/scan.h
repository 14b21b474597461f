/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a whole table, in segments that several threads read in parallel.
 *
 * A segment is a range of the hash values of partition keys, so a partition is in one segment.
 * Reads are consistent: they see everything written before.  There is no snapshot: concurrent
 * writes may or may not be seen.
 */
#ifndef COMMON_STORE_DYNAMODB_SCAN_H
#define COMMON_STORE_DYNAMODB_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/store/dynamodb/client.h"

/* Number of segments: enough for any number of threads, few enough for a small table. */
enum { DYNAMO_SEGMENTS = 64 };

/* Called for each page, with its array of items. */
typedef bool DynamoPageFunction(const json_t *items, void *state, Error *error);

/* Reads a segment page by page: whole items, or only their two keys. */
bool dynamo_scan_segment(DynamoClient *client, size_t segment, bool keys_alone,
                         DynamoPageFunction *function, void *state, Error *error);

/* The segments that the threads of one scan share. */
typedef struct DynamoSegments DynamoSegments;

/* The work of one thread: it calls dynamo_segments_read. */
typedef bool DynamoScanWorker(void *shared, DynamoSegments *segments, Error *error);

/* Runs up to `threads` workers, which together read the whole table. */
bool dynamo_scan(DynamoClient *client, size_t threads, DynamoScanWorker *worker, void *shared,
                 Error *error);

/* Reads one segment after the other, as long as any is left. */
bool dynamo_segments_read(DynamoSegments *segments, bool keys_alone, DynamoPageFunction *function,
                          void *state, Error *error);

/* Tells whether the table has any item. */
bool dynamo_scan_any(DynamoClient *client, bool *any, Error *error);

#endif
