#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-export --dry-run estimates the dump and the time from a sample of the rows.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_esti_template
    make_small_template 10
}

setup() {
    make_scratch
}

# estimate: the dry run, as kv-migrate runs it; sets `figures` to what it prints for programs.
estimate() {
    succeeds kv-export --dry-run --supervised --no-settings -d "$DSN" "$@"
    figures=$output
}

# figure NAME
figure() {
    python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$figures" "$1"
}

# assert_size PERCENT [OPTION...]: a dump has the size that was estimated, within these bounds.
assert_size() {
    local percent=$1 size told
    shift
    kv-export -q --no-settings -d "$DSN" -f "$BATS_TEST_TMPDIR/kv.dump" --force "$@"
    size=$(stat -c %s "$BATS_TEST_TMPDIR/kv.dump") told=$(figure dump_bytes)
    echo "estimated: $told, real: $size"
    ((told * 100 >= size * (100 - percent) && told * 100 <= size * (100 + percent)))
}

# make_large ROWS: a table of more pages than are read, most of which are empty by their fill factor.
make_large() {
    local leaf
    fresh_database TEMPLATE "$SMALL"
    for leaf in $(sql "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'graveler_staging_kv'::regclass"); do
        sql "ALTER TABLE $leaf SET (fillfactor = 10)"
    done
    sql "INSERT INTO graveler_staging_kv SELECT 'token', int8send(n), sha256(int8send(n)), decode(repeat(md5(n::text), 10), 'hex')
        FROM generate_series(1, $1) AS n"
}

@test "a small database is read whole: the size is that of the dump" {
    fresh_database TEMPLATE "$ESTI"
    estimate
    assert_equal "$(figure whole) $(figure entries) $(figure rows)" "True 438 396"
    assert_size 1
    [[ $stderr =~ 'dry run: ready to export 396 rows, into 1'[0-9]+\.[0-9]' kB and in about '$SECONDS_TEXT' (measured on all of them)' ]]
    # By the same options as the dump.
    estimate -Z 0 --no-sha256 --redact -j 1
    assert_size 1 -Z 0 --no-sha256 --redact
    estimate --package auth
    assert_size 1 --package auth
    # The sum over all entries of the units that kv-import tells.
    estimate
    run -0 kv-import --check --target=dynamodb "$FIXTURES_DIR/esti/esti.dump"
    assert_contains "$output" "accepts every entry: $(($(figure write_units) + 1)) write"
}

@test "an empty database" {
    fresh_database
    kv-migrate up -q --new-database -d "$DSN"
    estimate
    assert_equal "$(figure whole) $(figure entries)" "True 0"
    assert_size 1
}

@test "a large table is read in part, and dead space does not count" {
    make_large 40000
    estimate
    assert_equal "$(figure whole)" False
    [[ $stderr =~ 'dry run: ready to export about '[0-9]+' rows, into about '[0-9.]+' MB and in about '$SECONDS_TEXT' (measured on '[0-9]+' of them)' ]]
    assert_size 20
    sql "DELETE FROM graveler_staging_kv WHERE length(key) = 8 AND get_byte(key, 7) % 8 <> 0" "VACUUM graveler_staging_kv"
    estimate
    assert_equal "$(figure whole)" False
    assert_size 20
}

@test "many rows of a table that has no ranges" {
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO gateway_multiparts SELECT 'upload' || n, '/' || md5(n::text), now(), 'address', '{}', ''
        FROM generate_series(1, 50000) AS n" "ANALYZE gateway_multiparts"
    estimate
    assert_equal "$(figure whole)" False
    assert_size 20
}

@test "a row of the sample that is refused gives a warning only" {
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO auth_policies (created_at, display_name, statement) VALUES (now(), 'odd', '{}')"
    estimate
    assert_equal "$figures" ""
    assert_contains "$stderr" "dry run: ready to export" "warning: size and time of the export could not be estimated: " odd
    assert_equal "$(grep -c warning <<<"$stderr")" 1
}

@test "rows of the sample that are left out are counted, and with --strict they are a failure, as they will be" {
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO graveler_staging_kv VALUES ('nobody', 'key', 'identity', 'data')"
    estimate -v
    assert_contains "$stderr" \
        'warning: 1 row of table "graveler_staging_kv" will be left out: staging token is on no branch'
    refute_contains "$stderr" nobody
    assert_equal "$(figure rows) $(figure entries)" "14 13"
    fails 3 kv-export --dry-run --no-settings -d "$DSN" --strict
    assert_contains "$stderr" "with --strict, the export will fail: 1 row would be left out" "hint: Without --strict"
    # What is left out by design is not.
    sql "DELETE FROM graveler_staging_kv WHERE staging_token = 'nobody'" \
        "INSERT INTO auth_expired_tokens VALUES ('old', now() - interval '1 day')"
    succeeds kv-export --dry-run --no-settings -d "$DSN" --strict
    refute_contains "$stderr" "left out"
}

@test "nothing is printed for programs unless one runs it" {
    fresh_database TEMPLATE "$SMALL"
    succeeds kv-export --dry-run --no-settings -d "$DSN"
    assert_equal "$output" ""
}

@test "without connections for it there is no estimate" {
    fresh_database TEMPLATE "$SMALL"
    sql "ALTER DATABASE \"$PGDATABASE\" CONNECTION LIMIT 1"
    make_role
    sql "GRANT SELECT ON ALL TABLES IN SCHEMA public TO $ROLE" "GRANT USAGE ON SCHEMA public TO $ROLE"
    succeeds kv-export --dry-run --no-settings -d "$ROLE_DSN"
    assert_contains "$stderr" "warning: size and time of the export could not be estimated: " "too many connections"
    drop_database
    drop_role
}
