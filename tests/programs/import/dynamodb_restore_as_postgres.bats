#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A restore of one repository gives in DynamoDB what it gives in PostgreSQL, entry by entry. What a copy changes, such as a new
# instance id, is put aside by lib/repository.py, which shares no code with the programs.

# bats file_tags=long

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/repositories
load ../../lib/dynamodb_restore

setup_file() {
    export FULL="$BATS_FILE_TMPDIR/full.dump" STARTED="$BATS_FILE_TMPDIR/started.dump"
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    keep_database STORE
    kv-export --source kv -d "$STORE" --quiet -f "$FULL"
    # A store in which rich-repo has changed since.
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = value || 'changed' WHERE partition_key = 'rich-repo-dc5egrvarr40nbascj20' AND key = 'commits/c1'"
    put_entry rich-repo-dc5egrvarr40nbascj20 branches/new 'message((1, "new"), (3, "a new token"))'
    put_entry "a new token" new 'staged("new", "x", 1)'
    put_entry actions repos/rich-repo/runs/dc5egrvarr40nbascjz0 'message((1, "dc5egrvarr40nbascjz0"))'
    put_entry multiparts upload-1 'b"of this installation"'
    kv-export --source kv -d "$DSN" --quiet -f "$STARTED"
    keep_database CHANGED
    start_dynamodb
}

# two_stores DUMP: makes a store in PostgreSQL and one in DynamoDB, both with the dump's entries.
two_stores() {
    fresh_database
    kv-import -d "$DSN" --quiet "$1"
    fill "$1"
}

# in_both CODE OPTION... DUMP: restores into both; they end with the code and report the same, but for names of partitions and,
# of what is replaced, how many tokens are new and entries removed.
in_both() {
    local code=$1 report
    shift
    run --separate-stderr kv-import -d "$DSN" --format=json "$@"
    assert_equal "$status" "$code"
    report=$output
    run --separate-stderr kv-import --target=dynamodb "${DYNAMODB[@]}" --format=json "$@"
    assert_equal "$status" "$code"
    python3 - "$report" "$output" <<'PYTHON'
import json, sys
a, b = (json.loads(text or "{}") for text in sys.argv[1:])
if a.get("replaced"):
    assert b.pop("renewed_tokens") >= a.pop("renewed_tokens")
    # Runs of the same id are replaced where they are.
    assert 0 < b.pop("removed_entries") <= a.pop("removed_entries")
for report in a, b:
    report.pop("partition", None)
print(a, b)
assert a == b
PYTHON
}

# table_contents: prints the entries of the table, as `contents` does for PostgreSQL.
table_contents() {
    kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --quiet | kv-import --print --raw | python3 -c '
import base64, json, sys
for line in sys.stdin:
    e = json.loads(line)
    print(*(base64.b64decode(e[name]).hex() for name in ("partition_key", "key", "value")), sep="\t")' | LC_ALL=C sort
}

# store_contents: the same of PostgreSQL, without the version, which is in no dump.
store_contents() {
    contents | grep -v "^$(hex kv-internal-metadata)"
}

# assert_same: both stores have the same entries.
assert_same() {
    local a=$BATS_TEST_TMPDIR/a.dump b=$BATS_TEST_TMPDIR/b.dump
    store_contents | diff - <(table_contents)
    kv-export --source=kv -d "$DSN" --quiet --force -f "$a"
    kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --quiet --force -f "$b"
    assert_equal "$(kv-import --list --format=json "$a" | jq -c '.manifest.set_digest')" \
        "$(kv-import --list --format=json "$b" | jq -c '.manifest.set_digest')"
    succeeds kv-import --diff="$a" "$b"
    succeeds kv-import --diff="$a" --target=dynamodb "${DYNAMODB[@]}"
}

# assert_alike ID: both have the same entries but for ids of the repository.
assert_alike() {
    store_contents | repository alike "$1" | diff - <(table_contents | repository alike "$1")
    store_contents | repository others "$1" | diff - <(table_contents | repository others "$1")
    assert_equal "$(table_contents | repository sound)" sound
}

@test "every repository of a KV store, uploads and another storage namespace" {
    local id
    two_stores "$STARTED"
    for id in rich-repo rich-repo2; do
        in_both 5 --repository="$id" "$FULL"
        in_both 0 --repository="$id" --existing=skip "$FULL"
    done
    assert_same
    fresh_database TEMPLATE "$EMPTY"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/nothing.dump"
    kv-import --target=dynamodb "${DYNAMODB[@]}" --clean --quiet "$BATS_TEST_TMPDIR/nothing.dump"
    in_both 0 --repository=rich-repo "$FULL"
    in_both 0 --repository=rich-repo2 --storage-namespace=s3://elsewhere/2 "$FULL"
    in_both 0 --repository=rich --multiparts "$FULL"
    assert_same
    in_both 0 --repository=rich-repo --as=the-copy --storage-namespace=s3://elsewhere/copy "$FULL"
    assert_alike the-copy
    in_both 5 --repository=rich-repo --as=the-copy --storage-namespace=s3://elsewhere/copy "$FULL"
    in_both 0 --repository=rich-repo --as=the-copy --storage-namespace=s3://elsewhere/3 --existing=overwrite "$FULL"
    assert_alike the-copy
}

@test "what is replaced" {
    two_stores "$STARTED"
    in_both 0 --repository=rich-repo --existing=overwrite --multiparts "$FULL"
    assert_alike rich-repo
    in_both 0 --repository=rich-repo --existing=overwrite --storage-namespace=s3://elsewhere/rich "$FULL"
    assert_alike rich-repo
}

@test "what lakeFS has deleted, with tokens that it cleans up" {
    fresh_database TEMPLATE "$CHANGED"
    delete_as_lakefs rich-repo
    put_entry cleanup-tokens "sealed token" 'b"stub-value"'
    put_entry cleanup-tokens "rich-repo-main:00000000-0000-4000-8000-000000000001" 'b"stub-value"'
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/deleted.dump"
    drop_database
    two_stores "$BATS_TEST_TMPDIR/deleted.dump"
    in_both 0 --repository=rich-repo "$FULL"
    assert_alike rich-repo
}

@test "dumps of KV version 1 and of legacy tables into a store of version 4" {
    local id old=$BATS_TEST_TMPDIR/old.dump
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = '1' WHERE partition_key = 'kv-internal-metadata'"
    kv-export --source kv -d "$DSN" --quiet -f "$old"
    drop_database
    fresh_database TEMPLATE "$EMPTY"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/nothing.dump"
    kv-import --target=dynamodb "${DYNAMODB[@]}" --quiet "$BATS_TEST_TMPDIR/nothing.dump"
    in_both 0 --repository=rich-repo "$old"
    while read -r id; do
        in_both 0 --repository="$id" "$FIXTURES_DIR/esti/esti.dump"
    done < <(kv-import --print --partition=graveler "$FIXTURES_DIR/esti/esti.dump" | jq -r .value.id)
    assert_same
    assert_equal "$(dynamodb version "$TABLE")" 4
    # A store that is older than the dump.
    sql "UPDATE kv SET value = '3' WHERE partition_key = 'kv-internal-metadata'"
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 3
    in_both 5 --repository=rich-repo2 "$FULL"
    assert_same
}

# bats test_tags=sample
@test "a run that is killed leaves the repository as it was, or restored, and the next one restores it" {
    local passed numbers ids id options
    while IFS=: read -r numbers ids options; do
        read -r -a options <<<"$options"
        two_stores "$STARTED"
        # shellcheck disable=SC2086 # words
        for passed in $numbers; do
            # The request after so many waits for a response that does not come.
            # shellcheck disable=SC2046 # words
            start_dynamodb_proxy $(yes pass | head -n "$passed") "wait:$BATS_TEST_TMPDIR/never"
            background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 --repository=rich-repo \
                "${options[@]}" "$FULL"
            eventually has_requests "$((passed + 1))"
            kill -KILL "$BACKGROUND"
            background_ends 137
            stop_proxy
            assert_equal "$(table_contents | repository sound)" sound
        done
        succeeds kv-import -d "$DSN" --repository=rich-repo "${options[@]}" "$FULL"
        succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --repository=rich-repo "${options[@]}" "$FULL"
        # What nothing refers to is left.
        for id in $ids; do
            table_contents | repository alike "$id" | diff - <(store_contents | repository alike "$id")
        done
        assert_equal "$(table_contents | repository sound)" sound
        drop_database
        TABLE=$TABLE-2
        DYNAMODB=(--dynamodb-table="$TABLE" --dynamodb-endpoint="$DYNAMODB_ENDPOINT")
    done <<'CASES'
9 14 17 20 24:rich-repo:--existing=overwrite
5 7 8:rich-repo the-copy:--as=the-copy --storage-namespace=s3://elsewhere/copy
CASES
}

# has_requests COUNT: whether the proxy got so many.
has_requests() {
    [ "$(wc -l <"$PROXY_LOG")" -ge "$1" ]
}
