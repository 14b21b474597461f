#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --print --format=lakefs-kv: what lakeFS's own `kv load --strategy overwrite` reads, by a reader that follows it.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_dump "$BATS_FILE_TMPDIR/esti.dump"
}

setup() {
    ESTI_DUMP=$BATS_FILE_TMPDIR/esti.dump
    OBJECT=$BATS_TEST_TMPDIR/object
}

# lakefs_loads: prints what lakeFS would load of OBJECT.
lakefs_loads() {
    "$TESTS_DIR/lib/lakefs_kv_load.py" <"$OBJECT"
}

# stream_entries DUMP: prints the entries of the dump's COPY BINARY stream in the same form.
stream_entries() {
    zstd -dcq "$1" | python3 -c '
import base64, json, struct, sys
stream, at = sys.stdin.buffer.read(), 19
while struct.unpack_from(">h", stream, at)[0] == 3:
    at += 2
    fields = []
    for name in ("partition", "key", "value"):
        size = struct.unpack_from(">i", stream, at)[0]
        fields.append((name, base64.b64encode(stream[at + 4:at + 4 + size]).decode()))
        at += 4 + size
    print(json.dumps(dict(fields), separators=(",", ":")))'
}

# version_entry VERSION: prints the entry of the version in the same form.
version_entry() {
    printf '{"partition":"%s","key":"%s","value":"%s"}\n' "$(printf kv-internal-metadata | base64)" \
        "$(printf kv/schema/version | base64)" "$(printf %s "$1" | base64)"
}

# store_dump VERSION ROWS: makes DUMP, of a store with these rows of SQL's VALUES.
store_dump() {
    DUMP=$BATS_TEST_TMPDIR/made.dump
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
        PRIMARY KEY (partition_key, key))" "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '$1')"
    [ -z "$2" ] || sql "INSERT INTO kv VALUES $2"
    kv-export -q -d "$DSN" --source=kv -f "$DUMP"
    sql "DROP TABLE kv"
}

@test "lakeFS would load every entry, in the dump's order, and the version last" {
    kv-import --print --format=lakefs-kv "$ESTI_DUMP" >"$OBJECT"
    {
        stream_entries "$ESTI_DUMP"
        version_entry 1
    } >"$BATS_TEST_TMPDIR/expected"
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/expected")" 440
    lakefs_loads | diff "$BATS_TEST_TMPDIR/expected" -
    # From a pipe, by several workers, and again: the same bytes.
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$ESTI_DUMP" | kv-import --print --format=lakefs-kv -j 4 | cmp - "$OBJECT"
}

@test "a store of today arrives as it was, every partition and its version" {
    local entries=$FIXTURES_DIR/today/kv-today.jsonl dump=$BATS_TEST_TMPDIR/today.dump
    fresh_database
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (partition_key, key))"
    python3 "$TESTS_DIR/lib/today.py" rows <"$entries" | psql -Xq -v ON_ERROR_STOP=1 -c "COPY kv FROM STDIN"
    kv-export -q -d "$DSN" --source=kv -f "$dump"
    kv-import --print --format=lakefs-kv "$dump" >"$OBJECT"
    python3 -c '
import json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print(json.dumps({name: entry[name] for name in ("partition", "key", "value")}, separators=(",", ":")))' <"$entries" |
        LC_ALL=C sort >"$BATS_TEST_TMPDIR/expected"
    lakefs_loads | LC_ALL=C sort | diff "$BATS_TEST_TMPDIR/expected" -
    assert_equal "$(lakefs_loads | tail -n 1)" "$(version_entry 4)"
}

@test "keys with any characters, and empty values, arrive" {
    fresh_database
    store_dump 4 "(convert_to(E'p\"\\\\\\\\/', 'UTF8'), convert_to(E'\\x01\\t\\n\\u2028\\U0001F600<>&', 'UTF8'), ''), ('\\x00', '\\x7f', '\\x00ff')"
    kv-import --print --format=lakefs-kv "$DUMP" >"$OBJECT"
    {
        stream_entries "$DUMP"
        version_entry 4
    } | diff - <(lakefs_loads)
    # Entries on lines of their own, for people.
    assert_equal "$(wc -l <"$OBJECT")" 5
}

@test "a store without entries has its version" {
    fresh_database
    store_dump 3 ""
    kv-import --print --format=lakefs-kv "$DUMP" >"$OBJECT"
    assert_equal "$(lakefs_loads)" "$(version_entry 3)"
}

@test "what JSON cannot hold, or lakeFS does not load, is named, and nothing of the output can be loaded" {
    local row
    fresh_database
    for row in "'\\xff66', 'the-key'" "'the-key', '\\xc3'" "'\\xeda080', 'the-key'" "'', 'the-key'" "'the-key', ''"; do
        store_dump 4 "($row, 'v'), ('good', 'k', 'v')"
        run --separate-stderr -3 kv-import --print --format=lakefs-kv "$DUMP"
        assert_contains "$stderr" "the-key" "lakeFS's JSON cannot hold this entry" hint:
        printf '%s' "$output" >"$OBJECT"
        run --separate-stderr -1 "$TESTS_DIR/lib/lakefs_kv_load.py" <"$OBJECT"
        assert_equal "$output" ""
        mv "$DUMP" "$BATS_TEST_TMPDIR/last.dump"
    done
    # Bytes are shown as --print shows them.
    store_dump 4 "('\\xff66', 'the-key', 'v')"
    run --separate-stderr -3 kv-import --print --format=lakefs-kv "$DUMP"
    # shellcheck disable=SC1003 # backslashes of JSON
    assert_contains "$stderr" '377f", key "the-key"'
}

@test "a dump that is cut off, or not good, gives nothing that can be loaded" {
    head -c "$(($(stat -c %s "$ESTI_DUMP") - 100))" "$ESTI_DUMP" >"$BATS_TEST_TMPDIR/cut"
    run --separate-stderr -4 kv-import --print --format=lakefs-kv - <"$BATS_TEST_TMPDIR/cut"
    printf '%s' "$output" >"$OBJECT"
    [ -s "$OBJECT" ]
    run --separate-stderr -1 "$TESTS_DIR/lib/lakefs_kv_load.py" <"$OBJECT"
    assert_equal "$output" ""
}

@test "a part of a dump, or one that is not real, has no version" {
    local option
    for option in --package=auth --partition=auth --prefix=users/ --limit=3; do
        succeeds kv-import --print --format=lakefs-kv "$option" "$ESTI_DUMP"
        assert_contains "$stderr" "warning: these are not all entries of a store"
        printf '%s' "$output" >"$OBJECT"
        [ "$(lakefs_loads | wc -l)" -ge 3 ]
        refute_contains "$(lakefs_loads)" "$(version_entry 1)"
    done
    assert_equal "$(kv-import -q --print --format=lakefs-kv --limit=3 "$ESTI_DUMP" | "$TESTS_DIR/lib/lakefs_kv_load.py")" \
        "$(stream_entries "$ESTI_DUMP" | head -n 3)"
    succeeds kv-import --print --format=lakefs-kv --partition=nowhere "$ESTI_DUMP"
    printf '%s' "$output" >"$OBJECT"
    assert_equal "$(lakefs_loads)" ""
}

@test "the format is of --print alone" {
    fails 1 kv-import --list --format=lakefs-kv "$ESTI_DUMP"
    assert_contains "$stderr" "requires --print"
    fails 1 kv-import --print --format=json "$ESTI_DUMP"
    assert_contains "$stderr" "requires --list"
    fails 1 kv-import --print --format=lakefs-kv --raw "$ESTI_DUMP"
    assert_contains "$stderr" "exclude each other"
}
