/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/status.h"

#include "common/cli/output.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 17 };

static void print_versions(const Status *status)
{
    const Session *session = status->session;
    int64_t last = migrations_last(&session->migrations);

    if (session->has_version) {
        report_field(stdout, INDENT, "schema version", "%" PRId64 "%s", session->version,
                     session->dirty ? " (dirty)" : "");
    } else {
        report_field(stdout, INDENT, "schema version", "none");
    }
    report_field(stdout, INDENT, "last version", "%" PRId64 ", KV migration version %" PRId64, last,
                 last + 1);
}

static void print_kv_version(const Status *status)
{
    const KvStore *store = &status->store;

    if (store->in_dynamodb) {
        report_field(stdout, INDENT, "KV version", "%s%s, in %s",
                     store->version[0] == '\0' ? "none" : store->version,
                     status->seen ? ""
                                  : " when it was stamped (name the store to see it as it is: "
                                    "--target=dynamodb)",
                     status->place);
    } else if (store->state == KV_UNREADABLE) {
        report_field(stdout, INDENT, "KV version", "unknown (%s)", store->reason);
        if (store->detail[0] != '\0') {
            report_field(stdout, INDENT, "", "%s", store->detail);
        }
    } else if (store->state == KV_STARTED) {
        report_field(stdout, INDENT, "KV version", "0 (an unfinished load)");
    } else {
        report_field(stdout, INDENT, "KV version", "%s",
                     store->version[0] == '\0' ? "none" : store->version);
    }
}

static bool print_tables(const Status *status, Error *error)
{
    const Words *tables = &status->session->legacy.found;
    Buffer names = {0};
    bool done = legacy_tables_append_names(tables, " ", &names, error);

    if (done) {
        report_field(stdout, INDENT, "legacy tables", "%zu%s%s", tables->count,
                     tables->count > 0 ? ": " : "", buffer_string(&names));
    }
    buffer_free(&names);
    return done;
}

static void print_origin(const Status *status)
{
    const Note *note = &status->note;

    if (status->store.state != KV_STAMPED) {
        return;
    }
    if (note->json == NULL) {
        report_field(stdout, INDENT, "KV table loaded",
                     "unknown: the table has no note by kv-import");
        return;
    }
    report_field(stdout, INDENT, "KV table loaded",
                 "%s, from database \"%s\", schema \"%s\", as it was at %s",
                 note_text(note, NULL, "imported"), note_text(note, "source", "database"),
                 note_text(note, "source", "schema"), note_text(note, NULL, "dump_created"));
}

static void print_next(Status *status)
{
    const Words *steps = &status->lakefs.steps;
    const char *label = "next";

    /* On one line, to be copied. */
    if (status->next.size > 0 || steps->count == 0) {
        report_line(stdout, INDENT, label,
                    status->next.size > 0 ? buffer_string(&status->next)
                    : status->by_hand     ? "by hand, as the state says"
                                          : "nothing");
        label = "then";
    }
    next_lakefs_print(&status->lakefs, stdout, INDENT, label);
    if (status->later.size > 0) {
        report_field(stdout, INDENT, "later", "when all is well, drop the legacy tables:");
        report_line(stdout, INDENT, "", buffer_string(&status->later));
    }
}

static bool print_database(const Status *status, Error *error)
{
    const Session *session = status->session;

    report_field(stdout, INDENT, "database", "%s, schema %s", session->schema.database,
                 session->schema.name);
    print_versions(status);
    print_kv_version(status);
    if (!print_tables(status, error)) {
        return false;
    }
    print_origin(status);
    kept_store_print(&status->kept, INDENT);
    if (status->guard.guarded > 0) {
        report_field(stdout, INDENT, "writes to them", "%s",
                     status_writes_are_refused(status) ? "refused" : "refused by some tables only");
    }
    if (status->holder[0] != '\0') {
        report_field(stdout, INDENT, "migration lock", "held by %s", status->holder);
    }
    return true;
}

static bool print_text(Status *status, Error *error)
{
    if (status->alone) {
        report_field(stdout, INDENT, "database", "none was named");
        print_kv_version(status);
    } else if (!print_database(status, error)) {
        return false;
    }
    report_field(stdout, INDENT, "state", "%s", buffer_string(&status->text));
    if (status->lakefs.runs != NULL) {
        report_field(stdout, INDENT, "runs on it", "%s", status->lakefs.runs);
    }
    print_next(status);
    return report_flush(error);
}

static json_t *encode_tables(const Words *tables)
{
    json_t *names = json_array();

    for (size_t i = 0; names != NULL && i < tables->count; i++) {
        json_array_append_new(names, json_string(tables->items[i]));
    }
    return names;
}

/* When and from what the store was loaded; null if there is no record. */
static json_t *encode_origin(const Status *status)
{
    const Note *note = &status->note;

    if (status->store.state != KV_STAMPED || note->json == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:s, s:s, s:s}", "imported", note_text(note, NULL, "imported"),
                     "database", note_text(note, "source", "database"), "schema",
                     note_text(note, "source", "schema"), "dump_created",
                     note_text(note, NULL, "dump_created"));
}

static json_t *encode_store(const Status *status)
{
    static const char *const STATES[] = {
        [KV_MISSING] = "missing",     [KV_FOREIGN] = "foreign", [KV_UNREADABLE] = "unreadable",
        [KV_UNSTAMPED] = "unstamped", [KV_EMPTY] = "empty",     [KV_BEGUN] = "begun",
        [KV_STARTED] = "started",     [KV_STAMPED] = "stamped"};
    const KvStore *store = &status->store;
    bool is_number = store->state == KV_STAMPED || store->state == KV_STARTED;

    return json_pack("{s:s, s:s, s:o, s:o}", "kind", store->in_dynamodb ? "dynamodb" : "postgres",
                     "state", STATES[store->state], "version",
                     is_number ? json_integer(strtoll(store->version, NULL, 10)) : json_null(),
                     "origin", encode_origin(status));
}

static json_t *name_or_null(const char *name)
{
    return name == NULL ? json_null() : json_string(name);
}

static bool print_json(Status *status, Error *error)
{
    const Session *session = status->session;
    json_t *version = session->has_version ? json_integer(session->version) : json_null();

    return output_json(
               json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:s, s:s, "
                         "s:o, s:o, s:o}",
                         "database", name_or_null(session->schema.database), "schema",
                         name_or_null(session->schema.name), "schema_version", version, "dirty",
                         session->dirty, "last_version",
                         (json_int_t)migrations_last(&session->migrations), "kv_migration_version",
                         (json_int_t)migrations_kv(&session->migrations), "kv_store",
                         encode_store(status), "kept_store", kept_store_encode(&status->kept),
                         "legacy_tables", encode_tables(&session->legacy.found),
                         "legacy_tables_refuse_writes",
                         session->legacy.found.count == 0
                             ? json_null()
                             : json_boolean(status_writes_are_refused(status)),
                         "migration_lock",
                         status->holder[0] == '\0' ? json_null() : json_string(status->holder),
                         "standby", status->standby, "state", status->state, "description",
                         buffer_string(&status->text), "next",
                         status->next.size == 0 ? json_null()
                                                : json_string(buffer_string(&status->next)),
                         "later",
                         status->later.size == 0 ? json_null()
                                                 : json_string(buffer_string(&status->later)),
                         "lakefs", next_lakefs_encode(&status->lakefs)),
               error) &&
           report_flush(error);
}

bool status_print(Status *status, Error *error)
{
    return status->session->options->json ? print_json(status, error) : print_text(status, error);
}
