/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back to the legacy tables: one transaction gives them their version and lets them take
 * writes again, and puts the KV store aside.
 */
#include "scripts/session/migrate/commands.h"

#include "common/base/digest.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/version.h"
#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/store/postgres/aside.h"
#include "common/store/write_guard.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/predecessor.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 17 };

typedef struct Revert {
    Session *session;
    KvStore store;
    Note note;
    bool by_hand;  /* version and store were put back already; only the write guard is left */
    bool set_back; /* only the version was put back */
    bool gone;     /* the store is not there any longer: nothing of it can be lost */
    char aside[KV_ASIDE_NAME_SIZE]; /* the name that the table kv gets; "": it is left */
} Revert;

/* What a store holds, without the version. */
typedef struct Contents {
    uint64_t version;
    uint64_t entries;
    SetDigest digest;
} Contents;

static bool refuse_not_migrated(Revert *revert, Error *error)
{
    bool of_lakefs = revert->store.state == KV_STAMPED;

    if (of_lakefs && !note_read(revert->session, &revert->note, error)) {
        return false;
    }
    if (of_lakefs && revert->note.json != NULL) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at a legacy version already: there is nothing to revert");
        stamp_detail(revert->session, &revert->store, error);
        return error_hint(error,
                          "kv-import has loaded the store that is beside the tables, as where "
                          "a backup of before the migration was restored. If nobody needs "
                          "the store, rename or drop its table.");
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the database was not migrated by kv-migrate: there is nothing to revert");
    stamp_detail(revert->session, &revert->store, error);
    return of_lakefs ? error_hint(error, "lakeFS's own migration leaves the schema version as it "
                                         "was: lakeFS's upgrade notes say how to go back.")
                     : error_hint(error, "kv-migrate status says where the database stands.");
}

/* Whether somebody has removed the store, and perhaps set the version back, without this command.
 */
static bool find_without_store(Revert *revert, Error *error)
{
    const Session *session = revert->session;
    WriteGuardCounts counts;
    Predecessor predecessor;

    if (!write_guard_count(session->connection, &session->schema, &counts, error) ||
        !predecessor_find(revert->session, &revert->store, &predecessor, error)) {
        return false;
    }
    revert->set_back = predecessor == PREDECESSOR_SET_BACK;
    revert->by_hand = session->has_version && !session_is_at_kv_version(session) &&
                      revert->store.state == KV_MISSING && counts.guarded > 0;
    revert->gone = kv_store_is_gone(session, &revert->store);
    return true;
}

static bool check_migrated(Revert *revert, Error *error)
{
    Session *session = revert->session;
    bool stamped = false;

    return session_check_version(session, error) &&
           stamp_read(session, &revert->store, &stamped, error) &&
           find_without_store(revert, error) &&
           (stamped || revert->by_hand || revert->set_back || revert->gone ||
            refuse_not_migrated(revert, error));
}

static bool check_tables(const Revert *revert, Error *error)
{
    Buffer missing = {0};
    bool done = legacy_tables_find(revert->session, error) &&
                legacy_tables_append_missing(revert->session, &missing, error);

    if (done && missing.size > 0) {
        error_set(error, EXIT_CODE_REFUSED,
                  "legacy tables are missing: there is nothing to go back to");
        error_detail(error, "Tables: %s.", buffer_string(&missing));
        done = error_hint(error, "To go back, restore the backup that was made before the "
                                 "migration.");
    }
    buffer_free(&missing);
    return done;
}

/* Holds writers off until the end, so that what is compared is what is put aside. */
static bool lock_store(const Revert *revert, Error *error)
{
    Session *session = revert->session;
    Buffer sql = {0};
    Error cause;
    bool failed = false;
    bool done;

    if (revert->store.in_dynamodb || session->options->dry_run) {
        return true;
    }
    done = buffer_append_format(&sql, error, "LOCK TABLE %s." KV_TABLE_NAME " IN SHARE MODE",
                                session->schema.quoted) &&
           session_try(session, buffer_string(&sql), &failed, error);
    buffer_free(&sql);
    if (done && failed && pg_lock_timed_out(session->connection)) {
        cause = *error;
        error_set(error, EXIT_CODE_REFUSED, "another session is writing to the table kv");
        error_detail(error, "%s", cause.message);
        error_hint(error, "Stop lakeFS, then run again; --lock-wait-timeout says how long to "
                          "wait.");
        pg_lock_name_holders(session->connection, &session->schema, error);
    }
    return done && !failed;
}

/* What the note says was loaded; false where it does not. */
static bool noted_contents(const Note *note, Contents *contents)
{
    json_t *entries = json_object_get(note->json, "entries");
    json_t *digests = json_object_get(note->json, "set_digests");
    const char *package;
    json_t *value;

    *contents = (Contents){.version = KV_VERSION_MIGRATED};
    if (!json_is_object(entries) || !json_is_object(digests)) {
        return false;
    }
    json_object_foreach(entries, package, value)
    {
        contents->entries += (uint64_t)json_integer_value(value);
    }
    json_object_foreach(digests, package, value)
    {
        SetDigest digest;

        if (!json_is_string(value) || !set_digest_from_text(json_string_value(value), &digest)) {
            return false;
        }
        set_digest_add(&contents->digest, digest);
    }
    return true;
}

static bool take_contents(const char *printed, Contents *contents, Error *error)
{
    json_t *json = json_loads(printed, 0, NULL);
    json_int_t version = 0;
    json_int_t entries = 0;
    const char *digest;
    bool done = json != NULL &&
                json_unpack(json, "{s:I, s:I, s:s}", "version", &version, "entries", &entries,
                            "set_digest", &digest) == 0 &&
                set_digest_from_text(digest, &contents->digest);

    contents->version = (uint64_t)version;
    contents->entries = (uint64_t)entries;
    json_decref(json);
    return done || error_set(error, EXIT_CODE_USAGE, "could not run kv-import");
}

static bool read_contents(const Revert *revert, Contents *contents, Error *error)
{
    Session *session = revert->session;
    Program program = {0};
    Buffer printed = {0};
    const ChildOptions child = child_options(&program.command, &program.environment);
    int status = 0;
    bool done = program_import_bare(session, &program, error) &&
                words_add(&program.command, "--digest", error) &&
                (revert->store.in_dynamodb
                     ? program_add_noted_dynamodb(session, &revert->note, &program.command, error)
                     : program_add_connection(session, &program.command, error)) &&
                child_capture(&child, &printed, &status, error);

    if (done && status != 0) {
        error_set(error, program_failure_code(status),
                  "the KV store could not be read: kv-import ended with exit code %d", status);
        done = error_hint(error, "Nothing was changed. Fix the cause, then run again; to go back "
                                 "without knowing what is lost, add --lose-writes.");
    }
    done = done && take_contents(buffer_string(&printed), contents, error);
    program_free(&program);
    buffer_free(&printed);
    return done;
}

static const char LOSE[] = "Stop lakeFS. To go back all the same, add --lose-writes: what was "
                           "written is then in the KV store only, which is put aside.";

/* Refuses to lose what a newer lakeFS has written. */
static bool check_unwritten(const Revert *revert, Error *error)
{
    Contents loaded;
    Contents there = {0};

    if (!noted_contents(&revert->note, &loaded) ||
        !note_has_tables(&revert->note, &revert->session->legacy.known)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "it is not known whether the KV store holds more than the legacy tables do");
        error_detail(error, "kv-import's note of what it has loaded is missing, or does not tell "
                            "of these tables.");
        return error_hint(error, "%s", LOSE);
    }
    if (!read_contents(revert, &there, error)) {
        return false;
    }
    if (there.version == loaded.version && there.entries == loaded.entries &&
        set_digest_equal(there.digest, loaded.digest)) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the KV store was written to after the migration: going back loses what was written");
    error_detail(error,
                 "It was loaded with %" PRIu64 " entries at version %" PRIu64
                 "; now it holds %" PRIu64 " entries, of which %s, at version %" PRIu64 ".",
                 loaded.entries, loaded.version, there.entries,
                 there.entries == loaded.entries ? "some may differ" : "some are not the same",
                 there.version);
    return error_hint(error, "%s", LOSE);
}

/* The state before the migration, as a number: the last one that has a schema migration. */
static bool set_version(const Revert *revert, Error *error)
{
    const Session *session = revert->session;
    Buffer sql = {0};
    uint64_t changed = 0;
    bool done;

    if (revert->set_back) {
        return true;
    }
    done = buffer_append_format(&sql, error,
                                "UPDATE %s.schema_migrations SET version = %" PRId64
                                " WHERE version = %" PRId64 " AND NOT dirty",
                                session->schema.quoted, migrations_last(&session->migrations),
                                migrations_kv(&session->migrations)) &&
           pg_execute(session->connection, buffer_string(&sql), &changed, error);

    buffer_free(&sql);
    if (done && changed != 1) {
        error_set(error, EXIT_CODE_REFUSED, "the schema version was changed by another program");
        return error_hint(error, "kv-migrate status says where the database stands.");
    }
    return done;
}

/* In place of the note that leads to the DynamoDB table: that table must not pass for one that a
 * migration has stamped just before it failed (see common/store/provenance.h). */
static bool mark_reverted(const Revert *revert, Error *error)
{
    const Session *session = revert->session;
    char now[MESSAGE_NOW_SIZE];
    Buffer sql = {0};
    json_t *json;
    char *text;
    bool done;

    message_now_seconds(now);
    json = json_pack("{s:s, s:s, s:O?}", "reverted_by", "kv-migrate " PROGRAM_VERSION, "reverted",
                     now, "store", json_object_get(revert->note.json, "store"));
    text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    done = (text != NULL || error_out_of_memory(error)) &&
           buffer_append_format(&sql, error, "COMMENT ON TABLE %s.schema_migrations IS ",
                                session->schema.quoted) &&
           pg_quote_literal(session->connection, text, &sql, error) &&
           pg_execute(session->connection, buffer_string(&sql), NULL, error);
    json_decref(json);
    free(text);
    buffer_free(&sql);
    return done;
}

static bool put_store_aside(const Revert *revert, Error *error)
{
    const Session *session = revert->session;

    if (revert->store.state == KV_MISSING) {
        return true;
    }
    return revert->store.in_dynamodb ? mark_reverted(revert, error)
                                     : kv_aside_rename(session->connection, &session->schema,
                                                       KV_TABLE_NAME, revert->aside, error);
}

static bool change(const Revert *revert, Error *error)
{
    Session *session = revert->session;
    Error cause;

    if ((revert->by_hand || (put_store_aside(revert, error) && set_version(revert, error))) &&
        write_guard_drop(session->connection, &session->schema, error) &&
        pg_commit(session->connection, error)) {
        return true;
    }
    if (pg_lock_timed_out(session->connection)) {
        cause = *error;
        error_set(error, EXIT_CODE_REFUSED, "another session is using the tables");
        error_detail(error, "%s", cause.message);
        error_hint(error, "Stop lakeFS, then run again; --lock-wait-timeout says how long to "
                          "wait.");
        return pg_lock_failed(session->connection, &session->schema, error);
    }
    return false;
}

static const char *kept_store(const Revert *revert, char place[NOTE_PLACE_SIZE])
{
    if (revert->store.in_dynamodb) {
        note_place(&revert->note, place);
        return place;
    }
    return revert->aside[0] == '\0' ? NULL : revert->aside;
}

static void tell_plan(const Revert *revert, const char *kept)
{
    const Session *session = revert->session;

    report_field(stdout, INDENT, "database", "%s, schema %s", session->schema.database,
                 session->schema.name);
    report_field(stdout, INDENT, "schema version", "%" PRId64 ", would be %" PRId64,
                 session->version,
                 revert->by_hand ? session->version : migrations_last(&session->migrations));
    report_field(stdout, INDENT, "legacy tables", "%zu, would take writes again",
                 session->legacy.found.count);
    report_field(stdout, INDENT, "KV store", "%s%s",
                 revert->aside[0] == '\0' ? "" : "would become ", kept == NULL ? "none" : kept);
    report_field(stdout, INDENT, "result", "no problems found; nothing was changed");
}

static void tell_done(const Revert *revert, const char *kept)
{
    const Session *session = revert->session;

    message_info("reverted to schema version %" PRId64 ": the legacy tables take writes again",
                 revert->by_hand ? session->version : migrations_last(&session->migrations));
    if (revert->store.in_dynamodb) {
        message_info("the KV store is left in %s; kv-migrate up would not replace it: delete it "
                     "before, or name another table",
                     kept);
    } else if (kept != NULL) {
        message_info("the KV store is kept as table %s", kept);
    }
}

static bool tell(const Revert *revert, Error *error)
{
    const Session *session = revert->session;
    bool dry_run = session->options->dry_run;
    char place[NOTE_PLACE_SIZE];
    const char *kept = kept_store(revert, place);

    if (!dry_run) {
        tell_done(revert, kept);
    }
    if (session->options->json) {
        return output_json(
                   json_pack("{s:s, s:s, s:I, s:o, s:b}", "database", session->schema.database,
                             "schema", session->schema.name, "schema_version",
                             (json_int_t)(revert->by_hand ? session->version
                                                          : migrations_last(&session->migrations)),
                             "kept_store", kept == NULL ? json_null() : json_string(kept),
                             "dry_run", dry_run),
                   error) &&
               report_flush(error);
    }
    if (dry_run && message_level() != MESSAGE_QUIET) {
        tell_plan(revert, kept);
    }
    return report_flush(error);
}

/* All that is looked at before anything is changed. */
static bool prepare(Revert *revert, Error *error)
{
    Session *session = revert->session;

    if (!check_migrated(revert, error) || !check_tables(revert, error) ||
        !write_guard_check_drop(session->connection, &session->schema, error)) {
        return false;
    }
    if (revert->by_hand || revert->store.state == KV_MISSING) {
        return true;
    }
    return note_read(session, &revert->note, error) && lock_store(revert, error) &&
           (session->options->lose_writes || revert->gone || check_unwritten(revert, error)) &&
           (revert->store.in_dynamodb ||
            kv_aside_name(session->connection, &session->schema, KV_TABLE_NAME, "reverted",
                          revert->aside, error));
}

bool revert_command(Session *session, MigrateOptions *options, const char *programs, Error *error)
{
    Revert revert = {.session = session};
    bool done = session_open_locked(session, options, programs,
                                    options->dry_run ? PG_READ_LATEST : PG_READ_WRITE, error) &&
                prepare(&revert, error) && (options->dry_run || change(&revert, error)) &&
                tell(&revert, error);

    note_free(&revert.note);
    return done;
}
