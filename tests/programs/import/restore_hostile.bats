#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Repositories whose entries lead to what is not theirs: whoever may write a repository's entries, or hands over a dump,
# must not reach other repositories, users or the version by it.

# bats file_tags=long

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/repositories

setup_file() {
    export FULL="$BATS_FILE_TMPDIR/full.dump" LINES_BEFORE="$BATS_FILE_TMPDIR/lines"
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    contents >"$LINES_BEFORE"
    sql "CREATE TABLE saved AS TABLE kv"
    keep_database STORE
    kv-export --source kv -d "$STORE" --quiet -f "$FULL"
}

RICH=rich-repo-dc5egrvarr40nbascj20

# token TOKEN: the entry of a branch with it.
token() {
    entry $RICH branches/main "message((1, 'main'), (3, $1))"
}

# hostile_entry CASE: prints the entry that makes rich-repo hostile.
hostile_entry() {
    case $1 in
        users) token "'auth'" ;;
        super-admin) token "'basicAuth'" ;;
        records) token "'graveler'" ;;
        version) token "'kv-internal-metadata'" ;;
        runs) token "'actions'" ;;
        uploads) token "'multiparts'" ;;
        garbage) token "'cleanup-tokens'" ;;
        own-partition) token "'$RICH'" ;;
        other-partition) token "'rich-repo2-dc5egrvarr40nbascj30'" ;;
        other-token) token "'rich-repo2-main:00000000-0000-4000-8000-000000000009'" ;;
        sealed) entry $RICH branches/main 'message((1, "main"), (4, "auth"))' ;;
        first-of-two) entry $RICH branches/main 'message((1, "main"), (3, "auth"), (3, "a token"))' ;;
        later-partition) token "'a partition of a later lakeFS'" ;;
        unreadable-branch) entry $RICH branches/main 'b"\x1a\x7f"' ;;
        other-id) entry graveler repos/rich-repo 'record("rich-repo2", "dc5egrvarr40nbascj30")' ;;
        no-instance) entry graveler repos/rich-repo 'record("rich-repo", "")' ;;
        other-instance) entry graveler repos/rich-repo 'record("rich-repo", "2-dc5egrvarr40nbascj30")' ;;
        unreadable) entry graveler repos/rich-repo 'b"\x0a\x7f"' ;;
    esac
}

CASES=(users super-admin records version runs uploads garbage own-partition other-partition other-token sealed first-of-two
    later-partition unreadable-branch other-id no-instance other-instance unreadable)

# make_hostile CASE: makes the store that of the dump again, but with a hostile rich-repo.
make_hostile() {
    local line
    line=$(hostile_entry "$1")
    echo "case $1"
    sql "TRUNCATE kv" "INSERT INTO kv TABLE saved" "DELETE FROM kv WHERE (encode(partition_key, 'hex'), encode(key, 'hex')) = ('$(cut -f1 <<<"$line")', '$(cut -f2 <<<"$line")')"
    add_entries <<<"$line"
    entry 'a partition of a later lakeFS' key 'b"something else"' | add_entries
}

@test "a dump with such a repository changes nothing, under no name and with no option" {
    local hostile
    fresh_database TEMPLATE "$STORE"
    for hostile in "${CASES[@]}"; do
        make_hostile "$hostile"
        kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/$hostile.dump"
    done
    sql "TRUNCATE kv" "INSERT INTO kv TABLE saved"
    for hostile in "${CASES[@]}"; do
        echo "case $hostile"
        fails 5 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$BATS_TEST_TMPDIR/$hostile.dump"
        fails 5 kv-import -d "$DSN" --repository=rich-repo --as=the-copy --storage-namespace=s3://x/y "$BATS_TEST_TMPDIR/$hostile.dump"
    done
    contents | diff "$LINES_BEFORE" -
}

@test "such a repository in the store is not replaced, nor is anything else" {
    local hostile
    fresh_database TEMPLATE "$STORE"
    for hostile in "${CASES[@]}"; do
        make_hostile "$hostile"
        contents >"$BATS_TEST_TMPDIR/before"
        fails 5 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$FULL"
        contents | diff "$BATS_TEST_TMPDIR/before" -
    done
}

@test "such a repository is not exported alone" {
    local hostile
    fresh_database TEMPLATE "$STORE"
    for hostile in "${CASES[@]}"; do
        make_hostile "$hostile"
        fails 5 kv-export --source kv -d "$DSN" --repository=rich-repo -f "$BATS_TEST_TMPDIR/one.dump"
        assert_missing "$BATS_TEST_TMPDIR/one.dump" "$BATS_TEST_TMPDIR/one.dump.partial"
    done
}

@test "a token that another repository of the store has got meanwhile is not shared, unless in a copy" {
    local taken="rich-repo-main:00000000-0000-4000-8000-000000000001"
    fresh_database TEMPLATE "$STORE"
    delete_as_lakefs rich-repo
    put_entry rich-repo2-dc5egrvarr40nbascj30 branches/main "message((1, 'main'), (4, '$taken'))"
    contents >"$BATS_TEST_TMPDIR/before"
    fails 5 kv-import -d "$DSN" --repository=rich-repo "$FULL"
    assert_contains "$stderr" "$taken" '"rich-repo2"' --as
    contents | diff "$BATS_TEST_TMPDIR/before" -
    succeeds kv-import -d "$DSN" --repository=rich-repo --as=the-copy "$FULL"
    contents | repository alike the-copy | diff <(repository alike rich-repo <"$LINES_BEFORE") -
    assert_equal "$(contents | repository sound)" sound
}

@test "runs of a repository whose name goes on with a slash are not removed" {
    fresh_database TEMPLATE "$STORE"
    put_entry graveler repos/rich-repo/runs 'record("rich-repo/runs", "dc5egrvarr40nbascj2g")'
    put_entry actions repos/rich-repo/runs/runs/dc5egrvarr40nbascj20 'message((1, "dc5egrvarr40nbascj20"))'
    contents >"$BATS_TEST_TMPDIR/before"
    fails 5 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$FULL"
    assert_contains "$stderr" "rich-repo/runs"
    contents | diff "$BATS_TEST_TMPDIR/before" -
    # Nor exported with it.
    succeeds kv-export --source kv -d "$DSN" --repository=rich-repo -f "$BATS_TEST_TMPDIR/one.dump"
    refute_contains "$(kv-import --print "$BATS_TEST_TMPDIR/one.dump")" runs/runs
}

@test "a repository that was being deleted is not restored" {
    fresh_database TEMPLATE "$STORE"
    put_entry graveler repos/rich-repo 'record("rich-repo", "dc5egrvarr40nbascj20", (5, 1))'
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/dying.dump"
    fails 5 kv-import -d "$DSN" --repository=rich-repo --existing=overwrite "$BATS_TEST_TMPDIR/dying.dump"
    assert_contains "$stderr" "was being deleted"
}

@test "names with terminal escapes are shown escaped" {
    fresh_database TEMPLATE "$STORE"
    line=$(entry $RICH branches/main "message((1, 'main'), (3, 'a\x1b[2Jtoken'))")
    sql "DELETE FROM kv WHERE partition_key = '$RICH' AND key = 'branches/main'"
    add_entries <<<"$line"
    put_entry rich-repo2-dc5egrvarr40nbascj30 branches/main "message((1, 'main'), (3, 'a\x1b[2Jtoken'))"
    fails 5 kv-export --source kv -d "$DSN" --repository=rich-repo -f "$BATS_TEST_TMPDIR/one.dump"
    assert_contains "$stderr" 'a\x1b[2Jtoken'
    refute_contains "$stderr" $'\x1b'
}
