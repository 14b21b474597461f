# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One PostgreSQL server for the whole run, or for several (scripts/dev/bats-groups): starting one costs more than most
# tests. The tests get at it through the exported PG* variables, and each makes databases of its own (see
# lib/database.bash). bats looks for this file beside the tests: each of their folders has a link to it.

# shellcheck source=/dev/null
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../scripts/dev/throwaway-postgres.sh"

setup_suite() {
    # Tests write characters as \u escapes, which bash only supports if text is UTF-8.
    export LC_ALL=C.UTF-8
    # Also for the standbys that tests make of the server.
    export THROWAWAY_POSTGRES_OPTIONS="-c max_prepared_transactions=8"
    if [ -z "${SUITE_POSTGRES_IS_SHARED-}" ]; then
        SUITE_POSTGRES_DIR=$(mktemp -d "${TMPDIR:-/tmp}/kv-tests.XXXXXX")
        throwaway_postgres_start "$SUITE_POSTGRES_DIR"
    fi
    # Names made from it do not clash with another run of tests on this machine.
    SUITE_POSTGRES_PID=$(head -n 1 "$SUITE_POSTGRES_DIR/data/postmaster.pid")
    export SUITE_POSTGRES_PID
}

teardown_suite() {
    if [ -n "${SUITE_POSTGRES_DIR-}" ] && [ -z "${SUITE_POSTGRES_IS_SHARED-}" ]; then
        throwaway_postgres_stop "$SUITE_POSTGRES_DIR"
    fi
}
