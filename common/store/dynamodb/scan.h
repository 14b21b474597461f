/*
 * Reading all of a table, in segments that several threads read at the same time.
 *
 * A segment is a share of the hash values of partition keys, so one partition is in one segment.
 * Reads are consistent: what was written before is seen.  There is no snapshot: what is written
 * meanwhile may be seen or not.
 */
#ifndef COMMON_STORE_DYNAMODB_SCAN_H
#define COMMON_STORE_DYNAMODB_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/store/dynamodb/client.h"

/* How many there are: enough for any number of threads, few enough for a small table. */
enum { DYNAMO_SEGMENTS = 64 };

/* What is done with a response of a scan, which has the array "Items". */
typedef bool DynamoPageFunction(const json_t *items, void *state, Error *error);

/* Reads a segment page by page: whole items, or their two keys alone. */
bool dynamo_scan_segment(DynamoClient *client, size_t segment, bool keys_alone,
                         DynamoPageFunction *function, void *state, Error *error);

/* Counts the items of the table, by so many threads. */
bool dynamo_scan_count(DynamoClient *client, size_t threads, uint64_t *count, Error *error);

/* Whether there is any item. */
bool dynamo_scan_any(DynamoClient *client, bool *any, Error *error);

#endif
