/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DynamoDB's JSON API: sends one request and returns the response or an error.
 *
 * What to request is in table.h, scan.h and batch.h.  Requests are signed with the credentials from
 * common/aws/session.h, and retried while DynamoDB or the network reports a temporary failure.
 * Credentials that expire in the meantime are looked up again.  Thread-safe.
 *
 * Source: DynamoDB developer guide, "DynamoDB low-level API".
 */
#ifndef COMMON_STORE_DYNAMODB_CLIENT_H
#define COMMON_STORE_DYNAMODB_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/store/dynamodb/response.h"

/* lakeFS's default name of the table. */
#define DYNAMO_TABLE_NAME "kvstore"

/* Identifies the table.  All strings are borrowed and must outlive the client. */
typedef struct DynamoOptions {
    const char *table;
    const char *endpoint; /* NULL: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, or AWS */
    const char *region;   /* NULL: from the environment or the profile */
} DynamoOptions;

typedef struct DynamoClient DynamoClient;

/* Checks the options; false with EXIT_CODE_USAGE. */
bool dynamo_options_check(const DynamoOptions *options, Error *error);

/* Determines endpoint, region and credentials; sends nothing to DynamoDB yet.  Unless *client is
 * NULL, close it, even after a failure.  `program` goes into the User-Agent. */
bool dynamo_client_open(const DynamoOptions *options, const char *program, DynamoClient **client,
                        Error *error);
/* Takes NULL. */
void dynamo_client_close(DynamoClient *client);

/* Aborts all requests, including future ones.  Any thread may call it.  Takes NULL. */
void dynamo_client_stop(DynamoClient *client);

/* For messages and notes. */
const char *dynamo_client_table(const DynamoClient *client);
const char *dynamo_client_region(const DynamoClient *client);
/* The URL; "" for AWS. */
const char *dynamo_client_endpoint(const DynamoClient *client);

/*
 * Sends a request for an operation, such as "GetItem", with the JSON text `body` as parameters.
 * The caller owns *response.  On failure *fault tells the kind.  EXIT_CODE_CONNECTION if no working
 * server could be reached, EXIT_CODE_REFUSED for credentials and permissions, EXIT_CODE_FAILED for
 * anything else.
 */
bool dynamo_call(DynamoClient *client, const char *operation, Slice body, json_t **response,
                 DynamoFault *fault, Error *error);

/* The same with JSON parameters, whose construction may have failed (NULL: out of memory).  Takes
 * over the reference. */
bool dynamo_call_json(DynamoClient *client, const char *operation, json_t *parameters,
                      json_t **response, DynamoFault *fault, Error *error);

/* Waits after attempt number `attempt` (1, 2 ...) at something that DynamoDB has done in part only.
 * False, with the error set, when the program is to stop. */
bool dynamo_back_off(DynamoClient *client, unsigned attempt, Error *error);

/* Waits.  False, with the error set, when the program is to stop. */
bool dynamo_wait(DynamoClient *client, uint32_t milliseconds, Error *error);

/* Rows of an option group that fill a DynamoOptions.  `the_table` starts the help of the first one
 * and is followed by the default. */
/* clang-format off */
#define OPTION_DYNAMODB_ROWS(the_table, Type, member) \
    {"dynamodb-table", 0, "NAME", the_table "(default: " DYNAMO_TABLE_NAME ")", \
     NULL, NULL, OPTION_TEXT(Type, member.table)}, \
    {"dynamodb-endpoint", 0, "URL", "the server (default: AWS)", \
     NULL, NULL, OPTION_TEXT(Type, member.endpoint)}, \
    {"aws-region", 0, "NAME", "its region (default: AWS_REGION, the profile's)", \
     NULL, NULL, OPTION_TEXT(Type, member.region)}
/* clang-format on */

#endif
