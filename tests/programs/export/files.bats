#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where a dump goes: what has its name already, links, files and pipes of other users. A dry run says what a run would.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 10
}

setup() {
    fresh_database TEMPLATE "$SMALL"
    PLACE=$BATS_TEST_TMPDIR/place
    mkdir "$PLACE" "$PLACE/volume"
    EXPORT=(kv-export -q -d "$DSN" --no-settings)
    UP=(kv-migrate up -q --kv-enabled --keep-tables --no-settings -d "$DSN")
}

# refused_everywhere FILE PART...: with and without --force, in a dry run and a run, as 1, and no file is made.
refused_everywhere() {
    local file=$1 option before
    shift
    before=$(ls -lAR "$PLACE")
    for option in --dry-run --no-settings "--dry-run --force" --force; do
        # shellcheck disable=SC2086 # several options
        fails 1 "${EXPORT[@]}" -f "$file" $option
        assert_contains "$stderr" "$@"
    done
    run --separate-stderr -1 "${UP[@]}" --dry-run --dump "$file" --force
    assert_contains "$stderr" "$@"
    assert_equal "$(ls -lAR "$PLACE")" "$before"
}

# assert_private FILE: it is a whole dump, for this user only.
assert_private() {
    assert_equal "$(stat -c '%U %a %F' "$1")" "$(id -un) 600 regular file"
    kv-import --check "$1"
}

# as_another COMMAND...: as another user, in the folder.
as_another() {
    [ "$(id -u)" -eq 0 ] || skip "only root can act as another user"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
    chown nobody "$PLACE"
    (cd "$PLACE" && runuser -u nobody -- "$@")
}

@test "a dump goes where a symbolic link leads, and the link stays" {
    local link=$PLACE/kv.dump file=$PLACE/volume/kv.dump
    ln -s volume/kv.dump "$link"
    succeeds "${EXPORT[@]}" -f "$link" --dry-run
    assert_missing "$file"
    succeeds "${EXPORT[@]}" -f "$link"
    assert_private "$file"
    for option in --dry-run --no-settings; do
        fails 1 "${EXPORT[@]}" -f "$link" "$option"
        assert_contains "$stderr" "$file" "exists already" "hint: " --force
    done
    echo old >"$file"
    succeeds "${EXPORT[@]}" -f "$link" --force --dry-run
    assert_equal "$(cat "$file")" old
    succeeds "${EXPORT[@]}" -f "$link" --force
    assert_private "$file"
    assert_equal "$(readlink "$link")" volume/kv.dump
    assert_equal "$(find "$PLACE" -mindepth 1 -printf '%f\n' | sort | xargs)" "kv.dump kv.dump volume"
}

@test "kv-migrate keeps the dump where a symbolic link leads" {
    ln -s "$PLACE/volume" "$PLACE/folder"
    ln -s folder/kv.dump "$PLACE/link"
    run --separate-stderr -0 "${UP[@]}" --dry-run --dump "$PLACE/link"
    assert_missing "$PLACE/volume/kv.dump"
    succeeds "${UP[@]}" --dump "$PLACE/link"
    assert_private "$PLACE/volume/kv.dump"
    assert_equal "$(readlink "$PLACE/link")" folder/kv.dump
    fails 1 "${UP[@]}" --dump -
    assert_contains "$stderr" --dump '"-"' "hint: "
}

@test "a link that leads nowhere is refused before anything is read" {
    ln -s missing/kv.dump "$PLACE/nowhere"
    refused_everywhere "$PLACE/nowhere" missing/kv.dump
    ln -s loop "$PLACE/loop"
    refused_everywhere "$PLACE/loop" "$PLACE/loop"
    refused_everywhere "$PLACE/new/" "$PLACE/new/"
}

@test "what stands where the dump is written first is refused, unless an earlier run has left it" {
    local file=$PLACE/kv.dump
    mkfifo "$file.partial"
    refused_everywhere "$file" "$file.partial" "hint: "
    rm "$file.partial"
    ln -s volume/other "$file.partial"
    refused_everywhere "$file" "$file.partial" "hint: "
    rm "$file.partial"
    (umask 000 && echo "a leftover" >"$file.partial")
    succeeds "${EXPORT[@]}" -f "$file" --dry-run
    assert_equal "$(cat "$file.partial")" "a leftover"
    # Whoever has it open sees nothing of the dump.
    exec {opened}<"$file.partial"
    succeeds "${EXPORT[@]}" -f "$file"
    assert_equal "$(cat <&"$opened")" "a leftover"
    exec {opened}<&-
    assert_private "$file"
    assert_missing "$file.partial"
}

@test "a file that another user has prepared is not written to" {
    local file=$PLACE/kv.dump
    as_another bash -c 'umask 000; echo prepared >kv.dump.partial'
    refused_everywhere "$file" "$file.partial" "another user" "hint: "
    assert_equal "$(cat "$file.partial")" prepared
    rm "$file.partial"
    succeeds "${EXPORT[@]}" -f "$file"
    assert_private "$file"
}

@test "a link and a pipe of another user are refused" {
    as_another bash -c 'ln -s volume/kv.dump link; ln -s link own; mkfifo -m 666 pipe'
    ln -s link "$PLACE/mine"
    refused_everywhere "$PLACE/link" "$PLACE/link" "another user" "hint: "
    refused_everywhere "$PLACE/mine" "$PLACE/link" "another user" "hint: "
    refused_everywhere "$PLACE/pipe" "$PLACE/pipe" "another user" "hint: "
}

@test "a file that another user has open is replaced by another one" {
    local file=$PLACE/kv.dump
    as_another bash -c 'umask 000; echo old >kv.dump'
    exec {opened}<>"$file"
    succeeds "${EXPORT[@]}" -f "$file" --force
    assert_private "$file"
    assert_equal "$(cat <&"$opened")" old
    echo "something else" >&"$opened"
    exec {opened}<&-
    assert_private "$file"
}

@test "the last message has the size of a file, not of a pipe or a device" {
    local export=(kv-export -d "$PGDATABASE" --no-settings)
    succeeds "${export[@]}" -f "$PLACE/kv.dump"
    assert_contains "$stderr" "exported 13 entries, $(shown_size "$PLACE/kv.dump"), SHA-256"
    run --separate-stderr -0 bash -c "${export[*]} >'$PLACE/output.dump'"
    assert_contains "$stderr" "exported 13 entries, $(shown_size "$PLACE/output.dump"), SHA-256"
    succeeds "${export[@]}" -f /dev/null
    assert_contains "$stderr" "exported 13 entries, SHA-256"
    run --separate-stderr -0 bash -c "${export[*]} | cat >'$PLACE/pipe.dump'"
    assert_contains "$stderr" "exported 13 entries, SHA-256"
}
