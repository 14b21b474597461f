#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-import --package: the entries of one package from a dump into a store in use.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/repositories

setup_file() {
    export FULL="$BATS_FILE_TMPDIR/full.dump" LINES_BEFORE="$BATS_FILE_TMPDIR/lines"
    make_empty_store EMPTY
    fresh_database TEMPLATE "$EMPTY"
    repository make | add_entries
    entry auth installation_metadata/setup_timestamp 'b"then"' | add_entries
    contents >"$LINES_BEFORE"
    keep_database STORE
    kv-export --source kv -d "$STORE" --quiet -f "$FULL"
}

# of_auth: those lines of contents that are package auth's, without what describes the installation.
of_auth() {
    grep "^$(hex auth)	" | grep -v "	$(hex installation_)"
}

@test "users and policies arrive, and the installation stays what it is" {
    fresh_database TEMPLATE "$EMPTY"
    put_entry auth installation_id 'b"another id"'
    succeeds kv-import -d "$DSN" --package=auth "$FULL"
    assert_contains "$stderr" "restored package auth: 11 added" "left out 2 entries" auth.encrypt.secret_key
    contents | of_auth | diff <(of_auth <"$LINES_BEFORE") -
    assert_sql "another id" "SELECT encode(value, 'escape') FROM kv WHERE key = 'installation_id'"
    assert_sql 13 "SELECT count(*) FROM kv"
    # Again: all is there.
    run --separate-stderr -0 kv-import -d "$DSN" --package=auth --format=json "$FULL"
    reports 'r["added"] == r["overwritten"] == r["kept"] == 0 and r["equal"] == 11 and r["left_out"] == 2'
}

@test "entries with another value are refused, kept or overwritten" {
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = 'changed' WHERE partition_key = 'auth' AND key IN ('users/eve', 'policies/Exact')" \
        "DELETE FROM kv WHERE key = 'policies/Below'"
    put_entry auth users/new 'b"new"'
    contents >"$BATS_TEST_TMPDIR/changed"
    fails 5 kv-import -d "$DSN" --package=auth "$FULL"
    assert_contains "$stderr" "2 entries of the dump are in the store with another value" policies/Exact --existing=skip
    contents | diff "$BATS_TEST_TMPDIR/changed" -
    run --separate-stderr -0 kv-import -d "$DSN" --package=auth --existing=skip --format=json "$FULL"
    reports 'r["added"] == 1 and r["overwritten"] == 0 and r["kept"] == 2 and r["equal"] == 8'
    assert_sql 2 "SELECT count(*) FROM kv WHERE value = 'changed'"
    run --separate-stderr -0 kv-import -d "$DSN" --package=auth --existing=overwrite --format=json "$FULL"
    reports 'r["added"] == 0 and r["overwritten"] == 2 and r["kept"] == 0 and r["equal"] == 9'
    # What the dump does not have stays.
    sql "DELETE FROM kv WHERE key = 'users/new'"
    contents | diff "$LINES_BEFORE" -
}

@test "runs and uploads, too, but not repositories" {
    fresh_database TEMPLATE "$EMPTY"
    succeeds kv-import -d "$DSN" --package=actions "$FULL"
    succeeds kv-import -d "$DSN" --package=multiparts "$FULL"
    contents | grep -v "^$(hex kv-internal-metadata)" | diff <(grep -E "^($(hex actions)|$(hex multiparts))	" "$LINES_BEFORE") -
    fails 1 kv-import -d "$DSN" --package=graveler "$FULL"
    assert_contains "$stderr" --repository
}

@test "users of another KV version are refused, runs of an older one not" {
    fresh_database TEMPLATE "$STORE"
    sql "UPDATE kv SET value = '1' WHERE partition_key = 'kv-internal-metadata'"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/old.dump"
    fails 5 kv-import -d "$DSN" --package=auth "$FULL"
    drop_database
    fresh_database TEMPLATE "$EMPTY"
    fails 5 kv-import -d "$DSN" --package=auth "$BATS_TEST_TMPDIR/old.dump"
    assert_contains "$stderr" "of KV version 1, the store of 4"
    succeeds kv-import -d "$DSN" --package=actions "$BATS_TEST_TMPDIR/old.dump"
}

@test "a damaged dump, or one without the package, changes nothing" {
    fresh_database TEMPLATE "$EMPTY"
    head -c -400 "$FULL" >"$BATS_TEST_TMPDIR/bad.dump"
    fails 4 kv-import -d "$DSN" --package=auth "$BATS_TEST_TMPDIR/bad.dump"
    kv-export --source kv -d "$STORE" --quiet -n actions -f "$BATS_TEST_TMPDIR/actions.dump"
    fails 1 kv-import -d "$DSN" --package=auth "$BATS_TEST_TMPDIR/actions.dump"
    succeeds kv-import -d "$DSN" --package=actions "$BATS_TEST_TMPDIR/actions.dump"
    kv-export --source kv -d "$STORE" --quiet --repository=rich -f "$BATS_TEST_TMPDIR/rich.dump"
    fails 5 kv-import -d "$DSN" --package=actions "$BATS_TEST_TMPDIR/rich.dump"
    kv-export --source kv -d "$STORE" --quiet --redact -n auth -f "$BATS_TEST_TMPDIR/redacted.dump"
    fails 5 kv-import -d "$DSN" --package=auth "$BATS_TEST_TMPDIR/redacted.dump"
    assert_contains "$stderr" --allow-redacted
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'auth'"
}
