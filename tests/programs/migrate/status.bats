#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate status: where a database stands, in every possible state, and what to do next.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/dev/throwaway-postgres.sh
source "${BATS_TEST_FILENAME%/*}/../../../scripts/dev/throwaway-postgres.sh"

load ../../lib/setup

setup_file() {
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" -c "INSERT INTO auth_users (id, created_at, display_name) VALUES
        (1, '2020-01-01 00:00:00Z', 'user')"
    # The same, migrated, with the legacy tables kept.
    fresh_database TEMPLATE "$SMALL"
    kv-migrate up --kv-enabled --keep-tables -q -d "$DSN"
    keep_database KEPT
}

setup() {
    make_scratch
}

teardown() {
    if [ -n "${STANDBY_DIR-}" ]; then
        throwaway_postgres_stop "$STANDBY_DIR"
    fi
    clean_up
    assert_scratch_empty
}

# A database of its own: a copy cannot be cleaned up.
migrated_database() {
    fresh_database TEMPLATE "$SMALL"
    kv-migrate up --kv-enabled --no-settings --keep-tables -q
}

# set_kv_version TEXT
set_kv_version() {
    sql "UPDATE kv SET value = '$1' WHERE partition_key = 'kv-internal-metadata'"
}

# shown LABEL: prints the text after the label in the output, its lines joined.
shown() {
    awk -v label="$1:" '
        index($0, label) == 1 { on = 1; printf "%s", substr($0, 18); next }
        on && /^ / { printf " %s", substr($0, 18); next }
        { on = 0 }' <<<"$output"
}

# status_is STATE NEXT [ARGUMENT...]: kv-migrate status, with these arguments, ends with 0 and prints exactly that;
# STATE may be the beginning of the printed state, and NEXT a pattern. It changes nothing, and its lines fit in 80 columns.
status_is() {
    local state=$1 next=$2 before
    shift 2
    before=$(whole_database)
    succeeds kv-migrate status "$@"
    echo "$output"
    assert_equal "$stderr" ""
    # shellcheck disable=SC2053 # NEXT may be a pattern
    [[ $(shown next) == $next || $(shown next) == "$next" ]]
    [[ $(shown state) == "$state"* ]]
    assert_equal "$(grep -v '^next:' <<<"$output" | grep -E '.{80}' || true)" ""
    assert_equal "$(whole_database)" "$before"
}

@test "an empty database" {
    fresh_database
    status_is "not a lakeFS database" nothing
    assert_equal "$(shown 'schema version')" none
    assert_equal "$(shown 'KV version')" none
    assert_equal "$(shown 'legacy tables')" 0
    assert_equal "$(shown database)" "$PGDATABASE, schema public"
}

@test "legacy, below the last schema version, and at it" {
    fresh_database
    apply_migrations 21 30
    set_schema_version 30
    status_is "legacy, below the last schema version" "kv-migrate up --kv-enabled"
    assert_equal "$(shown 'schema version')" 30
    assert_equal "$(shown 'last version')" "38, KV migration version 39"
    kv-migrate up -q
    status_is "legacy, at the last schema version" "kv-migrate up --kv-enabled"
    assert_equal "$(shown 'schema version')" 38
    assert_equal "$(shown 'KV version')" none
    assert_equal "$(shown 'legacy tables')" "$LEGACY_TABLE_COUNT: $(legacy_tables | xargs)"
    assert_equal "$(shown 'KV table loaded')" ""
}

@test "a dirty schema" {
    fresh_database TEMPLATE "$SMALL"
    sql "UPDATE schema_migrations SET version = 30, dirty = true"
    status_is "dirty" "UPDATE public.schema_migrations SET version = N, dirty = false"
    assert_equal "$(shown 'schema version')" "30 (dirty)"
}

@test "versions without a migration, below and above" {
    fresh_database TEMPLATE "$SMALL"
    sql "UPDATE schema_migrations SET version = 20"
    status_is "there is no schema migration for version 20" "by hand, as the state says"
    sql "UPDATE schema_migrations SET version = 40"
    status_is "beyond the KV migration version" nothing
}

@test "a KV migration that failed before the stamp" {
    fresh_database TEMPLATE "$KEPT"
    sql "UPDATE schema_migrations SET version = 38"
    set_kv_version 0
    status_is "legacy: a KV migration failed before its stamp" "kv-migrate up --kv-enabled"
    assert_contains "$(shown 'KV version')" "0 (an unfinished load)"
    # The suggested command works.
    kv-migrate up --kv-enabled -q
    assert_stamp 39 1
}

@test "migrated, with and without legacy tables" {
    local from
    from=$(psql -XAtq -d "$KEPT" -c "SELECT obj_description('kv'::regclass)::jsonb #>> '{source,database}'")
    fresh_database TEMPLATE "$KEPT"
    status_is "migrated; legacy tables are left" "start lakeFS 0.80.0 to 0.97.x; or run *"
    # The way back is not given up before lakeFS has run.
    assert_equal "$(shown later)" "when all is well, drop the legacy tables: kv-migrate cleanup"
    assert_equal "$(shown 'schema version')" 39
    assert_equal "$(shown 'KV version')" 1
    [[ $(shown 'legacy tables') == "$LEGACY_TABLE_COUNT: "*" graveler_staging_kv "* ]]
    local time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
    [[ $(shown 'KV table loaded') =~ ^$time,\ from\ database\ \"$from\",\ schema\ \"public\",\ as\ it\ was\ at\ $time$ ]]
    # The recorded times are current, in seconds.
    sql "SELECT 1 / (abs(extract(epoch FROM now() - (obj_description('kv'::regclass)::jsonb ->> 'imported')::timestamptz))
        < 3600)::int" >"$BATS_TEST_TMPDIR/out"
    drop_database
    migrated_database
    kv-migrate cleanup -q
    status_is "migrated" "start lakeFS 0.80.0 to 0.97.x; or run *"
    assert_equal "$(shown state)" "migrated"
    assert_equal "$(shown 'legacy tables')" 0
}

@test "a KV table of unrecorded origin, or of another program" {
    local note
    fresh_database TEMPLATE "$KEPT"
    for note in NULL "'made by hand'" "'{\"source_rows\" and more}'"; do
        sql "COMMENT ON TABLE kv IS $note"
        status_is "migrated; legacy tables are left" "start lakeFS 0.80.0 to 0.97.x; or run *"
        assert_contains "$(shown 'KV table loaded')" "unknown"
    done
}

@test "a store that kv-import --clean has replaced" {
    local table
    fresh_database TEMPLATE "$KEPT"
    assert_equal "$(shown 'kept store')" ""
    kv-export --source=kv -q -d "$DSN" -f "$BATS_TEST_TMPDIR/store.dump"
    allow_writes
    sql "DROP TABLE $(legacy_tables | paste -sd,) CASCADE" 2>/dev/null
    kv-import --clean -q -d "$DSN" "$BATS_TEST_TMPDIR/store.dump"
    table=$(sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_before_[0-9_]+$' AND relkind = 'p'")
    status_is "migrated" "start lakeFS 0.80.0 to 0.97.x; or run *"
    [[ $(shown 'kept store') =~ ^$table,\ about\ [0-9.]+\ kB: ]]
    succeeds kv-migrate status --format=json
    assert_contains "$output" "\"kept_store\":{\"table\":\"$table\",\"estimated_bytes\":"
    kv-import --forget -q -d "$DSN"
    assert_equal "$(shown 'kept store')" ""
}

@test "at the KV migration version with an unstamped table kv" {
    fresh_database TEMPLATE "$KEPT"
    set_kv_version 0
    status_is "at the KV migration version, but the table kv is not stamped" "kv-import -d * FILE"
    assert_equal "$(shown 'runs on it')" "no lakeFS: version 0 is an unfinished load"
    set_kv_version one
    status_is "at the KV migration version, but the table kv is not stamped" "find out what wrote it*"
    assert_contains "$(shown 'runs on it')" "not a number"
    sql "DELETE FROM kv WHERE partition_key = 'kv-internal-metadata'"
    status_is "at the KV migration version, but the table kv is not stamped" "by hand, as the state says"
    assert_contains "$(shown 'runs on it')" "start empty"
    sql "DROP TABLE kv CASCADE"
    status_is "at the KV migration version, but the table kv is not stamped" "kv-migrate revert"
    assert_contains "$(shown 'runs on it')" "start empty"
}

@test "an unrelated relation kv, and one that was loaded beside a legacy schema" {
    fresh_database TEMPLATE "$SMALL"
    sql "CREATE TABLE kv (a int)"
    status_is "legacy, but a relation kv is in the way" "by hand, as the state says"
    drop_database
    fresh_database TEMPLATE "$KEPT"
    allow_writes
    sql "UPDATE schema_migrations SET version = 38"
    status_is "legacy, but its table kv is stamped as migrated" "by hand, as the state says"
}

@test "a KV store without a legacy database, loaded and half loaded" {
    migrated_database
    kv-migrate cleanup -q
    sql "DROP TABLE schema_migrations"
    status_is "a KV store without a legacy database beside it" "start lakeFS 0.80.0 to 0.97.x; or run *"
    set_kv_version 0
    status_is "a KV store whose load failed" "kv-import -d $PGDATABASE --schema public FILE"
}

@test "legacy tables without a schema version" {
    fresh_database TEMPLATE "$SMALL"
    sql "DELETE FROM schema_migrations"
    status_is "legacy tables without a schema version" "by hand, as the state says"
}

@test "status does not wait for the lock: it reports the holder" {
    fresh_database TEMPLATE "$SMALL"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    # It would wait forever.
    status_is "legacy, at the last schema version (a migration is running" "kv-migrate status" --lock-wait-timeout=0
    assert_contains "$(shown 'migration lock')" "held by process $HOLDER_BACKEND of user \"$PGUSER\" (application \"psql\", since "
    release
    status_is "legacy, at the last schema version" "kv-migrate up --kv-enabled"
    drop_database
    fresh_database TEMPLATE "$KEPT"
    sql "UPDATE schema_migrations SET version = 38"
    set_kv_version 0
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    status_is "legacy: the table kv is being loaded (a migration is running" "kv-migrate status" --lock-wait-timeout=0
    release
    status_is "legacy: a KV migration failed before its stamp" "kv-migrate up --kv-enabled"
    assert_equal "$(shown 'migration lock')" ""
}

@test "status does not wait for a locked table kv either" {
    fresh_database TEMPLATE "$KEPT"
    hold "LOCK TABLE kv IN ACCESS EXCLUSIVE MODE"
    # pg_dump would wait.
    succeeds kv-migrate status --lock-wait-timeout=0
    assert_contains "$(shown 'KV version')" "unknown" "lock timeout"
    assert_contains "$(shown state)" "cannot be read"
    assert_equal "$(shown next)" "by hand, as the state says"
}

@test "a read-only role" {
    local role grant
    fresh_database TEMPLATE "$KEPT"
    role=${PGDATABASE}_reader
    sql "CREATE ROLE $role LOGIN" "GRANT SELECT ON schema_migrations, kv TO $role"
    PGUSER=$role succeeds kv-migrate status
    assert_contains "$(shown later)" "kv-migrate cleanup"
    assert_equal "$(shown 'KV version')" 1
    sql "REVOKE SELECT ON kv FROM $role"
    PGUSER=$role succeeds kv-migrate status
    assert_contains "$(shown 'KV version')" "unknown" "permission denied"
    grant=$(shown next)
    assert_equal "$grant" "GRANT SELECT ON public.kv TO $role"
    # The commands say it, too.
    PGUSER=$role fails 3 kv-migrate up -d "dbname=$PGDATABASE"
    assert_contains "$stderr" "permission denied for table kv" "GRANT SELECT ON public.kv TO $role"
    sql "$grant"
    PGUSER=$role succeeds kv-migrate status
    assert_equal "$(shown 'KV version')" 1
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}

@test "a standby" {
    needs_pg_basebackup
    fresh_database TEMPLATE "$SMALL"
    STANDBY_DIR=$(TMPDIR=/tmp mktemp -d /tmp/kv-standby.XXXXXX)
    throwaway_postgres_standby "$STANDBY_DIR"
    succeeds kv-migrate status -h "$STANDBY_DIR/socket"
    assert_contains "$(shown state)" "legacy, at the last schema version; this server is a standby" primary
    assert_equal "$(shown 'schema version')" 38
}

@test "the next command is for the same database, and holds no password" {
    fresh_database TEMPLATE "$SMALL"
    sql 'ALTER SCHEMA public RENAME TO "Lake FS"' "CREATE SCHEMA public"
    status_is legacy "kv-migrate up --kv-enabled -d $PGDATABASE \"--schema=Lake FS\"" -d "$PGDATABASE" --schema="Lake FS"
    status_is legacy "kv-migrate up --kv-enabled -h $PGHOST --port=$PGPORT -U $PGUSER \"--schema=Lake FS\" -d $PGDATABASE" \
        -h "$PGHOST" --port "$PGPORT" "-U$PGUSER" --schema "Lake FS" -q "$PGDATABASE"
    succeeds kv-migrate status "postgres://$PGUSER:s3cret@/$PGDATABASE?host=$PGHOST&port=$PGPORT" --schema "Lake FS"
    [[ $output != *s3cret* ]]
    # A shell can read it.
    eval "$(shown next) --no-settings -q"
    assert_sql 39 'SELECT version FROM "Lake FS".schema_migrations'
}

@test "version is an alias" {
    fresh_database TEMPLATE "$KEPT"
    succeeds kv-migrate version
    local old=$output
    succeeds kv-migrate status
    assert_equal "$old" "$output"
}

@test "an unreachable server, and a missing schema" {
    fails 2 kv-migrate status -d "host=/nonexistent dbname=x"
    fresh_database
    fails 1 kv-migrate status --schema nowhere
}
