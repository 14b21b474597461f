#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A standby, and a connection pooler in front of the server.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/dev/throwaway-postgres.sh
source "${BATS_TEST_FILENAME%/*}/../../../scripts/dev/throwaway-postgres.sh"

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_esti_template
    if has_pg_basebackup; then
        # A socket's path must be short.
        STANDBY_DIR=$(mktemp -d /tmp/kv-standby.XXXXXX)
        export STANDBY_DIR
        throwaway_postgres_standby "$STANDBY_DIR"
    fi
}

teardown_file() {
    if [ -n "${STANDBY_DIR-}" ]; then
        throwaway_postgres_stop "$STANDBY_DIR"
    fi
    drop_templates
}

setup() {
    make_scratch
    DUMP=$BATS_TEST_TMPDIR/esti.dump
}

teardown() {
    stop_pgbouncer
    clean_up
    assert_scratch_empty
}

legacy_database() {
    fresh_database TEMPLATE "$ESTI"
    STANDBY_DSN="host=$STANDBY_DIR/socket port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
}

# A standby -----------------------------------------------------------------------------------------------------------

# standby_follows: waits until the standby has replayed everything.
standby_follows() {
    MARK=$((${MARK-0} + 1))
    sql "COMMENT ON DATABASE $PGDATABASE IS 'mark $MARK'"
    eventually standby_has_mark
}

standby_has_mark() {
    # Regardless of the database's default.
    [ "$(PGOPTIONS="-c default_transaction_isolation=read\\ committed" psql -XAtq -d "$STANDBY_DSN" -c "SELECT shobj_description(oid, 'pg_database') FROM pg_database
        WHERE datname = current_database()")" = "mark $MARK" ]
}

@test "kv-export reads a standby, with one connection and with many" {
    needs_pg_basebackup
    local jobs
    legacy_database
    standby_follows
    assert_equal "$(psql -XAtq -d "$STANDBY_DSN" -c "SELECT pg_is_in_recovery()")" t
    kv-export -d "$DSN" --blockstore-path "$BLOCKSTORE" --quiet -f "$DUMP"
    for jobs in 1 4; do
        succeeds kv-export -d "$STANDBY_DSN" --blockstore-path "$BLOCKSTORE" -j "$jobs" -f "$DUMP.$jobs"
        assert_same_entries "$DUMP" "$DUMP.$jobs"
    done
    # Also if transactions are serializable by default, which is impossible on a standby.
    sql "ALTER DATABASE $PGDATABASE SET default_transaction_isolation = serializable"
    standby_follows
    succeeds kv-export -d "$STANDBY_DSN" --blockstore-path "$BLOCKSTORE" -j 2 -f "$DUMP.5"
    assert_same_entries "$DUMP" "$DUMP.5"
}

@test "a standby is not a target: kv-import and kv-migrate refuse it" {
    needs_pg_basebackup
    local before
    legacy_database
    standby_follows
    before=$(legacy_digest)
    kv-export -d "$STANDBY_DSN" --no-settings --quiet -f "$DUMP"
    fails 5 kv-import -d "$STANDBY_DSN" "$DUMP"
    assert_contains "$stderr" "standby" "hint: "
    fails 5 kv-migrate up --kv-enabled --no-settings -d "$STANDBY_DSN"
    assert_contains "$stderr" "standby" "hint: "
    fails 5 kv-migrate cleanup -d "$STANDBY_DSN"
    assert_contains "$stderr" "standby"
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$before"
}

@test "after an export from a standby the primary can be cleaned up, if nothing was written since" {
    needs_pg_basebackup
    legacy_database
    standby_follows
    kv-export -d "$STANDBY_DSN" --blockstore-path "$BLOCKSTORE" --quiet -f "$DUMP"
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_kv_as_expected
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
}

@test "a row being written while the standby was read prevents the load" {
    needs_pg_basebackup
    legacy_database
    hold "UPDATE auth_users SET friendly_name = 'late'"
    # Finish a younger transaction, so that the standby's snapshot's xmax is after the open one.
    sql "CREATE TABLE younger (a int)"
    standby_follows
    kv-export -d "$STANDBY_DSN" --no-settings --quiet -f "$DUMP"
    printf 'COMMIT;\n' >&"$HOLDER_INPUT"
    release
    assert_sql t "SELECT bool_and(friendly_name = 'late') FROM auth_users"
    fails 5 kv-import -d "$DSN" --quiet "$DUMP"
    assert_contains "$stderr" "the dump is stale" auth_users
    assert_stamp 38 -
}

# A connection pool ---------------------------------------------------------------------------------------------------

POOL_SIZE=12

# pool_database MODE [SETTING...]: a legacy database behind a pooler. Sets MIGRATE.
pool_database() {
    local mode=$1
    shift
    legacy_database
    start_pgbouncer "pool_mode = $mode" "$@"
    MIGRATE=(kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$POOL_DSN")
}

# pool_sessions: prints what later users find in each session of the pool: changed settings, locks, temporary objects,
# prepared statements, channels. Queries all sessions at once, so that none is queried twice.
pool_sessions() {
    local number out=$BATS_TEST_TMPDIR/sessions pids=()
    rm -f "$out".*
    hold "SELECT pg_advisory_xact_lock(4711)"
    for ((number = 0; number < POOL_SIZE; number++)); do
        psql -XAtq -v ON_ERROR_STOP=1 -d "$POOL_DSN" >"$out.$number" 3>&- <<'SQL' &
BEGIN;
SELECT pg_advisory_xact_lock_shared(4711);
SELECT 'pid', pg_backend_pid();
SELECT 'setting', name, setting FROM pg_settings WHERE source = 'session' ORDER BY name;
SELECT 'lock', locktype, objid FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objid <> 4711;
SELECT 'temporary', relname FROM pg_class WHERE relpersistence = 't' AND relnamespace = pg_my_temp_schema();
SELECT 'prepared', name FROM pg_prepared_statements;
SELECT 'channel', pg_listening_channels();
SELECT 'cursor', name FROM pg_cursors;
COMMIT;
SQL
        pids+=($!)
    done
    eventually all_wait
    release
    for number in "${pids[@]}"; do
        wait "$number"
    done
    assert_equal "$(cat "$out".* | grep '^pid' | sort -u | wc -l)" "$POOL_SIZE" >&2
    cat "$out".* | grep -v '^$\|^pid' | LC_ALL=C sort | uniq
}

all_wait() {
    [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted")" = "$POOL_SIZE" ]
}

@test "session pooling: up, and separate programs" {
    local before
    pool_database session "default_pool_size = $POOL_SIZE"
    before=$(pool_sessions)
    succeeds "${MIGRATE[@]}"
    assert_esti_in_pool
    assert_equal "$(pool_sessions)" "$before"
}

@test "transaction pooling: up, from the oldest schema" {
    local before
    legacy_database
    drop_database
    fresh_database
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    start_pgbouncer "pool_mode = transaction" "default_pool_size = $POOL_SIZE"
    before=$(pool_sessions)
    succeeds kv-migrate up -d "$POOL_DSN"
    assert_stamp 38 -
    legacy_rows >"$BATS_TEST_TMPDIR/rows"
    diff -u "$FIXTURES_DIR/versions/v21.rows38.jsonl" "$BATS_TEST_TMPDIR/rows"
    assert_equal "$(pool_sessions)" "$before"
}

@test "transaction pooling: up" {
    local before
    pool_database transaction "default_pool_size = $POOL_SIZE"
    before=$(pool_sessions)
    succeeds "${MIGRATE[@]}" -j 3
    assert_esti_in_pool
    assert_equal "$(pool_sessions)" "$before"
}

@test "transaction pooling: export, import and cleanup separately, and a held lock" {
    local before
    pool_database transaction "default_pool_size = $POOL_SIZE"
    before=$(pool_sessions)
    kv-export -d "$POOL_DSN" --blockstore-path "$BLOCKSTORE" --quiet -j 3 -f "$DUMP"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$POOL_DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_contains "$stderr" "$HOLDER_BACKEND"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    kv-import -d "$POOL_DSN" --quiet -j 3 "$DUMP"
    assert_kv_as_expected
    succeeds kv-migrate cleanup -d "$POOL_DSN"
    assert_esti_in_pool
    assert_equal "$(pool_sessions)" "$before"
}

@test "a pool of transactions: run-time parameters of the connection string, which the pool ignores at start-up" {
    local before dsn
    pool_database transaction "default_pool_size = $POOL_SIZE" "ignore_startup_parameters = search_path"
    sql "ALTER SCHEMA public RENAME TO lakefs" "CREATE SCHEMA public"
    before=$(pool_sessions)
    fails 1 kv-migrate status -d "$POOL_DSN search_path=lakefs nosuch=1"
    assert_contains "$stderr" "nosuch"
    dsn="$POOL_DSN search_path='lakefs, public' timezone=Asia/Tokyo role=$PGUSER"
    kv-export -d "$dsn" --blockstore-path "$BLOCKSTORE" --quiet -j 3 -f "$DUMP"
    succeeds kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$dsn" -j 3
    assert_sql 39 "SELECT version FROM lakefs.schema_migrations"
    assert_sql "" "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert_equal "$(pool_sessions)" "$before"
}

@test "a pool of transactions whose sessions others have spoilt" {
    local number
    pool_database transaction "default_pool_size = 1"
    # The next user of the one session finds this.
    psql -XAtq -d "$POOL_DSN" -c "SET search_path = nowhere" -c "SET statement_timeout = 100" -c "SET DateStyle = 'German'" \
        -c "SET row_security = on" -c "SET default_transaction_read_only = on" -c "SET bytea_output = escape"
    assert_equal "$(psql -XAtq -d "$POOL_DSN" -c "SHOW search_path")" nowhere
    kv-export -d "$POOL_DSN" --blockstore-path "$BLOCKSTORE" --quiet -j 1 -f "$DUMP"
    kv-export -d "$DSN" --blockstore-path "$BLOCKSTORE" --quiet -j 1 -f "$DUMP.direct"
    assert_same_entries "$DUMP" "$DUMP.direct"
}

@test "a pool that is too small: nothing is half done" {
    local mode size
    for mode in session transaction; do
        for size in 1 3; do
            echo "== $mode $size"
            pool_database "$mode" "default_pool_size = $size" "query_wait_timeout = 1"
            run --separate-stderr "${MIGRATE[@]}" -j 4
            printf 'standard error: %s\n' "$stderr"
            if [ "$status" -eq 0 ]; then
                assert_esti_in_pool
            else
                assert_equal "$status" 2
                assert_contains "$stderr" "kv-migrate: error: " query_wait_timeout
                assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
                assert_sql "38|f" "SELECT * FROM schema_migrations"
                succeeds kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN"
                assert_esti_in_pool
            fi
            stop_pgbouncer
            drop_database
        done
    done
}

# The pool's own sessions are still there.
assert_esti_in_pool() {
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    assert_sql 0 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
}
