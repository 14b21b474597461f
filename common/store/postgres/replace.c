/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL target, where a store in use is replaced: the dump is loaded into a table of its
 * own beside it, "kv_new", and the two change places in the stamping transaction.
 */
#include "common/store/postgres/target.h"

#include "common/cli/message.h"
#include "common/cli/version.h"
#include "common/pg/lock.h"
#include "common/store/postgres/kept.h"
#include "common/store/postgres/likeness.h"
#include "common/store/postgres/obstacles.h"
#include "common/store/postgres/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The comment of a table beside the store tells whose it is. */
#define MARK_BEGINS "{\"begun_by\":\"kv-import "
#define SUFFIX "_new"

enum { ABANDON_TIMEOUT_MS = 2000, ABANDON_ATTEMPTS = 3 };

bool replace_init(Target *target, Error *error)
{
    const char *name = target->options->table;

    if (strlen(name) + strlen(SUFFIX "_9999_pkey") >= POSTGRES_NAME_SIZE) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the name of table \"%s\" is too long to load another one beside it", name);
        return error_hint(error, "Rename it, or use --in-place.");
    }
    snprintf(target->beside, sizeof target->beside, "%.48s" SUFFIX, name);
    target->place = target->table;
    target->table = (KvTable){0};
    target->is_beside = true;
    return kv_table_init(&target->table, target->database.connection, &target->database.schema,
                         target->beside, target->options->partitions, error);
}

/* Whether a killed load has left its table. */
static bool find_leftovers(const Target *target, bool *found, bool *ours, Error *error)
{
    const char *parameters[] = {target->table.table};
    PgRows *rows;

    if (!pg_query(target->database.connection,
                  "SELECT to_regclass($1) IS NOT NULL, coalesce(left(obj_description("
                  "to_regclass($1), 'pg_class'), length('" MARK_BEGINS "')) = '" MARK_BEGINS
                  "', false)",
                  1, parameters, &rows, error)) {
        return false;
    }
    *found = strcmp(pg_rows_text(rows, 0, 0), "t") == 0;
    *ours = strcmp(pg_rows_text(rows, 0, 1), "t") == 0;
    pg_rows_free(rows);
    return true;
}

/* Whether the name of the table beside it is free, or has only what a killed load has left. */
static bool check_name(const Target *target, Error *error)
{
    KvStoreState state;
    uint64_t version;
    bool found = false;
    bool ours = false;

    if (!kv_table_inspect(&target->table, target->database.connection, &state, &version, error) ||
        !find_leftovers(target, &found, &ours, error)) {
        return false;
    }
    if (found && !ours) {
        error_set(error, EXIT_CODE_REFUSED,
                  "there is a table \"%s\" in schema \"%s\" that is not of an unfinished load",
                  target->beside, target->database.schema.name);
        return error_hint(error, "The dump would be loaded into a table of that name. If nobody "
                                 "needs the one that is there, drop or rename it, then run again.");
    }
    return true;
}

bool replace_check(Target *target, Error *error)
{
    return check_name(target, error) &&
           obstacles_check(target->database.connection, &target->database.schema,
                           target->place.name, error);
}

bool replace_make_room(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;

    return check_name(target, error) &&
           store_moment_read(connection, target->place.table, &target->moment, error) &&
           kv_table_drop(&target->table, connection, error);
}

bool replace_begin(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;

    target->is_begun = true;
    return likeness_copy_storage(connection, &target->database.schema, target->place.name,
                                 target->beside, error) &&
           legacy_database_comment(&target->database, target->table.table,
                                   MARK_BEGINS PROGRAM_VERSION "\"}", error);
}

/* Who has waited for the lock may look with a snapshot of before the change, and must find the
 * version, too. */
bool replace_set_version(Target *target, const DumpHeader *header, Error *error)
{
    PgConnection *connection = target->database.connection;

    return pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) &&
           kv_table_change_version(&target->table, connection, KV_VERSION_STARTED,
                                   header->kv_version, error) &&
           pg_commit(connection, error);
}

bool replace_stamp_begin(Target *target, Swap *swap, Error *error)
{
    *swap = (Swap){.schema = &target->database.schema,
                   .name = target->place.name,
                   .incoming = target->beside,
                   .lock_wait_timeout_ms = target->options->lock_wait_timeout_ms};
    return swap_begin(swap, target->database.connection, error);
}

/* The store in use must still be the one that was to be replaced. */
static bool check_place(void *state, PgConnection *connection, Error *error)
{
    Target *target = state;
    KvStoreState store;
    uint64_t version;

    if (!kv_table_inspect(&target->place, connection, &store, &version, error)) {
        return false;
    }
    if (store != target->found || version != target->version) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" was at version %" PRIu64
                  " when the load began, and is no longer: another program has changed it",
                  target->place.name, target->version);
        return error_hint(error, "Stop lakeFS, find out what has happened, then run again.");
    }
    return true;
}

bool replace_stamp_end(Target *target, Swap *swap, Error *error)
{
    return obstacles_check(target->database.connection, swap->schema, swap->name, error) &&
           swap_tables(swap, target->database.connection, check_place, target, error);
}

static void warn_of_writes(const LateWrites *writes, const char *kept)
{
    const char *are = writes->written == 1 ? "entry was" : "entries were";

    if (writes->gone == 0 && writes->written > 0) {
        message_warning("%" PRIu64 " %s written to the store in use while the dump was loaded: "
                        "table \"%s\" has what the new store lacks",
                        writes->written, are, kept);
    } else if (writes->gone > 0) {
        message_warning("%" PRIu64 " %s inserted or updated, and %" PRIu64 " deleted or updated, "
                        "in the store in use while the dump was loaded: table \"%s\" has what the "
                        "new store lacks",
                        writes->written, are, writes->gone, kept);
    }
}

/* Nobody writes to the kept store any longer, so that counting holds nobody up. */
static void tell_writes(const Target *target, const Swap *swap)
{
    PgConnection *connection = target->database.connection;
    Buffer kept = {0};
    LateWrites writes;
    Error error;

    if (swap->kept[0] == '\0') {
        return;
    }
    if (pg_schema_qualify(connection, swap->schema, swap->kept, &kept, &error) &&
        late_writes_count(connection, buffer_string(&kept), &target->moment, &writes, &error)) {
        warn_of_writes(&writes, swap->kept);
    } else {
        message_warning("whether entries were written to the store in use while the dump was "
                        "loaded could not be read from table \"%s\": %s",
                        swap->kept, error.message);
    }
    buffer_free(&kept);
}

void replace_tell(const Target *target, const Swap *swap)
{
    tell_writes(target, swap);
    swap_tell(swap);
}

/* Sessions of workers may still end, and a cancellation of theirs may hit this one. */
static bool drop_begun(Target *target)
{
    PgConnection *connection = target->database.connection;
    Error ignored;

    for (int i = 0; i < ABANDON_ATTEMPTS && !pg_is_lost(connection); i++) {
        pg_rollback(connection);
        if (pg_begin(connection, PG_READ_WRITE, ABANDON_TIMEOUT_MS, &ignored) &&
            kv_table_drop(&target->table, connection, &ignored) &&
            pg_commit(connection, &ignored)) {
            return true;
        }
    }
    return false;
}

bool postgres_abandon(Target *target)
{
    if (!target->is_beside || target->may_be_stamped) {
        return false;
    }
    if (target->is_begun && !drop_begun(target)) {
        message_warning("table \"%s\" is left of the load: the next one drops it", target->beside);
    }
    return true;
}

static bool check_nothing(void *state, PgConnection *connection, Error *error)
{
    (void)state;
    (void)connection;
    (void)error;
    return true;
}

/* Running again would be wrong if it was done. */
static bool commit_undo(PgConnection *connection, Error *error)
{
    if (pg_commit(connection, error)) {
        return true;
    }
    if (!pg_is_lost(connection)) {
        return false;
    }
    error_set(error, EXIT_CODE_CONNECTION,
              "the answer to the COMMIT was lost: the stores may have changed places");
    return error_hint(error, "Look before you run it again: the name of the kept table says when "
                             "it was put aside.");
}

static bool bring_back(Target *target, Swap *swap, Error *error)
{
    const LegacyDatabase *database = &target->database;

    return (!swap->exists ||
            obstacles_check(database->connection, swap->schema, swap->name, error)) &&
           kept_record_restore(database->connection, swap->schema, swap->incoming, error) &&
           legacy_database_check_lock(database, error) &&
           swap_tables(swap, database->connection, check_nothing, NULL, error) &&
           commit_undo(database->connection, error);
}

/* The two change places: doing it twice changes nothing. */
bool postgres_undo(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;
    KeptStore kept = {0};
    Swap swap = {.schema = &target->database.schema,
                 .name = target->table.name,
                 .incoming = kept.name,
                 .lock_wait_timeout_ms = target->options->lock_wait_timeout_ms};
    bool done = pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) &&
                kept_store_find(connection, swap.schema, swap.name, &kept, error);

    if (done && kept.name[0] == '\0') {
        error_set(error, EXIT_CODE_REFUSED, "no store is kept that table \"%s\" was before",
                  swap.name);
        done = error_hint(error, "kv-import --clean keeps the one that it replaces.");
    }
    done = done && swap_begin(&swap, connection, error) && bring_back(target, &swap, error);
    if (done) {
        message_info("table \"%s\" is what \"%s\" was until now", swap.name, kept.name);
        swap_tell(&swap);
    }
    swap_free(&swap);
    return done || pg_lock_failed(connection, &target->database.schema, error);
}

bool postgres_forget(Target *target, Error *error)
{
    const PgSchema *schema = &target->database.schema;
    PgConnection *connection = target->database.connection;
    const char *name = target->table.name;
    KeptStore kept = {0};

    if (!pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) ||
        !kept_store_find(connection, schema, name, &kept, error) ||
        !kept_store_drop(connection, schema, name, NULL, error) || !pg_commit(connection, error)) {
        return pg_lock_failed(connection, schema, error);
    }
    if (kept.name[0] == '\0') {
        message_info("no store is kept that table \"%s\" was before: nothing to do", name);
    } else {
        message_info("table \"%s\" is dropped", kept.name);
    }
    return true;
}
