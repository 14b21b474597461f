#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every target and every store does the same: one suite, in tests/lib/targets.bash, for all of them.

# shellcheck disable=SC2034 # for the suite

bats_require_minimum_version 1.5.0

load ../lib/setup
load ../lib/dynamodb
load ../lib/targets

setup_file() {
    start_dynamodb
    export ESTI_DUMP=$FIXTURES_DIR/esti/esti.dump
}

teardown_file() {
    stop_dynamodb
}

setup() {
    # The first word of a test's name.
    target_use "${BATS_TEST_DESCRIPTION%%:*}"
}

@test "postgres: a dump arrives as it is" {
    conforms_loads
}

@test "postgres: a store that is stamped stays as it is" {
    conforms_loads_once
}

@test "postgres: a store that is stamped is replaced when that is asked for" {
    conforms_replaces_when_told
}

@test "postgres: what a failed load left is neither read nor kept" {
    conforms_begins_anew_after_a_failure
}

@test "postgres: a store without entries is filled" {
    conforms_takes_an_empty_store
}

@test "postgres: entries without a version, and versions that are none, are not touched" {
    conforms_refuses_what_is_not_ours
}

@test "postgres: it is looked at without a dump, and stays as it is" {
    conforms_is_looked_at
}

@test "postgres: a dump that is cut off is not stamped" {
    conforms_refuses_dumps_that_are_not_whole
}

@test "postgres: missing, extra and different entries are told by key" {
    conforms_verifies
}

@test "postgres: an export has what was loaded" {
    conforms_is_exported_as_it_was_loaded
}

@test "postgres: where nothing is there is nothing to read" {
    conforms_refuses_where_nothing_is
}

@test "dynamodb: a dump arrives as it is" {
    conforms_loads
}

@test "dynamodb: a store that is stamped stays as it is" {
    conforms_loads_once
}

@test "dynamodb: a store that is stamped is replaced when that is asked for" {
    conforms_replaces_when_told
}

@test "dynamodb: what a failed load left is neither read nor kept" {
    conforms_begins_anew_after_a_failure
}

@test "dynamodb: a store without entries is filled" {
    conforms_takes_an_empty_store
}

@test "dynamodb: entries without a version, and versions that are none, are not touched" {
    conforms_refuses_what_is_not_ours
}

@test "dynamodb: it is looked at without a dump, and stays as it is" {
    conforms_is_looked_at
}

@test "dynamodb: a dump that is cut off is not stamped" {
    conforms_refuses_dumps_that_are_not_whole
}

@test "dynamodb: missing, extra and different entries are told by key" {
    conforms_verifies
}

@test "dynamodb: an export has what was loaded" {
    conforms_is_exported_as_it_was_loaded
}

@test "dynamodb: where nothing is there is nothing to read" {
    conforms_refuses_where_nothing_is
}
