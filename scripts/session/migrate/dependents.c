/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/dependents.h"

#include "common/store/legacy_tree.h"
#include "scripts/session/migrate/legacy_tables.h"

/* An object goes with a table when it depends on it automatically or internally; a normal
 * dependency holds it. */
bool dependents_find(Session *session, char **objects, Error *error)
{
    static const char QUERY[] = LEGACY_TREE
        ", gone AS (SELECT 'pg_class'::regclass::oid AS classid, t.root AS objid FROM tree t"
        " UNION SELECT d.classid, d.objid FROM pg_depend d"
        " JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid"
        " WHERE d.deptype IN ('a', 'i', 'P', 'S'))"
        " SELECT string_agg(DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass"
        "  THEN (SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0)"
        "   FROM pg_rewrite r WHERE r.oid = d.objid)"
        "  ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END, ', ')"
        " FROM pg_depend d JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid"
        " WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM gone x WHERE x.classid = d.classid"
        "  AND x.objid = d.objid)"
        /* and children, with defaults from a table's own sequence */
        " AND NOT EXISTS (SELECT FROM tree t LEFT JOIN pg_attrdef a ON a.adrelid = t.oid"
        "  WHERE (d.classid = 'pg_class'::regclass AND d.objid = t.oid)"
        "  OR (d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid))";

    return legacy_tables_query_text(session, QUERY, NULL, objects, error);
}
