#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The real golang-migrate, which lakeFS uses, together with kv-migrate. GOLANG_MIGRATE is its program, see
# scripts/install-deps.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../lib/setup

setup_file() {
    "$GOLANG_MIGRATE" -version
    make_esti_template
}

teardown() {
    if [ -n "${OTHER-}" ]; then
        kill "$OTHER" 2>/dev/null || true
    fi
    clean_up
}

# golang_migrate FOLDER ARGUMENT...
golang_migrate() {
    local folder=$1
    shift
    "$GOLANG_MIGRATE" -path "$folder" -lock-timeout 60 \
        -database "postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT&sslmode=disable" "$@"
}

legacy_database() {
    fresh_database TEMPLATE "$ESTI"
    MIGRATE=(kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN")
}

# locked_out NUMBER: whether this many sessions wait for the migration lock of this database.
locked_out() {
    [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND objid = $(lock_key public "$PGDATABASE")::oid")" = "$1" ]
}

@test "golang-migrate and kv-migrate produce the same schema, and each recognises the other's version" {
    local facts
    fresh_database
    golang_migrate "$MIGRATIONS_DIR" up
    assert_stamp 38 -
    facts=$(schema_facts)
    succeeds kv-migrate up -d "$DSN"
    assert_stamp 38 -
    assert_equal "$(schema_facts)" "$facts"
    drop_database

    fresh_database
    kv-migrate up --new-database --quiet -d "$DSN"
    assert_equal "$(schema_facts)" "$facts"
    run -0 golang_migrate "$MIGRATIONS_DIR" up
    assert_contains "$output" "no change"
    run -0 golang_migrate "$MIGRATIONS_DIR" version
    assert_contains "$output" 38
}

@test "kv-migrate waits for a migration by golang-migrate" {
    local more=$BATS_TEST_TMPDIR/migrations
    legacy_database
    cp -r "$MIGRATIONS_DIR" "$more"
    # Takes as long as this transaction.
    echo 'LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE; CREATE TABLE slow (a int);' >"$more/000039_slow.up.sql"
    hold "SELECT * FROM auth_users"
    background golang_migrate "$more" up
    eventually someone_waits
    # golang-migrate holds the lock that kv-migrate uses.
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --migrations "$more" --lock-wait-timeout=300ms
    also "${MIGRATE[@]}" --migrations "$more"
    eventually locked_out 1
    release
    background_ends 0
    also_ends 0
    refute_contains "$(cat "$OTHER_OUTPUT")" 000039_slow
    assert_contains "$(cat "$OTHER_OUTPUT")" "migrated to version 40"
    assert_sql slow "SELECT to_regclass('slow')"
    assert_stamp 40 1
    assert_equal "$(legacy_tables)" ""
    "$FIXTURES_DIR/tools/kvnorm.py" "$DSN" --schema-version >"$BATS_TEST_TMPDIR/kv.jsonl"
    diff -u "$FIXTURES_DIR/esti/expected.jsonl" "$BATS_TEST_TMPDIR/kv.jsonl"
}

@test "golang-migrate waits for kv-migrate, then finds an unknown version and changes nothing" {
    local before
    legacy_database
    # The import waits for the end of this transaction.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}"
    eventually someone_waits
    also golang_migrate "$MIGRATIONS_DIR" up
    eventually locked_out 1
    release
    background_ends 0
    also_ends 1
    assert_contains "$(cat "$OTHER_OUTPUT")" 39
    assert_kv_as_expected
    assert_stamp 39 1
    before=$(kv_state)
    run -0 golang_migrate "$MIGRATIONS_DIR" version
    assert_contains "$output" 39
    run ! golang_migrate "$MIGRATIONS_DIR" up
    assert_equal "$(kv_state)" "$before"
    assert_stamp 39 1
}

@test "golang-migrate waits for kv-migrate's schema migrations, then has nothing to do" {
    fresh_database
    apply_migrations 21 36
    set_schema_version 36
    hold "SELECT * FROM auth_users"
    background kv-migrate up -d "$DSN"
    eventually someone_waits
    also golang_migrate "$MIGRATIONS_DIR" up
    eventually locked_out 1
    release
    background_ends 0
    also_ends 0
    assert_contains "$(cat "$OTHER_OUTPUT")" "no change"
    assert_stamp 38 -
}

@test "a database that golang-migrate left dirty is refused" {
    local more=$BATS_TEST_TMPDIR/migrations
    legacy_database
    cp -r "$MIGRATIONS_DIR" "$more"
    echo 'SELECT 1 / 0;' >"$more/000039_broken.up.sql"
    run ! golang_migrate "$more" up
    assert_stamp "39 dirty" -
    fails 5 "${MIGRATE[@]}" --migrations "$more"
    # shellcheck disable=SC2154
    assert_contains "$stderr" 39 dirty
    assert_stamp "39 dirty" -
}
