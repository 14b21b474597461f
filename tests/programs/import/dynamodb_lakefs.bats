#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Tables as lakeFS itself makes and fills them: provisioned by 0.80, on demand by later ones; no attributes but three, and empty
# values as Go's encoder writes them.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# lakefs_table MEMBER...: makes the table as lakeFS does, with these members of CreateTable in JSON.
lakefs_table() {
    dynamodb call CreateTable "{\"TableName\": \"$TABLE\", $1,
        \"AttributeDefinitions\": [{\"AttributeName\": \"PartitionKey\", \"AttributeType\": \"B\"},
            {\"AttributeName\": \"ItemKey\", \"AttributeType\": \"B\"}],
        \"KeySchema\": [{\"AttributeName\": \"PartitionKey\", \"KeyType\": \"HASH\"},
            {\"AttributeName\": \"ItemKey\", \"KeyType\": \"RANGE\"}]}" >"$BATS_TEST_TMPDIR/created"
    eventually table_is_active
}

# fill_table: puts the entries of today's store into the table, the version and two with empty values among them.
fill_table() {
    {
        cat "$FIXTURES_DIR/today/kv-today.jsonl"
        python3 "$TESTS_DIR/lib/today.py" more
    } >"$BATS_TEST_TMPDIR/entries"
    dynamodb put-all "$TABLE" <"$BATS_TEST_TMPDIR/entries"
    dynamodb call PutItem "{\"TableName\": \"$TABLE\", \"Item\": {\"PartitionKey\": {\"B\": \"ZQ==\"}, \"ItemKey\": {\"B\": \"MQ==\"},
        \"ItemValue\": {\"NULL\": true}}}" >"$BATS_TEST_TMPDIR/put"
    dynamodb call PutItem "{\"TableName\": \"$TABLE\", \"Item\": {\"PartitionKey\": {\"B\": \"ZQ==\"}, \"ItemKey\": {\"B\": \"Mg==\"},
        \"ItemValue\": {\"B\": \"\"}}}" >"$BATS_TEST_TMPDIR/put"
}

# is_taken: the table is exported, compared, and loaded again in its place, and stays the table that it is.
is_taken() {
    local dump=$BATS_TEST_TMPDIR/kv.dump id entries
    id=$(table_member "['TableId']")
    assert_equal "$(dynamodb version "$TABLE")" 4
    succeeds env -u PGHOST -u PGDATABASE kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" -f "$dump"
    # All but the version, and those with empty values.
    entries=$(($(wc -l <"$BATS_TEST_TMPDIR/entries") - 1 + 2))
    kv-import --print --partition e "$dump" | cmp - <(printf '%s\n' \
        '{"package":"other","partition":"e","key":"1","type":"bytes","value":""}' '{"package":"other","partition":"e","key":"2","type":"bytes","value":""}')
    succeeds kv-import --verify --target=dynamodb "${DYNAMODB[@]}" "$dump"
    assert_equal "$output" "equal: $entries entries"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean "$dump"
    succeeds kv-import --verify --target=dynamodb "${DYNAMODB[@]}" "$dump"
    assert_equal "$output" "equal: $entries entries"
    # No attributes but three, and a value where it is empty; dynamodb rows makes sure of both.
    assert_equal "$(dynamodb rows "$TABLE" | wc -l)" "$entries"
    assert_equal "$(table_member "['TableId']") $(dynamodb version "$TABLE")" "$id 4"
}

@test "a table that 0.80 made is taken as it is, and keeps its capacity" {
    lakefs_table '"ProvisionedThroughput": {"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000}'
    fill_table
    is_taken
    assert_equal "$(table_member "['ProvisionedThroughput']['ReadCapacityUnits']") $(table_member \
        "['ProvisionedThroughput']['WriteCapacityUnits']")" "1000 1000"
}

@test "a table that a later lakeFS made is taken as it is, and stays on demand" {
    lakefs_table '"BillingMode": "PAY_PER_REQUEST"'
    fill_table
    is_taken
    assert_equal "$(table_member "['BillingModeSummary']['BillingMode']")" PAY_PER_REQUEST
}
