/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/time_left.h"

/* From here on a phase's own rate says how long it will take: its first rows do not. */
static const double RATE_SECONDS = 2;
static const double RATE_FRACTION = 0.02;

/* A phase that takes this much longer than expected is one that earlier ones say nothing of. */
static const double LATE = 2;

/* Likewise one that is this much faster: earlier ones may have waited for their input. */
static const double EARLY = 3;
static const double EARLY_FRACTION = 0.05;

/* An estimate that is wrong by so little is not worth a word. */
static const double MARGIN = 0.02;

double phase_fraction(const PhaseState *state)
{
    double fraction = state->total_rows == 0 ? -1 : (double)state->rows / (double)state->total_rows;

    /* Of more rows than expected nobody knows how many will come. */
    if (fraction > 1 + MARGIN) {
        return -1;
    }
    return fraction > 1 ? 1 : fraction;
}

static double by_rate(const PhaseState *state, double fraction)
{
    return state->seconds * (1 - fraction) / fraction;
}

/* Rows come in large steps where a whole leaf is indexed at a time, so the rate is trusted as far
 * as rows are done, and what earlier phases took for the rest. */
double time_left(const PhaseState *state)
{
    double fraction = phase_fraction(state);

    if (state->done || fraction < 0) {
        return state->done ? 0 : -1;
    }
    if (state->expected >= 0 &&
        (fraction >= RATE_FRACTION || state->seconds <= LATE * state->expected)) {
        double by_plan = state->expected * (1 - fraction);

        if (fraction >= EARLY_FRACTION && state->seconds / fraction * EARLY < state->expected) {
            return by_rate(state, fraction);
        }

        return fraction > 0 ? fraction * by_rate(state, fraction) + (1 - fraction) * by_plan
                            : by_plan;
    }
    return state->seconds < RATE_SECONDS || fraction < RATE_FRACTION ? -1
                                                                     : by_rate(state, fraction);
}

double time_left_of_all(const PhaseState *state)
{
    double left = time_left(state);

    if (left < 0 || state->later_weight == 0) {
        return left;
    }
    if (state->weight <= 0 || state->later_weight < 0) {
        return -1;
    }
    return left + (state->seconds + left) * state->later_weight / state->weight;
}
