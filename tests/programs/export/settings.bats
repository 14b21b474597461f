#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Branch protection rules, which are in the repositories' storage and not in the database. Losing them is a security
# problem, so an export only succeeds if it has checked every repository, or was asked to skip the rules.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template EMPTY
}

setup() {
    STORE=$BATS_TEST_TMPDIR/store
    DUMP=$BATS_TEST_TMPDIR/settings.dump
    mkdir "$STORE"
    fresh_database TEMPLATE "$EMPTY"
}

# add_repository ID NAMESPACE
add_repository() {
    sql "INSERT INTO graveler_repositories VALUES ('$1', '$2', '2020-01-01 00:00:00Z', 'main')"
}

# add_rules FOLDER [TEXT]: writes rules to the block store, below that folder.
add_rules() {
    mkdir -p "$STORE/$1/_lakefs/settings"
    printf %s "${2-rules of $1}" >"$STORE/$1/_lakefs/settings/protected_branches.json"
}

export_rules() {
    succeeds kv-export -d "$DSN" --blockstore-path="$STORE" -f "$DUMP" "$@"
    kv-import --check "$DUMP"
    entries "$DUMP" >"$BATS_TEST_TMPDIR/entries"
}

# assert_rules LINE...: exactly these rules are in the dump, each as "repository: bytes".
assert_rules() {
    assert_equal "$(sed -n 's/^R(\(.*\))\tsettings\/protected_branches\t"\(.*\)"$/\1: \2/p' "$BATS_TEST_TMPDIR/entries")" \
        "$(printf '%s\n' "$@")"
}

# check_refused [OPTION...]: the export ends with 5 and leaves no file.
check_refused() {
    fails 5 kv-export -d "$DSN" -f "$DUMP" "$@"
    assert_missing "$DUMP" "$DUMP.partial"
    assert_contains "$stderr" "hint: " --no-settings
}

@test "rules on local:// storage are exported byte for byte" {
    local bytes
    bytes=$(printf %02x {0..255})
    add_repository one local://bucket/one
    add_repository two local://bucket/deeper/two
    mkdir -p "$STORE/bucket/one/_lakefs/settings"
    printf %b "$(printf '\\x%02x' {0..255})" >"$STORE/bucket/one/_lakefs/settings/protected_branches.json"
    assert_equal "$(stat -c %s "$STORE/bucket/one/_lakefs/settings/protected_branches.json")" 256
    add_rules bucket/deeper/two
    export_rules
    assert_rules "one: 0x$bytes" "two: rules of bucket/deeper/two"
    refute_contains "$stderr" warning
    kv-import --list "$DUMP" | grep -E '^excluded: +nothing$'
}

@test "a repository without rules has no entry, an empty object gives an empty one" {
    add_repository none local://none
    add_repository empty local://empty
    add_repository some local://some
    mkdir -p "$STORE/none/_lakefs/settings"
    add_rules empty ""
    add_rules some
    export_rules
    assert_rules "empty: " "some: rules of some"
}

@test "a namespace may end in a slash, and so may the block store's path" {
    add_repository slash local://bucket/slash/
    add_rules bucket/slash
    STORE=$STORE/ export_rules
    assert_rules "slash: rules of bucket/slash"
}

# Namespaces are URLs, and lakeFS reads them as such: lakeFS 0.70, pkg/block/namespace.go and pkg/block/local/adapter.go.
@test "rules are found where lakeFS has them, however the namespace is written" {
    local namespace folder
    while IFS='|' read -r namespace folder; do
        echo "$namespace"
        rm -rf "${STORE:?}"/*
        sql "DELETE FROM graveler_repositories" "INSERT INTO graveler_repositories VALUES ('repo', \$\$$namespace\$\$, now(), 'main')"
        # What is there when the namespace is taken to the letter is somebody else's.
        add_rules "${namespace#*://}" wrong
        add_rules "$folder" rules
        export_rules --force
        assert_rules "repo: rules"
    done <<'END'
local://data/team a/repo|data/team a/repo
local://data/team%20a/repo|data/team a/repo
local://data/team%20a/repo/|data/team a/repo
local://data/team%20a%2Frepo|data/team a/repo
local://d/a%3Db|d/a=b
local://d/%41%62c|d/Abc
local://d/%c3%a9|d/é
local://d/%C3%A9|d/é
local://d/é|d/é
local://é/x|é/x
local://%C3%A9/x|é/x
local://d/100%25|d/100%
local://d/100%2525|d/100%25
local://d/a+b|d/a+b
local://d/a*b"c\d|d/a*b"c\d
local://d/a?b=c|d/a
local://d/a?|d/a
local://d/a?b?/c|d/a
local://d?a/b|d
local://d/a%3Fb|d/a?b
local://d/a#b|d/a#b
local://d/a%23b|d/a#b
local://d//e|d/e
local://d/e//|d/e
local:///d/e|d/e
local://d/./e|d/e
local://d/x/../e|d/e
local://d/x/%2e%2E/e|d/e
local://d/x%2F..%2Fe|d/e
local://d/..e/f..|d/..e/f..
local://d/.../e|d/.../e
local://host:8080/e|host:8080/e
local://user@d/e|d/e
local://user:word@d/e@f|d/e@f
LOCAL://d/e|d/e
Local://D/e|D/e
END
}

@test "a namespace that lakeFS itself cannot read is refused" {
    local namespace
    for namespace in local://d/100% local://d/%4 local://d/%zz local://d/%00 'local://a b/c' local://a%20b/c local://%41/c \
        'local://d#e/f' local://d:port/e '://d' 'local:d' 'lo_cal://d' 'local://{}/d' 'local://u d@e/f'; do
        echo "$namespace"
        sql "DELETE FROM graveler_repositories"
        add_repository repo "$namespace"
        add_rules "${namespace#local://}"
        check_refused --blockstore-path="$STORE"
        assert_contains "$stderr" '"repo"' "\"$namespace\"" --no-settings=repo
    done
}

@test "--block-storage-prefix names another folder" {
    add_repository repo local://repo
    add_rules repo wrong
    mkdir -p "$STORE/repo/other/settings"
    printf right >"$STORE/repo/other/settings/protected_branches.json"
    export_rules --block-storage-prefix=other
    assert_rules "repo: right"
}

@test "the block store's path may be relative" {
    add_repository repo local://repo
    add_rules repo
    cd "$STORE"
    STORE=. export_rules
    assert_rules "repo: rules of repo"
}

@test "rules go to their repository, whatever its name, with one job or several" {
    local id
    for id in a b a-b a/b 'a)'; do
        add_repository "$id" "local://x/store of $id"
        add_rules "x/store of $id" "rules of $id"
    done
    export_rules -j 4
    for id in a b a-b a/b 'a)'; do
        grep -F "R($id)	settings/protected_branches	\"rules of $id\"" "$BATS_TEST_TMPDIR/entries"
    done
    assert_equal "$(grep -c protected_branches "$BATS_TEST_TMPDIR/entries")" 5
}

@test "a database without repositories needs no block store" {
    succeeds kv-export -d "$DSN" -f "$DUMP"
}

# What is refused -----------------------------------------------------------------------------------------------------

@test "a missing block store is refused" {
    add_repository repo local://repo
    check_refused --blockstore-path="$BATS_TEST_TMPDIR/nowhere"
    assert_contains "$stderr" repo "$BATS_TEST_TMPDIR/nowhere"
}

@test "rules that are no file are refused, not taken for none" {
    add_repository repo local://repo
    mkdir -p "$STORE/repo/_lakefs/settings"
    mkfifo "$STORE/repo/_lakefs/settings/protected_branches.json"
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" "is not a regular file"
}

@test "a block store that is not a folder is refused" {
    add_repository repo local://repo
    echo text >"$BATS_TEST_TMPDIR/file"
    check_refused --blockstore-path="$BATS_TEST_TMPDIR/file"
}

@test "local:// storage without --blockstore-path is refused" {
    add_repository repo local://repo
    check_refused
    assert_contains "$stderr" repo --blockstore-path
}

@test "a block store without any of the repositories is refused: it must be the wrong one" {
    add_repository one local://one
    add_repository two local://two
    add_rules three
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" "$STORE"
}

@test "a namespace whose folder is not there is refused: its volume may not be mounted" {
    add_repository new local://vol/new
    add_repository old local://old
    mkdir "$STORE/old"
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" '"new"' "$STORE/vol/new" --no-settings=new --blockstore-path
    mkdir "$STORE/vol"
    echo text >"$STORE/vol/new"
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" '"new"' "is not a folder"
    rm "$STORE/vol/new"
    ln -s "$BATS_TEST_TMPDIR/unmounted" "$STORE/vol/new"
    check_refused --blockstore-path="$STORE"
    # lakeFS follows links, wherever they lead.
    mkdir -p "$BATS_TEST_TMPDIR/unmounted"
    export_rules
    assert_rules
    mkdir -p "$BATS_TEST_TMPDIR/unmounted/_lakefs/settings"
    printf linked >"$BATS_TEST_TMPDIR/unmounted/_lakefs/settings/protected_branches.json"
    export_rules --force
    assert_rules "new: linked"
}

@test "a link to rules that leads nowhere is refused" {
    add_repository repo local://repo
    mkdir "$STORE/repo"
    ln -s "$BATS_TEST_TMPDIR/unmounted" "$STORE/repo/_lakefs"
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" '"repo"' "$STORE/repo/_lakefs"
}

@test "other kinds of storage are refused, naming repository and namespace" {
    local namespace
    add_repository fine local://fine
    add_rules fine
    for namespace in gs://bucket/prefix https://account.blob.core.windows.net/container mem://bucket \
        local:/fine /fine ""; do
        add_repository stranger "$namespace"
        check_refused --blockstore-path="$STORE"
        assert_contains "$stderr" '"stranger"' "\"$namespace\""
        [[ $namespace != *://* ]] || assert_contains "$stderr" --settings-command
        sql "DELETE FROM graveler_repositories WHERE id = 'stranger'"
    done
}

@test "a namespace outside of the block store is refused" {
    local namespace
    mkdir -p "$BATS_TEST_TMPDIR/outside/_lakefs/settings" "$STORE/in..side/_lakefs/settings" "$STORE/a"
    echo secret >"$BATS_TEST_TMPDIR/outside/_lakefs/settings/protected_branches.json"
    echo -n fine >"$STORE/in..side/_lakefs/settings/protected_branches.json"
    for namespace in local://../outside local://a/../../outside local://.. local://a/../.. local://%2e%2e/outside \
        local://a/%2E%2e/..%2Foutside local:///../outside; do
        add_repository stranger "$namespace"
        check_refused --blockstore-path="$STORE"
        assert_contains "$stderr" '"stranger"' "\"$namespace\""
        sql "DELETE FROM graveler_repositories"
    done
    add_repository inside local://in..side
    # lakeFS 0.70 compares the path with the root as text.
    mkdir -p "$STORE-too/_lakefs/settings"
    echo -n admitted >"$STORE-too/_lakefs/settings/protected_branches.json"
    add_repository too "local://../${STORE##*/}-too"
    export_rules
    assert_rules "inside: fine" "too: admitted"
}

@test "unreadable rules are refused, not treated as missing" {
    add_repository repo local://repo
    add_repository other local://other
    add_rules other
    mkdir -p "$STORE/repo/_lakefs/settings/protected_branches.json"
    check_refused --blockstore-path="$STORE"
    assert_contains "$stderr" '"repo"'
    # A symbolic link that points to itself.
    rmdir "$STORE/repo/_lakefs/settings/protected_branches.json"
    ln -s protected_branches.json "$STORE/repo/_lakefs/settings/protected_branches.json"
    check_refused --blockstore-path="$STORE"
}

@test "a folder that the user may not enter is refused" {
    add_repository repo local://repo
    add_rules repo
    add_repository closed local://closed
    add_rules closed
    if [ "$(id -u)" -ne 0 ]; then
        chmod 000 "$STORE/closed"
        check_refused --blockstore-path="$STORE"
        chmod 700 "$STORE/closed"
        return
    fi
    # No folder is closed to root, so run as the user who may use the server's socket.
    chmod 000 "$STORE/closed"
    chmod 755 "$BATS_RUN_TMPDIR" "$STORE"
    runuser -u postgres -- test -x "$KV_BIN/kv-export" -a -r "$STORE" || skip "user postgres cannot get there"
    run --separate-stderr -5 runuser -u postgres -- "$KV_BIN/kv-export" -d "$DSN" --blockstore-path="$STORE" -f /dev/null
    assert_contains "$stderr" '"closed"'
}

# Knowingly without ---------------------------------------------------------------------------------------------------

@test "--no-settings skips all rules, and the dump says so" {
    add_repository local local://local
    add_repository s3 s3://bucket/prefix
    add_rules local
    export_rules --no-settings
    assert_rules
    kv-import --list "$DUMP" | grep -E '^excluded: .*settings'
    assert_contains "$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['omitted']")" settings
    # This was requested, so the import succeeds.
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_stamp 39 1
    assert_sql 0 "SELECT count(*) FROM kv WHERE key = 'settings/protected_branches'"
}

@test "--no-settings=REPOSITORY leaves out one repository's rules, and the dump says so" {
    local repository
    for repository in a b c; do
        add_repository $repository local://$repository
        add_rules $repository
    done
    add_repository gone s3://bucket/gone
    add_repository "odd name" 'local://100%'
    check_refused --blockstore-path="$STORE" --no-settings=gone
    export_rules --no-settings=gone --no-settings="odd name" --no-settings=b --no-settings=gone
    assert_rules "a: rules of a" "c: rules of c"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['omitted_settings']")" "[\"gone\", \"odd name\", \"b\"]"
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['omitted']")" "[]"
    kv-import --list "$DUMP" | grep -xE "excluded: +settings of \"gone\", \"odd name\", \"b\""
    # That was asked for: the import goes on.
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_stamp 39 1
    assert_sql 2 "SELECT count(*) FROM kv WHERE key = 'settings/protected_branches'"
}

@test "--no-settings=REPOSITORY: a repository that is not there is an error" {
    add_repository repo local://repo
    add_rules repo
    local name
    for name in other REPO repo/ ' repo'; do
        fails 1 kv-export -d "$DSN" --blockstore-path="$STORE" -f "$DUMP" --no-settings=repo --no-settings="$name"
        assert_contains "$stderr" "there is no repository \"$name\"" --no-settings
        assert_missing "$DUMP"
    done
    fails 1 kv-export -d "$DSN" --blockstore-path="$STORE" -f "$DUMP" --no-settings=
    fails 1 kv-export --source=kv -d "$DSN" -f "$DUMP" --no-settings=repo
    # With all of them left out, too, and by a migration, which leaves everything as it is.
    fails 1 kv-export -d "$DSN" -f "$DUMP" --no-settings --no-settings=other
    run --separate-stderr -1 kv-migrate up --kv-enabled -d "$DSN" --blockstore-path="$STORE" --no-settings=other
    assert_contains "$stderr" 'there is no repository "other"'
    assert_stamp 38 -
}

@test "--no-settings=REPOSITORY: a redacted dump has the repository's pseudonym" {
    add_repository secret-name local://secret
    add_repository other local://other
    add_rules other ""
    export_rules --no-settings=secret-name --redact
    refute_contains "$(zstd -dcq "$DUMP" | tr -d '\0'; tr -d '\0' <"$DUMP"; kv-import --list "$DUMP")" secret-name
    # It is the one in the entries.
    assert_equal "$(grep -c "^graveler	repos/$(kv-import --list --format json "$DUMP" |
        python3 -c 'import json, sys; [name] = json.load(sys.stdin)["header"]["omitted_settings"]; print(name)')	" "$BATS_TEST_TMPDIR/entries")" 1
}

@test "kv-migrate passes --no-settings=REPOSITORY on" {
    add_repository a local://a
    add_repository b gs://b
    add_rules a
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN" --blockstore-path="$STORE"
    assert_contains "$stderr" '"b"' --no-settings=b
    succeeds kv-migrate up --kv-enabled --keep-tables -d "$DSN" --blockstore-path="$STORE" --no-settings=b
    assert_sql "rules of a" "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
    succeeds kv-migrate verify -d "$DSN" --blockstore-path="$STORE" --no-settings=b
}

@test "without package graveler the storage is not read" {
    add_repository s3 s3://bucket/prefix
    succeeds kv-export -d "$DSN" -n auth -f "$DUMP"
}

@test "up migrates the rules" {
    add_repository repo local://repo
    add_rules repo
    succeeds kv-migrate up --kv-enabled -d "$DSN" --blockstore-path="$STORE"
    assert_sql "rules of repo" "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
}

@test "a repository whose name a dump cannot hold is refused as an argument, before anything is connected" {
    local name
    name=$(printf 'r%.0s' {1..256})
    fails 1 kv-export -d nowhere -h "$BATS_TEST_TMPDIR" --no-settings="$name"
    assert_contains "$stderr" "longer name" "hint: At most 255 bytes."
    fails 2 kv-export -d nowhere -h "$BATS_TEST_TMPDIR" --no-settings="${name:1}"
    fails 1 kv-export -d nowhere --no-settings=
}
