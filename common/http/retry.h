/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retries with exponential backoff and jitter, so that many clients do not retry at the same
 * moment.
 */
#ifndef COMMON_HTTP_RETRY_H
#define COMMON_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/http/client.h"

typedef struct RetryPolicy {
    unsigned attempts;        /* total, at least 1 */
    uint32_t first_wait_ms;   /* upper bound of the wait before the second attempt */
    uint32_t longest_wait_ms; /* upper bound of any wait, even of the server's Retry-After */

    /* Waits.  False, with the error set, to give up.  NULL: sleeps until the client is stopped. */
    bool (*wait)(void *state, uint32_t milliseconds, Error *error);
    void *wait_state;
    uint32_t (*random)(void); /* NULL: random */
} RetryPolicy;

/* Six attempts within a few seconds. */
extern const RetryPolicy RETRY_DEFAULT;

/* Returns how long to wait after attempt number `attempt` (1, 2 ...): between half of and the whole
 * of the first wait, doubled with each attempt; at least what the server asks for; at most the
 * longest wait. */
uint32_t retry_wait_ms(const RetryPolicy *policy, unsigned attempt, uint64_t retry_after_ms,
                       uint32_t random);

/* Waits.  False, with the error set, when the client is stopped or the program is asked to stop. */
bool retry_sleep(const HttpClient *client, uint32_t milliseconds, Error *error);

/* Waits after attempt number `attempt`, as the policy says.  Fails like retry_sleep. */
bool retry_back_off(const HttpClient *client, const RetryPolicy *policy, unsigned attempt,
                    uint64_t retry_after_ms, Error *error);

/* Tells whether a status means that a retry may succeed: a server error or overload. */
bool retry_status(long status);

/*
 * Calls http_send until it gets a final response: it retries when there is no response but a retry
 * may succeed, and when retry_status or `transient` (NULL: none) says that the response is
 * temporary.  True with the last response, whatever its status.
 */
bool http_send_retrying(HttpClient *client, const RetryPolicy *policy,
                        bool (*transient)(const HttpResponse *response), const HttpRequest *request,
                        HttpResponse *response, Error *error);

#endif
