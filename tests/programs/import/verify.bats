#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Comparing a KV table with a dump.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    make_esti_dump "$DUMP"
    # A database with that dump loaded.
    fresh_database
    kv-import -d "$DSN" --quiet "$DUMP"
    keep_database LOADED
}

# differs FILE: the comparison finds differences; like `fails`, but standard output may have text.
differs() {
    run --separate-stderr -3 kv-import --verify -d "$DSN" "$1"
    printf 'standard error: %s\n' "$stderr"
    assert_contains "$stderr" "kv-import: error: the KV store differs from the dump"
}

@test "loaded entries are equal, from a file and a pipe, with any number of jobs" {
    local jobs
    fresh_database TEMPLATE "$LOADED"
    for jobs in 1 2 5; do
        succeeds kv-import --verify -d "$DSN" -j "$jobs" "$DUMP"
        assert_equal "$output" "equal: 439 entries"
    done
    # shellcheck disable=SC2002 # a pipe is what is tested
    assert_equal "$(cat "$DUMP" | kv-import --verify -d "$DSN")" "equal: 439 entries"
    # Read only.
    nobody_else
}

@test "a KV store migrated by kv-migrate equals a dump of the same database" {
    fresh_database TEMPLATE "$ESTI"
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -Z 19 -f "$BATS_TEST_TMPDIR/before.dump"
    kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" --quiet -d "$DSN"
    succeeds kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/before.dump"
    assert_equal "$output" "equal: 439 entries"
}

@test "missing, extra and different entries are reported by key" {
    local before
    fresh_database TEMPLATE "$LOADED"
    sql "DELETE FROM kv WHERE key = 'groups/Developers'" "INSERT INTO kv VALUES ('auth', 'users/eve', '\\x1203657665')" \
        "UPDATE kv SET value = 'other' WHERE key = 'installation_id'" "INSERT INTO kv VALUES ('token', '\\xff', '')"
    before=$(kv_state)
    differs "$DUMP"
    assert_contains "$stderr" "1 entry is missing, 1 differs, 2 are extra"
    assert_equal "$output" '{"difference":"missing","partition":"auth","key":"groups/Developers","dump":{"created_at":"2026-11-22T15:12:30.028119Z","display_name":"Developers"}}
{"difference":"value","partition":"auth","key":"installation_id","dump":"0659442d-e935-4d2d-85b6-ca4e205a42e7","store":"other"}
{"difference":"extra","partition":"auth","key":"users/eve","store":{"username":"eve"}}
{"difference":"extra","partition":"token","key":"\\377","store":""}'
    assert_equal "$(kv_state)" "$before"
}

@test "with a pipe, which cannot be read again, only the fact that they differ is reported" {
    fresh_database TEMPLATE "$LOADED"
    sql "DELETE FROM kv WHERE key = 'groups/Developers'"
    run --separate-stderr -3 kv-import --verify -d "$DSN" - <"$DUMP"
    assert_contains "$stderr" "holds 439 entries, the store 438" "hint:" "as a file"
    assert_equal "$output" ""
    run --separate-stderr -3 kv-import --verify -d "$DSN" <(cat "$DUMP")
    assert_contains "$stderr" "holds 439 entries, the store 438" "hint:" "as a file"
}

@test "if nearly everything differs, the first differences and a summary are printed" {
    fresh_database TEMPLATE "$LOADED"
    sql "UPDATE kv SET value = value || '\\x00' WHERE partition_key <> 'kv-internal-metadata'"
    differs "$DUMP"
    assert_equal "${#lines[@]}" 20
    assert_contains "$stderr" "0 entries are missing, 439 differ, 0 are extra"
}

@test "another version is a difference, even if the entries are equal" {
    fresh_database TEMPLATE "$LOADED"
    sql "UPDATE kv SET value = '3' WHERE partition_key = 'kv-internal-metadata'"
    differs "$DUMP"
    assert_contains "$stderr" "0 entries are missing, 1 differs, 0 are extra"
    assert_equal "$output" \
        '{"difference":"value","partition":"kv-internal-metadata","key":"kv/schema/version","dump":"1","store":"3"}'
}

@test "a store that is missing, incomplete or not lakeFS's is refused" {
    fresh_database
    fails 5 kv-import --verify -d "$DSN" "$DUMP"
    assert_contains "$stderr" 'no table "kv"'
    drop_database
    fresh_database TEMPLATE "$LOADED"
    sql "UPDATE kv SET value = '0' WHERE partition_key = 'kv-internal-metadata'"
    fails 5 kv-import --verify -d "$DSN" "$DUMP"
    assert_contains "$stderr" "version 0"
    sql "DELETE FROM kv WHERE partition_key = 'kv-internal-metadata'"
    fails 5 kv-import --verify -d "$DSN" "$DUMP"
}

@test "a broken dump proves nothing" {
    fresh_database TEMPLATE "$LOADED"
    head -c 100000 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
    unset PGDATABASE
    fails 1 kv-import --verify "$DUMP"
    assert_contains "$stderr" "no database to compare with" "--dbname"
    export PGDATABASE=${DSN##*=}
}

@test "a redacted dump compares only with a store that was loaded from it" {
    local redacted=$BATS_TEST_TMPDIR/redacted.dump
    fresh_database TEMPLATE "$LOADED"
    kv-export --source=kv -d "$DSN" --redact -q -f "$redacted"
    fails 5 kv-import --verify -d "$DSN" "$redacted"
    assert_contains "$stderr" "the dump is redacted" "hint: "
    assert_equal "$output" ""
    drop_database
    fresh_database
    kv-import -q -d "$DSN" --allow-redacted "$redacted"
    succeeds kv-import --verify -d "$DSN" "$redacted"
}

@test "from a pipe, other entries are told of beside another version" {
    fresh_database TEMPLATE "$LOADED"
    sql "UPDATE kv SET value = '3' WHERE partition_key = 'kv-internal-metadata'" "DELETE FROM kv WHERE key = 'groups/Developers'"
    run --separate-stderr -3 kv-import --verify -d "$DSN" < <(cat "$DUMP")
    assert_contains "$stderr" "The dump is of version 1, the store at version 3." "The dump holds 439 entries, the store 438."
}

@test "writers are not blocked, and concurrent writes are not seen" {
    fresh_database TEMPLATE "$LOADED"
    hold "DELETE FROM kv WHERE key = 'groups/Developers'"
    succeeds kv-import --verify -d "$DSN" "$DUMP"
}
