#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Random legacy databases: a few of those of `make random`. What their rows become is computed from the specification alone,
# in tests/random/oracle.py.

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

load ../../lib/setup

# rounds OPTION...: all of them are as specified, and nothing is left in the temporary folder.
rounds() {
    make_scratch
    run -0 "$TESTS_DIR/random/rounds.py" --bin "$KV_BIN" "$@"
    echo "$output"
    assert_contains "$output" "all as specified"
}

@test "random databases become the entries that the specification says" {
    rounds --rounds 6 --seed 1
}

@test "a row that must be refused is, and is named, in random databases" {
    rounds --rounds 6 --seed 101 --refused
}

@test "a difference is found, and the rows that it needs" {
    make_scratch
    # With --wrong the oracle expects the new run id in tasks, where the old one belongs.
    run -1 "$TESTS_DIR/random/rounds.py" --bin "$KV_BIN" --rounds 8 --seed 1 --wrong
    echo "$output"
    assert_contains "$output" "the rows that are needed" "COPY actions_run_hooks" "again: tests/random/run --rounds 1 --seed"
    refute_contains "$output" "COPY auth_users"
}
