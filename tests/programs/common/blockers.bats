#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whoever waits too long for a lock says who holds it: a session by process, user and application, a prepared
# transaction by its name.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 10
}

setup() {
    make_scratch
    fresh_database TEMPLATE "$SMALL"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings --lock-wait-timeout=300ms)
}

# assert_holder TABLE: the message names the holder's process, user and application, and the table.
assert_holder() {
    assert_contains "$stderr" "Locks are held by process $HOLDER_BACKEND of user \"$PGUSER\" (application \"psql\", since " " on $1." "hint: "
    assert_equal "$(grep -c 'Locks are held by' <<<"$stderr")" 1
}

@test "a schema migration" {
    sql "ALTER TABLE auth_users DROP COLUMN external_id" "UPDATE schema_migrations SET version = 37"
    hold "SELECT FROM auth_users"
    fails 5 "${MIGRATE[@]}"
    assert_holder auth_users
    assert_contains "$stderr" "schema migration 000038_user_external_id.up.sql waited too long"
}

@test "the cleanup, when another session reads a table, or a prepared transaction has read it" {
    hold "SELECT FROM auth_users"
    run --separate-stderr -6 "${MIGRATE[@]}"
    assert_holder auth_users
    run --separate-stderr -6 kv-migrate cleanup --lock-wait-timeout=300ms
    assert_holder auth_users
    release
    sql "BEGIN; SELECT FROM auth_groups; PREPARE TRANSACTION 'forgotten $PGDATABASE'"
    run --separate-stderr -6 kv-migrate cleanup --lock-wait-timeout=300ms
    sql "ROLLBACK PREPARED 'forgotten $PGDATABASE'"
    assert_contains "$stderr" "prepared transaction \"forgotten $PGDATABASE\" of user \"$PGUSER\"" " on auth_groups."
}

@test "kv-import, before the load and at the stamp" {
    kv-export --no-settings -q -f "$BATS_TEST_TMPDIR/a.dump"
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    hold "SELECT FROM kv"
    fails 5 kv-import -q -d "$PGDATABASE" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/a.dump"
    assert_holder kv
    release
    hold "LOCK TABLE schema_migrations IN SHARE MODE"
    fails 5 kv-import -q -d "$PGDATABASE" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/a.dump"
    assert_holder schema_migrations
    assert_stamp 38 0
}

@test "kv-import at the stamp, when a transaction has written to a legacy table and has not ended" {
    kv-export --no-settings -q -f "$BATS_TEST_TMPDIR/a.dump"
    hold "INSERT INTO auth_groups (created_at, display_name) VALUES (now(), 'late')"
    fails 5 kv-import -q -d "$PGDATABASE" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "does not end"
    assert_holder auth_groups
    assert_stamp 38 0
    release
    sql "BEGIN; INSERT INTO graveler_tags VALUES ('repository', 'lost', 'c'); PREPARE TRANSACTION 'late $PGDATABASE'"
    run --separate-stderr kv-import -q -d "$PGDATABASE" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/a.dump"
    sql "COMMIT PREPARED 'late $PGDATABASE'"
    assert_equal "$status" 5
    assert_contains "$stderr" "prepared transaction \"late $PGDATABASE\" of user \"$PGUSER\"" " on graveler_tags." \
        "ROLLBACK PREPARED"
    assert_stamp 38 0
    fails 5 kv-import -q -d "$PGDATABASE" "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "the dump is stale" "graveler_tags: 1 row inserted"
}

@test "kv-export" {
    hold "LOCK TABLE graveler_tags"
    fails 5 kv-export --no-settings -f "$BATS_TEST_TMPDIR/a.dump" --lock-wait-timeout=300ms
    assert_holder graveler_tags
}

@test "going back" {
    "${MIGRATE[@]}" -q --keep-tables
    hold "SELECT FROM kv"
    fails 5 kv-migrate revert --lock-wait-timeout=300ms
    assert_holder kv
}

@test "the place in a function of the database where a statement failed" {
    sql "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION \$\$no\$\$; END'" \
        "CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION forbid()"
    kv-export --no-settings -q -f "$BATS_TEST_TMPDIR/a.dump"
    fails 3 kv-import -d "$PGDATABASE" "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "a statement failed: no" "detail: Context: PL/pgSQL function public.forbid() line 1 at RAISE"
}
