/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL target: the KV table, next to the legacy tables or alone in a database.
 *
 * One connection holds the migration lock in a transaction from beginning to end, one does the work
 * that is done once, and each worker has its own.
 */
#include "common/store/postgres/target.h"

#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/store/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool postgres_begin_work(const Target *target, PgConnection *connection, Error *error)
{
    return pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) &&
           pg_execute(connection, "SET LOCAL synchronous_commit = off", NULL, error);
}

/* Whose the table will be; the role may not be able to give it to them.  What a load has begun and
 * not stamped is nobody's store. */
static bool find_owner(Target *target, const TargetState *found, Error *error)
{
    PgConnection *connection = target->database.connection;
    const PgSchema *schema = &target->database.schema;
    const char *replaced = found->store == KV_STORE_STAMPED ? target->table.name : NULL;

    return found->kept || (owner_find(connection, schema, replaced, &target->owner, error) &&
                           owner_check(connection, schema, &target->owner, error));
}

/* The server cuts longer names, so that those of the partitions, of their array types or of their
 * keys, which several sessions make at a time, would be equal. */
static bool check_name_fits(const TargetOptions *options, Error *error)
{
    int length = snprintf(NULL, 0, "%s_%d_pkey", options->table, options->partitions - 1);

    if (length < POSTGRES_NAME_SIZE) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the name of table \"%s\" is too long: those of its partitions' keys have up to %d "
              "bytes, %d are possible",
              options->table, length, POSTGRES_NAME_SIZE - 1);
    return error_hint(error, "Take a shorter one.");
}

/* A store in use is replaced by one that is loaded beside it, unless that is not wanted. */
static bool choose_place(Target *target, TargetState *found, Error *error)
{
    const TargetOptions *options = target->options;

    found->beside = found->store == KV_STORE_STAMPED && options->clean && !options->in_place;
    if (!found->kept && !check_name_fits(options, error)) {
        return false;
    }
    return !found->beside || (replace_init(target, error) && replace_check(target, error));
}

/* Inspects what exists in place of the KV table and whether it may be replaced. */
static bool inspect(Target *target, const DumpHeader *header, TargetState *found, Error *error)
{
    const TargetOptions *options = target->options;
    char name[80];

    if (!kv_table_init(&target->table, target->database.connection, &target->database.schema,
                       options->table, options->partitions, error) ||
        !pg_begin(target->database.connection, PG_READ_SNAPSHOT, options->lock_wait_timeout_ms,
                  error) ||
        !kv_table_inspect(&target->table, target->database.connection, &found->store,
                          &found->version, error)) {
        return false;
    }
    target->found = found->store;
    target->database.has_store = found->store == KV_STORE_STAMPED;
    target->version = found->version;
    found->kept = found->store == KV_STORE_STAMPED && !options->clean;
    snprintf(name, sizeof name, "table \"%.64s\"", target->table.name);
    return legacy_database_check(&target->database, header, found->kept ? name : NULL, error) &&
           find_owner(target, found, error) &&
           (header == NULL || found->kept ||
            legacy_database_check_rights(&target->database, error)) &&
           choose_place(target, found, error) && pg_commit(target->database.connection, error);
}

static bool postgres_open(const TargetOptions *options, const DumpHeader *header, Target **target,
                          TargetState *found, Error *error)
{
    Target *t = calloc(1, sizeof *t);

    *found = (TargetState){0};
    *target = t;
    if (t == NULL) {
        return error_out_of_memory(error);
    }
    t->options = options;
    return (legacy_database_open(&t->database, options, error) &&
            inspect(t, header, found, error)) ||
           pg_lock_explain(t->database.connection, &t->database.schema, error);
}

/* Keeps everybody out.  A role that owns the schema, but not the table, may drop it but not lock
 * it: then the time until the drop is short. */
static bool hold_table(const Target *target, Error *error)
{
    static const char INSUFFICIENT_PRIVILEGE[] = "42501";
    PgConnection *connection = target->database.connection;
    Error problem;

    if (!pg_execute(connection, "SAVEPOINT hold", NULL, error)) {
        return false;
    }
    if (kv_table_execute(&target->table, connection, "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
                         NULL, &problem)) {
        return true;
    }
    if (strcmp(pg_sqlstate(connection), INSUFFICIENT_PRIVILEGE) != 0) {
        *error = problem;
        return false;
    }
    return pg_execute(connection, "ROLLBACK TO SAVEPOINT hold", NULL, error);
}

/* A store without a version may be in use by the time that it is replaced: a lakeFS that has begun
 * it may be set up. */
static bool check_still_begun(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;
    KvStoreState state;
    uint64_t version;

    if (target->found != KV_STORE_EMPTY && target->found != KV_STORE_BEGUN) {
        return true;
    }
    if (!hold_table(target, error) ||
        !kv_table_inspect(&target->table, connection, &state, &version, error)) {
        return false;
    }
    if (state == KV_STORE_STAMPED) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" was set up by another program in the meantime", target->table.name);
        return error_hint(error, "Stop every lakeFS on this database, then find out what it has "
                                 "written there.");
    }
    if (state == KV_STORE_BEGUN) {
        message_info("table \"%s\" holds only what lakeFS writes when it starts: it is replaced, "
                     "and nothing of it is kept",
                     target->table.name);
    }
    return true;
}

/* Grants of the table that is replaced are those of the new one. */
static bool replace_in_place(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;
    Buffer grants = {0};
    bool done = kv_table_read_grants(&target->table, connection, &grants, error) &&
                kv_table_drop(&target->table, connection, error) &&
                kv_table_create(&target->table, connection, &target->owner, error) &&
                (grants.size == 0 || pg_execute(connection, buffer_string(&grants), NULL, error));

    buffer_free(&grants);
    return done;
}

static bool make_table(Target *target, Error *error)
{
    return target->is_beside ? replace_make_room(target, error) &&
                                   kv_table_create(&target->table, target->database.connection,
                                                   &target->owner, error) &&
                                   replace_begin(target, error)
                             : check_still_begun(target, error) && replace_in_place(target, error);
}

/* Version 0 is written before the first entry, in the same transaction that creates the table: a
 * table without a version is never visible.
 *
 * The connection is idle while the entries are loaded.  It waits in a transaction, where
 * idle_session_timeout does not apply. */
static bool postgres_prepare(Target *target, Error *error)
{
    PgConnection *connection = target->database.connection;
    bool done = pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) &&
                make_table(target, error) &&
                kv_table_insert_version(&target->table, connection, KV_VERSION_STARTED, error) &&
                pg_commit(connection, error);

    if (!done) {
        return pg_lock_failed(connection, &target->database.schema, error);
    }
    return postgres_begin_work(target, connection, error);
}

static bool write_provenance(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                             Error *error)
{
    char *json;
    PgRows *now;
    bool done;

    /* By the server's clock, like the dump's time. */
    if (!pg_query(target->database.connection,
                  "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", 0,
                  NULL, &now, error)) {
        return false;
    }
    json = provenance_encode(header, manifest, pg_rows_text(now, 0, 0), NULL, error);
    pg_rows_free(now);
    done = json != NULL &&
           legacy_database_comment(&target->database, target->table.table, json, error);
    free(json);
    return done;
}

static bool commit(Target *target, Error *error)
{
    bool done = legacy_database_commit(&target->database, error);

    target->may_be_stamped = !done && error->code == EXIT_CODE_CONNECTION;
    if (target->may_be_stamped && target->is_beside) {
        error_hint(error,
                   "Look before you run it again: kv-import --verify tells whether the store "
                   "holds the dump's entries. Another replacement would drop the store that "
                   "this one has kept.");
    }
    return done;
}

static bool stamp_place(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                        Swap *swap, Error *error)
{
    PgConnection *connection = target->database.connection;

    return (!target->is_beside || replace_set_version(target, header, error)) &&
           pg_begin(connection, PG_READ_WRITE, target->options->lock_wait_timeout_ms, error) &&
           (target->is_beside
                ? replace_stamp_begin(target, swap, error)
                : kv_table_change_version(&target->table, connection, KV_VERSION_STARTED,
                                          header->kv_version, error)) &&
           legacy_database_stamp(&target->database, header, manifest, error) &&
           write_provenance(target, header, manifest, error) &&
           (!target->is_beside || replace_stamp_end(target, swap, error)) &&
           legacy_database_check_lock(&target->database, error) && commit(target, error);
}

static bool postgres_stamp(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                           Error *error)
{
    Swap swap = {0};
    bool done = stamp_place(target, header, manifest, &swap, error) ||
                pg_lock_failed(target->database.connection, &target->database.schema, error);

    if (done && target->is_beside) {
        replace_tell(target, &swap);
    }
    swap_free(&swap);
    return done;
}

static const char *postgres_table(const TargetOptions *options)
{
    return options->table;
}

static void postgres_close(Target *target)
{
    if (target == NULL) {
        return;
    }
    kv_table_free(&target->table);
    kv_table_free(&target->place);
    owner_free(&target->owner);
    store_moment_free(&target->moment);
    legacy_database_close(&target->database);
    free(target);
}

static const ProgressPhase *postgres_phases(const Target *target, bool is_file, size_t *count)
{
    /* How long they take compared with each other, with a million entries on two processors. */
    static const ProgressPhase PHASES[] = {{"load", 1.0}, {"index", 0.65}, {"verify", 0.05}};

    (void)target;
    (void)is_file;
    *count = sizeof PHASES / sizeof PHASES[0];
    return PHASES;
}

const TargetDriver TARGET_POSTGRES = {
    .name = "postgres",
    .kind = "table",
    .table = postgres_table,
    .phases = postgres_phases,
    .cancel = pg_cancel_all,
    .open = postgres_open,
    .prepare = postgres_prepare,
    .begin_load = postgres_begin_load,
    .load = postgres_load,
    .end_load = postgres_end_load,
    .complete = postgres_complete,
    .stamp = postgres_stamp,
    .abandon = postgres_abandon,
    .undo = postgres_undo,
    .forget = postgres_forget,
    .close = postgres_close,
};
