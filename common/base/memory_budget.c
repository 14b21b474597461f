/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/memory_budget.h"

void memory_budget_init(MemoryBudget *budget, size_t limit)
{
    *budget = (MemoryBudget){.limit = limit};
    pthread_mutex_init(&budget->mutex, NULL);
    pthread_cond_init(&budget->given, NULL);
}

void memory_budget_take(MemoryBudget *budget, size_t size)
{
    pthread_mutex_lock(&budget->mutex);
    while (budget->taken > 0 &&
           (budget->taken > budget->limit || size > budget->limit - budget->taken)) {
        pthread_cond_wait(&budget->given, &budget->mutex);
    }
    budget->taken += size;
    pthread_mutex_unlock(&budget->mutex);
}

void memory_budget_give(MemoryBudget *budget, size_t size)
{
    pthread_mutex_lock(&budget->mutex);
    budget->taken -= size;
    pthread_cond_broadcast(&budget->given);
    pthread_mutex_unlock(&budget->mutex);
}

void memory_budget_destroy(MemoryBudget *budget)
{
    pthread_mutex_destroy(&budget->mutex);
    pthread_cond_destroy(&budget->given);
}
