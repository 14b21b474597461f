# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The schema migrations, one by one: load it after lib/setup.

setup() {
    fresh_database
}

# assert_unchanged BEFORE: the database is in the state that legacy_state printed.
assert_unchanged() {
    local now
    now=$(legacy_state)
    assert_equal "$now" "$1"
}

# assert_rows FILE: all rows equal those in FILE, byte by byte and in its order.
assert_rows() {
    diff -u --label expected --label actual "$1" <(legacy_rows)
}

# sorted_json: normalises JSON lines so that equal sets of values are equal text.
sorted_json() {
    python3 -c '
import json, sys
print("\n".join(sorted(json.dumps(json.loads(line), sort_keys=True) for line in sys.stdin)))'
}

# assert_schema38: the schema has exactly the facts of version 38.
assert_schema38() {
    diff -u --label expected --label actual <(sorted_json <"$FIXTURES_DIR/versions/schema38.jsonl") \
        <(schema_facts | sorted_json)
}

# legacy_state: prints everything that a migration could change. Row versions (xmin) reveal rows that were rewritten
# unchanged.
legacy_state() {
    psql -XAtq -v ON_ERROR_STOP=1 -f "$FIXTURES_DIR/tools/schema_facts.sql" -f - <<'SQL'
SELECT format('SELECT %1$L, xmin, t FROM %1$I AS t ORDER BY ctid', relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SQL
}

# check_from_version N: a database at version N gets the rows that the original migrations produced.
check_from_version() {
    apply_migrations 21 "$1"
    load_fixture "$FIXTURES_DIR/versions/v$1.data.sql"
    apply_migrations $(($1 + 1)) 38
    set_schema_version 38
    assert_rows "$FIXTURES_DIR/versions/v$1.rows38.jsonl"
    assert_schema38
}
