#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-import: the lock that it waits for and holds, and the effects of signals and lost connections.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/import

# The lock ------------------------------------------------------------------------------------------------------------

@test "kv-import waits for a lock that another session holds, then refuses and names it" {
    local before
    legacy_database
    before=$(everything)
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_equal "$(everything)" "$before"
    release
    succeeds kv-import -d "$DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_loaded
}

@test "without a timeout the wait for the lock is unlimited" {
    legacy_database
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    background kv-import -d "$DSN" --lock-wait-timeout=0 "$DUMP"
    eventually someone_waits
    release
    background_ends 0
    assert_loaded
}

@test "the lock is held during the load" {
    legacy_database
    hold "CREATE TABLE kv (a int)"
    background kv-import -d "$DSN" "$DUMP"
    eventually someone_waits
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    release
    background_ends 0
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
}

@test "--lock-held-by a session that holds the lock: the import runs under it" {
    legacy_database
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    succeeds kv-import -d "$DSN" --lock-held-by="$HOLDER_BACKEND" --lock-wait-timeout=300ms "$DUMP"
    assert_loaded
}

@test "--lock-held-by a session that does not hold the lock is refused" {
    local before
    legacy_database
    before=$(everything)
    # Another lock, a shared lock, another database's lock.
    hold "SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock_shared($(lock_key public "$PGDATABASE")),
        pg_advisory_xact_lock($(lock_key public lakefs))"
    fails 5 kv-import -d "$DSN" --lock-held-by="$HOLDER_BACKEND" "$DUMP"
    assert_contains "$stderr" "$HOLDER_BACKEND"
    fails 5 kv-import -d "$DSN" --lock-held-by=999999 "$DUMP"
    assert_equal "$(everything)" "$before"

    # The right lock, but held by another session.
    release
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --lock-held-by=$((HOLDER_BACKEND + 1)) "$DUMP"
    assert_equal "$(everything)" "$before"
}

# Signals -------------------------------------------------------------------------------------------------------------

@test "SIGTERM while waiting for the lock ends the import with 143, the query cancelled" {
    local before
    legacy_database
    before=$(everything)
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    background kv-import -d "$DSN" --lock-wait-timeout=1h "$DUMP"
    eventually someone_waits
    kill "$BACKGROUND"
    background_ends 143
    eventually nobody_waits
    assert_equal "$(everything)" "$before"
}

@test "a signal before anything has begun is reported, too" {
    local fifo=$BATS_TEST_TMPDIR/fifo number input
    mkfifo "$fifo"
    for number in 2:SIGINT 15:SIGTERM; do
        # Nothing is to be ended in an orderly way yet: the header of the dump has not come.
        background env --default-signal=INT kv-import --list "$fifo"
        exec {input}>"$fifo"
        kill "-${number%:*}" "$BACKGROUND"
        background_ends "$((128 + ${number%:*}))"
        exec {input}>&-
        assert_equal "$(<"$BACKGROUND_OUTPUT")" "kv-import: error: stopped by signal ${number%:*} (${number#*:})"
    done
    # A signal that is ignored stays ignored, as under nohup.
    background env --ignore-signal=HUP kv-import --list "$fifo"
    exec {input}>"$fifo"
    kill -HUP "$BACKGROUND"
    kill "$BACKGROUND"
    background_ends 143
    exec {input}>&-
}

@test "SIGINT while waiting for more of the dump ends the import with 130, nothing stamped" {
    legacy_database
    load_half env --default-signal=INT
    kill -INT "$BACKGROUND"
    background_ends 130
    exec {PIPE}>&-
    eventually nobody_else
    assert_stamp 38 0
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "SIGTERM ends the export with 143, its file removed, the query cancelled" {
    legacy_database
    hold "LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE"
    background kv-export -d "$DSN" --no-settings --lock-wait-timeout=1h -j 2 -f "$BATS_TEST_TMPDIR/export.dump"
    eventually someone_waits
    kill "$BACKGROUND"
    background_ends 143
    eventually nobody_waits
    assert_missing "$BATS_TEST_TMPDIR/export.dump" "$BATS_TEST_TMPDIR/export.dump.partial"
}

@test "SIGKILL during the load: the next run starts from scratch" {
    legacy_database
    load_half
    kill -KILL "$BACKGROUND"
    background_ends 137
    exec {PIPE}>&-
    eventually nobody_else
    assert_stamp 38 0
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "a session terminated by the server is a lost connection: 2, nothing stamped" {
    legacy_database
    load_half
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    load_rest || true
    background_ends 2
    assert_stamp 38 0
}

@test "if the session that holds the lock ends, nothing is stamped" {
    legacy_database
    load_half
    assert_sql 1 "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    load_rest
    background_ends 2
    assert_stamp 38 0
}
