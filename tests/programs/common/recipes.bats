#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The recipes of README.md, exactly as written: each has the promised result.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/recipes

setup_file() {
    make_esti_template
}

setup() {
    make_machine
    # The name that the recipes use.
    psql -Xq -d postgres -c "CREATE DATABASE lakefs TEMPLATE $ESTI"
    export PGDATABASE=lakefs DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=lakefs"
    LEGACY_ROWS=$(legacy_rows)
}

teardown() {
    release
    drop_template lakefs
    [ -z "${DYNAMODB_SERVER-}" ] || stop_dynamodb
    if [ -n "${RESTORED-}" ]; then
        drop_template "$RESTORED"
    fi
}

# recipes: prints "## Recipes" of README.md, with the fixture's block store.
recipes() {
    sed -n '/^## Recipes$/,/^## How/p' "$TESTS_DIR/../README.md" | sed "s|/data/block|$BLOCKSTORE|"
}

# assert_legacy: the database is a valid legacy one: version 38, not dirty, all its rows.
assert_legacy() {
    assert_stamp 38 -
    assert_equal "$(legacy_rows)" "$LEGACY_ROWS"
    # Nothing of the KV store is left.
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^kv'
        AND relkind IN ('r', 'p', 'v')"
}

# assert_migrates_again: after the undo, the migration succeeds.
assert_migrates_again() {
    succeeds kv-migrate up --kv-enabled -d lakefs --blockstore-path "$BLOCKSTORE"
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "all recipes are tested" {
    [ -n "$(block 9)" ]
    assert_equal "$(block 10)" ""
}

@test "migrate at night" {
    do_block 1
    grep -q "The copy was migrated" "$HERE/rehearsal.html"
    assert_equal "$(<"$CALLS")" $'stop lakefs\nstart lakefs'
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    # The backup was made before the migration, the dump after.
    pg_restore -l "$HERE/lakefs.backup" | grep -q 'TABLE public graveler_commits'
    assert_same_entries "$HERE/kv.dump" "$FIXTURES_DIR/esti/esti.dump"
}

@test "keep a dump as a backup, and restore it" {
    local before
    RESTORED=lakefs_restored
    before=$(legacy_digest)
    run -0 do_block 2
    assert_contains "$output" "equal: 439 entries"
    # It was only read.
    assert_equal "$(legacy_digest)" "$before"
    assert_stamp 38 -
    export PGDATABASE=$RESTORED DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$RESTORED"
    assert_kv_as_expected
}

@test "hand a dump to support, and replay it" {
    if ! kv-export --help | grep -q -e --redact; then
        skip "this kv-export has no --redact"
    fi
    run -0 do_block 3 <<<'SELECT count(*) FROM kv \g (format=unaligned tuples_only)'
    assert_contains "$output" "redacted:              yes"
    assert_equal "${lines[-1]}" 440
    assert_legacy
    # A secret and a name from the fixture.
    run -0 kv-import --print "$HERE/support.dump"
    refute_contains "$output" testpremigrategraveler
    refute_contains "$output" "$(sql "SELECT access_key_id FROM auth_credentials LIMIT 1")"
}

@test "undo: before the stamp there is nothing to undo, and running it again succeeds" {
    # An event trigger prevents creating the very table; the dump of the export is left.
    sql "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN IF EXISTS (SELECT
            FROM pg_event_trigger_ddl_commands() WHERE object_identity = ''public.kv'') THEN RAISE EXCEPTION ''no''; END IF; END'" \
        "CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()"
    run --separate-stderr -3 bash -c "cd '$HERE' && kv-migrate up --kv-enabled -d lakefs --blockstore-path '$BLOCKSTORE' --dump kv.dump"
    [ -e "$HERE/kv.dump" ]
    sql "DROP EVENT TRIGGER refuse" "DROP FUNCTION refuse"
    assert_legacy
    do_block 4
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "undo: after an event the legacy tables are dropped later" {
    hold "LOCK TABLE auth_users IN ACCESS SHARE MODE"
    run --separate-stderr -6 kv-migrate up --kv-enabled -d lakefs --blockstore-path "$BLOCKSTORE" --lock-wait-timeout=500ms
    release
    assert_stamp 39 1
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    do_block 5
    assert_equal "$(legacy_tables)" ""
    assert_kv_as_expected
}

@test "undo: back to the legacy schema, if its tables still exist" {
    kv-migrate up -q --kv-enabled --keep-tables -d lakefs --blockstore-path "$BLOCKSTORE"
    assert_stamp 39 1
    do_block 6
    assert_equal "$(<"$CALLS")" $'stop lakefs\nstart lakefs'
    # What the store held is kept aside.
    sql "SET client_min_messages = warning" "DROP TABLE $(sql "SELECT relname FROM pg_class
        WHERE relname ~ '^kv_reverted_[0-9_]{15}\$'") CASCADE"
    assert_legacy
    assert_migrates_again
}

@test "undo: from the backup, if the legacy tables were dropped" {
    do_block 1
    assert_equal "$(legacy_tables)" ""
    do_block 7
    assert_equal "$(<"$CALLS")" $'stop lakefs\nstart lakefs\nstop lakefs\nstart lakefs'
    assert_legacy
    assert_migrates_again
}

# with_dynamodb: what a machine with AWS has in addition.
with_dynamodb() {
    load ../../lib/dynamodb
    start_dynamodb
    export AWS_ENDPOINT_URL_DYNAMODB=$DYNAMODB_ENDPOINT AWS_REGION=eu-west-1
}

@test "migrate to DynamoDB" {
    with_dynamodb
    run -0 do_block 8
    assert_contains "$output" "dynamodb accepts every entry" "stamped version 1" "equal: 439 entries" "migrated to version 39"
    assert_equal "$(legacy_tables)" ""
    assert_same_entries "$HERE/kv.dump" "$FIXTURES_DIR/esti/esti.dump"
}

@test "move a KV store to DynamoDB, and back" {
    local before
    kv-migrate up -q --kv-enabled -d lakefs --blockstore-path "$BLOCKSTORE"
    before=$(kv_digest)
    RESTORED=lakefs_moved
    with_dynamodb
    do_block 9
    assert_equal "$(kv_digest)" "$before"
    export PGDATABASE=$RESTORED DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$RESTORED"
    assert_equal "$(kv_digest)" "$before"
}
