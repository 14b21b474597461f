#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Concurrent programs: two migrations, a lakeFS that goes on writing, sessions that hold locks.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

# How many times writers meet a migration.
KV_WRITER_ROUNDS=${KV_WRITER_ROUNDS:-1}
KV_SEED=${KV_SEED:-$RANDOM}

setup_file() {
    make_esti_template
}

setup() {
    make_scratch
}

teardown() {
    stop_writers
    clean_up
    assert_scratch_empty
}

legacy_database() {
    fresh_database TEMPLATE "$ESTI"
    MIGRATE=(kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN")
}

# waiters NUMBER: whether this many sessions wait for the migration lock of this database.
waiters() {
    [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND objid = $(lock_key public "$PGDATABASE")::oid")" = "$1" ]
}

# Two migrations ------------------------------------------------------------------------------------------------------

@test "two concurrent migrations: one waits for the other, then finds nothing to do" {
    local before
    legacy_database
    # The import of the lock's holder waits for the end of this transaction.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}"
    eventually someone_waits
    also "${MIGRATE[@]}"
    eventually waiters 1
    release
    background_ends 0
    also_ends 0
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "migrated to version 39"
    assert_contains "$(cat "$OTHER_OUTPUT")" "nothing to do"
    refute_contains "$(cat "$OTHER_OUTPUT")" "migrated to" "dropped"
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
}

@test "a second migration with a short timeout is refused, naming the first one" {
    local holder
    legacy_database
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}"
    eventually someone_waits
    holder=$(sql "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND objid = $(lock_key public "$PGDATABASE")::oid")
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "process $holder of user \"$PGUSER\" (application \"kv-migrate\""
    release
    background_ends 0
    assert_kv_as_expected
}

@test "two concurrent migrations of an empty database: each sees what the other has created" {
    local options
    for options in "" --kv-enabled; do
        fresh_database
        hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
        # shellcheck disable=SC2086
        background kv-migrate up $options --new-database -d "$DSN"
        # shellcheck disable=SC2086
        also kv-migrate up $options --new-database -d "$DSN"
        # Both have already looked at the empty database.
        eventually waiters 2
        release
        background_ends 0
        also_ends 0
        if [ -z "$options" ]; then
            assert_stamp 38 -
        else
            assert_stamp 39 1
        fi
        drop_database
    done
}

@test "an import that waited for a migration notices that the database has changed" {
    local dump=$BATS_TEST_TMPDIR/esti.dump
    kv-export -d "$ESTI" --no-settings --quiet -f "$dump"
    # Empty when the import begins, so it would just load the dump; a legacy database at version 36 when it gets the
    # lock.
    fresh_database
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    background kv-import -d "$DSN" "$dump"
    eventually waiters 1
    set_schema_version 36
    release
    background_ends 5
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "schema version 36"
    assert_stamp 36 -
}

# Writers -------------------------------------------------------------------------------------------------------------

WRITERS=(w1 w2 w3)

# start_writers SEED: psql prints a line for each acknowledged statement, which goes to NAME.told.
start_writers() {
    local name
    WRITER_SEED=$1
    WRITER_PIDS=()
    rm -f "$BATS_TEST_TMPDIR/stop"
    sql "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')"
    for name in "${WRITERS[@]}"; do
        sql "INSERT INTO graveler_branches VALUES ('repo', 'of-$name', '$name', 'c')"
        { "$TESTS_DIR/lib/writer.py" script "$WRITER_SEED" "$name" "$BATS_TEST_TMPDIR/stop" |
            psql -Xq -v ON_ERROR_STOP=1 >"$BATS_TEST_TMPDIR/$name.told" 2>"$BATS_TEST_TMPDIR/$name.errors"; } 3>&- &
        WRITER_PIDS+=($!)
    done
    for name in "${WRITERS[@]}"; do
        eventually has_written "$name"
    done
}

has_written() {
    [ "$(sql "SELECT count(*) > 20 FROM graveler_staging_kv WHERE staging_token = '$1'")" = t ]
}

# writers_end: waits for them.
writers_end() {
    local pid
    for pid in "${WRITER_PIDS[@]}"; do
        wait "$pid" || true
    done
    WRITER_PIDS=()
}

stop_writers() {
    touch "$BATS_TEST_TMPDIR/stop"
    writers_end
}

# written_entries: the entries that the acknowledged statements of all writers leave.
written_entries() {
    local name
    for name in "${WRITERS[@]}"; do
        "$TESTS_DIR/lib/writer.py" expect "$WRITER_SEED" "$name" "$(wc -l <"$BATS_TEST_TMPDIR/$name.told")"
    done | LC_ALL=C sort
}

# migrated_entries: the entries of the writers in the KV table.
migrated_entries() {
    "$FIXTURES_DIR/tools/kvnorm.py" "$DSN" | grep -P '"p": "w\d"|"k": "branches/w\d-' | LC_ALL=C sort
}

# meet_writers SEED ERROR [OPTION...]: a migration while writers write, until each gets the error.
meet_writers() {
    local name seed=$1 error=$2
    shift 2
    echo "seed $seed"
    fresh_database TEMPLATE "$ESTI"
    start_writers "$seed"
    succeeds kv-migrate up --kv-enabled --no-settings "$@" -d "$DSN"
    writers_end
    assert_stamp 39 1
    for name in "${WRITERS[@]}"; do
        # The statement that was not acknowledged has failed, and names the table that it wanted.
        assert_contains "$(cat "$BATS_TEST_TMPDIR/$name.errors")" "graveler_"
        grep -q "$error" "$BATS_TEST_TMPDIR/$name.errors"
    done
    written_entries >"$BATS_TEST_TMPDIR/written"
    migrated_entries >"$BATS_TEST_TMPDIR/migrated"
    [ -s "$BATS_TEST_TMPDIR/written" ]
    diff "$BATS_TEST_TMPDIR/written" "$BATS_TEST_TMPDIR/migrated" | head -n 20
    cmp "$BATS_TEST_TMPDIR/written" "$BATS_TEST_TMPDIR/migrated"
}

@test "no acknowledged write of a running lakeFS is lost" {
    local round
    for ((round = 0; round < KV_WRITER_ROUNDS; round++)); do
        meet_writers $((KV_SEED + round)) "does not exist\|could not open relation"
        drop_database
    done
}

@test "no acknowledged write is lost where the legacy tables are kept" {
    meet_writers "$KV_SEED" "takes no writes" --keep-tables
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    # Nor is there one behind the migration.
    succeeds kv-migrate cleanup -d "$DSN"
}

# Sessions that hold locks --------------------------------------------------------------------------------------------

# check_held STATEMENT: a migration is refused while an open transaction has run the statement, and changes nothing; it
# succeeds afterwards.
check_held() {
    local before
    echo "== $1"
    before=$(legacy_digest)
    hold "$1"
    run --separate-stderr -5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "error: " "hint: " "lock timeout"
    release
    assert_equal "$(legacy_digest)" "$before"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
}

@test "a lock held by an open transaction makes it refuse, on any table" {
    legacy_database
    check_held "UPDATE graveler_branches SET commit_id = commit_id"
    check_held "LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE"
    check_held "ALTER TABLE actions_runs ADD COLUMN more text"
    check_held "TRUNCATE graveler_staging_kv"
    check_held "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE"
    assert_sql "" "SELECT to_regclass('kv')"
    # The stamp waits for this one.
    check_held "SELECT * FROM schema_migrations FOR UPDATE"
    assert_stamp 38 0
    # The remains of a failed run are in use.
    check_held "SELECT * FROM kv"
    assert_stamp 38 0
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_kv_as_expected
    assert_equal "$(legacy_tables)" ""
}

@test "a schema migration that waits too long for a lock is refused, and the version is the one before it" {
    fresh_database
    apply_migrations 21 36
    set_schema_version 36
    hold "SELECT * FROM auth_users"
    fails 5 kv-migrate up -d "$DSN" --lock-wait-timeout=300ms
    assert_contains "$stderr" 000038 lock --lock-wait-timeout
    # SQLSTATEs are for programs.
    refute_contains "$stderr" 55P03 LOCATION
    release
    assert_stamp 37 -
    succeeds kv-migrate up -d "$DSN" --lock-wait-timeout=300ms
    assert_stamp 38 -
}

@test "kv-export and kv-import also refuse after waiting too long for a lock" {
    local dump=$BATS_TEST_TMPDIR/esti.dump
    legacy_database
    hold "LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE"
    fails 5 kv-export -d "$DSN" --no-settings --lock-wait-timeout=300ms -f "$dump"
    assert_contains "$stderr" lock --lock-wait-timeout
    assert_missing "$dump" "$dump.partial"
    release
    kv-export -d "$DSN" --no-settings --quiet -f "$dump"
    hold "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE"
    fails 5 kv-export -d "$DSN" --no-settings --lock-wait-timeout=300ms -f "$dump.other"
    assert_contains "$stderr" lock --lock-wait-timeout
    fails 5 kv-import -d "$DSN" --lock-wait-timeout=300ms "$dump"
    assert_contains "$stderr" lock --lock-wait-timeout
    release
    assert_stamp 38 -
}
