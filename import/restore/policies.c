/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/policies.h"

#include "common/base/json_memory.h"
#include "common/kv/model.h"
#include "common/kv/wire.h"
#include "import/restore/resource.h"

#include <string.h>

typedef struct Search {
    const KvRepository *repository;
    json_t *policies;
} Search;

static bool add_policy(Search *search, Slice policy, Slice resource, Error *error)
{
    json_t *name = json_stringn((const char *)policy.data, policy.size);
    json_t *pattern = json_stringn((const char *)resource.data, resource.size);

    /* Not UTF-8: no policy of lakeFS's. */
    if (name == NULL || pattern == NULL) {
        json_decref(name);
        json_decref(pattern);
        return true;
    }
    return json_array_append_new(search->policies, json_pack("{s:o, s:o}", "policy", name,
                                                             "resource", pattern)) == 0 ||
           error_out_of_memory(error);
}

static bool refers(const Search *search, Slice pattern)
{
    return resource_refers(pattern, buffer_slice(&search->repository->id),
                           buffer_slice(&search->repository->storage_namespace));
}

/* A later lakeFS keeps several resources as the text of a JSON array. */
static bool refers_any(const Search *search, Slice resource, bool *found, Error *error)
{
    const json_t *pattern;
    json_t *list = NULL;
    bool lacked = false;
    size_t i;

    *found = refers(search, resource);
    if (!*found && resource.size > 0 && resource.data[0] == '[') {
        list = json_parse(resource, 0, NULL, &lacked);
        json_array_foreach(list, i, pattern)
        {
            *found =
                *found ||
                (json_is_string(pattern) &&
                 refers(search, slice_of(json_string_value(pattern), json_string_length(pattern))));
        }
        json_decref(list);
    }
    return !lacked || error_out_of_memory(error);
}

static bool visit_statement(Search *search, Slice policy, Slice statement, Error *error)
{
    enum { RESOURCE = 3 };
    WireField field;
    bool found;

    while (statement.size > 0 && wire_next(&statement, &field)) {
        if (field.number != RESOURCE || field.type != WIRE_BYTES) {
            continue;
        }
        if (!refers_any(search, field.bytes, &found, error) ||
            (found && !add_policy(search, policy, field.bytes, error))) {
            return false;
        }
    }
    return true;
}

static bool visit_policy(void *state, const Entry *entry, Slice tuple, Error *error)
{
    enum { STATEMENT = 3 };
    const size_t prefix = strlen(KV_POLICIES);
    Slice name = slice_of(entry->key.data + prefix, entry->key.size - prefix);
    Slice value = entry->value;
    WireField field;

    (void)tuple;
    while (value.size > 0 && wire_next(&value, &field)) {
        if (field.number == STATEMENT && field.type == WIRE_BYTES &&
            !visit_statement(state, name, field.bytes, error)) {
            return false;
        }
    }
    return true;
}

bool restore_policies_find(const StoreRanges *ranges, const KvRepository *repository,
                           json_t **policies, Error *error)
{
    Search search = {.repository = repository, .policies = json_array()};

    *policies = search.policies;
    return search.policies == NULL
               ? error_out_of_memory(error)
               : ranges->read(ranges->state, slice_text(KV_PARTITION_AUTH), slice_text(KV_POLICIES),
                              visit_policy, &search, error);
}
