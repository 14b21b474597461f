/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/right_database.h"

#include "common/store/elsewhere.h"
#include "common/store/shadowed.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <stdlib.h>

static bool add_schema_hint(const char *first, Error *error)
{
    Words option = {0};
    Buffer text = {0};
    Error ignored;

    if (words_add_format(&option, &ignored, "--schema=%s", first) &&
        report_command(&text, &option, &ignored)) {
        error_hint(error, "Name it: %s", buffer_string(&text));
    }
    words_free(&option);
    buffer_free(&text);
    return false;
}

/* A version without tables is another program's, or what is left of a lakeFS: nothing can be made
 * from there. */
static bool refuse_absent(Session *session, Error *error)
{
    char *schemas = NULL;
    char *first = NULL;

    if (!elsewhere_find(session->connection, session->schema.name, ELSEWHERE_TABLES_OR_STORE,
                        &schemas, &first, error)) {
        free(schemas);
        free(first);
        return false;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "schema \"%s\" of database \"%s\" holds none of lakeFS's tables",
              session->schema.name, session->schema.database);
    if (first[0] != '\0') {
        error_detail(error, "lakeFS is in %s of this database.", schemas);
        add_schema_hint(first, error);
    } else if (session->has_version) {
        error_detail(error, "It has a table schema_migrations, which other programs use, too.");
        error_hint(error, "Connect to lakeFS's database, or name its schema with --schema.");
    } else {
        error_hint(error, "Connect to lakeFS's database, or name its schema with --schema. If a "
                          "new, empty one is wanted: --new-database.");
    }
    free(schemas);
    free(first);
    return false;
}

static bool refuse_without_version(const Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "schema \"%s\" of database \"%s\" holds tables of lakeFS's names, but no schema "
              "version",
              session->schema.name, session->schema.database);
    return error_hint(error,
                      "If they are lakeFS's, repair the row of %s.schema_migrations by hand; if "
                      "not, connect to lakeFS's database.",
                      session->schema.quoted);
}

/* Whether there is a KV store that says more than this file; the locks that this takes are
 * released. */
static bool has_store(Session *session, bool *has, Error *error)
{
    KvStore store;

    if (!pg_execute(session->connection, "SAVEPOINT look", NULL, error) ||
        !kv_store_read(session, &store, error) ||
        !pg_execute(session->connection, "ROLLBACK TO SAVEPOINT look", NULL, error)) {
        return false;
    }
    *has = store.state == KV_STAMPED || store.state == KV_UNREADABLE ||
           (!session->has_version && store.state != KV_MISSING && store.state != KV_FOREIGN);
    return true;
}

bool right_database_check(Session *session, Error *error)
{
    bool has = false;

    if (session_is_at_kv_version(session)) {
        return true;
    }
    if (!legacy_tables_find(session, error)) {
        return false;
    }
    if (session->legacy.found.count > 0) {
        return (session->has_version || refuse_without_version(session, error)) &&
               (session->options->common.schema != NULL ||
                shadowed_refuse(session->connection, &session->schema, error));
    }
    if (session->options->new_database && !session->has_version) {
        return true;
    }
    return has_store(session, &has, error) && (has || refuse_absent(session, error));
}
