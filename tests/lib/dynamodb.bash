# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An in-memory DynamoDB, and misbehaving proxies in front of it: load it after lib/database and lib/migration.

# Variables of the caller's shell would change what is tested. Do not ask for an instance's credentials.
unset -v "${!AWS_@}" http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
export AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null
export AWS_ACCESS_KEY_ID=AKIATESTACCESSKEY AWS_SECRET_ACCESS_KEY=test/secret/access/key

# start_dynamodb: starts a server. For setup_file; stop_dynamodb ends it.
start_dynamodb() {
    NODE_PATH=$("$TESTS_DIR/../scripts/install-deps" --dynamodb-server)
    export NODE_PATH
    # Do not read the previous server's port.
    rm -f "$BATS_FILE_TMPDIR/dynamodb"
    # Descriptor 3 belongs to bats.
    node "$TESTS_DIR/dynamodb/server.js" >"$BATS_FILE_TMPDIR/dynamodb" 2>&1 3>&- &
    export DYNAMODB_SERVER=$!
    eventually grep -q '^[0-9]' "$BATS_FILE_TMPDIR/dynamodb" || {
        cat "$BATS_FILE_TMPDIR/dynamodb"
        return 1
    }
    DYNAMODB_PORT=$(head -n 1 "$BATS_FILE_TMPDIR/dynamodb")
    export DYNAMODB_PORT DYNAMODB_ENDPOINT=http://127.0.0.1:$DYNAMODB_PORT
}

stop_dynamodb() {
    if [ -n "${DYNAMODB_SERVER-}" ]; then
        kill "$DYNAMODB_SERVER" || true
        wait "$DYNAMODB_SERVER" || true
    fi
}

# fresh_table: sets TABLE to the name of a table that does not exist, and DYNAMODB to its options.
fresh_table() {
    TABLE=table-$BATS_TEST_NUMBER
    # shellcheck disable=SC2034 # for the tests
    DYNAMODB=(--dynamodb-table="$TABLE" --dynamodb-endpoint="$DYNAMODB_ENDPOINT")
}

# dynamodb COMMAND...: see dynamodb/table.py.
dynamodb() {
    "$TESTS_DIR/dynamodb/table.py" "$DYNAMODB_ENDPOINT" "$@"
}

# create_table [HASH KEY [RANGE KEY [TYPE]]]: makes the table, by default a KV table, and waits for it.
create_table() {
    local hash=${1-PartitionKey} range=${2-ItemKey} type=${3-B}
    dynamodb call CreateTable "{\"TableName\": \"$TABLE\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"AttributeDefinitions\": [{\"AttributeName\": \"$hash\", \"AttributeType\": \"$type\"},
            {\"AttributeName\": \"$range\", \"AttributeType\": \"$type\"}],
        \"KeySchema\": [{\"AttributeName\": \"$hash\", \"KeyType\": \"HASH\"},
            {\"AttributeName\": \"$range\", \"KeyType\": \"RANGE\"}]}" >"$BATS_TEST_TMPDIR/created"
    eventually table_is_active
}

# table_member MEMBER: prints a part of the table's description, such as ['TableStatus'].
table_member() {
    dynamodb get DescribeTable "{\"TableName\": \"$TABLE\"}" "['Table']$1"
}

table_is_active() {
    [ "$(table_member "['TableStatus']")" = ACTIVE ]
}

# start_dynamodb_proxy BEHAVIOUR...: starts a proxy in front of DynamoDB, see dynamodb/proxy.py, and stops the previous
# one. Sets PROXY, its URL, and PROXY_LOG, the file with its requests. PROXY_PYTHON may name another Python.
start_dynamodb_proxy() {
    stop_proxy
    PROXY_LOG=$BATS_TEST_TMPDIR/requests
    : >"$PROXY_LOG"
    # Do not read the previous proxy's port.
    rm -f "$BATS_TEST_TMPDIR/proxy"
    "${PROXY_PYTHON:-python3}" "$TESTS_DIR/dynamodb/proxy.py" "$DYNAMODB_PORT" "$PROXY_LOG" "$@" >"$BATS_TEST_TMPDIR/proxy" 2>&1 3>&- &
    PROXY_PID=$!
    eventually grep -q '^[0-9]' "$BATS_TEST_TMPDIR/proxy"
    PROXY=http://127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/proxy")
    # shellcheck disable=SC2034 # for the tests
    DYNAMODB_PROXY=(--dynamodb-table="$TABLE" --dynamodb-endpoint="$PROXY")
}

stop_proxy() {
    if [ -n "${PROXY_PID-}" ]; then
        kill "$PROXY_PID" || true
        wait "$PROXY_PID" || true
        unset -v PROXY_PID
    fi
}

# requests OPERATION: prints how many of these requests the proxy got.
requests() {
    grep -c "DynamoDB_20120810.$1\"" "$PROXY_LOG" || true
}

# assert_dynamodb_as_expected: the table equals, entry by entry, the result of lakeFS's own migration of the esti
# fixture, and has the version.
assert_dynamodb_as_expected() {
    sql "DROP TABLE IF EXISTS kv" "CREATE TABLE kv (partition_key bytea, key bytea, value bytea,
        PRIMARY KEY (partition_key, key))" 2>"$BATS_TEST_TMPDIR/notices"
    dynamodb rows "$TABLE" >"$BATS_TEST_TMPDIR/rows"
    sql "COPY kv FROM STDIN" <"$BATS_TEST_TMPDIR/rows"
    assert_equal "$(dynamodb version "$TABLE")" 1
    sql "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '1')"
    assert_kv_as_expected
    sql "DROP TABLE kv"
}

# refute_dynamodb_secret TEXT: the text does not contain the secret.
refute_dynamodb_secret() {
    refute_contains "$1" "$AWS_SECRET_ACCESS_KEY"
}
