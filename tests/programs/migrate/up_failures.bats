#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up: failing exports and imports, and the run after them.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

@test "if the export refuses, up ends with its exit code, and the next run works" {
    local before
    legacy_database
    before=$(legacy_digest)
    # Unreadable branch protection rules.
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN"
    assert_contains "$stderr" "kv-export: error: " "kv-migrate: error: the KV migration failed: kv-export ended"
    refute_contains "$stderr" kv-import
    assert_untouched "$before"
    nobody_else
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

# programs_with_import SCRIPT: makes programs of the test's own, whose kv-import is that script, except for its check of
# the target; sets PROGRAMS to their folder.
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

@test "an import terminated after its stamp is an event: the migration stands, the cleanup remains" {
    legacy_database
    programs_with_import "'$KV_BIN/kv-import' \"\$@\"; kill -KILL \$\$"
    run --separate-stderr -6 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN" \
        --on-event="cat >'$BATS_TEST_TMPDIR/event'"
    assert_contains "$stderr" "kv-migrate: event: " "after the stamp" "DROP TABLE "
    refute_contains "$stderr" "Nothing was stamped"
    assert_contains "$(cat "$BATS_TEST_TMPDIR/event")" cleanup_failed
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    succeeds "${MIGRATE[@]}"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
}

@test "a killed import leaves only JSON lines in a JSON log" {
    legacy_database
    programs_with_import 'kill -KILL $$'
    run --separate-stderr -3 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings --log-format=json -d "$DSN"
    assert_json_lines kv-migrate kv-export
}

@test "without kv-export, kv-import or readlink there is an error" {
    local alone=$BATS_TEST_TMPDIR/alone
    mkdir "$alone"
    cp "$KV_BIN/kv-migrate" "$alone"
    run --separate-stderr -1 "$alone/kv-migrate" status -d postgres
    assert_contains "$stderr" "kv-migrate: error: " "kv-migrate-session" "hint: "
    ln -s "$(command -v bash)" "$alone"
    run --separate-stderr -1 env PATH="$alone" "$KV_BIN/kv-migrate" status -d postgres
    assert_contains "$stderr" "kv-migrate: error: " "hint: " readlink
}

@test "if the import fails and the session is lost too, the state of the stamp is reported as unknown" {
    legacy_database
    programs_with_import "psql -Xq -d '$DSN' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'kv-migrate' AND pid <> pg_backend_pid()\" >/dev/null; cat >/dev/null; exit 5"
    # Whatever the import makes of it, the connection was lost.
    run --separate-stderr -2 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN"
    assert_contains "$stderr" "kv-migrate: error: " "not known whether the database was stamped"
    refute_contains "$stderr" "Nothing was stamped"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "if the export fails, up ends with its exit code, with a dump file and a pipe" {
    local before
    legacy_database
    sql "INSERT INTO auth_policies VALUES (1, now(), 'odd', '{}')"
    before=$(legacy_digest)
    run --separate-stderr -3 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" auth_policies odd
    assert_untouched "$before"
    assert_missing "$BATS_TEST_TMPDIR/kept.dump" "$BATS_TEST_TMPDIR/kept.dump.partial"

    # Through a pipe the import may have begun: then its table records an unfinished load.
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" auth_policies odd "kv-migrate: error: the KV migration failed: kv-export ended with exit code 3"
    refute_contains "$stderr" kv-import
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        assert_stamp 38 0
    fi
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$(legacy_digest)" "$before"

    sql "DELETE FROM auth_policies"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "if the import refuses, up ends with its exit code, with a dump file and a pipe" {
    local before
    legacy_database
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" "INSERT INTO kv VALUES ('a', 'b', 'c')"
    before=$(legacy_digest)
    run --separate-stderr -5 "${MIGRATE[@]}"
    assert_contains "$stderr" "kv-import: error: " "kv-migrate: error: "
    run --separate-stderr -5 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_sql "a|b|c" "SELECT encode(partition_key, 'escape'), encode(key, 'escape'), encode(value, 'escape') FROM kv"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$(legacy_digest)" "$before"
}

@test "an existing dump file is not overwritten without --force" {
    local before
    legacy_database
    before=$(legacy_digest)
    echo precious >"$BATS_TEST_TMPDIR/kept.dump"
    run --separate-stderr -1 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/kept.dump"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/kept.dump")" precious
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

@test "options for the export are passed on" {
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
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$BATS_TEST_TMPDIR/kept.dump" "['compression']['level']")" 1
}
