#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-import with broken dumps: it stamps nothing that is incomplete.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/import

# at FRACTION: prints that percentage of the dump's size.
at() {
    echo $(($(stat -c %s "$DUMP") * $1 / 100))
}

@test "a truncated dump file is refused before the database is touched" {
    local before percent
    legacy_database
    before=$(everything)
    for percent in 0 1 50 99; do
        head -c "$(($(at $percent) + 1))" "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
        fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
        assert_contains "$stderr" "$BATS_TEST_TMPDIR/cut.dump" offset
        assert_equal "$(everything)" "$before"
    done
    head -c -1 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
    assert_equal "$(everything)" "$before"
}

@test "a dump truncated in a pipe is not stamped" {
    local before percent
    legacy_database
    before=$(legacy_digest)
    for percent in 10 50 99; do
        fails 4 kv-import -d "$DSN" < <(head -c "$(at $percent)" "$DUMP")
        assert_contains "$stderr" offset
        assert_sql "38|f" "SELECT * FROM schema_migrations"
        assert_stamp 38 0
    done
    # The last byte counts.
    fails 4 kv-import -d "$DSN" < <(head -c -1 "$DUMP")
    assert_stamp 38 0
    assert_equal "$(legacy_digest)" "$before"
    # The next load starts from scratch.
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "a dump truncated before its manifest, at the end of a frame, is not stamped" {
    local offset
    legacy_database
    offset=$("$TESTS_DIR/lib/decode.py" frames "$DUMP" | tail -n 1 | cut -d ' ' -f 1)
    head -c "$offset" "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
    assert_stamp 38 -
    fails 4 kv-import -d "$DSN" < <(head -c "$offset" "$DUMP")
    assert_stamp 38 0
}

@test "a flipped byte in a chunk is found, and the dump is not stamped" {
    local offset size decompressed
    legacy_database
    # The second data frame with entries, in its middle.
    read -r offset size decompressed < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | awk '$3 > 1000000' | sed -n 2p)
    [ "$decompressed" -gt 0 ]
    flip $((offset + size / 2)) "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/flipped.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/flipped.dump" offset
    assert_stamp 38 0
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
    assert_contains "$stderr" "offset $offset"
}

@test "a flipped byte is found in every frame" {
    local offset size _ found=0
    while read -r offset size _; do
        # The last byte, of a checksum, and one of the first, of a header.
        flip $((offset + size - 1)) "$BATS_TEST_TMPDIR/flipped.dump"
        fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
        flip $((offset + 5)) "$BATS_TEST_TMPDIR/flipped.dump"
        fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
        found=$((found + 1))
    done < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | sed -n '1,4p;$p')
    assert_equal "$found" 5
    # And in the seek table.
    flip $(($(stat -c %s "$DUMP") - 20)) "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
}

@test "frames of two dumps, or a repeated frame, are refused" {
    local offset size _
    cat "$DUMP" "$DUMP" >"$BATS_TEST_TMPDIR/twice.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/twice.dump"
    fails 4 kv-import --check < <(cat "$BATS_TEST_TMPDIR/twice.dump")
    # Without one chunk and its announcement: all remaining frames are complete.
    read -r offset size _ < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | awk '$3 > 1000000 { print from, $1 + $2 - from, 0 } { from = $1 }' | sed -n 1p)
    { head -c "$offset" "$DUMP" && tail -c "+$((offset + size + 1))" "$DUMP"; } >"$BATS_TEST_TMPDIR/less.dump"
    zstd -tq "$BATS_TEST_TMPDIR/less.dump"
    fails 4 kv-import --check < <(cat "$BATS_TEST_TMPDIR/less.dump")
}

# with_header OLD|NEW: prints the dump with a part of its header replaced, and a correct checksum of the header.
with_header() {
    "$TESTS_DIR/lib/forge.py" "$DUMP" "joined(but({0: replaced(0, b'${1%|*}', b'${1#*|}')}))"
}

@test "an unknown major format version is refused, a later minor one is not" {
    local version
    version=$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['version']")
    fails 4 kv-import --list < <(with_header "\"version\":\"$version\"|\"version\":\"$((${version%%.*} + 1)).0\"")
    assert_contains "$stderr" version
    # The header itself is accepted; the digest of the whole file does not match.
    fails 4 kv-import --list < <(with_header "\"version\":\"$version\"|\"version\":\"${version%%.*}.9\"")
    refute_contains "$stderr" "format version"
}

@test "a changed header is found even if its checksum was corrected" {
    fails 4 kv-import --check < <(with_header '"redacted":false|"redacted":true ')
}

@test "a redacted dump is refused" {
    legacy_database
    fails 5 kv-import -d "$DSN" < <(with_header '"redacted":false|"redacted":true')
    assert_contains "$stderr" --allow-redacted
    assert_stamp 38 -
}
