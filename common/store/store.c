#include "common/store/store.h"

#include <string.h>

static const StoreDriver *const STORES[] = {&STORE_POSTGRES, &STORE_DYNAMODB};

const StoreDriver *store_named(const char *name)
{
    for (size_t i = 0; i < sizeof STORES / sizeof STORES[0]; i++) {
        if (strcmp(STORES[i]->name, name) == 0) {
            return STORES[i];
        }
    }
    return NULL;
}
