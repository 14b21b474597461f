#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A migration that is struck at random instants: a selection of what `make kills` does. What must be true then is in
# tests/faults/kills.py.

# bats file_tags=long
bats_require_minimum_version 1.5.0

@test "a migration that is struck: the legacy tables or the stamp, and the next run ends well" {
    run -0 "$BATS_TEST_DIRNAME/../../faults/kills" --bin "${KV_BIN:-$BATS_TEST_DIRNAME/../../../bin}" --count 10 --seed 1
    echo "$output"
}
