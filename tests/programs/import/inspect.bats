#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Inspecting a dump without a database: --print, and --list for programs.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    make_esti_dump "$DUMP"
}

setup() {
    # There is no database to touch.
    SERVER=$PGHOST
    export PGHOST=/nonexistent
}

# count CONDITION: counts the lines on standard input, as objects o, for which the Python condition holds.
count() {
    python3 -c "import json, sys; print(sum(1 for o in map(json.loads, sys.stdin) if $1))" "${@:2}"
}

@test "--print --raw prints every byte of the stream, from a file and a pipe" {
    kv-import --print --raw "$DUMP" >"$BATS_TEST_TMPDIR/raw"
    python3 -c '
import base64, json, struct, sys
stream = b"PGCOPY\n\xff\r\n\0" + bytes(8)
for line in sys.stdin:
    stream += struct.pack(">h", 3)
    entry = json.loads(line)
    assert list(entry) == ["partition_key", "key", "value"], entry
    for name in entry:
        field = base64.b64decode(entry[name], validate=True)
        stream += struct.pack(">i", len(field)) + field
sys.stdout.buffer.write(stream + b"\xff\xff")' <"$BATS_TEST_TMPDIR/raw" | cmp - <(zstd -dcq "$DUMP")
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$DUMP" | kv-import --print --raw | cmp - "$BATS_TEST_TMPDIR/raw"
    kv-import --print --raw - <"$DUMP" | cmp - "$BATS_TEST_TMPDIR/raw"
}

@test "--print decodes every entry like an independent program" {
    kv-import --print "$DUMP" >"$BATS_TEST_TMPDIR/printed"
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/printed")" 439
    # As many of each kind as the fixture holds.
    python3 -c '
import collections, json, sys
for (package, kind), n in sorted(collections.Counter(
        (o["package"], o["type"]) for o in map(json.loads, sys.stdin)).items()):
    print(package, kind, n)' <"$BATS_TEST_TMPDIR/printed" >"$BATS_TEST_TMPDIR/kinds"
    diff - "$BATS_TEST_TMPDIR/kinds" <<'KINDS'
actions RunResultData 28
actions SecondaryIndex 42
actions TaskResultData 28
auth CredentialData 9
auth GroupData 6
auth PolicyData 9
auth SecondaryIndex 22
auth UserData 10
auth text 7
graveler BranchData 43
graveler BranchProtectionRules 1
graveler CommitData 81
graveler RepositoryData 33
graveler StagedEntryData 114
graveler TagData 5
multiparts MultipartUploadData 1
KINDS
    # Commits with all members, compared with the legacy table.
    python3 -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if o["type"] == "CommitData":
        v = o["value"]
        print(v["id"], v.get("committer", ""), json.dumps(v.get("message", ""), ensure_ascii=False), v["creation_date"].rstrip("Z"),
              v.get("generation", 0), "/".join(v.get("parents", [])), len(v.get("metadata", {})), sep="|")' \
        <"$BATS_TEST_TMPDIR/printed" | LC_ALL=C sort >"$BATS_TEST_TMPDIR/commits"
    PGHOST=$SERVER PGDATABASE=$ESTI psql -XAtq -c "SELECT id, committer, to_json(message),
        replace(to_char(creation_date AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', ''), coalesce(generation, 0), array_to_string(parents, '/'),
        (SELECT count(*) FROM jsonb_object_keys(CASE jsonb_typeof(metadata) WHEN 'object' THEN metadata ELSE '{}' END)) FROM graveler_commits" |
        LC_ALL=C sort | diff - "$BATS_TEST_TMPDIR/commits"
}

@test "--print keeps the order of the dump, whatever the number of workers" {
    local jobs
    kv-import --print -j 1 "$DUMP" >"$BATS_TEST_TMPDIR/printed"
    for jobs in 2 5 16; do
        kv-import --print -j "$jobs" "$DUMP" | cmp - "$BATS_TEST_TMPDIR/printed"
        kv-import --print -j "$jobs" --limit 101 - <"$DUMP" | cmp - <(head -n 101 "$BATS_TEST_TMPDIR/printed")
    done
}

@test "--package, --partition, --prefix and --limit select entries, alone and together" {
    assert_equal "$(kv-import --print --package auth "$DUMP" | count 'o["package"] == "auth"')" 63
    assert_equal "$(kv-import --print -n auth - <"$DUMP" | wc -l)" 63
    assert_equal "$(kv-import --print --partition auth --prefix users/ "$DUMP" | count 'o["type"] == "UserData"')" 10
    assert_equal "$(kv-import --print --prefix users/ "$DUMP" | wc -l)" 10
    assert_equal "$(kv-import --print --package auth --limit 7 "$DUMP" | wc -l)" 7
    assert_equal "$(kv-import --print --limit 0 "$DUMP")" ""
    assert_equal "$(kv-import --print --partition nowhere "$DUMP")" ""
    assert_equal "$(kv-import --print --prefix nothing "$DUMP")" ""
    # The pipe's writer may have much left to write: no message, no failure.
    # shellcheck disable=SC2002 # a pipe is what is tested
    assert_equal "$(cat "$DUMP" | kv-import --print --package graveler --limit 2 - | wc -l)" 2
}

@test "--partition and --prefix take what --print shows, whatever the bytes" {
    local dump=$BATS_TEST_TMPDIR/odd.dump partition key count=0
    local -x PGHOST=$SERVER
    fresh_database
    kv-import -q -d "$DSN" "$DUMP"
    # NUL, a backslash, octal digits behind one, two of them, controls, a newline within, C1, no UTF-8, the end of a part of UTF-8.
    sql "DELETE FROM kv WHERE partition_key <> 'kv-internal-metadata'" \
        "INSERT INTO kv SELECT decode(p, 'hex'), decode(k, 'hex'), 'v' FROM (VALUES ('00', '00'), ('5c', '5c'), ('5c333737', '5c303030'),
            ('5c5c', '5c5c5c'), ('1b7f01', '01021b7f'), ('610a62', '610a62'), ('c29b', 'e2808e'), ('ff', 'fffe'), ('61c3', '61c3'),
            ('c3a9', 'f09f9098'), ('22', '2227')) AS t (p, k)"
    kv-export -q -d "$DSN" --source kv -f "$dump"
    while IFS= read -r -d '' partition && IFS= read -r -d '' key; do
        assert_equal "$(kv-import --print --partition="$partition" "$dump" |
            count "(o['partition'], o['key']) == (sys.argv[1], sys.argv[2])" "$partition" "$key")" 1
        assert_equal "$(kv-import --print --partition="$partition" "$dump" | wc -l)" 1
        assert_equal "$(kv-import --print --partition="$partition" --prefix="$key" "$dump" | wc -l)" 1
        [ "$(kv-import --print --prefix="$key" - <"$dump" | count "o['key'].startswith(sys.argv[1])" "$key")" -ge 1 ]
        count=$((count + 1))
    done < <(kv-import --print "$dump" | python3 -c '
import json, sys
for o in map(json.loads, sys.stdin):
    sys.stdout.write(o["partition"] + "\0" + o["key"] + "\0")')
    assert_equal "$count" 11
    # shellcheck disable=SC1003 # backslashes are what is tested
    for key in '\' 'a\b' '\37' '\400' '\\\'; do
        fails 1 kv-import --print --prefix="$key" "$dump"
        assert_contains "$stderr" "--prefix has a backslash that begins no escape" "hint:" "three octal digits"
    done
}

@test "--partition and --prefix read only the chunks of a file that can hold such entries; of a pipe all is read" {
    local auth=$BATS_TEST_TMPDIR/auth.dump
    # Every chunk is damaged but that of package auth, the only one with its partition.
    "$TESTS_DIR/lib/forge.py" "$DUMP" 'joined(but({4 + 2 * k: flip(at(4 + 2 * k, 20))[at(4 + 2 * k):at(5 + 2 * k)]
        for k in range(n) if json.loads(frames[3 + 2 * k][8:-8])["package"] != "auth"}))' >"$auth"
    fails 4 kv-import --print "$auth"
    assert_equal "$(kv-import --print --partition auth "$auth" | wc -l)" 63
    assert_equal "$(kv-import --print --partition auth --prefix users/ - <"$auth" | wc -l)" 10
    assert_equal "$(kv-import --print --prefix zzz --partition auth "$auth")" ""
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$auth" | fails 4 kv-import --print --partition auth -
}

@test "bounds that do not fit the entries are damage, and a dump without any is read as before" {
    local forged=$BATS_TEST_TMPDIR/forged.dump k
    for k in "keys__1='enp6'" "keys__0=''" "partitions__0=''" "partitions__1='enp6'" "keys=['enp6', 'YQ==']" "keys=['']" "keys=None" "partitions=3"; do
        "$TESTS_DIR/lib/forge.py" "$DUMP" "sealed(but({3: altered(3, $k)}))" >"$forged"
        fails 4 kv-import --check "$forged"
        assert_contains "$stderr" "$forged"
        grep -E 'bounds|"keys"|"partitions"' <<<"$stderr"
    done
    "$TESTS_DIR/lib/forge.py" "$DUMP" "sealed(but({3 + 2 * k: altered(3 + 2 * k, keys=None, partitions=None) for k in range(n)}))" >"$forged"
    succeeds kv-import --check "$forged"
    kv-import --print --partition auth --prefix users/ "$forged" | cmp - <(kv-import --print --partition auth --prefix users/ "$DUMP")
}

@test "a reader that stops early ends --print without an error" {
    run --separate-stderr bash -c "kv-import --print '$DUMP' | head -n 1"
    assert_equal "$stderr" ""
    assert_contains "$output" '"package":"actions"'
}

@test "--print of a truncated dump prints what is there, then fails" {
    head -c 100000 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    run --separate-stderr -4 kv-import --print "$BATS_TEST_TMPDIR/cut.dump"
    assert_contains "$stderr" "the dump ends here, before its end" 'offset 100000' "copy it again"
    [ "${#lines[@]}" -gt 100 ]
    # A complete part is valid.
    succeeds kv-import --print --package actions --limit 98 "$BATS_TEST_TMPDIR/cut.dump"
    assert_equal "${#lines[@]}" 98
}

@test "a pipe that ends early points to the program that writes it" {
    local size
    for size in 0 100000; do
        fails 4 kv-import --check - < <(head -c "$size" "$DUMP")
        assert_contains "$stderr" "dump on standard input, offset $size: " "hint: The program that writes it ended early"
    done
}

@test "a package that is not in the dump, and conflicting options, are usage errors" {
    fails 1 kv-import --print --package catalog "$DUMP"
    assert_contains "$stderr" '"catalog"' "--list"
    fails 1 kv-import --list --package auth "$DUMP"
    fails 1 kv-import -d nowhere --prefix users/ "$DUMP"
    assert_contains "$stderr" "--prefix"
    fails 1 kv-import --print --limit -1 "$DUMP"
    fails 1 kv-import --check --format json "$DUMP"
    fails 1 kv-import --list --format xml "$DUMP"
    assert_contains "$stderr" '"xml"'
}

@test "--list --format json prints one object: the header and the manifest" {
    kv-import --list --format json "$DUMP" >"$BATS_TEST_TMPDIR/list"
    python3 -c '
import json, sys
content = json.load(sys.stdin)
assert set(content) == {"header", "manifest", "size"}, content
assert content["header"]["format"] == "lakefs-kv-dump"
assert content["header"]["source"]["schema_version"] == 38
assert content["manifest"]["entries"] == 439
assert {p["name"]: p["entries"] for p in content["manifest"]["packages"]} == {
    "actions": 98, "auth": 63, "graveler": 277, "multiparts": 1}
assert content["size"] == int(sys.argv[1]), content["size"]' "$(wc -c <"$DUMP")" <"$BATS_TEST_TMPDIR/list"
    kv-import --list --format json - <"$DUMP" | cmp - "$BATS_TEST_TMPDIR/list"
}

@test "--list shows the size of the file, and of a pipe" {
    succeeds kv-import --list "$DUMP"
    assert_contains "$output" "size:                  $(shown_size "$DUMP")"
    run -0 bash -c "cat '$DUMP' | kv-import --list -"
    assert_contains "$output" "size:                  $(shown_size "$DUMP")"
}

@test "--check shows its progress, and reports that the dump is intact" {
    succeeds kv-import --check -P "$DUMP"
    assert_contains "$output" "the dump is intact: 439 entries" "$(manifest_member "$DUMP" "['stream']['sha256']")"
    grep -E '^kv-import: check: 439 rows, ' <<<"$stderr"
    assert_contains "$output" "439 entries, $(shown_size "$DUMP"), SHA-256"
    run -0 bash -c "cat '$DUMP' | kv-import --check -"
    assert_contains "$output" "439 entries, $(shown_size "$DUMP"), SHA-256"
}

@test "a full standard output is an error" {
    run --separate-stderr -3 bash -c "kv-import --print '$DUMP' >/dev/full"
    assert_contains "$stderr" "could not write to standard output"
    run --separate-stderr -3 bash -c "kv-import --list --format json '$DUMP' >/dev/full"
}
