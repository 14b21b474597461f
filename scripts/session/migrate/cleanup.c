/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/cleanup.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "common/store/inherited.h"
#include "common/store/write_guard.h"
#include "common/store/written_since.h"
#include "scripts/session/migrate/dependents.h"
#include "scripts/session/migrate/event.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/loaded_from.h"
#include "scripts/session/migrate/loaded_store.h"
#include "scripts/session/migrate/predecessor.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool drop_tables(Session *session, Error *error)
{
    Buffer sql = {0};
    bool failed = false;
    bool done = buffer_append_text(&sql, "DROP TABLE ", error) &&
                legacy_tables_append(session, &sql, error) &&
                session_try(session, buffer_string(&sql), &failed, error);

    buffer_free(&sql);
    if (done && failed && pg_lock_timed_out(session->connection)) {
        pg_lock_name_holders(session->connection, &session->schema, error);
    }
    return done && !failed;
}

/* What is left of the write guard may belong to another role than the tables: no reason to keep
 * them. */
static bool drop_guard(Session *session, Error *error)
{
    Buffer sql = {0};
    bool failed = false;
    bool done = write_guard_append_drop_function(&session->schema, &sql, error) &&
                session_try(session, buffer_string(&sql), &failed, error);

    if (done && failed) {
        message_warning("the function " WRITE_GUARD_NAME " was not dropped: %s", error->message);
    }
    buffer_free(&sql);
    return done;
}

/* The statement by hand would fail, too, until they are gone. */
static bool advise_dependents(Session *session, Error *event)
{
    char *objects = NULL;
    Error ignored;

    if (dependents_find(session, &objects, &ignored) && objects[0] != '\0') {
        error_hint(event, "Drop first what depends on the tables: %s.", objects);
    }
    free(objects);
    return false;
}

static bool report_failure(Session *session, Error *error)
{
    bool held =
        strcmp(pg_sqlstate(session->connection), "2BP01") == 0; /* dependent_objects_still_exist */

    event_cleanup_failed(error);
    return held && advise_dependents(session, error);
}

bool cleanup_drop(Session *session, Error *error)
{
    bool done;

    if (session->legacy.found.count == 0) {
        session->cleaned = true;
        return true;
    }
    done = drop_tables(session, error) && drop_guard(session, error) &&
           pg_commit(session->connection, error);
    session->cleaned = done;
    return done || report_failure(session, error);
}

bool cleanup_check_origin(Session *session, const Note *note, const char *hint, Error *error)
{
    const char *noted = note_text(note, "source", "system_identifier");
    char *identifier = NULL;
    bool same;

    if (note->json == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "it is not known when the legacy tables were read");
        error_detail(error, "The comment of table kv, in which kv-import notes it, is missing.");
        return error_hint(error, "%s", hint);
    }
    if (noted[0] == '\0') {
        return true;
    }
    if (!pg_system_identifier(session->connection, &identifier, error)) {
        return false;
    }
    /* Empty if the role may not read it: then it cannot be compared. */
    same = identifier[0] == '\0' || strcmp(identifier, noted) == 0;
    free(identifier);
    if (!same) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the table kv was loaded from another database cluster");
        return error_hint(error, "%s", hint);
    }
    return true;
}

static bool advise_changed(Session *session, Error *error)
{
    Buffer hint = {0};

    if (buffer_append_text(&hint,
                           "Rows that were written since are not in the KV store: move them by "
                           "hand, or go back to the tables with kv-migrate revert and migrate "
                           "again. Then, or where nothing was written, drop the tables by hand: ",
                           error) &&
        legacy_tables_append_drop(session, &hint, error)) {
        error_hint(error, "%s", buffer_string(&hint));
    }
    buffer_free(&hint);
    return false;
}

/* Refuses if a legacy table has changed since it was read. */
static bool check_unchanged(Session *session, const Note *note, Error *error)
{
    Buffer changes = {0};
    bool done = true;

    for (size_t i = 0; done && i < session->legacy.found.count; i++) {
        const char *table = session->legacy.found.items[i];
        int64_t rows;

        done = written_since_append(
            session->connection, &session->schema, table, note_text(note, "source", "snapshot"),
            note_rows(note, table, &rows) ? rows : ROWS_READ_UNKNOWN, &changes, error);
    }
    if (done && changes.size > 0) {
        error_set(error, EXIT_CODE_REFUSED,
                  "legacy tables may have been written to after they were read");
        error_detail(error, "%s.", buffer_string(&changes));
        done = advise_changed(session, error);
    }
    buffer_free(&changes);
    return done;
}

/* Refuses where nobody can be advised to drop the tables by hand. */
static bool check_inherited(Session *session, Error *error)
{
    Buffer tables = {0};
    bool done =
        legacy_tables_array(session, &tables, error) &&
        inherited_check(session->connection, &session->schema, buffer_string(&tables), true, error);

    buffer_free(&tables);
    return done;
}

static bool append_hint(Session *session, Buffer *hint, Error *error)
{
    char *objects = NULL;
    bool done =
        dependents_find(session, &objects, error) &&
        buffer_append_text(
            hint, "Make sure yourself that the legacy tables hold nothing new, then ", error) &&
        (objects[0] == '\0' ||
         buffer_append_format(hint, error, "drop what depends on them (%s), and then ", objects)) &&
        buffer_append_text(hint, "drop them by hand: ", error) &&
        legacy_tables_append_drop(session, hint, error);

    free(objects);
    return done;
}

static bool check_droppable(Session *session, Error *error)
{
    Buffer hint = {0};
    Note note = {0};
    bool done = check_inherited(session, error) && append_hint(session, &hint, error) &&
                note_read(session, &note, error) &&
                cleanup_check_origin(session, &note, buffer_string(&hint), error) &&
                loaded_from_check(session, &note, buffer_string(&hint), error) &&
                loaded_store_check(session, &note, buffer_string(&hint), error) &&
                check_unchanged(session, &note, error);

    note_free(&note);
    buffer_free(&hint);
    return done;
}

static bool refuse_not_migrated(Session *session, const KvStore *store, Error *error)
{
    Buffer hint = {0};
    bool done = session->legacy.found.count == 0 ||
                (check_inherited(session, error) && append_hint(session, &hint, error) &&
                 predecessor_refuse(session, store, buffer_string(&hint), error));

    buffer_free(&hint);
    if (!done) {
        return false;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the database was not migrated to the KV store: nothing is dropped");
    stamp_detail(session, store, error);
    return error_hint(error, session_is_at_kv_version(session)
                                 ? "The store is gone; kv-migrate status tells what to do."
                                 : "Run kv-migrate up --kv-enabled first.");
}

/* Prints the result for programs. */
static bool print_result(const Session *session, const Words *dropped, Error *error)
{
    json_t *names = json_array();

    if (!session->options->json) {
        json_decref(names);
        return true;
    }
    for (size_t i = 0; names != NULL && i < dropped->count; i++) {
        json_array_append_new(names, json_string(dropped->items[i]));
    }
    return output_json(json_pack("{s:s, s:s, s:o}", "database", session->schema.database, "schema",
                                 session->schema.name, "dropped_tables", names),
                       error) &&
           report_flush(error);
}

/* Whether there is a migration to clean up after: kv-migrate's, or lakeFS's own. */
static bool is_migrated(Session *session, const KvStore *store, bool stamped, bool *migrated,
                        Error *error)
{
    Predecessor predecessor = PREDECESSOR_NONE;
    bool done = stamped || predecessor_find(session, store, &predecessor, error);

    *migrated = stamped || predecessor == PREDECESSOR_MIGRATED;
    return done;
}

bool cleanup_command(Session *session, MigrateOptions *options, const char *programs, Error *error)
{
    KvStore store;
    bool migrated = false;
    bool stamped = false;
    Words *tables = &session->legacy.found;
    char text[QUANTITY_SIZE];

    if (!session_open_locked(session, options, programs, PG_READ_WRITE, error) ||
        !stamp_read(session, &store, &stamped, error) ||
        !is_migrated(session, &store, stamped, &migrated, error) ||
        !legacy_tables_find(session, error)) {
        return false;
    }
    if (migrated && tables->count == 0) {
        message_info("no legacy table is left: nothing to do");
        return print_result(session, tables, error);
    }
    if (!stamped) {
        return refuse_not_migrated(session, &store, error);
    }
    if (!legacy_tables_lock(session, error) || !check_droppable(session, error) ||
        !cleanup_drop(session, error)) {
        return false;
    }
    message_info("dropped %s", quantity_noun(tables->count, "legacy table", "legacy tables", text));
    return print_result(session, tables, error);
}
