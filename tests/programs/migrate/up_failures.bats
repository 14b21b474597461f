#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up: exports and imports that fail, and the run after them.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

@test "an export that is refused ends it with the export's code, and the next run works" {
    local before
    legacy_database
    before=$(legacy_digest)
    # Branch protection rules that cannot be read.
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN"
    assert_contains "$stderr" "kv-export: error: " "kv-migrate: error: "
    assert_untouched "$before"
    nobody_else
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

# programs_with_import SCRIPT: programs of the test's own, whose kv-import is that script, but for its look at the
# target; sets PROGRAMS to their folder.
programs_with_import() {
    PROGRAMS=$BATS_TEST_TMPDIR/own/bin
    mkdir -p "$PROGRAMS"
    cp "$KV_BIN"/kv-migrate "$KV_BIN"/kv-export "$PROGRAMS"
    # Its parts, as in a checkout or as installed.
    if [ -d "$KV_BIN/../libexec" ]; then
        ln -s "$KV_BIN/../libexec" "$KV_BIN/../share" "$PROGRAMS/.."
    else
        cp "$KV_BIN"/kv-migrate-session "$PROGRAMS"
        ln -s "$TESTS_DIR/../scripts" "$PROGRAMS/../scripts"
    fi
    printf '#!/usr/bin/env bash\n[[ " $* " != *" --check-target "* ]] || exec "%s" "$@"\n%s\n' \
        "$KV_BIN/kv-import" "$1" >"$PROGRAMS/kv-import"
    chmod +x "$PROGRAMS/kv-import"
}

@test "an import that is ended behind its stamp is an event: the migration stands, the cleanup remains" {
    legacy_database
    programs_with_import "'$KV_BIN/kv-import' \"\$@\"; kill -KILL \$\$"
    run --separate-stderr -6 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN" \
        --on-event="cat >'$BATS_TEST_TMPDIR/event'"
    assert_contains "$stderr" "kv-migrate: event: " "after the stamp" "DROP TABLE "
    refute_contains "$stderr" "Nothing was stamped"
    assert_contains "$(cat "$BATS_TEST_TMPDIR/event")" cleanup_failed
    assert_migrated
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
    succeeds "${MIGRATE[@]}"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "" "$(legacy_tables)"
}

@test "an import that is killed leaves nothing but JSON lines in a log of JSON lines" {
    legacy_database
    programs_with_import 'kill -KILL $$'
    run --separate-stderr -3 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings --log-format=json -d "$DSN"
    assert_json_lines kv-migrate kv-export
}

@test "without its other program, or without readlink, it says so" {
    local alone=$BATS_TEST_TMPDIR/alone
    mkdir "$alone"
    cp "$KV_BIN/kv-migrate" "$alone"
    run --separate-stderr -1 "$alone/kv-migrate" status -d postgres
    assert_contains "$stderr" "kv-migrate: error: " "kv-migrate-session" "hint: "
    ln -s "$(command -v bash)" "$alone"
    run --separate-stderr -1 env PATH="$alone" "$KV_BIN/kv-migrate" status -d postgres
    assert_contains "$stderr" "kv-migrate: error: " "hint: " readlink
}

@test "an import that fails with the session lost, too: nothing is claimed about the stamp" {
    legacy_database
    programs_with_import "psql -Xq -d '$DSN' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'kv-migrate'\" >/dev/null; cat >/dev/null; exit 2"
    run --separate-stderr -2 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN"
    assert_contains "$stderr" "kv-migrate: error: " "could not be found out"
    refute_contains "$stderr" "Nothing was stamped"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "an export that fails ends it with the export's code, with a dump file as by a pipe" {
    local before
    legacy_database
    sql "INSERT INTO auth_policies VALUES (1, now(), 'odd', '{}')"
    before=$(legacy_digest)
    run --separate-stderr -3 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" auth_policies odd
    assert_untouched "$before"
    assert_missing "$BATS_TEST_TMPDIR/kept.dump" "$BATS_TEST_TMPDIR/kept.dump.partial"

    # By a pipe the import may have begun: then its table says that it has not succeeded.
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" auth_policies odd
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        assert_stamp 38 0
    fi
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$before" "$(legacy_digest)"

    sql "DELETE FROM auth_policies"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "an import that is refused ends it with the import's code, with a dump file as by a pipe" {
    local before
    legacy_database
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" "INSERT INTO kv VALUES ('a', 'b', 'c')"
    before=$(legacy_digest)
    run --separate-stderr -5 "${MIGRATE[@]}"
    assert_contains "$stderr" "kv-import: error: " "kv-migrate: error: "
    run --separate-stderr -5 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_sql "a|b|c" "SELECT encode(partition_key, 'escape'), encode(key, 'escape'), encode(value, 'escape') FROM kv"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$before" "$(legacy_digest)"
}

@test "a dump file that exists is not overwritten without --force" {
    local before
    legacy_database
    before=$(legacy_digest)
    echo precious >"$BATS_TEST_TMPDIR/kept.dump"
    run --separate-stderr -1 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/kept.dump"
    assert_equal precious "$(cat "$BATS_TEST_TMPDIR/kept.dump")"
    assert_untouched "$before"
    succeeds "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump" --force
    assert_migrated
    kv-import --check "$BATS_TEST_TMPDIR/kept.dump"
}

@test "what a failed run left is replaced" {
    legacy_database
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (partition_key, key))" \
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '0'), ('auth', 'users/half', 'x')"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "options for the export reach it" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('orphan', 'k', 'i', 'd')"
    run --separate-stderr -3 "${MIGRATE[@]}" --strict
    assert_contains "$stderr" graveler_staging_kv orphan
    run --separate-stderr -1 "${MIGRATE[@]}" --invalid-utf8=guess
    assert_contains "$stderr" guess
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    succeeds "${MIGRATE[@]}" -j 3 -Z 1 -v --invalid-utf8=replace --dump "$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" orphan
    assert_migrated
    assert_equal 1 "$("$TESTS_DIR/lib/decode.py" header "$BATS_TEST_TMPDIR/kept.dump" "['compression']['level']")"
}
