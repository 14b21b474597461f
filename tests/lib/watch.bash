# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Searches for secrets where there must be none: load it after lib/setup.

# watch FOLDER: searches command lines, environments and the folder's files for the secrets on standard input, one per
# line, until watch_stop; findings go to the file BATS_TEST_TMPDIR/watch.
watch() {
    "$TESTS_DIR/lib/watch_secrets.py" "$1" <&0 >"$BATS_TEST_TMPDIR/watch" 2>&1 3>&- &
    WATCHER=$!
    eventually grep -qx watching "$BATS_TEST_TMPDIR/watch"
}

watch_stop() {
    if [ -n "${WATCHER-}" ]; then
        kill "$WATCHER"
        wait "$WATCHER"
        unset -v WATCHER
    fi
}
