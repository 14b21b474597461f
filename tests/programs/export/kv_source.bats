#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-export --source kv: exporting a KV store, and loading it again.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export LEGACY_DUMP="$BATS_FILE_TMPDIR/legacy.dump"
    make_esti_dump "$LEGACY_DUMP"
    # A database with nothing but a KV store.
    fresh_database
    kv-import -d "$DSN" --quiet "$LEGACY_DUMP"
    keep_database STORE
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/kv.dump
}

# facts DUMP EXPRESSION: prints the value of a Python expression about the dump; its header is h, its manifest m.
facts() {
    kv-import --list --format json "$1" | python3 -c '
import json, sys
dump = json.load(sys.stdin)
h, m = dump["header"], dump["manifest"]
print(eval(sys.argv[1]))' "$2"
}

# digests DUMP: prints a line for each package that has entries: name, entries and set digest.
digests() {
    facts "$1" '"\n".join("%s %d %s" % (p["name"], p["entries"], p["set_digest"]) for p in m["packages"] if p["entries"])'
}

@test "a store loaded from the legacy tables has exactly the packages exported from them" {
    local jobs
    fresh_database TEMPLATE "$STORE"
    for jobs in 1 3; do
        succeeds kv-export --source kv -d "$DSN" -j "$jobs" --force -f "$DUMP"
        succeeds kv-import --check "$DUMP"
        assert_equal "$(digests "$DUMP")" "$(digests "$LEGACY_DUMP")"
    done
    assert_equal "$(facts "$DUMP" 'h["source"]["kind"], h["kv_version"], h["source"]["schema_version"], h["kv_migration_version"]' | tr -d "(),'")" "kv 1 0 39"
    # Read only.
    nobody_else
}

@test "the version's entry is in the header, not among the entries" {
    fresh_database TEMPLATE "$STORE"
    succeeds kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_equal "$(kv-import --print --partition kv-internal-metadata "$DUMP")" ""
}

@test "loaded into an empty database: the same entries, and the store's own version" {
    local version=7
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = '$version' WHERE partition_key = 'kv-internal-metadata'"
    succeeds kv-export --source kv -d "$DSN" -f "$DUMP"
    drop_database
    fresh_database
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "stamped version $version"
    assert_sql "$version" "SELECT encode(value, 'escape') FROM kv WHERE partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version'"
    succeeds kv-import --verify -d "$DSN" "$DUMP"
    assert_equal "$output" "equal: 439 entries"
    # The same entries, but of another version.
    run --separate-stderr -3 kv-import --verify -d "$DSN" "$LEGACY_DUMP"
    assert_contains "$output" '"dump":"1","store":"7"'
    assert_contains "$stderr" "0 entries are missing, 1 differs, 0 are extra"
}

@test "a migrated database is saved and restored in place" {
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up --kv-enabled --quiet -d "$DSN" --blockstore-path "$BLOCKSTORE"
    succeeds kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_equal "$(facts "$DUMP" 'h["source"]["schema_version"]')" "39"
    sql "DELETE FROM kv WHERE partition_key = 'auth'"
    run -3 kv-import --verify -d "$DSN" "$DUMP"
    succeeds kv-import --clean -d "$DSN" "$DUMP"
    succeeds kv-import --verify -d "$DSN" "$DUMP"
    assert_sql "39|f" "SELECT version, dirty FROM schema_migrations"
}

@test "a legacy database does not accept a store's dump as its migration" {
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up --kv-enabled --quiet -d "$DSN" --blockstore-path "$BLOCKSTORE"
    succeeds kv-export --source kv -d "$DSN" -f "$DUMP"
    drop_database
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up --quiet -d "$DSN"
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_sql "38|f" "SELECT version, dirty FROM schema_migrations"
    assert_sql "" "SELECT to_regclass('kv')"
}

@test "unknown partitions are kept unchanged, as package other" {
    fresh_database TEMPLATE "$STORE"
    sql "INSERT INTO kv VALUES ('later-lakefs', '\\x00ff', '\\x8081'), ('sessions', 'a', '')"
    succeeds kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_equal "$(digests "$DUMP" | grep ^other | cut -d ' ' -f 1-2)" "other 2"
    drop_database
    fresh_database
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_sql "\\x00ff|\\x8081" "SELECT key, value FROM kv WHERE partition_key = 'later-lakefs'"
    assert_sql "a|\\x" "SELECT encode(key, 'escape'), value FROM kv WHERE partition_key = 'sessions'"
}

@test "packages can be selected, and exclusions are reported" {
    fresh_database TEMPLATE "$STORE"
    succeeds kv-export --source kv -d "$DSN" -n auth -n multiparts -f "$DUMP"
    assert_equal "$(digests "$DUMP")" "$(digests "$LEGACY_DUMP" | grep -E '^(auth|multiparts)')"
    assert_equal "$(facts "$DUMP" 'h["omitted"]')" "['package:actions', 'package:graveler', 'package:other']"
    drop_database
    fresh_database
    fails 5 kv-import -d "$DSN" "$DUMP"
}

@test "concurrent writes are not in the dump, and writers are not blocked" {
    fresh_database TEMPLATE "$STORE"
    local snapshot
    hold "SELECT 'snapshot=' || pg_export_snapshot()"
    snapshot=$(sed -n 's/^snapshot=//p' "$BATS_TEST_TMPDIR/holder/out")
    sql "SET lock_timeout = '5s'" "INSERT INTO kv VALUES ('auth', 'users/late', '')" "DELETE FROM kv WHERE partition_key = 'multiparts'"
    succeeds kv-export --source kv -d "$DSN" --snapshot "$snapshot" -j 3 -f "$DUMP"
    assert_equal "$(digests "$DUMP")" "$(digests "$LEGACY_DUMP")"
}

@test "another table, another schema, and a read-only role" {
    fresh_database TEMPLATE "$STORE"
    sql "CREATE SCHEMA elsewhere" "ALTER TABLE kv SET SCHEMA elsewhere" "ALTER TABLE elsewhere.kv RENAME TO entries" \
        "DO \$\$ BEGIN CREATE ROLE kv_source_reader LOGIN; EXCEPTION WHEN duplicate_object THEN END \$\$" \
        "GRANT USAGE ON SCHEMA elsewhere TO kv_source_reader" "GRANT SELECT ON ALL TABLES IN SCHEMA elsewhere, public TO kv_source_reader"
    succeeds kv-export --source kv -d "$DSN user=kv_source_reader" --schema elsewhere --table entries -f "$DUMP"
    assert_equal "$(digests "$DUMP")" "$(digests "$LEGACY_DUMP")"
    sql "DROP OWNED BY kv_source_reader" "DROP ROLE kv_source_reader"
}

@test "a missing store, an incomplete store, a table that is not a store: refused, and no file is left" {
    fresh_database
    fails 5 kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_contains "$stderr" 'there is no table "kv"'
    drop_database
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = '0' WHERE partition_key = 'kv-internal-metadata'"
    fails 5 kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_contains "$stderr" "at version 0"
    drop_database
    fresh_database
    sql "CREATE TABLE kv (a int)"
    fails 5 kv-export --source kv -d "$DSN" -f "$DUMP"
    assert_missing "$DUMP" "$DUMP.partial"
}

@test "for the legacy tables of a migrated database, the refusal suggests the option for the store" {
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up --kv-enabled --quiet -d "$DSN" --blockstore-path "$BLOCKSTORE"
    fails 5 kv-export -d "$DSN" --no-settings -f "$DUMP"
    assert_contains "$stderr" "--source=kv"
}

@test "a large leaf is read in parts, by several connections, completely" {
    fresh_database TEMPLATE "$STORE"
    # About 30 MiB in one leaf.
    sql "INSERT INTO kv SELECT 'big', convert_to(i::text, 'UTF8'), convert_to(repeat(md5(i::text), 30), 'UTF8') FROM generate_series(1, 30000) i"
    succeeds kv-export --source kv -d "$DSN" -j 3 -f "$DUMP"
    succeeds kv-import --check "$DUMP"
    assert_equal "$(digests "$DUMP" | grep ^other | cut -d ' ' -f 1-2)" "other 30000"
    succeeds kv-import --verify -d "$DSN" -j 3 "$DUMP"
    assert_equal "$output" "equal: 30439 entries"
}

@test "options that make no sense together are refused" {
    fails 1 kv-export --source kv --strict -d x -f "$DUMP"
    fails 1 kv-export --source kv --blockstore-path / -d x -f "$DUMP"
    fails 1 kv-export --source kv --s3-region eu-west-1 -d x -f "$DUMP"
    fails 1 kv-export --source kv --settings-command "cat {}" -d x -f "$DUMP"
    fails 1 kv-export --table kv -d x -f "$DUMP"
    fails 1 kv-export -n other -d x -f "$DUMP"
    fails 1 kv-export --source elsewhere -d x -f "$DUMP"
}

@test "a dry run reads, and writes nothing" {
    fresh_database TEMPLATE "$STORE"
    succeeds kv-export --source kv --dry-run -d "$DSN" -f "$DUMP"
    assert_contains "$stderr" "entries at version 1"
    assert_missing "$DUMP" "$DUMP.partial"
}

@test "a redacted dump of a store has the same packages and counts, and is refused as a store" {
    fresh_database TEMPLATE "$STORE"
    succeeds kv-export --source kv --redact -d "$DSN" -f "$DUMP"
    assert_equal "$(digests "$DUMP" | cut -d ' ' -f 1-2)" "$(digests "$LEGACY_DUMP" | cut -d ' ' -f 1-2)"
    drop_database
    fresh_database
    fails 5 kv-import -d "$DSN" "$DUMP"
}
