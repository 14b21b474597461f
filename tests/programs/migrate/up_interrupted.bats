#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up: locks it waits for or holds, and signals.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

# Locks ---------------------------------------------------------------------------------------------------------------

@test "the tests compute golang-migrate's lock according to the design" {
    assert_equal "$(lock_key public lakefs)" 1236895002
}

@test "kv-migrate waits for a migration elsewhere, then refuses and names it" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_untouched "$before"
    release
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

@test "a lock of another database or with another key is no obstacle" {
    legacy_database
    hold "SELECT pg_advisory_lock($(lock_key public lakefs)), pg_advisory_lock(1)"
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

@test "during a migration golang-migrate's lock is held and writers of legacy tables wait" {
    legacy_database
    # The import waits for the end of this transaction.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    eventually someone_waits
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    run ! sql "SET lock_timeout = '200ms'" "INSERT INTO auth_users (created_at, display_name) VALUES (now(), 'late')"
    assert_contains "$output" "lock timeout"
    run ! sql "SET lock_timeout = '200ms'" "DELETE FROM graveler_staging_kv"
    assert_contains "$output" "lock timeout"
    # Readers are not blocked.
    assert_sql 100 "SELECT count(*) FROM graveler_staging_kv"
    release
    background_ends 0
    assert_migrated
}

@test "kv-migrate waits for a writer of a legacy table, then refuses" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'half done')"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "hint: "
    assert_untouched "$before"
    release
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

# Signals -------------------------------------------------------------------------------------------------------------

# stop_by SIGNAL CODE: sends the signal to the program in the background once it waits for a lock.
stop_by() {
    eventually someone_waits
    kill "-$1" "$BACKGROUND"
    background_ends "$2"
    # Its query was cancelled: nothing waits, although the lock is still held and the timeout has not passed.
    eventually nobody_waits
    assert_equal "$(programs_left)" ""
    # Several programs were stopped, but there is only one message.
    assert_equal "$(grep -c "error: " "$BACKGROUND_OUTPUT")" 1
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "kv-migrate: error: stopped by signal" "SIG$1"
}

@test "SIGTERM while waiting for the lock ends all its programs, with 143" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by TERM 143
    assert_untouched "$before"
    release
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
}

@test "SIGINT while waiting for a writer ends it with 130" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "LOCK TABLE graveler_commits IN ROW EXCLUSIVE MODE"
    # Background processes of a shell ignore SIGINT.
    background env --default-signal=INT "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by INT 130
    assert_untouched "$before"
}

@test "SIGTERM during the load leaves no process, lock or stamp; the next run starts from scratch" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by TERM 143
    release
    eventually nobody_else
    assert_untouched "$before"
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "SIGTERM during a schema migration leaves the previous version" {
    legacy_database
    more_migrations
    echo 'LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE; CREATE TABLE half (a int);' >"$MORE/000039_slow.up.sql"
    hold "LOCK TABLE auth_users IN ACCESS SHARE MODE"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h --migrations "$MORE"
    stop_by TERM 143
    release
    eventually nobody_else
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('half')"
}

@test "a signal just before the script begins to wait for its session is not lost" {
    legacy_database
    make -s -C "$TESTS_DIR/.." build/faults/late_signal.so
    hold "LOCK TABLE auth_users"
    # The second answer is to the request before the one that waits for the table.
    background env LD_PRELOAD="$TESTS_DIR/../build/faults/late_signal.so" LATE_SIGNAL=15 LATE_ANSWER=go LATE_NUMBER=2 \
        "${MIGRATE[@]}" --lock-wait-timeout=20s
    background_ends 143
    release
    sql "SELECT 1 / (1 - count(*))::int FROM pg_stat_activity WHERE application_name LIKE 'kv-%'"
}
