#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What would stop up is found before anything is done: up and its dry run give the same messages and the same exit code,
# and neither changes anything. Each problem's hint mends it.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_small_template 10
    PGDATABASE=$SMALL sql "ANALYZE"
}

setup() {
    make_scratch
}

teardown() {
    clean_up
    drop_role
    assert_scratch_empty
}

# state: prints the schema, and the rows of each table.
state() {
    whole_database
    legacy_digest
}

# both CODE ARGUMENT...: up and its dry run end with that code, print the same on standard error, and change nothing.
both() {
    local code=$1 before said
    shift
    before=$(state)
    run --separate-stderr "-$code" kv-migrate up -q --dry-run -d "${CONNECTION-$DSN}" "$@"
    said=$stderr
    run --separate-stderr "-$code" kv-migrate up -q -d "${CONNECTION-$DSN}" "$@"
    printf 'standard error: %s\n' "$stderr"
    assert_equal "$stderr" "$said"
    assert_contains "$stderr" "error: " "hint: "
    assert_equal "$(state)" "$before"
}

# mended: prints the SQL of the last hint.
mended() {
    sed -nE 's/^hint: (.*(, or|or): )?((GRANT|ALTER) .*)$/\3/p' <<<"$stderr" | sed 's/; --keep-tables.*//' | tail -n 1
}

# lacking CODE PART STATEMENT...: without what the statements revoke from the role (@) both fail, with the part in the
# message; then the hint's SQL mends it.
lacking() {
    local code=$1 part=$2 statement statements=()
    shift 2
    role_database "$SMALL"
    CONNECTION=$ROLE_DSN
    for statement; do
        statements+=("${statement//@/$ROLE}")
    done
    sql "${statements[@]}"
    # One step below the last version, where most could go wrong.
    sql "UPDATE schema_migrations SET version = 37" "ALTER TABLE auth_users DROP COLUMN external_id"
    both "$code" --kv-enabled --no-settings
    assert_contains "$stderr" "$part"
    sql "$(mended)"
    succeeds kv-migrate up --dry-run --kv-enabled --no-settings -d "$CONNECTION"
    drop_database
    drop_role
}

@test "rights on tables" {
    lacking 3 "cannot read legacy tables" "ALTER TABLE graveler_tags OWNER TO postgres" \
        "GRANT UPDATE, TRIGGER ON graveler_tags TO @" "ALTER TABLE graveler_tags OWNER TO @; REVOKE SELECT ON graveler_tags FROM @"
    lacking 3 "cannot lock legacy tables" "REVOKE UPDATE, DELETE, TRUNCATE ON graveler_tags FROM @"
    lacking 3 "cannot read legacy tables" "ALTER TABLE graveler_staging_kv_p3 OWNER TO postgres"
    lacking 3 "lacks the privileges UPDATE, INSERT, DELETE on table schema_migrations" \
        "ALTER TABLE schema_migrations OWNER TO postgres" "GRANT SELECT ON schema_migrations TO @"
    lacking 3 "cannot create tables in schema" "ALTER SCHEMA public OWNER TO postgres" \
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC" "GRANT USAGE ON SCHEMA public TO @"
    lacking 3 "does not own tables that schema migrations alter" "ALTER TABLE graveler_tags OWNER TO postgres" \
        "GRANT ALL ON graveler_tags TO @"
}

@test "a table kv of another owner, and tables that cannot be dropped" {
    lacking 3 "cannot replace the table kv" "ALTER SCHEMA public OWNER TO postgres" "GRANT USAGE, CREATE ON SCHEMA public TO @" \
        "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" "GRANT SELECT ON kv TO @"
    role_database "$SMALL"
    CONNECTION=$ROLE_DSN
    sql "ALTER SCHEMA public OWNER TO postgres" "GRANT USAGE, CREATE ON SCHEMA public TO $ROLE" \
        "ALTER TABLE graveler_tags OWNER TO postgres" "GRANT ALL ON graveler_tags TO $ROLE"
    both 3 --kv-enabled --no-settings
    assert_contains "$stderr" "cannot drop legacy tables" "Tables: graveler_tags." "--keep-tables leaves them"
    sql "$(mended)"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$CONNECTION"
}

@test "row security, and kept tables that cannot refuse writes" {
    lacking 5 "would not see all rows" "ALTER TABLE graveler_tags ENABLE ROW LEVEL SECURITY" "ALTER TABLE graveler_tags FORCE ROW LEVEL SECURITY"
    role_database "$SMALL"
    CONNECTION=$ROLE_DSN
    sql "REVOKE TRIGGER ON graveler_tags FROM $ROLE"
    both 3 --kv-enabled --no-settings --keep-tables
    assert_contains "$stderr" "may not make kept legacy tables refuse writes"
    sql "$(mended)"
    succeeds kv-migrate up --kv-enabled --no-settings --keep-tables -d "$CONNECTION"
}

# audit_ddl: an event trigger that finds its table only on the search_path.
audit_ddl() {
    sql "CREATE TABLE ddl_audit (tag text)" "CREATE FUNCTION \"audit DDL\"() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO ddl_audit VALUES (tg_tag); END'" \
        "CREATE EVENT TRIGGER \"audit it\" ON $1 EXECUTE FUNCTION \"audit DDL\"()"
}

@test "an event trigger whose function relies on the search_path" {
    local event
    for event in ddl_command_start ddl_command_end sql_drop; do
        fresh_database TEMPLATE "$SMALL"
        audit_ddl "$event"
        both 3 --kv-enabled --no-settings
        assert_contains "$stderr" "event trigger \"audit it\" (function public.\"audit DDL\"()) fails" "relation \"ddl_audit\" does not exist" \
            "ALTER FUNCTION public.\"audit DDL\"() SET search_path = public;" "ALTER EVENT TRIGGER \"audit it\" DISABLE"
        assert_sql 0 "SELECT count(*) FROM ddl_audit WHERE tag LIKE '%TABLE'"
        sql "ALTER FUNCTION \"audit DDL\"() SET search_path = public"
        succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
        assert_sql t "SELECT count(*) > 0 FROM ddl_audit WHERE tag = 'DROP TABLE'"
        drop_database
    done
}

@test "event triggers that are disabled, fire for other statements, or do no harm" {
    fresh_database TEMPLATE "$SMALL"
    audit_ddl ddl_command_end
    sql "ALTER EVENT TRIGGER \"audit it\" DISABLE"
    sql "CREATE EVENT TRIGGER other ON ddl_command_start WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION \"audit DDL\"()" \
        "CREATE FUNCTION harmless() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END'" \
        "CREATE EVENT TRIGGER harmless ON ddl_command_end EXECUTE FUNCTION harmless()"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
}

@test "the failing one of several event triggers is named; an unknown one is not guessed" {
    fresh_database TEMPLATE "$SMALL"
    audit_ddl ddl_command_end
    sql "CREATE FUNCTION harmless() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1; END'" \
        "CREATE EVENT TRIGGER a ON ddl_command_end EXECUTE FUNCTION harmless()" \
        "CREATE EVENT TRIGGER z ON ddl_command_end EXECUTE FUNCTION harmless()"
    both 3 --kv-enabled --no-settings
    assert_contains "$stderr" "event trigger \"audit it\""
    # A plain schema migration makes things, too.
    sql "UPDATE schema_migrations SET version = 37" "ALTER TABLE auth_users DROP COLUMN external_id"
    both 3
    assert_contains "$stderr" "event trigger \"audit it\""
}

@test "objects that depend on legacy tables, a dump file that exists, an unrelated kv" {
    fresh_database TEMPLATE "$SMALL"
    sql "UPDATE schema_migrations SET version = 37" "ALTER TABLE auth_users DROP COLUMN external_id" \
        "CREATE VIEW report AS SELECT display_name FROM auth_users"
    both 5 --kv-enabled --no-settings
    assert_contains "$stderr" "other objects depend on them" "view public.report"
    sql "DROP VIEW report"
    touch "$BATS_TEST_TMPDIR/kv.dump"
    both 1 --kv-enabled --no-settings --dump "$BATS_TEST_TMPDIR/kv.dump"
    assert_contains "$stderr" "exists already"
}

@test "a table that inherits from a legacy table is never advised to be dropped" {
    local option
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO graveler_tags VALUES ('r', 't', 'c')" "CREATE TABLE own () INHERITS (graveler_tags)" \
        "INSERT INTO own SELECT 'r', 'of the child', 'c'" "CREATE VIEW report AS SELECT id FROM own"
    for option in --drop-tables --keep-tables; do
        both 5 --kv-enabled --no-settings "$option"
        assert_contains "$stderr" 'table "graveler_tags" is not as the schema migrations created it' "public.own inherits from it" \
            "Move the child's rows into the table itself" "ALTER TABLE public.own NO INHERIT public.graveler_tags"
        refute_contains "$stderr" "other objects depend" "Drop"
    done
    # The dry run says it once.
    run --separate-stderr -5 kv-migrate up --dry-run --kv-enabled --no-settings -d "$DSN"
    assert_equal "$(grep -c 'inherits from it' <<<"$stderr")" 1
    sql "INSERT INTO graveler_tags SELECT * FROM own" "$(sed -n 's/.*with \(ALTER TABLE .*\); then run again.*/\1/p' <<<"$stderr")"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_sql 1 "SELECT count(*) FROM own"
}

@test "several problems are all told, and the exit code is that of the first" {
    fresh_database TEMPLATE "$SMALL"
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    touch "$BATS_TEST_TMPDIR/kv.dump"
    both 1 --kv-enabled --no-settings --dump "$BATS_TEST_TMPDIR/kv.dump"
    assert_equal "$(grep -c 'error: ' <<<"$stderr")" 2
    assert_contains "$stderr" "exists already" "other objects depend on them"
}

@test "a lakeFS that is connected, though idle: a warning, or a refusal with --strict" {
    local said
    fresh_database TEMPLATE "$SMALL"
    PGAPPNAME="lake FS" hold "SELECT 1"
    both 5 --kv-enabled --no-settings --strict
    assert_contains "$stderr" "other sessions are connected to the database" \
        "process $HOLDER_BACKEND of user \"$PGUSER\" (application \"lake FS\", idle in transaction since " "a local socket" "stop it"
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings -d "$DSN"
    said=$stderr
    succeeds kv-migrate up -q --kv-enabled --no-settings -d "$DSN"
    assert_equal "$stderr" "$said"
    assert_contains "$said" "warning: other sessions are connected to the database" "process $HOLDER_BACKEND "
}

@test "our own sessions are not reported" {
    fresh_database TEMPLATE "$SMALL"
    succeeds kv-migrate up -q --kv-enabled --no-settings --strict -d "$DSN"
    assert_equal "$stderr" ""
}

@test "a forgotten prepared transaction is named in advance" {
    local said
    fresh_database TEMPLATE "$SMALL"
    sql "BEGIN; UPDATE auth_users SET display_name = 'x'; PREPARE TRANSACTION 'orphan $PGDATABASE'"
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings -d "$DSN"
    said=$stderr
    fails 5 kv-migrate up -q --kv-enabled --no-settings --lock-wait-timeout=300ms -d "$DSN"
    sql "ROLLBACK PREPARED 'orphan $PGDATABASE'"
    assert_contains "$said" "prepared transaction \"orphan $PGDATABASE\"" "ROLLBACK PREPARED"
    assert_contains "$stderr" "$said"
}

@test "whoever writes, even to a partition alone, is named in advance, and by up itself when it has waited" {
    local said statement
    fresh_database TEMPLATE "$SMALL"
    for statement in "LOCK TABLE graveler_staging_kv_p3 IN EXCLUSIVE MODE" "UPDATE auth_users SET friendly_name = 'late'"; do
        hold "$statement"
        succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings -d "$DSN"
        said=$(grep -A2 "warning: legacy tables are being written to now" <<<"$stderr")
        assert_contains "$said" "detail: By process $HOLDER_BACKEND of user \"$PGUSER\" (application \"psql\"" "hint: Stop lakeFS"
        fails 5 kv-migrate up -q --kv-enabled --no-settings --lock-wait-timeout=300ms -d "$DSN"
        assert_contains "$stderr" "$said" "error: another session is writing the legacy tables"
        assert_stamp 38 -
        release
    done
    eventually nobody_else
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings -d "$DSN"
    assert_equal "$stderr" ""
}

@test "a transaction that has read a table is named where that would be dropped or altered" {
    local said kept altered part="warning: legacy tables are being read now"
    fresh_database TEMPLATE "$SMALL"
    # A prepared transaction is no session that is named for being connected.
    sql "BEGIN; SELECT FROM auth_users; PREPARE TRANSACTION 'reader $PGDATABASE'"
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings -d "$DSN"
    said=$stderr
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings --keep-tables -d "$DSN"
    kept=$stderr
    sql "UPDATE schema_migrations SET version = 37"
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings --keep-tables -d "$DSN"
    altered=$stderr
    sql "UPDATE schema_migrations SET version = 38"
    run --separate-stderr -6 kv-migrate up -q --kv-enabled --no-settings --lock-wait-timeout=300ms -d "$DSN"
    sql "ROLLBACK PREPARED 'reader $PGDATABASE'"
    assert_contains "$said" "$part" "By prepared transaction \"reader $PGDATABASE\"" "ROLLBACK PREPARED"
    assert_equal "$kept" ""
    assert_contains "$altered" "$part"
    assert_contains "$stderr" "$said"
}

@test "fewer connections are used than --jobs asks for, where there are too few" {
    local said
    role_database "$SMALL" "CONNECTION LIMIT 7"
    CONNECTION=$ROLE_DSN
    succeeds kv-migrate up -q --dry-run --kv-enabled --no-settings --jobs 8 -d "$CONNECTION"
    said=$stderr
    assert_contains "$said" "warning: 2 jobs instead of 8: the role (CONNECTION LIMIT) has only 6 connections left"
    succeeds kv-migrate up -q --kv-enabled --no-settings --jobs 8 -d "$CONNECTION"
    assert_equal "$stderr" "$said"
    assert_stamp 39 1
}

@test "too few connections for a migration" {
    role_database "$SMALL" "CONNECTION LIMIT 4"
    CONNECTION=$ROLE_DSN
    both 2 --kv-enabled --no-settings
    assert_contains "$stderr" "a migration needs 4 more connections; the role (CONNECTION LIMIT) has 3 left"
    sql "ALTER ROLE $ROLE CONNECTION LIMIT 5"
    succeeds kv-migrate up -q --kv-enabled --no-settings -d "$CONNECTION"
    assert_stamp 39 1
}

@test "what the server denies the other programs: the hint has the statement that grants it" {
    role_database "$SMALL"
    sql "ALTER TABLE graveler_tags OWNER TO postgres"
    fails 3 kv-export -d "$ROLE_DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "permission denied for table graveler_tags" "hint: Run as its owner, or: GRANT SELECT ON public.graveler_tags TO $ROLE"
    sql "$(mended)"
    succeeds kv-export -d "$ROLE_DSN" --no-settings -q -f "$BATS_TEST_TMPDIR/a.dump"
    sql "CREATE SCHEMA \"other S\"" "GRANT USAGE ON SCHEMA \"other S\" TO $ROLE"
    # A copy, as the legacy tables are in another schema.
    fails 3 kv-import -d "$ROLE_DSN" --schema "other S" --table=copy "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "hint: GRANT CREATE ON SCHEMA \"other S\" TO $ROLE"
    sql "$(mended)"
    succeeds kv-import -d "$ROLE_DSN" --schema "other S" --table=copy "$BATS_TEST_TMPDIR/a.dump"
}
