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
    needs_pg_dump
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
    needs_pg_dump
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
    sql "VACUUM FULL graveler_commits" "CLUSTER graveler_branches USING graveler_branches_pkey" "TRUNCATE auth_expired_tokens" \
        "REINDEX TABLE auth_users" "ALTER TABLE graveler_tags ADD COLUMN more int"
    assert_taken "$DUMP"
    assert_stamp 39 1
}

@test "a database without legacy tables takes every dump" {
    needs_pg_dump
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

@test "a dump that lacks a package is no migration, but may be a copy" {
    own_database
    kv-export -q -d "$DSN" -n auth -f "$BATS_TEST_TMPDIR/auth.dump"
    fails 5 kv-import -d "$DSN" --allow-incomplete "$BATS_TEST_TMPDIR/auth.dump"
    assert_contains "$stderr" "the dump lacks package actions" "database \"$PGDATABASE\" has legacy tables" "--table=NAME"
    fails 5 kv-import -d "$DSN" --allow-incomplete --clean - < <(cat "$BATS_TEST_TMPDIR/auth.dump")
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('kv')"
    assert_sql 0 "SELECT count(*) FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes'"
    assert_taken "$BATS_TEST_TMPDIR/auth.dump" --allow-incomplete --table=kv2
    assert_stamp 38 -
    # Nor does one that lacks repositories.
    forge 'sealed([altered(0, repositories=["migrate"])] + frames[1:])'
    fails 5 kv-import -d "$DSN" --allow-incomplete "$FORGED"
    assert_contains "$stderr" "the dump lacks repositories" "--table=NAME"
    assert_stamp 38 -
}

@test "a dump of the KV store, after going back to the legacy tables, and of a copy beside them" {
    local dump=$BATS_TEST_TMPDIR/kv.dump
    own_database
    assert_taken "$DUMP" --table=kv2
    kv-export -q -d "$DSN" --source=kv --table=kv2 -f "$BATS_TEST_TMPDIR/copy.dump"
    kv-migrate up -q --kv-enabled --no-settings --keep-tables -d "$DSN"
    kv-export -q -d "$DSN" --source=kv -f "$dump"
    kv-migrate revert -q -d "$DSN"
    for dump in "$dump" "$BATS_TEST_TMPDIR/copy.dump"; do
        fails 5 kv-import -d "$DSN" "$dump"
        assert_contains "$stderr" "a dump of a KV store does not go beside legacy tables" "at schema version 38" \
            "hint: To migrate them, run kv-migrate up --kv-enabled." "--table=NAME"
        assert_stamp 38 -
        assert_taken "$dump" --table=kv3 --clean
    done
}

# Stale dumps ---------------------------------------------------------------------------------------------------------

# assert_stale DUMP PART...: the load ends with 5, says the parts, and makes nothing.
assert_stale() {
    local dump=$1
    shift
    fails 5 kv-import -d "$DSN" "$dump"
    assert_contains "$stderr" "kv-import: error: the dump is stale" "rows written since" "hint: " "export the database anew" "$@"
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('kv')"
}

@test "rows that were inserted, updated or deleted after the dump was taken" {
    local change table
    while IFS='|' read -r table change; do
        printf '== %s\n' "$change"
        own_database
        sql "$change"
        assert_stale "$DUMP" "$table: "
        drop_database
        rm "$DUMP"
    done <<'CHANGES'
graveler_branches|UPDATE graveler_branches SET commit_id = commit_id
graveler_staging_kv|INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data')
graveler_staging_kv|BEGIN; SAVEPOINT s; INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data'); COMMIT
graveler_commits|DELETE FROM graveler_commits WHERE ctid = (SELECT ctid FROM graveler_commits LIMIT 1)
auth_expired_tokens|INSERT INTO auth_expired_tokens VALUES ('token', '2000-01-01 00:00:00Z')
CHANGES
}

@test "several tables are named, and a pipe and --clean are no less careful" {
    own_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data')" "INSERT INTO auth_expired_tokens VALUES ('token', now())"
    assert_stale "$DUMP" "auth_expired_tokens: 1 row inserted or updated" "graveler_staging_kv: 1 row inserted or updated"
    fails 5 kv-import -d "$DSN" - < <(cat "$DUMP")
    assert_contains "$stderr" "the dump is stale"
    assert_sql "" "SELECT to_regclass('kv')"
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    # A new one is taken, and nothing was written since.
    kv-export -q -d "$DSN" --no-settings --force -f "$DUMP"
    assert_taken "$DUMP"
    succeeds kv-migrate cleanup -d "$DSN"
}

@test "rows that were only deleted are noticed before the stamp, also from a pipe" {
    own_database
    sql "DELETE FROM graveler_commits WHERE ctid = (SELECT ctid FROM graveler_commits LIMIT 1)"
    fails 5 kv-import -d "$DSN" - < <(cat "$DUMP")
    assert_contains "$stderr" "graveler_commits: 0 rows inserted or updated, 1 row deleted or updated"
    assert_stamp 38 0
    assert_sql 0 "SELECT count(*) FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes'"
}

@test "rows that are written during the load are noticed before the stamp" {
    own_database
    # The load reaches the stamp, where the guards wait for the writer.
    hold "INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data')"
    background kv-import -d "$DSN" --lock-wait-timeout=1h "$DUMP"
    eventually someone_waits
    printf 'COMMIT;\n' >&"$HOLDER_INPUT"
    background_ends 5
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "the dump is stale" "graveler_staging_kv: 1 row inserted"
    assert_stamp 38 0
}

@test "a role that may not read the legacy tables cannot stamp them" {
    local role
    own_database
    role=${PGDATABASE}_role
    sql "CREATE ROLE $role LOGIN" "GRANT ALL ON SCHEMA public TO $role" "GRANT ALL ON schema_migrations TO $role"
    PGUSER=$role run --separate-stderr kv-import -d "dbname=$PGDATABASE" "$DUMP"
    assert_contains "$stderr" "permission denied" "GRANT SELECT ON"
    [ "$status" -ne 0 ]
    assert_stamp 38 -
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}

@test "what vacuuming does to rows is no writing" {
    own_database
    sql "VACUUM (FREEZE)" "SELECT FROM graveler_branches FOR UPDATE" "SELECT txid_current()" "VACUUM FULL graveler_staging_kv" ANALYZE \
        "BEGIN; DELETE FROM graveler_branches; INSERT INTO auth_expired_tokens VALUES ('token', now()); ROLLBACK" >/dev/null
    assert_taken "$DUMP"
    assert_stamp 39 1
}

@test "a store that is kept is not stamped, whatever was written since" {
    own_database
    assert_taken "$DUMP"
    allow_writes
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data')"
    run --separate-stderr kv-import -d "$DSN" "$DUMP"
    refute_contains "$stderr" "the dump is stale"
    # But replaced it is not either.
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    assert_contains "$stderr" "the dump is stale"
    assert_stamp 39 1
}

# Other schemas -------------------------------------------------------------------------------------------------------

@test "legacy tables in another schema of the database" {
    local dump
    other_dump
    sql "ALTER SCHEMA public RENAME TO lakefs" "CREATE SCHEMA public"
    kv-export -q -d "$DSN" --schema=lakefs --no-settings -f "$BATS_TEST_TMPDIR/own.dump"
    # Neither that of another database, nor their own.
    for dump in "$DUMP" "$BATS_TEST_TMPDIR/own.dump"; do
        fails 5 kv-import -d "$DSN" "$dump"
        assert_contains "$stderr" "schema \"public\" of database \"$PGDATABASE\" has no legacy tables" "schema \"lakefs\"" "--schema"
        fails 5 kv-import -d "$DSN" --schema=public --clean "$dump"
        assert_sql "" "SELECT to_regclass('public.kv')"
    done
    fails 5 kv-import -d "$DSN" --schema=lakefs "$DUMP"
    assert_contains "$stderr" "comes from another database"
    succeeds kv-import -d "$DSN" --schema=lakefs "$BATS_TEST_TMPDIR/own.dump"
}

@test "a store that is there keeps being restored beside the legacy tables of another schema" {
    other_dump
    drop_database
    fresh_database
    assert_taken "$DUMP"
    sql "ALTER TABLE kv SET SCHEMA public" "CREATE SCHEMA lakefs" "CREATE TABLE lakefs.graveler_tags ()" "CREATE TABLE lakefs.auth_users ()"
    assert_taken "$DUMP" --clean
    # One table of such a name is no lakeFS.
    sql "DROP TABLE lakefs.auth_users" "SET client_min_messages = warning" "DROP TABLE kv CASCADE"
    assert_taken "$DUMP"
}

# Copies --------------------------------------------------------------------------------------------------------------

@test "a table of another name beside legacy tables is only a copy" {
    local before dump
    other_dump
    before=$(legacy_digest)
    kv-export -q -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/own.dump"
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'key', 'identity', 'data')"
    before=$(legacy_digest)
    # Another database's, and a stale one.
    for dump in "$DUMP" "$BATS_TEST_TMPDIR/own.dump"; do
        succeeds kv-import -d "$DSN" --table=kv2 --clean "$dump"
        assert_contains "$stderr" "table \"kv2\" is only a copy" "left as they are" "stamped version 1"
        assert_equal "$(legacy_digest)" "$before"
        assert_stamp 38 -
        assert_sql 1 "SELECT encode(value, 'escape') FROM kv2 WHERE key = 'kv/schema/version'"
        assert_sql 0 "SELECT count(*) FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes'"
    done
    succeeds kv-import -d "$DSN" --table=kv2 --verify "$dump"
    # The migration goes on as if nothing had been.
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$output" "legacy, at the last schema version"
    succeeds kv-migrate up -q --kv-enabled --no-settings -d "$DSN"
    assert_stamp 39 1
}
