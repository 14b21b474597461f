#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From a legacy database to the KV table. The fixture comes from a lakeFS server after its own system tests; the
# expected result is that of lakeFS's own migration (tests/fixtures/esti).

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    export_esti -f "$DUMP"
}

# A copy of the template, and its dump in place of the template's, which it would not take.
legacy_database() {
    fresh_database TEMPLATE "$ESTI"
    DUMP=$BATS_TEST_TMPDIR/own.dump
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -j 1 -f "$DUMP"
}

# With one job, so that the dump is the same every time.
export_esti() {
    kv-export -d "$ESTI" --blockstore-path="$BLOCKSTORE" --quiet -j 1 "$@"
}

# The whole way -------------------------------------------------------------------------------------------------------

@test "up leaves the expected entries, version 39 and no legacy table" {
    legacy_database
    sql "CREATE TABLE catalog_entries (path text)" "INSERT INTO catalog_entries VALUES ('old')"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"

    succeeds kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN"
    assert_equal "$output" ""
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    # Tables of the former storage engine do not matter.
    assert_sql "old" "SELECT path FROM catalog_entries"
    nobody_else
}

@test "a second up changes nothing" {
    local before
    legacy_database
    kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" --quiet -d "$DSN"
    before=$(kv_state)
    succeeds kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN"
    assert_contains "$stderr" "nothing to do"
    assert_equal "$(kv_state)" "$before"
    assert_stamp 39 1
}

@test "up through a dump file leaves the expected entries and keeps the dump" {
    local kept=$BATS_TEST_TMPDIR/kept.dump
    legacy_database
    succeeds kv-migrate up --kv-enabled --dump="$kept" --blockstore-path "$BLOCKSTORE" -d "$DSN"
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    kv-import --check "$kept"
    assert_equal "$(stat -c '%a %h' "$kept")" "600 1"
    assert_missing "$kept.partial"
}

@test "export | import leaves the expected entries and does not touch a legacy row" {
    local before
    legacy_database
    before=$(legacy_digest)
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" | kv-import -d "$DSN"
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_digest)" "$before"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "an import from a file leaves the expected entries" {
    legacy_database
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_equal "$output" ""
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "an import from standard input named - leaves the expected entries, from a pipe and a file" {
    legacy_database
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$DUMP" | kv-import -d "$DSN" -
    assert_kv_as_expected
    assert_stamp 39 1
    kv-import -d "$DSN" --clean - <"$DUMP"
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "an import with one connection or many leaves the expected entries" {
    local jobs
    legacy_database
    for jobs in 1 8; do
        kv-import -d "$DSN" --clean --quiet -j "$jobs" "$DUMP"
        assert_kv_as_expected
        assert_stamp 39 1
    done
}

@test "a dump can be loaded into an empty database, which becomes a KV store only" {
    fresh_database
    kv-import -d "$DSN" "$DUMP"
    assert_kv_as_expected
    assert_stamp - 1
}

@test "a database name may be given without -d, and the connection by PG variables" {
    legacy_database
    (database=$PGDATABASE && unset PGDATABASE && kv-export --blockstore-path="$BLOCKSTORE" --quiet "$database") | kv-import
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "the connection may be given by options, which override PG variables" {
    local options=(-h "$PGHOST" -p "$PGPORT" -U "$PGUSER") database
    legacy_database
    database=$PGDATABASE
    PGHOST=/nonexistent PGPORT=1 PGUSER=nobody PGDATABASE=nowhere \
        kv-export "${options[@]}" -d "$database" --blockstore-path="$BLOCKSTORE" -q -f "$BATS_TEST_TMPDIR/dump"
    PGHOST=/nonexistent PGPORT=1 PGUSER=nobody kv-import "${options[@]}" -d "$database" -q "$BATS_TEST_TMPDIR/dump"
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "the installation keeps its id" {
    local id
    legacy_database
    id=$(sql "SELECT key_value FROM auth_installation_metadata WHERE key_name = 'installation_id'")
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_equal "${#id}" 36
    assert_sql $'installation_id\ninstallation_metadata/installation_id' "SELECT convert_from(key, 'UTF8') FROM kv
        WHERE partition_key = 'auth' AND value = convert_to('$id', 'UTF8') ORDER BY key"
}

@test "branch protection rules have exactly the bytes of the block store" {
    local rules=$BLOCKSTORE/dc1gd1r8di18pkekbme0/testmigrate/testpremigrategraveler/_lakefs/settings/protected_branches.json
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_sql "testmigrate-testpremigrategraveler|$(od -An -v -tx1 "$rules" | tr -d ' \n')" \
        "SELECT left(convert_from(partition_key, 'UTF8'), -21), encode(value, 'hex') FROM kv
        WHERE key = 'settings/protected_branches'"
}

@test "the KV table and its view have lakeFS's shape" {
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_sql "p|HASH (partition_key)|PRIMARY KEY (partition_key, key)" "SELECT relkind, pg_get_partkeydef(oid),
        (SELECT string_agg(pg_get_constraintdef(k.oid), ';') FROM pg_constraint k WHERE conrelid = c.oid AND contype = 'p')
        FROM pg_class c WHERE oid = 'public.kv'::regclass"
    assert_sql $'partition_key bytea t\nkey bytea t\nvalue bytea t' "SELECT attname || ' ' || format_type(atttypid, atttypmod)
        || ' ' || CASE WHEN attnotnull THEN 't' ELSE 'f' END FROM pg_attribute
        WHERE attrelid = 'public.kv'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    assert_equal "$(sql "SELECT relname || ' ' || pg_get_expr(relpartbound, c.oid) FROM pg_class c JOIN pg_inherits i ON inhrelid = c.oid
        WHERE inhparent = 'public.kv'::regclass AND relnamespace = 'public'::regnamespace
        ORDER BY substr(relname, 4)::integer")" "$(for ((i = 0; i < 100; i++)); do
        echo "kv_$i FOR VALUES WITH (modulus 100, remainder $i)"
    done)"
    # Each partition has the index.
    assert_sql 100 "SELECT count(*) FROM pg_index x JOIN pg_inherits i ON x.indrelid = i.inhrelid
        WHERE inhparent = 'public.kv'::regclass AND indisprimary AND indisvalid"

    # Autovacuum, which the load turned off, is on again.
    assert_sql 0 "SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.kv'::regclass AND c.reloptions IS NOT NULL"
    assert_sql v "SELECT relkind FROM pg_class WHERE oid = 'public.kv_v'::regclass"
    assert_sql $'partition_key\nkey\nvalue' "SELECT attname FROM pg_attribute WHERE attrelid = 'public.kv_v'::regclass
        AND attnum > 0 ORDER BY attnum"
    assert_sql "t|t" "SELECT count(*) > 400, bool_and(t.partition_key IS NOT NULL AND v.partition_key IS NOT NULL)
        FROM (SELECT encode(partition_key, 'escape') AS partition_key, encode(key, 'escape') AS key, value FROM kv) AS t
        FULL JOIN kv_v AS v USING (partition_key, key, value)"
}

# The dump ------------------------------------------------------------------------------------------------------------

@test "zstd decompresses a dump, and its SHA-256 is the manifest's" {
    local sum listed
    zstd -tq "$DUMP"
    sum=$(zstd -dcq "$DUMP" | sha256sum | cut -d ' ' -f 1)
    listed=$(kv-import --list "$DUMP" | sed -n 's/^stream SHA-256: //p')
    assert_equal "$listed" "$sum"
    assert_equal "$(manifest_member "$DUMP" "['stream']['sha256']")" "$sum"
}

@test "a dump's seek table points to its frames" {
    local offset size decompressed
    "$TESTS_DIR/lib/decode.py" frames "$DUMP" >"$BATS_TEST_TMPDIR/frames"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/frames")" -gt 8 ]
    # Each data frame alone is a complete zstd file of the size in the table.
    while read -r offset size decompressed; do
        tail -c "+$((offset + 1))" "$DUMP" | head -c "$size" >"$BATS_TEST_TMPDIR/frame"
        assert_equal "$(zstd -dcq "$BATS_TEST_TMPDIR/frame" | wc -c)" "$decompressed"
    done <"$BATS_TEST_TMPDIR/frames"
    assert_equal "$(awk '{ sum += $3 } END { print sum }' "$BATS_TEST_TMPDIR/frames")" "$(zstd -dcq "$DUMP" | wc -c)"
}

@test "PostgreSQL alone can load a dump" {
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    sql "CREATE TABLE kv_copy (partition_key bytea, key bytea, value bytea)"
    zstd -dcq "$DUMP" | psql -Xq -c "COPY kv_copy FROM STDIN (FORMAT binary)"
    # The version is the import's own entry.
    assert_equal "$(kv_digest kv_copy)" "$(kv_digest "(SELECT * FROM kv WHERE partition_key <> 'kv-internal-metadata') AS loaded")"
}

@test "two exports of the same rows have the same stream" {
    export_esti >"$BATS_TEST_TMPDIR/second.dump"
    assert_same_stream "$DUMP" "$BATS_TEST_TMPDIR/second.dump"
}

@test "four jobs export the same entries as one, with equal set digests" {
    export_esti -j 4 -f "$BATS_TEST_TMPDIR/jobs.dump"
    kv-import --check "$BATS_TEST_TMPDIR/jobs.dump"
    assert_same_entries "$DUMP" "$BATS_TEST_TMPDIR/jobs.dump"
    for package in 0 1 2 3; do
        assert_equal "$(manifest_member "$BATS_TEST_TMPDIR/jobs.dump" "['packages'][$package]['set_digest']")" \
            "$(manifest_member "$DUMP" "['packages'][$package]['set_digest']")"
    done
    # Four different packages: the digests are not constant.
    assert_equal "$(for package in 0 1 2 3; do
        manifest_member "$DUMP" "['packages'][$package]['set_digest']"
    done | sort -u | wc -l)" 4
}

@test "a dump file is readable by its owner only, and there are no other files" {
    (umask 000 && export_esti -f "$BATS_TEST_TMPDIR/open.dump")
    assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/open.dump")" 600
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR")" open.dump
}

@test "an existing file is replaced only with --force" {
    echo precious >"$BATS_TEST_TMPDIR/file"
    fails 1 kv-export -d "$ESTI" --no-settings -f "$BATS_TEST_TMPDIR/file"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/file" "--force"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/file")" precious
    export_esti --force -f "$BATS_TEST_TMPDIR/file"
    assert_same_stream "$DUMP" "$BATS_TEST_TMPDIR/file"
    assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/file")" 600
    assert_missing "$BATS_TEST_TMPDIR/file.partial"
}

@test "a dump is not written to a folder, nor into a missing one" {
    local folder=$BATS_TEST_TMPDIR/folder
    mkdir "$folder"
    fails 1 kv-export -d "$ESTI" --no-settings --force -f "$folder"
    assert_contains "$stderr" "$folder"
    fails 1 kv-export -d "$ESTI" --no-settings -f "$folder/missing/file"
    assert_contains "$stderr" "$folder/missing/file"
    assert_equal "$(ls -A "$folder")" ""
    assert_missing "$folder.partial"
}

@test "a dump is not written to a terminal" {
    run -1 script -qec "kv-export -d '$ESTI' --no-settings" /dev/null </dev/null
    assert_contains "$output" "kv-export: error: " terminal "hint: "
    run -1 script -qec "kv-export -d '$ESTI' --no-settings -f -" /dev/null </dev/null
    assert_contains "$output" "kv-export: error: " terminal
}

@test "a full disk ends the export with 3" {
    fails 3 kv-export -d "$ESTI" --no-settings -f /dev/full
    assert_contains "$stderr" /dev/full
}

@test "if writing a dump fails, the existing file is kept" {
    echo precious >"$BATS_TEST_TMPDIR/file"
    # An unreadable namespace is found after the file was opened.
    run ! kv-export -d "$ESTI" --blockstore-path=/nonexistent --force -f "$BATS_TEST_TMPDIR/file"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/file")" precious
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR")" file
}

@test "all compression levels give the same stream" {
    local level
    for level in -7 -3 0 1 19; do
        export_esti -Z "$level" >"$BATS_TEST_TMPDIR/level.dump"
        assert_same_stream "$DUMP" "$BATS_TEST_TMPDIR/level.dump"
    done
}

@test "--no-sha256 omits that digest, and such a dump is read all the same" {
    local dump=$BATS_TEST_TMPDIR/plain.dump
    export_esti -Z 0 --no-sha256 >"$dump"
    assert_same_stream "$DUMP" "$dump"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$dump" "['stream_sha256']")" false
    assert_contains "$(kv-import --list "$dump")" "stream SHA-256: none"
    assert_contains "$(kv-import --check "$dump")" "439 entries"
    # An uncompressed dump is about as large as its contents.
    [ "$(stat -c %s "$dump")" -gt "$(zstd -dc "$dump" | wc -c)" ]
    [ "$(stat -c %s "$dump")" -lt "$(($(zstd -dc "$dump" | wc -c) + 10000))" ]
    fresh_database
    kv-import --quiet -d "$DSN" "$dump"
    assert_kv_as_expected
}

# Looking into it -----------------------------------------------------------------------------------------------------

@test "--list shows source, versions and counts, from a file and a pipe" {
    local users
    kv-import --list "$DUMP" >"$BATS_TEST_TMPDIR/list"
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$DUMP" | kv-import --list >"$BATS_TEST_TMPDIR/piped"
    diff "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/piped"
    diff "$BATS_TEST_TMPDIR/list" <(kv-import -l - <"$DUMP")

    grep -q "\"$ESTI\"" "$BATS_TEST_TMPDIR/list"
    grep -Eq '^schema version: +38$' "$BATS_TEST_TMPDIR/list"
    grep -Eq '^KV version: +1$' "$BATS_TEST_TMPDIR/list"
    grep -Eq '^KV migration version: +39$' "$BATS_TEST_TMPDIR/list"
    grep -Eq '^excluded: +nothing$' "$BATS_TEST_TMPDIR/list"
    # One line of expected.jsonl is the version, which is not an entry of the dump.
    grep -Eq "^total +[0-9]+ +$(($(wc -l <"$FIXTURES_DIR/esti/expected.jsonl") - 1)) " "$BATS_TEST_TMPDIR/list"

    # Rows are counted by the table they were read from.
    users=$(psql -XAtq -d "$ESTI" -c "SELECT count(*) FROM auth_users")
    assert_contains "$(manifest_member "$DUMP" "['packages'][1]['source_rows']")" "{\"rows\": $users, \"table\": \"auth_users\"}"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['packages']")" '["actions", "auth", "graveler", "multiparts"]'
}

@test "--check reads a dump from a file and from a pipe" {
    local sum
    sum=$(zstd -dcq "$DUMP" | sha256sum | cut -d ' ' -f 1)
    succeeds kv-import --check "$DUMP"
    assert_contains "$output" "$sum"
    # shellcheck disable=SC2002 # a pipe is what is tested
    assert_contains "$(cat "$DUMP" | kv-import --check)" "$sum"
    assert_contains "$(kv-import --check - <"$DUMP")" "$sum"
}

@test "--list and --check need no database" {
    export PGHOST=/nonexistent
    unset -v PGDATABASE
    kv-import --list "$DUMP"
    kv-import --check "$DUMP"
    # drop_database could not reach the server now, and there is nothing to drop.
    unset -v DSN
}

# A part of it --------------------------------------------------------------------------------------------------------

@test "a dump without some packages is refused by the import, unless allowed" {
    export_esti -n auth -n multiparts -f "$BATS_TEST_TMPDIR/part.dump"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$BATS_TEST_TMPDIR/part.dump" "['packages']")" '["auth", "multiparts"]'
    assert_contains "$(kv-import --list "$BATS_TEST_TMPDIR/part.dump" | grep '^excluded:')" actions graveler

    fresh_database
    fails 5 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/part.dump"
    assert_sql "" "SELECT to_regclass('kv')"
    succeeds kv-import -d "$DSN" --allow-incomplete "$BATS_TEST_TMPDIR/part.dump"
    assert_stamp - 1
    assert_sql $'auth\nkv-internal-metadata\nmultiparts' "SELECT DISTINCT encode(partition_key, 'escape') FROM kv ORDER BY 1"
    assert_same_entries "$DUMP" "$BATS_TEST_TMPDIR/part.dump" '^(auth|multiparts)\t'
}

@test "naming all packages gives a complete dump" {
    export_esti --package=multiparts -n graveler -n auth --package actions >"$BATS_TEST_TMPDIR/all.dump"
    assert_same_stream "$DUMP" "$BATS_TEST_TMPDIR/all.dump"
}

# The snapshot --------------------------------------------------------------------------------------------------------

@test "--snapshot exports what that snapshot saw, with any number of jobs" {
    local snapshot
    legacy_database
    hold "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 'snapshot=' || pg_export_snapshot()"
    snapshot=$(sed -n 's/^snapshot=//p' "$BATS_TEST_TMPDIR/holder/out")
    sql "DELETE FROM auth_users" "DELETE FROM graveler_staging_kv" "DELETE FROM actions_runs"
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --snapshot="$snapshot" -j 3 -f "$BATS_TEST_TMPDIR/then.dump"
    assert_same_entries "$DUMP" "$BATS_TEST_TMPDIR/then.dump"
}

@test "settings of the database and the role make no difference" {
    legacy_database
    sql "ALTER DATABASE $PGDATABASE SET DateStyle = 'SQL, DMY'" "ALTER DATABASE $PGDATABASE SET TimeZone = 'Asia/Kathmandu'" \
        "ALTER DATABASE $PGDATABASE SET bytea_output = 'escape'" "ALTER DATABASE $PGDATABASE SET IntervalStyle = 'iso_8601'" \
        "ALTER DATABASE $PGDATABASE SET extra_float_digits = -15" "ALTER DATABASE $PGDATABASE SET client_encoding = 'LATIN1'" \
        "ALTER DATABASE $PGDATABASE SET standard_conforming_strings = off" "ALTER DATABASE $PGDATABASE SET lock_timeout = 1" \
        "ALTER DATABASE $PGDATABASE SET default_transaction_isolation = 'serializable'" \
        "ALTER DATABASE $PGDATABASE SET default_transaction_read_only = on" \
        "ALTER DATABASE $PGDATABASE SET search_path = 'public', 'pg_catalog'" \
        "ALTER DATABASE $PGDATABASE SET quote_all_identifiers = on"
    # A function that shadows the real one for callers who do not qualify it with pg_catalog.
    PGOPTIONS="-c default_transaction_read_only=off" sql \
        "CREATE FUNCTION public.encode(bytea, text) RETURNS text LANGUAGE sql AS \$\$ SELECT 'wrong' \$\$"
    PGCLIENTENCODING=SJIS kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -j 1 -f "$BATS_TEST_TMPDIR/odd.dump"
    assert_same_stream "$DUMP" "$BATS_TEST_TMPDIR/odd.dump"
    succeeds kv-import -d "$DSN" "$BATS_TEST_TMPDIR/odd.dump"
    PGOPTIONS="-c default_transaction_read_only=off" sql "DROP FUNCTION public.encode(bytea, text)"
    assert_stamp 39 1
    assert_kv_as_expected
}
