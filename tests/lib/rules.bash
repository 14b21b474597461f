# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Exports with branch protection rules: load it after lib/setup.

# export_rules OPTION...: exports to DUMP and checks it; assert_rules checks the rules in it.
export_rules() {
    succeeds kv-export -d "$DSN" -f "$DUMP" "$@"
    kv-import --check "$DUMP"
    entries "$DUMP" >"$BATS_TEST_TMPDIR/entries"
    rm "$DUMP"
}

# assert_rules LINE...: exactly these rules are in the dump, each as "repository: bytes".
assert_rules() {
    assert_equal "$(sed -n 's/^R(\(.*\))\tsettings\/protected_branches\t"\(.*\)"$/\1: \2/p' "$BATS_TEST_TMPDIR/entries")" \
        "$(printf '%s\n' "$@")"
}
