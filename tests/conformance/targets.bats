#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# All targets and stores behave the same: one suite, in tests/lib/targets.bash, runs for each of them.

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

@test "postgres: all entries of a dump arrive unchanged" {
    conforms_loads
}

@test "postgres: a stamped store is left unchanged" {
    conforms_loads_once
}

@test "postgres: a load that loads nothing is no success" {
    conforms_does_not_pass_for_a_load
}

@test "postgres: maps are equal in any order" {
    conforms_takes_maps_in_any_order
}

@test "postgres: a store of another version is replaced only if that is wanted" {
    conforms_refuses_another_version
}

@test "postgres: a stamped store is replaced on request" {
    conforms_replaces_when_told
}

@test "postgres: what a failed load left is neither read nor kept" {
    conforms_begins_anew_after_a_failure
}

@test "postgres: a store without entries is filled" {
    conforms_takes_an_empty_store
}

@test "postgres: entries without a version, and invalid versions, are not touched" {
    conforms_refuses_what_is_not_ours
}

@test "postgres: it can be checked without a dump, and is left unchanged" {
    conforms_is_looked_at
}

@test "postgres: a truncated dump is not stamped" {
    conforms_refuses_dumps_that_are_not_whole
}

@test "postgres: missing, extra and different entries are reported by key" {
    conforms_verifies
}

@test "postgres: what has changed since a dump is shown in words" {
    conforms_shows_what_has_changed
}

@test "postgres: an export holds what was loaded" {
    conforms_is_exported_as_it_was_loaded
}

@test "postgres: a missing store is not read" {
    conforms_refuses_where_nothing_is
}

@test "dynamodb: all entries of a dump arrive unchanged" {
    conforms_loads
}

@test "dynamodb: a stamped store is left unchanged" {
    conforms_loads_once
}

@test "dynamodb: a load that loads nothing is no success" {
    conforms_does_not_pass_for_a_load
}

@test "dynamodb: maps are equal in any order" {
    conforms_takes_maps_in_any_order
}

@test "dynamodb: a store of another version is replaced only if that is wanted" {
    conforms_refuses_another_version
}

@test "dynamodb: a stamped store is replaced on request" {
    conforms_replaces_when_told
}

@test "dynamodb: what a failed load left is neither read nor kept" {
    conforms_begins_anew_after_a_failure
}

@test "dynamodb: a store without entries is filled" {
    conforms_takes_an_empty_store
}

@test "dynamodb: entries without a version, and invalid versions, are not touched" {
    conforms_refuses_what_is_not_ours
}

@test "dynamodb: it can be checked without a dump, and is left unchanged" {
    conforms_is_looked_at
}

@test "dynamodb: a truncated dump is not stamped" {
    conforms_refuses_dumps_that_are_not_whole
}

@test "dynamodb: missing, extra and different entries are reported by key" {
    conforms_verifies
}

@test "dynamodb: what has changed since a dump is shown in words" {
    conforms_shows_what_has_changed
}

@test "dynamodb: an export holds what was loaded" {
    conforms_is_exported_as_it_was_loaded
}

@test "dynamodb: a missing store is not read" {
    conforms_refuses_where_nothing_is
}
