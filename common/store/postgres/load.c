/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: entries are copied directly into their leaf partitions, which have no index yet, by one
 * session per worker.
 *
 * Each worker buffers the entries of many chunks per leaf, and starts a COPY into a leaf when
 * enough have accumulated.
 *
 * Measured with 1.1 million entries, two cores, two sessions, server and client on one machine: the
 * load takes 1.0 s and the indexes 0.65 s; psql with the raw data of each leaf in a file takes 0.6
 * s and 0.65 s.
 * - A COPY per leaf and chunk, 100 kB each: 1.15 s.  A COPY costs the server a tenth of a
 *   millisecond, and as many tuple slots as it has rows, up to a thousand.
 * - COPY into the parent table instead of the leaves (psql): 0.69 s instead of 0.64 s.
 * - COPY FREEZE, each leaf truncated in the transaction that fills it (psql, with the indexes):
 *   1.47 s instead of 1.28 s, for new files and the pages of the visibility map.  It also ties each
 *   leaf to one session, which would hurt a store with one large branch.
 * - Unlogged leaves, logged afterwards (psql, with the indexes): 1.9 s instead of 1.25 s, as they
 *   are written twice.
 * - Sorting entries before loading them would halve the time for the indexes, but only if whole
 *   leaves are in order: sorted runs of a chunk's size gain nothing, and a whole leaf does not fit
 *   into bounded memory.
 */
#include "common/store/postgres/target.h"

#include "common/kv/entry.h"
#include "common/pg/copy.h"
#include "common/pg/copy_binary.h"
#include "common/store/postgres/leaf_buffers.h"
#include "common/store/postgres/routes.h"

#include <inttypes.h>
#include <stdlib.h>

/* Bytes a worker may buffer, and bytes of a leaf that start a COPY. */
enum { GATHERED_BYTES = 24 * 1024 * 1024, COPY_BYTES = 8 * 1024 * 1024 };

struct Loader {
    Target *target;
    PgConnection *connection;
    Routes *routes;
    LeafBuffers *leaves;
};

bool postgres_begin_load(Target *target, Loader **loader, Error *error)
{
    Loader *l = calloc(1, sizeof *l);

    *loader = l;
    if (l == NULL) {
        return error_out_of_memory(error);
    }
    l->target = target;
    return leaf_buffers_new((size_t)target->table.partitions, GATHERED_BYTES, &l->leaves, error) &&
           routes_new(&target->table, &l->routes, error) &&
           legacy_database_connect(&target->database, &l->connection, error) &&
           postgres_begin_work(target, l->connection, error);
}

/* Iterates over the tuples, which dump_chunk_unpack has verified. */
static bool next_entry(Slice *rest, Entry *entry, Slice *tuple)
{
    const char *problem;

    return rest->size > 0 && entry_next_tuple(rest, entry, tuple, &problem);
}

/* Determines the leaf of a partition key and of all other unknown ones in `rest`. */
static bool resolve_leaves(Loader *loader, Slice partition_key, Slice rest, Error *error)
{
    Entry entry;
    Slice tuple;

    if (!routes_add_unknown(loader->routes, partition_key, error)) {
        return false;
    }
    while (next_entry(&rest, &entry, &tuple)) {
        if (!routes_add_unknown(loader->routes, entry.partition_key, error)) {
            return false;
        }
    }
    return routes_resolve(loader->routes, loader->connection, error);
}

/* Begins a COPY into a leaf. */
static bool begin_copy(Loader *loader, int leaf, Error *error)
{
    Buffer sql = {0};
    bool done;

    done = buffer_append_text(&sql, "COPY ", error) &&
           kv_table_append_leaf(&loader->target->table, loader->connection, leaf, &sql, error) &&
           buffer_append_text(&sql, " (partition_key, key, value) FROM STDIN (FORMAT binary)",
                              error) &&
           pg_copy_in_begin(loader->connection, buffer_string(&sql), error) &&
           pg_copy_in_write(loader->connection, slice_of(COPY_HEADER, COPY_HEADER_SIZE), error);
    buffer_free(&sql);
    return done;
}

/* Ends the COPY; the server must have received this many entries. */
static bool end_copy(Loader *loader, uint64_t entries, Error *error)
{
    uint64_t rows = 0;

    return pg_copy_in_write(loader->connection, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) &&
           pg_copy_in_end(loader->connection, &rows, error) &&
           (rows == entries ||
            error_set(error, EXIT_CODE_FAILED, "the server took %" PRIu64 " of %" PRIu64 " entries",
                      rows, entries));
}

static bool write_piece(void *state, Slice piece, Error *error)
{
    return pg_copy_in_write(state, piece, error);
}

/* Sends what is buffered for a leaf. */
static bool copy_leaf(Loader *loader, size_t leaf, Error *error)
{
    uint64_t entries = leaf_buffers_entries(loader->leaves, leaf);

    return entries == 0 ||
           (begin_copy(loader, (int)leaf, error) &&
            leaf_buffers_empty(loader->leaves, leaf, write_piece, loader->connection, error) &&
            end_copy(loader, entries, error));
}

/* Buffers a tuple for its leaf. */
static bool gather(Loader *loader, size_t leaf, Slice tuple, Error *error)
{
    while (!leaf_buffers_have_room(loader->leaves, leaf, tuple.size)) {
        if (!copy_leaf(loader, leaf_buffers_fullest(loader->leaves), error)) {
            return false;
        }
    }
    return leaf_buffers_add(loader->leaves, leaf, tuple, error) &&
           (leaf_buffers_bytes(loader->leaves, leaf) < COPY_BYTES ||
            copy_leaf(loader, leaf, error));
}

/* Sends an entry without buffering it, as it may be huge. */
static bool copy_entry(Loader *loader, int leaf, Slice tuple, Error *error)
{
    return begin_copy(loader, leaf, error) && pg_copy_in_write(loader->connection, tuple, error) &&
           end_copy(loader, 1, error);
}

bool postgres_load(Loader *loader, Slice tuples, uint64_t entries, Error *error)
{
    Slice latest = {0};
    int leaf = -1;
    bool done = true;
    Entry entry;
    Slice tuple;

    while (done && next_entry(&tuples, &entry, &tuple)) {
        if (leaf < 0 || !slice_equal(entry.partition_key, latest)) {
            latest = entry.partition_key;
            leaf = routes_find(loader->routes, latest);
            if (leaf < 0) {
                if (!resolve_leaves(loader, latest, tuples, error)) {
                    return false;
                }
                leaf = routes_find(loader->routes, latest);
            }
        }
        done = entries == 1 ? copy_entry(loader, leaf, tuple, error)
                            : gather(loader, (size_t)leaf, tuple, error);
    }
    return done;
}

static bool copy_all_leaves(Loader *loader, Error *error)
{
    for (int i = 0; i < loader->target->table.partitions; i++) {
        if (!copy_leaf(loader, (size_t)i, error)) {
            return false;
        }
    }
    return true;
}

bool postgres_end_load(Loader *loader, bool keep, Error *error)
{
    bool done;

    if (loader == NULL) {
        return true;
    }
    done = !keep || (copy_all_leaves(loader, error) && pg_commit(loader->connection, error));
    leaf_buffers_free(loader->leaves);
    routes_free(loader->routes);
    pg_close(loader->connection);
    free(loader);
    return done;
}
