/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on the memory that several threads use together for large objects.
 *
 * A thread takes what an object needs before it allocates it, and gives it back once it has freed
 * it.  It must hold nothing while it takes: two that hold something and want more would wait for
 * each other forever.
 */
#ifndef COMMON_BASE_MEMORY_BUDGET_H
#define COMMON_BASE_MEMORY_BUDGET_H

#include <pthread.h>
#include <stddef.h>

typedef struct MemoryBudget {
    size_t limit;
    size_t taken;
    pthread_mutex_t mutex;
    pthread_cond_t given;
} MemoryBudget;

/* End with memory_budget_destroy. */
void memory_budget_init(MemoryBudget *budget, size_t limit);

/* Waits until `size` bytes are free.  An object that is larger than the limit waits until it is the
 * only one. */
void memory_budget_take(MemoryBudget *budget, size_t size);

void memory_budget_give(MemoryBudget *budget, size_t size);

void memory_budget_destroy(MemoryBudget *budget);

#endif
