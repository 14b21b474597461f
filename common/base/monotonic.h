/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock for durations, which nobody sets.
 */
#ifndef COMMON_BASE_MONOTONIC_H
#define COMMON_BASE_MONOTONIC_H

#include <time.h>

/* Seconds since some moment of the past. */
static inline double monotonic_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#endif
