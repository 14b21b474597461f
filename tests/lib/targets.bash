# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every target of kv-import has to do: load it after lib/database, lib/migration and lib/dynamodb.
#
# shellcheck disable=SC2154 # run sets stderr and output

# TARGET is postgres or dynamodb; the functions target_* depend on it, the functions conforms_* are the suite.

# target_use TARGET: selects the target for everything that follows. For setup.
target_use() {
    TARGET=$1
    fresh_table
    fresh_database
    case $TARGET in
        postgres) TARGET_OPTIONS=(-d "$DSN") STORE_OPTIONS=(-d "$DSN") ;;
        dynamodb) TARGET_OPTIONS=(--target=dynamodb "${DYNAMODB[@]}") STORE_OPTIONS=(--store=dynamodb "${DYNAMODB[@]}") ;;
    esac
}

# target_version: prints the version; - if there is none.
target_version() {
    local version
    case $TARGET in
        postgres)
            version=$(sql "SELECT encode(value, 'escape') FROM kv
                WHERE partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version'")
            printf '%s\n' "${version:--}"
            ;;
        dynamodb) dynamodb version "$TABLE" ;;
    esac
}

# target_put PARTITION KEY VALUE: writes an entry, new or not.
target_put() {
    case $TARGET in
        postgres) sql "DELETE FROM kv WHERE partition_key = '$1' AND key = '$2'" "INSERT INTO kv VALUES ('$1', '$2', '$3')" ;;
        dynamodb) dynamodb put "$TABLE" "$@" ;;
    esac
}

target_delete() {
    case $TARGET in
        postgres) sql "DELETE FROM kv WHERE partition_key = '$1' AND key = '$2'" ;;
        dynamodb) dynamodb delete "$TABLE" "$@" ;;
    esac
}

target_set_version() {
    target_put kv-internal-metadata kv/schema/version "$1"
}

# target_make_empty: makes a KV store without entries and without a version.
target_make_empty() {
    case $TARGET in
        postgres)
            sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
                PRIMARY KEY (partition_key, key))"
            ;;
        dynamodb) create_table ;;
    esac
}

# target_rows: prints all entries except the version, one per line.
target_rows() {
    case $TARGET in
        postgres) sql "COPY (SELECT * FROM kv WHERE partition_key <> 'kv-internal-metadata') TO STDOUT" ;;
        dynamodb) dynamodb rows "$TABLE" ;;
    esac | LC_ALL=C sort
}

# target_load CODE [OPTION...]: loads the fixture, which ends with the code.
target_load() {
    local code=$1
    shift
    if [ "$code" -eq 0 ]; then
        succeeds kv-import "${TARGET_OPTIONS[@]}" "$ESTI_DUMP" "$@"
    else
        fails "$code" kv-import "${TARGET_OPTIONS[@]}" "$ESTI_DUMP" "$@"
    fi
}

# assert_target_is_esti: the store has the entries of the fixture's dump, as read by COPY.
assert_target_is_esti() {
    zstd -dcq -- "$ESTI_DUMP" >"$BATS_TEST_TMPDIR/stream"
    sql "CREATE TABLE reference (partition_key bytea, key bytea, value bytea)"
    psql -Xq -v ON_ERROR_STOP=1 -c "\\copy reference FROM '$BATS_TEST_TMPDIR/stream' (FORMAT binary)"
    sql "COPY reference TO STDOUT" | LC_ALL=C sort >"$BATS_TEST_TMPDIR/expected"
    sql "DROP TABLE reference"
    target_rows | diff "$BATS_TEST_TMPDIR/expected" -
    [ -s "$BATS_TEST_TMPDIR/expected" ]
    assert_equal "$(target_version)" 1
}

# The suite -----------------------------------------------------------------------------------------------------------

conforms_loads() {
    target_load 0
    assert_contains "$stderr" "loaded 439 entries and stamped version 1"
    assert_target_is_esti
}

conforms_loads_once() {
    target_load 0
    target_load 0
    assert_contains "$stderr" "at version 1 and already holds the dump's entries: nothing to do"
    # The same with a pipe.
    succeeds kv-import "${TARGET_OPTIONS[@]}" - < <(cat "$ESTI_DUMP")
    assert_equal "$(target_version)" 1
    # Another version is not the dump's.
    target_set_version 2
    target_load 5
    assert_contains "$stderr" "the KV store is at version 2, the dump is of version 1"
    assert_equal "$(target_version)" 2
}

conforms_does_not_pass_for_a_load() {
    target_load 0
    target_put auth users/new written-since
    target_load 5
    assert_contains "$stderr" "nothing was loaded" "at version 1 already" "0 entries are missing, 0 differ, 1 is extra" --clean
    assert_contains "$(target_rows)" "$(hex written-since)"
    # As many entries, but not the same ones.
    target_delete auth groups/Developers
    target_load 5
    assert_contains "$stderr" "1 entry is missing, 0 differ, 1 is extra"
    # A pipe cannot be read again.
    fails 5 kv-import "${TARGET_OPTIONS[@]}" - < <(cat "$ESTI_DUMP")
    assert_contains "$stderr" "The dump holds 439 entries, the store 439, of which some differ."
    fails 5 kv-import "${TARGET_OPTIONS[@]}" <(cat "$ESTI_DUMP")
    assert_contains "$stderr" "The dump holds 439 entries, the store 439, of which some differ."
    assert_equal "$(target_version)" 1
}

# lakeFS writes the pairs of a map in random order.
conforms_takes_maps_in_any_order() {
    local first=$'*\x06\n\x01a\x12\x01b' second=$'*\x06\n\x01c\x12\x01d' dump=$BATS_TEST_TMPDIR/map.dump
    target_load 0
    target_put multiparts upload "$first$second"
    succeeds kv-export --source=kv "${STORE_OPTIONS[@]}" -f "$dump"
    target_put multiparts upload "$second$first"
    succeeds kv-import "${TARGET_OPTIONS[@]}" "$dump"
    assert_contains "$stderr" "already holds the dump's entries: nothing to do"
    succeeds kv-import "${TARGET_OPTIONS[@]}" - < <(cat "$dump")
    assert_contains "$stderr" "already holds the dump's entries: nothing to do"
    succeeds kv-import --verify "${TARGET_OPTIONS[@]}" "$dump"
    # It is not counted beside real differences.
    target_put auth installation_id other
    fails 5 kv-import "${TARGET_OPTIONS[@]}" "$dump"
    assert_contains "$stderr" "0 entries are missing, 1 differs, 0 are extra"
    target_put auth installation_id 0659442d-e935-4d2d-85b6-ca4e205a42e7
    target_put multiparts upload "$first"
    fails 5 kv-import "${TARGET_OPTIONS[@]}" "$dump"
    assert_contains "$stderr" "0 entries are missing, 1 differs, 0 are extra"
}

conforms_replaces_when_told() {
    target_load 0
    target_put auth users/new written-since
    target_load 0 --clean
    assert_target_is_esti
}

conforms_refuses_another_version() {
    local version
    target_load 0
    target_put auth users/new written-since
    for version in 2 4; do
        target_set_version "$version"
        target_load 5 --clean
        assert_contains "$stderr" "at version $version, the dump is of version 1" --allow-other-version
    done
    assert_contains "$(target_rows)" "$(hex written-since)"
    target_load 0 --clean --allow-other-version
    assert_target_is_esti
    # The other way round.
    target_set_version 4
    succeeds kv-export --source=kv "${STORE_OPTIONS[@]}" -f "$BATS_TEST_TMPDIR/newer.dump"
    target_set_version 1
    fails 5 kv-import "${TARGET_OPTIONS[@]}" --clean "$BATS_TEST_TMPDIR/newer.dump"
    assert_contains "$stderr" "at version 1, the dump is of version 4" "a newer lakeFS"
    fails 1 kv-import "${TARGET_OPTIONS[@]}" --allow-other-version "$ESTI_DUMP"
}

conforms_begins_anew_after_a_failure() {
    target_make_empty
    target_set_version 0
    target_put left over value
    fails 5 kv-import --verify "${TARGET_OPTIONS[@]}" "$ESTI_DUMP"
    fails 5 kv-export --source=kv "${STORE_OPTIONS[@]}" -f "$BATS_TEST_TMPDIR/no.dump"
    target_load 0
    assert_target_is_esti
}

conforms_takes_an_empty_store() {
    target_make_empty
    target_load 0
    assert_target_is_esti
}

conforms_refuses_what_is_not_ours() {
    target_make_empty
    target_put some other entry
    target_load 5
    target_load 5 --clean
    fails 5 kv-import "${TARGET_OPTIONS[@]}" --check-target
    fails 5 kv-import "${TARGET_OPTIONS[@]}" --check-target --clean
    assert_equal "$(target_rows | wc -l)" 1
    target_set_version some-text
    target_load 5
    target_load 5 --clean
    fails 5 kv-import "${TARGET_OPTIONS[@]}" --check-target
    assert_equal "$(target_version)" some-text
}

# target_looks EXPECTED STATE VERSION LOAD [OPTION...]: --check-target prints this, for people and for programs.
target_looks() {
    local expected=$1 place="table \"kv\"" name=kv object
    [ "$TARGET" = postgres ] || place="DynamoDB table \"$TABLE\"" name=$TABLE
    object="{\"target\":\"$TARGET\",\"table\":\"$name\",\"state\":\"$2\",\"version\":$3,\"load\":\"$4\"}"
    shift 4
    succeeds kv-import "${TARGET_OPTIONS[@]}" --check-target "$@"
    assert_equal "$output" "$place: $expected"
    succeeds kv-import "${TARGET_OPTIONS[@]}" --check-target --format=json "$@"
    assert_equal "$(python3 -c 'import json, sys
object = json.load(sys.stdin)
print(json.dumps({name: object[name] for name in ("target", "table", "state", "version", "load")}, separators=(",", ":")))' <<<"$output")" "$object"
}

conforms_is_looked_at() {
    target_looks "no KV store" none 0 fill
    # Nothing was created.
    target_looks "no KV store" none 0 fill --clean
    target_make_empty
    target_looks "an empty KV store" empty 0 fill
    target_set_version 0
    target_put left over value
    target_looks "an unfinished load (version 0)" started 0 fill
    assert_equal "$(target_version) $(target_rows | wc -l)" "0 1"
    target_set_version 2
    target_looks "KV store at version 2" stamped 2 nothing
    target_looks "KV store at version 2, which --clean replaces" stamped 2 replace --clean
    assert_equal "$(target_version) $(target_rows | wc -l)" "2 1"
    fails 1 kv-import "${TARGET_OPTIONS[@]}" --check-target "$ESTI_DUMP"
}

conforms_refuses_dumps_that_are_not_whole() {
    head -c 100000 "$ESTI_DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import "${TARGET_OPTIONS[@]}" "$BATS_TEST_TMPDIR/cut.dump"
    # In a pipe the end is seen late.
    fails 4 kv-import "${TARGET_OPTIONS[@]}" - < <(cat "$BATS_TEST_TMPDIR/cut.dump")
    assert_equal "$(target_version)" 0
    target_load 0
    assert_target_is_esti
}

conforms_verifies() {
    target_load 0
    succeeds kv-import --verify "${TARGET_OPTIONS[@]}" -j 3 "$ESTI_DUMP"
    assert_equal "$output" "equal: 439 entries"
    target_delete auth groups/Developers
    target_put auth users/eve new
    target_put auth installation_id other
    run --separate-stderr -3 kv-import --verify "${TARGET_OPTIONS[@]}" "$ESTI_DUMP"
    assert_contains "$stderr" "1 entry is missing, 1 differs, 1 is extra"
    assert_equal "$(without_values "$output")" '{"difference":"missing","partition":"auth","key":"groups/Developers"}
{"difference":"value","partition":"auth","key":"installation_id"}
{"difference":"extra","partition":"auth","key":"users/eve"}'
}

conforms_shows_what_has_changed() {
    target_load 0
    succeeds kv-import --diff="$ESTI_DUMP" "${TARGET_OPTIONS[@]}"
    assert_equal "$output" "equal: 439 entries"
    target_delete auth groups/Developers
    target_put auth users/eve new
    target_put auth installation_id other
    target_set_version 2
    run --separate-stderr -3 kv-import --diff="$ESTI_DUMP" "${TARGET_OPTIONS[@]}" -j 3
    assert_equal "$stderr" ""
    assert_equal "$(tail -n +2 <<<"$output")" 'group "Developers" removed
installation id changed from "0659442d-e935-4d2d-85b6-ca4e205a42e7" to "other"
user "eve" added (the new value cannot be read)
KV version changed from "1" to "2"

package               added        removed        changed
auth                      1              1              1
other                     0              0              1
total                     1              1              2'
}

conforms_is_exported_as_it_was_loaded() {
    local dump=$BATS_TEST_TMPDIR/again.dump
    target_load 0
    # The store's own version is stamped again.
    target_set_version 2
    succeeds kv-export --source=kv "${STORE_OPTIONS[@]}" -j 3 -f "$dump"
    kv-import --check "$dump"
    assert_equal "$(manifest_member "$dump" "['entries']")" "$(manifest_member "$ESTI_DUMP" "['entries']")"
    assert_equal "$(set_digests "$dump")" "$(set_digests "$ESTI_DUMP")"
    succeeds kv-import "${TARGET_OPTIONS[@]}" --clean "$dump"
    assert_equal "$(target_version)" 2
    target_set_version 1
    assert_target_is_esti
}

# set_digests DUMP: prints the packages that have entries, and their digests.
set_digests() {
    manifest_member "$1" "['packages']" | python3 -c '
import ast, sys
for package in ast.literal_eval(sys.stdin.read()):
    if package["entries"]:
        print(package["name"], package["set_digest"])'
}

conforms_refuses_where_nothing_is() {
    fails 5 kv-import --verify "${TARGET_OPTIONS[@]}" "$ESTI_DUMP"
    fails 5 kv-export --source=kv "${STORE_OPTIONS[@]}" -f "$BATS_TEST_TMPDIR/no.dump"
    assert_missing "$BATS_TEST_TMPDIR/no.dump"
}
