/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/digest.h"

#include "common/base/digest.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/store/store.h"

#include <pthread.h>
#include <stdlib.h>

/* All entries but the version's. */
typedef struct StoreSum {
    uint64_t version;
    uint64_t entries;
    SetDigest digest;
} StoreSum;

typedef struct Total {
    StoreSum sum;
    pthread_mutex_t mutex;
} Total;

typedef struct SumWorker {
    Total *total;
    StoreSum sum;
} SumWorker;

static bool begin_sum(void *state, void **worker, Error *error)
{
    SumWorker *w = calloc(1, sizeof *w);

    *worker = w;
    if (w == NULL) {
        return error_out_of_memory(error);
    }
    w->total = state;
    return true;
}

static bool add_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    SumWorker *w = worker;

    (void)entry;
    (void)error;
    w->sum.entries++;
    set_digest_add_tuple(&w->sum.digest, tuple);
    return true;
}

static bool end_sum(void *worker, bool complete, Error *error)
{
    SumWorker *w = worker;

    (void)complete;
    (void)error;
    if (w != NULL) {
        pthread_mutex_lock(&w->total->mutex);
        w->total->sum.entries += w->sum.entries;
        set_digest_add(&w->total->sum.digest, w->sum.digest);
        pthread_mutex_unlock(&w->total->mutex);
        free(w);
    }
    return true;
}

static bool read_sum(const ImportOptions *options, StoreSum *sum, Error *error)
{
    static const EntryVisitor SUM = {.begin = begin_sum, .visit = add_entry, .end = end_sum};
    const StoreDriver *driver = store_find(options->target);
    const StoreOptions store_options = import_options_store(options);
    Store *store = NULL;
    uint64_t version = 0;
    Total total = {0};
    bool done;

    pthread_mutex_init(&total.mutex, NULL);
    done = driver->open(&store_options, &store, &version, error);
    if (done) {
        progress_begin("store", 0);
        done = driver->read(store, &SUM, &total, error);
    }
    if (done) {
        progress_end();
    }
    driver->close(store);
    pthread_mutex_destroy(&total.mutex);
    *sum = total.sum;
    sum->version = version;
    return done;
}

static bool print_sum(const StoreSum *sum, Error *error)
{
    char digest[SET_DIGEST_TEXT_SIZE + 1];

    set_digest_to_text(sum->digest, digest);
    return output_json(json_pack("{s:I, s:I, s:s}", "version", (json_int_t)sum->version, "entries",
                                 (json_int_t)sum->entries, "set_digest", digest),
                       error) &&
           output_flush(error);
}

bool digest_store(ImportOptions *options, Error *error)
{
    StoreSum sum = {0};
    bool done = signals_start(store_find(options->target)->cancel, error) &&
                progress_init(options->common.progress, error) && read_sum(options, &sum, error);

    progress_stop();
    return done && print_sum(&sum, error);
}
