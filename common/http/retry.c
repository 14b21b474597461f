/* SPDX-License-Identifier: Apache-2.0 */
#include "common/http/retry.h"

#include "common/http/status.h"

#include <sys/random.h>
#include <time.h>

enum { SLEEP_MS = 50 }; /* between checks for a stop */

const RetryPolicy RETRY_DEFAULT = {.attempts = 6, .first_wait_ms = 100, .longest_wait_ms = 5000};

static uint32_t random_number(void)
{
    uint32_t number = 0;

    /* Without random numbers, wait for half the time. */
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number) {
        number = 0;
    }
    return number;
}

bool retry_sleep(const HttpClient *client, uint32_t milliseconds, Error *error)
{
    for (uint32_t slept = 0; slept < milliseconds; slept += SLEEP_MS) {
        uint32_t step = milliseconds - slept < SLEEP_MS ? milliseconds - slept : SLEEP_MS;
        const struct timespec time = {.tv_nsec = (long)step * 1000000L};

        if (!http_client_check(client, error)) {
            return false;
        }
        nanosleep(&time, NULL);
    }
    return http_client_check(client, error);
}

uint32_t retry_wait_ms(const RetryPolicy *policy, unsigned attempt, uint64_t retry_after_ms,
                       uint32_t random)
{
    uint64_t wait = policy->first_wait_ms;

    for (unsigned i = 1; i < attempt && wait < policy->longest_wait_ms; i++) {
        wait *= 2;
    }
    if (wait > policy->longest_wait_ms) {
        wait = policy->longest_wait_ms;
    }
    wait = wait - wait / 2 + (wait / 2 > 0 ? random % (wait / 2 + 1) : 0);
    if (wait < retry_after_ms) {
        wait = retry_after_ms;
    }
    return wait > policy->longest_wait_ms ? policy->longest_wait_ms : (uint32_t)wait;
}

bool retry_back_off(const HttpClient *client, const RetryPolicy *policy, unsigned attempt,
                    uint64_t retry_after_ms, Error *error)
{
    uint32_t random = policy->random != NULL ? policy->random() : random_number();
    uint32_t wait_ms = retry_wait_ms(policy, attempt, retry_after_ms, random);

    return policy->wait != NULL ? policy->wait(policy->wait_state, wait_ms, error)
                                : retry_sleep(client, wait_ms, error);
}

bool retry_status(long status)
{
    return status == HTTP_REQUEST_TIMEOUT || status == HTTP_TOO_MANY_REQUESTS ||
           (status >= HTTP_SERVER_ERROR && status != HTTP_NOT_IMPLEMENTED);
}

bool http_send_retrying(HttpClient *client, const RetryPolicy *policy,
                        bool (*transient)(const HttpResponse *response), const HttpRequest *request,
                        HttpResponse *response, Error *error)
{
    for (unsigned attempt = 1;; attempt++) {
        bool done = http_send(client, request, response, error);
        bool again =
            done ? retry_status(response->status) || (transient != NULL && transient(response))
                 : response->may_succeed_later;
        uint64_t asked_ms = response->retry_after_s > 0 && response->retry_after_s < INT32_MAX
                                ? (uint64_t)response->retry_after_s * 1000
                                : 0;

        if (!again || attempt >= policy->attempts) {
            return done;
        }
        if (!retry_back_off(client, policy, attempt, asked_ms, error)) {
            return false;
        }
        /* The error of this attempt no longer matters. */
        *error = (Error){0};
    }
}
