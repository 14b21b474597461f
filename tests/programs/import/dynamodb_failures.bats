#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# DynamoDB as a KV store: whatever the network and DynamoDB do, and however a load ends, nothing incomplete is stamped.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# A network, and a DynamoDB, that fail --------------------------------------------------------------------------------

@test "transient errors are retried" {
    local behaviour tables=0
    for behaviour in status:500 status:503 drop cut lost error:400:ProvisionedThroughputExceededException \
        error:400:ThrottlingException error:400:RequestLimitExceeded error:500:InternalServerError \
        error:400:TransactionInProgressException; do
        times 3 "BatchWriteItem=$behaviour"
        # A table that has everything gets nothing.
        TABLE=table-$BATS_TEST_NUMBER-$((++tables))
        start_dynamodb_proxy "${behaviours[@]}"
        load_by_proxy -j 2
        # 439 entries are at least 18 batches.
        [ "$(requests BatchWriteItem)" -ge 21 ]
        assert_dynamodb_as_expected
    done
}

# unstamp: sets the version to 0, as a load does that begins.
unstamp() {
    dynamodb call UpdateItem "{\"TableName\": \"$TABLE\",
        \"Key\": {\"PartitionKey\": {\"B\": \"a3YtaW50ZXJuYWwtbWV0YWRhdGE=\"}, \"ItemKey\": {\"B\": \"a3Yvc2NoZW1hL3ZlcnNpb24=\"}},
        \"UpdateExpression\": \"SET ItemValue = :zero\", \"ExpressionAttributeValues\": {\":zero\": {\"B\": \"MA==\"}}}"
}

@test "requests of all kinds are retried" {
    local operation
    for operation in DescribeTable CreateTable DeleteTable UpdateItem GetItem Scan; do
        start_dynamodb_proxy "$operation=drop" "$operation=status:500" "$operation=lost" pass
        # From the second time on the table of an unfinished load is made anew.
        load_by_proxy
        [ "$(requests "$operation")" -ge 4 ]
        assert_dynamodb_as_expected
        unstamp
    done
}

@test "a lost response to the stamp leaves no doubt if the version can be read" {
    # The first UpdateItem is that of version 0.
    start_dynamodb_proxy UpdateItem=pass UpdateItem=lost pass
    load_by_proxy
    assert_contains "$stderr" "stamped version 1"
    assert_equal "$(requests UpdateItem)" 3
    assert_equal "$(dynamodb version "$TABLE")" 1
}

@test "unprocessed items of a batch are sent again until they are written" {
    times 60 BatchWriteItem=unprocessed
    start_dynamodb_proxy "${behaviours[@]}"
    load_by_proxy -j 2
    [ "$(requests BatchWriteItem)" -ge 60 ]
    assert_dynamodb_as_expected
}

@test "entries missing at the end are noticed" {
    start_dynamodb_proxy BatchWriteItem=forget pass
    proxy_load_fails 3
    assert_contains "$stderr" items 439
    assert_equal "$(dynamodb version "$TABLE")" 0
}

@test "additional entries are noticed" {
    start_dynamodb_proxy BatchWriteItem=wait:"$BATS_TEST_TMPDIR/go" pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    eventually requests_came BatchWriteItem 1
    dynamodb put "$TABLE" some other entry
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 3
    assert_equal "$(dynamodb version "$TABLE")" 0
}

@test "wrong credentials and missing permissions give different errors" {
    local code
    for code in AccessDeniedException UnrecognizedClientException InvalidSignatureException ExpiredTokenException; do
        start_dynamodb_proxy "error:400:$code"
        proxy_load_fails 5
        assert_contains "$stderr" "$code" "The words of the server."
        # It is not retried.
        assert_equal "$(wc -l <"$PROXY_LOG")" 1
        grep '^hint: ' <<<"$stderr" >>"$BATS_TEST_TMPDIR/hints"
    done
    # Each has a hint of its own.
    assert_equal "$(sort -u "$BATS_TEST_TMPDIR/hints" | wc -l)" 4
    assert_contains "$(cat "$BATS_TEST_TMPDIR/hints")" dynamodb:DescribeTable "secret access key" "temporary"
}

@test "a server that is not DynamoDB is recognised" {
    start_dynamodb_proxy page
    proxy_load_fails 5
    assert_contains "$stderr" --dynamodb-endpoint
    start_dynamodb_proxy status:404
    proxy_load_fails 5
}

@test "the server's own words on a refusal are passed on, escaped and bounded" {
    local file=$BATS_TEST_TMPDIR/body type='"__type": "com.amazonaws.dynamodb.v20120810#'
    printf '%s\n' "{$type""AccessDeniedException\", \"Message\": \"User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: key\"}" >"$file"
    start_dynamodb_proxy "file:400:$file"
    proxy_load_fails 5
    assert_contains "$stderr" AccessDeniedException "not authorized to perform: kms:Decrypt on resource: key" "use the key"
    printf '%s\n' "{$type""ValidationException\", \"message\": \"a\\nkv-import: error: b\\u009b31m $(printf 'word%.0s' {1..600})\"}" >"$file"
    start_dynamodb_proxy "file:400:$file"
    proxy_load_fails 3
    assert_contains "$stderr" "a kv-import: error: b\\u009b31m" "... The region is"
    # What is not DynamoDB's.
    printf '<p>The proxy\n  wants a password.' >"$file"
    start_dynamodb_proxy "file:407:$file"
    proxy_load_fails 5
    assert_contains "$stderr" "detail: HTTP status 407: <p>The proxy wants a password." --dynamodb-endpoint
}

@test "a server that echoes the request does not expose credentials" {
    export AWS_SESSION_TOKEN=a-session-token
    start_dynamodb_proxy repeat
    fails 5 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    assert_contains "$stderr" InvalidSignatureException
    refute_contains "$stderr" "$AWS_SECRET_ACCESS_KEY" "$AWS_ACCESS_KEY_ID" "$AWS_SESSION_TOKEN"
}

@test "a table deleted during the load makes it fail" {
    start_dynamodb_proxy BatchWriteItem=pass BatchWriteItem=error:400:ResourceNotFoundException pass
    proxy_load_fails 3
    assert_contains "$stderr" ResourceNotFoundException hint:
}

# Ends and beginnings -------------------------------------------------------------------------------------------------

@test "a load that was killed starts again from scratch" {
    start_dynamodb_proxy BatchWriteItem=pass BatchWriteItem=pass BatchWriteItem=silent
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    eventually requests_came BatchWriteItem 3
    kill -KILL "$BACKGROUND"
    background_ends 137
    assert_equal "$(dynamodb version "$TABLE")" 0
    # What it left must not be mistaken for entries.
    dynamodb put "$TABLE" left over value
    load_esti
    assert_dynamodb_as_expected
}

@test "a load ends on a signal, and the next one starts again" {
    local signal
    for signal in INT TERM; do
        start_dynamodb_proxy BatchWriteItem=silent
        # Background processes of a shell ignore SIGINT.
        background env --default-signal=INT kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP" --clean
        eventually requests_came BatchWriteItem 1
        kill -"$signal" "$BACKGROUND"
        background_ends "$((128 + $(kill -l "$signal")))"
        assert_equal "$(dynamodb version "$TABLE")" 0
    done
    load_esti
    assert_dynamodb_as_expected
}

@test "a load does not stamp a table that another load has replaced" {
    local stamp
    start_dynamodb_proxy UpdateItem=pass UpdateItem=wait:"$BATS_TEST_TMPDIR/go" pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    # It has loaded and counted.
    eventually requests_came UpdateItem 2
    dump_of_version 1 "('p', 'k', 'v')"
    stamp=$(dynamodb note "$TABLE" LoadId)
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    [ "$stamp" != "$(dynamodb note "$TABLE" LoadId)" ]
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 5
    assert_equal "$(dynamodb rows "$TABLE" | wc -l)" 1
    assert_equal "$(dynamodb version "$TABLE")" 1
}
