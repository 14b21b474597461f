#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What kv-import refuses and what it replaces: it never touches anything that it has not made.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/import

# What is in the way --------------------------------------------------------------------------------------------------

@test "a table kv with rows and without a version is not touched" {
    legacy_database
    create_kv
    sql "INSERT INTO kv VALUES ('a', 'b', 'c')"
    check_refused '"kv"' "hint: "
    # Not even if asked to replace a KV store: this is not one.
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    assert_sql "a" "SELECT encode(partition_key, 'escape') FROM kv"
}

@test "a table kv with other columns is not touched, even if empty" {
    local columns
    legacy_database
    for columns in "key text, value text" "partition_key bytea, key bytea" "partition_key bytea, key bytea, value text" \
        "partition_key bytea, key bytea, value bytea, expires timestamptz"; do
        sql "CREATE TABLE kv ($columns)"
        check_refused '"kv"'
        fails 5 kv-import -d "$DSN" --clean "$DUMP"
        sql "DROP TABLE kv"
    done
}

# check_relations: reads kind, name and definition of relations; each of them alone makes the import refuse.
check_relations() {
    local kind name rest
    legacy_database
    while IFS='|' read -r kind name rest; do
        sql "CREATE $kind $name $rest"
        check_refused "\"$name\""
        # The same with a pipe.
        fails 5 kv-import -d "$DSN" < <(cat "$DUMP")
        sql "DROP $kind $name"
    done
}

@test "a view, sequence or other relation named kv is not touched" {
    check_relations <<'RELATIONS'
VIEW|kv|AS SELECT ''::bytea AS partition_key, ''::bytea AS key, ''::bytea AS value
MATERIALIZED VIEW|kv|AS SELECT ''::bytea AS partition_key, ''::bytea AS key, ''::bytea AS value
SEQUENCE|kv|
RELATIONS
}

@test "unrelated relations named kv_v and kv_7 are not touched" {
    check_relations <<'RELATIONS'
TABLE|kv_v|(a int)
VIEW|kv_v|AS SELECT display_name FROM auth_users
TABLE|kv_7|(a int)
SEQUENCE|kv_99|
RELATIONS
}

@test "types with names that a KV table needs are refused before anything is done: each table has a type of its name" {
    local type
    legacy_database
    for type in "TYPE kv_7 AS ENUM ('a')" "TYPE kv AS (a int)" "DOMAIN kv_v AS int" "TYPE kv_99 AS RANGE (SUBTYPE = int)"; do
        sql "CREATE $type"
        check_refused "there is a type" "hint: "
        read -r _ type _ <<<"$type"
        sql "DROP TYPE $type"
    done
    sql "CREATE TYPE kv_x AS ENUM ('a')" "CREATE TYPE kvs AS ENUM ('a')"
    succeeds kv-import -d "$DSN" "$DUMP"
}

@test "a rule or a trigger that keeps the schema version as it is is told from another program" {
    legacy_database
    sql "CREATE RULE keep AS ON UPDATE TO schema_migrations DO INSTEAD NOTHING"
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "table schema_migrations does not take a new version" "rule or trigger"
    sql "DROP RULE keep ON schema_migrations"
    succeeds kv-import -d "$DSN" "$DUMP"
}

@test "similarly named relations are no obstacle" {
    legacy_database
    sql "CREATE TABLE kv_backup (a int)" "CREATE TABLE kv7 (a int)" "CREATE TABLE \"KV\" (a int)" "CREATE TABLE kv_1a (a int)"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
    assert_sql 'kv_backup|kv7|"KV"|kv_1a' "SELECT to_regclass('kv_backup'), to_regclass('kv7'), to_regclass('\"KV\"'), to_regclass('kv_1a')"
}

@test "a store whose version is not a number is not touched" {
    local version
    legacy_database
    create_kv
    set_kv_version ""
    for version in "" x 1.0 -1 "1 " 99999999999999999999; do
        sql "UPDATE kv SET value = '$version'"
        check_refused '"kv"'
    done
}

@test "a view on a table of a failed run prevents dropping it" {
    legacy_database
    create_kv
    set_kv_version 0
    sql "CREATE VIEW report AS SELECT * FROM kv"
    run --separate-stderr ! kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "kv-import: error: "
    assert_stamp 38 0
    assert_sql report "SELECT to_regclass('report')"
}

# What is replaced ----------------------------------------------------------------------------------------------------

@test "what a failed run left, version 0, is replaced" {
    legacy_database
    create_kv
    set_kv_version 0
    sql "INSERT INTO kv VALUES ('auth', 'users/half', 'x'), ('other', 'key', 'y')"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'other'"
}

@test "an empty table kv is replaced" {
    legacy_database
    create_kv
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
}

@test "a stamped KV store is left unchanged: a success only if it holds the dump's entries" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    before=$(everything)
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "already holds the dump's entries: nothing to do"
    assert_equal "$(everything)" "$before"
    sql "INSERT INTO kv VALUES ('later', 'key', 'value')"
    check_refused "nothing was loaded" "--clean"
    # lakeFS has migrated it further.
    sql "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"
    before=$(everything)
    fails 5 kv-import -d "$DSN" < <(cat "$DUMP")
    assert_equal "$(everything)" "$before"
}

@test "a dump of another version is not what the store holds, even if the entries are equal" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    sql "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"
    before=$(everything)
    check_refused "nothing was loaded: the KV store is at version 4, the dump is of version 1" \
        "replace the store with --clean --allow-other-version"
    fails 5 kv-import -d "$DSN" <"$DUMP"
    assert_equal "$(everything)" "$before"
    run --separate-stderr -3 kv-import -d "$DSN" --verify "$DUMP"
    assert_equal "$output" \
        '{"difference":"value","partition":"kv-internal-metadata","key":"kv/schema/version","dump":"1","store":"4"}'
    assert_contains "$stderr" "0 entries are missing, 1 differs, 0 are extra"
    fails 3 kv-import -d "$DSN" --verify - <"$DUMP"
    assert_contains "$stderr" "The dump is of version 1, the store at version 4."
    run -3 kv-import --diff="$DUMP" -d "$DSN"
    assert_contains "$output" 'KV version changed from "1" to "4"'
}

@test "the version of the store stands beside the set digest" {
    local version line old
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    for version in 1 4; do
        sql "UPDATE kv SET value = '$version' WHERE key = 'kv/schema/version'"
        kv-export -d "$DSN" --source=kv --quiet --force -f "$BATS_TEST_TMPDIR/kv.dump"
        line=$(kv-import --list "$BATS_TEST_TMPDIR/kv.dump" | grep '^set digest')
        assert_contains "$line" ", KV version $version"
        assert_equal "${line%, *}" "${old:-${line%, *}}"
        old=${line%, *}
    done
}

@test "whether the store holds the dump's entries is not known of a corrupt dump" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    before=$(everything)
    flip 1000000 "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/flipped.dump"
    assert_equal "$(everything)" "$before"
}

@test "--clean replaces a stamped KV store" {
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    sql "INSERT INTO kv VALUES ('later', 'key', 'value')"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'later'"
}

@test "--clean with a truncated dump removes nothing" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    before=$(everything)
    head -c 1000000 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/cut.dump"
    assert_equal "$(everything)" "$before"
}

@test "the table's name and number of partitions can be chosen" {
    legacy_database
    sql "CREATE TABLE kv (mine text)"
    succeeds kv-import -d "$DSN" --table="Odd \"Name" --partitions=3 "$DUMP"
    assert_sql "1004|3" "SELECT count(*), (SELECT count(*) FROM pg_inherits WHERE inhparent = '\"Odd \"\"Name\"'::regclass) FROM \"Odd \"\"Name\""
    assert_sql "1004" "SELECT count(*) FROM \"Odd \"\"Name_v\""
    assert_sql mine "SELECT attname FROM pg_attribute WHERE attrelid = 'kv'::regclass AND attnum = 1"
}

@test "the server's warnings are passed on" {
    legacy_database
    sql "CREATE FUNCTION warn() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''mind the gap''; END'" \
        "CREATE EVENT TRIGGER warn ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE PROCEDURE warn()"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "kv-import: warning: the server says: mind the gap"
    assert_loaded
}

# The legacy database -------------------------------------------------------------------------------------------------

@test "a database at another schema version is refused" {
    local version
    legacy_database
    for version in 30 37 40; do
        sql "UPDATE schema_migrations SET version = $version"
        check_refused $version "hint: "
    done
}

@test "a dirty database is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET dirty = true"
    check_refused dirty
}

@test "a schema_migrations without a row, or with two, is refused" {
    legacy_database
    sql "DELETE FROM schema_migrations"
    check_refused schema_migrations
    sql "INSERT INTO schema_migrations VALUES (38, false), (39, false)"
    check_refused schema_migrations
}

@test "a stamped KV store in a database that is not migrated is refused" {
    legacy_database
    create_kv
    set_kv_version 1
    check_refused 38
}

@test "--check-target refuses what a load would, and changes nothing" {
    local before
    legacy_database
    before=$(everything)
    succeeds kv-import -d "$DSN" --check-target
    assert_equal "$output" 'table "kv": no KV store'
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --check-target --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    succeeds kv-import -d "$DSN" --check-target --lock-held-by="$HOLDER_BACKEND" --lock-wait-timeout=300ms
    release
    # It held no lock any more.
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    assert_equal "$(everything)" "$before"
    sql "UPDATE schema_migrations SET dirty = true"
    fails 5 kv-import -d "$DSN" --check-target
    sql "UPDATE schema_migrations SET dirty = false" "CREATE VIEW kv_7 AS SELECT 1 AS a"
    fails 5 kv-import -d "$DSN" --check-target
    assert_contains "$stderr" kv_7
}

@test "--check-target refuses a stamped store in a database that is not migrated" {
    legacy_database
    create_kv
    set_kv_version 1
    succeeds kv-import -d "$DSN" --check-target
    assert_equal "$output" 'table "kv": KV store at version 1'
    fails 5 kv-import -d "$DSN" --check-target --not-migrated
    assert_contains "$stderr" 'table "kv" is stamped'
    succeeds kv-import -d "$DSN" --check-target --not-migrated --clean
    fails 1 kv-import -d "$DSN" --not-migrated "$DUMP"
    # A read-only role can run it.
    sql "CREATE ROLE ${PGDATABASE}_r LOGIN" "GRANT SELECT ON kv, schema_migrations TO ${PGDATABASE}_r"
    run --separate-stderr -0 kv-import -d "$DSN user=${PGDATABASE}_r" --check-target
    sql "DROP OWNED BY ${PGDATABASE}_r" "DROP ROLE ${PGDATABASE}_r"
    assert_equal "$output" 'table "kv": KV store at version 1'
}

@test "legacy tables never change" {
    local before
    legacy_database
    before=$(legacy_digest)
    kv-import -d "$DSN" --quiet "$DUMP"
    kv-import -d "$DSN" --quiet --clean "$DUMP"
    assert_equal "$(legacy_digest)" "$before"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a schema version that changes during the load is noticed, and nothing is stamped" {
    legacy_database
    load_half
    sql "UPDATE schema_migrations SET version = 37"
    load_rest
    background_ends 5
    assert_stamp 37 0
}
