/*
 * DynamoDB's answers that are errors: what their codes mean, to the program and to its user.
 *
 * Source: the DynamoDB developer guide, "Error handling with DynamoDB", and the API reference,
 * "Common errors".
 */
#ifndef COMMON_STORE_DYNAMODB_RESPONSE_H
#define COMMON_STORE_DYNAMODB_RESPONSE_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* What a caller may have expected to go wrong. */
typedef enum DynamoFault {
    DYNAMO_FAULT_NONE,
    DYNAMO_FAULT_NOT_FOUND, /* there is no such table */
    DYNAMO_FAULT_IN_USE,    /* the table is being made, changed or deleted, or is there already */
    DYNAMO_FAULT_CONDITION, /* the condition of a write does not hold */
    DYNAMO_FAULT_THROTTLED, /* more was asked for than the table has capacity for */
    DYNAMO_FAULT_EXPIRED,   /* the credentials have, and there are no newer ones */
    DYNAMO_FAULT_LOST,      /* no answer that could be read: it may have been done */
    DYNAMO_FAULT_OTHER
} DynamoFault;

/* What was asked, for messages. */
typedef struct DynamoRequest {
    const char *operation;
    const char *table;
    const char *region;
    const AwsCredentials *credentials;
} DynamoRequest;

/* Whether the same request may succeed later, although its status does not say so. */
bool dynamo_response_is_transient(const HttpResponse *response);

/* Words an answer that is an error, and says of which kind it is.  Always returns false.  What the
 * server says is part of the error, unless it repeats the credentials. */
bool dynamo_error_response(const DynamoRequest *request, const HttpResponse *response,
                           DynamoFault *fault, Error *error);

/* The complaint about an answer that is not DynamoDB's.  Always returns false. */
bool dynamo_unexpected_response(Error *error);

/* The complaint that for want of capacity a table has not taken what it was sent.  Always returns
 * false. */
bool dynamo_overloaded(const char *table, Error *error);

#endif
