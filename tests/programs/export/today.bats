#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Stores as today's lakeFS keeps them: every entry is known, printed and redacted. The fixture is a store that began as a
# legacy database and was used by a lakeFS of 2026; lib/today.py adds what that has none of, and reads both for itself.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export ENTRIES="$BATS_FILE_TMPDIR/entries" PLAIN="$BATS_FILE_TMPDIR/plain.dump" KEY_FILE="$BATS_FILE_TMPDIR/key"
    export REDACTED="$BATS_FILE_TMPDIR/redacted.dump"
    printf 'the key that is for the tests of this file only' >"$KEY_FILE"
    make_small_template 0
    kv-export -d "$SMALL" --no-settings --quiet -f "$BATS_FILE_TMPDIR/small.dump"
    {
        grep -v "$(printf kv-internal-metadata | base64)" "$FIXTURES_DIR/today/kv-today.jsonl"
        today more
    } >"$ENTRIES"
    fresh_database
    kv-import -d "$DSN" --allow-redacted --quiet "$BATS_FILE_TMPDIR/small.dump"
    keep_database EMPTY
    fresh_database TEMPLATE "$EMPTY"
    fill_store <"$ENTRIES"
    keep_database STORE
    kv-export --source kv -d "$STORE" --quiet -f "$PLAIN"
    kv-export --source kv -d "$STORE" --quiet --redact --redact-key-file="$KEY_FILE" -f "$REDACTED"
}

today() {
    python3 "$TESTS_DIR/lib/today.py" "$@"
}

# fill_store < ENTRIES: lets them be what the store holds, at the version of today's lakeFS.
fill_store() {
    sql "DELETE FROM kv WHERE partition_key <> 'kv-internal-metadata'" "UPDATE kv SET value = '4'"
    today rows | psql -Xq -v ON_ERROR_STOP=1 -c "COPY kv FROM STDIN"
}

# of_type DUMP TYPE PYTHON: prints what the expression gives for each printed entry o of the type.
of_type() {
    kv-import --print "$1" | python3 -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if o["type"] == sys.argv[1]:
        v = o["value"]
        print(eval(sys.argv[2]))' "$2" "$3"
}

@test "every entry is decoded as another program does, and none is bytes" {
    kv-import --print "$PLAIN" >"$BATS_TEST_TMPDIR/printed"
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/printed")" "$(wc -l <"$ENTRIES")"
    today compare "$BATS_TEST_TMPDIR/printed" <"$ENTRIES"
}

@test "PostgreSQL gives the bytes of a printed key back" {
    fresh_database TEMPLATE "$STORE"
    kv-import --print "$PLAIN" | python3 -c '
import json, sys
for o in map(json.loads, sys.stdin):
    print(json.dumps({name: o[name] for name in ("partition", "key")}))' >"$BATS_TEST_TMPDIR/keys"
    sql "CREATE TABLE printed (line text)"
    python3 -c '
import sys
for line in sys.stdin:
    print(line.rstrip("\n").replace("\\", "\\\\"))' <"$BATS_TEST_TMPDIR/keys" | psql -Xq -c "COPY printed FROM STDIN"
    assert_sql "$(wc -l <"$ENTRIES")" "SELECT count(*) FROM printed JOIN kv
        ON partition_key = decode(line::json->>'partition', 'escape') AND key = decode(line::json->>'key', 'escape')"
}

@test "what belongs to users and to repositories is in their packages" {
    kv-import --print "$PLAIN" | python3 -c '
import json, re, sys
for o in map(json.loads, sys.stdin):
    partition = o["partition"]
    if partition in ("auth", "basicAuth", "aclauth"):
        want = "auth"
    elif partition in ("actions", "multiparts"):
        want = partition
    elif partition in ("catalog", "usage"):
        want = "other"
    else:
        want = "graveler"
    assert o["package"] == want, o'
}

@test "a value that is not what its key says, and fields that nobody knows, are printed with all their bytes" {
    fresh_database TEMPLATE "$EMPTY"
    sql "INSERT INTO kv VALUES ('r-dc5egrvarr40nbascj20', 'tags/t', '\\x0a01741a0178'), ('r-dc5egrvarr40nbascj20', 'tags/u', '\\x0aff'),
        ('r-dc5egrvarr40nbascj20', 'later/u', 'later'), ('auth', 'users/n', '\\x1203610062fa01020102')"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/odd.dump"
    kv-import --print "$BATS_TEST_TMPDIR/odd.dump" | python3 -c '
import json, sys
found = {o["key"]: (o["type"], o["value"]) for o in map(json.loads, sys.stdin)}
assert found["tags/t"] == ("TagData", {"id": "t", "unknown_fields": {"base64": "GgF4"}}), found
assert found["tags/u"] == ("bytes", {"base64": "Cv8="}), found
assert found["later/u"] == ("bytes", "later"), found
assert found["users/n"] == ("UserData", {"username": "a\0b", "unknown_fields": {"base64": "+gECAQI="}}), found' || {
        kv-import --print "$BATS_TEST_TMPDIR/odd.dump"
        return 1
    }
}

@test "no name is left in a redacted dump" {
    zstd -dcq "$REDACTED" >"$BATS_TEST_TMPDIR/stream"
    kv-import --print "$REDACTED" >"$BATS_TEST_TMPDIR/printed"
    today names <"$ENTRIES" >"$BATS_TEST_TMPDIR/names"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/names")" -gt 150 ]
    python3 "$TESTS_DIR/lib/leaks.py" find "$BATS_TEST_TMPDIR/stream" "$BATS_TEST_TMPDIR/printed" <"$BATS_TEST_TMPDIR/names"
    # The bounds of chunks are those of what was searched.
    succeeds kv-import --check "$REDACTED"
    # The same words are found where they are not redacted.
    zstd -dcq "$PLAIN" >"$BATS_TEST_TMPDIR/stream"
    run -1 python3 "$TESTS_DIR/lib/leaks.py" find "$BATS_TEST_TMPDIR/stream" <"$BATS_TEST_TMPDIR/names"
    [ "${#lines[@]}" -gt 150 ]
}

@test "a redacted dump has the same kinds of entries, and they fit together as before" {
    local dump
    for dump in "$PLAIN" "$REDACTED"; do
        kv-import --print "$dump" | python3 -c '
import collections, json, sys
for (package, kind), n in sorted(collections.Counter((o["package"], o["type"]) for o in map(json.loads, sys.stdin)).items()):
    print(package, kind, n)' >"$BATS_TEST_TMPDIR/kinds.${dump##*/}"
    done
    diff "$BATS_TEST_TMPDIR/kinds.plain.dump" "$BATS_TEST_TMPDIR/kinds.redacted.dump"
    # Each pull request is found by its index, its branches and its repository are those of other entries.
    kv-import --print "$REDACTED" >"$BATS_TEST_TMPDIR/printed"
    python3 - "$BATS_TEST_TMPDIR/printed" <<'E'
import json, sys
entries = [json.loads(line) for line in open(sys.argv[1])]
at = {(o["partition"], o["key"]): o for o in entries}
pulls = [o for o in entries if o["partition"] == "pulls"]
assert len(pulls) == 2, pulls
for o in pulls:
    word, repository, source, destination = o["key"].split("/")
    pull = at[repository, "pulls/" + o["value"]["primary_key"]]["value"]
    assert (source, destination) == (pull["source_branch"], pull["destination_branch"]), pull
    assert (repository, "branches/" + destination) in at, o
    assert any(f'{r["value"]["id"]}-{r["value"]["instance_uid"]}' == repository for r in entries if r["type"] == "RepositoryData")
repositories = {o["value"]["id"] for o in entries if o["type"] == "RepositoryData"}
for o in entries:
    if o["type"].endswith("Status"):
        assert o["key"] == "tasks/" + o["value"]["task"]["id"], o
        assert ("catalog", "instances/" + o["value"]["task"]["owner_instance_id"]) in at, o
    if o["partition"] == "mc-ownership":
        length, rest = o["key"].split("/", 2)[2].split(":", 1)
        assert rest[:int(length)] in repositories and rest[int(length)] == "/", o
    if o["partition"] == "cleanup-tokens":
        assert any(o["key"] in (b["value"].get("staging_token"), *b["value"].get("sealed_tokens", ())) for b in entries
                   if b["type"] == "BranchData"), o
    if o["partition"] == "basicAuth":
        assert o["key"].split("/")[1] == "superAdmin", o
        assert ("auth", "users/" + o["value"].get("username", o["value"].get("user_id"))) in at, o
policy = next(o for o in entries if o["key"].startswith("policies/ACL(_-_)"))
assert ("auth", "groups/" + policy["key"][len("policies/ACL(_-_)"):]) in at, policy
assert policy["value"]["acl"]["permission"] == "Write"
assert "IpAddress" in policy["value"]["statement"][0]["condition"]
E
}

@test "what nobody knows is not redacted but refused, by its key" {
    local row
    for row in "'r-dc5egrvarr40nbascj20', 'later/u', 'x'" "'later-lakefs', 'k', 'x'" "'auth', 'later/u', 'x'" \
        "'r-dc5egrvarr40nbascj20', 'tags/t', '\\x0a01741a0178'" "'r-dc5egrvarr40nbascj20', 'tasks/XX1', '\\x0a050a035858311200'" \
        "'usage', 'usage/monthly/me', '1'" "'usage', 'usage/monthly/me/202611', 'lots'" "'pulls', 'repos/r-dc5egrvarr40nbascj20/a/b/c', '\\x0a0161'" \
        "'basicAuth', 'users/wilhelmina', '\\x12016e'" "'mc-ownership', 'run-refs/approximate-branch-owner/99:r/b', ''" \
        "'r-dc5egrvarr40nbascj20', 'pulls/wilhelmina', '\\x0a0161'"; do
        fresh_database TEMPLATE "$EMPTY"
        sql "INSERT INTO kv VALUES ($row)"
        fails 3 kv-export --source kv -d "$DSN" --redact -f "$BATS_TEST_TMPDIR/refused.dump"
        assert_contains "$stderr" "could not redact an entry" "$(cut -d "'" -f 4 <<<"$row")"
        assert_missing "$BATS_TEST_TMPDIR/refused.dump"
        drop_database
    done
}

@test "the store comes back from its dump, entry by entry" {
    fresh_database
    succeeds kv-import -d "$DSN" "$PLAIN"
    assert_equal "$(psql -XAtq -c "COPY (SELECT * FROM kv WHERE partition_key <> 'kv-internal-metadata') TO STDOUT" | LC_ALL=C sort)" \
        "$(today rows <"$ENTRIES" | LC_ALL=C sort)"
    assert_sql 4 "SELECT encode(value, 'escape') FROM kv WHERE partition_key = 'kv-internal-metadata'"
}

# shuffle_maps: turns the pairs of each map around, in commits, in what people noted about a repository and in staged objects.
shuffle_maps() {
    psql -XAtq -c "COPY (SELECT * FROM kv) TO STDOUT" | python3 "$TESTS_DIR/lib/today.py" shuffle >"$BATS_TEST_TMPDIR/shuffled"
    sql "TRUNCATE kv"
    psql -Xq -v ON_ERROR_STOP=1 -c "COPY kv FROM STDIN" <"$BATS_TEST_TMPDIR/shuffled"
}

@test "--verify compares messages, in which the pairs of a map have no order, from a file as from a pipe" {
    local before
    fresh_database TEMPLATE "$STORE"
    before=$(sql "SELECT count(*) FROM kv")
    sql "CREATE TABLE before AS SELECT * FROM kv"
    shuffle_maps
    # Conditions and rules, maps of messages, are among them.
    [ "$(sql "SELECT count(*) FROM kv JOIN before USING (partition_key, key) WHERE kv.value <> before.value")" -ge 8 ]
    succeeds kv-import --verify -d "$DSN" "$PLAIN"
    assert_equal "$output" "equal: $((before - 1)) entries"
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$PLAIN" | succeeds kv-import --verify -d "$DSN" -
    # Another pair is a difference.
    sql "UPDATE kv SET value = decode(replace(encode(value, 'hex'), encode('cost-center', 'hex'), encode('cost-centre', 'hex')), 'hex')
        WHERE key = 'repo-metadata'"
    run -3 --separate-stderr kv-import --verify -d "$DSN" "$PLAIN"
    assert_equal "$(without_values "$output")" '{"difference":"value","partition":"umbrella-dc5egrvarr40nbascj20","key":"repo-metadata"}'
}
