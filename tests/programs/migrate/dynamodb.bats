#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up with a KV store in DynamoDB: from the legacy tables to the cleanup, and after failures.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    make_esti_template
    start_dynamodb
}

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    cd "$HOME" || return 1
    fresh_table
    fresh_database TEMPLATE "$ESTI"
    UP=(kv-migrate up --kv-enabled --blockstore-path="$BLOCKSTORE" -d "$DSN" --target=dynamodb)
}

teardown() {
    stop_proxy
    clean_up
}

# assert_migrated: the table holds the fixture, the database is stamped, and there is no table kv.
assert_migrated() {
    assert_sql "39|f" "SELECT version, dirty FROM schema_migrations"
    assert_sql "" "SELECT to_regclass('kv')"
    assert_dynamodb_as_expected
}

@test "up migrates a legacy database to DynamoDB, then drops its tables" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}"
    assert_contains "$stderr" "dropped $LEGACY_TABLE_COUNT legacy tables" "migrated to version 39" "439" \
        "database.type: dynamodb"
    assert_migrated
    assert_equal "$(legacy_tables)" ""
    succeeds "${UP[@]}" "${DYNAMODB[@]}"
    assert_contains "$stderr" "nothing to do"
    refute_dynamodb_secret "$stderr"
}

@test "the same through a dump file that is kept" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_migrated
    succeeds kv-import --verify --target=dynamodb "${DYNAMODB[@]}" "$BATS_TEST_TMPDIR/kept.dump"
}

@test "status and cleanup know the location of the store" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --keep-tables
    [ -n "$(legacy_tables)" ]
    run -0 kv-migrate status -d "$DSN"
    assert_contains "$output" "1 when it was stamped" "in DynamoDB table \"$TABLE\"" "migrated; legacy tables are left" \
        "kv-migrate cleanup"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_migrated
    run -0 kv-migrate status -d "$DSN"
    assert_contains "$output" "migrated"
}

@test "verify compares the kept tables with the store in the note" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --keep-tables
    succeeds kv-migrate verify -d "$DSN" --blockstore-path="$BLOCKSTORE"
    assert_equal "$output" "equal: 439 entries"
    dynamodb delete "$TABLE" auth groups/Developers
    dynamodb put "$TABLE" auth users/eve new
    run --separate-stderr -3 kv-migrate verify -d "$DSN" --blockstore-path="$BLOCKSTORE"
    assert_contains "$stderr" "1 entry is missing" "1 is extra"
    assert_equal "$(without_values "$output")" '{"difference":"missing","partition":"auth","key":"groups/Developers"}
{"difference":"extra","partition":"auth","key":"users/eve"}'
    # With another endpoint for the same table, which does not work.
    fails 2 kv-migrate verify -d "$DSN" --blockstore-path="$BLOCKSTORE" --target=dynamodb --dynamodb-endpoint=http://127.0.0.1:1
}

@test "cleanup does not drop tables written to since the migration" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --keep-tables
    allow_writes
    sql "UPDATE auth_users SET email = 'since@example.com' WHERE id = (SELECT min(id) FROM auth_users)"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" auth_users
    # Nor without a record of when they were read.
    sql "COMMENT ON TABLE schema_migrations IS NULL"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "cleanup does not drop tables whose store is gone, or not stamped" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --keep-tables
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 0
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "is gone, or no longer stamped" "DynamoDB table \"$TABLE\"" "DROP TABLE"
    dynamodb call DeleteTable "{\"TableName\": \"$TABLE\"}" >/dev/null
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "is gone, or no longer stamped" "DROP TABLE"
    # Nor if nobody can tell.
    fails 5 kv-migrate cleanup -d "$DSN" --target=dynamodb --dynamodb-endpoint=http://127.0.0.1:1
    assert_contains "$stderr" "could not be looked at" "DROP TABLE"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "revert goes back to the kept tables, and the table is not taken for one of a migration that failed" {
    succeeds "${UP[@]}" "${DYNAMODB[@]}" --keep-tables
    run ! sql "DELETE FROM auth_users"
    assert_contains "$output" "takes no writes"
    dynamodb put "$TABLE" auth users/new new
    fails 5 kv-migrate revert -d "$DSN"
    assert_contains "$stderr" "was written to after the migration" "It was loaded with 439 entries at version 1; now it holds 440"
    assert_sql 39 "SELECT version FROM schema_migrations"
    succeeds kv-migrate revert -d "$DSN" --lose-writes
    assert_contains "$stderr" "reverted to schema version 38" "left in DynamoDB table \"$TABLE\""
    assert_sql 38 "SELECT version FROM schema_migrations"
    assert_equal "$(dynamodb version "$TABLE")" 1
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$output" "legacy, at the last schema version"

    # It holds an entry that the legacy tables do not have.
    fails 5 "${UP[@]}" "${DYNAMODB[@]}"
    assert_contains "$stderr" "table \"$TABLE\" is stamped as migrated" "nothing was done"
    kv-export -q -d "$DSN" --blockstore-path="$BLOCKSTORE" -f "$BATS_TEST_TMPDIR/dump"
    fails 5 kv-import -d "$DSN" --target=dynamodb "${DYNAMODB[@]}" "$BATS_TEST_TMPDIR/dump"
    succeeds kv-import --clean -d "$DSN" --target=dynamodb "${DYNAMODB[@]}" "$BATS_TEST_TMPDIR/dump"
    assert_migrated
    run ! sql "DELETE FROM auth_users"
    succeeds kv-migrate revert -d "$DSN"
    sql "DELETE FROM auth_expired_tokens"
}

@test "a failure leaves the legacy tables, and the next run migrates" {
    local digest
    digest=$(legacy_digest)
    start_dynamodb_proxy BatchWriteItem=error:400:AccessDeniedException
    fails 5 "${UP[@]}" "${DYNAMODB_PROXY[@]}"
    assert_contains "$stderr" AccessDeniedException "the legacy tables are as they were"
    assert_equal "$(legacy_digest)" "$digest"
    assert_sql 38 "SELECT version FROM schema_migrations"
    succeeds "${UP[@]}" "${DYNAMODB[@]}"
    assert_migrated
}

@test "a run that ended between the two stamps is finished by the next one" {
    sql "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'not now'; END \$\$" \
        "CREATE TRIGGER no BEFORE UPDATE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION no()"
    fails 3 "${UP[@]}" "${DYNAMODB[@]}"
    assert_contains "$stderr" "table \"$TABLE\" is stamped" "not now" "The database was not stamped"
    refute_contains "$stderr" "Nothing was stamped"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_equal "$(dynamodb version "$TABLE")" 1
    run --separate-stderr -0 "${UP[@]}" "${DYNAMODB[@]}" --dry-run
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" "KV store at version 1, not yet recorded in the database"
    sql "DROP TRIGGER no ON schema_migrations" "DROP FUNCTION no"
    succeeds "${UP[@]}" "${DYNAMODB[@]}"
    assert_contains "$stderr" "already stamped" "dropped $LEGACY_TABLE_COUNT legacy tables"
    assert_migrated
}

@test "lakeFS's configuration leads to DynamoDB, with keys of its own that are never shown" {
    local secret=config/secret/key
    start_dynamodb_proxy pass
    cat >config.yaml <<YAML
database:
  type: dynamodb
  kv_enabled: true
  connection_string: "postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
  dynamodb: {table_name: $TABLE, endpoint: "$PROXY", aws_region: eu-west-3, aws_access_key_id: AKIACONFIG,
    aws_secret_access_key: $secret, read_capacity_units: 11, write_capacity_units: 12}
blockstore: {type: local, local: {path: "$BLOCKSTORE"}}
YAML
    unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    run --separate-stderr -0 kv-migrate up --config config.yaml --dry-run
    assert_contains "$output" "table \"$TABLE\": no KV store"
    "$TESTS_DIR/lib/watch_secrets.py" "$BATS_TEST_TMPDIR/written" >"$BATS_TEST_TMPDIR/watch" 2>&1 3>&- <<<"$secret" &
    WATCHER=$!
    eventually grep -qx watching "$BATS_TEST_TMPDIR/watch"
    succeeds kv-migrate up --config config.yaml -v -v
    kill "$WATCHER"
    wait "$WATCHER"
    refute_contains "$stderr" "$secret"
    assert_contains "$(head -n 1 "$PROXY_LOG")" "Credential=AKIACONFIG/" "/eu-west-3/dynamodb/"
    assert_equal "$(table_member "['ProvisionedThroughput']['ReadCapacityUnits']") $(table_member "['ProvisionedThroughput']['WriteCapacityUnits']")" "11 12"
    assert_migrated
}

@test "options override the environment, which overrides the configuration" {
    printf 'database: {type: dynamodb, dynamodb: {table_name: of-config, endpoint: "http://127.0.0.1:1"}}\n' >config.yaml
    export LAKEFS_DATABASE_DYNAMODB_TABLE_NAME=of-environment LAKEFS_DATABASE_DYNAMODB_ENDPOINT=$DYNAMODB_ENDPOINT
    succeeds kv-migrate up --kv-enabled --blockstore-path="$BLOCKSTORE" -d "$DSN" --dynamodb-table="$TABLE"
    assert_migrated
}

@test "a dry run shows the target, and changes nothing" {
    local before
    before=$(whole_database)
    run --separate-stderr -0 "${UP[@]}" "${DYNAMODB[@]}" --dry-run
    assert_contains "$output" "KV store:        DynamoDB table \"$TABLE\": no KV store" "write capacity units"
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" "the time of the load is not estimated: it depends on the write capacity units"
    run --separate-stderr -0 "${UP[@]}" "${DYNAMODB[@]}" --dry-run --write-units=2 --format json
    python3 -c 'import json, sys
plan = json.loads(sys.argv[1])
assert plan["estimated_load_seconds"] == plan["estimated_write_units"] / 2 > 0' "$output"
    assert_equal "$(whole_database)" "$before"
    run ! dynamodb version "$TABLE"
    # Also if the schema migrations must create schema_migrations first.
    drop_database
    fresh_database
    run --separate-stderr -0 kv-migrate up --kv-enabled --no-settings --new-database -d "$DSN" --target=dynamodb "${DYNAMODB[@]}" --dry-run
    assert_contains "$output" "no KV store"
}

# refused_at_once CODE TEXT OPTION...: neither up nor its dry run does anything, although a schema migration is pending.
refused_at_once() {
    local code=$1 text=$2 before
    shift 2
    sql "UPDATE schema_migrations SET version = 37"
    before=$(whole_database)
    fails "$code" "${UP[@]}" "$@"
    assert_contains "$stderr" "$text" "hint: " "nothing was done"
    run --separate-stderr "-$code" "${UP[@]}" "$@" --dry-run
    assert_contains "$stderr" "kv-import: error: " "$text" "hint: "
    assert_contains "$output" "up would exit with code $code"
    assert_equal "$(whole_database)" "$before"
}

@test "an unusable or foreign table is refused before anything is done" {
    start_dynamodb_proxy DescribeTable=error:400:AccessDeniedException
    refused_at_once 5 AccessDeniedException "${DYNAMODB_PROXY[@]}"
    assert_equal "$(requests CreateTable)" 0
    stop_proxy
    create_table Id Sort S
    refused_at_once 5 "has other keys" "${DYNAMODB[@]}"
}

@test "a stamped table is accepted only if an earlier run for this database stamped it" {
    create_table
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 1
    refused_at_once 5 "table \"$TABLE\" is stamped as migrated, but the database is not" "${DYNAMODB[@]}"
    assert_equal "$(dynamodb version "$TABLE")" 1
}

@test "options for another target are refused" {
    fails 1 kv-migrate up --kv-enabled -d "$DSN" --dynamodb-table=kvstore
    fails 1 kv-migrate up --kv-enabled -d "$DSN" --target=elsewhere
}
