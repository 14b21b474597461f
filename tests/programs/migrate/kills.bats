#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Killing a migration at random instants: a selection of `make kills`. tests/faults/kills.py checks the results.

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

@test "a migration killed at any instant: legacy tables or stamp are intact, and the next run succeeds" {
    run -0 "$BATS_TEST_DIRNAME/../../faults/kills" --bin "${KV_BIN:-$BATS_TEST_DIRNAME/../../../bin}" --count 6 --seed 1
    echo "$output"
}
