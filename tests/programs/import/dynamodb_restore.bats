#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One repository out of, and into, a store in DynamoDB. See restore_repository.bats.

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
    contents >"$LINES_BEFORE"
    kv-export --source kv -d "$DSN" --quiet -f "$FULL"
    drop_database
    start_dynamodb
}

# restore CODE OPTION...: restores from the dump, which ends with the code.
restore() {
    local code=$1
    shift
    if [ "$code" -eq 0 ]; then
        succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$@" "$FULL"
    else
        fails "$code" kv-import --target=dynamodb "${DYNAMODB[@]}" "$@" "$FULL"
    fi
}

original() {
    repository "$@" <"$LINES_BEFORE"
}

restored() {
    table_contents | repository "$@"
}

# others ID: as the command of lib/repository.py, without the version, which is in no dump.
others() {
    original others "$1" | grep -v "^$(hex kv-internal-metadata)"
}

@test "a repository arrives as it was, and a copy beside it" {
    fill "$NOTHING"
    restore 0 --repository=rich-repo
    table_contents | diff <(original entries rich-repo) -
    restore 5 --repository=rich-repo
    assert_contains "$stderr" 'the store has a repository "rich-repo"'
    restore 5 --repository=rich-repo --as=the-copy
    restore 0 --repository=rich-repo --as=the-copy --storage-namespace=s3://x/y
    restored entries rich-repo | diff <(original entries rich-repo) -
    restored alike the-copy | diff <(original alike rich-repo) -
    assert_equal "$(restored sound)" sound
    restore 0 --repository=rich-repo --existing=skip
    assert_contains "$stderr" "was left as it is, not compared"
}

@test "a deleted one comes back; a replaced one gets an instance and tokens of its own" {
    local key
    fill "$FULL"
    for key in branches/main branches/bare commits/c1 commits/c2; do
        dynamodb delete "$TABLE" rich-repo-dc5egrvarr40nbascj20 "$key"
    done
    dynamodb delete "$TABLE" graveler repos/rich-repo
    dynamodb put "$TABLE" actions repos/rich-repo/runs/dc5egrvarr40nbascjz0 x
    restore 0 --repository=rich-repo
    assert_contains "$stderr" "a deleted repository of this name"
    restored entries rich-repo | diff <(original entries rich-repo) -
    restored others rich-repo | diff <(others rich-repo) -
    dynamodb put "$TABLE" rich-repo-dc5egrvarr40nbascj20 commits/new x
    dynamodb put "$TABLE" actions repos/rich-repo/runs/dc5egrvarr40nbascjz0 x
    restore 0 --repository=rich-repo --existing=overwrite
    restored alike rich-repo | diff <(original alike rich-repo) -
    restored others rich-repo | diff <(others rich-repo) -
    refute_contains "$(restored entries rich-repo)" "$(hex rich-repo-dc5egrvarr40nbascj20)" "$(hex 000000000001)"
}

@test "a dump of a repository from DynamoDB has what belongs to it" {
    local dump=$BATS_TEST_TMPDIR/one.dump
    fill "$FULL"
    succeeds kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --repository=rich-repo -f "$dump"
    kv-import --print --raw "$dump" | wc -l | grep -qx "$(original entries rich-repo | wc -l)"
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --repository=rich-repo "$dump"
    sql "COPY (SELECT encode(partition_key, 'hex'), encode(key, 'hex'), encode(value, 'hex') FROM kv
        WHERE partition_key <> 'kv-internal-metadata') TO STDOUT" | LC_ALL=C sort | diff <(original entries rich-repo) -
    fails 1 kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --repository=none -f "$dump.2"
}

# bats test_tags=sample
@test "interrupted anywhere, a replacement leaves the old repository or the new one" {
    local passed behaviours=()
    fill "$FULL"
    # The table refuses everything after so many requests; in the end, none.
    for ((passed = 0; passed < 60; passed++)); do
        start_dynamodb_proxy "${behaviours[@]}" error:400:ValidationException
        run --separate-stderr kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 \
            --repository=rich-repo --existing=overwrite "$FULL"
        stop_proxy
        restored alike rich-repo | diff <(original alike rich-repo) -
        if [ "$status" -eq 0 ]; then
            break
        fi
        behaviours+=(pass)
    done
    [ "$status" -eq 0 ]
    [ "$passed" -gt 10 ]
}

@test "options for another store are refused" {
    fill "$NOTHING"
    restore 1 -d "$EMPTY" --repository=rich
}
