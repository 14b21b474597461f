#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Killing a load that replaces a store at random instants: a selection of `make kills`. tests/faults/replacements.py checks the
# results.

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

@test "a replacement killed at any instant: the store is the old or the new one, and the next run succeeds" {
    run -0 "$BATS_TEST_DIRNAME/../../faults/kills" --replacements --bin "${KV_BIN:-$BATS_TEST_DIRNAME/../../../bin}" --count 6 --seed 1
    echo "$output"
}
