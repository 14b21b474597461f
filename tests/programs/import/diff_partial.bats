#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What has changed since a dump of some repositories, or of some packages, was made.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/repositories

# Dumps of two states of a store: all of it, and rich-repo alone.
setup_file() {
    local state
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    keep_database OLD
    fresh_database TEMPLATE "$OLD"
    put_entry rich-repo-dc5egrvarr40nbascj20 branches/main 'message((1, "main"), (2, "c1"), (3, "new token"))'
    put_entry rich-repo-dc5egrvarr40nbascj20 branches/new 'message((1, "new"), (2, "c1"), (3, "another token"))'
    put_entry rich-repo-dc5egrvarr40nbascj20 tasks/DRabc 'message((1, "y"))'
    put_entry "new token" staged 'staged("staged", "x", 1)'
    put_entry "another token" a 'staged("a", "x", 1)'
    put_entry actions repos/rich-repo/runs/dc5egrvarr40nbascjz0 'message((1, "dc5egrvarr40nbascjz0"))'
    put_entry multiparts upload-3 'message((1, "upload-3"))'
    # Of others.
    put_entry auth users/new 'message((2, "new"))'
    put_entry rich-repo2-dc5egrvarr40nbascj30 branches/new 'message((1, "new"), (2, "c1"), (3, "a third token"))'
    put_entry "a third token" a 'staged("a", "x", 1)'
    put_entry actions repos/rich-repo2/runs/dc5egrvarr40nbascjz0 'message((1, "dc5egrvarr40nbascjz0"))'
    put_entry cleanup-tokens "rich-repo-main:00000000-0000-4000-8000-000000000001" 'b"stub-value"'
    keep_database NEW
    for state in OLD NEW; do
        kv-export --source kv -d "${!state}" --quiet -f "$BATS_FILE_TMPDIR/$state"
        kv-export --source kv -d "${!state}" --quiet --repository=rich-repo -f "$BATS_FILE_TMPDIR/$state.rich"
        kv-export --source kv -d "${!state}" --quiet --repository=rich-repo --multiparts -f "$BATS_FILE_TMPDIR/$state.uploads"
    done
    start_dynamodb
}

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
    fresh_table
}

# differs WARNING OPTION...: --diff finds differences, and warns of that alone.
differs() {
    local warning=$1
    shift
    run --separate-stderr -3 kv-import "$@"
    printf 'standard error: %s\n' "$stderr"
    assert_equal "$(grep -v '^kv-import: warning: package' <<<"$stderr" || true)" "$warning"
}

ONLY='kv-import: warning: only repository "rich-repo" is compared: a dump is limited to it'

@test "a dump of a repository and one of all, either way round" {
    local direction expected
    differs "" --diff=OLD.rich --format=json NEW.rich
    expected=$output
    # A branch that moved, one that is new, what is staged there, a run; nobody refers to what was staged before.
    assert_equal "$(wc -l <<<"$output")" 8
    differs "$ONLY" --diff=OLD.rich --format=json NEW
    assert_equal "$(jq -c 'select(.op != "removed")' <<<"$output")" "$(jq -c 'select(.op != "removed")' <<<"$expected")"
    # What was staged is there, though no branch refers to it.
    assert_equal "$(jq -r .op <<<"$output" | sort | uniq -c | xargs)" "4 added 1 changed"
    differs "$ONLY" --diff=OLD --format=json NEW.rich
    assert_equal "$output" "$expected"
    differs "$ONLY" --diff=NEW --format=json OLD.rich
    differs "" --diff=NEW.rich --format=json OLD.rich
    for direction in "OLD.rich NEW" "OLD NEW.rich" "OLD.rich NEW.rich"; do
        run --separate-stderr -3 kv-import --diff="${direction% *}" "${direction#* }"
        assert_contains "$output" 'changes of repository "rich-repo" from dump "' 'branch "main" of "rich-repo"' 'branch "new" of "rich-repo"'
        refute_contains "$output" rich-repo2 user task upload
    done
}

@test "equal where it covers them" {
    local count
    count=$(kv-import --list --format=json OLD.rich | jq .manifest.entries)
    run --separate-stderr -0 kv-import --diff=OLD.rich OLD
    assert_contains "$stderr" "$ONLY"
    assert_equal "$output" "equal: $count entries"
    run --separate-stderr -0 kv-import --diff=OLD OLD.rich
    assert_equal "$output" "equal: $count entries"
    run --separate-stderr -0 kv-import --diff=OLD.rich OLD.rich
    run --separate-stderr -0 kv-import --diff=OLD.uploads OLD
    assert_equal "$output" "equal: $((count + 2)) entries"
    # With uploads that only one has.
    run --separate-stderr -0 kv-import --diff=OLD.uploads OLD.rich
    assert_contains "$stderr" "package multiparts is not compared"
    run --separate-stderr -0 kv-import --diff=NEW.uploads -d "dbname=$NEW"
    differs "$ONLY" --diff=OLD.uploads NEW
    assert_contains "$output" upload
    # Through a pipe.
    run --separate-stderr -0 kv-import --diff=OLD.rich - < <(cat OLD)
}

@test "a dump of a repository and a store" {
    local expected state
    kv-import --target=dynamodb "${DYNAMODB[@]}" --quiet NEW
    for state in OLD NEW; do
        run --separate-stderr kv-import --diff="$state.rich" --format=json NEW
        expected=$output
        run --separate-stderr kv-import --diff="$state.rich" -d "dbname=$NEW" --format=json
        assert_equal "$output" "$expected"
        assert_contains "$stderr" "$ONLY"
        run --separate-stderr kv-import --diff="$state.rich" --target=dynamodb "${DYNAMODB[@]}" --format=json
        assert_equal "$output" "$expected"
        assert_contains "$stderr" "$ONLY"
    done
    assert_equal "$expected" ""
}

@test "a repository that is deleted since, or was created" {
    fresh_database TEMPLATE "$OLD"
    delete_as_lakefs rich-repo
    run --separate-stderr -3 kv-import --diff=OLD.rich -d "$DSN"
    assert_contains "$output" 'repository "rich-repo" deleted'
    refute_contains "$output" rich-repo2
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/deleted"
    run --separate-stderr -3 kv-import --diff="$BATS_TEST_TMPDIR/deleted" OLD.rich
    assert_contains "$output" 'repository "rich-repo" created'
    refute_contains "$output" rich-repo2
}

@test "several repositories, and others" {
    kv-export --source kv -d "$OLD" --quiet --repository=rich --repository=rich-repo2 -f "$BATS_TEST_TMPDIR/two"
    kv-export --source kv -d "$NEW" --quiet --repository=rich-repo2 --repository=rich -f "$BATS_TEST_TMPDIR/new-two"
    differs "" --diff="$BATS_TEST_TMPDIR/two" --format=json "$BATS_TEST_TMPDIR/new-two"
    assert_equal "$(wc -l <<<"$output")" 3
    differs 'kv-import: warning: only 2 repositories are compared, such as "rich": a dump is limited to them' \
        --diff="$BATS_TEST_TMPDIR/two" NEW
    assert_contains "$output" 'changes of repositories "rich", "rich-repo2" from'
    fails 5 kv-import --diff=OLD.rich "$BATS_TEST_TMPDIR/two"
    assert_contains "$stderr" "the two dumps are limited to different repositories" '"rich-repo"' '"rich"'
    refute_contains "$output" equal
}

@test "dumps of different packages have nothing to compare" {
    kv-export --source kv -d "$OLD" --quiet -n auth -f "$BATS_TEST_TMPDIR/auth"
    kv-export --source kv -d "$OLD" --quiet -n actions -f "$BATS_TEST_TMPDIR/actions"
    fails 5 kv-import --diff="$BATS_TEST_TMPDIR/auth" "$BATS_TEST_TMPDIR/actions"
    assert_contains "$stderr" "the two dumps have no package in common"
    fails 5 kv-import --diff="$BATS_TEST_TMPDIR/auth" OLD.rich
    # A repository's runs.
    run --separate-stderr -0 kv-import --diff="$BATS_TEST_TMPDIR/actions" OLD.rich
    assert_contains "$stderr" "package graveler is not compared" "$ONLY"
}

@test "legacy tables: one repository of them" {
    local dump=$BATS_TEST_TMPDIR/one id
    make_esti_template
    fresh_database TEMPLATE "$ESTI"
    id=$(sql "SELECT repository_id FROM graveler_branches WHERE staging_token IN (SELECT staging_token FROM graveler_staging_kv) LIMIT 1")
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet --repository="$id" -f "$dump"
    run --separate-stderr -0 kv-import --diff="$dump" "$FIXTURES_DIR/esti/esti.dump"
    assert_contains "$stderr" "only repository \"$id\" is compared"
    run --separate-stderr -0 kv-import --diff="$FIXTURES_DIR/esti/esti.dump" "$dump"
}

@test "--verify compares whole stores, and says what compares a part" {
    run --separate-stderr -3 kv-import --verify -d "$OLD" OLD.rich
    assert_contains "$stderr" "0 entries are missing, 0 differ" "hint: The dump does not hold a whole KV store: kv-import --diff=DUMP"
    run --separate-stderr -3 kv-import --verify -d "$NEW" OLD
    refute_contains "$stderr" "hint:"
}
