#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Settings of a role, a database or an administrator: the result is the same, or nothing is done.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    make_esti_template
}

setup() {
    make_scratch
}

teardown() {
    clean_up
    drop_role
    assert_scratch_empty
}

# old_database: like role_database, but at version 21, so that there is a schema to migrate.
old_database() {
    fresh_database
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    make_role
}

# assert_old_migrated: the schema migrations of such a database have produced the expected rows.
assert_old_migrated() {
    assert_stamp 38 -
    legacy_rows >"$BATS_TEST_TMPDIR/rows"
    diff -u "$FIXTURES_DIR/versions/v21.rows38.jsonl" "$BATS_TEST_TMPDIR/rows"
}

# check_by_hand: kv-export and kv-import alone, and the cleanup.
check_by_hand() {
    kv-export -d "$ROLE_DSN" --blockstore-path "$BLOCKSTORE" --quiet -j 2 | kv-import -d "$ROLE_DSN" --quiet -j 2
    assert_kv_as_expected
    assert_stamp 39 1
    succeeds kv-migrate cleanup -d "$ROLE_DSN"
    assert_equal "$(legacy_tables)" ""
}

# Settings ------------------------------------------------------------------------------------------------------------

SHORT_TIMEOUTS=("statement_timeout = 20" "lock_timeout = 1" "idle_in_transaction_session_timeout = 1")

# Timeouts short enough to strike if they were not turned off.
assert_timeouts_strike() {
    assert_role_fails "statement timeout" "SELECT pg_sleep(1)"
    assert_role_fails "idle-in-transaction" "BEGIN" "\\! sleep 0.1" "SELECT 1"
}

@test "the role's timeouts: a migration that waits long is not cut off" {
    role_database "$ESTI"
    role_settings "${SHORT_TIMEOUTS[@]}"
    assert_timeouts_strike
    # Its statements and transactions last as long as this transaction.
    hold "UPDATE graveler_branches SET commit_id = commit_id"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    eventually someone_waits
    sleep 0.2
    release
    background_ends 0
    assert_esti_migrated
}

@test "the role's timeouts: a schema migration that waits long is not cut off" {
    old_database
    role_settings "${SHORT_TIMEOUTS[@]}"
    assert_timeouts_strike
    hold "SELECT * FROM auth_users"
    background kv-migrate up -d "$ROLE_DSN" --lock-wait-timeout=1h
    eventually someone_waits
    sleep 0.2
    release
    background_ends 0
    assert_old_migrated
}

@test "the role's timeouts: kv-export and kv-import alone" {
    role_database "$ESTI"
    role_settings "${SHORT_TIMEOUTS[@]}"
    assert_timeouts_strike
    check_by_hand
}

@test "a timeout of idle sessions: the load may take longer" {
    local dump=$BATS_TEST_TMPDIR/esti.dump
    [ "$(sql "SHOW server_version_num")" -ge 140000 ] || skip "PostgreSQL has it since version 14"
    role_database "$ESTI"
    kv-export -d "$ROLE_DSN" --blockstore-path "$BLOCKSTORE" --quiet -f "$dump"
    role_settings "idle_session_timeout = '500ms'"
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$ROLE_DSN" --quiet -j 2 "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 50000 "$dump" >&"$input"
    eventually assert_stamp 38 0
    # A session that has been idle since then has been terminated.
    assert_role_fails "idle-session timeout" "SELECT 1" "\\! sleep 1.5" "SELECT 1"
    tail -c +50001 "$dump" >&"$input"
    exec {input}>&-
    background_ends 0
    assert_kv_as_expected
    assert_stamp 39 1
}

READ_ONLY=("default_transaction_read_only = on" "default_transaction_isolation = serializable"
    "default_transaction_deferrable = on")

@test "transactions that are read-only, serializable and deferrable by default" {
    role_database "$ESTI"
    sql "${READ_ONLY[@]/#/ALTER DATABASE $PGDATABASE SET }"
    assert_role_fails "read-only transaction" "DELETE FROM graveler_branches"
    assert_equal "$(as_role "SELECT current_setting('transaction_isolation'),
        current_setting('transaction_deferrable')")" "serializable|on"
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
}

@test "transactions that are read-only and serializable by default: schema migrations, and separate programs" {
    old_database
    role_settings "${READ_ONLY[@]}"
    assert_role_fails "read-only transaction" "DELETE FROM graveler_branches"
    succeeds kv-migrate up -d "$ROLE_DSN"
    assert_old_migrated
    drop_database
    drop_role
    role_database "$ESTI"
    role_settings "${READ_ONLY[@]}"
    check_by_hand
}

# All settings that change how values are written or read.
FORMS=("bytea_output = escape" "DateStyle = 'SQL, DMY'" "IntervalStyle = sql_standard" "TimeZone = 'Asia/Kathmandu'"
    "client_encoding = 'LATIN1'" "standard_conforming_strings = off" "escape_string_warning = on"
    "backslash_quote = on" "quote_all_identifiers = on" "array_nulls = off" "transform_null_equals = on"
    "extra_float_digits = -3" "xmlbinary = hex")

@test "formats of values" {
    role_database "$ESTI"
    role_settings "${FORMS[@]}"
    assert_equal "$(as_role "SELECT E'a\\\\000'::bytea, date '2020-02-01'")" 'a\000|01/02/2020'
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
}

@test "formats of values, also set in the environment: schema migrations, and separate programs" {
    old_database
    role_settings "${FORMS[@]}"
    sql "${FORMS[@]/#/ALTER DATABASE $PGDATABASE SET }"
    PGCLIENTENCODING=LATIN1 PGDATESTYLE="SQL, DMY" PGTZ=Asia/Kathmandu succeeds kv-migrate up -d "$ROLE_DSN"
    assert_old_migrated
    diff -u "$FIXTURES_DIR/versions/schema38.jsonl" <(schema_facts)
    drop_database
    drop_role
    role_database "$ESTI"
    role_settings "${FORMS[@]}"
    export PGCLIENTENCODING=LATIN1 PGDATESTYLE="SQL, DMY" PGTZ=Asia/Kathmandu
    kv-export -d "$ROLE_DSN" --blockstore-path "$BLOCKSTORE" --quiet | kv-import -d "$ROLE_DSN" --quiet
    succeeds kv-migrate cleanup -d "$ROLE_DSN"
    unset PGCLIENTENCODING PGDATESTYLE PGTZ
    assert_esti_migrated
}

# check_store: verify, an export and further loads all recognize the KV store.
check_store() {
    local dump=$BATS_TEST_TMPDIR/store.dump
    succeeds kv-migrate verify -d "$ROLE_DSN" --blockstore-path "$BLOCKSTORE"
    succeeds kv-migrate status -d "$ROLE_DSN"
    succeeds kv-export --source kv -d "$ROLE_DSN" --force -f "$dump"
    succeeds kv-import --verify -d "$ROLE_DSN" "$dump"
    succeeds kv-import --clean -d "$ROLE_DSN" "$dump"
    assert_kv_as_expected
}

@test "formats of values: the KV store is recognized again" {
    local dump=$BATS_TEST_TMPDIR/esti.dump scope
    for scope in DATABASE ROLE; do
        role_database "$ESTI"
        if [ "$scope" = ROLE ]; then
            role_settings "${FORMS[@]}"
        else
            sql "${FORMS[@]/#/ALTER DATABASE $PGDATABASE SET }"
        fi
        assert_equal "$(as_role "SELECT format_type('bytea'::regtype, NULL)")" '"bytea"'
        # A load replaces what a failed one has left.
        kv-export -d "$ROLE_DSN" --blockstore-path "$BLOCKSTORE" --quiet --force -f "$dump"
        run --separate-stderr -4 kv-import -d "$ROLE_DSN" <(head -c -1000 "$dump")
        assert_stamp 38 0
        succeeds "${MIGRATE[@]}" --keep-tables
        assert_stamp 39 1
        check_store
        drop_database
        drop_role
    done
}

@test "planner, log and message settings" {
    role_database "$ESTI" SUPERUSER
    role_settings "enable_seqscan = off" "enable_tidscan = off" "enable_indexscan = off" "enable_hashjoin = off" "jit = on" \
        "jit_above_cost = 0" "jit_optimize_above_cost = 0" "jit_inline_above_cost = 0" "parallel_setup_cost = 0" \
        "parallel_tuple_cost = 0" "min_parallel_table_scan_size = 0" "max_parallel_workers_per_gather = 4" \
        "synchronize_seqscans = on" "default_statistics_target = 10000" "work_mem = '64kB'" "maintenance_work_mem = '1MB'" \
        "log_statement = 'all'" "log_min_messages = debug1" "log_min_duration_statement = 0" "log_duration = on" \
        "client_min_messages = debug2" "session_replication_role = replica"
    # New in PostgreSQL 12.
    (($(sql "SHOW server_version_num") < 120000)) || role_settings "plan_cache_mode = force_generic_plan"
    assert_contains "$(as_role "SELECT 1" 2>&1)" DEBUG
    succeeds "${MIGRATE[@]}" --quiet
    # Debug messages that a role requests are not messages of a migration.
    assert_equal "$stderr" ""
    assert_esti_migrated
}

@test "new tables get the role's tablespace and compression" {
    local space
    [ "$(sql "SHOW server_version_num")" -ge 150000 ] || skip "needs tablespaces in the server's own folder"
    role_database "$ESTI" SUPERUSER
    space=${PGDATABASE}_space
    # Creating a tablespace is a transaction of its own.
    sql "SET allow_in_place_tablespaces = on" "CREATE TABLESPACE $space LOCATION ''"
    role_settings "default_tablespace = $space" "temp_tablespaces = $space" "default_toast_compression = pglz"
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
    assert_sql "$space" "SELECT DISTINCT spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
        WHERE c.relname ~ '^kv(_\\d+)?$'"
    drop_database
    psql -Xq -d postgres -c "DROP TABLESPACE $space"
}

# Names ---------------------------------------------------------------------------------------------------------------

# set_traps: creates the schema trap, which precedes pg_catalog in the role's search_path, with replacements of all
# objects of pg_catalog that can be replaced; they report their use.
set_traps() {
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
CREATE SCHEMA trap;
SET check_function_bodies = off;
-- A function that takes anything cannot be made again, but one that fits better can.
CREATE FUNCTION trap.format(text, integer, name, text, timestamptz) RETURNS text LANGUAGE plpgsql
    AS $$BEGIN RAISE EXCEPTION 'trap: format'; END$$;
DO $do$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments,
            pg_get_function_result(p.oid) AS result
        FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND (r.typtype <> 'p' OR r.typname = 'void')
        AND p.prokind IN ('f', 'a')
        AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p')
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname,
                regexp_replace(f.arguments, '\m(VARIADIC|ORDER BY) ', '', 'g'), f.result,
                format('BEGIN RAISE EXCEPTION ''trap: %%'', %L; END', f.proname));
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR f IN SELECT o.oprname, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result,
            row_number() OVER () AS n
        FROM pg_operator o JOIN pg_type lt ON lt.oid = oprleft JOIN pg_type rt ON rt.oid = oprright
        WHERE lt.typtype <> 'p' AND rt.typtype <> 'p'
    LOOP
        EXECUTE format('CREATE FUNCTION trap.operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', f.n, f.l, f.r, f.result,
            format('BEGIN RAISE EXCEPTION ''trap: operator %%'', %L; END', f.oprname));
        EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = trap.operator_%s)',
            f.oprname, f.l, f.r, f.n);
    END LOOP;
    FOR f IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') LOOP
        BEGIN
            EXECUTE format('CREATE TABLE trap.%1$I (LIKE pg_catalog.%1$I)', f.relname);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR f IN SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b'
            AND typname !~ '^(_|pg_)' LOOP
        EXECUTE format('CREATE DOMAIN trap.%1$I AS pg_catalog.text CHECK (false)', f.typname);
    END LOOP;
END
$do$;
SQL
    sql "GRANT USAGE ON SCHEMA trap TO public" "GRANT SELECT ON ALL TABLES IN SCHEMA trap TO public" \
        "ALTER ROLE $ROLE IN DATABASE $PGDATABASE SET search_path = trap, pg_catalog, public"
    # They do shadow what the programs use.
    assert_sql 11 "SELECT count(DISTINCT proname) FROM pg_proc WHERE pronamespace = 'trap'::regnamespace AND proname IN ('encode',
        'convert_to', 'pg_backend_pid', 'current_schema', 'to_regclass', 'set_config', 'current_setting', 'substr',
        'pg_advisory_xact_lock', 'obj_description', 'pg_is_in_recovery')"
    assert_sql t "SELECT count(*) > 500 FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace"
    assert_role_fails "trap: encode" "SELECT encode('\\x41', 'hex')"
    assert_role_fails "trap: operator =" "SELECT pg_catalog.int4 '1' = 1"
    assert_role_fails "trap: operator ||" "SELECT pg_catalog.text 'a' || 'b'"
    assert_role_fails "violates check constraint" "SELECT 'a'::text"
    assert_equal "$(as_role "SELECT pg_catalog.count(*) FROM pg_class")" 0
}

@test "a search_path with traps: up" {
    role_database "$ESTI" SUPERUSER
    set_traps
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
    succeeds "${MIGRATE[@]}"
    succeeds kv-migrate version -d "$ROLE_DSN"
    assert_contains "$output" 39
}

@test "a search_path with traps: separate programs, cleanup, a held lock" {
    role_database "$ESTI"
    set_traps
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "process $HOLDER_BACKEND of user"
    kv-export -d "$ROLE_DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/esti.dump"
    fails 5 kv-import -d "$ROLE_DSN" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/esti.dump"
    assert_contains "$stderr" "process $HOLDER_BACKEND of user"
    release
    check_by_hand
}

@test "a search_path with traps for schema migrations: they fail, and nothing is half done" {
    old_database
    set_traps
    # Migrations are not our text; they run under the same search_path as with golang-migrate.
    fails 3 kv-migrate up -d "$ROLE_DSN"
    assert_sql f "SELECT dirty FROM schema_migrations"
    sql "ALTER ROLE $ROLE IN DATABASE $PGDATABASE RESET search_path"
    succeeds kv-migrate up -d "$ROLE_DSN"
    assert_old_migrated
}

# Rights --------------------------------------------------------------------------------------------------------------

# check_row_security_refused TABLE: nothing is exported or migrated, and the reason is given.
check_row_security_refused() {
    local before
    before=$(legacy_digest)
    run --separate-stderr -5 "${MIGRATE[@]}"
    assert_contains "$stderr" "row-level security" "$1"
    fails 5 kv-export -d "$ROLE_DSN" --no-settings -f "$BATS_TEST_TMPDIR/part.dump"
    assert_contains "$stderr" "row-level security" "$1"
    assert_missing "$BATS_TEST_TMPDIR/part.dump"
    assert_equal "$(legacy_digest)" "$before"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    refute_stamped
}

refute_stamped() {
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        assert_stamp 38 0
    fi
}

@test "row security forced on the owner: refused, even for one table" {
    local table
    role_database "$ESTI"
    for table in auth_users gateway_multiparts graveler_branches \
        "$(sql "SELECT tableoid::regclass FROM graveler_staging_kv LIMIT 1")"; do
        sql "ALTER TABLE $table ENABLE ROW LEVEL SECURITY" "ALTER TABLE $table FORCE ROW LEVEL SECURITY"
        assert_equal "$(as_role "SELECT count(*) FROM $table")" 0
        check_row_security_refused "$table"
        sql "ALTER TABLE $table NO FORCE ROW LEVEL SECURITY"
    done
    # Of a partitioned table it hides rows from lakeFS, even if the partitions are read one by one.
    sql "ALTER TABLE graveler_staging_kv ENABLE ROW LEVEL SECURITY" "ALTER TABLE graveler_staging_kv FORCE ROW LEVEL SECURITY"
    check_row_security_refused graveler_staging_kv
    # It does not concern the owner otherwise.
    sql "ALTER TABLE graveler_staging_kv NO FORCE ROW LEVEL SECURITY"
    role_settings "row_security = on"
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
}

@test "row security does not affect a role that bypasses it" {
    role_database "$ESTI" BYPASSRLS
    sql "ALTER TABLE auth_users ENABLE ROW LEVEL SECURITY" "ALTER TABLE auth_users FORCE ROW LEVEL SECURITY"
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
}

@test "row security and a role that can read: refused, never a partial export" {
    role_database "$ESTI"
    sql "ALTER TABLE auth_users OWNER TO $PGUSER" "GRANT SELECT ON auth_users TO $ROLE"
    # Without row security a role that can read can export.
    kv-export -d "$ROLE_DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/whole.dump"
    sql "ALTER TABLE auth_users ENABLE ROW LEVEL SECURITY" "CREATE POLICY visible ON auth_users USING (id < 2)"
    fails 5 kv-export -d "$ROLE_DSN" --no-settings -f "$BATS_TEST_TMPDIR/part.dump"
    assert_contains "$stderr" "row-level security" auth_users
    assert_missing "$BATS_TEST_TMPDIR/part.dump" "$BATS_TEST_TMPDIR/part.dump.partial"
}

@test "an owner without any other privileges" {
    role_database "$ESTI"
    sql "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public" "REVOKE ALL ON DATABASE $PGDATABASE FROM public" \
        "GRANT CONNECT ON DATABASE $PGDATABASE TO $ROLE" "REVOKE ALL ON pg_stat_activity, pg_locks, pg_settings FROM public" \
        "GRANT SELECT ON pg_stat_activity, pg_locks, pg_settings TO $ROLE"
    assert_role_fails "permission denied" "SELECT * FROM pg_control_system()"
    assert_role_fails "permission denied" "CREATE TEMP TABLE t (a int)"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "process $HOLDER_BACKEND of user \"$PGUSER\""
    release
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_kv_as_expected
    succeeds kv-migrate cleanup -d "$ROLE_DSN"
    assert_esti_migrated
}

@test "a role that cannot create, lock or drop tables: nothing is done" {
    local before
    role_database "$ESTI"
    before=$(legacy_digest)
    sql "ALTER SCHEMA public OWNER TO $PGUSER" "REVOKE CREATE ON SCHEMA public FROM public, $ROLE" \
        "GRANT USAGE ON SCHEMA public TO $ROLE"
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" "cannot create tables in schema \"public\"" "hint: GRANT CREATE ON SCHEMA public TO $ROLE"
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$before"

    # The lock requires more than SELECT.
    sql "GRANT CREATE ON SCHEMA public TO $ROLE" "ALTER TABLE auth_users OWNER TO $PGUSER" "GRANT SELECT ON auth_users TO $ROLE"
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" "cannot lock legacy tables against writers" "GRANT UPDATE ON public.auth_users TO $ROLE"
    assert_stamp 38 -
    sql "GRANT ALL ON auth_users TO $ROLE"
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" "cannot drop legacy tables" "ALTER TABLE public.auth_users OWNER TO $ROLE"
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$before"
}

@test "a database in which event triggers forbid creating or changing tables" {
    local before
    role_database "$ESTI"
    before=$(legacy_digest)
    sql "CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
        BEGIN RAISE EXCEPTION 'ask the administrator before %', tg_tag USING HINT = 'Ask Alice.'; END \$\$" \
        "CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION no_ddl()"
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" "kv-migrate: error: event trigger \"no_ddl\" (function public.no_ddl()) fails" "ask the administrator before" \
        "hint: Ask Alice. Disable it for the migration: ALTER EVENT TRIGGER no_ddl DISABLE"
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$before"
    sql "DROP EVENT TRIGGER no_ddl"
    succeeds "${MIGRATE[@]}"
    assert_esti_migrated
}

# Encodings -----------------------------------------------------------------------------------------------------------

# check_encoding ENCODING: the fixture, and non-ASCII text, from a database in this encoding.
check_encoding() {
    fresh_database TEMPLATE template0 ENCODING "$1" "LC_COLLATE 'C' LC_CTYPE 'C'"
    apply_migrations 21 38
    load_fixture "$FIXTURES_DIR/esti/legacy.data.sql"
    set_schema_version 38
    make_role
    role_settings "client_encoding = 'LATIN1'"
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_kv_as_expected
    succeeds kv-migrate cleanup -d "$ROLE_DSN"
    assert_esti_migrated
}

@test "a database in LATIN1" {
    check_encoding LATIN1
}

@test "a database in SQL_ASCII" {
    check_encoding SQL_ASCII
}

@test "a schema with a non-ASCII name uses golang-migrate's lock, in any encoding" {
    local encoding
    for encoding in UTF8 LATIN1; do
        fresh_database TEMPLATE template0 ENCODING "$encoding" "LC_COLLATE 'C' LC_CTYPE 'C'"
        PGCLIENTENCODING=UTF8 sql "CREATE SCHEMA \"é\"" "DROP SCHEMA public" "ALTER DATABASE $PGDATABASE SET search_path = \"é\""
        apply_migrations 21 38
        set_schema_version 38
        ROLE=${PGDATABASE}_role
        sql "CREATE ROLE $ROLE LOGIN SUPERUSER" "ALTER ROLE $ROLE SET client_encoding = 'LATIN1'"
        # golang-migrate reads the name in UTF-8.
        hold "SELECT pg_advisory_lock($(lock_key é "$PGDATABASE"))"
        fails 5 kv-migrate up --kv-enabled -U "$ROLE" -d "$PGDATABASE" --lock-wait-timeout=300ms
        assert_contains "$stderr" "$HOLDER_BACKEND"
        kv-export -U "$ROLE" -d "$PGDATABASE" --quiet -f "$BATS_TEST_TMPDIR/dump" --force
        fails 5 kv-import -U "$ROLE" -d "$PGDATABASE" --lock-wait-timeout=300ms "$BATS_TEST_TMPDIR/dump"
        assert_contains "$stderr" "$HOLDER_BACKEND"
        release
        succeeds kv-migrate up --kv-enabled -U "$ROLE" -d "$PGDATABASE"
        assert_sql 39 'SELECT version FROM schema_migrations'
        drop_database
        drop_role
    done
}
