/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/surroundings.h"

#include "common/store/legacy_tree.h"
#include "scripts/session/migrate/legacy_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The locks that a partition of kv needs while kv is made: the table, its index, its TOAST table
 * and that table's index. */
enum { KV_PARTITIONS = 100, LOCKS_OF_PARTITION = 4 };

bool surroundings_sessions(Session *session, char **sessions, Error *error)
{
    return session_query_text(
        session,
        "SELECT string_agg(format('process %s of user \"%s\" (application \"%s\", %s since %s, from"
        " %s)', a.pid, a.usename, a.application_name, coalesce(a.state, 'active'),"
        " coalesce(a.state_change, a.backend_start),"
        " coalesce(host(a.client_addr), 'a local socket')), ', ' ORDER BY a.pid)"
        " FROM pg_stat_activity a WHERE a.datname = current_database()"
        " AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'"
        " AND a.application_name NOT IN ('kv-migrate', 'kv-export', 'kv-import')",
        0, NULL, sessions, error);
}

/* The connections that are left under each limit; null: no limit. */
enum { OF_SERVER, OF_DATABASE, OF_ROLE, LIMITS, LOCKS = LIMITS, RELATIONS };

static const char *const LIMIT_NAMES[LIMITS] = {
    [OF_SERVER] = "the server (max_connections)",
    [OF_DATABASE] = "the database (CONNECTION LIMIT)",
    [OF_ROLE] = "the role (CONNECTION LIMIT)",
};

static bool query_capacity(const Session *session, PgRows **rows, Error *error)
{
    static const char QUERY[] = LEGACY_TREE
        ", me AS (SELECT r.oid, r.rolsuper, r.rolconnlimit FROM pg_roles r"
        "  WHERE r.rolname = session_user),"
        " used AS (SELECT count(*) AS server,"
        "  count(*) FILTER (WHERE a.datname = current_database()) AS database,"
        "  count(*) FILTER (WHERE a.usesysid = me.oid) AS role FROM pg_stat_activity a, me"
        "  WHERE a.backend_type = 'client backend'),"
        " tables AS (SELECT oid FROM tree UNION SELECT c.reltoastrelid FROM tree t"
        "  JOIN pg_class c ON c.oid = t.oid WHERE c.reltoastrelid <> 0)"
        " SELECT current_setting('max_connections')::int - used.server - CASE WHEN me.rolsuper"
        "  THEN 0 ELSE current_setting('superuser_reserved_connections')::int"
        "  + coalesce(current_setting('reserved_connections', true)::int, 0) END,"
        " CASE WHEN d.datconnlimit >= 0 AND NOT me.rolsuper THEN d.datconnlimit - used.database "
        "END,"
        " CASE WHEN me.rolconnlimit >= 0 AND NOT me.rolsuper THEN me.rolconnlimit - used.role END,"
        " current_setting('max_locks_per_transaction')::int8"
        "  * (current_setting('max_connections')::int8"
        "   + current_setting('max_prepared_transactions')::int8),"
        " (SELECT count(*) FROM tables) + (SELECT count(*) FROM pg_index i"
        "  JOIN tables t ON t.oid = i.indrelid)"
        " FROM me, used, pg_database d WHERE d.datname = current_database()";

    return legacy_tables_query(session, QUERY, NULL, rows, error);
}

/* The session that holds the locks is connected already.  kv-export and kv-import each have one
 * connection, and one for each job; they run one after the other where there is a file between. */
static int64_t connections(const MigrateOptions *options, int jobs)
{
    int64_t export = 1 + jobs;
    int64_t import = migrate_options_in_dynamodb(options) ? 1 : 1 + jobs;

    if (!migrate_options_kv_enabled(options)) {
        return 1;
    }
    if (options->dump == NULL) {
        return export + import;
    }
    return export > import ? export : import;
}

static int asked_jobs(const MigrateOptions *options)
{
    return options->jobs > 0 ? options->jobs : option_default_jobs();
}

static int64_t number(const PgRows *rows, int column)
{
    return strtoll(pg_rows_text(rows, 0, column), NULL, 10);
}

static void check_connections(MigrateOptions *options, const PgRows *rows, bool *fits,
                              Error *problem, Error *fewer)
{
    int jobs = asked_jobs(options);
    int asked = jobs;
    int narrowest = OF_SERVER;
    int64_t left;

    for (int i = OF_SERVER; i < LIMITS; i++) {
        if (pg_rows_text(rows, 0, i) != NULL && number(rows, i) < number(rows, narrowest)) {
            narrowest = i;
        }
    }
    left = number(rows, narrowest) < 0 ? 0 : number(rows, narrowest);
    while (jobs > 1 && connections(options, jobs) > left) {
        jobs--;
    }
    *fits = connections(options, jobs) <= left;
    if (!*fits) {
        error_set(problem, EXIT_CODE_CONNECTION,
                  "a migration needs %" PRId64 " more connections; %s has %" PRId64 " left",
                  connections(options, jobs), LIMIT_NAMES[narrowest], left);
        error_hint(problem, "End sessions, such as those of lakeFS, or raise the limit.");
    } else if (jobs < asked) {
        error_set(fewer, EXIT_CODE_DONE,
                  "%d jobs instead of %d: %s has only %" PRId64 " connections left", jobs, asked,
                  LIMIT_NAMES[narrowest], left);
        options->jobs = jobs;
    }
}

/* Each lock on an object has a place of its own, and each session that holds it another. */
static void check_locks(const MigrateOptions *options, const PgRows *rows, Error *locks)
{
    int64_t room = number(rows, LOCKS);
    int64_t needed = number(rows, RELATIONS);

    if (!migrate_options_in_dynamodb(options)) {
        needed += (int64_t)(KV_PARTITIONS + 1) * LOCKS_OF_PARTITION;
    }
    if (needed > room) {
        error_set(locks, EXIT_CODE_DONE, "the server may have too few locks for the migration");
        error_detail(locks,
                     "It needs about %" PRId64 "; the server has room for %" PRId64
                     " (max_locks_per_transaction x (max_connections + "
                     "max_prepared_transactions)).",
                     needed, room);
        error_hint(locks, "If it fails with \"out of shared memory\", nothing is lost: raise "
                          "max_locks_per_transaction, restart the server, then run again.");
    }
}

bool surroundings_capacity(Session *session, bool *fits, Error *problem, Error *fewer, Error *locks,
                           Error *error)
{
    PgRows *rows;

    *fits = true;
    fewer->message[0] = '\0';
    locks->message[0] = '\0';
    if (!query_capacity(session, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) > 0) {
        check_connections(session->options, rows, fits, problem, fewer);
        if (migrate_options_kv_enabled(session->options)) {
            check_locks(session->options, rows, locks);
        }
    }
    pg_rows_free(rows);
    return true;
}
