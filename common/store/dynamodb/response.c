/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/response.h"

#include "common/base/json_memory.h"
#include "common/http/retry.h"
#include "common/http/status.h"

#include <stdio.h>
#include <string.h>

enum { CODE_SIZE = 64, MESSAGE_SIZE = 1024 };

/* What a code means. */
typedef struct KnownError {
    const char *code;
    bool transient;
    DynamoFault fault;
    ExitCode exit_code;
    const char *hint; /* NULL: names the missing permission */
} KnownError;

static const char HINT_CAPACITY[] =
    "Give the table more capacity, or use less of it (kv-import: --write-units).";
static const char HINT_UNKNOWN[] = "See DynamoDB's documentation for this code.";
static const char HINT_LATER[] = "Try again later.";
static const char HINT_SECRET[] =
    "Check the secret access key, --aws-region, and this machine's clock.";
static const char HINT_KEY[] =
    "Check the access key and --aws-region; temporary credentials also need AWS_SESSION_TOKEN.";
static const char HINT_EXPIRED[] = "Get new temporary credentials.";

static const KnownError KNOWN_ERRORS[] = {
    {"ProvisionedThroughputExceededException", true, DYNAMO_FAULT_THROTTLED, EXIT_CODE_FAILED,
     HINT_CAPACITY},
    {"ThrottlingException", true, DYNAMO_FAULT_THROTTLED, EXIT_CODE_FAILED, HINT_CAPACITY},
    {"Throttling", true, DYNAMO_FAULT_THROTTLED, EXIT_CODE_FAILED, HINT_CAPACITY},
    {"RequestLimitExceeded", true, DYNAMO_FAULT_THROTTLED, EXIT_CODE_FAILED, HINT_CAPACITY},
    {"LimitExceededException", true, DYNAMO_FAULT_OTHER, EXIT_CODE_FAILED,
     "There are too many tables, or too many are being created or deleted."},
    {"TransactionInProgressException", true, DYNAMO_FAULT_OTHER, EXIT_CODE_FAILED, HINT_LATER},
    {"TransactionConflictException", true, DYNAMO_FAULT_OTHER, EXIT_CODE_FAILED, HINT_LATER},
    {"ReplicatedWriteConflictException", true, DYNAMO_FAULT_OTHER, EXIT_CODE_FAILED, HINT_LATER},
    {"InternalServerError", true, DYNAMO_FAULT_OTHER, EXIT_CODE_CONNECTION, HINT_LATER},
    {"InternalFailure", true, DYNAMO_FAULT_OTHER, EXIT_CODE_CONNECTION, HINT_LATER},
    {"ServiceUnavailable", true, DYNAMO_FAULT_OTHER, EXIT_CODE_CONNECTION, HINT_LATER},
    {"ResourceNotFoundException", false, DYNAMO_FAULT_NOT_FOUND, EXIT_CODE_FAILED,
     "The table was deleted in the meantime. Find out why, then run again."},
    {"ResourceInUseException", false, DYNAMO_FAULT_IN_USE, EXIT_CODE_FAILED,
     "The table is being created, changed or deleted. Find out why, then run again."},
    {"ConditionalCheckFailedException", false, DYNAMO_FAULT_CONDITION, EXIT_CODE_REFUSED,
     "Another program has changed the table. Make sure that none does, then run again."},
    {"AccessDeniedException", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, NULL},
    {"UnrecognizedClientException", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_KEY},
    {"InvalidClientTokenId", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_KEY},
    {"MissingAuthenticationTokenException", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_KEY},
    {"MissingAuthenticationToken", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_KEY},
    {"IncompleteSignatureException", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_SECRET},
    {"IncompleteSignature", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_SECRET},
    {"InvalidSignatureException", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_SECRET},
    {"SignatureDoesNotMatch", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED, HINT_SECRET},
    {"ExpiredTokenException", false, DYNAMO_FAULT_EXPIRED, EXIT_CODE_REFUSED, HINT_EXPIRED},
    {"ExpiredToken", false, DYNAMO_FAULT_EXPIRED, EXIT_CODE_REFUSED, HINT_EXPIRED},
    {"OptInRequired", false, DYNAMO_FAULT_OTHER, EXIT_CODE_REFUSED,
     "Enable DynamoDB, or the region, for this account."},
};

/* The contents of an error response. */
typedef struct ErrorResponse {
    char code[CODE_SIZE]; /* "" if it has none: not DynamoDB's */
    char message[MESSAGE_SIZE];
    bool lacked_memory; /* neither could be read */
} ErrorResponse;

static const KnownError *find_known(const char *code)
{
    for (size_t i = 0; i < sizeof KNOWN_ERRORS / sizeof KNOWN_ERRORS[0]; i++) {
        if (strcmp(KNOWN_ERRORS[i].code, code) == 0) {
            return &KNOWN_ERRORS[i];
        }
    }
    return NULL;
}

/* "__type" consists of a namespace, "#", and the code. */
static void read_error_response(const HttpResponse *response, ErrorResponse *parsed)
{
    bool lacked;
    json_t *json = json_parse(buffer_slice(&response->body), 0, NULL, &lacked);
    const char *type = json_string_value(json_object_get(json, "__type"));
    const char *message = json_string_value(json_object_get(json, "message"));

    *parsed = (ErrorResponse){.lacked_memory = lacked};
    if (message == NULL) {
        message = json_string_value(json_object_get(json, "Message"));
    }
    if (type != NULL) {
        const char *code = strrchr(type, '#');

        snprintf(parsed->code, sizeof parsed->code, "%s", code != NULL ? code + 1 : type);
        snprintf(parsed->message, sizeof parsed->message, "%s", message != NULL ? message : "");
    }
    json_decref(json);
}

bool dynamo_response_is_transient(const HttpResponse *response)
{
    const KnownError *known;
    ErrorResponse parsed;

    if (response->status != HTTP_BAD_REQUEST) {
        return false; /* the status itself tells */
    }
    read_error_response(response, &parsed);
    known = find_known(parsed.code);
    return known != NULL && known->transient;
}

bool dynamo_unexpected_response(Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the server does not respond like DynamoDB");
    return error_hint(error, "Check --dynamodb-endpoint.");
}

bool dynamo_overloaded(const char *table, Error *error)
{
    error_set(error, EXIT_CODE_FAILED, "DynamoDB keeps rejecting writes to table \"%s\"", table);
    return error_hint(error, "%s", HINT_CAPACITY);
}

/* When DynamoDB rejects a signature, it explains how to compute the right one, which includes the
 * session token. */
static bool repeats_secret(const AwsCredentials *credentials, const char *text)
{
    return aws_credentials_occur_in(credentials, text) ||
           strstr(text, "x-amz-security-token") != NULL;
}

bool dynamo_error_response(const DynamoRequest *request, const HttpResponse *response,
                           DynamoFault *fault, Error *error)
{
    const KnownError *known;
    ErrorResponse parsed;
    const char *message;
    bool overload = retry_status(response->status);

    read_error_response(response, &parsed);
    if (parsed.lacked_memory) {
        return error_out_of_memory(error);
    }
    if (parsed.code[0] == '\0' && !overload) {
        return dynamo_unexpected_response(error);
    }
    known = find_known(parsed.code);
    message = repeats_secret(request->credentials, parsed.message) ? "" : parsed.message;
    error_set(error,
              known != NULL ? known->exit_code
              : overload    ? EXIT_CODE_CONNECTION
                            : EXIT_CODE_FAILED,
              "%s of table \"%s\": DynamoDB responds with HTTP status %ld%s%s", request->operation,
              request->table, response->status, parsed.code[0] != '\0' ? ", " : "", parsed.code);
    error_detail(error, "%s%sThe region is \"%s\"; the credentials are from %s.", message,
                 message[0] != '\0' ? " " : "", request->region, request->credentials->source);
    if (known == NULL) {
        return error_hint(error, "%s", overload ? HINT_LATER : HINT_UNKNOWN);
    }
    *fault = known->fault;
    return known->hint != NULL
               ? error_hint(error, "%s", known->hint)
               : error_hint(error, "Allow these credentials dynamodb:%s on the table.",
                            request->operation);
}
