/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/likeness.h"

#include "common/cli/message.h"
#include "common/store/postgres/parts.h"

/* Parts of both tables, and their rows of pg_class.  kind: what ALTER and COMMENT call them. */
#define PAIRS                                                                                      \
    KV_PARTS ", pairs AS (SELECT b.quoted, CASE WHEN b.relkind IN ('i', 'I') THEN 'INDEX'"         \
             "  WHEN b.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, b.relkind,"             \
             "  a.oid AS old, b.oid AS new FROM parts a JOIN parts b"                              \
             "  ON b.suffix = a.suffix AND b.name = $3 WHERE a.name = $2 AND a.is_named"           \
             "  AND b.is_named AND (a.relkind = b.relkind OR a.suffix = '')) "

/* The tablespace 0 is the database's. */
#define SET_TABLESPACE(kinds)                                                                      \
    "SELECT format('ALTER %s %s SET TABLESPACE %I', p.kind, p.quoted, s.spcname)"                  \
    " FROM pairs p JOIN pg_class o ON o.oid = p.old JOIN pg_class c ON c.oid = p.new"              \
    " JOIN pg_database d ON d.datname = current_database() JOIN pg_tablespace s"                   \
    "  ON s.oid = CASE o.reltablespace WHEN 0 THEN d.dattablespace ELSE o.reltablespace END"       \
    " WHERE c.reltablespace <> o.reltablespace AND c.relkind = o.relkind AND c.relkind IN " kinds

/* Columns of pg_attribute that some versions lack, or have with other values, are read as JSON. */
static const char STORAGE[] = PAIRS SET_TABLESPACE(
    "('r', 'p')") " UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I %s', p.quoted, "
                  "b.attname, s.setting)"
                  " FROM pairs p JOIN pg_attribute a ON a.attrelid = p.old AND a.attnum > 0"
                  "  AND NOT a.attisdropped JOIN pg_attribute b ON b.attrelid = p.new AND "
                  "b.attname = a.attname"
                  " CROSS JOIN LATERAL (VALUES"
                  "  (CASE WHEN a.attstorage <> b.attstorage THEN 'SET STORAGE ' || CASE "
                  "a.attstorage"
                  "   WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE "
                  "'EXTENDED' END"
                  "   END),"
                  "  (CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'SET COMPRESSION pglz'"
                  "   WHEN 'l' THEN 'SET COMPRESSION lz4' END),"
                  "  ('SET STATISTICS ' || nullif(to_jsonb(a) ->> 'attstattarget', '-1')),"
                  "  ((SELECT format('SET (%s)', string_agg(format('%I = %L', option_name, "
                  "option_value), ', '))"
                  "   FROM pg_options_to_table(a.attoptions) HAVING count(*) > 0))) AS s(setting)"
                  " WHERE p.kind = 'TABLE' AND s.setting IS NOT NULL"
                  " UNION ALL SELECT format('ALTER TABLE %s SET UNLOGGED', p.quoted) FROM pairs p"
                  "  JOIN pg_class o ON o.oid = p.old JOIN pg_class c ON c.oid = p.new"
                  "  WHERE p.relkind = 'r' AND o.relpersistence = 'u' AND c.relpersistence = 'p'";

/* Parts may belong to others than the table; they stay the table owner's if they cannot be given
 * away. */
static const char OWNERS[] = PAIRS
    "SELECT format('ALTER %s %s OWNER TO %I', p.kind, p.quoted, pg_get_userbyid(o.relowner))"
    " FROM pairs p JOIN pg_class o ON o.oid = p.old JOIN pg_class c ON c.oid = p.new"
    " WHERE p.kind <> 'INDEX' AND o.relowner <> c.relowner AND pg_has_role(o.relowner,"
    "  CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)"
    " AND (has_schema_privilege(o.relowner, $1, 'CREATE')"
    "  OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))";

/* Those of a TOAST table are set through its table. */
static const char OPTIONS[] = PAIRS
    "SELECT format('ALTER %s %s SET (%s)', p.kind, p.quoted, string_agg(format('%s%I = %L',"
    "  t.prefix, e.option_name, e.option_value), ', '))"
    " FROM pairs p JOIN pg_class c ON c.oid = p.old CROSS JOIN LATERAL (SELECT '', c.reloptions"
    "  UNION ALL SELECT 'toast.', x.reloptions FROM pg_class x WHERE x.oid = c.reltoastrelid)"
    "  AS t(prefix, options) CROSS JOIN LATERAL pg_options_to_table(t.options) e"
    " WHERE p.relkind IN ('r', 'v', 'i') GROUP BY p.kind, p.quoted";

/* Default privileges may have given rights that the other one has not.  An owner's rights are
 * rights like others.  Those that a grantee has passed on are granted as that role, after those of
 * which they depend, if this session can become it; else by the owner, and the second column names
 * the role. */
static const char RIGHTS[] = PAIRS
    ", differing AS (SELECT p.quoted, p.old, p.new, o.relacl AS old_rights, c.relacl AS new_rights,"
    "  o.relowner AS owner, 'r'::\"char\" AS class"
    "  FROM pairs p JOIN pg_class o ON o.oid = p.old JOIN pg_class c ON c.oid = p.new"
    "  WHERE p.kind <> 'INDEX' AND (o.relacl::text IS DISTINCT FROM c.relacl::text"
    "   OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid IN (p.old, p.new)"
    "   AND a.attacl IS NOT NULL))),"
    " roles AS (SELECT r.oid, quote_ident(r.rolname) AS name, pg_has_role(session_user, r.oid,"
    "   CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' "
    "END)"
    "   AND has_schema_privilege(r.oid, $1, 'USAGE') AS can_be FROM pg_roles r),"
    " revoked AS (SELECT d.quoted, a.grantee FROM differing d"
    "   CROSS JOIN aclexplode(coalesce(d.new_rights, acldefault(d.class, d.owner))) a"
    "  UNION SELECT d.quoted, x.grantee FROM differing d JOIN pg_attribute a ON a.attrelid = d.new"
    "   CROSS JOIN aclexplode(a.attacl) x),"
    " granted AS (SELECT d.quoted, d.owner, a.grantor, a.grantee, a.is_grantable,"
    "   a.privilege_type AS kind, a.privilege_type AS what"
    "   FROM differing d"
    "   CROSS JOIN aclexplode(coalesce(d.old_rights, acldefault(d.class, d.owner))) a"
    "  UNION ALL SELECT d.quoted, d.owner, x.grantor, x.grantee, x.is_grantable,"
    "   x.privilege_type, format('%s (%I)', x.privilege_type, a.attname) FROM differing d"
    "   JOIN pg_attribute a ON a.attrelid = d.old AND a.attnum > 0 AND NOT a.attisdropped"
    "   CROSS JOIN aclexplode(a.attacl) x),"
    " chains AS (SELECT DISTINCT quoted, kind, owner AS role, 0 AS depth FROM granted"
    "  UNION SELECT c.quoted, c.kind, g.grantee, c.depth + 1 FROM chains c JOIN granted g"
    "   ON g.quoted = c.quoted AND g.kind = c.kind AND g.grantor = c.role AND g.is_grantable"
    "   AND g.grantee <> g.owner WHERE c.depth < 20),"
    " depths AS (SELECT quoted, kind, role, min(depth) AS depth FROM chains GROUP BY 1, 2, 3),"
    " statements AS (SELECT -1 AS step, format('REVOKE ALL ON %s FROM %s CASCADE', quoted,"
    "   CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)"
    "   AS text, NULL::text AS unkept FROM revoked"
    "  UNION ALL SELECT coalesce(e.depth, 0), format(CASE WHEN g.grantor <> g.owner AND r.can_be"
    "   THEN 'SET LOCAL ROLE %5$s; GRANT %1$s ON %2$s TO %3$s%4$s; SET LOCAL ROLE %6$I'"
    "   ELSE 'GRANT %1$s ON %2$s TO %3$s%4$s' END, g.what, g.quoted,"
    "   CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,"
    "   CASE WHEN is_grantable AND grantee <> owner THEN ' WITH GRANT OPTION' ELSE '' END,"
    "   r.name, current_user), CASE WHEN g.grantor <> g.owner AND NOT r.can_be THEN r.name END"
    "   FROM granted g JOIN roles r ON r.oid = g.grantor LEFT JOIN depths e"
    "   ON e.quoted = g.quoted AND e.kind = g.kind AND e.role = g.grantor)"
    " SELECT text, unkept FROM statements ORDER BY step";

static const char OTHERS[] = PAIRS SET_TABLESPACE(
    "('i', 'I')") " UNION ALL SELECT format('COMMENT ON %s IS %L', CASE WHEN a.attname IS NULL"
                  "  THEN p.kind || ' ' || p.quoted ELSE format('COLUMN %s.%I', p.quoted, "
                  "a.attname) END,"
                  "  d.description) FROM pairs p JOIN pg_description d ON d.classoid = "
                  "'pg_class'::regclass"
                  "  AND d.objoid = p.old LEFT JOIN pg_attribute a ON a.attrelid = p.old"
                  "  AND a.attnum = d.objsubid AND d.objsubid > 0"
                  "  JOIN parts b ON b.oid = p.new WHERE d.objsubid > 0 OR b.suffix <> ''"
                  " UNION ALL SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', p.quoted,"
                  "  CASE o.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN"
                  "   format('USING INDEX %I', x.relname) ELSE 'DEFAULT' END)"
                  "  FROM pairs p JOIN pg_class o ON o.oid = p.old JOIN pg_class c ON c.oid = p.new"
                  "  LEFT JOIN pg_index i ON i.indrelid = p.new AND i.indisprimary"
                  "  LEFT JOIN pg_class x ON x.oid = i.indexrelid"
                  "  WHERE p.kind = 'TABLE' AND o.relreplident <> c.relreplident"
                  " UNION ALL SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', m.conname,"
                  "  m.conrelid::regclass, d.description) FROM pairs p JOIN pg_constraint o"
                  "  ON o.conindid = p.old AND o.contype = 'p' JOIN pg_constraint m"
                  "  ON m.conindid = p.new AND m.contype = 'p' JOIN pg_description d"
                  "  ON d.classoid = 'pg_constraint'::regclass AND d.objoid = o.oid"
                  " UNION ALL SELECT format('ALTER TABLE %s CLUSTER ON %I', m.indrelid::regclass,"
                  "  c.relname) FROM pairs p JOIN pg_index i ON i.indexrelid = p.old"
                  "  AND i.indisclustered JOIN pg_index m ON m.indexrelid = p.new"
                  "  AND NOT m.indisclustered JOIN pg_class c ON c.oid = p.new";

/* Not ONLY, which a partitioned table does not need: it has no other children. */
static const char PUBLICATIONS[] = PAIRS
    "SELECT format('ALTER PUBLICATION %I DROP TABLE %s; ALTER PUBLICATION %I ADD TABLE %s',"
    "  u.pubname, a.quoted, u.pubname, p.quoted), format('%I', u.pubname)"
    " FROM pairs p JOIN parts a ON a.oid = p.old JOIN pg_publication_rel l ON l.prrelid = p.old"
    " JOIN pg_publication u ON u.oid = l.prpubid WHERE NOT EXISTS (SELECT FROM"
    "  pg_publication_rel m WHERE m.prrelid = p.new AND m.prpubid = u.oid) ORDER BY 2, 1";

bool likeness_copy_storage(PgConnection *connection, const PgSchema *schema, const char *from,
                           const char *to, Error *error)
{
    return kv_parts_execute(connection, STORAGE, schema, from, to, error);
}

static bool copy_rights(PgConnection *connection, const PgSchema *schema, const char *from,
                        const char *to, Error *error)
{
    PgRows *rows;
    bool done = true;

    if (!kv_parts_query(connection, RIGHTS, schema, from, to, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
        if (done && pg_rows_text(rows, i, 1) != NULL) {
            message_warning("a right that role %s has granted is now granted by the owner, as this "
                            "role cannot act for it: %s",
                            pg_rows_text(rows, i, 1), pg_rows_text(rows, i, 0));
        }
    }
    pg_rows_free(rows);
    return done;
}

bool likeness_copy_rights(PgConnection *connection, const PgSchema *schema, const char *from,
                          const char *to, Error *error)
{
    return kv_parts_execute(connection, OWNERS, schema, from, to, error) &&
           kv_parts_execute(connection, OPTIONS, schema, from, to, error) &&
           copy_rights(connection, schema, from, to, error) &&
           kv_parts_execute(connection, OTHERS, schema, from, to, error);
}

bool likeness_move_publications(PgConnection *connection, const PgSchema *schema, const char *from,
                                const char *to, Error *error)
{
    PgRows *rows;
    bool done = true;

    if (!kv_parts_query(connection, PUBLICATIONS, schema, from, to, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
    }
    if (done && pg_rows_count(rows) > 0) {
        message_warning("the store is in publication %s: its subscribers have to copy it anew",
                        pg_rows_text(rows, 0, 1));
    }
    pg_rows_free(rows);
    return done;
}
