#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-export --repository: dumps of some repositories only. What belongs to one is read by lib/repository.py.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/repositories

setup_file() {
    export LINES_BEFORE="$BATS_FILE_TMPDIR/lines" LEGACY_LINES="$BATS_FILE_TMPDIR/legacy"
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    contents >"$LINES_BEFORE"
    keep_database STORE
    make_esti_dump "$BATS_FILE_TMPDIR/esti.dump"
    dump_lines "$BATS_FILE_TMPDIR/esti.dump" >"$LEGACY_LINES"
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/kv.dump
}

# dump_lines DUMP: prints its entries as contents does.
dump_lines() {
    kv-import --print --raw "$1" | python3 -c '
import base64, json, sys
for line in sys.stdin:
    e = json.loads(line)
    print(*(base64.b64decode(e[name]).hex() for name in ("partition_key", "key", "value")), sep="\t")' | LC_ALL=C sort
}

# header MEMBER: a member of the dump's header, as Python writes it.
header() {
    "$TESTS_DIR/lib/decode.py" header "$DUMP" "['$1']"
}

@test "a dump of a KV store has what belongs to the repositories, and nothing else" {
    local jobs
    for jobs in 1 3; do
        succeeds kv-export --source kv -d "$STORE" --repository=rich-repo -j "$jobs" --force -f "$DUMP"
        dump_lines "$DUMP" | diff <(repository entries rich-repo <"$LINES_BEFORE") -
        succeeds kv-import --check "$DUMP"
    done
    succeeds kv-export --source kv -d "$STORE" --repository=rich --repository=rich-repo2 --repository=rich --force -f "$DUMP"
    dump_lines "$DUMP" | diff <({
        repository entries rich <"$LINES_BEFORE"
        repository entries rich-repo2 <"$LINES_BEFORE"
    } | LC_ALL=C sort) -
    assert_equal "$(header repositories)" '["rich", "rich-repo2"]'
    assert_contains "$(kv-import --list "$DUMP")" 'only repositories:     "rich", "rich-repo2"' "packages auth, multiparts, other"
}

@test "a dump of legacy tables, too, and every other row is counted" {
    local id
    for id in $(cut -f1,2 "$LEGACY_LINES" | python3 -c '
import sys
for line in sys.stdin:
    p, k = (bytes.fromhex(x) for x in line.split())
    if p == b"graveler":
        print(k.decode()[6:])' | grep -E 'hook|multipart|dump|branch|repo' | head -4); do
        succeeds kv-export -d "$ESTI" --repository="$id" --blockstore-path="$BLOCKSTORE" --strict --force -f "$DUMP"
        dump_lines "$DUMP" | diff <(repository entries "$id" <"$LEGACY_LINES") -
        [ "$(repository entries "$id" <"$LEGACY_LINES" | wc -l)" -gt 2 ]
        assert_contains "$(kv-import --list "$DUMP")" "of graveler_repositories (package graveler): repository is not chosen"
    done
}

@test "rules of other repositories are not fetched" {
    local id
    id=$(sql_of_esti "SELECT id FROM graveler_repositories ORDER BY id LIMIT 1")
    sql_of_esti "SELECT count(*) > 1 FROM graveler_repositories" | grep -q t
    # The command would fail for any repository.
    fails 5 kv-export -d "$ESTI" --repository="$id" --settings-command='false {}' -f "$DUMP"
    assert_contains "$stderr" "\"$id\""
    succeeds kv-export -d "$ESTI" --repository="$id" --no-settings="$id" --settings-command='false {}' -f "$DUMP"
    assert_equal "$(header omitted_settings)" "[\"$id\"]"
    # Without the rules, branches that were protected would not be.
    fails 5 kv-import -d "$STORE" --repository="$id" "$DUMP"
    assert_contains "$stderr" "branch protection rules" --allow-incomplete
}

sql_of_esti() {
    PGDATABASE=$ESTI sql "$@"
}

@test "legacy repositories that share a staging token are exported together only" {
    local one two
    fresh_database TEMPLATE "$ESTI"
    read -r one two < <(sql "SELECT string_agg(id, ' ') FROM (SELECT DISTINCT repository_id AS id FROM graveler_branches ORDER BY 1 LIMIT 2) AS r")
    sql "UPDATE graveler_branches SET staging_token = 'shared' WHERE repository_id IN ('$one', '$two')"
    fails 3 kv-export -d "$DSN" --repository="$one" --no-settings -f "$DUMP"
    assert_contains "$stderr" '"shared"' "another repository" graveler_branches
    succeeds kv-export -d "$DSN" --repository="$one" --repository="$two" --no-settings -f "$DUMP"
    succeeds kv-export -d "$DSN" --repository="$(sql "SELECT max(id) FROM graveler_repositories")" --no-settings --force -f "$DUMP"
}

@test "uploads in progress are exported where told" {
    succeeds kv-export --source kv -d "$STORE" --repository=rich --multiparts -f "$DUMP"
    dump_lines "$DUMP" | diff <({
        repository entries rich <"$LINES_BEFORE"
        grep "^$(hex multiparts)	" "$LINES_BEFORE"
    } | LC_ALL=C sort) -
    succeeds kv-export -d "$ESTI" --repository="$(sql_of_esti "SELECT min(id) FROM graveler_repositories")" --multiparts \
        --no-settings --force -f "$DUMP"
    assert_equal "$(dump_lines "$DUMP" | grep -c "^$(hex multiparts)	")" "$(sql_of_esti "SELECT count(*) FROM gateway_multiparts")"
}

@test "an unknown repository is named, and leaves no file" {
    fails 1 kv-export --source kv -d "$STORE" --repository=rich --repository=none -f "$DUMP"
    assert_contains "$stderr" 'there is no repository "none"'
    fails 1 kv-export -d "$ESTI" --repository=none --no-settings -f "$DUMP"
    assert_contains "$stderr" 'there is no repository "none"'
    assert_missing "$DUMP" "$DUMP.partial"
    fails 1 kv-export --source kv -d "$STORE" --repository= -f "$DUMP"
    fails 1 kv-export --source kv -d "$STORE" --repository=rich -n auth -f "$DUMP"
    fails 1 kv-export --source kv -d "$STORE" --multiparts -f "$DUMP"
}

@test "a dry run finds the repositories, and writes nothing" {
    succeeds kv-export --source kv -d "$STORE" --repository=rich --repository=rich-repo --dry-run -f "$DUMP"
    assert_contains "$stderr" "ready to export 2 repositories at version 4"
    fails 1 kv-export --source kv -d "$STORE" --repository=none --dry-run -f "$DUMP"
    fails 1 kv-export -d "$ESTI" --repository=none --no-settings --dry-run -f "$DUMP"
    assert_missing "$DUMP"
}

@test "such a dump does not pass for a whole one" {
    kv-export --source kv -d "$STORE" --repository=rich --quiet -f "$DUMP"
    fresh_database
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" 'only repository "rich"' --repository
    assert_sql "" "SELECT to_regclass('kv')"
    fails 5 kv-import -d "$DSN" --allow-redacted "$DUMP"
    # To look at it.
    succeeds kv-import -d "$DSN" --allow-incomplete "$DUMP"
    contents | grep -v "^$(hex kv-internal-metadata)" | diff <(repository entries rich <"$LINES_BEFORE") -
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    # It has just these.
    fails 1 kv-import -d "$DSN" --repository=rich-repo "$DUMP"
    assert_contains "$stderr" "limited to other repositories"
}

@test "redacted, it names no repository, and is not restored" {
    kv-export --source kv -d "$STORE" --repository=rich-repo2 --redact --quiet -f "$DUMP"
    refute_contains "$(header repositories)" rich
    refute_contains "$(zstd -dcq "$DUMP" | tr -d '\0')" rich-repo
    fails 5 kv-import -d "$STORE" --repository=rich-repo2 "$DUMP"
    assert_contains "$stderr" --allow-redacted
}
