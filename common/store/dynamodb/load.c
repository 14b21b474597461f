/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: each worker collects the entries of its chunks in batches, which the senders send.
 *
 * Writing an entry replaces an existing one, so a request sent twice does no harm.
 */
#include "common/store/dynamodb/target.h"

#include "common/kv/entry.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/batch.h"
#include "common/store/dynamodb/item.h"

#include <stdlib.h>

struct Loader {
    Target *target;
    DynamoBatch batch;
};

bool dynamodb_check_entries(Slice tuples, uint64_t *units, Error *error)
{
    const char *problem;
    Entry entry;

    /* dump_chunk_unpack has verified the tuples. */
    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        if (!dynamo_item_check(&entry, error)) {
            return false;
        }
        *units += dynamo_item_units(dynamo_item_size(&entry));
    }
    return true;
}

bool dynamodb_is_version(const Entry *entry)
{
    return slice_equal(entry->partition_key, slice_text(KV_PARTITION_INTERNAL)) &&
           slice_equal(entry->key, slice_text(KV_VERSION_KEY));
}

bool dynamodb_begin_load(Target *target, Loader **loader, Error *error)
{
    Loader *l = calloc(1, sizeof *l);

    *loader = l;
    if (l == NULL) {
        return error_out_of_memory(error);
    }
    l->target = target;
    return true;
}

bool dynamodb_load(Loader *loader, Slice tuples, uint64_t entries, Error *error)
{
    const char *problem;
    Entry entry;

    (void)entries;
    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        bool equal;

        if (!dynamo_item_check(&entry, error) ||
            !dynamodb_has_equal(loader->target, &entry, &equal, error) ||
            (!equal &&
             !dynamo_senders_put(loader->target->senders, &loader->batch, &entry, error))) {
            return false;
        }
    }
    return true;
}

bool dynamodb_end_load(Loader *loader, bool keep, Error *error)
{
    bool done;

    if (loader == NULL) {
        return true;
    }
    done = !keep || dynamo_senders_submit(loader->target->senders, &loader->batch, error);
    dynamo_batch_free(&loader->batch);
    free(loader);
    return done;
}
