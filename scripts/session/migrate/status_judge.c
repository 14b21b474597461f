/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/status_judge.h"

#include "common/kv/model.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/report.h"

#include <inttypes.h>
#include <string.h>

static bool set_state(Status *status, const char *state, Error *error, const char *text)
{
    status->state = state;
    return buffer_append_text(&status->text, text, error);
}

/* Where somebody has to do by hand what the text says, for which there is no command. */
static bool set_problem(Status *status, const char *state, Error *error, const char *text)
{
    status->by_hand = true;
    return set_state(status, state, error, text);
}

/* Sets a step to a command of kv-migrate on the same database. */
static bool set_step(const Status *status, Buffer *step, const char *command, const char *option,
                     Error *error)
{
    Words words = {0};
    bool done;

    step->size = 0;
    done = words_add(&words, "kv-migrate", error) && words_add(&words, command, error) &&
           (option == NULL || words_add(&words, option, error)) &&
           words_add_all(&words, &status->session->options->place, error) &&
           report_command(step, &words, error);
    words_free(&words);
    return done;
}

static bool set_next(Status *status, const char *command, const char *option, Error *error)
{
    return set_step(status, &status->next, command, option, error);
}

/* kv-import does not read lakeFS's configuration or environment, so the options name everything. */
static bool set_next_import(Status *status, Error *error)
{
    const Session *session = status->session;
    const char *connection = session->options->connection;
    Words words = {0};
    bool done =
        words_add(&words, "kv-import", error) && words_add(&words, "-d", error) &&
        words_add(&words, connection[0] == '\0' ? session->schema.database : connection, error) &&
        words_add(&words, "--schema", error) && words_add(&words, session->schema.name, error) &&
        words_add(&words, "FILE", error) && report_command(&status->next, &words, error);

    words_free(&words);
    return done;
}

/* Neither tables nor a store, whatever another program's schema_migrations says. */
static bool judge_absent(Status *status, Error *error)
{
    Words words = {0};
    bool done;

    if (status->first[0] == '\0') {
        return set_state(status, "no_lakefs", error,
                         "not a lakeFS database: empty, or the wrong database or schema");
    }
    status->state = "no_lakefs";
    done = buffer_append_format(&status->text, error,
                                "no lakeFS in schema \"%s\": it is in %s of this database",
                                status->session->schema.name, status->elsewhere) &&
           words_add(&words, "kv-migrate", error) && words_add(&words, "status", error) &&
           words_add_all(&words, &status->session->options->place, error) &&
           words_add_format(&words, error, "--schema=%s", status->first) &&
           report_command(&status->next, &words, error);
    words_free(&words);
    return done;
}

bool status_is_absent(const Status *status)
{
    const Session *session = status->session;

    return session->legacy.found.count == 0 && !session_is_at_kv_version(session) &&
           (status->store.state == KV_MISSING ||
            (status->store.state == KV_FOREIGN && status->store.version[0] == '\0'));
}

/* What grants the right to read it is the next thing to run. */
static bool judge_unreadable(Status *status, Error *error)
{
    const char *grant = strstr(status->store.hint, "GRANT ");

    return set_problem(
               status, "unknown", error,
               "unknown: the table kv cannot be read, for the reason above; look again when "
               "it is gone") &&
           (grant == NULL || buffer_append_text(&status->next, grant, error));
}

/* Without a schema version there is no legacy lakeFS, or an incomplete one. */
static bool judge_without_version(Status *status, Error *error)
{
    switch (status->store.state) {
    case KV_STAMPED:
        return set_state(status, "kv_store", error,
                         "a KV store without a legacy database beside it");
    case KV_STARTED:
        return set_state(status, "kv_store_load_failed", error,
                         "a KV store whose load failed: load the dump again") &&
               set_next_import(status, error);
    case KV_UNREADABLE:
        return judge_unreadable(status, error);
    case KV_FOREIGN:
        if (status->store.version[0] != '\0' && status->session->legacy.found.count == 0) {
            return set_problem(status, "kv_store_invalid", error,
                               "a KV store whose version is not a number");
        }
        break;
    case KV_MISSING:
    case KV_UNSTAMPED:
    case KV_EMPTY:
    case KV_BEGUN:
        break;
    }
    if (status->session->legacy.found.count > 0) {
        return set_problem(
            status, "no_schema_version", error,
            "legacy tables without a schema version: repair the row of schema_migrations by hand");
    }
    return set_state(status, "kv_store_begun", error,
                     "a KV store that was not set up, without a legacy database beside it");
}

static bool judge_migrated(Status *status, Error *error)
{
    const LegacyTables *legacy = &status->session->legacy;

    if (kv_store_is_gone(status->session, &status->store) && legacy->found.count > 0 &&
        legacy->found.count == legacy->known.count) {
        return set_problem(
                   status, "not_stamped", error,
                   "at the KV migration version, but the table kv is not stamped: there is no "
                   "KV store any longer. The legacy tables were kept: revert goes back to "
                   "them, and up then migrates anew; or kv-import loads a dump again") &&
               set_next(status, "revert", NULL, error);
    }
    if (status->store.state != KV_STAMPED) {
        return set_problem(status, "not_stamped", error,
                           "at the KV migration version, but the table kv is not stamped: find out "
                           "what happened to it; kv-import --clean loads a dump again") &&
               (status->store.state != KV_STARTED || status->store.in_dynamodb ||
                set_next_import(status, error));
    }
    if (status->session->legacy.found.count == 0) {
        return set_state(status, "migrated", error, "migrated");
    }
    return set_state(status, "migrated_tables_left", error, "migrated; legacy tables are left") &&
           (status_writes_are_refused(status) ||
            buffer_append_text(&status->text,
                               " and still take writes, which nobody reads: kv-migrate up makes "
                               "them refuse writes",
                               error)) &&
           set_step(status, &status->later, "cleanup", NULL, error);
}

static bool judge_set_back(Status *status, Error *error)
{
    status->state = "version_set_back";
    return buffer_append_format(&status->text, error,
                                "migrated, but the schema version was set back to %" PRId64
                                " by hand: revert goes back to the legacy tables and puts the KV "
                                "store aside; to go on with the store: ",
                                status->session->version) &&
           predecessor_append_version(status->session, &status->text, error) &&
           set_next(status, "revert", NULL, error);
}

/* A stamped store beside a legacy schema. */
static bool judge_predecessor(Status *status, Error *error)
{
    bool left = status->session->legacy.found.count > 0;

    switch (status->predecessor) {
    case PREDECESSOR_MIGRATED:
        return set_state(status, "migrated_by_lakefs", error,
                         left ? "migrated, by lakeFS itself; legacy tables are left over"
                              : "migrated, by lakeFS itself") &&
               (!left || buffer_append_text(&status->text,
                                            ": cleanup tells how to drop them by hand", error));
    case PREDECESSOR_LIKELY:
        return set_state(status, "migrated_by_lakefs_likely", error,
                         "migrated, probably by lakeFS itself: the table kv is stamped, "
                         "without a note by kv-import and without the installation's id; if nobody "
                         "needs it, move it out of the way by the statement that up prints") &&
               (!left || buffer_append_text(&status->text, "; legacy tables are left over", error));
    case PREDECESSOR_SET_UP:
        return set_problem(
            status, "lakefs_set_up", error,
            "legacy, but a lakeFS was set up in the table kv, apart from the legacy "
            "tables: find out what was done with it; if nobody needs it, move it out "
            "of the way by the statement that up prints");
    case PREDECESSOR_SET_BACK:
        return judge_set_back(status, error);
    case PREDECESSOR_NONE:
    case PREDECESSOR_UNKNOWN:
        break;
    }
    return set_problem(status, "foreign_kv_store", error,
                       "legacy, but its table kv is stamped as migrated: the two do not belong "
                       "together; find out where the table comes from") &&
           (status->note.json == NULL ||
            buffer_append_text(&status->text,
                               ": kv-import has loaded it, and a backup of before the migration "
                               "may have been restored since",
                               error));
}

/* What up replaces without a question. */
static const char *replaced(KvState state)
{
    return state == KV_BEGUN   ? "; the table kv holds only what lakeFS writes when it starts: up "
                                 "replaces it, and keeps nothing of it"
           : state == KV_EMPTY ? "; up replaces the empty table kv"
                               : "";
}

/* What would be in the way of a new table kv. */
static bool judge_taken(Status *status, Error *error)
{
    status->state = "foreign_kv";
    status->by_hand = true;
    return buffer_append_format(&status->text, error,
                                "legacy, but relations are in the way that have names of a KV "
                                "table, and belong to none, such as %s: if nobody needs them, move "
                                "them out of the way by the statement that up prints",
                                status->taken);
}

/* Unless up would refuse.  Below the last version migrations may make what is missing. */
static bool set_next_up(Status *status, bool last, Error *error)
{
    Buffer missing = {0};
    bool done = !last || legacy_tables_append_missing(status->session, &missing, error);

    if (done && missing.size == 0) {
        return set_next(status, "up", "--kv-enabled", error);
    }
    status->text.size = 0;
    status->state = "legacy_incomplete";
    status->by_hand = true;
    done = done && buffer_append_format(&status->text, error,
                                        "legacy, but tables are missing, or are no tables: %s; "
                                        "restore them from a backup, then go on",
                                        buffer_string(&missing));
    buffer_free(&missing);
    return done;
}

static bool judge_legacy(Status *status, Error *error)
{
    const Session *session = status->session;
    bool last = session->version == migrations_last(&session->migrations);

    if (status->taken != NULL && !status->store.in_dynamodb && status->store.state != KV_STAMPED) {
        return judge_taken(status, error);
    }
    switch (status->store.state) {
    case KV_FOREIGN:
    case KV_UNSTAMPED:
        return set_problem(
            status, "foreign_kv", error,
            "legacy, but a relation kv is in the way that is not a KV store: if nobody "
            "needs it, move it out of the way by the statement that up prints");
    case KV_STAMPED:
        return judge_predecessor(status, error);
    case KV_STARTED:
        if (status->holder[0] != '\0') {
            return set_state(status, "migration_running", error,
                             "legacy: the table kv is being loaded");
        }
        return set_state(status, "migration_failed", error,
                         "legacy: a KV migration failed before its stamp; the legacy tables are "
                         "unchanged") &&
               set_next_up(status, last, error);
    case KV_UNREADABLE: /* judged before */
    case KV_MISSING:
    case KV_EMPTY:
    case KV_BEGUN:
        break;
    }
    return set_state(status, last ? "legacy" : "legacy_behind", error,
                     last ? "legacy, at the last schema version"
                          : "legacy, below the last schema version") &&
           buffer_append_text(&status->text, replaced(status->store.state), error) &&
           (status->guard.guarded == 0 ||
            buffer_append_text(&status->text,
                               "; tables still refuse writes, since an earlier migration was not "
                               "taken back by kv-migrate revert: run that, or migrate again",
                               error)) &&
           set_next_up(status, last, error);
}

static bool judge_dirty(Status *status, Error *error)
{
    const Session *session = status->session;

    status->state = "dirty";
    return buffer_append_format(&status->text, error,
                                "dirty: a schema migration was interrupted at version %" PRId64
                                "; repair the schema by hand, then clear the flag",
                                session->version) &&
           buffer_append_format(&status->next, error,
                                "UPDATE %s.schema_migrations SET version = N, dirty = false",
                                session->schema.quoted);
}

static bool judge_version(Status *status, Error *error)
{
    const Session *session = status->session;
    int64_t kv = migrations_kv(&session->migrations);

    if (status_is_absent(status)) {
        return judge_absent(status, error);
    }
    if (session->dirty) {
        return judge_dirty(status, error);
    }
    if (!session->has_version) {
        return judge_without_version(status, error);
    }
    if (session->version > kv) {
        return set_state(status, "newer", error,
                         "beyond the KV migration version: it belongs to a newer lakeFS, which has "
                         "a migrate command of its own");
    }
    if (session->version < kv && !migrations_has(&session->migrations, session->version)) {
        status->state = "unsupported";
        status->by_hand = true;
        return buffer_append_format(&status->text, error,
                                    "there is no schema migration for version %" PRId64
                                    ": upgrade lakeFS first, or name its folder with --migrations",
                                    session->version);
    }
    if (status->store.state == KV_UNREADABLE) {
        return judge_unreadable(status, error);
    }
    return session->version == kv ? judge_migrated(status, error) : judge_legacy(status, error);
}

/* Adds what prevents the next step for now, whatever the state. */
bool status_judge(Status *status, Error *error)
{
    bool done = judge_version(status, error);

    if (done && status->holder[0] != '\0') {
        status->later.size = 0;
        done =
            buffer_append_text(&status->text, " (a migration is running, see the lock)", error) &&
            set_next(status, "status", NULL, error);
    } else if (done && status->standby && status->next.size + status->later.size > 0) {
        done = buffer_append_text(&status->text,
                                  "; this server is a standby: run the next command on its primary",
                                  error);
    }
    return done;
}
