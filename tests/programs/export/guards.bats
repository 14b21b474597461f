#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What kv-export refuses to read: databases that differ from what the last schema migration leaves, and obstacles.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template EMPTY
}

setup() {
    fresh_database TEMPLATE "$EMPTY"
}

# check_refused CODE [OPTION...]: the export ends with the code, and leaves no file.
check_refused() {
    local code=$1
    shift
    fails "$code" kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/dump" "$@"
    assert_missing "$BATS_TEST_TMPDIR/dump" "$BATS_TEST_TMPDIR/dump.partial"
}

@test "a database without schema_migrations is not a legacy database" {
    sql "DROP TABLE schema_migrations"
    check_refused 5
    assert_contains "$stderr" "$PGDATABASE" schema_migrations "hint: "
}

@test "a database below the last schema version is refused, with its version" {
    sql "UPDATE schema_migrations SET version = 37"
    check_refused 5
    assert_contains "$stderr" 37 38 "hint: Run kv-migrate up first"
    sql "UPDATE schema_migrations SET version = 39"
    check_refused 5
    assert_contains "$stderr" 39 38 "already been migrated to the KV store"
}

@test "a dirty database is refused, with what to do" {
    sql "UPDATE schema_migrations SET dirty = true"
    check_refused 5
    assert_contains "$stderr" 38 dirty "hint: " " public.schema_migrations"
}

@test "a schema version that is not a single number is refused" {
    sql "ALTER TABLE schema_migrations DROP CONSTRAINT schema_migrations_pkey" "INSERT INTO schema_migrations VALUES (38, false)"
    check_refused 5
    assert_contains "$stderr" schema_migrations
    sql "DELETE FROM schema_migrations"
    check_refused 5
}

@test "a missing legacy table is refused, by name" {
    sql "DROP TABLE gateway_multiparts"
    check_refused 5
    assert_contains "$stderr" gateway_multiparts "hint: "
}

@test "a missing column, or one of another type, is refused, by name" {
    sql "ALTER TABLE auth_users RENAME COLUMN display_name TO name"
    check_refused 5
    assert_contains "$stderr" display_name auth_users "hint: "
    sql "ALTER TABLE auth_users RENAME COLUMN name TO display_name" \
        "ALTER TABLE auth_users ALTER COLUMN display_name TYPE bytea USING display_name::bytea"
    check_refused 5
    assert_contains "$stderr" '"auth_users"' '"display_name"' "hint: "
}

@test "kv-export waits for tables that another session has locked, then refuses" {
    hold "LOCK TABLE graveler_commits IN ACCESS EXCLUSIVE MODE"
    check_refused 5 --lock-wait-timeout=200ms
    assert_contains "$stderr" locked "hint: "
    release
    succeeds kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/dump"
}

@test "a missing snapshot is refused" {
    local name
    for name in 00000003-0000001B-1 nonsense "it's"; do
        check_refused 1 --snapshot="$name"
        assert_contains "$stderr" snapshot
    done
}

@test "a missing schema is refused, and so is a search_path that names none" {
    check_refused 1 --schema=nowhere
    assert_contains "$stderr" '"nowhere"'
    PGOPTIONS="-c search_path=nowhere" check_refused 1
    assert_contains "$stderr" search_path "hint: " --schema
    # If named, it is found.
    PGOPTIONS="-c search_path=nowhere" succeeds kv-export -d "$DSN" --schema=public --no-settings -f "$BATS_TEST_TMPDIR/dump"
}
