/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates how long a phase, and those planned after it, will still take.
 *
 * Until a phase has got somewhere nothing is known of it, unless earlier phases tell: an estimate
 * from its first rows may be wrong by orders of magnitude.
 */
#ifndef COMMON_CLI_TIME_LEFT_H
#define COMMON_CLI_TIME_LEFT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct PhaseState {
    uint64_t rows;
    uint64_t total_rows; /* expected, perhaps an estimate; 0: unknown */
    double seconds;      /* since the phase began */
    double expected;     /* seconds of the whole phase, by earlier ones; negative if unknown */
    double weight;       /* how long the phase takes compared with others; 0: unknown */
    double later_weight; /* of all phases after it; negative if unknown */
    bool done;
} PhaseState;

/* What part of the phase is done, at most 1; negative if unknown. */
double phase_fraction(const PhaseState *state);

/* Seconds left of the phase; negative if unknown. */
double time_left(const PhaseState *state);

/* Seconds left of the phase and of those after it; negative if unknown. */
double time_left_of_all(const PhaseState *state);

#endif
