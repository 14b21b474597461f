#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A whole migration under valgrind: no invalid reads or writes, no use of uninitialised memory, no leaks.

# shellcheck disable=SC2154 # run sets stderr

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    start_dynamodb
}

teardown_file() {
    stop_dynamodb
}

setup() {
    fresh_table
    fresh_database
    apply_migrations 21 38
    load_fixture "$FIXTURES_DIR/esti/legacy.data.sql"
    set_schema_version 38
    mkdir "$BATS_TEST_TMPDIR/reports"
    VALGRIND=(valgrind --quiet --leak-check=full --error-exitcode=99 --suppressions="$TESTS_DIR/valgrind.supp"
        --log-file="$BATS_TEST_TMPDIR/reports/%p")
}

# assert_clean COUNT: this many programs have ended, and valgrind reports nothing.
assert_clean() {
    local reports=("$BATS_TEST_TMPDIR/reports"/*)
    cat "${reports[@]}"
    assert_equal "${#reports[@]}" "$1"
    assert_equal "$(cat "${reports[@]}")" ""
}

@test "an export to a file and an import from it are clean" {
    local dump=$BATS_TEST_TMPDIR/kv.dump
    "${VALGRIND[@]}" "$KV_BIN/kv-export" -d "$DSN" -j 2 --blockstore-path "$BLOCKSTORE" -f "$dump"
    "${VALGRIND[@]}" "$KV_BIN/kv-import" --list "$dump"
    "${VALGRIND[@]}" "$KV_BIN/kv-import" -d "$DSN" -j 2 "$dump"
    assert_clean 3
    assert_kv_as_expected
}

@test "an export and an import through a pipe are clean" {
    "${VALGRIND[@]}" "$KV_BIN/kv-export" -d "$DSN" -j 2 --blockstore-path "$BLOCKSTORE" |
        "${VALGRIND[@]}" "$KV_BIN/kv-import" -d "$DSN" -j 2
    assert_clean 2
    assert_kv_as_expected
}

@test "a redacted export and a load into DynamoDB are clean" {
    printf 'the key that is for the tests only' >"$BATS_TEST_TMPDIR/key"
    "${VALGRIND[@]}" "$KV_BIN/kv-export" -d "$DSN" -j 2 --blockstore-path "$BLOCKSTORE" --redact \
        --redact-key-file="$BATS_TEST_TMPDIR/key" -f "$BATS_TEST_TMPDIR/kv.dump"
    "${VALGRIND[@]}" "$KV_BIN/kv-import" --target=dynamodb "${DYNAMODB[@]}" -j 2 "$FIXTURES_DIR/esti/esti.dump"
    assert_clean 2
    assert_equal "$(dynamodb version "$TABLE")" 1
}

@test "a failing export and a failing import are clean" {
    "$KV_BIN/kv-export" -d "$DSN" --no-settings -q -f "$BATS_TEST_TMPDIR/kv.dump"
    head -c -50 "$BATS_TEST_TMPDIR/kv.dump" >"$BATS_TEST_TMPDIR/cut.dump"
    # A truncated file is detected at once, a truncated pipe only during the load.
    run -4 "${VALGRIND[@]}" "$KV_BIN/kv-import" -d "$DSN" -j 2 "$BATS_TEST_TMPDIR/cut.dump"
    run -4 "${VALGRIND[@]}" "$KV_BIN/kv-import" -d "$DSN" -j 2 < <(cat "$BATS_TEST_TMPDIR/cut.dump")
    sql "INSERT INTO auth_policies VALUES (1000, now(), 'odd', '{}')"
    run -3 "${VALGRIND[@]}" "$KV_BIN/kv-export" -d "$DSN" -j 2 --no-settings -f "$BATS_TEST_TMPDIR/odd.dump"
    assert_clean 3
}
