#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-import --repository: one repository from a dump into a store in use. What must be there afterwards is what
# lib/repository.py, which shares no code with the programs, reads from the store that the dump was made of.

# bats file_tags=long

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/repositories

setup_file() {
    export FULL="$BATS_FILE_TMPDIR/full.dump" LINES_BEFORE="$BATS_FILE_TMPDIR/lines"
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    {
        repository make
        python3 -c '
import base64, json, sys
for line in sys.stdin:
    e = json.loads(line)
    p, k, v = (base64.b64decode(e[name]) for name in ("partition", "key", "value"))
    if p not in (b"kv-internal-metadata", b"multiparts", b"auth"):
        print(p.hex(), k.hex(), v.hex(), sep="\t")' <"$FIXTURES_DIR/today/kv-today.jsonl"
    } | add_entries
    contents >"$LINES_BEFORE"
    keep_database STORE
    kv-export --source kv -d "$STORE" --quiet -f "$FULL"
}

teardown() {
    clean_up
    assert_scratch_empty
}

# original COMMAND ID: what the store of the dump has.
original() {
    repository "$@" <"$LINES_BEFORE"
}

# restored COMMAND ID: what the store has now.
restored() {
    contents | repository "$@"
}

assert_sound() {
    assert_equal "$(restored sound)" sound
}

@test "every repository arrives in another installation as it was, entry by entry, and nothing else does" {
    local id names
    fresh_database TEMPLATE "$EMPTY"
    names=$(kv-import --print --partition=graveler "$FULL" | python3 -c '
import json, sys
for line in sys.stdin:
    print(json.loads(line)["value"]["id"])')
    assert_contains "$names" rich-repo acc-repo testhookssuccess
    for id in rich-repo acc-repo acc-repo1 testhookssuccess rich; do
        succeeds kv-import -d "$DSN" --repository="$id" "$FULL"
        restored entries "$id" | diff <(original entries "$id") -
    done
    # All that there is belongs to these.
    {
        for id in rich-repo acc-repo acc-repo1 testhookssuccess rich; do
            original entries "$id"
        done
        contents | grep "^$(hex kv-internal-metadata)"
    } | LC_ALL=C sort | diff - <(contents)
    assert_sound
}

@test "the report says what was restored, left out, and what refers to it" {
    fresh_database TEMPLATE "$EMPTY"
    repository make | grep "^$(hex auth)" | add_entries
    run --separate-stderr -0 kv-import -d "$DSN" --repository=rich-repo --format=json "$FULL"
    assert_equal "$stderr" ""
    reports 'r["outcome"] == "restored" and r["repository"] == r["restored_as"] == "rich-repo"'
    reports 'r["restored"] == {"branches": 3, "commits": 2, "tags": 1, "staged_objects": 6, "pull_requests": 1, "settings": 3,
        "runs": 1, "run_hooks": 2, "multipart_uploads": 0}'
    reports '[l["entries"] for l in r["left_out"]] == [3] and r["full_addresses"] == 2 and r["renewed_tokens"] == 0'
    reports 'sorted(p["policy"] for p in r["policies"]) == ["Below", "Everything", "Exact", "List", "Namespace", "Pattern", "Table"]'
    reports 'len(r["to_do"]) == 3 and "store-1" in r["to_do"][2] and "s3://bucket/rich-repo" in r["to_do"][0]'
    # For people.
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --repository=rich-repo "$FULL"
    assert_contains "$stderr" 'info: restored repository "rich-repo": 3 branches, 2 commits, 1 tag, 6 staged objects, 1 pull request' \
        "left out 3 entries" "no policy in the store refers to it" 'warning: make sure that the objects below "s3://bucket/rich-repo"'
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --repository=rich-repo --log-format=json "$FULL"
    assert_json_lines kv-import
}

@test "a deleted repository comes back as it was, whatever lakeFS left of it" {
    local id
    for id in rich-repo acc-repo testhookssuccess; do
        fresh_database TEMPLATE "$STORE"
        delete_as_lakefs "$id"
        # Written between the dump and the deletion.
        put_entry "actions" "repos/$id/runs/dc5egrvarr40nbascjz0" 'message((1, "dc5egrvarr40nbascjz0"))'
        succeeds kv-import -d "$DSN" --repository="$id" "$FULL"
        assert_contains "$stderr" "of a deleted repository of this name"
        restored entries "$id" | diff <(original entries "$id") -
        restored others "$id" | diff <(original others "$id") -
        assert_sound
    done
}

@test "staging tokens that lakeFS has listed as garbage are not used again" {
    fresh_database TEMPLATE "$STORE"
    delete_as_lakefs rich-repo
    put_entry cleanup-tokens "sealed token" 'b"stub-value"'
    put_entry cleanup-tokens "rich-repo-main:00000000-0000-4000-8000-000000000001" 'b"stub-value"'
    succeeds kv-import -d "$DSN" --repository=rich-repo "$FULL"
    assert_contains "$stderr" "2 staging tokens of the branches were renewed"
    restored alike rich-repo | diff <(original alike rich-repo) -
    # lakeFS goes on emptying them.
    assert_sql 2 "SELECT count(*) FROM kv WHERE partition_key = 'cleanup-tokens' AND key <> 'garbage'"
    sql "DELETE FROM kv WHERE partition_key IN (SELECT key FROM kv WHERE partition_key = 'cleanup-tokens')"
    restored alike rich-repo | diff <(original alike rich-repo) -
    assert_sound
}

@test "a copy beside the original shares nothing with it" {
    local id
    for id in rich-repo acc-repo1 testhookssuccess; do
        fresh_database TEMPLATE "$STORE"
        succeeds kv-import -d "$DSN" --repository="$id" --as=the-copy --storage-namespace=s3://elsewhere/x "$FULL"
        assert_contains "$stderr" 'as "the-copy"' renewed 'to "s3://elsewhere/x"' "copy all objects below"
        restored alike the-copy | diff <(original alike "$id") -
        # The original, and everything else, is as it was.
        restored others the-copy | diff "$LINES_BEFORE" -
        assert_sound
    done
}

@test "a copy can become another one's, and several may be made" {
    local id
    fresh_database TEMPLATE "$EMPTY"
    for id in one two three; do
        succeeds kv-import -d "$DSN" --repository=rich-repo --as="copy-$id" --storage-namespace="s3://x/$id" "$FULL"
    done
    kv-export --source kv -d "$DSN" --repository=copy-two --quiet -f "$BATS_TEST_TMPDIR/copy.dump"
    succeeds kv-import -d "$DSN" --repository=copy-two --as=copy-four --storage-namespace=s3://x/four "$BATS_TEST_TMPDIR/copy.dump"
    for id in one two three four; do
        restored alike "copy-$id" | diff <(original alike rich-repo) -
    done
    assert_sound
}

@test "a storage namespace has one repository" {
    local namespace
    fresh_database TEMPLATE "$STORE"
    fails 5 kv-import -d "$DSN" --repository=rich-repo --as=the-copy "$FULL"
    assert_contains "$stderr" '"s3://bucket/rich-repo"' 'repository "rich-repo"' --storage-namespace
    for namespace in s3://bucket/rich s3://bucket/rich/ s3://bucket/rich// S3://bucket/rich s3://bucket//rich 's3://bucket/ric%68' \
        's3://bucket/rich?q' s3://bucket/rich/inside; do
        fails 5 kv-import -d "$DSN" --repository=rich-repo --as=the-copy --storage-namespace="$namespace" "$FULL"
        assert_contains "$stderr" 'repository "rich"'
    done
    fails 5 kv-import -d "$DSN" --repository=rich-repo --as=the-copy --storage-namespace=s3://bucket "$FULL"
    assert_contains "$stderr" '"s3://bucket" encloses'
    for namespace in bucket s3:// ftp://x $'s3://b/\e[31m' local://../../etc; do
        fails 1 kv-import -d "$DSN" --repository=rich-repo --as=the-copy --storage-namespace="$namespace" "$FULL"
        assert_contains "$stderr" "is no storage namespace" "hint: "
        refute_contains "$stderr" $'\e'
    done
    contents | diff "$LINES_BEFORE" -
}

@test "what exists is refused, skipped or replaced" {
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = value || 'changed' WHERE partition_key = 'rich-repo-dc5egrvarr40nbascj20' AND key = 'commits/c1'"
    put_entry rich-repo-dc5egrvarr40nbascj20 branches/new 'message((1, "new"), (3, "a new token"))'
    put_entry "a new token" new 'staged("new", "x", 1)'
    contents >"$BATS_TEST_TMPDIR/changed"
    fails 5 kv-import -d "$DSN" --repository=rich-repo "$FULL"
    assert_contains "$stderr" 'the store has a repository "rich-repo"' --as --existing=overwrite
    fails 5 kv-import -d "$DSN" --repository=rich-repo --existing=refuse "$FULL"
    run --separate-stderr -0 kv-import -d "$DSN" --repository=rich-repo --existing=skip --format=json "$FULL"
    reports 'r == {"outcome": "skipped", "repository": "rich-repo"}'
    succeeds kv-import -d "$DSN" --repository=rich-repo --existing=skip "$FULL"
    assert_contains "$stderr" "was left as it is, not compared"
    contents | diff "$BATS_TEST_TMPDIR/changed" -
    succeeds kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$FULL"
    assert_contains "$stderr" "the repository that was replaced"
    restored entries rich-repo | diff <(original entries rich-repo) -
    restored others rich-repo | diff <(original others rich-repo) -
    assert_sound
    # Of another instance: created again after the dump.
    sql "UPDATE kv SET partition_key = 'rich-repo-dc5egrvarr40nbascj2g' WHERE partition_key = 'rich-repo-dc5egrvarr40nbascj20'"
    put_entry graveler repos/rich-repo 'record("rich-repo", "dc5egrvarr40nbascj2g")'
    succeeds kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$FULL"
    restored entries rich-repo | diff <(original entries rich-repo) -
    restored others rich-repo | diff <(original others rich-repo) -
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'rich-repo-dc5egrvarr40nbascj2g'"
}

@test "uploads in progress are restored where told, those that are not there" {
    fresh_database TEMPLATE "$EMPTY"
    put_entry multiparts upload-1 'b"of this installation"'
    run --separate-stderr -0 kv-import -d "$DSN" --repository=rich --multiparts --format=json "$FULL"
    reports 'r["restored"]["multipart_uploads"] == 1'
    assert_sql 2 "SELECT count(*) FROM kv WHERE partition_key = 'multiparts'"
    assert_sql "of this installation" "SELECT encode(value, 'escape') FROM kv WHERE key = 'upload-1'"
}

@test "a dump comes through a pipe, too" {
    make_scratch
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --repository=rich-repo < <(cat "$FULL")
    restored entries rich-repo | diff <(original entries rich-repo) -
}

@test "an unknown repository, and names that lakeFS does not take" {
    local name
    fresh_database TEMPLATE "$STORE"
    fails 1 kv-import -d "$DSN" --repository=none "$FULL"
    assert_contains "$stderr" 'the dump has no repository "none"' "detail: It has $(kv-import --print --partition=graveler "$FULL" | wc -l): \""
    refute_contains "$stderr" "kv-import --print"
    for name in Upper a/b "" ab -abc "a b" "$(printf 'x%.0s' {1..64})"; do
        fails 1 kv-import -d "$DSN" --repository=rich-repo --as="$name" --storage-namespace=s3://x/y "$FULL"
    done
    contents | diff "$LINES_BEFORE" -
}

@test "options that would have no effect are refused" {
    local options
    fresh_database TEMPLATE "$EMPTY"
    while read -r -a options; do
        fails 1 kv-import -d "$DSN" "${options[@]}" "$FULL"
    done <<'OPTIONS'
--as=x
--storage-namespace=s3://x/y
--multiparts
--existing=skip
--check --repository=rich
--list --existing=skip
--repository=rich --package=auth
--repository=rich --clean
--repository=rich --partitions=3
--repository=rich --lock-held-by=1
--repository=rich --existing=never
OPTIONS
}

@test "versions: an older repository goes into a newer store, not the other way round" {
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = '1' WHERE partition_key = 'kv-internal-metadata'"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/old.dump"
    drop_database
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --repository=rich-repo "$BATS_TEST_TMPDIR/old.dump"
    restored entries rich-repo | diff <(original entries rich-repo) -
    sql "UPDATE kv SET value = '3' WHERE partition_key = 'kv-internal-metadata'"
    fails 5 kv-import -d "$DSN" --repository=rich "$FULL"
    assert_contains "$stderr" "of KV version 4, the store of 3"
}

@test "only a stamped store in use is restored into" {
    fresh_database
    fails 5 kv-import -d "$DSN" --repository=rich "$FULL"
    drop_database
    fresh_database TEMPLATE "$EMPTY"
    sql "UPDATE kv SET value = '0'"
    fails 5 kv-import -d "$DSN" --repository=rich "$FULL"
    assert_contains "$stderr" "no stamped KV store"
}

@test "a damaged dump changes nothing, wherever the damage is" {
    local size offset
    fresh_database TEMPLATE "$STORE"
    size=$(stat -c %s "$FULL")
    for offset in 3000 $((size / 3)) $((size / 2)) $((size - 300)); do
        python3 - "$FULL" "$BATS_TEST_TMPDIR/bad.dump" "$offset" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
        fails 4 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$BATS_TEST_TMPDIR/bad.dump"
    done
    head -c $((size / 2)) "$FULL" >"$BATS_TEST_TMPDIR/bad.dump"
    fails 4 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$BATS_TEST_TMPDIR/bad.dump"
    contents | diff "$LINES_BEFORE" -
}

@test "what ends in the middle has changed nothing" {
    local signal code
    fresh_database TEMPLATE "$STORE"
    for signal in TERM KILL; do
        # A lakeFS writes the entry that is switched last: all the rest has been replaced by then.
        hold "UPDATE kv SET value = value WHERE partition_key = 'graveler' AND key = 'repos/rich-repo'"
        background kv-import -d "$DSN" --repository=rich-repo --existing=overwrite --lock-wait-timeout=1h "$FULL"
        eventually someone_waits
        kill "-$signal" "$BACKGROUND"
        code=$((128 + $(kill -l "$signal")))
        background_ends "$code"
        release
        eventually nobody_else
        contents | diff "$LINES_BEFORE" -
    done
    # Once more, now to the end.
    succeeds kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$FULL"
    restored entries rich-repo | diff <(original entries rich-repo) -
}

@test "a repository that another program creates meanwhile is left alone" {
    fresh_database TEMPLATE "$EMPTY"
    # Not committed yet: the restore does not see it, and waits for it.
    hold "INSERT INTO kv VALUES ('graveler', 'repos/rich', 'made by lakeFS')"
    background kv-import -d "$DSN" --repository=rich --lock-wait-timeout=1h "$FULL"
    eventually someone_waits
    printf 'COMMIT;\n' >&"$HOLDER_INPUT"
    background_ends 5
    release
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "another program has written"
    assert_sql "made by lakeFS" "SELECT encode(value, 'escape') FROM kv WHERE key = 'repos/rich'"
    assert_sql 2 "SELECT count(*) FROM kv"
}

@test "a running lakeFS reads and writes all other repositories meanwhile" {
    fresh_database TEMPLATE "$STORE"
    hold "UPDATE kv SET value = value WHERE partition_key = 'graveler' AND key = 'repos/rich-repo'"
    background kv-import -d "$DSN" --repository=rich-repo --existing=overwrite --lock-wait-timeout=1h "$FULL"
    eventually someone_waits
    # All that can be waited for is what is replaced.
    sql "SET lock_timeout = '1s'" "UPDATE kv SET value = value WHERE partition_key LIKE 'rich-repo2-%' OR partition_key LIKE 'acc-repo%'" \
        "INSERT INTO kv VALUES ('rich-repo2-dc5egrvarr40nbascj30', 'commits/c9', 'x')"
    assert_sql "$(wc -l <"$LINES_BEFORE")" "SELECT count(*) - 1 FROM kv"
    release
    background_ends 0
    restored entries rich-repo | diff <(original entries rich-repo) -
}
