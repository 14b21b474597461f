# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs the shell blocks of documents as they are written. Load it with `load ../../lib/recipes`, after lib/setup.

# make_machine: makes a folder to work in, HERE, and a systemctl that writes its calls to the file CALLS.
make_machine() {
    HERE=$BATS_TEST_TMPDIR/here
    CALLS=$BATS_TEST_TMPDIR/calls
    mkdir "$HERE" "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "$*" >>"%s"\n' "$CALLS" >"$BATS_TEST_TMPDIR/bin/systemctl"
    chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# recipes: prints the document, or the part of it, with the blocks. The file that loads this one defines it.

# block NUMBER: prints the lines of that shell block.
block() {
    recipes | awk -v number="$1" '/^```/ { inside = !inside; blocks += inside; next } inside && blocks == number'
}

# do_block NUMBER: runs it in the folder HERE, up to the first failure.
do_block() {
    block "$1" >"$BATS_TEST_TMPDIR/block"
    [ -s "$BATS_TEST_TMPDIR/block" ]
    cat "$BATS_TEST_TMPDIR/block"
    (cd "$HERE" && bash -e "$BATS_TEST_TMPDIR/block")
}
