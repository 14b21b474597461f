/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/rate_limit.h"

#include <time.h>

enum { SECOND_US = 1000 * 1000 };

void rate_limit_init(RateLimit *limit, uint64_t units_per_second)
{
    *limit = (RateLimit){.units_per_second = units_per_second};
    pthread_mutex_init(&limit->mutex, NULL);
}

void rate_limit_destroy(RateLimit *limit)
{
    pthread_mutex_destroy(&limit->mutex);
}

uint64_t rate_limit_take(RateLimit *limit, uint64_t now_us, uint64_t units)
{
    uint64_t full_us = now_us > SECOND_US ? now_us - SECOND_US : 0;
    uint64_t paid_us;

    if (limit->units_per_second == 0) {
        return 0;
    }
    pthread_mutex_lock(&limit->mutex);
    if (limit->paid_until_us < full_us) {
        limit->paid_until_us = full_us;
    }
    limit->paid_until_us += units * SECOND_US / limit->units_per_second;
    paid_us = limit->paid_until_us;
    pthread_mutex_unlock(&limit->mutex);
    return paid_us > now_us ? paid_us - now_us : 0;
}

uint64_t rate_limit_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}
