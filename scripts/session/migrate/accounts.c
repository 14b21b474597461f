/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/accounts.h"

#include "common/kv/model.h"

#include <stdlib.h>
#include <string.h>

/* The row of the query, in the order of the struct's members.  If the server refuses it, as for a
 * role that may not read the tables, they stay unknown. */
static bool count(Session *session, Buffer *sql, Accounts *accounts, Error *error)
{
    PgRows *rows;
    Error ignored;

    *accounts = (Accounts){.known = false};
    if (!pg_execute(session->connection, "SAVEPOINT accounts", NULL, error)) {
        return false;
    }
    if (!pg_query(session->connection, buffer_string(sql), 0, NULL, &rows, error)) {
        return !session_is_lost(session) && pg_sqlstate(session->connection)[0] != '\0' &&
               pg_execute(session->connection, "ROLLBACK TO SAVEPOINT accounts", NULL, &ignored);
    }
    *accounts = (Accounts){.known = true,
                           .set_up = strcmp(pg_rows_text(rows, 0, 0), "t") == 0,
                           .basic = strcmp(pg_rows_text(rows, 0, 1), "t") == 0,
                           .users = strtoll(pg_rows_text(rows, 0, 2), NULL, 10),
                           .credentials = strtoll(pg_rows_text(rows, 0, 3), NULL, 10),
                           .groups_without_policy = strtoll(pg_rows_text(rows, 0, 4), NULL, 10)};
    pg_rows_free(rows);
    return true;
}

bool accounts_count_legacy(Session *session, Accounts *accounts, Error *error)
{
    const char *schema = session->schema.quoted;
    Buffer sql = {0};
    bool done =
        buffer_append_format(
            &sql, error,
            "SELECT EXISTS (SELECT FROM %s.auth_installation_metadata"
            "  WHERE key_name::text = 'setup_timestamp'), false,"
            " (SELECT count(*) FROM %s.auth_users),"
            " (SELECT count(*) FROM %s.auth_credentials c JOIN %s.auth_users u ON u.id = "
            "c.user_id),"
            " (SELECT count(*) FROM %s.auth_groups g WHERE NOT EXISTS"
            "  (SELECT FROM %s.auth_group_policies r JOIN %s.auth_policies p ON p.id = r.policy_id"
            "   WHERE r.group_id = g.id))",
            schema, schema, schema, schema, schema, schema, schema) &&
        count(session, &sql, accounts, error);

    buffer_free(&sql);
    return done;
}

/* Keys that begin with a prefix that ends with a slash: those before the same with a zero, the
 * character after the slash. */
#define IN_AUTH " WHERE partition_key = '" KV_PARTITION_AUTH "'::bytea"
#define BEGINS(prefix, next) " AND key >= '" prefix "'::bytea AND key < '" next "'::bytea"

bool accounts_count_kv(Session *session, Accounts *accounts, Error *error)
{
    const char *schema = session->schema.quoted;
    Buffer sql = {0};
    bool done =
        buffer_append_format(
            &sql, error,
            "WITH auth AS (SELECT key FROM %s.kv" IN_AUTH ")"
            " SELECT EXISTS (SELECT FROM auth WHERE key = '" KV_INSTALLATION_METADATA
            "setup_timestamp'::bytea),"
            " EXISTS (SELECT FROM %s.kv WHERE partition_key = '" KV_PARTITION_BASIC_AUTH
            "'::bytea AND key = '" KV_USERS KV_SUPER_ADMIN "'::bytea),"
            " (SELECT count(*) FROM auth WHERE true" BEGINS(
                "users/",
                "users0") "),"
                          " (SELECT count(*) FROM auth WHERE true" BEGINS(
                              "uCredentials/",
                              "uCredentials0") "),"
                                               " (SELECT count(*) FROM auth g WHERE true" BEGINS(
                                                   "groups/",
                                                   "groups0") " AND NOT EXISTS (SELECT FROM auth p "
                                                              "WHERE p.key >="
                                                              "  'gPolicies/'::bytea || "
                                                              "substring(g.key FROM 8) || "
                                                              "'/policies/'::bytea"
                                                              "  AND p.key < 'gPolicies/'::bytea "
                                                              "|| substring(g.key FROM 8) || "
                                                              "'/policies0'::bytea))",
            schema, schema) &&
        count(session, &sql, accounts, error);

    buffer_free(&sql);
    return done;
}
