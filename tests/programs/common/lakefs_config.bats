#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-export, kv-import and kv-replay with lakeFS's own configuration and variables.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    start_dynamodb
    make_esti_template
}

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    CONFIG=$BATS_TEST_TMPDIR/lakefs.yaml
    DUMP=$BATS_TEST_TMPDIR/kv.dump
    fresh_database TEMPLATE "$ESTI"
    CONNECTION="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
    fresh_table
}

# Without the variables that name the database: the configuration has to.
unnamed() {
    env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER "$@"
}

@test "a migrated lakeFS is saved and restored by its configuration" {
    kv-migrate up -q --kv-enabled --blockstore-path "$BLOCKSTORE"
    printf 'database: {type: postgres, postgres: {connection_string: "%s pool_max_conns=5"}}\n' "$CONNECTION" >"$CONFIG"
    succeeds unnamed kv-export --source=kv --config="$CONFIG" -f "$DUMP"
    assert_contains "$stderr" "pool_max_conns"
    succeeds kv-import --check "$DUMP"
    drop_database
    fresh_database
    printf 'database: {type: postgres, postgres: {connection_string: "%s"}}\n' \
        "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" >"$CONFIG"
    succeeds unnamed kv-import --config="$CONFIG" "$DUMP"
    assert_kv_as_expected
    succeeds unnamed kv-import --config="$CONFIG" --verify "$DUMP"
}

@test "lakeFS's variables are enough, and options beat both" {
    export LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$CONNECTION LAKEFS_BLOCKSTORE_LOCAL_PATH=$BLOCKSTORE
    succeeds unnamed kv-export -f "$DUMP"
    printf 'database: {postgres: {connection_string: "postgres://nowhere.invalid/wrong"}}\n' >"$CONFIG"
    succeeds unnamed kv-export --config="$CONFIG" --force -f "$DUMP"
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="" run --separate-stderr -2 unnamed kv-export --config="$CONFIG" --force -f "$DUMP"
    assert_contains "$stderr" "nowhere.invalid"
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=postgres://nowhere.invalid/wrong \
        succeeds unnamed kv-export --config="$CONFIG" -d "$CONNECTION" --force -f "$DUMP"
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="$CONNECTION dbname=nowhere" run --separate-stderr -2 unnamed kv-export --force -f "$DUMP"
    drop_database
    fresh_database
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" \
        succeeds unnamed kv-import "$DUMP"
    assert_kv_as_expected
}

@test "the legacy database is that of the older name, and its rules lie where the configuration says" {
    cat >"$CONFIG" <<YAML
database:
  connection_string: "$CONNECTION"
  postgres: {connection_string: "postgres://nowhere.invalid/store"}
blockstore: {type: local, local: {path: $BLOCKSTORE}}
YAML
    succeeds unnamed kv-export --config="$CONFIG" -f "$DUMP"
    drop_database
    fresh_database
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_kv_as_expected
    # A wrong prefix: where there is no such folder, there are no rules.
    fresh_database TEMPLATE "$ESTI"
    printf 'blockstore: {local: {path: %s}}\ncommitted: {block_storage_prefix: _other}\n' "$BLOCKSTORE" >"$CONFIG"
    succeeds kv-export -d "$DSN" --config="$CONFIG" --force -f "$DUMP"
    assert_equal "$(kv-import --print --prefix=settings/ "$DUMP" | wc -l)" 0
    succeeds kv-export -d "$DSN" --config="$CONFIG" --block-storage-prefix=_lakefs --force -f "$DUMP"
    assert_equal "$(kv-import --print --prefix=settings/ "$DUMP" | wc -l)" 1
}

@test "a store in DynamoDB is reached by the configuration, with its credentials" {
    cat >"$CONFIG" <<YAML
database:
  type: dynamodb
  dynamodb:
    table_name: $TABLE
    endpoint: $DYNAMODB_ENDPOINT
    aws_region: eu-west-1
    aws_access_key_id: AKIAOFCONFIG
    aws_secret_access_key: of/config
YAML
    unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    succeeds kv-import --config="$CONFIG" "$FIXTURES_DIR/esti/esti.dump"
    succeeds kv-export --source=kv --config="$CONFIG" -f "$DUMP"
    succeeds kv-import --verify --config="$CONFIG" "$DUMP"
    # An option of PostgreSQL's leads to PostgreSQL.
    drop_database
    fresh_database
    succeeds kv-import --config="$CONFIG" -d "$DSN" "$DUMP"
    assert_kv_as_expected
}

@test "a store of another type, and what cannot be read, are refused" {
    printf 'database: {type: local}\n' >"$CONFIG"
    run --separate-stderr -5 kv-export --source=kv --config="$CONFIG" -f "$DUMP"
    assert_contains "$stderr" '"local"'
    run --separate-stderr -5 kv-import --config="$CONFIG" "$FIXTURES_DIR/esti/esti.dump"
    assert_contains "$stderr" '"local"'
    printf '[\n' >"$CONFIG"
    fails 1 kv-export --config="$CONFIG" -f "$DUMP"
    fails 1 kv-import --config="$CONFIG" "$FIXTURES_DIR/esti/esti.dump"
    fails 1 kv-export --config="$CONFIG.missing" -f "$DUMP"
    # Only shown, whatever the configuration.
    succeeds kv-import --list "$FIXTURES_DIR/esti/esti.dump"
}

@test "kv-replay takes the block store's path from the configuration" {
    needs_pg_dump
    pg_dump -f "$BATS_TEST_TMPDIR/legacy.sql"
    printf 'blockstore: {type: local, local: {path: %s}}\n' "$BLOCKSTORE" >"$CONFIG"
    # shellcheck disable=SC2016 # for that shell
    LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SECRET_ACCESS_KEY=kept run --separate-stderr -0 kv-replay -q --config="$CONFIG" \
        "$BATS_TEST_TMPDIR/legacy.sql" -- sh -c 'psql -XAtc "SELECT count(*) FROM kv WHERE key = '"'settings/protected_branches'"'"
            echo "$LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SECRET_ACCESS_KEY"'
    assert_equal "$output" "1
kept"
}
