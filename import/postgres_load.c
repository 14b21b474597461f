/*
 * Loading: entries go straight to their leaf partitions, which have no index yet, by as many
 * sessions as there are workers.
 *
 * A chunk's entries are gathered by leaf, and each leaf gets one COPY.
 */
#include "import/postgres.h"

#include "common/copy/binary.h"
#include "common/dump/entry.h"
#include "import/routes.h"

#include <inttypes.h>
#include <stdlib.h>

/* What of a chunk goes to one leaf. */
typedef struct Leaf {
    Buffer tuples;
    uint64_t entries;
} Leaf;

struct Loader {
    Target *target;
    PgConnection *connection;
    Routes *routes;
    Leaf *leaves; /* one a partition; owned */
};

bool postgres_begin_load(Target *target, Loader **loader, Error *error)
{
    Loader *l = calloc(1, sizeof *l);

    *loader = l;
    if (l == NULL) {
        return error_out_of_memory(error);
    }
    l->target = target;
    l->leaves = calloc((size_t)target->table.partitions, sizeof *l->leaves);
    if (l->leaves == NULL) {
        return error_out_of_memory(error);
    }
    return routes_new(&target->table, &l->routes, error) &&
           postgres_connect_worker(target, &l->connection, error) &&
           postgres_begin_work(target, l->connection, error);
}

/* Walks over the tuples; dump_chunk_unpack has made sure that they are whole. */
static bool next_entry(Slice *rest, Entry *entry, Slice *tuple)
{
    const uint8_t *begin = rest->data;
    const char *problem;

    if (rest->size == 0 || !entry_next(rest, entry, &problem)) {
        return false;
    }
    *tuple = slice_of(begin, (size_t)(rest->data - begin));
    return true;
}

/* Asks for the leaves of all partition keys of the chunk that are not known yet. */
static bool find_routes(Loader *loader, Slice tuples, Error *error)
{
    Slice latest = {0};
    Entry entry;
    Slice tuple;

    while (next_entry(&tuples, &entry, &tuple)) {
        if (latest.data == NULL || !slice_equal(entry.partition_key, latest)) {
            latest = entry.partition_key;
            if (!routes_want(loader->routes, latest, error)) {
                return false;
            }
        }
    }
    return routes_ask(loader->routes, loader->connection, error);
}

/* COPYs tuples into a leaf. */
static bool copy_to_leaf(Loader *loader, int number, Slice tuples, uint64_t entries, Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    uint64_t rows = 0;
    bool done;

    if (buffer_append_text(&sql, "COPY ", error) &&
        kv_table_append_leaf(&loader->target->table, loader->connection, number, &sql, error) &&
        buffer_append_text(&sql, " (partition_key, key, value) FROM STDIN (FORMAT binary)",
                           error)) {
        text = buffer_text(&sql, error);
    }
    done = text != NULL && pg_copy_in_begin(loader->connection, text, error) &&
           pg_copy_in_write(loader->connection, slice_of(COPY_HEADER, COPY_HEADER_SIZE), error) &&
           pg_copy_in_write(loader->connection, tuples, error) &&
           pg_copy_in_write(loader->connection, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) &&
           pg_copy_in_end(loader->connection, &rows, error);
    buffer_free(&sql);
    return done && (rows == entries ||
                    error_set(error, EXIT_CODE_FAILED,
                              "the server took %" PRIu64 " of %" PRIu64 " entries of a chunk", rows,
                              entries));
}

static bool gather(Loader *loader, Slice tuples, Error *error)
{
    Slice latest = {0};
    Leaf *leaf = NULL;
    Entry entry;
    Slice tuple;

    while (next_entry(&tuples, &entry, &tuple)) {
        if (leaf == NULL || !slice_equal(entry.partition_key, latest)) {
            latest = entry.partition_key;
            leaf = &loader->leaves[routes_find(loader->routes, latest)];
        }
        if (!buffer_append(&leaf->tuples, tuple.data, tuple.size, error)) {
            return false;
        }
        leaf->entries++;
    }
    return true;
}

static bool flush_leaves(Loader *loader, Error *error)
{
    for (int i = 0; i < loader->target->table.partitions; i++) {
        Leaf *leaf = &loader->leaves[i];

        if (leaf->entries == 0) {
            continue;
        }
        if (!copy_to_leaf(loader, i, buffer_slice(&leaf->tuples), leaf->entries, error)) {
            return false;
        }
        /* Memory is bounded by the chunk, not by the leaves that ever had a part of one. */
        buffer_free(&leaf->tuples);
        leaf->entries = 0;
    }
    return true;
}

bool postgres_load(Loader *loader, Slice tuples, uint64_t entries, Error *error)
{
    Slice rest = tuples;
    Entry entry;
    Slice tuple;

    if (!find_routes(loader, tuples, error)) {
        return false;
    }
    /* A single entry may be huge: it goes from where it lies. */
    if (entries == 1 && next_entry(&rest, &entry, &tuple)) {
        return copy_to_leaf(loader, routes_find(loader->routes, entry.partition_key), tuples, 1,
                            error);
    }
    return gather(loader, tuples, error) && flush_leaves(loader, error);
}

bool postgres_end_load(Loader *loader, bool keep, Error *error)
{
    bool done = true;

    if (loader == NULL) {
        return true;
    }
    if (keep) {
        done = pg_commit(loader->connection, error);
    }
    for (int i = 0; loader->leaves != NULL && i < loader->target->table.partitions; i++) {
        buffer_free(&loader->leaves[i].tuples);
    }
    free(loader->leaves);
    routes_free(loader->routes);
    pg_close(loader->connection);
    free(loader);
    return done;
}
