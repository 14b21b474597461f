#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What has changed from a dump to another one, or to a store. lib/two_stores.py has the two states of a store.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/import

setup_file() {
    local state
    export OLD="$BATS_FILE_TMPDIR/old.dump" NEW="$BATS_FILE_TMPDIR/new.dump" SHUFFLED="$BATS_FILE_TMPDIR/shuffled.dump"
    for state in old new shuffled; do
        store_of "$state"
        kv-export --source kv -d "$DSN" --quiet -f "$BATS_FILE_TMPDIR/$state.dump"
        keep_database "STORE_${state^^}"
    done
}

# store_of STATE [ARGUMENT]: makes a database with a store at version 4 in this state.
store_of() {
    fresh_database
    create_kv
    set_kv_version 4
    python3 "$TESTS_DIR/lib/two_stores.py" "$@" | psql -Xq -v ON_ERROR_STOP=1 -c "COPY kv FROM STDIN"
}

# differs ARGUMENT...: --diff finds differences, and reports no error.
differs() {
    run --separate-stderr -3 kv-import "$@"
    printf 'standard error: %s\n' "$stderr"
    assert_equal "$stderr" ""
}

# changes: prints the output without the title, which has the time.
changes() {
    tail -n +2 <<<"$output"
}

EXPECTED='policy "Read" attached to group "Admins"
user "bob" removed from group "Admins"
user "eve" added to group "Admins"
group "Joined" added
group "Left" removed
version of lakeFS changed from "1.80.0" to "1.84.0"
policy "Read" changed: statement
credentials "AKIA1" of user "ann" changed: secret key
credentials "AKIB1" of user "bob" removed
credentials "AKIE1" of user "eve" added
policy "Read" detached from user "bob"
policy "Read" attached to user "eve"
user "\x1b[31mred\u202e" added
user "bob" removed
user "carl" changed: email, password
user "eve" added
repository "fresh" created in "local://fresh"
repository "gone" deleted, was in "local://gone"
repository "ro" is read-only now
branch "main" of "fresh" created at 888888888888
branch "main" of "gone" deleted, was at 999999999999
branch "left" of "lake" deleted, was at 111111111111
branch "made" of "lake" created at 333333333333
branch "main" of "lake" moved from 111111111111 to 444444444444
pull request "Fix it" of "lake" merged: "dev" into "main"
pull request "New title" of "lake" changed: title
pull request "More" of "lake" opened: "dev" into "main"
metadata of "lake" changed: "cost" changed, "site" added, "team" removed
branch protection of "lake" changed: "main" blocks writes and commits, "dev" blocks writes, "old" removed
tag "v1" of "lake" deleted, was at 111111111111
tag "v2" of "lake" moved from 111111111111 to 333333333333
tag "v3" of "lake" created at 333333333333
2 commits of "lake" added:
    444444444444 "Newest" by "ann@example.com"
    333333333333 "First line..." by "ann@example.com"
1 commit of "lake" removed
1 object staged on branch "main" of "lake"
1 deletion staged on branch "main" of "lake"
1 staged object changed on branch "main" of "lake"
1 object no longer staged on branch "main" of "lake"
3 objects staged on branch "still" of "lake"
1 object staged on 1 staging area of no branch
2 runs of actions of "lake" added, 1 of them passed
2 hook runs of actions of "lake" added
2 multipart uploads begun
1 multipart upload ended
1 entry of an unknown kind in partition "strange" added
1 entry of an unknown kind in partition "strange" changed
what lakeFS keeps of itself: 1 running instance, 1 usage count, 1 fact of the last start

package               added        removed        changed
actions                   6              0              0
auth                      7              5              5
graveler                 13              6              8
multiparts                2              1              0
other                     1              0              3
total                    29             12             16'

@test "a change of every kind, in words" {
    differs --diff="$OLD" "$NEW"
    assert_equal "$(changes)" "$EXPECTED"
    assert_contains "${lines[0]}" "changes from dump \"$OLD\" (20" ") to dump \"$NEW\" (20"
    # Names cannot move the cursor.
    refute_contains "$output" $'\e' $'\u202e'
}

@test "the other way round, what was added is removed" {
    differs --diff="$NEW" "$OLD"
    assert_contains "$output" 'user "eve" removed' 'user "bob" added' 'branch "main" of "lake" moved from 444444444444 to 111111111111' \
        'repository "ro" is no longer read-only' 'pull request "Fix it" of "lake" opened again: "dev" into "main"' \
        'policy "Read" detached from group "Admins"' '3 objects no longer staged on branch "still" of "lake"' \
        '1 commit of "lake" added:' '    222222222222 "Removed"'
}

@test "as JSON lines, with the old and the new value" {
    differs --diff="$OLD" --format=json "$NEW"
    assert_equal "${#lines[@]}" 57
    assert_contains "$output" \
        '{"op":"changed","package":"graveler","partition":"lake-dc5eh0rdo882s8ib7j9g","key":"repo-metadata","type":"RepoMetadata","old":{"metadata":{"cost":"1","team":"a"}},"new":{"metadata":{"cost":"2","site":"b"}}}' \
        '{"op":"removed","package":"auth","partition":"auth","key":"groups/Left","type":"GroupData","old":{"display_name":"Left"}}' \
        '{"op":"added","package":"graveler","partition":"token-new","key":"c","type":"StagedEntryData","new":{"key":"c"}}' \
        '{"op":"changed","package":"other","partition":"usage","key":"usage/monthly/id-1/202607","type":"text","old":"5","new":"6"}' \
        '"key":"users/\\033[31mred\u202e"'
    # Each line is what lib/two_stores.py has, and nothing is missing.
    kv-import --diff="$OLD" --format=json --raw "$NEW" >"$BATS_TEST_TMPDIR/raw" || [ $? -eq 3 ]
    python3 - "$TESTS_DIR/lib/two_stores.py" "$BATS_TEST_TMPDIR/raw" <<'PYTHON'
import base64, json, subprocess, sys
def rows(state):
    lines = subprocess.run([sys.executable, sys.argv[1], state], capture_output=True, check=True, text=True).stdout.splitlines()
    parts = ([bytes.fromhex(part[3:]) for part in line.split("\t")] for line in lines)
    return {(partition, key): value for partition, key, value in parts}
old, new = rows("old"), rows("new")
expected = {key: (old.get(key), new.get(key)) for key in {*old, *new} if old.get(key) != new.get(key)}
found = {}
for line in map(json.loads, open(sys.argv[2])):
    part = {name: base64.b64decode(text) for name, text in line.items() if name != "op"}
    values = part.get("old"), part.get("new")
    assert line["op"] == ("added" if values[0] is None else "removed" if values[1] is None else "changed"), line
    found[part["partition_key"], part["key"]] = values
assert found == expected and len(expected) == 57, (found, expected)
PYTHON
}

@test "secrets are not shown, but that they have changed" {
    local format
    for format in text json; do
        differs --diff="$OLD" --format="$format" "$NEW"
        refute_contains "$output" hash-of-a-password encrypted-key "$(printf hash-of-a-password | base64)" "$(printf encrypted-key-1 | base64)"
    done
    assert_contains "$output" '"secret_access_key_encrypted_bytes":"(hidden, differs)"' '"encrypted_password":"(hidden, differs)"' \
        '"username":"eve","email":"eve@example.com","encrypted_password":"(hidden)"'
    fresh_database TEMPLATE "$STORE_NEW"
    run --separate-stderr -3 kv-import --verify -d "$DSN" "$OLD"
    assert_contains "$output" '"key":"uCredentials/ann/credentials/AKIA1","dump":{' '"store":{' '(hidden, differs)'
    refute_contains "$output" encrypted-key "$(printf encrypted-key-1 | base64)"
}

@test "equal dumps: at once, from header and manifest, whatever is in between" {
    local middle=$(($(stat -c %s "$OLD") / 2))
    succeeds kv-import --diff="$OLD" "$OLD"
    assert_equal "$output" "equal: 40 entries"
    succeeds kv-import --diff="$OLD" --format=json "$OLD"
    assert_equal "$output" ""
    # Only the manifests are read.
    printf 'xxxx' | cat <(head -c "$middle" "$OLD") - <(tail -c "+$((middle + 5))" "$OLD") >"$BATS_TEST_TMPDIR/damaged.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/damaged.dump"
    succeeds kv-import --diff="$OLD" "$BATS_TEST_TMPDIR/damaged.dump"
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR/damaged.dump" "$NEW"
    fails 4 kv-import --diff="$NEW" "$BATS_TEST_TMPDIR/damaged.dump"
}

@test "maps in another order are no difference" {
    [ "$(manifest_member "$OLD" "['packages']")" != "$(manifest_member "$SHUFFLED" "['packages']")" ]
    succeeds kv-import --diff="$OLD" "$SHUFFLED"
    assert_equal "$output" "equal: 40 entries"
    differs --diff="$SHUFFLED" "$NEW"
    assert_equal "$(changes)" "$EXPECTED"
    fresh_database TEMPLATE "$STORE_SHUFFLED"
    succeeds kv-import --diff="$OLD" -d "$DSN"
    assert_equal "$output" "equal: 40 entries"
}

@test "either dump may come through a pipe" {
    make_scratch
    differs --diff="$OLD" - < <(cat "$NEW")
    assert_equal "$(changes)" "$EXPECTED"
    assert_contains "${lines[0]}" "to the dump on standard input (20"
    differs --diff="$OLD" <"$NEW"
    assert_equal "$(changes)" "$EXPECTED"
    differs --diff=- "$NEW" < <(cat "$OLD")
    assert_equal "$(changes)" "$EXPECTED"
    differs --diff=<(cat "$OLD") <(cat "$NEW")
    assert_equal "$(changes)" "$EXPECTED"
    succeeds kv-import --diff=<(cat "$OLD") <(cat "$OLD")
    head -c 1000 "$OLD" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import --diff=- "$NEW" < <(cat "$BATS_TEST_TMPDIR/cut.dump")
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR/cut.dump" "$NEW"
    # There must be a folder for the copy.
    TMPDIR=$BATS_TEST_TMPDIR/nowhere fails 1 kv-import --diff=- "$NEW" < <(cat "$OLD")
    assert_contains "$stderr" "temporary file" "TMPDIR"
}

@test "a dump and a store: the store is the newer one" {
    local before
    fresh_database TEMPLATE "$STORE_NEW"
    before=$(everything_in_kv)
    differs --diff="$OLD" -d "$DSN" -j 3
    assert_equal "$(changes)" "$EXPECTED"
    assert_contains "${lines[0]}" "to the KV store:"
    differs --diff=- -d "$DSN" < <(cat "$OLD")
    assert_equal "$(changes)" "$EXPECTED"
    succeeds kv-import --diff="$NEW" -d "$DSN"
    assert_equal "$output" "equal: $(($(sql "SELECT count(*) FROM kv") - 1)) entries"
    assert_equal "$(everything_in_kv)" "$before"
    sql "UPDATE kv SET value = '0' WHERE partition_key = 'kv-internal-metadata'"
    fails 5 kv-import --diff="$NEW" -d "$DSN"
    sql "DROP VIEW kv_v" "DROP TABLE kv"
    fails 5 kv-import --diff="$NEW" -d "$DSN"
}

everything_in_kv() {
    sql "SELECT xmin, kv FROM kv ORDER BY partition_key, key" | sha256sum
}

@test "the version of the store counts" {
    fresh_database TEMPLATE "$STORE_OLD"
    sql "UPDATE kv SET value = '3' WHERE partition_key = 'kv-internal-metadata'"
    differs --diff="$OLD" -d "$DSN"
    assert_contains "$output" 'KV version changed from "4" to "3"'
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/older.dump"
    differs --diff="$BATS_TEST_TMPDIR/older.dump" "$OLD" --format=json
    assert_equal "$output" '{"op":"changed","package":"other","partition":"kv-internal-metadata","key":"kv/schema/version","type":"text","old":"3","new":"4"}'
}

@test "entries are compared, whatever their chunks" {
    fresh_database TEMPLATE "$STORE_NEW"
    kv-export --source kv -d "$DSN" --quiet -Z 19 -f "$BATS_TEST_TMPDIR/small.dump"
    succeeds kv-import --diff="$NEW" "$BATS_TEST_TMPDIR/small.dump"
    differs --diff="$OLD" "$BATS_TEST_TMPDIR/small.dump"
    assert_equal "$(changes)" "$EXPECTED"
    # Chunks of the same entries in frames of their own, and in another order in the table.
    sql "CREATE TABLE rows AS SELECT * FROM kv ORDER BY value" "TRUNCATE kv" "INSERT INTO kv SELECT * FROM rows" \
        "DELETE FROM kv WHERE key = 'branches/still'"
    kv-export --source kv -d "$DSN" --quiet -Z 1 -f "$BATS_TEST_TMPDIR/moved.dump"
    differs --diff="$NEW" "$BATS_TEST_TMPDIR/moved.dump"
    assert_equal "$(changes)" 'branch "still" of "lake" deleted, was at 111111111111

package               added        removed        changed
graveler                  0              1              0
total                     0              1              0'
}

# damaged DUMP FILE: makes a copy in which the chunk of package graveler cannot be decompressed, all else being right.
damaged() {
    python3 "$TESTS_DIR/lib/forge.py" "$1" "(lambda i: sealed(but({i: frames[i][:20] + bytes(4) + frames[i][24:]})))(
        next(k for k in range(3, len(frames), 2) if b'graveler' in frames[k]) + 1)" >"$2"
}

@test "a chunk that both dumps have is not decompressed" {
    fresh_database TEMPLATE "$STORE_OLD"
    sql "DELETE FROM kv WHERE key = 'groups/Left'"
    kv-export --source kv -d "$DSN" --quiet -f "$BATS_TEST_TMPDIR/less.dump"
    damaged "$OLD" "$BATS_TEST_TMPDIR/damaged.dump"
    damaged "$BATS_TEST_TMPDIR/less.dump" "$BATS_TEST_TMPDIR/damaged-less.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/damaged.dump"
    differs --diff="$BATS_TEST_TMPDIR/damaged.dump" "$BATS_TEST_TMPDIR/damaged-less.dump"
    assert_contains "$output" 'group "Left" removed' "total                     0              1              0"
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR/damaged.dump" "$BATS_TEST_TMPDIR/less.dump"
}

@test "when everything differs, it is counted all the same, in little memory" {
    local empty=$BATS_TEST_TMPDIR/empty.dump many=$BATS_TEST_TMPDIR/many.dump figures
    store_of many 80000
    kv-export --source kv -d "$DSN" --quiet -f "$many"
    sql "TRUNCATE kv"
    set_kv_version 4
    kv-export --source kv -d "$DSN" --quiet -f "$empty"
    make_scratch
    # shellcheck disable=SC2016 # for the inner shell
    figures=$("$TESTS_DIR/../scripts/dev/measure.py" sh -c 'kv-import -j 2 --diff="$1" "$2" >"$3"; test $? -eq 3' - "$empty" "$many" \
        "$BATS_TEST_TMPDIR/output")
    assert_contains "$(cat "$BATS_TEST_TMPDIR/output")" "80000 objects staged on 1 staging area of no branch" \
        "total                 80000              0              0"
    [ "$(cut -f 2 <<<"$figures")" -lt $((96 * 1024)) ]
    kv-import -j 2 --diff="$many" --format=json "$empty" >"$BATS_TEST_TMPDIR/lines" || [ $? -eq 3 ]
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/lines")" 80000
    # In order, though most of them were in a file.
    LC_ALL=C sort -c "$BATS_TEST_TMPDIR/lines"
}

@test "what a dump leaves out is not compared" {
    fresh_database TEMPLATE "$STORE_NEW"
    kv-export --source kv -d "$DSN" --quiet -n auth -n actions -f "$BATS_TEST_TMPDIR/part.dump"
    run --separate-stderr -3 kv-import --diff="$OLD" "$BATS_TEST_TMPDIR/part.dump"
    assert_contains "$stderr" "warning: package graveler is not compared" "warning: package multiparts is not compared"
    assert_contains "$output" 'user "eve" added' "total                    13              5              5"
    refute_contains "$output" repository staged graveler
    run --separate-stderr -0 kv-import --diff="$BATS_TEST_TMPDIR/part.dump" -d "$DSN"
    assert_contains "$stderr" "package graveler is not compared"
    fresh_database TEMPLATE "$STORE_OLD"
    run --separate-stderr -3 kv-import --diff="$BATS_TEST_TMPDIR/part.dump" -d "$DSN"
    assert_contains "$output" 'user "eve" removed' "total                     5             13              5"
}

@test "branch protection rules that a dump leaves out are not compared" {
    local repository
    make_esti_dump "$BATS_TEST_TMPDIR/whole.dump"
    fresh_database TEMPLATE "$ESTI"
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/without.dump"
    run --separate-stderr -0 kv-import --diff="$BATS_TEST_TMPDIR/whole.dump" "$BATS_TEST_TMPDIR/without.dump"
    assert_contains "$stderr" "warning: branch protection rules are not compared"
    assert_contains "$output" "equal: "
    # Those of one repository.
    repository=$(kv-import --print --prefix=settings/ "$BATS_TEST_TMPDIR/whole.dump" |
        python3 -c 'import json, sys; print(json.loads(next(sys.stdin))["partition"][:-21])')
    kv-export -d "$DSN" --no-settings="$repository" --blockstore-path="$BLOCKSTORE" --quiet -f "$BATS_TEST_TMPDIR/one.dump"
    run --separate-stderr -0 kv-import --diff="$BATS_TEST_TMPDIR/whole.dump" "$BATS_TEST_TMPDIR/one.dump"
    assert_contains "$stderr" "warning: the branch protection rules of \"$repository\" are not compared"
    assert_contains "$output" "equal: "
}

@test "a redacted dump is compared with redacted ones only" {
    fresh_database TEMPLATE "$STORE_SHUFFLED"
    sql "DELETE FROM kv WHERE partition_key = 'strange'"
    kv-export --source kv -d "$DSN" --quiet --redact --redact-key-file=<(seq 20) -f "$BATS_TEST_TMPDIR/one.dump"
    sql "DELETE FROM kv WHERE key = 'groups/Left'"
    kv-export --source kv -d "$DSN" --quiet --redact --redact-key-file=<(seq 20) -f "$BATS_TEST_TMPDIR/two.dump"
    fails 5 kv-import --diff="$BATS_TEST_TMPDIR/one.dump" "$NEW"
    fails 5 kv-import --diff="$BATS_TEST_TMPDIR/one.dump" -d "$DSN"
    differs --diff="$BATS_TEST_TMPDIR/one.dump" "$BATS_TEST_TMPDIR/two.dump"
    assert_contains "$output" "total                     0              1              0"
}

@test "a manifest that does not agree with the entries is noticed where they are read" {
    python3 "$TESTS_DIR/lib/forge.py" "$OLD" "sealed(frames[:-1] + [altered(len(frames) - 1, packages__1__set_digest='0' * 32)])" \
        >"$BATS_TEST_TMPDIR/forged.dump"
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR/forged.dump" "$OLD"
    assert_contains "$stderr" "does not agree with its entries" "--check"
    fails 4 kv-import --diff="$NEW" "$BATS_TEST_TMPDIR/forged.dump"
    fresh_database TEMPLATE "$STORE_OLD"
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR/forged.dump" -d "$DSN"
}

@test "a value that was damaged is not told as if somebody had changed it" {
    fresh_database TEMPLATE "$STORE_NEW"
    sql "UPDATE kv SET value = 'garbage' WHERE key IN ('settings/protected_branches', 'branches/main')
        AND partition_key LIKE 'lake-%'"
    differs --diff="$NEW" -d "$DSN"
    assert_equal "$(grep -c '(the new value cannot be read)$' <<<"$output")" 2
    kv-export --source=kv -q -d "$DSN" -f "$BATS_TEST_TMPDIR/garbage.dump"
    differs --diff="$BATS_TEST_TMPDIR/garbage.dump" "$NEW"
    assert_equal "$(grep -c '(the old value could not be read)$' <<<"$output")" 2
}

@test "what cannot be meant is refused" {
    fails 1 kv-import --diff="$OLD" -d "$DSN" "$NEW"
    assert_contains "$stderr" "with a dump or with a KV store"
    fails 1 kv-import --diff=- </dev/null
    assert_contains "$stderr" "both dumps"
    fails 1 kv-import --diff="$OLD" --verify "$NEW"
    fails 1 kv-import --diff="$OLD" --clean "$NEW"
    fails 1 kv-import --diff="$OLD" --raw "$NEW"
    assert_contains "$stderr" "--format=json"
    fails 1 kv-import --diff="$OLD" --prefix=x "$NEW"
    fails 1 kv-import --diff="$BATS_TEST_TMPDIR/no.dump" "$NEW"
    assert_contains "$stderr" "could not open dump \"$BATS_TEST_TMPDIR/no.dump\""
    fails 4 kv-import --diff="$BATS_TEST_TMPDIR" "$NEW"
    fails 4 kv-import --diff="$OLD" - </dev/null
    # A database of the environment is not meant.
    differs --diff="$OLD" - < <(cat "$NEW")
    fails 2 kv-import --diff="$OLD" -d "host=/nowhere dbname=x"
}

@test "output that nobody reads ends it" {
    # shellcheck disable=SC2016 # for the inner shell
    run --separate-stderr bash -c 'kv-import --diff="$1" --format=json "$2" | head -n 1; echo "${PIPESTATUS[0]}"' - "$OLD" "$NEW"
    [[ ${lines[1]} == 3 || ${lines[1]} == 141 ]]
    assert_equal "$stderr" ""
    # shellcheck disable=SC2016
    run --separate-stderr -3 bash -c 'kv-import --diff="$1" "$2" >/dev/full' - "$OLD" "$NEW"
    assert_contains "$stderr" "kv-import: error: "
}
