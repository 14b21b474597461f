#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate revert: back to the legacy tables that up has kept, and forth again.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

setup_file() {
    make_small_template 100
    fresh_database TEMPLATE "$SMALL"
    kv-migrate up --kv-enabled --no-settings --keep-tables -q -d "$DSN"
    keep_database KEPT
}

kept_database() {
    fresh_database TEMPLATE "$KEPT"
    REVERT=(kv-migrate revert -d "$DSN")
    MIGRATE=(kv-migrate up --kv-enabled --no-settings -d "$DSN")
}

# left_of_guard: prints what there is of triggers and function.
left_of_guard() {
    sql "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT proname FROM pg_proc
        WHERE proname ~ '^kv_migrate'"
}

# kv_relations: prints the names of what belongs to KV tables.
kv_relations() {
    sql "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^kv' AND relname !~ '^kv_staging'
        ORDER BY 1"
}

# lakefs_writes: what a lakeFS that runs on the KV store leaves there.
lakefs_writes() {
    sql "INSERT INTO kv VALUES ('auth', 'users/new', 'new')"
}

# assert_refused TEXT...: it is refused, and nothing was changed.
assert_refused() {
    local before
    before=$(whole_database)
    fails 5 "${REVERT[@]}" --dry-run
    assert_contains "$stderr" "$@"
    fails 5 "${REVERT[@]}"
    assert_contains "$stderr" "$@"
    assert_equal "$(whole_database)" "$before"
}

@test "the legacy tables are as they were and take writes, the store is kept aside, and up migrates anew" {
    local before rows aside
    kept_database
    before=$(kv_digest)
    rows=$(legacy_rows)
    succeeds "${REVERT[@]}"
    assert_stamp 38 -
    assert_equal "$(legacy_rows)" "$rows"
    assert_equal "$(left_of_guard)" ""
    aside=$(sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_reverted_[0-9]{8}_[0-9]{6}\$'")
    assert_contains "$stderr" "reverted to schema version 38" "kept as table $aside"
    assert_equal "$(kv_digest "$aside")" "$before"
    # Nothing of it has a name that a new table needs, and all of it is there.
    assert_equal "$(kv_relations | grep -v "^$aside")" ""
    assert_equal "$(kv_relations | wc -l)" "$(($(sql "SELECT count(*) FROM pg_inherits WHERE inhparent = '$aside'::regclass") * 2 + 3))"
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'written after', 'identity', 'data')"

    succeeds "${MIGRATE[@]}" --keep-tables
    assert_stamp 39 1
    assert_sql 105 "SELECT count(*) FROM kv"
    succeeds kv-migrate verify -d "$DSN" --no-settings
    assert_equal "$output" "equal: 104 entries"
    # And once more; the tables that were put aside get along.
    succeeds "${REVERT[@]}" --lock-wait-timeout=10s
    assert_stamp 38 -
    sql "DROP TABLE $aside CASCADE" 2>/dev/null
}

@test "a dry run tells what would be done, and changes nothing" {
    local before
    kept_database
    before=$(whole_database)
    succeeds "${REVERT[@]}" --dry-run
    assert_contains "$output" "39, would be 38" "17, would take writes again" "would become kv_reverted_" "nothing was changed"
    run --separate-stderr -0 "${REVERT[@]}" --dry-run --format json
    python3 -c '
import json, re, sys
plan = json.load(sys.stdin)
assert plan["dry_run"] is True and plan["schema_version"] == 38 and plan["schema"] == "public", plan
assert re.fullmatch(r"kv_reverted_\d{8}_\d{6}", plan["kept_store"]), plan' <<<"$output"
    assert_equal "$(whole_database)" "$before"
    run --separate-stderr -0 "${REVERT[@]}" --format json
    assert_equal "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["kept_store"])' <<<"$output")" \
        "$(sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_reverted_[0-9_]{15}\$'")"
}

@test "what lakeFS has written since is not lost, unless that is wanted" {
    local before change
    for change in "INSERT INTO kv VALUES ('auth', 'users/new', 'new')" \
        "UPDATE kv SET value = value || '\\x00' WHERE partition_key = 'auth' AND key LIKE 'users/%'" \
        "DELETE FROM kv WHERE partition_key = 'auth'" "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"; do
        echo "== $change"
        kept_database
        sql "$change"
        assert_refused "was written to after the migration" "It was loaded with 103 entries at version 1" --lose-writes
        drop_database
    done
    kept_database
    lakefs_writes
    before=$(kv_digest)
    succeeds "${REVERT[@]}" --lose-writes
    assert_stamp 38 -
    assert_equal "$(kv_digest "$(sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_reverted_[0-9_]{15}\$'")")" "$before"
}

@test "a store of which nobody knows what was loaded" {
    kept_database
    sql "COMMENT ON TABLE kv IS NULL"
    assert_refused "it is not known" --lose-writes
    succeeds "${REVERT[@]}" --lose-writes
    assert_stamp 38 -

    # A dump of the store, loaded again: its note says nothing of the legacy tables.
    drop_database
    kept_database
    lakefs_writes
    kv-export --source kv -q -d "$DSN" -f "$BATS_TEST_TMPDIR/store.dump"
    kv-import --clean -q -d "$DSN" "$BATS_TEST_TMPDIR/store.dump"
    assert_refused "it is not known" --lose-writes
}

@test "nothing to go back to, or to go back from" {
    kept_database
    sql "SET client_min_messages = warning" "DROP TABLE auth_expired_tokens"
    assert_refused "legacy tables are missing" "auth_expired_tokens" backup
    drop_database
    fresh_database TEMPLATE "$SMALL"
    REVERT=(kv-migrate revert -d "$DSN")
    kv-migrate up --kv-enabled --no-settings -q -d "$DSN"
    assert_refused "legacy tables are missing" backup
    # Not even by losing writes.
    fails 5 "${REVERT[@]}" --lose-writes
    drop_database

    fresh_database TEMPLATE "$SMALL"
    REVERT=(kv-migrate revert -d "$DSN")
    assert_refused "was not migrated by kv-migrate"
    drop_database
    fresh_database
    REVERT=(kv-migrate revert -d "$DSN")
    assert_refused "was not migrated by kv-migrate"
}

@test "a database that lakeFS itself has migrated, is dirty or newer" {
    kept_database
    allow_writes
    sql "UPDATE schema_migrations SET version = 38"
    # As a backup of before the migration, restored over the database, leaves it.
    assert_refused "is at a legacy version already" "38/1" "kv-import has loaded the store" "backup"
    run -0 kv-migrate status -d "$DSN"
    assert_contains "$(tr -s '[:space:]' ' ' <<<"$output")" "a backup of before the migration may have been restored"
    sql "COMMENT ON TABLE kv IS NULL"
    assert_refused "was not migrated by kv-migrate" "38/1" "lakeFS's own"
    sql "UPDATE schema_migrations SET version = 39, dirty = true"
    assert_refused dirty
    sql "UPDATE schema_migrations SET version = 40, dirty = false"
    assert_refused "beyond the KV migration version"
}

@test "who went back by SQL lets the tables take writes by revert" {
    kept_database
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "UPDATE schema_migrations SET version = 38"
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" "tables still refuse writes" "kv-migrate revert"
    succeeds "${REVERT[@]}"
    assert_equal "$(left_of_guard)" ""
    assert_stamp 38 -
    assert_refused "was not migrated by kv-migrate"
}

@test "a partition that was detached from a kept table takes writes again, too" {
    kept_database
    sql "ALTER TABLE graveler_staging_kv DETACH PARTITION graveler_staging_kv_p3"
    succeeds "${REVERT[@]}" --dry-run
    succeeds "${REVERT[@]}"
    assert_stamp 38 -
    assert_equal "$(left_of_guard)" ""
    sql "INSERT INTO graveler_staging_kv_p3 SELECT * FROM graveler_staging_kv_p3 LIMIT 0"
}

@test "who does not own a table that refuses writes is told so by the dry run, too" {
    local role option
    kept_database
    role=${PGDATABASE}_role
    sql "CREATE ROLE $role LOGIN" "GRANT ALL ON ALL TABLES IN SCHEMA public TO $role" "ALTER TABLE kv OWNER TO $role"
    for option in --dry-run --lock-wait-timeout=1s; do
        PGUSER=$role run --separate-stderr -3 kv-migrate revert "$option" -d "dbname=$PGDATABASE"
        assert_contains "$stderr" "cannot let the legacy tables take writes again" "public.auth_users" "Run as the owner"
    done
    assert_stamp 39 1
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}

@test "a schema version that was set back by hand" {
    local sql before command
    kept_database
    sql "UPDATE schema_migrations SET version = 38"
    before=$(whole_database)
    succeeds kv-migrate status -d "$DSN" --format json
    python3 -c '
import json, sys
status = json.load(sys.stdin)
assert status["state"] == "version_set_back" and status["next"].startswith("kv-migrate revert "), status' <<<"$output"
    for command in "up" "up --kv-enabled --no-settings" "up --kv-enabled --no-settings --dry-run" cleanup verify; do
        # shellcheck disable=SC2086 # words
        fails 5 kv-migrate $command -d "$DSN"
        assert_contains "$stderr" "its schema version was set back to 38 by hand" "kv-migrate revert"
    done
    assert_equal "$(whole_database)" "$before"
    sql=$(sed -n 's/^hint: .*go on with the KV store: //p' <<<"$stderr")

    succeeds "${REVERT[@]}" --dry-run
    assert_contains "$output" "38, would be 38" "would become kv_reverted_"
    lakefs_writes
    assert_refused "was written to after the migration" --lose-writes
    sql "DELETE FROM kv WHERE key = 'users/new'"
    succeeds "${REVERT[@]}"
    assert_stamp 38 -
    assert_equal "$(left_of_guard)" ""
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_stamp 39 1

    # The other way.
    sql "UPDATE schema_migrations SET version = 38" "$sql"
    assert_stamp 39 1
    succeeds kv-migrate cleanup -d "$DSN"
}

@test "nothing of a store that is gone can be lost" {
    kept_database
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE"
    succeeds "${REVERT[@]}" --dry-run
    assert_contains "$output" "39, would be 38" "none"
    assert_stamp 39 -
    succeeds "${REVERT[@]}"
    assert_stamp 38 -
    assert_equal "$(left_of_guard)" ""
    refute_contains "$stderr" "is kept as table"
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'written after', 'identity', 'data')"
    drop_database
    # Without the tables there is nothing to go back to.
    kept_database
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "DROP TABLE gateway_multiparts"
    assert_refused "legacy tables are missing"
}

@test "it holds the migration lock, and waits for nobody forever" {
    local before
    kept_database
    before=$(whole_database)
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${REVERT[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    hold "UPDATE kv SET value = value WHERE partition_key = 'auth'"
    fails 5 "${REVERT[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "another session is writing to the table kv"
    release
    hold "SELECT * FROM auth_users"
    fails 5 "${REVERT[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "another session is using the tables"
    release
    assert_equal "$(whole_database)" "$before"
    hold "UPDATE kv SET value = value WHERE partition_key = 'auth'"
    background "${REVERT[@]}" --lock-wait-timeout=1h
    eventually someone_waits
    # What is committed while it waits counts.
    printf '%s;\nCOMMIT;\n' "INSERT INTO kv VALUES ('auth', 'users/new', 'new')" >&"$HOLDER_INPUT"
    background_ends 5
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "was written to after the migration"
}

@test "its options are its own" {
    kept_database
    fails 1 kv-migrate cleanup -d "$DSN" --lose-writes
    assert_contains "$stderr" "--lose-writes goes with the command revert only"
    fails 1 kv-migrate cleanup -d "$DSN" --dry-run
    assert_contains "$stderr" "--dry-run goes with the commands up and revert only"
}
