/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/loaded_from.h"

#include "common/base/json.h"
#include "common/dump/fields.h"
#include "common/pg/server_info.h"
#include "common/store/legacy_oids.h"
#include "common/store/origin.h"
#include "scripts/session/migrate/legacy_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the note says of the source. */
typedef struct Source {
    const char *system_identifier;
    const char *database;
    const char *schema;
    uint64_t database_oid;
    const char *snapshot;
    DumpTables tables;
} Source;

/* A note is a comment, which anybody may have altered who may comment on the table. */
static bool read_rows(Session *session, const Note *note, Error *error)
{
    const json_t *rows;
    uint64_t number;

    if (!json_member_object(note->json, "source_rows", &rows, error)) {
        return false;
    }
    for (size_t i = 0; i < session->legacy.found.count; i++) {
        if (!dump_field_number(rows, session->legacy.found.items[i], 0, DUMP_MAX_COUNT, &number,
                               error)) {
            return false;
        }
    }
    return true;
}

static bool read_source(Session *session, const Note *note, Source *source, Error *error)
{
    const json_t *object;
    const json_t *tables;

    return json_member_object(note->json, "source", &object, error) &&
           dump_field_text(object, "system_identifier", &DUMP_FIELD_CLUSTER,
                           &source->system_identifier, error) &&
           dump_field_text(object, "database", &DUMP_FIELD_NAME, &source->database, error) &&
           dump_field_text(object, "schema", &DUMP_FIELD_NAME, &source->schema, error) &&
           dump_field_number(object, "database_oid", 1, UINT32_MAX, &source->database_oid, error) &&
           dump_field_text(object, "snapshot", &DUMP_FIELD_SNAPSHOT, &source->snapshot, error) &&
           json_member_object(object, "tables", &tables, error) &&
           dump_tables_decode(tables, &source->tables, error) && read_rows(session, note, error);
}

static bool refuse_note(const Error *cause, const char *hint, Error *error)
{
    const Error copy = *cause;
    const char *member = strstr(copy.message, "member"); /* a note is no frame of a dump */

    error_set(error, EXIT_CODE_REFUSED,
              "the note of the load does not say from which tables the KV store was loaded");
    error_detail(error,
                 "An older kv-import wrote it, it was altered, or the dump was not of legacy "
                 "tables: %s.",
                 member == NULL ? copy.message : member);
    return error_hint(error, "%s", hint);
}

static bool check_cluster(Session *session, const Source *source, const char *hint, Error *error)
{
    char *identifier = NULL;
    bool same;

    if (!pg_system_identifier(session->connection, &identifier, error)) {
        return false;
    }
    same = strcmp(identifier, source->system_identifier) == 0;
    if (!same && identifier[0] == '\0') {
        error_set(error, EXIT_CODE_REFUSED,
                  "it is not known whether the KV store was loaded from this database cluster");
        error_detail(error, "The role may not call pg_control_system().");
        error_hint(error, "GRANT EXECUTE ON FUNCTION pg_control_system() to it, or connect as "
                          "another one; then run again.");
    } else if (!same && source->system_identifier[0] == '\0') {
        error_set(error, EXIT_CODE_REFUSED,
                  "it is not known whether the KV store was loaded from this database cluster");
        error_detail(error, "The role that exported was not allowed to call pg_control_system().");
        error_hint(error, "%s", hint);
    } else if (!same) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the KV store was loaded from another database cluster");
        error_detail(error,
                     "From cluster %s; this is cluster %s. An upgrade by pg_upgrade makes it "
                     "another one, too.",
                     source->system_identifier, identifier);
        error_hint(error, "%s", hint);
    }
    free(identifier);
    return same;
}

static bool append_both(Session *session, const Source *source, uint32_t oid, Buffer *text,
                        Error *error)
{
    return buffer_append_text(text, "From ", error) &&
           origin_append(text, source->database, (uint32_t)source->database_oid, source->schema,
                         source->system_identifier, error) &&
           buffer_append_text(text, "; this is ", error) &&
           origin_append(text, session->schema.database, oid, session->schema.name,
                         source->system_identifier, error);
}

static bool check_database(Session *session, const Source *source, const char *hint, Error *error)
{
    Buffer both = {0};
    uint32_t oid;

    if (!pg_database_oid(session->connection, &oid, error)) {
        return false;
    }
    if (oid == source->database_oid) {
        return true;
    }
    if (append_both(session, source, oid, &both, error)) {
        error_set(error, EXIT_CODE_REFUSED, "the KV store was loaded from another database");
        error_detail(error, "%s.", buffer_string(&both));
        error_hint(error, "%s", hint);
    }
    buffer_free(&both);
    return false;
}

static bool same_table(const DumpTable *a, size_t a_count, const DumpTable *b, size_t b_count)
{
    bool same = a_count == b_count;

    for (size_t i = 0; same && i < a_count; i++) {
        same = a[i].oid == b[i].oid;
    }
    return same;
}

/* A partition that was attached since holds rows that were not read, however old they are. */
static bool check_table(const DumpTables *present, const Source *source, const char *name,
                        const char *hint, Error *error)
{
    size_t count;
    size_t read_count;
    const DumpTable *table = dump_tables_find(present, name, &count);
    const DumpTable *read = dump_tables_find(&source->tables, name, &read_count);

    if (table != NULL && same_table(table, count, read, read_count)) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "table %s is not the one that the KV store was loaded from",
              name);
    if (read == NULL) {
        error_detail(error, "The store was loaded without this table.");
    } else if (table != NULL && table->oid == read->oid) {
        error_detail(error, "It has other partitions or children than when it was read.");
    } else {
        error_detail(error,
                     "Its OID is %" PRIu32 "; the table that was read had OID %" PRIu32
                     ": it is of another schema, or was created anew since.",
                     table == NULL ? 0 : table->oid, read->oid);
    }
    return error_hint(error, "%s", hint);
}

static bool check_tables(Session *session, const Source *source, const char *hint, Error *error)
{
    DumpTables present = {0};
    Buffer names = {0};
    bool done = legacy_tables_array(session, &names, error) &&
                legacy_oids_read(session->connection, session->schema.name, buffer_string(&names),
                                 &present, error);

    for (size_t i = 0; done && i < session->legacy.found.count; i++) {
        done = check_table(&present, source, session->legacy.found.items[i], hint, error);
    }
    buffer_free(&names);
    dump_tables_free(&present);
    return done;
}

/* Rows are judged by the snapshot: one that is to come sees all of them. */
static bool check_snapshot(Session *session, const Source *source, const char *hint, Error *error)
{
    const char *parameters[] = {source->snapshot};
    char *ahead = NULL;
    bool done;

    if (!session_query_text(session,
                            "SELECT txid_snapshot_xmax($1::txid_snapshot)"
                            " > txid_snapshot_xmax(txid_current_snapshot())",
                            1, parameters, &ahead, error)) {
        return false;
    }
    done = strcmp(ahead, "t") != 0;
    free(ahead);
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the KV store was loaded from another copy of the "
                  "legacy tables");
        error_detail(error,
                     "They were read in snapshot %s, which is ahead of all transactions of this "
                     "server.",
                     source->snapshot);
        error_hint(error, "%s", hint);
    }
    return done;
}

bool loaded_from_check(Session *session, const Note *note, const char *hint, Error *error)
{
    Source source = {0};
    bool done = read_source(session, note, &source, error);

    if (done && source.snapshot[0] == '\0') {
        done = error_set(error, EXIT_CODE_DUMP, "it names no snapshot");
    }
    if (!done && error->code == EXIT_CODE_DUMP) {
        refuse_note(error, hint, error);
    }
    done = done && check_cluster(session, &source, hint, error) &&
           check_database(session, &source, hint, error) &&
           check_tables(session, &source, hint, error) &&
           check_snapshot(session, &source, hint, error);
    dump_tables_free(&source.tables);
    return done;
}
