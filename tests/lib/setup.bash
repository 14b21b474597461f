# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What files of tests begin with: `load ../../lib/setup` at the top of a file, before its own functions. It loads
# lib/database and lib/migration, and has the set-up and the cleanup that most files share.

load "${BASH_SOURCE[0]%/*}/database"
load "${BASH_SOURCE[0]%/*}/migration"

# make_scratch: makes a folder for what the programs need for a while, and lets TMPDIR lead to it. clean_up makes sure that
# nothing is left there.
make_scratch() {
    export TMPDIR=$BATS_TEST_TMPDIR/scratch
    mkdir "$TMPDIR"
    SCRATCH=$TMPDIR
}

# clean_up: ends and removes what a test has made by the functions of lib/migration and lib/database.
clean_up() {
    stop_background
    release
    drop_database
}

# assert_scratch_empty: however a test ended, nothing of the programs is left in the folder of make_scratch.
assert_scratch_empty() {
    if [ -n "${SCRATCH-}" ]; then
        assert_equal "" "$(ls -A "$SCRATCH")"
    fi
}

# A file that needs more has a teardown of its own.
teardown() {
    clean_up
    assert_scratch_empty
}

teardown_file() {
    drop_templates
}
