/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/response.h"

#include "common/base/json_memory.h"
#include "common/http/retry.h"
#include "common/http/server_words.h"
#include "common/http/status.h"

#include <stdio.h>
#include <string.h>

/* Longer than any message of DynamoDB's: a secret in it is not cut in two. */
enum { CODE_SIZE = 64, MESSAGE_SIZE = 8192 };

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

/* The server's explanation; "" if it repeats the credentials. */
static void copy_words(const DynamoRequest *request, const char *message,
                       char words[SERVER_WORDS_SIZE])
{
    words[0] = '\0';
    if (!repeats_secret(request->credentials, message)) {
        server_words_copy(slice_text(message), words, SERVER_WORDS_SIZE);
    }
}

/* A proxy's response, or that of a wrong server. */
static bool unexpected_error_response(const DynamoRequest *request, const HttpResponse *response,
                                      Error *error)
{
    Buffer body = {0};
    Error ignored;
    char words[SERVER_WORDS_SIZE] = "";

    if (buffer_append(&body, response->body.data, response->body.size, &ignored) &&
        !repeats_secret(request->credentials, buffer_string(&body))) {
        server_words_copy(slice_text(buffer_string(&body)), words, SERVER_WORDS_BODY_SIZE);
    }
    buffer_free(&body);
    dynamo_unexpected_response(error);
    return error_detail(error, "HTTP status %ld%s%s", response->status,
                        words[0] != '\0' ? ": " : "", words);
}

bool dynamo_error_response(const DynamoRequest *request, const HttpResponse *response,
                           DynamoFault *fault, Error *error)
{
    const KnownError *known;
    ErrorResponse parsed;
    char words[SERVER_WORDS_SIZE];
    bool overload = retry_status(response->status);

    read_error_response(response, &parsed);
    if (parsed.lacked_memory) {
        return error_out_of_memory(error);
    }
    if (parsed.code[0] == '\0' && !overload) {
        return unexpected_error_response(request, response, error);
    }
    known = find_known(parsed.code);
    copy_words(request, parsed.message, words);
    error_set(error,
              known != NULL ? known->exit_code
              : overload    ? EXIT_CODE_CONNECTION
                            : EXIT_CODE_FAILED,
              "%s of table \"%s\": DynamoDB responds with HTTP status %ld%s%s", request->operation,
              request->table, response->status, parsed.code[0] != '\0' ? ", " : "", parsed.code);
    error_detail(error, "%s%sThe region is \"%s\"; the credentials are from %s.", words,
                 words[0] != '\0' ? " " : "", request->region, request->credentials->source);
    if (known == NULL) {
        return error_hint(error, "%s", overload ? HINT_LATER : HINT_UNKNOWN);
    }
    *fault = known->fault;
    if (known->hint == NULL && strstr(parsed.message, "kms:") != NULL) {
        return error_hint(error, "Allow these credentials to use the key that the table is "
                                 "encrypted with, in the key's policy, too.");
    }
    return known->hint != NULL
               ? error_hint(error, "%s", known->hint)
               : error_hint(error, "Allow these credentials dynamodb:%s on the table.",
                            request->operation);
}
