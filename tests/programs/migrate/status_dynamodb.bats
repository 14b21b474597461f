#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate status of a store in DynamoDB: as it is, where the table is named and can be reached.

# shellcheck disable=SC2154,SC2030,SC2031 # run sets stderr and output, and each test is a subshell

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    make_template USERS
    psql -Xq -v ON_ERROR_STOP=1 -d "$USERS" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'jane'), (2, '2020-01-01 00:00:00Z', 'joe');
INSERT INTO auth_credentials VALUES ('AKIAJANE', 'sealed jane', '2020-01-02 00:00:00Z', 1),
    ('AKIAJOE', 'sealed joe', '2020-01-02 00:00:00Z', 2);
INSERT INTO auth_installation_metadata VALUES ('setup_timestamp', '2022-01-01T00:00:00Z');
SQL
    start_dynamodb
}

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    make_scratch
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    cd "$HOME" || return 1
    fresh_table
    fresh_database TEMPLATE "$USERS"
    PLACE=(--target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1)
}

# shows: what status prints with these options, on one line.
shows() {
    succeeds kv-migrate status "$@"
    shown=$(tr -s ' \n' ' ' <<<"$output" | sed 's/ - / /g')
}

@test "the next command names the store" {
    shows "${PLACE[@]}"
    assert_contains "$shown" "next: kv-migrate up --kv-enabled --target=dynamodb --dynamodb-table=$TABLE" "--aws-region=eu-west-1"
}

@test "version and users as they are" {
    kv-migrate up --kv-enabled --no-settings -q "${PLACE[@]}"
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 4
    # Not told where, or not able to look.
    shows
    assert_contains "$shown" "KV version: 1 when it was stamped" "--target=dynamodb" "exactly one user"
    AWS_SECRET_ACCESS_KEY='' AWS_ACCESS_KEY_ID='' shows "${PLACE[@]}"
    assert_contains "$shown" "KV version: 1 when it was stamped"
    assert_contains "$stderr" "warning"
    shows "${PLACE[@]}"
    refute_dynamodb_secret "$output$stderr"
    assert_contains "$shown" "KV version: 4, in DynamoDB table" "runs on it: lakeFS 0.101.0" "2 users with 2 credentials" \
        "kv-migrate basic-auth USER --target=dynamodb --dynamodb-table=$TABLE"
    refute_contains "$shown" "lakefs migrate up"
    kv-migrate basic-auth -q jane "${PLACE[@]}"
    shows "${PLACE[@]}"
    refute_contains "$shown" "refuse to start"
    # The configuration tells where, too.
    printf 'database:\n  type: dynamodb\n  connection_string: "%s"\n  dynamodb: {table_name: %s, endpoint: "%s", aws_region: eu-west-1}\n' \
        "$DSN" "$TABLE" "$DYNAMODB_ENDPOINT" >config.yaml
    shows --config config.yaml
    assert_contains "$shown" "KV version: 4, in DynamoDB table" "runs on it: lakeFS 0.101.0"
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 0
    shows "${PLACE[@]}"
    assert_contains "$shown" "the table kv is not stamped" "runs on it: no lakeFS: version 0"
}

# alone: status of the DynamoDB store where nothing names a PostgreSQL.
alone() {
    succeeds env -u PGHOST -u PGHOSTADDR -u PGDATABASE -u PGSERVICE kv-migrate status "${PLACE[@]}" "$@"
    shown=$(tr -s ' \n' ' ' <<<"$output" | sed 's/ - / /g')
}

@test "a store that is left when its PostgreSQL is gone: no database is asked for it" {
    kv-migrate up --kv-enabled --no-settings -q "${PLACE[@]}"
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 4
    alone
    assert_contains "$shown" "database: none was named" "KV version: 4, in DynamoDB table \"$TABLE\", region \"eu-west-1\"" \
        "state: a KV store;" "runs on it: lakeFS 0.101.0" "2 users with 2 credentials" \
        "kv-migrate basic-auth USER --target=dynamodb --dynamodb-table=$TABLE"
    refute_contains "$shown" "legacy tables:"
    alone --format=json
    assert_equal "$(jq -c '[.database, .schema, .schema_version, .kv_store.kind, .kv_store.state, .kv_store.version, .state, .next]' <<<"$output")" \
        '[null,null,null,"dynamodb","stamped",4,"kv_store",null]'
    assert_equal "$(jq -r .lakefs.users <<<"$output")" 2

    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 0
    alone
    assert_contains "$shown" "state: a KV store whose load failed" "next: kv-import --target=dynamodb --dynamodb-table=$TABLE" "FILE"
}

@test "a table that is not there, and a DynamoDB that does not answer" {
    PLACE=(--target=dynamodb --dynamodb-table=missing --dynamodb-endpoint="$DYNAMODB_ENDPOINT" --aws-region=eu-west-1)
    alone
    assert_contains "$shown" "KV version: none, in DynamoDB table \"missing\"" "state: there is no such table"
    PLACE=(--target=dynamodb --dynamodb-endpoint=http://127.0.0.1:9 --aws-region=eu-west-1)
    unset -v PGHOST PGHOSTADDR PGDATABASE PGSERVICE
    fails 2 kv-migrate status "${PLACE[@]}"
}
