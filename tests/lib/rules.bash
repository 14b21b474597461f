# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Exports with branch protection rules: load it after lib/setup.

# export_rules OPTION...: exports to DUMP, checks that and removes it; assert_rules says what is in it.
export_rules() {
    succeeds kv-export -d "$DSN" -f "$DUMP" "$@"
    kv-import --check "$DUMP"
    entries "$DUMP" >"$BATS_TEST_TMPDIR/entries"
    rm "$DUMP"
}

# assert_rules LINE...: these rules are in the dump, each as "repository: bytes", and no others.
assert_rules() {
    assert_equal "$(printf '%s\n' "$@")" \
        "$(sed -n 's/^R(\(.*\))\tsettings\/protected_branches\t"\(.*\)"$/\1: \2/p' "$BATS_TEST_TMPDIR/entries")"
}
