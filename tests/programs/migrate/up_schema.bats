#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up: the schema migrations, from every version to the last one.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

# check_from_version N: up brings the fixture at version N to 38, rows and schema.
check_from_version() {
    fresh_database
    apply_migrations 21 "$1"
    load_fixture "$FIXTURES_DIR/versions/v$1.data.sql"
    assert_stamp "$1" -
    succeeds kv-migrate up -d "$DSN"
    assert_equal "$output" ""
    legacy_rows >"$BATS_TEST_TMPDIR/rows"
    diff -u "$FIXTURES_DIR/versions/v$1.rows38.jsonl" "$BATS_TEST_TMPDIR/rows"
    assert_stamp 38 -
}

@test "without --kv-enabled up migrates the schema only: from version 21" {
    check_from_version 21
}

@test "without --kv-enabled up migrates the schema only: from version 30" {
    check_from_version 30
}

@test "without --kv-enabled up migrates the schema only: from version 38, where nothing is left to do" {
    local before
    check_from_version 38
    before=$(legacy_digest)
    succeeds kv-migrate up -d "$DSN"
    assert_equal "$(legacy_digest)" "$before"
    assert_sql "" "SELECT to_regclass('kv')"
}

@test "an empty database gets the schema of version 38" {
    fresh_database
    succeeds kv-migrate up --new-database -d "$DSN"
    assert_stamp 38 -
    schema_facts >"$BATS_TEST_TMPDIR/facts"
    python3 - "$FIXTURES_DIR/versions/schema38.jsonl" "$BATS_TEST_TMPDIR/facts" <<'PYTHON'
import json, sys
expected, found = ({json.dumps(json.loads(line), sort_keys=True) for line in open(name)} for name in sys.argv[1:])
assert expected == found, expected ^ found
PYTHON
}

@test "an empty database becomes an empty KV store" {
    fresh_database
    succeeds kv-migrate up --kv-enabled --new-database -d "$DSN"
    assert_stamp 39 1
    assert_sql 1 "SELECT count(*) FROM kv"
    assert_equal "$(legacy_tables)" ""
}

@test "from version 21 to the KV store in one run" {
    fresh_database
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    "$FIXTURES_DIR/tools/kvnorm.py" "$DSN" >"$BATS_TEST_TMPDIR/kv"
    # Each row of these tables has an entry, whatever its name.
    assert_equal "$(grep -c '"t": "user"' "$BATS_TEST_TMPDIR/kv")" \
        "$(grep -c '"table":"auth_users"' "$FIXTURES_DIR/versions/v21.rows38.jsonl")"
    assert_equal "$(grep -c '"t": "repo"' "$BATS_TEST_TMPDIR/kv")" \
        "$(grep -c '"table":"graveler_repositories"' "$FIXTURES_DIR/versions/v21.rows38.jsonl")"
}

@test "a dirty database is refused, with what to do" {
    local before
    legacy_database
    sql "UPDATE schema_migrations SET version = 30, dirty = true"
    before=$(legacy_digest)
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 30 dirty "hint: "
    assert_stamp "30 dirty" -
    assert_equal "$(legacy_digest)" "$before"
}

@test "a version above the KV migration version is refused" {
    local before
    legacy_database
    sql "UPDATE schema_migrations SET version = 40"
    before=$(legacy_digest)
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 40
    assert_stamp 40 -
    assert_equal "$(legacy_digest)" "$before"
}

@test "a version below the first migration is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET version = 20"
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 20 "hint: "
    assert_stamp 20 -
}

@test "a database at the KV migration version without a KV table is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET version = 39"
    fails 5 "${MIGRATE[@]}"
    assert_stamp 39 -
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a failing migration changes nothing, and those before it stay done" {
    fresh_database
    apply_migrations 21 36
    set_schema_version 36
    more_migrations
    printf 'CREATE TABLE half (a int);\nSELECT 1 / 0;\n' >"$MORE/000039_broken.up.sql"
    run --separate-stderr -3 kv-migrate up --kv-enabled --no-settings -d "$DSN" --migrations "$MORE"
    assert_contains "$stderr" "kv-migrate: error: " 000039_broken.up.sql "division by zero"
    assert_stamp 38 -
    assert_sql "|auth_expired_tokens" "SELECT to_regclass('half'), to_regclass('auth_expired_tokens')"

    # After a fix, it continues from there.
    echo 'CREATE TABLE whole (a int);' >"$MORE/000039_broken.up.sql"
    succeeds kv-migrate up -d "$DSN" --migrations "$MORE"
    assert_stamp 39 -
    assert_sql "whole" "SELECT to_regclass('whole')"
}

@test "the KV migration version is one more than the folder's last migration" {
    legacy_database
    more_migrations
    echo 'CREATE TABLE more (a int);' >"$MORE/000039_more.up.sql"
    echo 'DROP TABLE more;' >"$MORE/000039_more.down.sql"
    echo 'SELECT 1 / 0;' >"$MORE/README.sql"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_migrated 40
    assert_sql "more" "SELECT to_regclass('more')"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" "nothing to do"
}

@test "leading zeros in the numbers of migrations do not matter" {
    legacy_database
    more_migrations
    echo 'CREATE TABLE nine (a int);' >"$MORE/39_nine.up.sql"
    echo 'CREATE TABLE hundred (a int);' >"$MORE/0100_hundred.up.sql"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_migrated 101
    assert_sql "nine|hundred" "SELECT to_regclass('nine'), to_regclass('hundred')"
}

@test "a migration that controls transactions itself runs dirty, and stays dirty on failure" {
    legacy_database
    more_migrations
    printf 'BEGIN;\nCREATE TABLE seen AS SELECT version, dirty FROM schema_migrations;\nCOMMIT;\n' >"$MORE/000039_own.up.sql"
    printf 'begin transaction;\nCREATE TABLE half (a int);\ncommit;\nSELECT 1 / 0;\n' >"$MORE/000040_broken.up.sql"
    run --separate-stderr -3 "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" "kv-migrate: error: " 000040_broken.up.sql "division by zero"
    assert_sql "39|t" "SELECT * FROM seen"
    assert_sql "half" "SELECT to_regclass('half')"
    assert_stamp "40 dirty" -
    fails 5 "${MIGRATE[@]}" --migrations "$MORE"
}

@test "BEGIN in a function's body or a comment does not count" {
    legacy_database
    more_migrations
    cat >"$MORE/000039_function.up.sql" <<'SQL'
-- BEGIN; COMMIT;
CREATE FUNCTION two() RETURNS integer LANGUAGE plpgsql AS $body$
BEGIN
    RETURN 2;
END;
$body$;
DO $$
BEGIN
    PERFORM two();
END
$$;
CREATE TABLE seen AS SELECT version, dirty FROM schema_migrations;
SQL
    succeeds kv-migrate up -d "$DSN" --migrations "$MORE"
    assert_sql "38|f" "SELECT * FROM seen"
    assert_stamp 39 -
}

@test "two migrations with the same number are refused" {
    legacy_database
    more_migrations
    echo 'SELECT 1;' >"$MORE/38_again.up.sql"
    fails 1 "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" 38_again.up.sql
    assert_stamp 38 -
}

@test "a folder without migrations is refused, and so is a missing one" {
    legacy_database
    fails 1 "${MIGRATE[@]}" --migrations "$BATS_TEST_TMPDIR"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR"
    fails 1 "${MIGRATE[@]}" --migrations "$BATS_TEST_TMPDIR/nowhere"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/nowhere"
    assert_stamp 38 -
}
