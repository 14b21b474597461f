#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Legacy tables that are left after a migration refuse writes: whatever a lakeFS that was left running writes would be read by
# nobody.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up
load ../../lib/surroundings

teardown() {
    clean_up
    drop_role
    rm -rf -- "${REPLAYS:-/nonexistent}"
    assert_scratch_empty
}

# migrate_and_keep: sets MIGRATE, too.
migrate_and_keep() {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
}

# refuses STATEMENT...: the database refuses the last statement, and says why.
refuses() {
    run ! sql "$@"
    assert_contains "$output" "takes no writes: it was migrated to the KV store at 20" "lakeFS 0.80 or later" "kv-migrate revert"
}

# guarded: prints the tables whose trigger fires in every session.
guarded() {
    sql "SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes' AND tgenabled = 'A'
        ORDER BY tgrelid::regclass::text COLLATE \"C\""
}

# left_of_guard: prints what there is of triggers and function.
left_of_guard() {
    sql "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT proname FROM pg_proc
        WHERE proname ~ '^kv_migrate'"
}

# all_tables: prints all legacy tables and partitions.
all_tables() {
    sql "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND relname ~ '^(auth|actions|gateway|graveler)_' ORDER BY relname::text COLLATE \"C\""
}

# assert_guarded: all of them refuse writes.
assert_guarded() {
    assert_equal "$(guarded)" "$(all_tables)"
    assert_equal "$(legacy_tables)" "$(kv-export --list-tables | sort)"
}

# Which writes --------------------------------------------------------------------------------------------------------

@test "every kind of write to every kept table and partition is refused" {
    local table before
    migrate_and_keep
    before=$(legacy_digest)
    assert_guarded
    for table in $(all_tables); do
        printf '%s;\n' "INSERT INTO $table SELECT * FROM $table LIMIT 0" "DELETE FROM $table WHERE false" \
            "TRUNCATE $table CASCADE" "COPY $table FROM '/dev/null'"
    done >"$BATS_TEST_TMPDIR/writes"
    run -0 psql -XAtq -f "$BATS_TEST_TMPDIR/writes"
    assert_equal "$(grep -c 'ERROR: .*takes no writes' <<<"$output")" "$(wc -l <"$BATS_TEST_TMPDIR/writes")"
    refuses "UPDATE graveler_branches SET commit_id = 'c2'"
    refuses "INSERT INTO graveler_staging_kv VALUES ('token', int4send(1), 'i', 'd') ON CONFLICT DO NOTHING"
    refuses "UPDATE graveler_staging_kv_p3 SET data = ''"
    assert_equal "$(legacy_digest)" "$before"
    # Nothing else is.
    sql "INSERT INTO kv VALUES ('a', 'b', 'c')"
}

@test "a session that passes for a replica's is refused, and one with any search_path" {
    migrate_and_keep
    refuses "SET session_replication_role = replica" "DELETE FROM auth_users"
    sql "CREATE SCHEMA mine" "CREATE FUNCTION mine.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'"
    refuses "SET search_path = mine" "DELETE FROM public.auth_users"
    refuses "SET search_path = ''" "DELETE FROM public.auth_users"
}

@test "a partition of a legacy table in another schema refuses, too" {
    legacy_database
    sql 'CREATE SCHEMA "Other one"' "ALTER TABLE graveler_tags RENAME TO old_tags" \
        "CREATE TABLE graveler_tags (LIKE old_tags INCLUDING CONSTRAINTS, PRIMARY KEY (repository_id, id)) PARTITION BY HASH (id)" \
        'CREATE TABLE "Other one"."More tags" PARTITION OF graveler_tags FOR VALUES WITH (MODULUS 1, REMAINDER 0)' \
        "INSERT INTO graveler_tags SELECT * FROM old_tags" "DROP TABLE old_tags"
    "${MIGRATE[@]}" --keep-tables --quiet
    refuses "INSERT INTO \"Other one\".\"More tags\" VALUES ('repo', 't', 'c')"
}

@test "triggers and function belong to the tables' owner, and give nobody a right" {
    role_database "$SMALL"
    kv-migrate up --kv-enabled --no-settings -q --keep-tables -d "$DSN"
    assert_sql "$ROLE|f|0" "SELECT pg_get_userbyid(proowner), prosecdef, pronargs FROM pg_proc
        WHERE proname = 'kv_migrate_refuse_writes'"
    assert_role_fails "takes no writes" "DELETE FROM auth_users"
    as_role "DROP FUNCTION kv_migrate_refuse_writes() CASCADE"
}

# Who has waited ------------------------------------------------------------------------------------------------------

# insert_late TABLE: a writer of an old lakeFS.
insert_late() {
    psql -XAtq -v ON_ERROR_STOP=1 -c "INSERT INTO $1 VALUES ('token', 'late', 'identity', 'data')"
}

# One statement, as bats runs the other one in this process.
writer_waits() {
    [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE 'INSERT INTO graveler_staging_kv%'")" = 1 ]
}

# import_waits: kv-import has loaded all, and waits for the row of schema_migrations.
import_waits() {
    [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE 'UPDATE %schema_migrations%'")" = 1 ]
}

import_is_gone() {
    ! import_waits
}

@test "a writer that has waited for the migration is refused, not acknowledged" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "UPDATE schema_migrations SET dirty = dirty"
    background "${MIGRATE[@]}" --keep-tables --lock-wait-timeout=1h
    eventually import_waits
    also insert_late graveler_staging_kv
    eventually writer_waits
    assert_stamp 38 0
    release
    background_ends 0
    also_ends 1
    assert_contains "$(cat "$OTHER_OUTPUT")" "takes no writes"
    assert_equal "$(legacy_digest)" "$before"
    assert_migrated
}

@test "a writer that has waited for a migration that fails writes as before" {
    legacy_database
    hold "UPDATE schema_migrations SET dirty = dirty"
    background "${MIGRATE[@]}" --keep-tables --lock-wait-timeout=1h
    eventually import_waits
    also insert_late graveler_staging_kv
    eventually writer_waits
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE 'UPDATE %schema_migrations%' AND pid <> $HOLDER_BACKEND AND pid <> pg_backend_pid()" >/dev/null
    eventually import_is_gone
    release
    background_ends 2
    also_ends 0
    assert_equal "$(left_of_guard)" ""
    assert_stamp 38 0
    assert_sql 101 "SELECT count(*) FROM graveler_staging_kv"
}

# When ----------------------------------------------------------------------------------------------------------------

@test "tables that are dropped leave nothing behind, and tables that cannot be dropped refuse writes" {
    legacy_database
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}"
    assert_migrated
    assert_guarded
    allow_drop
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)$(left_of_guard)" ""

    drop_database
    legacy_database
    succeeds "${MIGRATE[@]}"
    assert_equal "$(legacy_tables)$(left_of_guard)" ""
}

@test "an export and an import by hand let the tables refuse writes" {
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/dump"
    succeeds kv-import -d "$DSN" "$BATS_TEST_TMPDIR/dump"
    assert_migrated
    assert_guarded
    # Again, beside the kept tables.
    succeeds kv-import --clean -d "$DSN" "$BATS_TEST_TMPDIR/dump"
    assert_guarded
    succeeds kv-migrate verify -d "$DSN" --no-settings
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(left_of_guard)" ""
}

@test "an import by a role that may lock the tables, but not make triggers, locks them and warns" {
    role_database "$SMALL"
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/dump"
    sql "ALTER TABLE auth_users OWNER TO $PGUSER" "GRANT SELECT, UPDATE ON auth_users TO $ROLE"
    hold "INSERT INTO auth_groups (created_at, display_name) VALUES (now(), 'open')"
    fails 5 kv-import -d "$ROLE_DSN" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "does not end" "Locks are held by process $HOLDER_BACKEND" " on auth_groups."
    assert_stamp 38 0
    release
    succeeds kv-import -d "$ROLE_DSN" "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "warning: the legacy tables" "still take writes" "permission denied for table auth_users" \
        "kv-migrate up"
    assert_stamp 39 1
    assert_equal "$(left_of_guard)" ""
}

@test "an import by a role that may do neither is refused before the load" {
    role_database "$SMALL"
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/dump"
    sql "ALTER TABLE auth_users OWNER TO $PGUSER" "GRANT SELECT ON auth_users TO $ROLE"
    fails 5 kv-import -d "$ROLE_DSN" "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "may not keep writers out" "none of TRIGGER, UPDATE, DELETE, TRUNCATE on public.auth_users." \
        "GRANT TRIGGER ON public.auth_users TO $ROLE"
    assert_stamp 38 -
    # A copy concerns nobody.
    succeeds kv-import -d "$ROLE_DSN" --table=kv2 "$BATS_TEST_TMPDIR/dump"
    sql "GRANT TRIGGER ON auth_users TO $ROLE"
    succeeds kv-import -d "$ROLE_DSN" "$BATS_TEST_TMPDIR/dump"
    refute_contains "$stderr" "warning"
    assert_sql 27 "SELECT count(*) FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes'"
}

@test "a dump that is loaded elsewhere makes nothing" {
    local dump=$BATS_TEST_TMPDIR/dump
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet -f "$dump"
    drop_database
    fresh_database
    kv-import -d "$DSN" --quiet "$dump"
    assert_equal "$(left_of_guard)" ""
}

@test "tables that take writes after a migration: status says so, and up makes them refuse" {
    migrate_and_keep
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$output" "writes to them:  refused"
    refute_contains "$output" "still take writes"
    run -0 kv-migrate status -d "$DSN" --format json
    assert_contains "$output" '"legacy_tables_refuse_writes":true'
    sql "DROP TRIGGER kv_migrate_refuse_writes ON graveler_staging_kv_p7"
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$output" "refused by some tables only" "kv-migrate cleanup"
    allow_writes
    succeeds kv-migrate status -d "$DSN"
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" "still take writes, which nobody reads: kv-migrate up makes them refuse"
    run -0 kv-migrate status -d "$DSN" --format json
    assert_contains "$output" '"legacy_tables_refuse_writes":false'
    # A dry run changes nothing.
    kv-migrate up --dry-run -q -d "$DSN"
    assert_equal "$(left_of_guard)" ""
    succeeds kv-migrate up -d "$DSN"
    assert_contains "$stderr" "nothing to do" "legacy tables and partitions that refuse writes from now on: 27"
    assert_guarded
    succeeds kv-migrate up -d "$DSN"
    refute_contains "$stderr" "refuse writes from now on"
}

@test "where kept tables cannot refuse writes, nothing is migrated: by up and its dry run" {
    local before
    role_database "$SMALL"
    sql "ALTER TABLE auth_users OWNER TO $PGUSER" "GRANT SELECT, UPDATE ON auth_users TO $ROLE"
    before=$(legacy_digest)
    MIGRATE=(kv-migrate up --kv-enabled --no-settings --keep-tables -d "$ROLE_DSN")
    run --separate-stderr -3 "${MIGRATE[@]}" --dry-run
    assert_contains "$stderr" "may not make kept legacy tables refuse writes" "Tables: auth_users." TRIGGER
    fails 3 "${MIGRATE[@]}"
    assert_contains "$stderr" "may not make kept legacy tables refuse writes" "GRANT TRIGGER ON public.auth_users TO $ROLE"
    assert_untouched "$before"
    assert_equal "$(left_of_guard)" ""
    # That right is enough, though not against replicas.
    sql "GRANT TRIGGER ON auth_users TO $ROLE"
    succeeds "${MIGRATE[@]}"
    refuses "DELETE FROM auth_users"
}

# refuses_function PART: up and its dry run refuse before the first schema migration, whether tables are kept or dropped.
refuses_function() {
    local before keep
    before=$(whole_database)
    for keep in --keep-tables --drop-tables; do
        fails 5 kv-migrate up --kv-enabled --no-settings "$keep" -d "$DSN"
        assert_contains "$stderr" "$1" "hint: "
        fails 5 kv-migrate up --kv-enabled --no-settings "$keep" -d "$DSN" --dry-run -q
        assert_contains "$stderr" "$1"
    done
    assert_equal "$(whole_database)" "$before"
}

@test "a function of that name that is somebody else's is refused before anything is done" {
    local body="LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    legacy_database
    make_role
    sql "UPDATE schema_migrations SET version = 37" "ALTER TABLE auth_users DROP COLUMN external_id" \
        "ALTER SCHEMA public OWNER TO $PGUSER" "REASSIGN OWNED BY $ROLE TO $PGUSER" "GRANT CREATE ON SCHEMA public TO $ROLE"
    as_role "CREATE FUNCTION kv_migrate_refuse_writes() RETURNS trigger $body"
    refuses_function "belongs to role \"$ROLE\""
    # The tables' owner has made it, for a purpose of his own.
    sql "DROP FUNCTION kv_migrate_refuse_writes()" "CREATE FUNCTION kv_migrate_refuse_writes() RETURNS trigger $body"
    refuses_function 'in schema "public" is not kv-migrate'
    sql "DROP FUNCTION kv_migrate_refuse_writes()" "CREATE PROCEDURE kv_migrate_refuse_writes() LANGUAGE SQL AS 'SELECT 1'"
    refuses_function 'in schema "public" is not kv-migrate'
    # One with arguments is another function; a plain schema migration does not need the name.
    sql "DROP PROCEDURE kv_migrate_refuse_writes()" "CREATE FUNCTION kv_migrate_refuse_writes() RETURNS trigger $body"
    succeeds kv-migrate up -d "$DSN"
    sql "DROP FUNCTION kv_migrate_refuse_writes()" "CREATE FUNCTION kv_migrate_refuse_writes(a int) RETURNS int LANGUAGE SQL AS 'SELECT 1'"
    succeeds kv-migrate up --kv-enabled --no-settings --keep-tables -d "$DSN"
    refuses "DELETE FROM auth_users"
}

@test "a trigger of that name that is somebody else's is refused before anything is done" {
    legacy_database
    sql "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    local trigger
    for trigger in "BEFORE INSERT ON graveler_tags FOR EACH ROW" "BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON graveler_tags"; do
        sql "CREATE TRIGGER kv_migrate_refuse_writes $trigger EXECUTE FUNCTION other()" \
            "ALTER TABLE graveler_tags DISABLE TRIGGER kv_migrate_refuse_writes"
        fails 5 "${MIGRATE[@]}" --keep-tables
        assert_contains "$stderr" "there are triggers kv_migrate_refuse_writes that are not kv-migrate's" public.graveler_tags
        run --separate-stderr -5 "${MIGRATE[@]}" --keep-tables --dry-run
        assert_sql D "SELECT tgenabled FROM pg_trigger WHERE tgname = 'kv_migrate_refuse_writes'"
        assert_sql 38 "SELECT version FROM schema_migrations"
        sql "DROP TRIGGER kv_migrate_refuse_writes ON graveler_tags"
    done
}

@test "a function that was replaced after the migration refuses nothing: status and up say so" {
    migrate_and_keep
    sql "CREATE OR REPLACE FUNCTION kv_migrate_refuse_writes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    succeeds kv-migrate status
    assert_contains "$(tr -s '[:space:]' ' ' <<<"$output")" "legacy tables are left and still take writes"
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "warning: the legacy tables cannot be made to refuse writes" "is not kv-migrate's"
}

@test "who goes back by SQL can migrate again, schema migrations included" {
    migrate_and_keep
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "UPDATE schema_migrations SET version = 31"
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_migrated
    assert_guarded
}

@test "a backup of the database has the triggers, and can be restored and replayed" {
    needs_pg_dump
    local before dump=$BATS_TEST_TMPDIR/backup
    migrate_and_keep
    before=$(kv_digest)
    pg_dump -Fc -f "$dump"
    # In a folder that the server's user can reach.
    REPLAYS=$(mktemp -d /tmp/kv-rt.XXXXXX)
    chmod 711 "$REPLAYS"
    TMPDIR=$REPLAYS run --separate-stderr -0 kv-replay --psql "$dump" <<<'SELECT count(*) FROM auth_users \g (format=unaligned tuples_only)'
    assert_equal "${lines[-1]}" 1
    drop_database
    fresh_database
    pg_restore --exit-on-error -d "$PGDATABASE" "$dump"
    assert_guarded
    refuses "DELETE FROM auth_users"
    assert_equal "$(kv_digest)" "$before"
}
