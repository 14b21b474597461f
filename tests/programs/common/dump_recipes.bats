#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The recipes of import/RECIPES.md, exactly as written: each has the promised result.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/recipes

setup_file() {
    make_esti_template
}

setup() {
    make_machine
    # The name that the recipes use, and the store's dump of last night.
    psql -Xq -d postgres -c "CREATE DATABASE lakefs TEMPLATE $ESTI"
    export PGDATABASE=lakefs DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=lakefs"
    kv-migrate up -q --kv-enabled -d lakefs --blockstore-path "$BLOCKSTORE"
    kv-export -q --source kv -d lakefs -f "$HERE/lakefs.dump"
    BEFORE=$(kv_digest)
}

teardown() {
    drop_template lakefs
    [ -z "${OTHER-}" ] || drop_template "$OTHER"
}

# recipes: prints RECIPES.md, with a repository that the fixture has.
recipes() {
    sed "s/=example /=migrate /" "$TESTS_DIR/../import/RECIPES.md"
}

# delete_repository: what lakeFS does to a repository that a user deletes: its record and branches go.
delete_repository() {
    sql "DELETE FROM kv WHERE partition_key = 'graveler' AND key = 'repos/migrate'
        OR partition_key LIKE 'migrate-%' AND key LIKE 'branches/%'"
    [ "$(kv_digest)" != "$BEFORE" ]
}

@test "all recipes are tested" {
    [ -n "$(block 9)" ]
    assert_equal "$(block 10)" ""
}

@test "restore all, and take it back" {
    local damaged
    delete_repository
    damaged=$(kv_digest)
    do_block 1
    assert_equal "$(kv_digest)" "$BEFORE"
    do_block 2
    assert_equal "$(kv_digest)" "$damaged"
    do_block 2
    do_block 3
    assert_equal "$(kv_digest)" "$BEFORE"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before'"
}

@test "bring back a deleted repository" {
    delete_repository
    do_block 4
    assert_equal "$(kv_digest)" "$BEFORE"
}

@test "copy a repository to another installation" {
    OTHER=lakefs_other
    createdb lakefs_other
    kv-import -q -d lakefs_other "$HERE/lakefs.dump"
    do_block 5
    export PGDATABASE=lakefs_other DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=lakefs_other"
    assert_sql 1 "SELECT count(*) FROM kv WHERE partition_key = 'graveler' AND key = 'repos/example-copy'
        AND position('s3://other/example' IN encode(value, 'escape')) > 0"
    # As many commits as the original, in a partition of its own.
    assert_equal "$(sql "SELECT count(*) > 0, count(*) = (SELECT count(*) FROM kv WHERE partition_key LIKE 'migrate-%'
        AND key LIKE 'commits/%') FROM kv WHERE partition_key LIKE 'example-copy-%' AND key LIKE 'commits/%'")" "t|t"
}

@test "what has changed since yesterday" {
    cp "$HERE/lakefs.dump" "$HERE/yesterday.dump"
    run -0 do_block 6
    run -0 do_block 7
    delete_repository
    kv-export -q --force --source kv -d lakefs -f "$HERE/lakefs.dump"
    run -3 do_block 6
    assert_contains "$output" 'repository "migrate" deleted'
    run -3 do_block 7
    assert_contains "$output" 'repository "migrate" deleted'
}

@test "redact a dump that is there already" {
    do_block 8
    run -0 kv-import --list "$HERE/support.dump"
    assert_contains "$output" "redacted:              yes"
    run -0 kv-import --print "$HERE/support.dump"
    refute_contains "$output" '"migrate"'
}

@test "load a dump without these programs" {
    OTHER=lakefs_plain
    do_block 9
    export PGDATABASE=$OTHER DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$OTHER"
    # With the version's entry.
    assert_equal "$(kv_digest)" "$BEFORE"
    run -0 kv-import --verify -d "$DSN" "$HERE/lakefs.dump"
    assert_contains "$output" "equal: 439 entries"
}
