#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Replacing a store in DynamoDB: the dump is checked first, then only what differs is written, and at no instant is a store that
# lakeFS would start with neither the one nor the other.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2153 # lib/dynamodb_load sets DUMP
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# Values of both dumps below: ten entries, one of them large.
ROWS="SELECT 'p', convert_to('k' || n, 'UTF8'), convert_to(repeat('v', CASE n WHEN 5 THEN 3000 ELSE 10 END), 'UTF8') FROM
    generate_series(1, 10) AS n"

# make_dumps: makes OLD and NEW. NEW lacks k1 and k5 (3 units), has another k2 and k3, and k11 and k12 besides, of which k12 has
# 2100 bytes (3 units).
make_dumps() {
    dump_of_version 1 "('q', 'same', '')" "$ROWS"
    OLD=$BATS_TEST_TMPDIR/old.dump
    mv "$DUMP" "$OLD"
    dump_of_version 1 "('q', 'same', ''), ('p', 'k2', 'other'), ('p', 'k3', convert_to(repeat('o', 1500), 'UTF8')), ('p', 'k11', ''),
        ('p', 'k12', convert_to(repeat('x', 2100), 'UTF8'))" "$ROWS WHERE n = ANY ('{4,6,7,8,9,10}')"
    NEW=$BATS_TEST_TMPDIR/new.dump
    mv "$DUMP" "$NEW"
}

# load_dump DUMP OPTION...: loads it.
load_dump() {
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$@"
}

# assert_holds DUMP: the table has its entries, by the reading of another program, and version 1.
assert_holds() {
    dynamodb rows "$TABLE" | LC_ALL=C sort >"$BATS_TEST_TMPDIR/rows"
    kv-import --print --raw "$1" | python3 -c '
import base64, json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print("\t".join("\\\\x" + base64.b64decode(entry[name]).hex() for name in ("partition_key", "key", "value")))' |
        LC_ALL=C sort | diff - "$BATS_TEST_TMPDIR/rows"
    assert_equal "$(dynamodb version "$TABLE")" 1
}

# written: prints how many requests that write the proxy got.
written() {
    echo "$(($(requests BatchWriteItem) + $(requests UpdateItem) + $(requests CreateTable) + $(requests DeleteTable)))"
}

@test "only what differs is written, and the cost is told before" {
    make_dumps
    load_dump "$OLD"
    # Nobody else's attributes, and no value that is not binary: such items are written anew.
    dynamodb call PutItem "{\"TableName\": \"$TABLE\", \"Item\": {\"PartitionKey\": {\"B\": \"cQ==\"},
        \"ItemKey\": {\"B\": \"c2FtZQ==\"}, \"ItemValue\": {\"NULL\": true}}}" >"$BATS_TEST_TMPDIR/put"
    dynamodb call PutItem "{\"TableName\": \"$TABLE\", \"Item\": {\"PartitionKey\": {\"B\": \"cA==\"},
        \"ItemKey\": {\"B\": \"azQ=\"}, \"ItemValue\": {\"B\": \"dnZ2dnZ2dnZ2dg==\"}, \"Extra\": {\"N\": \"1\"}}}" \
        >"$BATS_TEST_TMPDIR/put"
    start_dynamodb_proxy UpdateItem=wait:"$BATS_TEST_TMPDIR/go" pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$NEW"
    eventually requests_came UpdateItem 1
    # New: k11 (1 unit), k12 (3); changed: k2 (1), k3 (2), same (1), k4 (1); deleted: k1 (1), k5 (3).
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "to write: 2 new, 4 changed; to delete: 2; unchanged: 5" \
        "cost: 13 write capacity units"
    assert_equal "$(written)" 1
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 0
    assert_holds "$NEW"
    # Two stamps, a batch for each worker that had something to write, and one to delete.
    [ "$(requests BatchWriteItem)" -le 3 ]
}

@test "nothing is written to a store that holds the entries, and nothing is said to be loaded" {
    make_dumps
    load_dump "$OLD"
    start_dynamodb_proxy pass
    succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$OLD"
    assert_contains "$stderr" "already holds the dump's entries: nothing to do"
    refute_contains "$stderr" "loaded" "to write" "cost"
    assert_equal "$(requests BatchWriteItem) $(requests PutItem) $(requests UpdateItem) $(requests DeleteItem)" "0 0 0 0"
    assert_holds "$OLD"
}

@test "progress tells which of how many phases it is" {
    make_dumps
    load_dump --log-format=json "$OLD"
    assert_equal "$(phases)" "kv-import check 1/3, kv-import load 2/3, kv-import verify 3/3"
    load_dump --log-format=json --clean "$NEW"
    assert_equal "$(phases)" \
        "kv-import check 1/5, kv-import compare 2/5, kv-import load 3/5, kv-import delete 4/5, kv-import verify 5/5"
    load_dump --log-format=json "$NEW"
    assert_equal "$(phases)" "kv-import dump 1/2, kv-import store 2/2"
    # What an interrupted load has left in a table that it has not made.
    TABLE+=-kept
    DYNAMODB[0]=--dynamodb-table=$TABLE
    create_table
    load_dump "$OLD"
    dynamodb call UpdateItem "{\"TableName\": \"$TABLE\", \"UpdateExpression\": \"SET ItemValue = :v\",
        \"Key\": {\"PartitionKey\": {\"B\": \"$(printf kv-internal-metadata | base64)\"},
            \"ItemKey\": {\"B\": \"$(printf kv/schema/version | base64)\"}},
        \"ExpressionAttributeValues\": {\":v\": {\"B\": \"MA==\"}}}" >"$BATS_TEST_TMPDIR/updated"
    # shellcheck disable=SC2016 # the inner shell expands them
    run --separate-stderr -0 bash -c 'cat "$0" | kv-import --log-format=json "$@" -' "$NEW" --target=dynamodb "${DYNAMODB[@]}"
    assert_equal "$(phases)" "kv-import clear 1/3, kv-import load 2/3, kv-import verify 3/3"
}

@test "more than a few entries, on both sides" {
    local rows="SELECT convert_to('p' || n / 1000, 'UTF8'), int4send(n), convert_to(repeat('v', n %% 50) || %s, 'UTF8') FROM
        generate_series(%s, %s) AS n"
    # shellcheck disable=SC2059 # a format
    dump_of_version 1 "('p', 'k', 'v')" "$(printf "$rows" "''" 1 4000)"
    load_dump "$DUMP"
    mv "$DUMP" "$BATS_TEST_TMPDIR/first.dump"
    # shellcheck disable=SC2059
    dump_of_version 1 "('p', 'k', 'v')" "$(printf "$rows" "CASE WHEN n % 10 = 0 THEN 'x' ELSE '' END" 2001 6000)"
    load_dump --clean -j 4 "$DUMP"
    assert_contains "$stderr" "to write: 2000 new, 200 changed; to delete: 2000; unchanged: 1801"
    assert_holds "$DUMP"
}

@test "a dump that is not good, as a file or through a pipe, leaves the table untouched" {
    local way middle
    make_dumps
    load_dump "$OLD"
    make_scratch
    middle=$(($(stat -c %s "$NEW") / 2))
    head -c "$middle" "$NEW" >"$BATS_TEST_TMPDIR/truncated"
    cp "$NEW" "$BATS_TEST_TMPDIR/flipped"
    # A byte of the only chunk: its frame follows the second JSON frame of a chunk.
    python3 - "$BATS_TEST_TMPDIR/flipped" <<'E'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at = data.rindex(b"\x28\xb5\x2f\xfd", 0, data.rindex(b"\x28\xb5\x2f\xfd")) + 40
data[at] ^= 1
open(path, "wb").write(data)
E
    start_dynamodb_proxy pass
    for way in truncated flipped; do
        fails 4 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$BATS_TEST_TMPDIR/$way"
        fails 4 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean < <(cat "$BATS_TEST_TMPDIR/$way")
        assert_contains "$stderr" "dump on standard input, offset"
    done
    assert_equal "$(written)" 0
    assert_holds "$OLD"
}

@test "an entry that DynamoDB does not accept leaves the table untouched, also through a pipe" {
    make_dumps
    load_dump "$OLD"
    dump_of_version 1 "('some-partition', 'the-key', decode(repeat('00', 409600), 'hex'))"
    start_dynamodb_proxy pass
    fails 3 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean < <(cat "$DUMP")
    assert_contains "$stderr" some-partition the-key "too large"
    assert_equal "$(written)" 0
    assert_holds "$OLD"
}

@test "a dump through a pipe is copied to TMPDIR, where nothing stays" {
    make_dumps
    load_dump "$OLD"
    make_scratch
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean < <(cat "$NEW")
    assert_holds "$NEW"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean <(cat "$OLD")
    assert_holds "$OLD"

    TMPDIR=$BATS_TEST_TMPDIR/missing fails 1 kv-import --target=dynamodb "${DYNAMODB[@]}" --clean - < <(cat "$NEW")
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing" "detail: The dump must be read twice" "hint: Point TMPDIR"
    assert_holds "$OLD"
}

@test "a replacement that failed goes on where it stopped" {
    make_dumps
    load_dump "$OLD"
    start_dynamodb_proxy BatchWriteItem=pass BatchWriteItem=error:400:ValidationException pass
    fails 3 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean -j 1 --dynamodb-requests=1 "$NEW"
    assert_contains "$stderr" ValidationException "is at version 0, with which no lakeFS starts" "Run the same command again"
    assert_equal "$(dynamodb version "$TABLE")" 0
    load_dump --clean "$NEW"
    # Only the deletions were missing.
    assert_contains "$stderr" "to write: 0 new, 0 changed; to delete: 2; unchanged: 11"
    assert_holds "$NEW"
}

@test "an entry that appears, or changes, while the store is replaced is noticed" {
    local change
    make_dumps
    for change in "k1 other" "k99 new" "k6 changed"; do
        load_dump --clean "$OLD"
        rm -f "$BATS_TEST_TMPDIR/go"
        start_dynamodb_proxy UpdateItem=wait:"$BATS_TEST_TMPDIR/go" pass
        background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$NEW"
        eventually requests_came UpdateItem 1
        # shellcheck disable=SC2086 # two words
        dynamodb put "$TABLE" p $change
        touch "$BATS_TEST_TMPDIR/go"
        if [ "$change" = "k1 other" ]; then
            # It is deleted whatever its value.
            background_ends 0
            assert_holds "$NEW"
        else
            background_ends 3
            assert_contains "$(cat "$BACKGROUND_OUTPUT")" "hint: Nothing was stamped"
            assert_equal "$(dynamodb version "$TABLE")" 0
        fi
    done
    load_dump --clean "$NEW"
    assert_holds "$NEW"
}

@test "the table is never deleted, whoever has made it" {
    local id
    make_dumps
    load_dump "$OLD"
    id=$(table_member "['TableId']")
    start_dynamodb_proxy pass
    succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$NEW"
    assert_equal "$(requests DeleteTable) $(table_member "['TableId']")" "0 $id"
    assert_holds "$NEW"
}

# bats test_tags=sample
@test "a replacement killed at any request leaves the old store, or one that lakeFS refuses; the next one completes it" {
    make_dumps
    run -0 "$TESTS_DIR/faults/dynamodb_kills.py" --bin "${KV_BIN:-$TESTS_DIR/../bin}" --endpoint "$DYNAMODB_ENDPOINT" \
        --table "$TABLE" --count "${KV_DYNAMODB_KILLS:-8}" "$OLD" "$NEW"
    echo "$output"
}
