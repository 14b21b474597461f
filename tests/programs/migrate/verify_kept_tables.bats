#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate verify: whether the KV table holds what the kept legacy tables would be migrated to.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up --kv-enabled --keep-tables -q -d "$DSN" --blockstore-path="$BLOCKSTORE"
    keep_database KEPT
}

setup() {
    make_scratch
    VERIFY=(kv-migrate verify --blockstore-path "$BLOCKSTORE")
}

# still_running: prints the command lines of this database's programs; another server on this machine may have a
# database of the same name.
still_running() {
    programs_left | grep -aF -- "$PGHOST" || true
}

# is_equal [ARGUMENT...]: the comparison finds the fixture's 439 entries in both.
is_equal() {
    succeeds "${VERIFY[@]}" -d "$DSN" "$@"
    assert_equal "$output" "equal: 439 entries"
    assert_equal "$(still_running)" ""
}

# differs: it finds differences; output lists them.
differs() {
    run --separate-stderr -3 "${VERIFY[@]}" -d "$DSN"
    printf '%s\nstandard error: %s\n' "$output" "$stderr"
    assert_contains "$stderr" "kv-import: error: the KV store differs from the legacy tables" "detail: "
    assert_equal "$(still_running)" ""
}

@test "after a migration with kept tables both are equal, and nothing is changed" {
    local before
    fresh_database TEMPLATE "$KEPT"
    before=$(whole_database)$(legacy_digest)
    is_equal
    is_equal -j 1
    is_equal -j 5 -q
    is_equal --schema public --log-format json
    assert_json_lines kv-export kv-import
    assert_equal "$(whole_database)$(legacy_digest)" "$before"
}

@test "after a migration with a dump" {
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up --kv-enabled --keep-tables -q --blockstore-path="$BLOCKSTORE" --dump "$BATS_TEST_TMPDIR/kv.dump"
    is_equal
}

@test "changed, missing and extra entries of the KV table are reported by key" {
    fresh_database TEMPLATE "$KEPT"
    sql "DELETE FROM kv WHERE key = 'groups/Developers'" "INSERT INTO kv VALUES ('auth', 'users/eve', '\\x1203657665')" \
        "UPDATE kv SET value = value || '\\x00' WHERE key = 'installation_id'" "INSERT INTO kv VALUES ('token', '\\xff', '')"
    differs
    assert_contains "$stderr" "1 entry is missing, 1 differs, 2 are extra"
    assert_equal "$(without_values "$output")" '{"difference":"missing","partition":"auth","key":"groups/Developers"}
{"difference":"value","partition":"auth","key":"installation_id"}
{"difference":"extra","partition":"auth","key":"users/eve"}
{"difference":"extra","partition":"token","key":"\\377"}'
}

@test "rows written to the legacy tables since are reported by the keys that they would have" {
    fresh_database TEMPLATE "$KEPT"
    allow_writes
    sql "INSERT INTO auth_groups (id, created_at, display_name) VALUES (999, now(), 'Later')" \
        "UPDATE auth_groups SET created_at = now() WHERE display_name = 'Admins'" \
        "INSERT INTO graveler_staging_kv SELECT staging_token, 'later', 'i', 'd' FROM graveler_branches
            WHERE staging_token <> '' ORDER BY staging_token LIMIT 1" \
        "DELETE FROM auth_groups WHERE display_name = 'Developers'"
    differs
    assert_contains "$(without_values "$output")" '{"difference":"value","partition":"auth","key":"groups/Admins"}' \
        '{"difference":"extra","partition":"auth","key":"groups/Developers"}' '{"difference":"missing","partition":"auth","key":"groups/Later"}'
    # The group, its two users and three policies.
    assert_contains "$stderr" "2 entries are missing, 1 differs, 6 are extra"
}

@test "tokens that expired since are not differences; a clock off by a microsecond would show one" {
    local time
    fresh_database TEMPLATE "$ESTI"
    sql "INSERT INTO auth_expired_tokens VALUES ('long ago', '2001-01-01 00:00:00Z'), ('soon', now() + interval '6 seconds')"
    kv-migrate up --kv-enabled --keep-tables -q --blockstore-path="$BLOCKSTORE"
    assert_sql 1 "SELECT count(*) FROM kv WHERE key = 'expiredTokens/soon'"
    eventually expired soon
    succeeds "${VERIFY[@]}"
    assert_equal "$output" "equal: 440 entries"
    # Tokens that expired just when the tables were read, and just behind: the latter would have been migrated.
    allow_writes
    time=$(sql "SELECT obj_description('kv'::regclass)::jsonb #>> '{source,time}'")
    sql "INSERT INTO auth_expired_tokens VALUES ('at', '$time'), ('behind', '$time'::timestamptz + interval '1 microsecond')"
    differs
    assert_equal "$(without_values "$output")" '{"difference":"missing","partition":"auth","key":"expiredTokens/behind"}'
}

expired() {
    [ "$(sql "SELECT token_expires_at < now() FROM auth_expired_tokens WHERE token_id = '$1'")" = t ]
}

@test "options that determine what is exported have the same effect as in up" {
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up --kv-enabled --keep-tables -q --no-settings
    succeeds kv-migrate verify --no-settings
    # One repository has rules.
    differs
    assert_contains "$output" '{"difference":"missing",' '"key":"settings/protected_branches"'
    fails 5 kv-migrate verify
    assert_contains "$stderr" "branch protection rules"
    # kv-export has said why; kv-import had nothing to read.
    allow_writes
    sql "INSERT INTO graveler_staging_kv VALUES ('nowhere', 'k', 'i', 'd')"
    succeeds kv-migrate verify --no-settings
    assert_contains "$stderr" "left out 1 row of"
    assert_equal "$(grep -c "left out 1 row of" <<<"$stderr")" 1
    run --separate-stderr -3 kv-migrate verify --no-settings --strict
    assert_contains "$stderr" "would be left out"
}

@test "a missing legacy table is reported, with a hint" {
    fresh_database TEMPLATE "$KEPT"
    sql "DROP TABLE auth_expired_tokens"
    fails 5 "${VERIFY[@]}"
    assert_contains "$stderr" "Tables: auth_expired_tokens." "hint: " "kv-import --verify -d $PGDATABASE FILE"
    kv-migrate cleanup -q || sql "DROP TABLE $(legacy_tables | paste -sd,)"
    fails 5 "${VERIFY[@]}"
}

@test "a KV table of unknown origin is refused, and so is one from elsewhere" {
    fresh_database TEMPLATE "$KEPT"
    sql "COMMENT ON TABLE kv IS 'mine'"
    fails 5 "${VERIFY[@]}"
    assert_contains "$stderr" "not known when" "hint: " "kv-import --verify"
    drop_database
    fresh_database TEMPLATE "$KEPT"
    sql "DO \$\$ BEGIN EXECUTE format('COMMENT ON TABLE kv IS %L',
        jsonb_set(obj_description('kv'::regclass)::jsonb, '{source,system_identifier}', '\"1\"')); END \$\$"
    fails 5 "${VERIFY[@]}"
    assert_contains "$stderr" "another database cluster" "hint: "
}

@test "a KV table loaded from a KV store's dump" {
    fresh_database TEMPLATE "$KEPT"
    kv-export --source kv -q -d "$DSN" -f "$BATS_TEST_TMPDIR/kv.dump"
    kv-import --clean -q -d "$DSN" "$BATS_TEST_TMPDIR/kv.dump"
    fails 5 "${VERIFY[@]}"
    assert_contains "$stderr" "not known when" "hint: "
}

@test "a note of an older kv-import, which has the dump's time only" {
    fresh_database TEMPLATE "$KEPT"
    sql "DO \$\$ BEGIN EXECUTE format('COMMENT ON TABLE kv IS %L', obj_description('kv'::regclass)::jsonb #- '{source,time}'); END \$\$"
    is_equal
}

@test "a database that was not migrated is refused" {
    fresh_database TEMPLATE "$ESTI"
    fails 5 "${VERIFY[@]}"
    assert_contains "$stderr" "not migrated" "kv-migrate up --kv-enabled"
}

# hold_partition: locks a partition of kv in another session, other than that of the version, so that kv-import waits
# for it after kv-migrate has taken its locks.
hold_partition() {
    (($(sql "SHOW server_version_num") >= 120000)) || skip "PostgreSQL 11 locks all partitions for the version of one"
    hold "LOCK TABLE $(sql "SELECT c.relname FROM pg_class c WHERE c.relname ~ '^kv_[0-9]+$' AND c.relkind = 'r'
        AND c.oid <> (SELECT tableoid FROM kv WHERE partition_key = 'kv-internal-metadata') LIMIT 1") IN ACCESS EXCLUSIVE MODE"
}

@test "the lock is required, and writers of the legacy tables wait" {
    fresh_database TEMPLATE "$KEPT"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${VERIFY[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    allow_writes
    hold "UPDATE auth_users SET email = 'late' WHERE id = 1"
    fails 5 "${VERIFY[@]}" --lock-wait-timeout=300ms
    release
    hold_partition
    background "${VERIFY[@]}"
    eventually someone_waits
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    run ! sql "SET lock_timeout = '200ms'" "INSERT INTO auth_users (id, created_at, display_name) VALUES (999, now(), 'late')"
    assert_contains "$output" "lock timeout"
    release
    background_ends 0
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "equal: 439 entries"
}

@test "a signal ends it and all its programs" {
    fresh_database TEMPLATE "$KEPT"
    hold_partition
    background "${VERIFY[@]}" -d "$DSN"
    eventually someone_waits
    assert_contains "$(still_running)" "kv-import "
    kill -TERM "$BACKGROUND"
    background_ends 143
    release
    eventually nobody_else
    assert_equal "$(still_running)" ""
}

@test "if killed, it leaves no program and no lock" {
    fresh_database TEMPLATE "$KEPT"
    hold_partition
    background "${VERIFY[@]}" -d "$DSN"
    eventually someone_waits
    kill -KILL "$BACKGROUND"
    background_ends 137
    release
    eventually nobody_is_left
    eventually nobody_else
}

nobody_is_left() {
    [ -z "$(still_running)" ]
}

@test "a schema of another name" {
    fresh_database TEMPLATE "$ESTI"
    sql "ALTER SCHEMA public RENAME TO \"Lake 'FS\"" "CREATE SCHEMA public"
    kv-migrate up --kv-enabled --keep-tables -q --blockstore-path="$BLOCKSTORE" --schema "Lake 'FS"
    succeeds "${VERIFY[@]}" --schema "Lake 'FS"
    assert_equal "$output" "equal: 439 entries"
}

@test "if the export fails, only its error is printed" {
    fresh_database TEMPLATE "$KEPT"
    allow_writes
    sql "INSERT INTO auth_policies VALUES (99999, now(), 'odd', '{}')"
    run --separate-stderr -3 "${VERIFY[@]}" -d "$DSN"
    assert_contains "$stderr" auth_policies odd "kv-migrate: error: the comparison failed: kv-export ended with exit code 3"
    refute_contains "$stderr" "kv-import: "
    # Before anything is written.
    run --separate-stderr -5 "${VERIFY[@]}" -d "$DSN" --blockstore-path="$BATS_TEST_TMPDIR/nowhere"
    assert_contains "$stderr" "kv-export: error: "
    refute_contains "$stderr" "kv-import: "
}

# kv-export --as-of and kv-import --second-reading, alone --------------------------------------------------------------

@test "kv-export --as-of reads kept tables as of that time; without it they are refused, and others are refused with it" {
    local time
    fresh_database TEMPLATE "$KEPT"
    time=$(sql "SELECT obj_description('kv'::regclass)::jsonb #>> '{source,time}'")
    [[ $time =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3,6})?Z$ ]]
    succeeds kv-export --as-of "$time" --blockstore-path "$BLOCKSTORE" -f "$BATS_TEST_TMPDIR/kv.dump"
    succeeds kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/kv.dump"
    assert_equal "$output" "equal: 439 entries"
    # The time that was used is in the dump.
    kv-import --list --format json "$BATS_TEST_TMPDIR/kv.dump" >"$BATS_TEST_TMPDIR/list"
    assert_equal "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["header"]["source"]["time"])' <"$BATS_TEST_TMPDIR/list")" "$time"
    fails 5 kv-export --no-settings -f "$BATS_TEST_TMPDIR/more.dump"
    drop_database
    fresh_database TEMPLATE "$ESTI"
    fails 5 kv-export --as-of "$time" --no-settings -f "$BATS_TEST_TMPDIR/more.dump"
    assert_contains "$stderr" "hint: " --as-of
    fails 1 kv-export --as-of "$time" --source kv -f "$BATS_TEST_TMPDIR/more.dump"
    fails 1 kv-export --as-of yesterday --no-settings -f "$BATS_TEST_TMPDIR/more.dump"
    assert_contains "$stderr" "yesterday" "2024-02-29T12:00:00Z"
    assert_missing "$BATS_TEST_TMPDIR/more.dump"
}

@test "kv-import --second-reading is opened only if there are differences" {
    local dump=$BATS_TEST_TMPDIR/kv.dump
    fresh_database TEMPLATE "$ESTI"
    kv-export -q --no-settings -f "$dump"
    kv-import -q -d "$DSN" "$dump"
    succeeds kv-import --verify -d "$DSN" --second-reading "$BATS_TEST_TMPDIR/nowhere" - <"$dump"
    sql "DELETE FROM kv WHERE key = 'groups/Developers'"
    fails 1 kv-import --verify -d "$DSN" --second-reading "$BATS_TEST_TMPDIR/nowhere" - <"$dump"
    cp "$dump" "$dump.again"
    run --separate-stderr -3 kv-import --verify -d "$DSN" --second-reading "$dump.again" - <"$dump"
    assert_equal "$(without_values "$output")" '{"difference":"missing","partition":"auth","key":"groups/Developers"}'
    fails 1 kv-import -d "$DSN" --second-reading "$dump.again" "$dump"
}

@test "if the second reading has other contents, it proves nothing" {
    local dump=$BATS_TEST_TMPDIR/kv.dump
    fresh_database TEMPLATE "$ESTI"
    kv-export -q --no-settings -f "$dump"
    kv-import -q -d "$DSN" "$dump"
    allow_writes
    sql "DELETE FROM kv WHERE key = 'groups/Developers'" "INSERT INTO auth_groups (id, created_at, display_name) VALUES (999, now(), 'x')"
    # At the last schema version again, so that it can be exported.
    sql "UPDATE schema_migrations SET version = 38"
    kv-export -q --no-settings -f "$dump.2"
    fails 3 kv-import --verify -d "$DSN" --second-reading "$dump.2" - <"$dump"
    assert_contains "$stderr" "the dump changed before it was read again"
}
