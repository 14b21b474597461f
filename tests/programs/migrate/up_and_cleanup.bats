#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up and kv-migrate cleanup: which legacy tables are dropped, when, and what is reported on failure.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

@test "--keep-tables keeps the legacy tables, cleanup drops them later" {
    local before
    legacy_database
    sql "CREATE TABLE catalog_entries (path text)"
    before=$(legacy_digest)
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_migrated
    assert_equal "$(legacy_digest)" "$before"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_contains "$stderr" cleanup

    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_migrated
    assert_sql "catalog_entries|schema_migrations" "SELECT to_regclass('catalog_entries'), to_regclass('schema_migrations')"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^graveler_staging_kv'"
}

@test "cleanup has nothing to do if there are no legacy tables" {
    legacy_database
    "${MIGRATE[@]}" --quiet
    succeeds kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "nothing to do"
    assert_migrated
}

@test "cleanup of a database that was not migrated is refused" {
    local before
    legacy_database
    before=$(legacy_digest)
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_untouched "$before"
    # An unrelated table.
    sql "CREATE TABLE kv (a int)"
    fails 5 kv-migrate cleanup -d "$DSN"
    succeeds kv-migrate version -d "$DSN"
    drop_database
    fresh_database
    fails 5 kv-migrate cleanup -d "$DSN"
}

@test "a second up reports the remaining tables, and keeps them" {
    local before
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    before=$(legacy_digest)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" "$LEGACY_TABLE_COUNT" cleanup
    assert_equal "$(legacy_digest)" "$before"
    assert_migrated
}

@test "cleanup is refused if a legacy table was written to: insert, update, delete, truncate" {
    local table statement
    while IFS='|' read -r table statement; do
        echo "== $statement"
        legacy_database
        "${MIGRATE[@]}" --keep-tables --quiet
        allow_writes
        sql "$statement"
        fails 5 kv-migrate cleanup -d "$DSN"
        assert_contains "$stderr" "$table"
        assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
        drop_database
    done <<'STATEMENTS'
auth_users|INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'new')
graveler_staging_kv|INSERT INTO graveler_staging_kv VALUES ('token', 'new', 'identity', 'data')
graveler_branches|UPDATE graveler_branches SET commit_id = 'c2'
graveler_staging_kv|DELETE FROM graveler_staging_kv WHERE key = int4send(7)
graveler_repositories|TRUNCATE graveler_repositories
STATEMENTS
    # One that nobody has written to can be cleaned up.
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    allow_writes
    succeeds kv-migrate cleanup -d "$DSN"
}

@test "cleanup names only the tables that were written to, and notices one row replaced by another" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    allow_writes
    sql "DELETE FROM graveler_staging_kv WHERE key = int4send(7)" \
        "INSERT INTO graveler_staging_kv VALUES ('token', int4send(107), 'identity', 'data')"
    fails 5 kv-migrate cleanup -d "$DSN"
    # The hint has the SQL that drops all of them.
    assert_contains "$(grep ^detail: <<<"$stderr")" graveler_staging_kv
    refute_contains "$(grep ^detail: <<<"$stderr")" auth_users graveler_branches
}

@test "cleanup ignores what changes no row" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    allow_writes
    sql "VACUUM (FREEZE, ANALYZE) graveler_staging_kv" "VACUUM FULL auth_users" \
        "BEGIN; INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'never'); ROLLBACK" \
        "SELECT * FROM graveler_branches FOR UPDATE" >"$BATS_TEST_TMPDIR/out"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
}

@test "cleanup works after a separate export and import" {
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet | kv-import -d "$DSN" --quiet
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_migrated
}

@test "a row written between the export and the import is noticed" {
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/before.dump"
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'between')"
    fails 5 kv-import -d "$DSN" --quiet "$BATS_TEST_TMPDIR/before.dump"
    assert_contains "$stderr" "the dump is stale" auth_users
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "was not migrated"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "cleanup requires the lock" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-migrate cleanup -d "$DSN" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a failing cleanup is an event: the migration stands, and the SQL to run is shown" {
    local statement before
    legacy_database
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}" --on-event "cat >'$BATS_TEST_TMPDIR/event'"
    assert_migrated
    # All or nothing.
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_contains "$stderr" "kv-migrate: event: " "DROP TABLE" report

    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/event")" 1
    statement=$(python3 -c '
import json, sys
event = json.loads(sys.stdin.read())
assert event["program"] == "kv-migrate" and event["level"] == "error" and event["event"] == "cleanup_failed" and event["message"] and event["time"], event
print(event["sql"])' <"$BATS_TEST_TMPDIR/event")
    assert_contains "$stderr" "$statement"

    # Running it again does not repeat the migration, and reports the remaining tables.
    before=$(kv_state)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" cleanup
    assert_equal "$(kv_state)" "$before"

    # The SQL does what the cleanup would have done.
    allow_drop
    sql "$statement"
    assert_equal "$(legacy_tables)" ""
    assert_migrated
}

@test "an event is one line of JSON, if JSON is requested" {
    legacy_database
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}" --log-format json
    assert_json_lines kv-migrate kv-export kv-import
    python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
events = [event for event in events if event.get("event") == "cleanup_failed"]
assert len(events) == 1 and "DROP TABLE" in events[0]["sql"], events' <<<"$stderr"
}

@test "a failing event command does not change the outcome" {
    legacy_database
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}" --on-event "exit 3"
    assert_contains "$stderr" "kv-migrate: warning: " --on-event
    assert_migrated
}

@test "a successful cleanup causes no event" {
    legacy_database
    succeeds "${MIGRATE[@]}" --on-event "touch '$BATS_TEST_TMPDIR/event'"
    assert_missing "$BATS_TEST_TMPDIR/event"
}
