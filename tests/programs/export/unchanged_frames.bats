#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Dumps of a store that has hardly changed are hardly different, so that backups that keep equal parts once stay small.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2153 # lib/dynamodb_load sets DUMP

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# compare_frames FIRST SECOND: prints how many data frames the second dump has, and how many of them the first lacks.
compare_frames() {
    python3 - "$1" "$2" <<'E'
import struct, sys

def frames(path):
    """Those with content, by the seek table."""
    data = open(path, "rb").read()
    count, = struct.unpack_from("<I", data, len(data) - 9)
    at, found = 0, []
    for n in range(count):
        size, content = struct.unpack_from("<II", data, len(data) - 9 - 8 * count + 8 * n)
        if content > 0:
            found.append(data[at:at + size])
        at += size
    return found

first, second = map(frames, sys.argv[1:])
print(len(second), sum(frame not in set(first) for frame in second))
E
}

# assert_frames FIRST SECOND LEAST MOST: the second has at least LEAST frames, and at most MOST of them are not in the first.
assert_frames() {
    local frames other
    read -r frames other <<<"$(compare_frames "$1" "$2")"
    echo "$frames frames, $other others"
    [ "$frames" -ge "$3" ]
    [ "$other" -le "$4" ]
}

# set_digest DUMP: prints the line of --list.
set_digest() {
    kv-import --list "$1" | sed -n 's/^set digest: *\([0-9a-f]*\).*/\1/p'
}

@test "three changes in one of thirty thousand rows' partitions leave the frames of the others as they are" {
    local first=$BATS_TEST_TMPDIR/first second=$BATS_TEST_TMPDIR/second again=$BATS_TEST_TMPDIR/again
    kv-import -q -d "$DSN" "$ESTI_DUMP"
    # A kilobyte each, in 100 leaves.
    sql "INSERT INTO kv SELECT convert_to('token-' || n % 300, 'UTF8'), convert_to(md5(n::text), 'UTF8'),
        convert_to(repeat(md5((n + 1)::text), 30), 'UTF8') FROM generate_series(1, 30000) AS n"
    kv-export -q --source=kv -d "$DSN" -j 1 -f "$first"
    kv-export -q --source=kv -d "$DSN" -j 3 -f "$again"
    assert_frames "$first" "$again" 10 0
    sql "UPDATE kv SET value = set_byte(value, 0, 0) WHERE partition_key = 'token-7' AND key IN
            (SELECT key FROM kv WHERE partition_key = 'token-7' ORDER BY key LIMIT 1)" \
        "DELETE FROM kv WHERE partition_key = 'token-7' AND key IN
            (SELECT key FROM kv WHERE partition_key = 'token-7' ORDER BY key DESC LIMIT 1)" \
        "INSERT INTO kv VALUES ('token-7', 'new', 'new')"
    kv-export -q --source=kv -d "$DSN" -j 2 -f "$second"
    # The changes are in one or two chunks, and the end of a part may move into the next chunk of that part.
    assert_frames "$first" "$second" 10 3
    [ "$(compare_frames "$first" "$second")" != "$(compare_frames "$first" "$again")" ]
}

@test "three changes in a DynamoDB table leave the frames of other segments as they are" {
    local first=$BATS_TEST_TMPDIR/first second=$BATS_TEST_TMPDIR/second again=$BATS_TEST_TMPDIR/again
    dump_of_version 1 "('p', 'k', 'v')" "SELECT convert_to('token-' || n % 300, 'UTF8'), convert_to(md5(n::text), 'UTF8'),
        convert_to(md5((n + 1)::text), 'UTF8') FROM generate_series(1, 3000) AS n"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    kv-export -q --source=kv --store=dynamodb "${DYNAMODB[@]}" -j 1 -f "$first"
    kv-export -q --source=kv --store=dynamodb "${DYNAMODB[@]}" -j 4 -f "$again"
    assert_frames "$first" "$again" 60 0
    dynamodb put "$TABLE" p k other
    dynamodb put "$TABLE" token-7 new value
    dynamodb delete "$TABLE" token-8 "$(printf 8 | md5sum | cut -c 1-32)"
    kv-export -q --source=kv --store=dynamodb "${DYNAMODB[@]}" -j 3 -f "$second"
    assert_frames "$first" "$second" 60 3
    [ "$(set_digest "$first")" != "$(set_digest "$second")" ]
}

@test "--list shows one digest for equal stores, whatever they are kept in" {
    local postgres=$BATS_TEST_TMPDIR/postgres dynamodb=$BATS_TEST_TMPDIR/dynamodb expected
    kv-import -q -d "$DSN" --partitions=3 "$ESTI_DUMP"
    kv-export -q --source=kv -d "$DSN" -j 1 -f "$postgres"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$ESTI_DUMP"
    kv-export -q --source=kv --store=dynamodb "${DYNAMODB[@]}" -j 3 -f "$dynamodb"
    # FORMAT.md: the sum of the packages' digests modulo 2^128.
    expected=$(manifest_member "$ESTI_DUMP" "['packages']" | python3 -c '
import ast, sys
print("%032x" % (sum(int(package["set_digest"], 16) for package in ast.literal_eval(sys.stdin.read())) % 2**128))')
    assert_equal "$(set_digest "$ESTI_DUMP")" "$expected"
    assert_equal "$(set_digest "$postgres")" "$expected"
    assert_equal "$(set_digest "$dynamodb")" "$expected"
    assert_equal "$(kv-import --list - < <(cat "$dynamodb") | sed -n 's/^set digest: *\([0-9a-f]*\).*/\1/p')" "$expected"
    sql "UPDATE kv SET value = value || '\\x00' WHERE partition_key = 'auth' AND key =
        (SELECT key FROM kv WHERE partition_key = 'auth' ORDER BY key LIMIT 1)"
    kv-export -q --source=kv -d "$DSN" --force -f "$postgres"
    [ "$(set_digest "$postgres")" != "$expected" ]
}
