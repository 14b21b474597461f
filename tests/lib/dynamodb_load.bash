# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Loads of the esti fixture into DynamoDB: load it after lib/setup and lib/dynamodb.

# shellcheck disable=SC2034 # for the tests
# shellcheck disable=SC2154 # run sets stderr and output

setup_file() {
    start_dynamodb
    export ESTI_DUMP=$FIXTURES_DIR/esti/esti.dump
}

teardown_file() {
    stop_dynamodb
}

setup() {
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    fresh_table
    fresh_database
}

teardown() {
    stop_proxy
    clean_up
}

# load_esti OPTION...: loads the fixture into the table.
load_esti() {
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$ESTI_DUMP" "$@"
    refute_dynamodb_secret "$stderr"
}

# load_by_proxy OPTION...: the same, through the proxy.
load_by_proxy() {
    succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP" "$@"
    refute_dynamodb_secret "$stderr"
}

# load_fails CODE OPTION...: the load ends with the code, and exposes no credential.
load_fails() {
    local code=$1
    shift
    fails "$code" kv-import --target=dynamodb "${DYNAMODB[@]}" "$ESTI_DUMP" "$@"
    refute_dynamodb_secret "$stderr"
}

# proxy_load_fails CODE: the same, through the proxy.
proxy_load_fails() {
    fails "$1" kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$ESTI_DUMP"
    refute_dynamodb_secret "$stderr"
}

# times NUMBER BEHAVIOUR: sets behaviours to NUMBER times this one, then pass.
times() {
    local i
    behaviours=()
    for ((i = 0; i < $1; i++)); do
        behaviours+=("$2")
    done
    behaviours+=(pass)
}

# dump_of_version VERSION [ROWS [QUERY]]: makes DUMP, the dump of a KV store of this version with these rows of SQL's
# VALUES, and those of the query.
dump_of_version() {
    DUMP=$BATS_TEST_TMPDIR/made.dump
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
        PRIMARY KEY (partition_key, key))" "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '$1')"
    [ $# -lt 2 ] || sql "INSERT INTO kv VALUES $2"
    [ $# -lt 3 ] || sql "INSERT INTO kv $3"
    kv-export -q -d "$DSN" --source=kv -f "$DUMP"
    sql "DROP TABLE kv"
}

# requests_came OPERATION NUMBER: whether the proxy got this many.
requests_came() {
    [ "$(requests "$1")" -ge "$2" ]
}
