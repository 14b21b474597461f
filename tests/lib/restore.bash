# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Stores in use that are replaced by kv-import --clean: load it after lib/setup and lib/import.

# shellcheck disable=SC2154 # import.bash sets DUMP

# store_in_use: makes a legacy database, DUMP, and a store of that with one entry more.
store_in_use() {
    legacy_database
    kv-import -q -d "$DSN" "$DUMP"
    sql "INSERT INTO kv VALUES ('later', 'key', 'value')"
}

# kept_store: prints the name of the store that is kept.
kept_store() {
    sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_before_[0-9]{8}_[0-9]{6}$'"
}

# replace_half [PROGRAM ARGUMENT...]: like load_half, but replaces the store.
replace_half() {
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background "$@" kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/pipe"
    exec {PIPE}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$PIPE"
    eventually replacement_begun
}

# assert_unchanged STATE: the store in use is as kv_state has printed it before; nothing is kept, and nothing is left, unless a
# message says so: a server may be too busy to drop it in time.
assert_unchanged() {
    assert_equal "$(kv_state)" "$1"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before'"
    [[ ${stderr-} == *'"kv_new" is left'* ]] || assert_sql "" "SELECT to_regclass('kv_new')"
}

replacement_begun() {
    [ "$(sql "SELECT to_regclass('kv_new')")" = kv_new ]
}

replace_rest() {
    load_rest
}

# start_reader NAME STATEMENT [FIRST]: repeats the statement in another session; its results go to the file reader.NAME.
start_reader() {
    {
        printf '%s\n' "${3-}"
        yes "$2"
    } 2>/dev/null 3>&- | PGAPPNAME=reader psql -XAtq -v ON_ERROR_STOP=1 >"$BATS_TEST_TMPDIR/reader.$1" \
        2>"$BATS_TEST_TMPDIR/errors.$1" 3>&- &
}

# reader_saw NAME RESULT: whether its latest result is that.
reader_saw() {
    [ "$(tail -n 1 "$BATS_TEST_TMPDIR/reader.$1")" = "$2" ]
}

# stop_readers: ends them; none may have failed before.
stop_readers() {
    cat "$BATS_TEST_TMPDIR"/errors.*
    [ -z "$(cat "$BATS_TEST_TMPDIR"/errors.*)" ]
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'reader'" >"$BATS_TEST_TMPDIR/stopped"
    wait
}

# store_schema: prints the definition of the store in use, without its note and the store that is kept.
store_schema() {
    local schema
    schema=$(pg_dump -s -T 'kv_before_*') || return
    sed -E '/^.(un)?restrict /d; /^COMMENT ON TABLE public.kv IS/d' <<<"$schema"
}
