#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up --dry-run: it says what up would do, exits as up would, and changes nothing.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/dev/throwaway-postgres.sh
source "${BATS_TEST_FILENAME%/*}/../../../scripts/dev/throwaway-postgres.sh"

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_small_template 1000
    PGDATABASE=$SMALL sql "ANALYZE"
}

setup() {
    make_scratch
    FILES=$BATS_TEST_TMPDIR/files
    mkdir "$FILES"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings)
}

teardown() {
    if [ -n "${STANDBY_DIR-}" ]; then
        throwaway_postgres_stop "$STANDBY_DIR"
    fi
    clean_up
    drop_role
    assert_scratch_empty
}

# dry CODE COMMAND...: the command, as a dry run, ends with the code. It changes neither the database nor a file, and
# its lines fit in 80 columns.
dry() {
    local code=$1 before files
    shift
    before=$(whole_database)$(legacy_digest)
    files=$(ls -lR "$FILES")
    run --separate-stderr "-$code" "$@" --dry-run
    printf '%s\nstandard error: %s\n' "$output" "$stderr"
    assert_equal "$(whole_database)$(legacy_digest)" "$before"
    assert_equal "$(ls -lR "$FILES")" "$files"
    assert_equal "$(grep -vF "$FILES" <<<"$output" | grep -E '.{80}' || true)" ""
    # A failure has a message.
    if [ "$code" -eq 0 ]; then
        refute_contains "$stderr" "error:"
    else
        assert_contains "$stderr" error
    fi
}

# as_in_earnest CODE COMMAND...: dry, and then the real command also ends with that code.
as_in_earnest() {
    local code=$1 said told
    dry "$@"
    said=$output told=$stderr
    shift
    run --separate-stderr "-$code" "$@"
    output=$said stderr=$told
}

# shown LABEL: prints the text after the label in the output, its lines joined.
shown() {
    awk -v label="$1:" '
        index($0, label) == 1 { on = 1; printf "%s", substr($0, 18); next }
        on && /^ / { printf " %s", substr($0, 18); next }
        { on = 0 }' <<<"$output" | tr -s ' '
}

@test "the plan: no schema migrations, the legacy tables with sizes and rows, all of them dropped" {
    fresh_database TEMPLATE "$SMALL"
    as_in_earnest 0 "${MIGRATE[@]}"
    assert_stamp 39 1
    drop_database
    fresh_database TEMPLATE "$SMALL"
    dry 0 "${MIGRATE[@]}"
    assert_equal "$(shown migrations)" "none would run"
    assert_equal "$(shown 'KV migration')" "to version 39"
    assert_contains "$(shown 'legacy tables')" "$LEGACY_TABLE_COUNT, with" "graveler_staging_kv" " 1,000 auth_" "auth_users 16.4 kB 1 "
    assert_equal "$(shown 'would drop')" "all legacy tables"
    assert_equal "$(shown 'KV store')" 'table "kv": no KV store'
    assert_contains "$(shown 'table kv')" "estimate: measured on all 1,003 rows; " " free there)"
    assert_equal "$(shown result)" "no problems found; nothing was changed"
    assert_equal "$(shown dump)" ""
    dry 0 "${MIGRATE[@]}" --keep-tables
    assert_equal "$(shown 'would drop')" "no table: --keep-tables"
}

@test "below the last version: the pending migrations, and what could not be checked" {
    fresh_database
    apply_migrations 21 35
    set_schema_version 35
    as_in_earnest 0 kv-migrate up
    assert_contains "$(shown migrations)" "3 would run 000036_user_email_password.up.sql 000037_expired_tokens.up.sql 000038_user_external_id.up.sql"
    assert_contains "$(shown 'KV migration')" "no: --kv-enabled is not given"
    assert_equal "$(shown 'would drop')" ""
    drop_database
    fresh_database
    apply_migrations 21 35
    set_schema_version 35
    as_in_earnest 0 "${MIGRATE[@]}"
    assert_contains "$(shown 'not checked')" "branch protection rules" "schema version 38"
    assert_stamp 39 1
}

@test "an empty database" {
    fresh_database
    as_in_earnest 0 "${MIGRATE[@]}" --new-database
    assert_contains "$(shown migrations)" "18 would run 000021_legacy_schema.up.sql"
    assert_stamp 39 1
    # As golang-migrate leaves it after migrating down.
    drop_database
    fresh_database
    create_schema_migrations
    as_in_earnest 0 "${MIGRATE[@]}" --new-database
    assert_stamp 39 1
}

@test "already migrated: nothing to do, or an inconsistent state" {
    fresh_database TEMPLATE "$SMALL"
    "${MIGRATE[@]}" -q
    as_in_earnest 0 "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do"
    sql "DROP TABLE kv CASCADE"
    as_in_earnest 5 "${MIGRATE[@]}"
}

@test "versions that up refuses" {
    local version
    fresh_database TEMPLATE "$SMALL"
    for version in "20, dirty = false" "30, dirty = true" "40, dirty = false"; do
        sql "UPDATE schema_migrations SET version = $version"
        as_in_earnest 5 "${MIGRATE[@]}"
        as_in_earnest 5 kv-migrate up
    done
}

@test "the lock is waited for as in up, and released again" {
    fresh_database TEMPLATE "$SMALL"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    as_in_earnest 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    dry 0 "${MIGRATE[@]}"
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    nobody_else
}

@test "a writer is not blocked, but reported" {
    fresh_database TEMPLATE "$SMALL"
    hold "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'late')"
    # whole_database does not wait for it either.
    dry 0 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "warning: legacy tables are being written to now" "$HOLDER_BACKEND"
}

@test "an unrelated relation kv" {
    local statement
    for statement in "CREATE TABLE kv (a int)" "CREATE VIEW kv AS SELECT 1 AS a" "CREATE TABLE kv_7 (a int)" \
        "CREATE VIEW kv_v AS SELECT 1 AS a" "CREATE TABLE kv (partition_key bytea, key bytea, value bytea, more int)" \
        "CREATE TABLE kv (partition_key bytea, key bytea, value bytea); INSERT INTO kv VALUES ('a', 'b', 'c')" \
        "CREATE TABLE kv (partition_key bytea, key bytea, value bytea);
            INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', 'x')"; do
        echo "$statement"
        fresh_database TEMPLATE "$SMALL"
        sql "$statement"
        # Nothing is done before it is noticed.
        sql "UPDATE schema_migrations SET version = 37"
        as_in_earnest 5 "${MIGRATE[@]}"
        assert_contains "$stderr" kv "hint: "
        assert_sql 37 "SELECT version FROM schema_migrations"
        drop_database
    done
}

@test "a table kv that is stamped, empty, or left by a failed run" {
    fresh_database TEMPLATE "$SMALL"
    "${MIGRATE[@]}" -q --keep-tables
    sql "UPDATE schema_migrations SET version = 38"
    as_in_earnest 5 "${MIGRATE[@]}"
    assert_contains "$stderr" "set back to 38 by hand"
    sql "UPDATE kv SET value = '0' WHERE partition_key = 'kv-internal-metadata'"
    as_in_earnest 0 "${MIGRATE[@]}"
    assert_equal "$(shown 'KV store')" 'table "kv": an unfinished load (version 0)'
    drop_database
    fresh_database TEMPLATE "$SMALL"
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    as_in_earnest 0 "${MIGRATE[@]}"
    assert_equal "$(shown 'KV store')" 'table "kv": an empty KV store'
}

@test "the owner of the tables has all required privileges" {
    role_database "$SMALL"
    as_in_earnest 0 "${MIGRATE[@]}" --no-settings
}

# lacking CODE STATEMENT...: the statements, in which @ stands for the role, revoke privileges from it; up and its dry
# run end with the code.
lacking() {
    local code=$1 statement statements=()
    shift
    role_database "$SMALL"
    for statement; do
        statements+=("${statement//@/$ROLE}")
    done
    sql "${statements[@]}"
    as_in_earnest "$code" "${MIGRATE[@]}" --no-settings
    drop_database
    drop_role
}

@test "a role that cannot read a legacy table, or one of its partitions" {
    lacking 3 "ALTER TABLE auth_users OWNER TO postgres" "GRANT UPDATE ON auth_users TO @"
    assert_contains "$stderr" "cannot read legacy tables" "Tables: auth_users." "hint: "
    lacking 3 "ALTER TABLE graveler_staging_kv_p3 OWNER TO postgres"
    assert_contains "$stderr" "cannot read legacy tables" "Tables: graveler_staging_kv."
}

@test "a role that cannot lock out writers" {
    lacking 3 "ALTER TABLE auth_users OWNER TO postgres" "GRANT SELECT ON auth_users TO @"
    assert_contains "$stderr" "cannot lock legacy tables against writers" "Tables: auth_users."
}

@test "a role that cannot create tables, or cannot write the schema version" {
    lacking 3 "ALTER SCHEMA public OWNER TO postgres" "REVOKE CREATE ON SCHEMA public FROM PUBLIC" "GRANT USAGE ON SCHEMA public TO @"
    assert_contains "$stderr" "cannot create tables in schema \"public\""
    lacking 3 "ALTER TABLE schema_migrations OWNER TO postgres" "GRANT SELECT ON schema_migrations TO @"
    assert_contains "$stderr" "lacks the privilege UPDATE on table schema_migrations"
}

@test "a role that does not own the tables cannot drop them, unless it owns the schema or is a member of the owner" {
    lacking 3 "ALTER SCHEMA public OWNER TO postgres" "GRANT USAGE, CREATE ON SCHEMA public TO @" \
        "ALTER TABLE auth_users OWNER TO postgres" "GRANT SELECT, UPDATE ON auth_users TO @"
    assert_contains "$stderr" "cannot drop legacy tables" "Tables: auth_users." "--keep-tables"
    lacking 0 "ALTER TABLE auth_users OWNER TO postgres" "GRANT SELECT, UPDATE ON auth_users TO @"
    lacking 0 "CREATE ROLE @_owners" "GRANT @_owners TO @" "GRANT ALL ON SCHEMA public TO @_owners" \
        "ALTER TABLE auth_users OWNER TO @_owners" "ALTER TABLE auth_users OWNER TO @" "DROP OWNED BY @_owners" "DROP ROLE @_owners"
}

@test "schema migrations need the owner" {
    fresh_database
    apply_migrations 21 37
    set_schema_version 37
    make_role
    sql "ALTER TABLE auth_users OWNER TO postgres" "GRANT ALL ON auth_users TO $ROLE"
    as_in_earnest 3 kv-migrate up -d "$ROLE_DSN"
    assert_contains "$stderr" "does not own tables that schema migrations alter" auth_users
}

@test "a role that cannot read, or cannot replace, a table kv" {
    local table="CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    lacking 3 "$table"
    assert_contains "$stderr" "permission denied for table kv"
    lacking 3 "ALTER SCHEMA public OWNER TO postgres" "GRANT USAGE, CREATE ON SCHEMA public TO @" "$table" "GRANT SELECT ON kv TO @"
    assert_contains "$stderr" "cannot replace the table kv"
    # The owner of the schema can.
    lacking 0 "$table" "GRANT SELECT ON kv TO @"
}

@test "a role from which row security hides rows" {
    lacking 5 "ALTER TABLE auth_users OWNER TO postgres" "GRANT SELECT, UPDATE ON auth_users TO @" \
        "ALTER TABLE auth_users ENABLE ROW LEVEL SECURITY"
    assert_contains "$stderr" "row-level security"
}

@test "a standby" {
    needs_pg_basebackup
    fresh_database TEMPLATE "$SMALL"
    STANDBY_DIR=$(mktemp -d /tmp/kv-standby.XXXXXX)
    throwaway_postgres_standby "$STANDBY_DIR"
    PGHOST=$STANDBY_DIR/socket run --separate-stderr -5 "${MIGRATE[@]}" --dry-run
    assert_contains "$stderr" "is a standby" "hint: Connect to the primary server."
}

@test "objects that depend on legacy tables" {
    local statement
    for statement in "CREATE VIEW report AS SELECT display_name FROM auth_users" \
        "CREATE TABLE mine (id int REFERENCES auth_users)" \
        "CREATE FUNCTION f(auth_users) RETURNS int LANGUAGE sql AS 'SELECT 1'" \
        "CREATE TABLE mine (id int DEFAULT nextval('auth_users_id_seq'))" \
        "CREATE MATERIALIZED VIEW report AS SELECT count(*) FROM graveler_staging_kv_p4"; do
        echo "$statement"
        fresh_database TEMPLATE "$SMALL"
        sql "$statement"
        dry 0 "${MIGRATE[@]}" --keep-tables
        as_in_earnest 5 "${MIGRATE[@]}"
        assert_contains "$stderr" "other objects depend on them" "Objects: " --keep-tables
        drop_database
    done
}

@test "objects that are dropped with legacy tables are no obstacle" {
    fresh_database TEMPLATE "$SMALL"
    sql "CREATE INDEX mine ON auth_users (display_name)" "CREATE STATISTICS s ON id, created_at FROM auth_users" \
        "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'" \
        "CREATE TRIGGER t BEFORE INSERT ON auth_users FOR EACH ROW EXECUTE FUNCTION t()" \
        "CREATE RULE r AS ON INSERT TO auth_groups DO ALSO NOTHING" "CREATE PUBLICATION ${PGDATABASE}_p FOR TABLE auth_users"
    as_in_earnest 0 "${MIGRATE[@]}"
}

@test "unreadable branch protection rules" {
    fresh_database TEMPLATE "$SMALL"
    as_in_earnest 5 kv-migrate up --kv-enabled
    assert_contains "$stderr" "could not read the branch protection rules of repository \"repo\"" --blockstore-path
    as_in_earnest 5 kv-migrate up --kv-enabled --blockstore-path "$FILES/nowhere"
    as_in_earnest 5 kv-migrate up --kv-enabled --blockstore-path "$FILES"
    mkdir "$FILES/repo"
    as_in_earnest 0 kv-migrate up --kv-enabled --blockstore-path "$FILES"
}

@test "tables that differ from what the schema migrations leave, and rows with the same key" {
    fresh_database TEMPLATE "$SMALL"
    sql "ALTER TABLE auth_policies ALTER statement TYPE text"
    as_in_earnest 5 "${MIGRATE[@]}"
    assert_contains "$stderr" auth_policies
    drop_database
    fresh_database TEMPLATE "$SMALL"
    sql "ALTER TABLE graveler_tags DROP CONSTRAINT graveler_tags_pkey" \
        "INSERT INTO graveler_tags VALUES ('repo', 'tag', 'a'), ('repo', 'tag', 'b')"
    as_in_earnest 3 "${MIGRATE[@]}"
    assert_contains "$stderr" graveler_tags
}

@test "the dump file: it exists, it may be replaced, its folder is missing" {
    fresh_database TEMPLATE "$SMALL"
    echo mine >"$FILES/kv.dump"
    as_in_earnest 1 "${MIGRATE[@]}" --dump "$FILES/kv.dump"
    assert_contains "$stderr" "exists already" --force
    as_in_earnest 1 "${MIGRATE[@]}" --dump "$FILES/nowhere/kv.dump"
    as_in_earnest 1 "${MIGRATE[@]}" --dump "$FILES"
    dry 0 "${MIGRATE[@]}" --dump "$FILES/kv.dump" --force
    assert_contains "$output" "dump:            $FILES/kv.dump" "estimate: measured on all 1,003 rows"
    dry 0 "${MIGRATE[@]}" --dump "$FILES/new.dump" -Z 0
    assert_contains "$(shown dump)" "estimate: measured on all 1,003 rows" " free"
    # The same below the last version, where kv-export cannot be asked.
    sql "UPDATE schema_migrations SET version = 37"
    dry 0 "${MIGRATE[@]}" --dump "$FILES/new.dump" -Z 0
    assert_contains "$(shown dump)" "estimate: 1.22 x table size" " free"
    dry 1 "${MIGRATE[@]}" --dump "$FILES/kv.dump"
    dry 1 "${MIGRATE[@]}" --dump "$FILES/nowhere/kv.dump"
    dry 0 "${MIGRATE[@]}" --dump "$FILES/kv.dump" --force
}

@test "a folder without space for the dump gives a warning" {
    local room=$BATS_TEST_TMPDIR/room
    mkdir "$room"
    mount -t tmpfs -o size=4k tmpfs "$room" 2>/dev/null || skip "file systems cannot be mounted here"
    fresh_database TEMPLATE "$SMALL"
    run --separate-stderr -0 "${MIGRATE[@]}" --dry-run --dump "$room/kv.dump"
    umount "$room"
    assert_contains "$stderr" "warning: the dump will probably not fit" "detail: " "hint: "
    assert_contains "$(shown dump)" "4.1 kB free"
}

@test "all problems are reported; the exit code is that of the first one that up would meet" {
    fresh_database TEMPLATE "$SMALL"
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users" "CREATE TABLE kv (a int)"
    echo mine >"$FILES/kv.dump"
    as_in_earnest 5 "${MIGRATE[@]}" --dump "$FILES/kv.dump"
    assert_contains "$stderr" "relation \"kv\" that is no KV table" "exists already" "other objects depend"
    assert_equal "$(shown result)" "3 problems found; up would exit with code 5; nothing was changed"
    sql "DROP TABLE kv"
    as_in_earnest 1 "${MIGRATE[@]}" --dump "$FILES/kv.dump"
    assert_equal "$(shown result)" "2 problems found; up would exit with code 1; nothing was changed"
}

@test "-q prints nothing if there are no problems; with --log-format json messages are objects" {
    fresh_database TEMPLATE "$SMALL"
    dry 0 "${MIGRATE[@]}" -q
    assert_equal "$output$stderr" ""
    sql "CREATE TABLE kv (a int)"
    dry 5 "${MIGRATE[@]}" -q --log-format json
    assert_equal "$output" ""
    assert_json_lines kv-import
}

@test "--dry-run is only for up" {
    fails 1 kv-migrate cleanup --dry-run
    fails 1 kv-migrate status --dry-run
}

@test "kv-export --dry-run makes its checks and writes nothing" {
    fresh_database TEMPLATE "$SMALL"
    succeeds kv-export --dry-run --no-settings -f "$FILES/kv.dump"
    assert_equal "$output" ""
    assert_contains "$stderr" "dry run"
    succeeds kv-export --dry-run --no-settings
    assert_equal "$output" ""
    assert_equal "$(ls "$FILES")" ""
    fails 5 kv-export --dry-run
    # Problems in single rows are left to a real export.
    sql "INSERT INTO auth_policies (created_at, display_name, statement) VALUES (now(), 'odd', '{}')"
    succeeds kv-export --dry-run --no-settings
    fails 3 kv-export --no-settings -f "$FILES/kv.dump"
}
