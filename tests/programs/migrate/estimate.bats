#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up --dry-run estimates the dump and the downtime from a sample.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_esti_template
    make_small_template 10
}

setup() {
    make_scratch
    DUMP=$BATS_TEST_TMPDIR/kv.dump
    UP=(kv-migrate up --kv-enabled --no-settings)
}

teardown() {
    clean_up
    drop_role
    assert_scratch_empty
}

# shown LABEL: prints the text after the label in the output, its lines joined.
shown() {
    awk -v label="$1:" '
        index($0, label) == 1 { on = 1; printf "%s", substr($0, 18); next }
        on && /^ / { printf " %s", substr($0, 18); next }
        { on = 0 }' <<<"$output" | tr -s ' '
}

# member NAME...: prints members of the object on standard output.
member() {
    python3 -c 'import json, sys
value = json.loads(sys.argv[1])
print(*(value[name] for name in sys.argv[2:]))' "$output" "$@"
}

# assert_unchanged: the database is as `before` says.
note_database() {
    before=$(whole_database)$(legacy_digest)
}
assert_unchanged() {
    assert_equal "$(whole_database)$(legacy_digest)" "$before"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname LIKE 'kv_migrate_trial%'"
    nobody_else
}

@test "the dump's size is that of the dump of the same options, and the downtime is there" {
    local told size
    fresh_database TEMPLATE "$ESTI"
    note_database
    succeeds "${UP[@]}" --dry-run --dump "$DUMP"
    assert_unchanged
    assert_contains "$(shown dump)" "$DUMP about 1" " kB (estimate: measured on all 396 rows); " " free"
    assert_contains "$(shown 'table kv')" "(estimate: measured on all 396 rows; "
    [[ $(shown estimate) =~ ^'438 entries, a dump of 1'[0-9.]+' kB (measured on all 396 rows)'$ ]]
    [[ $(shown downtime) =~ ^'at least '$SECONDS_TEXT' (estimate: '$SECONDS_TEXT' for the export, '$SECONDS_TEXT' for the load)'$ ]]
    succeeds "${UP[@]}" --dry-run --dump "$DUMP" --format json
    told=$(member estimated_dump_bytes)
    assert_equal "$(member estimated_entries sample_rows sample_is_whole estimated_write_units)" "438 396 True None"
    python3 -c 'import json, sys
plan = json.loads(sys.argv[1])
assert plan["dump"]["estimated_bytes"] == plan["estimated_dump_bytes"]
assert abs(plan["estimated_seconds"] - plan["estimated_export_seconds"] - plan["estimated_load_seconds"]) < 0.01
assert plan["estimated_load_seconds"] > 0' "$output"
    succeeds "${UP[@]}" --dump "$DUMP"
    size=$(stat -c %s "$DUMP")
    echo "estimated: $told, real: $size"
    ((told * 100 >= size * 98 && told * 100 <= size * 102))
}

@test "dead space does not count" {
    local told
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO graveler_staging_kv SELECT 'token', int8send(n), sha256(int8send(n)), sha256(int8send(-n))
        FROM generate_series(1, 100000) AS n" "DELETE FROM graveler_staging_kv WHERE length(key) = 8" "ANALYZE"
    succeeds "${UP[@]}" --dry-run --dump "$DUMP" --format json
    told=$(member estimated_dump_bytes)
    ((told < 10000))
    assert_equal "$(member estimated_entries)" 13
    # The smallest store has 100 partitions.
    (($(member kv_table_estimated_bytes) < 5000000))
}

@test "a role that may make no temporary tables gets no estimate of the load, and why" {
    role_database "$SMALL"
    sql "REVOKE TEMPORARY ON DATABASE \"$PGDATABASE\" FROM PUBLIC" \
        "REVOKE TEMPORARY ON DATABASE \"$PGDATABASE\" FROM $ROLE"
    note_database
    succeeds "${UP[@]}" --dry-run -d "$ROLE_DSN"
    assert_unchanged
    [[ $(shown downtime) =~ ^'about '$SECONDS_TEXT' for the export; the time of the load is not estimated: ' ]]
    assert_contains "$(shown downtime)" "permission denied to create temporary tables"
    assert_equal "$(shown result)" "no problems found; nothing was changed"
    succeeds "${UP[@]}" --dry-run -d "$ROLE_DSN" --format json
    assert_equal "$(member estimated_load_seconds estimated_seconds exit_code)" "None None 0"
    (($(member estimated_dump_bytes) > 0))
}

@test "a dry run that only reads tries no load" {
    fresh_database TEMPLATE "$SMALL"
    succeeds "${UP[@]}" --dry-run --no-trial
    assert_contains "$(shown downtime)" "the time of the load is not estimated: nothing is written to try it"
}

@test "a row of the sample that up would refuse, or a schema migration that is pending: by the tables' size" {
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO auth_policies (created_at, display_name, statement) VALUES (now(), 'odd', '{}')"
    succeeds "${UP[@]}" --dry-run --dump "$DUMP"
    assert_contains "$stderr" "warning: size and time of the export could not be estimated: " odd
    assert_contains "$(shown dump)" "(estimate: 0.41 x table size)"
    assert_contains "$(shown 'table kv')" "(estimate: 1.95 x table size + its empty partitions; "
    assert_equal "$(shown estimate)" ""
    assert_equal "$(shown downtime)" "not estimated: the export could not be tried; kv-migrate rehearse measures it"
    sql "DELETE FROM auth_policies" "UPDATE schema_migrations SET version = 37"
    succeeds "${UP[@]}" --dry-run --dump "$DUMP"
    assert_contains "$(shown dump)" "(estimate: 0.41 x table size)"
    assert_equal "$(shown downtime)" "not estimated: the export could not be tried; kv-migrate rehearse measures it"
    succeeds "${UP[@]}" --dry-run --format json
    assert_equal "$(member estimated_dump_bytes estimated_seconds sample_rows sample_is_whole)" "None None None None"
}
