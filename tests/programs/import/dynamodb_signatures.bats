#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Requests to DynamoDB are signed as AWS's own library would sign them: the proxy in front recomputes each signature, as
# DynamoDB does and the tests' emulator does not.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    start_dynamodb
    PROXY_PYTHON=$("$TESTS_DIR/../scripts/install-deps" --s3-server)
    export PROXY_PYTHON ESTI_DUMP=$FIXTURES_DIR/esti/esti.dump
}

teardown_file() {
    stop_dynamodb
}

setup() {
    export HOME=$BATS_TEST_TMPDIR/home AWS_REGION=eu-north-1
    mkdir "$HOME"
    fresh_table
    fresh_database
    cat >"$BATS_TEST_TMPDIR/users" <<'JSON'
{"region": "eu-north-1", "users": {
    "AKIAUSER": {"secret": "a+secret/with/all=of+base64"},
    "ASIASESSION": {"secret": "the+session/secret", "token": "a/session+token//with=signs=="},
    "AKIANOBODY": {"secret": "nobody", "error": "AccessDeniedException"},
    "ASIAEXPIRED": {"secret": "expired", "token": "expired", "error": "ExpiredTokenException"}}}
JSON
    start_dynamodb_proxy "signed:$BATS_TEST_TMPDIR/users"
}

teardown() {
    stop_proxy
    clean_up
}

# by ACCESS_KEY SECRET TOKEN COMMAND...: runs the command with these credentials; "" means no token.
by() {
    local -x AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3
    [ -n "$3" ] || unset -v AWS_SESSION_TOKEN
    "${@:4}"
}

# refused CODE HINT CREDENTIALS...: a load with these fails like that, and creates no table.
refused() {
    by "${@:3}" fails 5 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    assert_contains "$stderr" "$1" "hint: $2"
    [ "${#4}" -lt 10 ] || refute_contains "$stderr" "$4"
    run -1 dynamodb call DescribeTable "{\"TableName\": \"$TABLE\"}"
}

@test "loads and reads are signed; temporary credentials include their token" {
    by AKIAUSER a+secret/with/all=of+base64 "" succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" -j 2 "$ESTI_DUMP"
    assert_dynamodb_as_expected
    # Deleting a table is a request, too.
    by ASIASESSION the+session/secret a/session+token//with=signs== \
        succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" --clean "$ESTI_DUMP"
    by AKIAUSER a+secret/with/all=of+base64 "" \
        succeeds kv-export --source=kv --store=dynamodb "${DYNAMODB_PROXY[@]}" -f "$BATS_TEST_TMPDIR/dump"
    kv-import --check "$BATS_TEST_TMPDIR/dump"
}

@test "a large request with any bytes is signed, and sent without Expect: 100-continue" {
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea, PRIMARY KEY (partition_key, key))" \
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '1')" \
        "INSERT INTO kv SELECT '\\xc3a9ff00', int4send(n), decode(repeat('00ff5c22c3', 70000), 'hex') FROM generate_series(1, 6) AS n"
    kv-export -q -d "$DSN" --source=kv -f "$BATS_TEST_TMPDIR/large.dump"
    by AKIAUSER a+secret/with/all=of+base64 "" \
        succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$BATS_TEST_TMPDIR/large.dump"
    grep -Eq '"content-length": "[4-9][0-9]{5}"' "$PROXY_LOG"
    run ! grep -q '"expect"' "$PROXY_LOG"
    assert_equal "$(dynamodb rows "$TABLE" | wc -l)" 6
}

@test "unknown users, missing permissions and wrong secrets are refused, with the reason" {
    refused InvalidSignatureException "Check the secret access key" AKIAUSER another/secret/than/his ""
    refused UnrecognizedClientException "Check the access key" AKIAUNKNOWN some/secret/of/nobody ""
    refused UnrecognizedClientException "Check the access key" ASIASESSION the+session/secret ""
    refused UnrecognizedClientException "Check the access key" ASIASESSION the+session/secret another/token
    refused ExpiredTokenException "Get new temporary credentials." ASIAEXPIRED expired expired
    refused AccessDeniedException "Allow these credentials dynamodb:DescribeTable" AKIANOBODY nobody ""
    AWS_REGION=eu-west-1 refused InvalidSignatureException "Check the secret access key, --aws-region" \
        AKIAUSER a+secret/with/all=of+base64 ""
}
