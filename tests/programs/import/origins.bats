#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A database that has legacy tables takes only dumps of its own.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/esti.dump
    FORGED=$BATS_TEST_TMPDIR/forged.dump
}

# own_database: a legacy database, and DUMP, its dump.
own_database() {
    fresh_database TEMPLATE "$ESTI"
    kv-export -q -d "$DSN" --no-settings -f "$DUMP"
}

# other_dump: DUMP, that of another database, which is gone, and a legacy database in which the tables have the same OIDs.
other_dump() {
    own_database
    drop_database
    fresh_database TEMPLATE "$ESTI"
}

# forge EXPRESSION: makes FORGED of DUMP.
forge() {
    python3 "$TESTS_DIR/lib/forge.py" "$DUMP" "$1" >"$FORGED"
}

# assert_refused DUMP PART...: the load ends with 5, says the parts, and changes nothing.
assert_refused() {
    local before dump=$1
    shift
    before=$(legacy_digest)
    fails 5 kv-import -d "$DSN" "$dump"
    assert_contains "$stderr" "error: " "hint: Export database \"$PGDATABASE\"" "$@"
    # A pipe is no less careful.
    fails 5 kv-import -d "$DSN" < <(cat "$dump")
    fails 5 kv-import -d "$DSN" --clean "$dump"
    assert_equal "$(legacy_digest)" "$before"
    assert_stamp 38 -
}

# assert_taken DUMP [OPTION...]: it is loaded.
assert_taken() {
    local dump=$1
    shift
    succeeds kv-import -d "$DSN" "$@" "$dump"
    assert_contains "$stderr" "stamped version 1"
}

# Others --------------------------------------------------------------------------------------------------------------

@test "the dump of a database of which this one is a copy, and that has changed since" {
    local other
    own_database
    other=$PGDATABASE
    drop_database
    fresh_database TEMPLATE "$ESTI"
    sql "UPDATE graveler_branches SET commit_id = 'nowhere else'"
    assert_refused "$DUMP" "comes from another database" "taken from database \"$other\"" "into database \"$PGDATABASE\""
}

@test "the dump of a database that was made the same way, and one by pg_restore" {
    other_dump
    drop_database
    fresh_database
    apply_migrations 21 38
    load_fixture "$FIXTURES_DIR/esti/legacy.data.sql"
    set_schema_version 38
    assert_refused "$DUMP" "comes from another database"
    drop_database
    fresh_database
    pg_dump -d "$ESTI" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null
    assert_refused "$DUMP" "comes from another database"
}

@test "the dump of a database of the same name that was dropped since" {
    local name
    own_database
    name=$PGDATABASE
    drop_database
    psql -Xq -d postgres -c "CREATE DATABASE $name TEMPLATE $ESTI"
    export PGDATABASE=$name DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$name"
    assert_refused "$DUMP" "comes from another database"
}

@test "the dump of another cluster, in which everything has the same OIDs" {
    own_database
    forge 'sealed([altered(0, source__system_identifier="7000000000000000001")] + frames[1:])'
    assert_refused "$FORGED" "comes from another database" "cluster 7000000000000000001"
}

@test "the dump of another copy of the cluster, whose transactions are ahead" {
    own_database
    forge 'sealed([altered(0, source__snapshot="99999999999:99999999999:")] + frames[1:])'
    assert_refused "$FORGED" "another copy" "99999999999"
}

@test "the dump of another schema of the database" {
    own_database
    sql "ALTER SCHEMA public RENAME TO other" "CREATE SCHEMA public"
    pg_dump -d "$ESTI" -n public | sed '/^CREATE SCHEMA/d' | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null
    fails 5 kv-import -d "$DSN" --schema=public "$DUMP"
    assert_contains "$stderr" "other legacy tables than those of schema \"public\"" "OID"
    assert_stamp 38 -
    # The schema has another name now, and its tables are the same.
    succeeds kv-import -d "$DSN" --schema=other "$DUMP"
}

@test "tables that were dropped and created anew, or changed their names" {
    own_database
    sql "CREATE TABLE copy (LIKE gateway_multiparts INCLUDING ALL)" "INSERT INTO copy SELECT * FROM gateway_multiparts" \
        "DROP TABLE gateway_multiparts" "ALTER TABLE copy RENAME TO gateway_multiparts"
    assert_refused "$DUMP" "gateway_multiparts has OID"
    drop_database
    rm "$DUMP"
    own_database
    sql "ALTER TABLE graveler_tags RENAME TO swapped" "ALTER TABLE graveler_branches RENAME TO graveler_tags" \
        "ALTER TABLE swapped RENAME TO graveler_branches"
    assert_refused "$DUMP" "graveler_branches has OID"
}

@test "a dump that does not say which tables it was read from, and a redacted one" {
    own_database
    forge 'sealed([altered(0, source__database_oid=None, source__tables=None, version="1.0")] + frames[1:])'
    assert_refused "$FORGED" "does not say" "an older kv-export"
    forge 'sealed([altered(0, source__tables=None)] + frames[1:])'
    assert_refused "$FORGED" "does not say"
    kv-export -q -d "$DSN" --no-settings --redact -f "$BATS_TEST_TMPDIR/redacted.dump"
    fails 5 kv-import -d "$DSN" --allow-redacted "$BATS_TEST_TMPDIR/redacted.dump"
    assert_contains "$stderr" "does not say" "it is redacted"
    assert_stamp 38 -
}

@test "the dump of another database's KV store, and of one in DynamoDB" {
    local kept=$BATS_TEST_TMPDIR/kv.dump
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up -q --kv-enabled --no-settings --keep-tables -d "$DSN"
    kv-export -q -d "$DSN" --source=kv -f "$kept"
    # Its own one brings the store back.
    assert_taken "$kept" --clean
    DUMP=$kept
    forge 'sealed([altered(0, source__store="dynamodb", source__system_identifier="")] + frames[1:])'
    fails 5 kv-import -d "$DSN" --clean "$FORGED"
    assert_contains "$stderr" "another database" "dynamodb, table"
    forge 'sealed([altered(0, source__schema="other")] + frames[1:])'
    fails 5 kv-import -d "$DSN" --clean "$FORGED"
    drop_database
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up -q --kv-enabled --no-settings --keep-tables -d "$DSN"
    fails 5 kv-import -d "$DSN" --clean "$kept"
    assert_contains "$stderr" "comes from another database"
    assert_stamp 39 1
}

@test "a store that is stamped is no reason to say that there is nothing to do" {
    other_dump
    kv-migrate up -q --kv-enabled --no-settings --keep-tables -d "$DSN"
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "comes from another database"
}

@test "legacy tables without schema_migrations are legacy tables" {
    other_dump
    sql "DROP TABLE schema_migrations"
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "comes from another database"
    assert_sql "" "SELECT to_regclass('kv')"
}

@test "a cluster that only one of two roles can name" {
    own_database
    forge 'sealed([altered(0, source__system_identifier="")] + frames[1:])'
    fails 5 kv-import -d "$DSN" "$FORGED"
    assert_contains "$stderr" "not known whether" "GRANT EXECUTE ON FUNCTION pg_control_system()"
    assert_stamp 38 -
}

@test "names from a dump are printed escaped" {
    own_database
    forge 'sealed([altered(0, source__database="a\n\x1b[31m", source__database_oid=1)] + frames[1:])'
    assert_refused "$FORGED" 'from database "a\n\x1b[31m", OID 1'
}

# Its own -------------------------------------------------------------------------------------------------------------

@test "a database that was renamed, and tables that were rewritten, are the same ones" {
    local renamed
    own_database
    renamed=${PGDATABASE}_renamed
    psql -Xq -d postgres -c "ALTER DATABASE $PGDATABASE RENAME TO $renamed"
    export PGDATABASE=$renamed DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$renamed"
    sql "VACUUM FULL graveler_commits" "CLUSTER graveler_branches USING graveler_branches_pkey" "TRUNCATE gateway_multiparts" \
        "REINDEX TABLE auth_users" "ALTER TABLE graveler_tags ADD COLUMN more int"
    assert_taken "$DUMP"
    assert_stamp 39 1
}

@test "a database without legacy tables takes every dump" {
    local dump
    other_dump
    forge 'sealed([altered(0, source__database_oid=None, source__tables=None)] + frames[1:])'
    for dump in "$DUMP" "$FORGED" "$FIXTURES_DIR/esti/esti.dump"; do
        drop_database
        fresh_database
        assert_taken "$dump"
        # A cleanup of tables that come later refuses.
        pg_dump -d "$ESTI" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null
        sql "UPDATE schema_migrations SET version = 39"
        fails 5 kv-migrate cleanup -d "$DSN"
        assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    done
}
