#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# DynamoDB as the KV store of a legacy database: both are stamped, in order, or neither.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# legacy_database: a legacy database with the fixture's rows in place of the empty one, and DUMP, its dump.
legacy_database() {
    apply_migrations 21 38
    load_fixture "$FIXTURES_DIR/esti/legacy.data.sql"
    set_schema_version 38
    DUMP=$BATS_TEST_TMPDIR/legacy.dump
    kv-export -q -d "$DSN" --blockstore-path="$BLOCKSTORE" -f "$DUMP"
}

# assert_stamps SCHEMA_VERSION KV_VERSION: the versions in the database and in the table.
assert_stamps() {
    assert_equal "$(sql "SELECT version FROM schema_migrations") $(dynamodb version "$TABLE")" "$1 $2"
}

# break_stamp: prevents changes of the schema version, until mend_stamp.
break_stamp() {
    sql "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'not now'; END \$\$" \
        "CREATE TRIGGER no BEFORE UPDATE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION no()"
}

mend_stamp() {
    sql "DROP TRIGGER no ON schema_migrations"
}

@test "the legacy database is stamped after the table, and records where its store is" {
    local digest
    legacy_database
    digest=$(legacy_digest)
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_stamps 39 1
    assert_equal "$(legacy_digest)" "$digest"
    assert_sql "dynamodb|$TABLE|1" "SELECT note #>> '{store,type}', note #>> '{store,table}', note #>> '{store,kv_version}'
        FROM (SELECT obj_description('schema_migrations'::regclass)::jsonb AS note) AS noted"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_contains "$stderr" "nothing to do"
    nobody_else
}

@test "the legacy database's lock and version are checked" {
    legacy_database
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" --lock-wait-timeout=200ms "$DUMP"
    # The holder of the lock may load.
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" --lock-held-by="$HOLDER_BACKEND" "$DUMP"
    release
    sql "UPDATE schema_migrations SET version = 37"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP" --clean
    sql "UPDATE schema_migrations SET version = 38, dirty = true"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP" --clean
    assert_contains "$stderr" dirty
    sql "DROP TABLE schema_migrations"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP" --clean
    assert_contains "$stderr" schema_migrations
}

@test "a stale dump stamps neither the table nor the database" {
    legacy_database
    sql "UPDATE auth_users SET friendly_name = 'since'"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_contains "$stderr" "the dump is stale" "auth_users: "
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" - < <(cat "$DUMP")
    # Nothing was made; rows that were only deleted are noticed before the stamp.
    run dynamodb call DescribeTable "{\"TableName\": \"$TABLE\"}"
    assert_contains "$output" ResourceNotFoundException
    kv-export -q -d "$DSN" --no-settings --force -f "$DUMP"
    sql "DELETE FROM auth_expired_tokens" "DELETE FROM graveler_tags"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" - < <(cat "$DUMP")
    assert_contains "$stderr" "the dump is stale" "graveler_tags: 0 rows inserted"
    assert_stamps 38 0
}

@test "a transaction that has written to legacy tables, and has not ended, leaves both unstamped" {
    legacy_database
    hold "DELETE FROM graveler_tags"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_contains "$stderr" "does not end" "Locks are held by process $HOLDER_BACKEND" " on graveler_tags."
    assert_stamps 38 0
    release
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_stamps 39 1
}

@test "a failure between the two stamps is reported, and the next run finishes" {
    legacy_database
    break_stamp
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_contains "$stderr" "table \"$TABLE\" is stamped" "not now" "run the same command again"
    assert_stamps 38 1
    # And again.
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_stamps 38 1
    mend_stamp
    # Another dump of the same rows is accepted.
    kv-export -q -d "$DSN" --blockstore-path="$BLOCKSTORE" -Z 1 -f "$DUMP.2"
    start_dynamodb_proxy pass
    succeeds kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" -d "$DSN" "$DUMP.2"
    assert_contains "$stderr" "already stamped" "version 39"
    assert_equal "$(requests BatchWriteItem) $(requests UpdateItem)" "0 0"
    assert_stamps 39 1
    sql "SELECT 1 / count(*) FROM (SELECT obj_description('schema_migrations'::regclass)::jsonb AS note) AS noted
        WHERE note #>> '{store,type}' = 'dynamodb'"
}

@test "a table stamped with other entries is not accepted for this database" {
    legacy_database
    break_stamp
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    mend_stamp
    sql "UPDATE auth_users SET email = 'since@example.com' WHERE id = (SELECT min(id) FROM auth_users)"
    kv-export -q -d "$DSN" --blockstore-path="$BLOCKSTORE" --force -f "$DUMP"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_stamps 38 1
    # Nor are the same entries of another database, or a table whose version lakeFS has changed.
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$ESTI_DUMP"
    dynamodb put "$TABLE" kv-internal-metadata kv/schema/version 2
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    assert_stamps 38 2
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" --clean --allow-other-version "$DUMP"
    assert_stamps 39 1
}

@test "the dump of another database is refused before the table is made" {
    local other
    legacy_database
    other=$DUMP.other
    python3 "$TESTS_DIR/lib/forge.py" "$DUMP" 'sealed([altered(0, source__database_oid=1)] + frames[1:])' >"$other"
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$other"
    assert_contains "$stderr" "comes from another database"
    run ! dynamodb version "$TABLE"
    # Nor does it finish what its own dump has half done.
    break_stamp
    fails 3 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    mend_stamp
    fails 5 kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$other"
    assert_contains "$stderr" "comes from another database"
    assert_stamps 38 1
    # Without a database there is none to be mistaken for.
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean "$other"
}

@test "a failing load into DynamoDB leaves the database unchanged" {
    legacy_database
    start_dynamodb_proxy BatchWriteItem=forget pass
    fails 3 kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" -d "$DSN" "$DUMP"
    assert_stamps 38 0
    assert_sql "" "SELECT obj_description('schema_migrations'::regclass)"
}

@test "if the lock is lost during the load nothing is stamped" {
    legacy_database
    start_dynamodb_proxy BatchWriteItem=wait:"$BATS_TEST_TMPDIR/go" pass
    background kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" -d "$DSN" "$DUMP"
    eventually requests_came BatchWriteItem 1
    sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'" >"$BATS_TEST_TMPDIR/ended"
    touch "$BATS_TEST_TMPDIR/go"
    background_ends 2
    assert_stamps 38 0
}

@test "a store in PostgreSQL replaces the note about one in DynamoDB" {
    legacy_database
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" -d "$DSN" "$DUMP"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_sql "" "SELECT obj_description('schema_migrations'::regclass)"
    assert_sql 39 "SELECT version FROM schema_migrations"
}
