/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/load_trial.h"

#include "common/base/interrupt.h"
#include "common/base/monotonic.h"
#include "common/base/workers.h"
#include "common/kv/entry.h"
#include "common/pg/copy.h"
#include "common/pg/copy_binary.h"
#include "common/store/target.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define NAME "kv_migrate_trial"
#define TABLE "pg_temp." NAME

/* How much a session loads: so many bytes, but no longer than that. */
enum { TRIAL_BYTES = 16 * 1024 * 1024, PIECE_BYTES = 256 * 1024 };
static const double COPY_SECONDS = 0.3;

/* How often an empty table is made, to know what one takes. */
enum { EMPTY_TABLES = 10 };

/* Sizes of an entry's parts. */
enum { PARTITION_KEY_BYTES = 40, NUMBER_BYTES = 16, VALUE_BYTES_MAX = 1024 * 1024 };

typedef struct Trial {
    const Session *session;
    size_t key_size;
    size_t value_size;
    double entries; /* to be loaded by each session, at most */

    pthread_mutex_t mutex; /* guards what follows */
    double loaded;         /* entries, of all sessions */
    double seconds;        /* of the slowest session */
    double table_seconds;  /* to make an empty table with its key */
} Trial;

/* Settings as of a load; a server that is stuck ends the statement. */
static bool begin(const Trial *trial, PgConnection **connection, Error *error)
{
    const Session *session = trial->session;

    return pg_connect_again(&session->pg, connection, error) &&
           pg_begin(*connection, PG_READ_WRITE, session->options->common.lock_wait_timeout_ms,
                    error) &&
           pg_execute(*connection,
                      "SET LOCAL statement_timeout = '2s';"
                      "SET LOCAL client_min_messages = 'error';"
                      "SET LOCAL maintenance_work_mem = '64MB';"
                      "CREATE TEMPORARY TABLE " NAME " (partition_key bytea NOT NULL,"
                      " key bytea NOT NULL, value bytea NOT NULL)",
                      NULL, error);
}

/* Appends an entry.  Keys come in no order, as those of several branches do. */
static bool append_entry(const Trial *trial, uint64_t number, Buffer *tuples, Error *error)
{
    static const char DIGITS[] = "0123456789abcdef";
    char partition_key[PARTITION_KEY_BYTES];
    char key[VALUE_BYTES_MAX / 1024];
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    uint8_t *value;

    memset(partition_key, 'p', sizeof partition_key);
    memset(key, 'k', sizeof key);
    for (size_t i = 0; i < NUMBER_BYTES; i++) {
        key[trial->key_size - 1 - i] = DIGITS[mixed >> 4 * i & 15];
    }
    if (!entry_append(tuples, slice_of(partition_key, sizeof partition_key),
                      slice_of(key, trial->key_size), trial->value_size, &value, error)) {
        return false;
    }
    /* Not to be compressed by the server. */
    for (size_t i = 0; i < trial->value_size; i++) {
        mixed = mixed * UINT64_C(6364136223846793005) + 1442695040888963407;
        value[i] = (uint8_t)(mixed >> 56);
    }
    return true;
}

static bool copy_entries(const Trial *trial, PgConnection *connection, uint64_t *entries,
                         Error *error)
{
    double end = monotonic_seconds() + COPY_SECONDS;
    Buffer tuples = {0};
    uint64_t rows;
    bool done = pg_copy_in_begin(connection, "COPY " TABLE " FROM STDIN (FORMAT binary)", error) &&
                pg_copy_in_write(connection, slice_of(COPY_HEADER, COPY_HEADER_SIZE), error);

    *entries = 0;
    while (done && (double)*entries < trial->entries && monotonic_seconds() < end) {
        tuples.size = 0;
        while (done && (double)*entries < trial->entries && tuples.size < PIECE_BYTES) {
            done = append_entry(trial, (*entries)++, &tuples, error);
        }
        done = done && interrupt_check(error) &&
               pg_copy_in_write(connection, buffer_slice(&tuples), error);
    }
    buffer_free(&tuples);
    return done && pg_copy_in_write(connection, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) &&
           pg_copy_in_end(connection, &rows, error);
}

static bool add_key(PgConnection *connection, Error *error)
{
    return pg_execute(connection, "ALTER TABLE " TABLE " ADD PRIMARY KEY (partition_key, key)",
                      NULL, error);
}

static bool make_empty_tables(Trial *trial, PgConnection *connection, Error *error)
{
    double begun = monotonic_seconds();
    bool done = true;

    for (int i = 0; done && i < EMPTY_TABLES; i++) {
        char sql[256];

        snprintf(sql, sizeof sql,
                 "CREATE TEMPORARY TABLE " NAME "_%1$d (LIKE " TABLE ");"
                 "ALTER TABLE " TABLE "_%1$d ADD PRIMARY KEY (partition_key, key)",
                 i);
        done = pg_execute(connection, sql, NULL, error);
    }
    trial->table_seconds = (monotonic_seconds() - begun) / EMPTY_TABLES;
    return done;
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Trial *trial = shared;
    PgConnection *connection = NULL;
    uint64_t entries = 0;
    double begun = 0;
    bool done = begin(trial, &connection, error);

    (void)number;
    if (done) {
        begun = monotonic_seconds();
        done = copy_entries(trial, connection, &entries, error) && add_key(connection, error);
    }
    pthread_mutex_lock(&trial->mutex);
    if (done) {
        double seconds = monotonic_seconds() - begun;

        trial->loaded += (double)entries;
        trial->seconds = seconds > trial->seconds ? seconds : trial->seconds;
    }
    pthread_mutex_unlock(&trial->mutex);
    if (connection != NULL) {
        pg_rollback(connection);
    }
    pg_close(connection);
    return done;
}

static bool measure_table(Trial *trial, Error *error)
{
    PgConnection *connection = NULL;
    bool done = begin(trial, &connection, error) && make_empty_tables(trial, connection, error);

    if (connection != NULL) {
        pg_rollback(connection);
    }
    pg_close(connection);
    return done;
}

/* Makes all entries as large as they are on average. */
static void set_sizes(Trial *trial, const LoadTrial *load, int jobs)
{
    const size_t keys_max = PARTITION_KEY_BYTES + VALUE_BYTES_MAX / 1024;
    double entries = load->entries < 1 ? 1 : load->entries;
    size_t size = (size_t)(load->bytes / entries);
    size_t keys = (size_t)(load->key_bytes / entries);
    size_t overhead = entry_tuple_size(0, 0, 0);

    keys = keys < PARTITION_KEY_BYTES + NUMBER_BYTES ? PARTITION_KEY_BYTES + NUMBER_BYTES : keys;
    keys = keys > keys_max ? keys_max : keys;
    size = size > keys + overhead ? size - keys - overhead : 0;
    trial->key_size = keys - PARTITION_KEY_BYTES;
    trial->value_size = size > VALUE_BYTES_MAX ? VALUE_BYTES_MAX : size;
    trial->entries = TRIAL_BYTES / (double)(keys + trial->value_size + overhead);
    if (trial->entries > load->entries / jobs) {
        trial->entries = load->entries / jobs;
    }
}

bool load_trial(const Session *session, const LoadTrial *load, double *seconds, Error *error)
{
    int jobs = session->options->jobs > 0 ? session->options->jobs : option_default_jobs();
    Trial trial = {.session = session};
    bool done;

    set_sizes(&trial, load, jobs);
    pthread_mutex_init(&trial.mutex, NULL);
    done = measure_table(&trial, error) &&
           (load->entries < 1 || workers_run((size_t)jobs, run_worker, &trial, NULL, error));
    pthread_mutex_destroy(&trial.mutex);
    *seconds = trial.table_seconds * DEFAULT_PARTITIONS;
    if (trial.loaded > 0) {
        *seconds += load->entries * trial.seconds / trial.loaded;
    }
    return done;
}
