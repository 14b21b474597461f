/*
 * DynamoDB's JSON API: one request, and its response or what is wrong.
 *
 * Not for what is asked: that is in table.h.  Requests are signed with the credentials that
 * common/aws/credentials.h finds, and sent again while DynamoDB says, or the network does,
 * that they may succeed later.  Credentials that expire meanwhile are looked for again.  Any thread
 * may call the functions.
 *
 * Source: the DynamoDB developer guide, "DynamoDB low-level API".
 */
#ifndef COMMON_STORE_DYNAMODB_CLIENT_H
#define COMMON_STORE_DYNAMODB_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/store/dynamodb/response.h"

/* lakeFS's name for its table. */
#define DYNAMO_TABLE_NAME "kvstore"

/* Which table.  All is borrowed, and must stay while a client is open. */
typedef struct DynamoOptions {
    const char *table;
    const char *endpoint; /* NULL: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, or AWS itself */
    const char *region;   /* NULL: what the environment and the profile say */
} DynamoOptions;

typedef struct DynamoClient DynamoClient;

/* Whether the options can be meant; false with EXIT_CODE_USAGE. */
bool dynamo_options_check(const DynamoOptions *options, Error *error);

/* Finds endpoint, region and credentials; asks DynamoDB nothing yet.  *client is to be closed, also
 * after a failure, unless it is NULL.  `program` goes into the User-Agent. */
bool dynamo_client_open(const DynamoOptions *options, const char *program, DynamoClient **client,
                        Error *error);
/* Takes NULL. */
void dynamo_client_close(DynamoClient *client);

/* Ends all requests, also future ones, from any thread.  Takes NULL. */
void dynamo_client_stop(DynamoClient *client);

/* For messages and notes. */
const char *dynamo_client_table(const DynamoClient *client);
const char *dynamo_client_region(const DynamoClient *client);
/* The URL; "" where it is AWS's own. */
const char *dynamo_client_endpoint(const DynamoClient *client);

/*
 * Sends a request for an operation, such as "GetItem", whose parameters are the JSON text `body`.
 * *response is the caller's.  After a failure *fault says of which kind it was.
 * EXIT_CODE_CONNECTION where no server could be reached or none that works, EXIT_CODE_REFUSED for
 * credentials and permissions, EXIT_CODE_FAILED for anything else.
 */
bool dynamo_call(DynamoClient *client, const char *operation, Slice body, json_t **response,
                 DynamoFault *fault, Error *error);

/* The same with parameters as JSON, whose construction may have failed (NULL: out of memory); takes
 * over the reference. */
bool dynamo_call_json(DynamoClient *client, const char *operation, json_t *parameters,
                      json_t **response, DynamoFault *fault, Error *error);

/* Waits behind attempt number `attempt` (1, 2 ...) of what DynamoDB has done in part only.  False
 * with the error set when the program is to stop. */
bool dynamo_back_off(DynamoClient *client, unsigned attempt, Error *error);

/* Waits; false with the error set when the program is to stop. */
bool dynamo_wait(DynamoClient *client, uint32_t milliseconds, Error *error);

/* Rows of a group: which table of DynamoDB, for a DynamoOptions.  `the_table` begins the first
 * one's help, where the default follows. */
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
