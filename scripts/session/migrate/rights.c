/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/rights.h"

#include "common/store/legacy_tree.h"

#include <stdlib.h>
#include <string.h>

/* A longer list of tables does not fit into a hint. */
enum { MAX_LIST = 700 };

/* What must hold for no relation c of the tree t of legacy tables, in schema n. */
typedef struct TableRight {
    ExitCode code;
    const char *lacking; /* the condition that tells that the role lacks it */
    const char *text;
    const char *privilege; /* NULL: the role must be the owner, or a member of it */
    const char *advice;    /* more advice, behind the hint */
} TableRight;

static const TableRight TABLE_RIGHTS[] = {
    [RIGHT_MIGRATE] = {EXIT_CODE_FAILED,
                       "c.oid = t.root AND $3::bool AND NOT pg_has_role(c.relowner, 'USAGE')",
                       "does not own tables that schema migrations alter", NULL, ""},
    [RIGHT_LOCK] = {EXIT_CODE_FAILED,
                    "c.oid = t.root"
                    " AND NOT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')",
                    "cannot lock legacy tables against writers", "UPDATE", ""},
    [RIGHT_READ] = {EXIT_CODE_FAILED, "NOT has_table_privilege(c.oid, 'SELECT')",
                    "cannot read legacy tables", "SELECT", ""},
    [RIGHT_SEE_ROWS] = {EXIT_CODE_REFUSED, "row_security_active(c.oid)",
                        "would not see all rows of legacy tables, which have row-level security",
                        NULL, ""},
    [RIGHT_TRIGGER] = {EXIT_CODE_FAILED,
                       "c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, 'TRIGGER')",
                       "may not make kept legacy tables refuse writes", "TRIGGER", ""},
    [RIGHT_DROP] = {EXIT_CODE_FAILED,
                    "c.oid = t.root AND NOT pg_has_role(c.relowner, 'USAGE')"
                    " AND NOT pg_has_role(n.nspowner, 'USAGE')",
                    "cannot drop legacy tables", NULL, "; --keep-tables leaves them"},
};

enum { TABLE_RIGHT_COUNT = sizeof TABLE_RIGHTS / sizeof TABLE_RIGHTS[0] };

/* The columns of the query. */
enum {
    ROLE,
    ROLE_QUOTED,
    CREATES,
    KV_OWNER,      /* of a table kv that the role may not drop; else null */
    STAMP_LACKING, /* privileges on schema_migrations, separated by commas */
    LANGUAGE,
    BYTES,
    TABLES /* the first of those of TABLE_RIGHTS */
};

/* For each of TABLE_RIGHTS. */
enum { NAMES, RELATIONS, ALTERS, TABLE_COLUMNS };

static const char ONCE[] =
    "SELECT current_user, quote_ident(current_user), has_schema_privilege($1, 'CREATE'),"
    /* DROP TABLE is also allowed to the schema's owner. */
    " (SELECT quote_ident(pg_get_userbyid(k.relowner)) FROM pg_class k"
    "  JOIN pg_namespace s ON s.oid = k.relnamespace WHERE s.nspname = $1 AND k.relname = 'kv'"
    "  AND NOT pg_has_role(k.relowner, 'USAGE') AND NOT pg_has_role(s.nspowner, 'USAGE')),"
    " (SELECT string_agg(p.name, ', ' ORDER BY p.place) FROM pg_class m"
    "  JOIN pg_namespace s ON s.oid = m.relnamespace CROSS JOIN (VALUES (1, 'SELECT', true),"
    "  (2, 'UPDATE', true), (3, 'INSERT', $3::bool), (4, 'DELETE', $3::bool))"
    "  AS p (place, name, needed) WHERE s.nspname = $1 AND m.relname = 'schema_migrations'"
    "  AND p.needed AND NOT has_table_privilege(m.oid, p.name)),"
    " (SELECT coalesce(bool_or(has_language_privilege(l.oid, 'USAGE')), false)"
    "  FROM pg_language l WHERE l.lanname = 'plpgsql'),"
    " coalesce(CASE WHEN $4::bool THEN sum(pg_table_size(c.oid)) FILTER (WHERE c.relkind <> 'p')"
    "  ELSE sum(greatest(c.relpages, 0) + (SELECT coalesce(sum(greatest(o.relpages, 0)), 0)"
    "   FROM pg_class o WHERE o.oid = c.reltoastrelid)) FILTER (WHERE c.relkind <> 'p')"
    "   * current_setting('block_size')::int8 END, 0)::int8";

static bool append_query(Buffer *sql, Error *error)
{
    bool done = buffer_append_text(sql, LEGACY_TREE, error) && buffer_append_text(sql, ONCE, error);

    for (size_t i = 0; done && i < TABLE_RIGHT_COUNT; i++) {
        const char *lacking = TABLE_RIGHTS[i].lacking;

        done = buffer_append_format(
            sql, error,
            ", string_agg(DISTINCT t.relname::text, ', ' ORDER BY t.relname::text) FILTER"
            " (WHERE %1$s), string_agg(DISTINCT format('%%I.%%I', n.nspname, c.relname), ', ')"
            " FILTER (WHERE %1$s), string_agg(DISTINCT format('ALTER TABLE %%I.%%I OWNER TO %%I',"
            " n.nspname, c.relname, current_user), '; ') FILTER (WHERE %1$s)",
            lacking);
    }
    return done && buffer_append_text(sql,
                                      " FROM tree t JOIN pg_class c ON c.oid = t.oid"
                                      " JOIN pg_namespace n ON n.oid = c.relnamespace",
                                      error);
}

bool rights_read(Rights *rights, const Session *session, const char *array, bool pending,
                 Error *error)
{
    const MigrateOptions *options = session->options;
    /* Measuring waits for locks on the tables: otherwise as the latest VACUUM has noted. */
    const char *parameters[] = {session->schema.name, array, pending ? "true" : "false",
                                options->dump != NULL || options->dry_run ? "true" : "false"};
    Buffer sql = {0};
    bool done;

    *rights = (Rights){.session = session};
    done = append_query(&sql, error) &&
           pg_query(session->connection, buffer_string(&sql), 4, parameters, &rights->rows, error);
    buffer_free(&sql);
    return done;
}

/* "" for null. */
static const char *column(const Rights *rights, int number)
{
    const char *text = pg_rows_text(rights->rows, 0, number);

    return text == NULL ? "" : text;
}

static bool is_true(const Rights *rights, int number)
{
    return strcmp(column(rights, number), "t") == 0;
}

static const char *shown_schema(const Rights *rights)
{
    return rights->session->schema.quoted;
}

static bool check_tables(const Rights *rights, Right right, Error *problem)
{
    const TableRight *table = &TABLE_RIGHTS[right];
    int first = TABLES + (int)right * TABLE_COLUMNS;
    const char *names = column(rights, first + NAMES);
    const char *relations = column(rights, first + RELATIONS);
    const char *alters = column(rights, first + ALTERS);
    const char *role = column(rights, ROLE_QUOTED);

    if (names[0] == '\0') {
        return true;
    }
    error_set(problem, table->code, "role \"%s\" %s", column(rights, ROLE), table->text);
    /* Each partition may have row security of its own. */
    error_detail(problem, "Tables: %s.", right == RIGHT_SEE_ROWS ? relations : names);
    if (right == RIGHT_SEE_ROWS) {
        error_hint(problem, "Run as their owner, or: ALTER ROLE %s BYPASSRLS", role);
    } else if (table->privilege == NULL) {
        error_hint(problem, "Run as their owner, or as a member of it%s%s%s",
                   strlen(alters) > MAX_LIST ? "" : ", or: ",
                   strlen(alters) > MAX_LIST ? "" : alters, table->advice);
    } else if (strlen(relations) > MAX_LIST) {
        error_hint(problem, "Run as their owner, or: GRANT %s ON ALL TABLES IN SCHEMA %s TO %s",
                   table->privilege, shown_schema(rights), role);
    } else {
        error_hint(problem, "Run as their owner, or: GRANT %s ON %s TO %s", table->privilege,
                   relations, role);
    }
    return false;
}

static bool check_create(const Rights *rights, Error *problem)
{
    if (is_true(rights, CREATES)) {
        return true;
    }
    error_set(problem, EXIT_CODE_FAILED, "role \"%s\" cannot create tables in schema \"%s\"",
              column(rights, ROLE), rights->session->schema.name);
    return error_hint(problem, "GRANT CREATE ON SCHEMA %s TO %s", shown_schema(rights),
                      column(rights, ROLE_QUOTED));
}

static bool check_replace_kv(const Rights *rights, Error *problem)
{
    const char *owner = column(rights, KV_OWNER);

    if (owner[0] == '\0') {
        return true;
    }
    error_set(problem, EXIT_CODE_FAILED,
              "role \"%s\" cannot replace the table kv, which it does not own",
              column(rights, ROLE));
    return error_hint(problem, "Run as its owner, %s, or: ALTER TABLE %s.kv OWNER TO %s", owner,
                      shown_schema(rights), column(rights, ROLE_QUOTED));
}

static bool check_stamp(const Rights *rights, Error *problem)
{
    const char *lacking = column(rights, STAMP_LACKING);

    if (lacking[0] == '\0') {
        return true;
    }
    error_set(problem, EXIT_CODE_FAILED,
              "role \"%s\" lacks the privilege%s %s on table schema_migrations",
              column(rights, ROLE), strchr(lacking, ',') == NULL ? "" : "s", lacking);
    return error_hint(problem, "Run as its owner, or: GRANT %s ON %s.schema_migrations TO %s",
                      lacking, shown_schema(rights), column(rights, ROLE_QUOTED));
}

static bool check_language(const Rights *rights, Error *problem)
{
    if (is_true(rights, LANGUAGE)) {
        return true;
    }
    error_set(
        problem, EXIT_CODE_FAILED,
        "role \"%s\" may not use the language plpgsql, by which kept legacy tables refuse writes",
        column(rights, ROLE));
    return error_hint(problem, "CREATE EXTENSION plpgsql, or GRANT USAGE ON LANGUAGE plpgsql TO %s",
                      column(rights, ROLE_QUOTED));
}

bool rights_check(const Rights *rights, Right right, Error *problem)
{
    switch (right) {
    case RIGHT_CREATE:
        return check_create(rights, problem);
    case RIGHT_REPLACE_KV:
        return check_replace_kv(rights, problem);
    case RIGHT_STAMP:
        return check_stamp(rights, problem);
    case RIGHT_LANGUAGE:
        return check_language(rights, problem);
    case RIGHT_MIGRATE:
    case RIGHT_LOCK:
    case RIGHT_READ:
    case RIGHT_SEE_ROWS:
    case RIGHT_TRIGGER:
    case RIGHT_DROP:
        break;
    }
    return check_tables(rights, right, problem);
}

uint64_t rights_table_bytes(const Rights *rights)
{
    return strtoull(column(rights, BYTES), NULL, 10);
}

void rights_free(Rights *rights)
{
    pg_rows_free(rights->rows);
    rights->rows = NULL;
}
