#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# DynamoDB as a KV store: everything is loaded and read back, and nothing else is touched or stamped.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2153 # lib/dynamodb_load sets DUMP
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# Loading -------------------------------------------------------------------------------------------------------------

@test "the fixture arrives as lakeFS's own migration would leave it" {
    load_esti -j 3
    assert_contains "$stderr" "loaded 439 entries and stamped version 1"
    assert_dynamodb_as_expected
    assert_equal "$(table_member "['BillingModeSummary']['BillingMode']")" PAY_PER_REQUEST
}

@test "the version's item records the origin, beside what lakeFS reads" {
    load_esti
    dynamodb note "$TABLE" Provenance >"$BATS_TEST_TMPDIR/note"
    python3 - "$BATS_TEST_TMPDIR/note" <<'E'
import json, sys
note = json.load(open(sys.argv[1]))
assert note["source"]["database"] == "lakefs", note
assert sum(note["entries"].values()) == 439, note
assert note["imported_by"].startswith("kv-import "), note
E
}

@test "keys and values with any bytes arrive" {
    dump_of_version 1 "('\\x00ff', '\\x22', '\\x'), ('p', '\\x5c22', '\\x00')"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    # The backslashes are COPY's.
    assert_equal "$(dynamodb rows "$TABLE" | LC_ALL=C sort)" $'\\\\x00ff\t\\\\x22\t\\\\x\n\\\\x70\t\\\\x5c22\t\\\\x00'
}

@test "a dump without entries gives a store without entries" {
    dump_of_version 1
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    assert_equal "$(dynamodb rows "$TABLE")" ""
    assert_equal "$(dynamodb version "$TABLE")" 1
}

@test "the dump's version is stamped" {
    dump_of_version 3 "('p', 'k', 'v')"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    assert_equal "$(dynamodb version "$TABLE")" 3
}

@test "a dump may come from a pipe" {
    # shellcheck disable=SC2016 # for the other shell
    succeeds bash -c 'cat "$0" | kv-import --target=dynamodb "$@" -' "$ESTI_DUMP" "${DYNAMODB[@]}"
    assert_dynamodb_as_expected
}

# assert_capacity READ WRITE
assert_capacity() {
    assert_equal "$(table_member "['ProvisionedThroughput']['ReadCapacityUnits']") $(table_member \
        "['ProvisionedThroughput']['WriteCapacityUnits']")" "$*"
}

# fail_after_first_batch OPTION...: a load that is killed, after which the table is at version 0.
fail_after_first_batch() {
    start_dynamodb_proxy BatchWriteItem=pass BatchWriteItem=silent
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 "$ESTI_DUMP" "$@"
    eventually requests_came BatchWriteItem 2
    kill -KILL "$BACKGROUND"
    background_ends 137
    assert_equal "$(dynamodb version "$TABLE")" 0
}

@test "a table gets the requested capacity, and keeps it when it is recreated or replaced" {
    fail_after_first_batch --dynamodb-read-capacity=7 --dynamodb-write-capacity=9
    assert_capacity 7 9
    load_esti
    assert_capacity 7 9
    # Nothing is written to a table that holds the dump's entries.
    dynamodb put "$TABLE" p k other
    load_esti --clean --dynamodb-read-capacity=3 --dynamodb-write-capacity=4
    assert_contains "$stderr" "warning:" "keeps its capacity"
    assert_capacity 7 9
}

@test "a table that a failed load has made gets the capacity that the next one requests" {
    fail_after_first_batch --dynamodb-read-capacity=7 --dynamodb-write-capacity=9
    load_esti --dynamodb-read-capacity=3 --dynamodb-write-capacity=4
    assert_capacity 3 4
}

@test "a table that somebody else created is kept, even if its contents are replaced" {
    local id
    create_table
    id=$(table_member "['TableId']")
    load_esti
    assert_equal "$(table_member "['TableId']")" "$id"
    assert_dynamodb_as_expected
    # Entries of another store, more than one batch.
    dump_of_version 1 "('p', 'k', 'v')" "SELECT 'other', convert_to('k' || i, 'UTF8'), 'v' FROM generate_series(1, 60) AS i"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean "$DUMP"
    assert_equal "$(dynamodb rows "$TABLE" | wc -l)" 61
    load_esti --clean -j 3
    assert_equal "$(table_member "['TableId']")" "$id"
    assert_dynamodb_as_expected
}

@test "a table that somebody else created is emptied after a failed load, too, and keeps its capacity" {
    create_table
    load_esti
    # As after a failed load.
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 0
    dynamodb put "$TABLE" left over value
    fail_after_first_batch
    load_esti --dynamodb-read-capacity=5 --dynamodb-write-capacity=5
    assert_contains "$stderr" "warning:" "keeps its capacity"
    assert_dynamodb_as_expected
}

@test "the requested number of requests is in flight, however small the dump" {
    local wait=BatchWriteItem=wait:$BATS_TEST_TMPDIR/go
    start_dynamodb_proxy "$wait" "$wait" "$wait" "$wait" "$wait" "$wait" pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=5 -j 1 "$ESTI_DUMP"
    eventually requests_came BatchWriteItem 5
    sleep 0.3
    assert_equal "$(requests BatchWriteItem)" 5
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 0
    assert_dynamodb_as_expected
}

@test "expired credentials are refreshed" {
    local file=$BATS_TEST_TMPDIR/credentials
    unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    export AWS_SHARED_CREDENTIALS_FILE=$file
    printf '[default]\naws_access_key_id=AKIAOLD\naws_secret_access_key=old/secret\naws_session_token=old\n' >"$file"
    start_dynamodb_proxy BatchWriteItem=wait:"$BATS_TEST_TMPDIR/go" BatchWriteItem=error:400:ExpiredTokenException pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --dynamodb-requests=1 "$ESTI_DUMP"
    eventually requests_came BatchWriteItem 1
    printf '[default]\naws_access_key_id=AKIANEW\naws_secret_access_key=new/secret\naws_session_token=new\n' >"$file.new"
    mv "$file.new" "$file"
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 0
    assert_contains "$(head -n 1 "$PROXY_LOG")" AKIAOLD
    assert_contains "$(tail -n 1 "$PROXY_LOG")" AKIANEW
    export AWS_ACCESS_KEY_ID=AKIATESTACCESSKEY AWS_SECRET_ACCESS_KEY=test/secret/access/key
    assert_dynamodb_as_expected
}

@test "a rate limit loses no entries" {
    load_esti --write-units=2000 -j 4
    assert_dynamodb_as_expected
}

# What is not taken ---------------------------------------------------------------------------------------------------

# table_is_missing: whether there is no table of this name.
table_is_missing() {
    ! dynamodb call DescribeTable "{\"TableName\": \"$TABLE\"}" >"$BATS_TEST_TMPDIR/described" 2>&1
}

@test "an entry that DynamoDB would not accept is named before anything is done" {
    local rows
    for rows in "('some-partition', 'the-key', decode(repeat('00', 409600), 'hex'))" \
        "('some-partition', convert_to('the-key' || repeat('k', 1018), 'UTF8'), 'v')" \
        "(convert_to('some-partition' || repeat('p', 2035), 'UTF8'), 'the-key', 'v')" "('some-partition', '', 'the-key')"; do
        dump_of_version 1 "$rows, ('other', 'k', 'v')"
        fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
        assert_contains "$stderr" some-partition hint:
        [[ $rows == *"''"* ]] || assert_contains "$stderr" the-key
        table_is_missing
        fails 3 kv-import --check --target=dynamodb "$DUMP"
        assert_contains "$stderr" some-partition
        mv "$DUMP" "$BATS_TEST_TMPDIR/last.dump"
    done
    # A pipe can only be read once.
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" - < <(cat "$BATS_TEST_TMPDIR/last.dump")
    assert_contains "$stderr" some-partition
    assert_equal "$(dynamodb version "$TABLE")" 0
}

@test "the cost of writing a dump is reported" {
    local units
    kv-import -q -d "$DSN" "$ESTI_DUMP"
    # An item's size is that of its attributes' names and values; each started kilobyte costs a unit.
    units=$(sql "SELECT sum((length('PartitionKeyItemKeyItemValue') + length(partition_key) + length(key) + length(value) + 1023)
        / 1024) FROM kv WHERE partition_key <> 'kv-internal-metadata'")
    succeeds kv-import --check --target=dynamodb "$ESTI_DUMP"
    assert_contains "$output" "439 entries" "dynamodb accepts every entry: $units write capacity units"
}

@test "the largest entry that DynamoDB accepts arrives" {
    dump_of_version 1 "(convert_to(repeat('p', 2048), 'UTF8'), convert_to(repeat('k', 1024), 'UTF8'),
        decode(repeat('0a', 409600 - 2048 - 1024 - 28), 'hex'))"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    assert_equal "$(dynamodb rows "$TABLE" | wc -l)" 1
}

@test "a table with other keys is not touched" {
    create_table Id Name
    load_fails 5
    assert_contains "$stderr" "\"$TABLE\"" "other keys"
    load_fails 5 --clean
    table_is_active
}

@test "a table whose keys are strings is not touched" {
    create_table PartitionKey ItemKey S
    load_fails 5 --clean
    table_is_active
}

@test "conflicting options are refused" {
    fails 1 kv-import --target=elsewhere "$ESTI_DUMP"
    fails 1 kv-import -d "$DSN" --dynamodb-table=kvstore "$ESTI_DUMP"
    fails 1 kv-import -d "$DSN" --aws-region=us-east-1 "$ESTI_DUMP"
    fails 1 kv-import --target=dynamodb --table=kv "$ESTI_DUMP"
    fails 1 kv-import --target=dynamodb --partitions=3 "$ESTI_DUMP"
    fails 1 kv-import --target=dynamodb "${DYNAMODB[@]}" --dynamodb-read-capacity=3 "$ESTI_DUMP"
    fails 1 kv-import --target=dynamodb --dynamodb-table='a b' "$ESTI_DUMP"
    local endpoint
    for endpoint in ftp://x localhost:8000 //localhost x; do
        fails 1 kv-import --target=dynamodb --dynamodb-endpoint="$endpoint" "$ESTI_DUMP"
        assert_contains "$stderr" "\"$endpoint\"" "hint: --dynamodb-endpoint"
    done
    AWS_ENDPOINT_URL_DYNAMODB=localhost:8000 fails 1 kv-import --target=dynamodb "$ESTI_DUMP"
    assert_contains "$stderr" AWS_ENDPOINT_URL_DYNAMODB
    fails 1 kv-import --target=dynamodb "${DYNAMODB[@]}" --write-units=0 "$ESTI_DUMP"
    fails 1 kv-import --target=dynamodb "${DYNAMODB[@]}" --dynamodb-requests=0 "$ESTI_DUMP"
    fails 1 kv-import -d "$DSN" --dynamodb-requests=3 "$ESTI_DUMP"
}

@test "a missing server, region or credentials are reported" {
    fails 2 kv-import --target=dynamodb --dynamodb-endpoint=http://127.0.0.1:1 "$ESTI_DUMP"
    assert_contains "$stderr" "hint: " --dynamodb-endpoint
    fails 2 kv-import --target=dynamodb --dynamodb-endpoint=http://nowhere.invalid --check-target
    assert_contains "$stderr" "resolve host: nowhere.invalid" "hint: Check --dynamodb-endpoint"
    fails 5 kv-import --target=dynamodb "$ESTI_DUMP"
    assert_contains "$stderr" --aws-region
    unset -v AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" "$ESTI_DUMP"
    assert_contains "$stderr" credentials
}

@test "the chosen region is part of the signature" {
    start_dynamodb_proxy pass
    AWS_REGION=eu-north-1 load_by_proxy
    assert_contains "$(head -n 1 "$PROXY_LOG")" "/eu-north-1/dynamodb/aws4_request"
    AWS_REGION=eu-north-1 load_by_proxy --aws-region=ap-south-1
    assert_contains "$(tail -n 1 "$PROXY_LOG")" "/ap-south-1/dynamodb/aws4_request"
}

# Reading -------------------------------------------------------------------------------------------------------------

@test "from PostgreSQL to DynamoDB and back nothing is lost or added" {
    local first=$BATS_TEST_TMPDIR/first.dump second=$BATS_TEST_TMPDIR/second.dump before
    kv-import -q -d "$DSN" "$ESTI_DUMP"
    # What the fixture lacks.
    sql "INSERT INTO kv VALUES ('\\x00ff', '\\x01', ''), ('other', '\\x5c', decode(repeat('0af1', 150000), 'hex')),
        ('kv-internal-other', 'k', 'v')"
    before=$(kv_digest)
    kv-export -q -d "$DSN" --source=kv -f "$first"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$first"
    succeeds env -u PGHOST -u PGDATABASE kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" -f "$second"
    assert_equal "$(digests "$second")" "$(digests "$first")"
    drop_database
    fresh_database
    kv-import -q -d "$DSN" "$second"
    assert_equal "$(kv_digest)" "$before"
}

# digests DUMP: prints entries and set digest of the packages that have entries.
digests() {
    manifest_member "$1" "['packages']" | python3 -c '
import ast, sys
for package in ast.literal_eval(sys.stdin.read()):
    if package["entries"]:
        print(package["name"], package["entries"], package["set_digest"])'
}

@test "a dump of DynamoDB says that it is one" {
    local dump=$BATS_TEST_TMPDIR/dump
    load_esti
    AWS_REGION=eu-west-1 kv-export -q --source=kv --store=dynamodb "${DYNAMODB[@]}" -f "$dump"
    run -0 kv-import --list "$dump"
    # shellcheck disable=SC2154
    assert_contains "$output" "kv, dynamodb, table \"$TABLE\", region \"eu-west-1\"" "snapshot:              none"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$dump" "['source']['store']")" dynamodb
}

@test "a store of many pages is read completely, by any number of jobs" {
    local jobs
    # Three megabytes in one partition, so in one segment.
    dump_of_version 1 "('q', 'k', 'v')" "SELECT 'p', int4send(n), decode(repeat(md5(n::text), 600), 'hex')
        FROM generate_series(1, 300) AS n"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -j 2 "$DUMP"
    for jobs in 1 4; do
        succeeds kv-import --verify --target=dynamodb "${DYNAMODB[@]}" -j "$jobs" "$DUMP"
        assert_equal "$output" "equal: 301 entries"
    done
}

@test "reading retries transient errors" {
    load_esti
    start_dynamodb_proxy Scan=status:500 Scan=drop Scan=error:400:ProvisionedThroughputExceededException Scan=cut pass
    succeeds kv-import --verify --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    assert_equal "$output" "equal: 439 entries"
}

@test "an export of DynamoDB accepts no options of PostgreSQL" {
    fails 1 kv-export --source=kv --store=dynamodb -d "$DSN" "${DYNAMODB[@]}" -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-export --source=kv --store=dynamodb --table=kv "${DYNAMODB[@]}" -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-export --store=dynamodb -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-export --source=kv --store=elsewhere -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-export --source=kv -d "$DSN" --dynamodb-table=kvstore -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-import --verify --target=dynamodb -d "$DSN" "${DYNAMODB[@]}" "$ESTI_DUMP"
    assert_missing "$BATS_TEST_TMPDIR/dump"
}
