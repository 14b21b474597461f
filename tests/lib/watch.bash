# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Looking for secrets where none may be: load it after lib/setup.

# watch FOLDER: looks for the secrets of the standard input, a line each, in command lines, environments and the folder's
# files, until watch_stop; what it sees goes to the file BATS_TEST_TMPDIR/watch.
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
