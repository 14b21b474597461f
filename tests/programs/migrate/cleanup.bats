#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The cleanup, when it must not or cannot drop the legacy tables.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 100
}

setup() {
    make_scratch
    EVENT=$BATS_TEST_TMPDIR/event
}

legacy_database() {
    fresh_database TEMPLATE "$SMALL"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings -d "$DSN")
}

assert_migrated() {
    assert_stamp 39 1
    assert_sql 104 "SELECT count(*) FROM kv"
}

# What was written ----------------------------------------------------------------------------------------------------

@test "the refusal reports how many rows of each table were written or removed" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    allow_writes
    sql "INSERT INTO graveler_staging_kv SELECT 'token', int4send(n), 'i', 'd' FROM generate_series(101, 107) AS n" \
        "DELETE FROM graveler_staging_kv WHERE key <= int4send(3)" \
        "UPDATE graveler_branches SET commit_id = 'c2'" \
        "TRUNCATE graveler_repositories" \
        "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'new'), (3, now(), 'newer')"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "graveler_staging_kv: 7 rows inserted or updated, 3 rows deleted or updated" \
        "graveler_branches: 1 row inserted or updated, 1 row deleted or updated" \
        "graveler_repositories: 0 rows inserted or updated, 1 row deleted or updated" \
        "auth_users: 2 rows inserted or updated, 0 rows deleted or updated"
    refute_contains "$(grep '^detail: ' <<<"$stderr")" auth_groups graveler_commits
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a table that ALTER TABLE has rewritten is told from one that was written to, as far as possible" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "ALTER TABLE graveler_branches ADD COLUMN q double precision DEFAULT random()"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "legacy tables may have been written to" \
        "detail: graveler_branches: 1 row inserted or updated, 1 row deleted or updated, or the whole table was rewritten (by ALTER TABLE)." \
        "drop the tables by hand: DROP TABLE"
    # A table with older rows was not rewritten.
    allow_writes
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'new')"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "auth_users: 1 row inserted or updated, 0 rows deleted or updated; graveler_branches: "
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

# assert_late_noticed: a row that the holder's transaction has changed and that commits after the export is noticed: by
# the import, and by the cleanup if it commits even later, where nobody has kept the writer out.
assert_late_noticed() {
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/early.dump"
    printf "SELECT pg_advisory_lock(%s), 'locked';\n" "$(lock_key public "$PGDATABASE")" >&"$HOLDER_INPUT"
    eventually grep -q locked "$BATS_TEST_TMPDIR/holder/out"
    kv-import -d "$DSN" --quiet --lock-held-by="$HOLDER_BACKEND" "$BATS_TEST_TMPDIR/early.dump"
    printf 'COMMIT;\n' >&"$HOLDER_INPUT"
    release
    assert_sql late "SELECT friendly_name FROM auth_users"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "auth_users: 1 row inserted or updated, 1 row deleted or updated"
    fails 5 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/early.dump"
    assert_contains "$stderr" "the dump is stale" "auth_users: 1 row inserted or updated, 1 row deleted or updated"
}

@test "cleanup and import notice rows of a transaction that was open when the export began" {
    legacy_database
    # The row's transaction is older than many that the export has seen.
    hold "UPDATE auth_users SET friendly_name = 'late'"
    assert_late_noticed
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "cleanup and import notice rows of a subtransaction that was open when the export began" {
    legacy_database
    hold "LOCK TABLE auth_users IN ROW EXCLUSIVE MODE; SELECT txid_current(); SAVEPOINT s;
        UPDATE auth_users SET friendly_name = 'late'; RELEASE s"
    # Finish a younger transaction, so that the snapshot's xmax is after the open one.
    sql "CREATE TABLE younger (a int)"
    assert_late_noticed
}

@test "open transactions on other tables do not prevent the cleanup after kv-migrate" {
    legacy_database
    hold "CREATE TABLE elsewhere (a int)"
    # Younger than the open transaction, and visible to the export.
    sql "UPDATE auth_users SET friendly_name = 'early'"
    succeeds "${MIGRATE[@]}" --keep-tables
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
}

@test "a row hidden by row security is not treated as missing" {
    local owner
    legacy_database
    owner=${PGDATABASE}_owner
    own_everything "$owner"
    "${MIGRATE[@]}" --keep-tables --quiet
    allow_writes
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'hidden')" \
        "ALTER TABLE auth_users ENABLE ROW LEVEL SECURITY" "ALTER TABLE auth_users FORCE ROW LEVEL SECURITY" \
        "CREATE POLICY visible ON auth_users USING (id < 2)"
    PGUSER=$owner run ! kv-migrate cleanup -d "dbname=$PGDATABASE"
    assert_contains "$output" "row-level security" auth_users
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $owner"
}

@test "a store that has lost a partition is no reason to drop tables, and is not taken for a whole one" {
    local partition
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    kv-export -q --source kv -d "$DSN" -f "$BATS_TEST_TMPDIR/whole.dump"
    partition=$(sql "SELECT tableoid::regclass FROM kv WHERE partition_key <> 'kv-internal-metadata' LIMIT 1")
    sql "ALTER TABLE kv DETACH PARTITION $partition"
    for _ in detached renamed; do
        fails 5 kv-migrate cleanup -d "$DSN"
        assert_contains "$stderr" 'table "kv" lacks partitions' "It has 99" "Attach"
        run -0 kv-migrate status -d "$DSN"
        assert_contains "$output" "lacks partitions"
        fails 5 kv-export -q --source kv -d "$DSN" -f "$BATS_TEST_TMPDIR/part.dump"
        fails 5 kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/whole.dump"
        fails 5 kv-import --clean -d "$DSN" "$BATS_TEST_TMPDIR/whole.dump"
        assert_sql 1 "SELECT count(*) FROM graveler_branches"
        [ "$partition" = old ] || sql "ALTER TABLE $partition RENAME TO old"
        partition=old
    done
}

@test "tables are not dropped for a store loaded from another cluster's dump" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "DO \$\$ BEGIN EXECUTE format('COMMENT ON TABLE kv IS %L', jsonb_set(obj_description('kv'::regclass)::jsonb,
        '{source,system_identifier}', '\"1234567890\"')); END \$\$"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" cluster "DROP TABLE"
    sql "COMMENT ON TABLE kv IS NULL"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" comment "DROP TABLE"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

# What cannot be dropped ----------------------------------------------------------------------------------------------

# keep_first: migrates, and lets the next check_event fail in the command cleanup: up finds what depends on the tables
# in advance, and refuses.
keep_first() {
    "${MIGRATE[@]}" --keep-tables --quiet
    CLEANING=(kv-migrate cleanup -d "$DSN")
}

# check_event TEXT UNDO...: up ends with 6 because the cleanup fails, and its explanation contains the text. The
# migration stands and is not repeated. After the statements UNDO, the SQL in its hint works.
check_event() {
    local text=$1 statement before
    shift
    run --separate-stderr -6 "${CLEANING[@]-${MIGRATE[@]}}" --lock-wait-timeout=1s --on-event "cat >'$EVENT'"
    printf 'standard error: %s\n' "$stderr"
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_contains "$stderr" "kv-migrate: event: " "$text" "migration itself succeeded"
    refute_contains "$stderr" "error: "
    check_event_line "$text"
    assert_contains "$stderr" "$statement"

    before=$(kv_state)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" "$LEGACY_TABLE_COUNT legacy tables are left" "kv-migrate cleanup"
    assert_equal "$(kv_state)" "$before"

    release
    if [ $# -gt 0 ]; then
        sql "$@"
    fi
    sql "$statement"
    assert_equal "$(legacy_tables)" ""
    assert_equal "$(kv_state)" "$before"
    assert_migrated
}

# check_event_line TEXT: --on-event got one JSON line that says the same. Sets statement to its SQL.
check_event_line() {
    assert_equal "$(wc -l <"$EVENT")" 1
    statement=$(python3 -c '
import json, re, sys
event = json.loads(sys.stdin.read())
assert event["program"] == "kv-migrate" and event["level"] == "error" and event["event"] == "cleanup_failed", event
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event
assert event["message"] and sys.argv[1] in event["detail"] and event["sql"] in event["hint"], event
print(event["sql"])' "$1" <"$EVENT")
}

@test "a view on a legacy table" {
    legacy_database
    keep_first
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    check_event "view public.report depends on table public.auth_users" "DROP VIEW report"
}

@test "a materialized view on a legacy table" {
    legacy_database
    keep_first
    sql "CREATE MATERIALIZED VIEW report AS SELECT staging_token, count(*) FROM graveler_staging_kv GROUP BY 1"
    check_event "materialized view public.report depends on table public.graveler_staging_kv" "DROP MATERIALIZED VIEW report"
}

@test "a foreign key to a legacy table" {
    legacy_database
    keep_first
    sql "CREATE TABLE report (user_id bigint REFERENCES auth_users (id))" "INSERT INTO report VALUES (1)"
    check_event "report_user_id_fkey on table public.report depends on table public.auth_users" "DROP TABLE report"
}

@test "a function's row type" {
    legacy_database
    keep_first
    sql "CREATE FUNCTION first_user() RETURNS auth_users LANGUAGE sql AS 'SELECT * FROM auth_users LIMIT 1'"
    check_event "function public.first_user() depends on type public.auth_users" "DROP FUNCTION first_user"
}

@test "a session that reads a legacy table for longer than the lock timeout" {
    legacy_database
    hold "SELECT * FROM gateway_multiparts"
    check_event "lock timeout"
}

@test "an event trigger that forbids it" {
    legacy_database
    on_drop "RAISE EXCEPTION 'nobody drops %', dropped.object_name"
    check_event "nobody drops auth_users" "DROP EVENT TRIGGER on_drop"
}

@test "a connection lost while dropping" {
    legacy_database
    on_drop "PERFORM pg_terminate_backend(pg_backend_pid())"
    check_event "terminating connection" "DROP EVENT TRIGGER on_drop"
}

@test "a session terminated while it waits to drop" {
    local statement
    legacy_database
    hold "SELECT * FROM gateway_multiparts"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h --on-event "cat >'$EVENT'"
    eventually someone_waits
    # The stamp is committed before anything is dropped.
    assert_migrated
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'"
    background_ends 6
    check_event_line "terminating connection"
    release
    sql "$statement"
    assert_equal "$(legacy_tables)" ""
    assert_migrated
}

@test "a session lost between the stamp and the cleanup" {
    local before statement
    legacy_database
    sessions_end_with_the_stamp
    run --separate-stderr -6 "${MIGRATE[@]}" --on-event "cat >'$EVENT'"
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    check_event_line "terminating connection"
    before=$(kv_state)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" "$LEGACY_TABLE_COUNT legacy tables are left"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(kv_state)" "$before"
    assert_equal "$(legacy_tables)" ""
}

@test "losing the session after the stamp is not a failure if the tables are kept" {
    legacy_database
    sessions_end_with_the_stamp
    succeeds "${MIGRATE[@]}" --keep-tables --on-event "cat >'$EVENT'"
    assert_missing "$EVENT"
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_sql 1 "SELECT count(*) FROM ended"
}

@test "the command cleanup fails like up's own cleanup, and can be repeated" {
    local before statement
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    before=$(kv_state)
    run --separate-stderr -6 kv-migrate cleanup -d "$DSN" --on-event "cat >'$EVENT'"
    check_event_line "view public.report depends on table public.auth_users"
    assert_contains "$stderr" "Drop first what depends on the tables: view public.report. Then run by hand: DROP TABLE"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    sql "DROP VIEW report"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_equal "$(kv_state)" "$before"
}

@test "a table that inherits from a kept table is kept, with its rows" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "CREATE TABLE own () INHERITS (graveler_tags)" "INSERT INTO own VALUES ('r', 'of the child', 'c')"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "public.own inherits from it" "Its rows are not in the KV store"
    refute_contains "$stderr" "CASCADE" "DROP"
    sql "$(sed -n 's/.*\(ALTER TABLE .*\); then run again.*/\1/p' <<<"$stderr")"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_sql "of the child" "SELECT id FROM own"
}

@test "what is printed to be run by hand works where something depends on the tables, or was detached" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "ALTER TABLE graveler_staging_kv DETACH PARTITION graveler_staging_kv_p3" \
        "CREATE VIEW report AS SELECT display_name FROM auth_users"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "other partitions or children" "drop what depends on them (view public.report), and then drop them by hand"
    sql "SET client_min_messages = warning" "DROP VIEW report" "$(sed -n 's/^hint: .* by hand: //p' <<<"$stderr")"
    assert_equal "$(legacy_tables)" "graveler_staging_kv_p3"
    sql "INSERT INTO graveler_staging_kv_p3 SELECT * FROM graveler_staging_kv_p3 LIMIT 0"
}

@test "the SQL to run by hand names the schema, whatever its name" {
    local statement
    legacy_database
    sql 'ALTER SCHEMA public RENAME TO "Lake ""FS; --"' "CREATE SCHEMA public"
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}" --schema 'Lake "FS; --' --on-event "cat >'$EVENT'"
    check_event_line "a report needs auth_users"
    allow_drop
    sql "$statement"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^(auth|actions|gateway|graveler)_'"
}

# own_everything ROLE: makes a role that owns the schema and its tables, and has no other privileges.
own_everything() {
    sql "CREATE ROLE $1 LOGIN" "ALTER SCHEMA public OWNER TO $1" \
        "DO \$\$ DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')
            AND relnamespace = 'public'::regnamespace LOOP EXECUTE 'ALTER TABLE ' || r || ' OWNER TO $1'; END LOOP; END \$\$"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings -d "host=$PGHOST port=$PGPORT user=$1 dbname=$PGDATABASE")
}

# on_drop STATEMENT: runs the statement when the first legacy table is dropped; the table dropped records which.
on_drop() {
    sql "CREATE FUNCTION on_drop() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
        DECLARE dropped record;
        BEGIN
            FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects()
                WHERE object_type = 'table' AND object_name = 'auth_users' LOOP
                $1;
            END LOOP;
        END \$\$" "CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION on_drop()"
}

# sessions_end_with_the_stamp: when the stamp is committed, terminates the session that holds the migration lock, and
# records it in the table ended.
sessions_end_with_the_stamp() {
    sql "CREATE TABLE ended (pid integer)" \
        "CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS \$\$
        BEGIN
            INSERT INTO public.ended SELECT pid FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid();
            PERFORM pg_terminate_backend(pid) FROM public.ended;
            WHILE EXISTS (SELECT FROM pg_locks WHERE pid IN (SELECT pid FROM public.ended)) LOOP
                PERFORM pg_sleep(0.01);
            END LOOP;
            RETURN NULL;
        END \$\$" \
        "CREATE CONSTRAINT TRIGGER end_sessions AFTER UPDATE ON schema_migrations DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION end_sessions()"
}
