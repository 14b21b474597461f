#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Failing system calls of the programs: a selection of `make failing-calls`. tests/faults/run.py checks the results;
# tests/faults/shim.c lists the calls that can fail.

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

load ../../lib/setup

setup() {
    make -s -C "$TESTS_DIR/.." build/faults/shim.so
}

# check_calls ARGUMENT...: no run went wrong, and the faults have occurred.
check_calls() {
    run -0 "$TESTS_DIR/faults/run.py" --bin "$KV_BIN" --seed 1 "$@"
    echo "$output"
    [ "$(grep -cE ' [1-9][0-9]* struck' <<<"$output")" -ge 10 ]
}

@test "failing calls of kv-export: the right exit code, one message, and nothing left behind" {
    check_calls --programs export redact dynamodb-export --jobs 2 --limit 2 --next 50
}

@test "failing calls of kv-import: the right exit code, one message, no stamp, and nothing left behind" {
    check_calls --programs import dynamodb-import --jobs 2 --limit 2 --next 50
}

@test "failing calls of kv-migrate's session: the right exit code, one message, and the stamp or the legacy tables" {
    check_calls --programs migrate status --jobs 2 --limit 2 --next 50
}
