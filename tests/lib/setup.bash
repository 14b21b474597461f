# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Common setup of test files: `load ../../lib/setup` at the top of a file, before its own functions. It loads
# lib/database and lib/migration, and has the cleanup that most files share.

load "${BASH_SOURCE[0]%/*}/database"
load "${BASH_SOURCE[0]%/*}/migration"

# make_scratch: makes a folder for the programs' temporary files, and sets TMPDIR to it. clean_up checks that it is
# empty.
make_scratch() {
    export TMPDIR=$BATS_TEST_TMPDIR/scratch
    mkdir "$TMPDIR"
    SCRATCH=$TMPDIR
}

# clean_up: ends and removes what a test has made with the functions of lib/migration and lib/database.
clean_up() {
    stop_background
    release
    drop_database
}

# assert_scratch_empty: the programs have left nothing in the folder of make_scratch.
assert_scratch_empty() {
    if [ -n "${SCRATCH-}" ]; then
        assert_equal "$(ls -A "$SCRATCH")" ""
    fi
}

# A file that needs more defines its own teardown.
teardown() {
    clean_up
    assert_scratch_empty
}

teardown_file() {
    drop_templates
}
