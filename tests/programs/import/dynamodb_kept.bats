#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A load into a DynamoDB table that holds a store: a success only if it holds the dump's entries, and refused where its version is
# another than the dump's.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2153 # lib/dynamodb_load sets DUMP

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb
load ../../lib/dynamodb_load

# load_made CODE OPTION...: loads DUMP through a proxy that records what is written.
load_made() {
    local code=$1
    shift
    start_dynamodb_proxy pass
    run --separate-stderr "-$code" kv-import --target=dynamodb "${DYNAMODB_PROXY[@]}" "$@" "$DUMP"
}

# assert_untouched: nothing was written.
assert_untouched() {
    assert_equal "$(requests BatchWriteItem) $(requests UpdateItem)" "0 0"
}

@test "a load into a store that holds the dump's entries is a success, and writes nothing" {
    dump_of_version 1 "('p', 'k', ''), ('p', 'l', 'v')"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    load_made 0
    assert_contains "$stderr" "already holds the dump's entries: nothing to do"
    assert_untouched
}

@test "a load into a store with other entries is no success, and writes nothing" {
    local change
    dump_of_version 1 "('p', 'k', 'v'), ('p', 'l', 'v')"
    for change in "put p k other" "put p m v" "delete p l"; do
        succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" --clean "$DUMP"
        # shellcheck disable=SC2086 # words
        set -- $change
        dynamodb "$1" "$TABLE" "${@:2}"
        load_made 5
        assert_contains "$stderr" "nothing was loaded" "hint:" --clean
        assert_untouched
    done
}

@test "a dump of another version replaces a store only if that is allowed" {
    dump_of_version 4 "('p', 'k', 'v')"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    mv "$DUMP" "$BATS_TEST_TMPDIR/four.dump"
    dump_of_version 1 "('p', 'k', 'other')"
    load_made 5 --clean
    assert_contains "$stderr" "the KV store is at version 4, the dump is of version 1" "hint:" --allow-other-version
    assert_untouched
    load_made 0 --clean --allow-other-version
    assert_equal "$(dynamodb version "$TABLE")" 1
}

@test "a failure before anything is written says that the store is unchanged" {
    dump_of_version 1 "('p', 'k', 'v')"
    succeeds kv-import --target=dynamodb "${DYNAMODB[@]}" "$DUMP"
    mv "$DUMP" "$BATS_TEST_TMPDIR/first.dump"
    dump_of_version 1 "('p', 'k', decode(repeat('00', 409600), 'hex'))"
    load_made 3 --clean
    assert_contains "$stderr" "too large" "The store in use is unchanged."
    assert_untouched
}
