/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DynamoDB's error responses: what their codes mean to the program and to its user.
 *
 * Source: DynamoDB developer guide, "Error handling with DynamoDB", and API reference, "Common
 * errors".
 */
#ifndef COMMON_STORE_DYNAMODB_RESPONSE_H
#define COMMON_STORE_DYNAMODB_RESPONSE_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Kinds of failures that callers distinguish. */
typedef enum DynamoFault {
    DYNAMO_FAULT_NONE,
    DYNAMO_FAULT_NOT_FOUND, /* no such table */
    DYNAMO_FAULT_IN_USE,    /* the table is being created, changed or deleted, or already exists */
    DYNAMO_FAULT_CONDITION, /* the condition of a write failed */
    DYNAMO_FAULT_THROTTLED, /* the request exceeds the table's capacity */
    DYNAMO_FAULT_EXPIRED,   /* the credentials have expired */
    DYNAMO_FAULT_LOST,      /* no readable response: the request may have been executed */
    DYNAMO_FAULT_OTHER
} DynamoFault;

/* A request, described for messages. */
typedef struct DynamoRequest {
    const char *operation;
    const char *table;
    const char *region;
    const AwsCredentials *credentials;
} DynamoRequest;

/* Tells whether a retry may succeed although the HTTP status does not say so. */
bool dynamo_response_is_transient(const HttpResponse *response);

/* Sets the error and its kind for an error response.  Always returns false.  The error includes the
 * server's message, unless that repeats the credentials. */
bool dynamo_error_response(const DynamoRequest *request, const HttpResponse *response,
                           DynamoFault *fault, Error *error);

/* Sets the error for a response that is not DynamoDB's.  Always returns false. */
bool dynamo_unexpected_response(Error *error);

/* Sets the error for a table that keeps rejecting writes for lack of capacity.  Always returns
 * false. */
bool dynamo_overloaded(const char *table, Error *error);

#endif
