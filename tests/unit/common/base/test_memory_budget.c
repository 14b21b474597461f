/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that threads share: never more than the limit, unless for one object that is larger.
 */
#include "tests/unit/support.h"

#include <sched.h>
#include <stdatomic.h>

#include "common/base/memory_budget.h"

enum { LIMIT = 100, THREADS = 8, ROUNDS = 200 };

typedef struct Shared {
    MemoryBudget budget;
    const size_t *sizes; /* taken in turn */
    size_t size_count;
    atomic_size_t used;
    atomic_size_t holders;
    atomic_bool exceeded;
} Shared;

static void *take_and_give(void *argument)
{
    Shared *shared = argument;

    for (size_t i = 0; i < ROUNDS; i++) {
        size_t size = shared->sizes[i % shared->size_count];
        size_t used;
        size_t holders;

        memory_budget_take(&shared->budget, size);
        used = atomic_fetch_add(&shared->used, size) + size;
        holders = atomic_fetch_add(&shared->holders, 1) + 1;
        if (used > LIMIT && holders > 1) {
            atomic_store(&shared->exceeded, true);
        }
        sched_yield();
        atomic_fetch_sub(&shared->holders, 1);
        atomic_fetch_sub(&shared->used, size);
        memory_budget_give(&shared->budget, size);
    }
    return NULL;
}

static void run_threads(const size_t *sizes, size_t count)
{
    Shared shared = {.sizes = sizes, .size_count = count};
    pthread_t threads[THREADS];

    memory_budget_init(&shared.budget, LIMIT);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &shared), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_false(atomic_load(&shared.exceeded));
    assert_int_equal(shared.budget.taken, 0);
    memory_budget_destroy(&shared.budget);
}

static void test_threads_never_use_more_than_the_limit(void **state)
{
    static const size_t SIZES[] = {60, 1, 100, 40, 30};

    (void)state;
    run_threads(SIZES, COUNT_OF(SIZES));
}

static void test_what_is_larger_than_the_limit_is_alone(void **state)
{
    static const size_t SIZES[] = {101, 20, SIZE_MAX / 4};

    (void)state;
    run_threads(SIZES, COUNT_OF(SIZES));
}

static void test_what_fits_does_not_wait(void **state)
{
    MemoryBudget budget;

    (void)state;
    memory_budget_init(&budget, LIMIT);
    memory_budget_take(&budget, LIMIT - 1);
    memory_budget_take(&budget, 1);
    memory_budget_take(&budget, 0);
    memory_budget_give(&budget, LIMIT);
    memory_budget_take(&budget, SIZE_MAX);
    memory_budget_give(&budget, SIZE_MAX);
    assert_int_equal(budget.taken, 0);
    memory_budget_destroy(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_never_use_more_than_the_limit),
        cmocka_unit_test(test_what_is_larger_than_the_limit_is_alone),
        cmocka_unit_test(test_what_fits_does_not_wait),
    };

    return cmocka_run_group_tests_name("memory_budget", tests, NULL, NULL);
}
