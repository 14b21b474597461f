#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many rows, many partitions, large values: memory does not grow with them, and all of them arrive.

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

load ../../lib/setup

# Limit of a program's peak memory with two workers, in KiB.
MEMORY_MAX=$((128 * 1024))

setup_file() {
    make_template EMPTY
}

setup() {
    MEASURE=$TESTS_DIR/../scripts/dev/measure.py
}

legacy_database() {
    fresh_database TEMPLATE "$EMPTY"
    sql "INSERT INTO graveler_repositories VALUES ('repo', 's3://bucket/repo', '2022-01-01', 'main')"
}

# stage_rows COUNT TOKENS BYTES: stages COUNT objects of BYTES each on TOKENS branches, nine of ten on the first one.
stage_rows() {
    sql "INSERT INTO graveler_branches SELECT 'repo', 'branch-' || t, 'token-' || t, 'c0' FROM generate_series(1, $2) t" \
        "INSERT INTO graveler_staging_kv SELECT 'token-' || CASE WHEN n % 10 > 0 THEN 1 ELSE n / 10 % $2 + 1 END,
            ('objects/' || lpad(n::text, 12, '0'))::bytea, decode(md5('i' || n), 'hex'),
            substr(repeat(md5('d' || n), $3 / 32 + 1), 1, $3)::bytea FROM generate_series(1, $1) n" "ANALYZE"
}

# assert_staged_rows_in_kv VARINT: each staged row has its entry, and there is no other entry in these partitions.
# VARINT is the length of the data in hexadecimal, as protobuf writes it.
assert_staged_rows_in_kv() {
    local digest="count(*), sum(('x' || left(md5(p || '\\x00'::bytea || k || '\\x00'::bytea || v), 15))::bit(60)::int8)"
    # A key of 20 bytes, field 1; an identity of 16, field 2; the data, field 3.
    assert_sql "$(sql "SELECT $digest FROM (SELECT convert_to(staging_token, 'UTF8') p, key k, '\\x0a14'::bytea || key ||
        '\\x1210'::bytea || identity || '\\x1a$1'::bytea || data v FROM graveler_staging_kv) AS rows")" \
        "SELECT $digest FROM (SELECT partition_key p, key k, value v FROM kv WHERE partition_key LIKE 'token-%') AS entries"
}

# within_memory COMMAND...: runs it; none of its processes may use more than MEMORY_MAX.
within_memory() {
    local figures
    figures=$("$MEASURE" "$@")
    echo "$* took ${figures#*$'\t'} KiB"
    [ "${figures#*$'\t'}" -gt 1024 ]
    [ "${figures#*$'\t'}" -le "$MEMORY_MAX" ]
}

@test "240 MB pass through kv-export and kv-import in 128 MiB each, and arrive" {
    local dump=$BATS_TEST_TMPDIR/large.dump
    legacy_database
    stage_rows 220000 40 1024
    within_memory kv-export -d "$DSN" --no-settings --quiet -j 2 -f "$dump"
    [ "$(manifest_member "$dump" "['stream']['size']")" -gt 240000000 ]
    # The rows, a repository and its branches.
    assert_equal "$(manifest_member "$dump" "['entries']")" 220041
    within_memory kv-import -d "$DSN" --quiet -j 2 "$dump"
    assert_stamp 39 1
    assert_staged_rows_in_kv 8008
}

@test "240 MB pass through kv-migrate's pipe in 128 MiB each, and arrive" {
    legacy_database
    stage_rows 220000 1 1024
    within_memory kv-migrate up --kv-enabled --keep-tables --no-settings --quiet -j 2 -d "$DSN"
    assert_stamp 39 1
    assert_staged_rows_in_kv 8008
    # A leaf with nearly all rows gets parallel workers for its index, whose memory counts.
    assert_sql 100 "SELECT count(*) FROM pg_inherits i JOIN pg_index x ON x.indrelid = i.inhrelid
        WHERE i.inhparent = 'kv'::regclass AND x.indisprimary AND x.indisvalid"
}

@test "thousands of staging tokens go to their partitions, also if there are few" {
    legacy_database
    stage_rows 30000 3000 100
    kv-export -d "$DSN" --no-settings --quiet | kv-import -d "$DSN" --quiet --partitions 7 -j 3
    assert_stamp 39 1
    assert_staged_rows_in_kv 64
    assert_sql 3000 "SELECT count(DISTINCT partition_key) FROM kv WHERE partition_key LIKE 'token-%'"
}

@test "a value of 64 MiB arrives among small ones" {
    local figures
    legacy_database
    stage_rows 100 3 64
    sql "INSERT INTO graveler_staging_kv SELECT 'token-2', 'large', decode(md5('large'), 'hex'),
        decode(repeat('00ff17a2', 16 * 1024 * 1024), 'hex')"
    figures=$("$MEASURE" kv-migrate up --kv-enabled --keep-tables --no-settings --quiet -j 2 -d "$DSN")
    # The value as libpq returns it, in the chunk, and compressed: no more copies than that.
    [ "${figures#*$'\t'}" -le $((5 * 64 * 1024 + MEMORY_MAX)) ]
    assert_sql "t" "SELECT value = '\\x0a056c617267651210'::bytea || decode(md5('large'), 'hex') || '\\x1a80808020'::bytea ||
        decode(repeat('00ff17a2', 16 * 1024 * 1024), 'hex') FROM kv WHERE partition_key = 'token-2' AND key = 'large'"
    sql "DROP FUNCTION kv_migrate_refuse_writes() CASCADE" "DELETE FROM graveler_staging_kv WHERE key = 'large'" "DELETE FROM kv WHERE key = 'large'"
    assert_staged_rows_in_kv 40
}

# assert_memory MEBIBYTES COMMAND...: runs it; none of its processes takes more.
assert_memory() {
    MEMORY_MAX=$(($1 * 1024)) within_memory "${@:2}"
}

@test "values of 130 MiB: however many workers, one is in memory at a time" {
    local dump=$BATS_TEST_TMPDIR/kv.dump
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('repo', 'branch', 'token', 'c0')"
    for key in 1 2 3; do
        sql "INSERT INTO graveler_staging_kv VALUES ('token', '$key', 'identity', repeat('$key', 130 << 20)::bytea)"
    done
    # One that cannot be compressed.
    sql "INSERT INTO graveler_staging_kv SELECT 'token', '4', 'identity', string_agg(sha256(int4send(n)), '')
        FROM generate_series(1, 3 << 20) n"
    kv-export -d "$DSN" --no-settings --quiet -j 1 -f "$dump"
    assert_memory 256 kv-import --check -j 6 "$dump"
    assert_memory 256 kv-import -d "$DSN" --quiet -j 6 "$dump"
    assert_stamp 39 1
    assert_sql 3 "SELECT count(*) FROM kv WHERE partition_key = 'token' AND length(value) > 130 << 20"
    # Here libpq has the one that the store sends, twice for a moment. Six at a time would be 780 MiB.
    assert_memory 400 kv-import --verify -d "$DSN" -j 6 "$dump"
    # Printed: the value, and its line, of which base64 makes four thirds.
    assert_memory 300 kv-import --print -j 6 "$dump"
    # Whoever wants the counts only keeps none.
    [ "$(stat -c %s "$dump")" -gt $((96 << 20)) ]
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$dump" | assert_memory 64 kv-import --list
}

@test "a jsonb value costs kv-export three times its size, and what the program itself takes" {
    legacy_database
    # Of characters that do not repeat, and with an escape, so that it is decoded.
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata)
        SELECT 'repo', 'commit', 'me', '', '2022-01-01', 'range',
            jsonb_build_object('key', E'\n' || (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 4 << 20) n))"
    # As libpq receives it, as libpq hands it over, and as an entry.
    assert_memory $((3 * 128 + 24)) kv-export -d "$DSN" --no-settings --quiet -j 2 -f "$BATS_TEST_TMPDIR/kv.dump"
    assert_memory $((3 * 128 + 24)) kv-export -d "$DSN" --no-settings --quiet -j 2 -Z 0 --force -f "$BATS_TEST_TMPDIR/kv.dump"
}
