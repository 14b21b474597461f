/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DynamoDB target: a table of its own.
 *
 * DynamoDB has neither transactions over a whole table nor locks that end with a connection.  So a
 * load writes its id together with version 0, and stamps only if both are unchanged: of two
 * concurrent loads at most one succeeds, and what it counted is what was stamped.
 *
 * If a legacy database is named, its lock keeps other migrators out, and it is stamped after the
 * table, with a note about the KV store.  If a run ends between the two stamps, the note in the
 * table distinguishes that from a database and a table that do not belong together.
 */
#include "common/store/dynamodb/target.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/pg/connection.h"
#include "common/pg/lock.h"
#include "common/store/origin.h"
#include "common/store/provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool make_load_id(Target *target, Error *error)
{
    uint8_t bytes[LOAD_ID_SIZE / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return error_set(error, EXIT_CODE_FAILED, "the system has no random numbers");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(target->load_id + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

static bool refuse_without_legacy(const Target *target, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "database \"%s\" has no table schema_migrations",
              target->database.schema.database);
    return error_hint(error,
                      "With DynamoDB the connection options name the legacy database: name that "
                      "one, or leave them out.");
}

/* Tells whether an earlier run may have stamped the table but not this database. */
static bool may_be_half_stamped(const Target *target, const DumpHeader *header, bool *may,
                                Error *error)
{
    const ProvenanceStore store = {.table = dynamo_client_table(target->client),
                                   .region = dynamo_client_region(target->client),
                                   .endpoint = dynamo_client_endpoint(target->client)};
    bool reverted;
    uint64_t version;

    /* The database was stamped, too, and put back: the store may hold what was written since. */
    if (!legacy_database_reverted_from(&target->database, &store, &reverted, error)) {
        return false;
    }
    if (reverted || target->options->not_migrated || header == NULL) {
        *may = !reverted && target->options->not_migrated;
        return true;
    }
    if (!legacy_database_version(&target->database, &version, error)) {
        return false;
    }
    *may = version > 0 && version == header->source.schema_version;
    return true;
}

/* A stamped store and an unstamped database: an earlier run may have ended between the two. */
static bool inspect_database(Target *target, const DumpHeader *header, TargetState *state,
                             Error *error)
{
    LegacyDatabase *database = &target->database;
    bool unstamped;
    char name[300];

    if (!target->options->dynamodb.has_database) {
        return true;
    }
    if (!legacy_database_open(database, target->options, error)) {
        return false;
    }
    /* Before the migration schema_migrations may not exist yet. */
    if (!database->schema.has_migrations && !target->options->not_migrated) {
        return refuse_without_legacy(target, error);
    }
    if (!pg_begin(database->connection, PG_READ_SNAPSHOT, target->options->lock_wait_timeout_ms,
                  error) ||
        !may_be_half_stamped(target, header, &unstamped, error)) {
        return false;
    }
    snprintf(name, sizeof name, "DynamoDB table \"%s\"", dynamo_client_table(target->client));
    database->has_store = state->store == KV_STORE_STAMPED;
    state->half_stamped = state->kept && target->info.provenance != NULL && unstamped;
    return (state->half_stamped
                ? header == NULL ||
                      origin_check(database->connection, &database->schema, header, error)
                : legacy_database_check(database, header, state->kept ? name : NULL, error)) &&
           (header == NULL || (state->kept && !state->half_stamped) ||
            legacy_database_check_rights(database, error)) &&
           pg_commit(database->connection, error);
}

static bool dynamodb_open(const TargetOptions *options, const DumpHeader *header, Target **target,
                          TargetState *state, Error *error)
{
    Target *t = calloc(1, sizeof *t);

    *state = (TargetState){0};
    *target = t;
    if (t == NULL) {
        return error_out_of_memory(error);
    }
    t->options = options;
    rate_limit_init(&t->rate, options->dynamodb.write_units);
    if (!make_load_id(t, error) ||
        !dynamo_client_open(&options->dynamodb.table, "kv-import", &t->client, error) ||
        !dynamo_table_inspect(t->client, &t->info, error)) {
        return false;
    }
    state->store = t->info.state;
    state->version = t->info.version;
    state->kept = state->store == KV_STORE_STAMPED && !options->clean;
    return inspect_database(t, header, state, error) ||
           pg_lock_explain(t->database.connection, &t->database.schema, error);
}

/* Deletes the table; only its capacity is kept, to create it again. */
static bool delete_table(Target *target, DynamoCapacity *capacity, Error *error)
{
    if (capacity->write == 0) {
        *capacity = target->info.capacity;
    }
    target->info.state = KV_STORE_NONE;
    return dynamo_table_delete(target->client, error);
}

static void warn_of_capacity(const Target *target)
{
    const DynamoCapacity *asked = &target->options->dynamodb.capacity;
    const DynamoCapacity *there = &target->info.capacity;

    if (asked->write > 0 && (asked->write != there->write || asked->read != there->read)) {
        message_warning("table \"%s\" already exists and keeps its capacity",
                        dynamo_client_table(target->client));
    }
}

/* Creates or empties the table and writes version 0; a table that was compared is not emptied.
 * Only a table created by a load is deleted: any other may have been set up with care. */
static bool empty_table(Target *target, Error *error)
{
    DynamoCapacity capacity = target->options->dynamodb.capacity;
    const DynamoTableInfo *info = &target->info;

    if (info->state > KV_STORE_EMPTY && info->disposable && target->comparison == NULL &&
        !delete_table(target, &capacity, error)) {
        return false;
    }
    if (info->state == KV_STORE_NONE) {
        return dynamo_table_create(target->client, capacity, error) &&
               dynamo_table_start(target->client, info, target->load_id, true, error);
    }
    warn_of_capacity(target);
    if (!dynamo_table_start(target->client, info, target->load_id, false, error)) {
        return false;
    }
    target->unfinished = target->comparison != NULL;
    return (info->state == KV_STORE_EMPTY || target->comparison != NULL ||
            dynamodb_clear(target, error));
}

/* The connection is idle while the entries are loaded.  It waits in a transaction, where
 * idle_session_timeout does not apply. */
static bool begin_stamp(Target *target, Error *error)
{
    return !target->options->dynamodb.has_database ||
           pg_begin(target->database.connection, PG_READ_WRITE,
                    target->options->lock_wait_timeout_ms, error);
}

static bool dynamodb_prepare(Target *target, Error *error)
{
    return begin_stamp(target, error) &&
           dynamo_senders_start(target->client, &target->rate,
                                (size_t)target->options->dynamodb.requests, DYNAMO_STALL_TIMEOUT_S,
                                &target->senders, error) &&
           empty_table(target, error);
}

static bool differs_from_dump(const Target *target, const EntriesSum *found,
                              const EntriesSum *expected, Error *error)
{
    char items[QUANTITY_SIZE];
    char entries[QUANTITY_SIZE];

    if (found->entries == expected->entries) {
        error_set(error, EXIT_CODE_FAILED, "the table \"%s\" does not hold the dump's %s",
                  dynamo_client_table(target->client),
                  quantity_noun(expected->entries, "entry", "entries", entries));
    } else {
        error_set(error, EXIT_CODE_FAILED, "the table \"%s\" has %s, the dump %s",
                  dynamo_client_table(target->client),
                  quantity_noun(found->entries, "item", "items", items),
                  quantity_noun(expected->entries, "entry", "entries", entries));
    }
    return error_hint(error, "Nothing was stamped. Make sure that no other program writes to the "
                             "table, then run again.");
}

/* Everything submitted must be written, and the table must contain exactly that and the version's
 * item.  What the dump lacks is deleted last: until then the table holds it, whatever happens. */
static bool dynamodb_complete(Target *target, const DumpManifest *manifest, Error *error)
{
    const EntriesSum expected = {dump_manifest_entries(manifest),
                                 dump_manifest_set_digest(manifest)};
    EntriesSum found;

    if (!dynamo_senders_drain(target->senders, error) ||
        (target->comparison != NULL && !dynamodb_delete_extra(target, error)) ||
        !dynamodb_sum(target, expected.entries, &found, error)) {
        return false;
    }
    return (found.entries == expected.entries && set_digest_equal(found.digest, expected.digest)) ||
           differs_from_dump(target, &found, &expected, error);
}

static char *encode_note(const Target *target, const DumpHeader *header,
                         const DumpManifest *manifest, Error *error)
{
    const ProvenanceStore store = {.table = dynamo_client_table(target->client),
                                   .region = dynamo_client_region(target->client),
                                   .endpoint = dynamo_client_endpoint(target->client),
                                   .version = header->kv_version};
    char now[MESSAGE_NOW_SIZE];

    message_now_seconds(now);
    return provenance_encode(header, manifest, now, &store, error);
}

/* Stamps the legacy database and records there where its KV store is. */
static bool stamp_database(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                           const char *note, Error *error)
{
    LegacyDatabase *database = &target->database;
    Buffer table = {0};
    bool done =
        buffer_append_format(&table, error, "%s.schema_migrations", database->schema.quoted) &&
        legacy_database_stamp(database, header, manifest, error) &&
        legacy_database_comment(database, buffer_string(&table), note, error) &&
        legacy_database_check_lock(database, error) && legacy_database_commit(database, error);

    buffer_free(&table);
    return done || pg_lock_failed(database->connection, &database->schema, error);
}

static bool half_stamped_error(const Target *target, const Error *cause, Error *error)
{
    error_set(error, cause->code,
              "the DynamoDB table \"%s\" is stamped, but stamping the database failed: %s",
              dynamo_client_table(target->client), cause->message);
    error_detail(error, "%s", cause->detail);
    return error_hint(error, "Make sure that no legacy lakeFS is started on the database, fix the "
                             "cause, then run the same command again: if the entries are still "
                             "the same, it stamps the database.");
}

/* What fails here leaves the table unstamped, too. */
static bool hold_database(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                          Error *error)
{
    LegacyDatabase *database = &target->database;

    return legacy_database_check_lock(database, error) &&
           (legacy_database_hold_unwritten(database, header, manifest, error) ||
            pg_lock_failed(database->connection, &database->schema, error));
}

/* The table first: a legacy lakeFS must not be locked out before there is a store to go on with. */
static bool dynamodb_stamp(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                           Error *error)
{
    bool has_database = target->options->dynamodb.has_database;
    char *note = encode_note(target, header, manifest, error);
    Error cause = {0};
    bool done =
        note != NULL && (!has_database || hold_database(target, header, manifest, error)) &&
        dynamo_table_stamp(target->client, target->load_id, header->kv_version, note, error);

    target->unfinished = target->unfinished && !done;
    if (done && has_database && !stamp_database(target, header, manifest, note, &cause)) {
        done = half_stamped_error(target, &cause, error);
    }
    free(note);
    return done;
}

static bool dynamodb_finish(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                            Error *error)
{
    Error cause = {0};
    char *note;
    bool done;

    if (!provenance_matches(target->info.provenance, header, manifest)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the DynamoDB table \"%s\" is already stamped, and was loaded with entries "
                  "other than the dump's",
                  dynamo_client_table(target->client));
        error_detail(error,
                     "They are from another database, or rows have changed or expired since.");
        return error_hint(error, "To replace it, load with kv-import --clean, or delete "
                                 "the table and run kv-migrate up again.");
    }
    note = encode_note(target, header, manifest, error);
    done = note != NULL && begin_stamp(target, error);
    if (done && !stamp_database(target, header, manifest, note, &cause)) {
        done = half_stamped_error(target, &cause, error);
    }
    free(note);
    return done;
}

static const char *dynamodb_table(const TargetOptions *options)
{
    return options->dynamodb.table.table;
}

/* Nothing is written before the senders are there. */
static bool dynamodb_abandon(Target *target)
{
    if (target->unfinished) {
        message_warning("table \"%s\" is at version 0, with which no lakeFS starts, and holds "
                        "entries of both stores. Run the same command again: it goes on from here",
                        dynamo_client_table(target->client));
    }
    return target->senders == NULL;
}

static void dynamodb_close(Target *target)
{
    if (target == NULL) {
        return;
    }
    dynamo_senders_stop(target->senders);
    dynamodb_comparison_free(target->comparison);
    dynamo_table_info_free(&target->info);
    dynamo_client_close(target->client);
    legacy_database_close(&target->database);
    rate_limit_destroy(&target->rate);
    free(target);
}

/* A load is as fast as the table's capacity allows, of which the phases before it tell nothing. */
static const ProgressPhase *dynamodb_phases(const Target *target, bool is_file, size_t *count)
{
    static const ProgressPhase FILLED[] = {{"check", 0}, {"load", 1}, {"verify", 0.3}};
    static const ProgressPhase CLEARED[] = {
        {"check", 0}, {"clear", 0}, {"load", 1}, {"verify", 0.3}};
    static const ProgressPhase COMPARED[] = {
        {"check", 0}, {"compare", 0}, {"load", 1}, {"delete", 0}, {"verify", 0.3}};

    if (target != NULL && dynamodb_compares(target)) {
        *count = sizeof COMPARED / sizeof COMPARED[0];
        return COMPARED;
    }
    if (target != NULL && target->info.state > KV_STORE_EMPTY && !target->info.disposable) {
        *count = sizeof CLEARED / sizeof CLEARED[0] - (is_file ? 0 : 1);
        return is_file ? CLEARED : CLEARED + 1;
    }
    *count = sizeof FILLED / sizeof FILLED[0] - (is_file ? 0 : 1);
    return is_file ? FILLED : FILLED + 1;
}

/* Requests are aborted when the program is asked to stop. */
static bool dynamodb_cancel(void)
{
    pg_cancel_all();
    return true;
}

const TargetDriver TARGET_DYNAMODB = {
    .name = "dynamodb",
    .kind = "DynamoDB table",
    .table = dynamodb_table,
    .phases = dynamodb_phases,
    .cancel = dynamodb_cancel,
    .open = dynamodb_open,
    .check_entries = dynamodb_check_entries,
    .unit_name = "write capacity unit",
    .units_name = "write capacity units",
    .expect = dynamodb_expect,
    .remember = dynamodb_remember,
    .compare = dynamodb_compare,
    .prepare = dynamodb_prepare,
    .begin_load = dynamodb_begin_load,
    .load = dynamodb_load,
    .end_load = dynamodb_end_load,
    .complete = dynamodb_complete,
    .stamp = dynamodb_stamp,
    .finish = dynamodb_finish,
    .abandon = dynamodb_abandon,
    .close = dynamodb_close,
};
