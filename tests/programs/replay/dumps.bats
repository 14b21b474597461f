#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-replay: every kind of dump on a server of its own, and dumps that cannot be replayed.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2153 # lib/replay sets EXPECTED
# shellcheck disable=SC2016 # what is in single quotes is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/replay

# What can be replayed -------------------------------------------------------------------------------------------------

@test "a dump of kv-export has the entries of lakeFS's own migration" {
    diff -u "$EXPECTED" <(entries_of_replay "$ESTI_DUMP")
    # Through a pipe, and compressed again, as some people do with every file they send.
    diff -u "$EXPECTED" <(entries_of_replay - <"$ESTI_DUMP")
    gzip -c "$ESTI_DUMP" >"$BATS_TEST_TMPDIR/esti.dump.gz"
    diff -u "$EXPECTED" <(entries_of_replay -j 3 "$BATS_TEST_TMPDIR/esti.dump.gz")
}

@test "a dump of a legacy database: as SQL, compressed or not, in the custom format, with CREATE DATABASE, with DROP" {
    local form
    for form in plain plain-gzip plain-zstd custom create clean; do
        echo "$form"
        diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" "$LEGACY/$form")
    done
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" - <"$LEGACY/custom")
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" - <"$LEGACY/plain-zstd")
}

@test "-P tells how far the copy and the restore are, in bytes" {
    local bytes
    run --separate-stderr -0 "${REPLAY[@]}" -q -P --no-migration - -- true <"$LEGACY/plain"
    bytes=$(numfmt --to=si --format=%.1f "$(wc -c <"$LEGACY/plain")")
    bytes="${bytes%[kKM]} ${bytes: -1}B"
    grep -E "^kv-replay: copy: ${bytes/K/k}, [0-9.]+ s$" <<<"$stderr"
    grep -E "^kv-replay: restore: ${bytes/K/k}, [0-9.]+ s$" <<<"$stderr"
    assert_equal "$(wc -l <<<"$stderr")" 2
    run --separate-stderr -0 "${REPLAY[@]}" -q -P --log-format=json --no-migration "$LEGACY/plain-gzip" -- true
    assert_equal "$(jq -s 'map(select(.phase == "restore" and .done)) | .[0].bytes' <<<"$stderr")" \
        "$(wc -c <"$LEGACY/plain-gzip")"
}

@test "legacy tables are kept beside the KV store" {
    local tables
    tables="SELECT (SELECT count(*) FROM auth_users), (SELECT version FROM schema_migrations)"
    assert_sql_of_replay "$(PGDATABASE=$ESTI sql "SELECT count(*) FROM auth_users")|39" "$tables" \
        --blockstore-path="$BLOCKSTORE" "$LEGACY/custom"
}

# assert_sql_of_replay EXPECTED STATEMENT ARGUMENT...
assert_sql_of_replay() {
    local expected=$1 statement=$2
    shift 2
    succeeds "${REPLAY[@]}" "$@" -- psql -XAtc "$statement"
    assert_equal "$output" "$expected"
}

@test "a legacy database in a schema of its own is found, and shown" {
    sed -e 's/public\./"of lakefs"./g' -e '0,/^SELECT pg_catalog.set_config/s//CREATE SCHEMA "of lakefs";\n&/' \
        "$LEGACY/plain" >"$BATS_TEST_TMPDIR/schema"
    assert_sql_of_replay '"of lakefs"|440' \
        "SELECT (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'kv'::regclass), (SELECT count(*) FROM kv)" \
        --blockstore-path="$BLOCKSTORE" "$BATS_TEST_TMPDIR/schema"
}

@test "without the block store branch protection rules are skipped, with a warning" {
    assert_sql_of_replay 439 "SELECT count(*) FROM kv" "$LEGACY/plain"
    assert_contains "$stderr" "kv-replay: warning: branch protection rules are skipped" "hint: " "--blockstore-path"
    assert_sql_of_replay 0 "SELECT count(*) FROM kv WHERE key = 'settings/protected_branches'" "$LEGACY/plain"
}

@test "--keep-dump keeps the migration's dump, and replaces no file" {
    local kept=$BATS_TEST_TMPDIR/kept.dump
    succeeds "${REPLAY[@]}" --blockstore-path="$BLOCKSTORE" --keep-dump="$kept" "$LEGACY/custom" -- true
    diff -u "$EXPECTED" <(entries_of_replay "$kept")
    no_replay 1 --keep-dump="$kept" "$LEGACY/custom"
    assert_contains "$stderr" "$kept" "hint: "
}

@test "--no-migration leaves a dump by pg_dump a legacy database; it is no option for a dump of kv-export" {
    run --separate-stderr -0 "${REPLAY[@]}" --no-migration "$LEGACY/plain" -- \
        psql -XAtc "SELECT version, to_regclass('kv') IS NULL FROM schema_migrations"
    assert_equal "$output" "38|t"
    refute_contains "$stderr" "warning"
    no_replay 1 --no-migration "$ESTI_DUMP"
    no_replay 1 --no-migration --keep-dump="$BATS_TEST_TMPDIR/kept" "$LEGACY/plain"
}

@test "a dump without some packages is loaded, with a warning" {
    local entries
    entries=$(grep -c '"p": "auth"' "$EXPECTED")
    assert_sql_of_replay "$entries|auth" "SELECT count(*), string_agg(DISTINCT partition_key::text, ',') FROM
        (SELECT encode(partition_key, 'escape') AS partition_key FROM kv WHERE partition_key <> 'kv-internal-metadata') AS e" \
        "$BATS_FILE_TMPDIR/auth.dump"
    assert_contains "$stderr" "kv-replay: warning: the dump is incomplete; excluded: " "package"
}

@test "a redacted dump is loaded, with a warning" {
    assert_sql_of_replay 440 "SELECT count(*) FROM kv" "$BATS_FILE_TMPDIR/redacted.dump"
    assert_contains "$stderr" "kv-replay: warning: the dump is redacted"
    assert_sql_of_replay 440 "SELECT count(*) FROM kv" "$ESTI_DUMP"
    refute_contains "$stderr" warning
}

# What cannot be replayed ----------------------------------------------------------------------------------------------

@test "a corrupt dump ends with 4" {
    local bad=$BATS_TEST_TMPDIR/bad size
    size=$(stat -c %s "$ESTI_DUMP")
    cp "$ESTI_DUMP" "$bad"
    printf '\xff\xfe\xfd' | dd of="$bad" bs=1 seek=$((size / 2)) conv=notrunc status=none
    no_replay 4 "$bad"
    head -c $((size / 2)) "$ESTI_DUMP" >"$bad"
    no_replay 4 "$bad"
    no_replay 4 - <"$bad"
}

@test "a truncated dump by pg_dump ends with 4" {
    local form bad=$BATS_TEST_TMPDIR/bad
    for form in plain plain-gzip plain-zstd custom; do
        echo "$form"
        head -c $(($(stat -c %s "$LEGACY/$form") * 2 / 3)) "$LEGACY/$form" >"$bad"
        no_replay 4 "$bad"
        assert_contains "$stderr" "could not be read to its end" "hint: "
    done
}

@test "what is not a dump ends with 4: text, an empty file, a folder, a dump of pg_dumpall" {
    local bad=$BATS_TEST_TMPDIR/bad
    seq 1000 >"$bad"
    no_replay 4 "$bad"
    assert_contains "$stderr" "$bad" "is not a dump" "hint: "
    gzip "$bad"
    no_replay 4 "$bad.gz"
    : >"$bad"
    no_replay 4 "$bad"
    no_replay 4 - <"$bad"
    no_replay 4 "$BATS_TEST_TMPDIR"
    { printf -- '--\n-- PostgreSQL database cluster dump\n--\n' && cat "$LEGACY/plain"; } >"$bad"
    no_replay 4 "$bad"
    assert_contains "$stderr" pg_dumpall
}

@test "a missing file ends with 1" {
    no_replay 1 "$BATS_TEST_TMPDIR/missing"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing"
}

@test "failing SQL ends with 4, a dump of another kind of database with 5" {
    sed 's/^CREATE TABLE public.auth_groups (/&\n    broken no_such_type,/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/bad"
    no_replay 4 "$BATS_TEST_TMPDIR/bad"
    assert_contains "$stderr" 'type "no_such_type" does not exist' "CREATE TABLE public.auth_groups" "hint: "
    printf -- '--\n-- PostgreSQL database dump\n--\nCREATE TABLE t (a int);\n-- PostgreSQL database dump complete\n' \
        >"$BATS_TEST_TMPDIR/other"
    no_replay 5 "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" schema_migrations "hint: "
}

@test "the exit code of a refused migration is passed on" {
    sed 's/^38\tf$/38\tt/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/dirty"
    run ! cmp -s "$LEGACY/plain" "$BATS_TEST_TMPDIR/dirty"
    no_replay 5 "$BATS_TEST_TMPDIR/dirty"
    assert_contains "$stderr" "kv-migrate: error: schema version 38 is dirty" "kv-replay: error: "
}
