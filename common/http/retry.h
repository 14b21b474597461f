/*
 * Trying again what may succeed later: with waits that double, of which a part is left to chance,
 * so that many clients do not come back at the same moment.
 */
#ifndef COMMON_HTTP_RETRY_H
#define COMMON_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/http/client.h"

typedef struct RetryPolicy {
    unsigned attempts;        /* in all, at least 1 */
    uint32_t first_wait_ms;   /* at most, before the second attempt */
    uint32_t longest_wait_ms; /* no wait is longer, whatever the server asks for */

    /* Waits; false with the error set when there is to be no other attempt.  NULL: it sleeps, until
     * the client is stopped. */
    bool (*wait)(void *state, uint32_t milliseconds, Error *error);
    void *wait_state;
    uint32_t (*random)(void); /* NULL: by chance */
} RetryPolicy;

/* Six attempts within some seconds. */
extern const RetryPolicy RETRY_DEFAULT;

/* How long to wait behind attempt number `attempt` (1, 2 ...): between a half and the whole of the
 * first wait doubled with each attempt, but not less than the server asks for; never more than the
 * longest wait. */
uint32_t retry_wait_ms(const RetryPolicy *policy, unsigned attempt, uint64_t retry_after_ms,
                       uint32_t random);

/* Waits; false with the error set when the client is stopped, or the program asked to stop. */
bool retry_sleep(const HttpClient *client, uint32_t milliseconds, Error *error);

/* Waits behind attempt number `attempt` as the policy says; false likewise. */
bool retry_back_off(const HttpClient *client, const RetryPolicy *policy, unsigned attempt,
                    uint64_t retry_after_ms, Error *error);

/* Whether a status says that the request may succeed later: a server's error or overload. */
bool retry_status(long status);

/*
 * http_send, again while it gets no answer but may get one later, or one that retry_status or
 * `transient` (NULL: none) says may be another later.  True with the last answer, whatever its
 * status.
 */
bool http_send_retrying(HttpClient *client, const RetryPolicy *policy,
                        bool (*transient)(const HttpResponse *response), const HttpRequest *request,
                        HttpResponse *response, Error *error);

#endif
