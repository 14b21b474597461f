# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Small legacy databases made by hand, and what becomes of their rows: load it after lib/setup.
#
# Entries are read from the dump by an independent implementation of PostgreSQL's and protobuf's rules (decode.py).

# shellcheck disable=SC2034 # for the tests
# shellcheck disable=SC2154 # run sets stderr and output

setup_file() {
    make_template EMPTY
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/rows.dump
    ENTRIES=$BATS_TEST_TMPDIR/rows.entries
}

# A database with regular rows only, so that a test is about the rows that it adds.
legacy_database() {
    fresh_database TEMPLATE "$EMPTY"
    regular_rows
}

# A database of another encoding, for which there is no template.
legacy_database_in() {
    fresh_database TEMPLATE template0 ENCODING "$1" LC_COLLATE "'C'" LC_CTYPE "'C'"
    apply_migrations 21 38
    set_schema_version 38
}

regular_rows() {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'user')" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'group')" \
        "INSERT INTO auth_policies (id, created_at, display_name, statement) VALUES (1, '2020-01-01 00:00:00Z', 'policy',
            '[{\"Effect\": \"allow\", \"Action\": [\"fs:*\"], \"Resource\": \"*\"}]')" \
        "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'object', 'identity', 'data')"
}

# export_rows [OPTION...]: exports the database; sets stderr.
export_rows() {
    succeeds kv-export -d "$DSN" --no-settings -f "$DUMP" "$@"
    entries "$DUMP" >"$ENTRIES"
}

# entry PARTITION KEY: prints the value of the one entry there.
entry() {
    PARTITION=$1 KEY=$2 awk -F '\t' '$1 == ENVIRON["PARTITION"] && $2 == ENVIRON["KEY"] { print $3; n++ } END { exit n != 1 }' \
        "$ENTRIES" || {
        printf 'no such entry: %s %s\n' "$1" "$2"
        cat "$ENTRIES"
        return 1
    } >&2
}

# assert_entry PARTITION KEY VALUE
assert_entry() {
    local actual
    actual=$(entry "$1" "$2")
    assert_equal "$actual" "$3"
}

# assert_no_entry PARTITION PATTERN: no key of the partition matches.
assert_no_entry() {
    run ! grep -P "^\Q$1\E\t$2" "$ENTRIES"
}

# Only the entries of regular rows exist, and nothing is reported about them.
count_entries() {
    wc -l <"$ENTRIES"
}

# left_out, adjusted: print the manifest's counts.
left_out() {
    kv-import --list "$DUMP" | grep '^left out: ' || true
}

adjusted() {
    kv-import --list "$DUMP" | grep '^adjusted: ' || true
}

# assert_plain: nothing was left out or adjusted, and there is no warning.
assert_plain() {
    assert_equal "$(left_out)$(adjusted)" ""
    refute_contains "$stderr" "warning"
}

# assert_counted KIND ROWS TABLE PACKAGE WORD: this is the only such line in the list. KIND is "left out" or "adjusted".
assert_counted() {
    local lines
    lines=$(kv-import --list "$DUMP" | grep "^$1: ")
    assert_equal "$(wc -l <<<"$lines")" 1
    assert_contains "$lines" "$1: $2 row$([ "$2" -eq 1 ] || echo s) of $3 (package $4): " "$5"
}

# assert_warned TABLE WORD: a warning names the table and the reason.
assert_warned() {
    grep -a "^kv-export: warning: .*$1.*$2" <<<"$stderr"
}

# assert_named TABLE KEY: with -v the row is named.
assert_named() {
    run --separate-stderr -0 kv-export -d "$DSN" --no-settings -v -f "$BATS_TEST_TMPDIR/named.dump" --force
    grep -a "^kv-export: info: .*$1.*" <<<"$stderr" | grep -aF "$2"
}

# check_left_out TABLE PACKAGE WORD KEY: one row of the table is left out, for the reason that contains the word: it is
# counted, warned of, named with -v, and an error with --strict. The test itself checks the remaining entries.
check_left_out() {
    export_rows
    assert_counted "left out" 1 "$1" "$2" "$3"
    assert_equal "$(adjusted)" ""
    assert_warned "$1" "$3"
    refute_contains "$stderr" "$4"
    assert_named "$1" "$4"

    fails 3 kv-export -d "$DSN" --no-settings --strict -f "$BATS_TEST_TMPDIR/strict.dump"
    assert_contains "$stderr" "$1" "$4"
    assert_missing "$BATS_TEST_TMPDIR/strict.dump" "$BATS_TEST_TMPDIR/strict.dump.partial"
}

# check_adjusted ROWS TABLE PACKAGE WORD KEY: rows of the table are adjusted, which is not an error even with --strict.
check_adjusted() {
    export_rows --strict
    assert_counted adjusted "$1" "$2" "$3" "$4"
    assert_equal "$(left_out)" ""
    assert_warned "$2" "$4"
    assert_named "$2" "$5"
}

# check_refused TABLE KEY [OPTION...]: the export ends with 3, names table and row, and leaves no file.
check_refused() {
    local table=$1 key=$2
    shift 2
    fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP" "$@"
    assert_contains "$(grep -a '^kv-export: error: ' <<<"$stderr")" "$table" "$key"
    assert_missing "$DUMP" "$DUMP.partial"
}

# add_run REPOSITORY RUN_ID [START [BRANCH [COMMIT]]]
add_run() {
    sql "INSERT INTO actions_runs VALUES ('$1', '$2', 'pre-commit', '${3-2021-02-03 04:05:06Z}', '2021-02-03 04:05:09.25Z',
        '${4-main}', 'ref', '${5-c1}', true)"
}

# add_hook REPOSITORY RUN_ID HOOK_RUN_ID
add_hook() {
    sql "INSERT INTO actions_run_hooks VALUES ('$1', '$2', '$3', 'action of $1', 'hook', '2021-02-03 04:05:07Z',
        '2021-02-03 04:05:08Z', true)"
}

# new_ids REPOSITORY: prints the new ids of the repository's runs, in the order of a scan.
new_ids() {
    sed -n "s|^actions\trepos/$1/runs/\([^\t]*\)\t.*|\1|p" "$ENTRIES"
}
