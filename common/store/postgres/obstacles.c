/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/obstacles.h"

#include "common/store/postgres/parts.h"

#include <string.h>

/* The names of many dependents would not fit into a message. */
#define SHOWN "10"

/* A table's own parts depend on each other, too: types, TOAST tables, the primary key, the view's
 * rule, and, since PostgreSQL 18, NOT NULL constraints.  Of what exists once for each partition,
 * such as a foreign key, only the whole counts. */
static const char DEPENDENTS[] = KV_PARTS
    ", own AS (SELECT p.* FROM parts p LEFT JOIN pg_index i ON i.indexrelid = p.oid"
    "  WHERE i.indexrelid IS NULL OR i.indisprimary),"
    " types AS (SELECT t.oid FROM own p JOIN pg_class c ON c.oid = p.oid"
    "  JOIN pg_type r ON r.oid = c.reltype JOIN pg_type t ON t.oid IN (r.oid, r.typarray)),"
    " dependents AS (SELECT d.classid, d.objid, d.objsubid FROM pg_depend d"
    "  WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT oid FROM own)"
    "   OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT oid FROM types))"
    "  AND d.deptype IN ('n', 'a') AND NOT EXISTS (SELECT FROM pg_depend w"
    "   WHERE w.classid = d.classid AND w.objid = d.objid AND w.refclassid = d.classid"
    "   AND w.deptype IN ('P', 'I')) AND d.classid <> 'pg_publication_rel'::regclass"
    "  AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM own))"
    "  AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_constraint o"
    "   WHERE o.oid = d.objid AND (o.conparentid <> 0 OR o.contype IN ('p', 'n')"
    "   AND o.conrelid IN (SELECT oid FROM own))))),"
    " others AS (SELECT CASE WHEN r.oid IS NULL"
    "  THEN pg_describe_object(d.classid, d.objid, d.objsubid)"
    "  WHEN r.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)"
    "  ELSE pg_describe_object(d.classid, d.objid, 0) END AS what FROM dependents d"
    "  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    "  WHERE r.oid IS NULL OR r.rulename <> '_RETURN' OR r.ev_class NOT IN (SELECT oid FROM own)"
    " UNION SELECT format('row security of %s', p.quoted) FROM own p JOIN pg_class c"
    "  ON c.oid = p.oid WHERE c.relrowsecurity OR c.relforcerowsecurity"
    " UNION SELECT format('view %s, which is not the usual one', p.quoted) FROM own p"
    "  JOIN own t ON t.relname = $2 WHERE p.relkind = 'v' AND replace(regexp_replace("
    "   pg_get_viewdef(p.oid), '\\s+', ' ', 'g'), quote_ident(t.relname) || '.', '')"
    "  <> replace(format(' SELECT encode(partition_key, ''escape''::text) AS partition_key,"
    " encode(key, ''escape''::text) AS key, value FROM %s;', t.oid::regclass),"
    "   quote_ident(t.relname) || '.', '')"
    " UNION SELECT format('table %s, of which it is a part', i.inhparent::regclass)"
    "  FROM pg_inherits i JOIN own p ON p.oid = i.inhrelid AND p.relname = $2"
    " UNION SELECT format('publication %I', u.pubname) FROM pg_publication_rel l"
    "  JOIN own p ON p.oid = l.prrelid JOIN pg_publication u ON u.oid = l.prpubid"
    "  WHERE NOT pg_has_role(u.pubowner, 'USAGE') OR to_jsonb(l) ->> 'prqual' IS NOT NULL"
    "   OR to_jsonb(l) ->> 'prattrs' IS NOT NULL)"
    " SELECT string_agg(what, '; ' ORDER BY what) FILTER (WHERE number <= " SHOWN "),"
    "  greatest(max(number) - " SHOWN ", 0)"
    " FROM (SELECT what, row_number() OVER (ORDER BY what) AS number FROM others) AS numbered";

/* A word and a time are put between the table's name and what follows. */
static const char PARTS[] =
    KV_PARTS "SELECT p.quoted, pg_get_userbyid(c.relowner),"
             " CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN 't' ELSE 'f' END"
             " FROM parts p JOIN pg_class c ON c.oid = p.oid"
             " WHERE NOT pg_has_role(c.relowner, 'USAGE')"
             "  OR p.is_named AND octet_length(p.relname) + length('_before_YYYYMMDD_HHMMSS') > 63"
             " ORDER BY 3 DESC, 1 LIMIT 1";

static bool check_parts(PgConnection *connection, const PgSchema *schema, const char *name,
                        Error *error)
{
    PgRows *rows;
    bool done;

    if (!kv_parts_query(connection, PARTS, schema, name, NULL, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0;
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" cannot be put aside to be replaced by another one", name);
        if (strcmp(pg_rows_text(rows, 0, 2), "t") == 0) {
            error_detail(error, "The name of %s is too long for that.", pg_rows_text(rows, 0, 0));
        } else {
            error_detail(error, "Its part %s belongs to role \"%s\".", pg_rows_text(rows, 0, 0),
                         pg_rows_text(rows, 0, 1));
        }
        error_hint(error, "Mend that, or use --in-place, which drops the store before it loads.");
    }
    pg_rows_free(rows);
    return done;
}

bool obstacles_check(PgConnection *connection, const PgSchema *schema, const char *name,
                     Error *error)
{
    PgRows *rows;
    bool done;

    if (!kv_parts_query(connection, DEPENDENTS, schema, name, NULL, &rows, error)) {
        return false;
    }
    done = pg_rows_text(rows, 0, 0) == NULL;
    if (!done) {
        const char *more = pg_rows_text(rows, 0, 1);

        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" cannot be replaced by another one: others depend on it", name);
        error_detail(error, "%s%s%s%s.", pg_rows_text(rows, 0, 0),
                     strcmp(more, "0") == 0 ? "" : "; and ", strcmp(more, "0") == 0 ? "" : more,
                     strcmp(more, "0") == 0 ? "" : " more");
        error_hint(error,
                   "Drop them (row security is switched off by DISABLE and NO FORCE ROW LEVEL "
                   "SECURITY, a default value dropped by ALTER COLUMN), and make them again "
                   "after the load; or use --in-place, which drops the store, and "
                   "triggers, indexes and policies with it, before it loads.");
    }
    pg_rows_free(rows);
    return done && check_parts(connection, schema, name, error);
}
