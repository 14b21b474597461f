#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The entries of one package from a dump into a store in DynamoDB. What is done is what restore_package.bats expects of PostgreSQL;
# here is what depends on the store.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/repositories
load ../../lib/dynamodb_restore

setup_file() {
    export FULL="$BATS_FILE_TMPDIR/full.dump" LINES_BEFORE="$BATS_FILE_TMPDIR/lines" NOTHING="$BATS_FILE_TMPDIR/nothing.dump"
    make_empty_store EMPTY
    kv-export --source kv -d "$EMPTY" --quiet -f "$NOTHING"
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    entry auth installation_metadata/setup_timestamp 'b"then"' | add_entries
    # More than a thread takes at a time.
    sql "INSERT INTO kv SELECT 'actions', convert_to('repos/rich/runs/many-' || n, 'UTF8'), decode(repeat(md5(n::text), 10), 'hex')
        FROM generate_series(1, 1500) n"
    contents >"$LINES_BEFORE"
    kv-export --source kv -d "$DSN" --quiet -f "$FULL"
    drop_database
    start_dynamodb
}

setup() {
    fresh_table
    make_scratch
}

teardown() {
    stop_proxy
    clean_up
    assert_scratch_empty
}

# restore CODE OPTION...: restores from FULL, which ends with the code; the report is in JSON.
restore() {
    local code=$1
    shift
    run --separate-stderr kv-import --target=dynamodb "${DYNAMODB[@]}" --format=json "$@" "$FULL"
    assert_equal "$status" "$code"
}

# of PARTITION: those lines of `contents` that are of the partition, without what describes the installation.
of() {
    grep "^$(hex "$1")	" | grep -v "^$(hex auth)	$(hex installation_)"
}

@test "users, runs and uploads arrive, and the installation stays what it is" {
    fill "$NOTHING"
    dynamodb put "$TABLE" auth installation_id "another id"
    restore 0 --package=auth
    reports 'r == {"outcome": "restored", "package": "auth", "added": 11, "overwritten": 0, "kept": 0, "equal": 0, "left_out": 2}'
    table_contents | of auth | diff <(of auth <"$LINES_BEFORE") -
    assert_contains "$(table_contents)" "$(hex "another id")"
    # Again: all is there.
    restore 0 --package=auth
    reports 'r["added"] == r["overwritten"] == r["kept"] == 0 and r["equal"] == 11 and r["left_out"] == 2'
    restore 0 --package=actions
    reports 'r["added"] > 1500'
    table_contents | of actions | diff <(of actions <"$LINES_BEFORE") -
    restore 0 --package=multiparts --existing=overwrite --dynamodb-requests=1 --write-units=1000
    reports 'r["added"] == 2'
    table_contents | of multiparts | diff <(of multiparts <"$LINES_BEFORE") -
    restore 0 --package=other
    reports 'r["added"] == 0'
    restore 1 --package=graveler
}

@test "entries with another value are refused, kept or overwritten" {
    fill "$FULL"
    dynamodb put "$TABLE" auth users/eve changed
    dynamodb put "$TABLE" auth policies/Exact changed
    dynamodb put "$TABLE" auth users/new new
    dynamodb delete "$TABLE" auth policies/Below
    table_contents >"$BATS_TEST_TMPDIR/changed"
    start_dynamodb_proxy pass
    fails 5 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --package=auth "$FULL"
    assert_contains "$stderr" "2 entries of the dump are in the store with another value" \
        'For example, partition "auth", key "policies/Exact".' --existing=skip
    assert_equal "$(requests PutItem) $(requests BatchWriteItem)" "0 0"
    table_contents | diff "$BATS_TEST_TMPDIR/changed" -
    restore 0 --package=auth --existing=skip
    reports 'r["added"] == 1 and r["overwritten"] == 0 and r["kept"] == 2 and r["equal"] == 8'
    table_contents | diff - "$BATS_TEST_TMPDIR/changed" | grep -c '^[<>]' | grep -qx 1
    restore 0 --package=auth --existing=overwrite
    reports 'r["added"] == 0 and r["overwritten"] == 2 and r["kept"] == 0 and r["equal"] == 9'
    # What the dump does not have stays.
    dynamodb delete "$TABLE" auth users/new
    table_contents | diff <(grep -v "^$(hex kv-internal-metadata)" "$LINES_BEFORE") -
}

@test "interrupted anywhere, it has changed nothing that was there, and the next run goes on" {
    local passed behaviours=() options=(--package=auth)
    fill "$NOTHING"
    dynamodb put "$TABLE" auth users/other there
    for ((passed = 0; passed < 40; passed++)); do
        start_dynamodb_proxy "${behaviours[@]}" error:400:ValidationException
        run --separate-stderr kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 "${options[@]}" "$FULL"
        stop_proxy
        assert_contains "$(table_contents)" "$(hex users/other)	$(hex there)"
        if [ "$status" -eq 0 ]; then
            break
        fi
        behaviours+=(pass)
    done
    [ "$status" -eq 0 ]
    [ "$passed" -gt 4 ]
    assert_contains "$stderr" auth.encrypt.secret_key
    dynamodb delete "$TABLE" auth users/other
    table_contents | of auth | diff <(of auth <"$LINES_BEFORE") -
    # A response that is lost: the entry is ours all the same.
    dynamodb delete "$TABLE" auth users/eve
    start_dynamodb_proxy PutItem=lost pass
    succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "${options[@]}" "$FULL"
    assert_contains "$stderr" "1 added, 0 kept"
    table_contents | of auth | diff <(of auth <"$LINES_BEFORE") -
}

@test "what a running lakeFS adds meanwhile is not replaced unless told" {
    local action code count
    fill "$NOTHING"
    while read -r action code count; do
        dynamodb delete "$TABLE" auth users/eve
        start_dynamodb_proxy "PutItem=wait:$BATS_TEST_TMPDIR/$action" pass
        background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 --package=auth --existing="$action" "$FULL"
        eventually grep -q PutItem "$PROXY_LOG"
        dynamodb put "$TABLE" auth users/eve "of lakeFS"
        touch "$BATS_TEST_TMPDIR/$action"
        background_ends "$code"
        assert_contains "$(<"$BACKGROUND_OUTPUT")" "$count"
        assert_contains "$(table_contents)" "$(hex users/eve)	$(hex "of lakeFS")"
    done <<'CASES'
refuse 5 another program has written an entry that was to be restored: partition "auth", key "users/eve"
skip 0 1 kept with the store's value
CASES
    restore 0 --package=auth --existing=overwrite
    reports 'r["overwritten"] == 1'
}

@test "a damaged dump, another version, and what DynamoDB does not take change nothing" {
    local large=$BATS_TEST_TMPDIR/large.dump
    fill "$NOTHING"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" --package=auth "$FIXTURES_DIR/esti/esti.dump"
    assert_contains "$stderr" "of KV version 1, the store of 4"
    head -c -400 "$FULL" >"$BATS_TEST_TMPDIR/bad.dump"
    fails 4 kv-import --target=dynamodb "${DYNAMODB[@]}" --package=auth "$BATS_TEST_TMPDIR/bad.dump"
    fresh_database TEMPLATE "$EMPTY"
    sql "INSERT INTO kv VALUES ('auth', 'users/a', 'a'), ('auth', 'users/b', convert_to(repeat('x', 500000), 'UTF8'))"
    kv-export --source kv -d "$DSN" --quiet -f "$large"
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" --package=auth "$large"
    assert_contains "$stderr" users/b
    assert_equal "$(table_contents)" ""
}
