#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Legacy tables that somebody has made into something else: all rows are exported, or nothing is.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rows

setup_file() {
    make_template EMPTY
    export ESTI_DUMP="$BATS_FILE_TMPDIR/esti.dump"
    make_esti_dump "$ESTI_DUMP"
}

teardown() {
    stop_background
    release
    drop_database
}

# in_place_of TABLE STATEMENT: moves the table out of the way, runs the statement and drops the table. In the statement
# {} is the table's name and {old} the name that it has now.
in_place_of() {
    local statement=${2//'{}'/$1}
    PGOPTIONS="-c client_min_messages=warning" sql "BEGIN" "ALTER TABLE $1 RENAME TO old_table" "${statement//'{old}'/old_table}" "${3-DROP TABLE old_table CASCADE}" "COMMIT"
}

# hash_partitioned TABLE: makes it a table with two partitions, one of them with two of its own.
hash_partitioned() {
    local column
    column=$(sql "SELECT attname FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum = 1")
    in_place_of "$1" "CREATE TABLE {} (LIKE {old} INCLUDING DEFAULTS) PARTITION BY HASH ($column);
        CREATE TABLE {}_a PARTITION OF {} FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE {}_b PARTITION OF {} FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY HASH ($column);
        CREATE TABLE {}_b0 PARTITION OF {}_b FOR VALUES WITH (MODULUS 4, REMAINDER 1);
        CREATE TABLE {}_b1 PARTITION OF {}_b FOR VALUES WITH (MODULUS 4, REMAINDER 3);
        INSERT INTO {} SELECT * FROM {old}"
}

# The rows of every table are in the manifest.
assert_all_rows_read() {
    local table
    for table in $(legacy_tables); do
        echo "$table $(sql "SELECT count(*) FROM $table")"
    done | sort | grep -v ' 0$' >"$BATS_TEST_TMPDIR/counted"
    manifest_member "$DUMP" "['packages']" | grep -oE '"source_rows": \[[^]]*\]' | grep -oE '"rows": [0-9]+, "table": "[a-z_]+"' |
        sed 's/"rows": \([0-9]*\), "table": "\(.*\)"/\2 \1/' | sort | grep -v ' 0$' | diff "$BATS_TEST_TMPDIR/counted" -
}

@test "every legacy table partitioned, over two levels: the entries are the same, and kv-migrate drops them" {
    local table
    fresh_database TEMPLATE "$ESTI"
    for table in $(legacy_tables); do
        hash_partitioned "$table"
    done
    succeeds kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet --force -f "$DUMP"
    assert_same_entries "$ESTI_DUMP" "$DUMP"
    assert_all_rows_read
    succeeds kv-migrate up --quiet --kv-enabled --blockstore-path="$BLOCKSTORE" -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_stamp 39 1
    assert_kv_as_expected
}

@test "unlogged tables, and the staging table in one piece: the entries are the same" {
    local table
    fresh_database TEMPLATE "$ESTI"
    in_place_of graveler_staging_kv "CREATE TABLE {} (LIKE {old}); INSERT INTO {} SELECT * FROM {old}"
    for table in $(legacy_tables); do
        sql "ALTER TABLE $table SET UNLOGGED" 2>/dev/null ||
            in_place_of "$table" "CREATE UNLOGGED TABLE {} (LIKE {old}); INSERT INTO {} SELECT * FROM {old}"
    done
    succeeds kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -f "$DUMP"
    assert_same_entries "$ESTI_DUMP" "$DUMP"
    assert_all_rows_read
}

@test "large partitioned tables: every range of every partition is read" {
    legacy_database
    sql "DROP TABLE graveler_staging_kv" \
        "CREATE TABLE graveler_staging_kv (staging_token varchar NOT NULL, key bytea NOT NULL, identity bytea, data bytea)
            PARTITION BY RANGE (key)" \
        "CREATE TABLE s0 PARTITION OF graveler_staging_kv FOR VALUES FROM (MINVALUE) TO ('\\x00000514') WITH (fillfactor = 10)" \
        "CREATE TABLE s1 PARTITION OF graveler_staging_kv DEFAULT PARTITION BY LIST (staging_token)" \
        "CREATE SCHEMA elsewhere" "CREATE TABLE elsewhere.s0 PARTITION OF s1 FOR VALUES IN ('token') WITH (fillfactor = 10)" \
        "CREATE TABLE s3 PARTITION OF s1 DEFAULT" \
        "INSERT INTO graveler_staging_kv SELECT 'token', int4send(n), convert_to(repeat('i', 900), 'UTF8'), 'd'
            FROM generate_series(1, 2600) AS n"
    assert_sql "t|t" "SELECT pg_relation_size('s0') > 8 << 20, pg_relation_size('elsewhere.s0') > 8 << 20"
    export_rows --strict -j 3
    assert_equal "$(grep -c '^token' "$ENTRIES")" 2600
    # A constraint that is missing is no gap: the rows are unique.
    assert_plain
}

# check_shape_refused TABLE RELATION KIND: nothing is exported, and the message names both.
check_shape_refused() {
    fails 5 kv-export -d "$DSN" --no-settings -f "$DUMP"
    assert_contains "$stderr" "$1" "$2" "$3"
    assert_missing "$DUMP" "$DUMP.partial"
    fails 5 kv-export -d "$DSN" --no-settings --dry-run
}

@test "a view, a materialized view or a foreign table in place of any legacy table is refused" {
    local table
    fresh_database TEMPLATE "$EMPTY"
    sql "CREATE FOREIGN DATA WRAPPER nowhere" "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere"
    for table in $(legacy_tables); do
        echo "== $table"
        in_place_of "$table" "CREATE VIEW {} AS SELECT * FROM {old}" "SELECT"
        check_shape_refused "$table" "$table" "is a view"
        sql "DROP VIEW $table" "CREATE MATERIALIZED VIEW $table AS SELECT * FROM old_table"
        check_shape_refused "$table" "$table" "is a materialized view"
        sql "DROP MATERIALIZED VIEW $table" "CREATE FOREIGN TABLE $table (id int) SERVER elsewhere"
        check_shape_refused "$table" "$table" "is a foreign table"
        fails 5 kv-migrate up --kv-enabled --no-settings -d "$DSN"
        assert_sql f "SELECT relkind FROM pg_class WHERE oid = '$table'::regclass"
        sql "DROP FOREIGN TABLE $table" "ALTER TABLE old_table RENAME TO $table"
    done
    export_rows
}

@test "a foreign partition is refused" {
    legacy_database
    sql "CREATE FOREIGN DATA WRAPPER nowhere" "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere" \
        "ALTER TABLE graveler_staging_kv DETACH PARTITION graveler_staging_kv_p7" "DROP INDEX kv_staging_uidx" \
        "CREATE FOREIGN TABLE far PARTITION OF graveler_staging_kv FOR VALUES WITH (MODULUS 10, REMAINDER 7) SERVER elsewhere"
    check_shape_refused graveler_staging_kv far "is a foreign table"
}

@test "a table with children by inheritance is refused, and kv-migrate drops nothing" {
    local table
    legacy_database
    for table in $(legacy_tables); do
        [ "$table" != graveler_staging_kv ] || continue
        echo "== $table"
        sql "CREATE TABLE child (mine int) INHERITS ($table)"
        check_shape_refused "$table" child inherits
        fails 5 kv-migrate up --kv-enabled --no-settings -d "$DSN"
        assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
        sql "DROP TABLE child"
    done
    # To be a child is no obstacle: its rows are its own.
    sql "CREATE TABLE parent (LIKE graveler_tags)" "ALTER TABLE graveler_tags INHERIT parent" \
        "INSERT INTO graveler_tags VALUES ('repo', 'tag', 'c1')"
    export_rows --strict
    assert_entry 'R(repo)' tags/tag '{"commit_id": "c1", "id": "tag"}'
}

@test "a staging partition that was detached is not left behind" {
    legacy_database
    sql "ALTER TABLE graveler_staging_kv DETACH PARTITION graveler_staging_kv_p3"
    check_shape_refused graveler_staging_kv graveler_staging_kv_p3 "Not a part of it"
    fails 5 kv-migrate up --kv-enabled --no-settings -d "$DSN"
    sql "ALTER TABLE graveler_staging_kv ATTACH PARTITION graveler_staging_kv_p3 FOR VALUES WITH (MODULUS 10, REMAINDER 3)"
    export_rows --strict
}

# The server does not read a partition of which a DETACH CONCURRENTLY was interrupted, but its catalog still has it.
@test "rows that the server's own SELECT does not see are not exported as if it did, of a small table or a large one" {
    local rows
    (($(sql "SHOW server_version_num") >= 140000)) || skip "no DETACH CONCURRENTLY before PostgreSQL 14"
    for rows in 1 1100; do
        drop_database
        legacy_database
        hash_partitioned graveler_tags
        sql "ALTER TABLE graveler_tags_b0 SET (fillfactor = 10)" "ALTER TABLE graveler_tags_b1 SET (fillfactor = 10)" \
            "INSERT INTO graveler_tags SELECT 'repo', 'tag' || n, repeat('c', 900) FROM generate_series(1, $rows) AS n"
        hold "SELECT FROM graveler_tags"
        background psql -Xq -c "ALTER TABLE graveler_tags DETACH PARTITION graveler_tags_b CONCURRENTLY"
        eventually someone_waits
        sql "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'ALTER TABLE%CONCURRENTLY'" >/dev/null
        background_ends 1
        release
        assert_sql 0 "SELECT count(*) FROM graveler_tags"
        fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP"
        assert_contains "$stderr" graveler_tags "$rows rows were read, but it has 0"
        assert_missing "$DUMP" "$DUMP.partial"
    done
}

@test "tables of these names that lakeFS's own search_path finds first are refused, unless the schema is named" {
    legacy_database
    sql "CREATE SCHEMA app" "CREATE TABLE app.graveler_tags (LIKE graveler_tags)" \
        "ALTER DATABASE $PGDATABASE SET search_path = app, public"
    fails 5 kv-export -d "$DSN" --no-settings -f "$DUMP"
    assert_contains "$stderr" "app.graveler_tags" "hint: " "--schema"
    fails 5 kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_contains "$stderr" "app.graveler_tags" "hint: " "--schema"
    fails 5 kv-migrate up --kv-enabled --no-settings -d "$DSN" --dry-run
    assert_sql 38 "SELECT version FROM public.schema_migrations"
    succeeds kv-export -d "$DSN" --schema=public --no-settings -f "$DUMP"
    # Behind lakeFS's schema they do not matter.
    sql "ALTER DATABASE $PGDATABASE SET search_path = public, app"
    succeeds kv-export -d "$DSN" --no-settings -f "$DUMP" --force
}
