#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whose is what the programs make? lakeFS connects as the owner of the legacy tables, and somebody else migrates.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2153 # make_role sets ROLE
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up
load ../../lib/surroundings

setup() {
    make_scratch
    ROLES=()
}

teardown() {
    local role
    clean_up
    for role in "${ROLES[@]}"; do
        psql -Xq -d postgres -c "DROP ROLE $role"
    done
    drop_role
    assert_scratch_empty
}

# another_role NAME [OPTION...]: makes a role, which connects by NAME_DSN; it goes with the test.
another_role() {
    local -n dsn=$1_DSN name=$1
    name=${PGDATABASE}_${1,,}
    # shellcheck disable=SC2034 # by its other name
    dsn="host=$PGHOST port=$PGPORT user=$name dbname=$PGDATABASE"
    shift
    sql "CREATE ROLE $name LOGIN $*"
    ROLES+=("$name")
}

# small_database: a legacy database of the role ROLE; DUMP is a dump of it.
small_database() {
    role_database "$SMALL"
    # The schema as since PostgreSQL 15.
    sql "REVOKE CREATE ON SCHEMA public FROM PUBLIC" "ALTER FUNCTION first_parent OWNER TO $ROLE"
    UP=(kv-migrate up --quiet --kv-enabled --no-settings --keep-tables)
    DUMP=$BATS_TEST_TMPDIR/dump
    kv-export -d "$ROLE_DSN" --no-settings --quiet -f "$DUMP"
}

# owners: prints who owns the relations, functions and types of the schema, but for multiranges, whose owner not every
# server changes with that of the range.
owners() {
    sql "SELECT DISTINCT pg_get_userbyid(owner) FROM (SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION SELECT typowner FROM pg_type WHERE typnamespace = 'public'::regnamespace
            AND typname NOT LIKE '%multirange%') AS o (owner) ORDER BY 1"
}

# assert_usable: lakeFS's role reads, writes and alters the KV table.
assert_usable() {
    as_role "SELECT count(*) FROM kv_v" "INSERT INTO kv VALUES ('lakefs', 'key', 'value')" "DELETE FROM kv WHERE key = 'key'" \
        "ALTER TABLE kv ADD COLUMN later int" "ALTER TABLE kv DROP COLUMN later" "DROP VIEW kv_v"
}

@test "a superuser migrates, and lakeFS's role owns all that is made" {
    small_database
    succeeds "${UP[@]}" -d "$DSN"
    assert_stamp 39 1
    assert_equal "$(owners)" "$ROLE"
    assert_sql 101 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv(_[0-9]+)?$' AND relkind IN ('r', 'p')"
    assert_usable
    # The guard's function, too: who goes back needs no superuser.
    as_role "DROP FUNCTION kv_migrate_refuse_writes() CASCADE"
}

@test "a superuser imports, and lakeFS's role owns all that is made" {
    small_database
    succeeds kv-import -q -d "$DSN" "$DUMP"
    assert_equal "$(owners)" "$ROLE"
    assert_usable
}

@test "a role without the right to create in the schema gets what a superuser makes" {
    small_database
    sql "ALTER SCHEMA public OWNER TO $PGUSER" "GRANT USAGE ON SCHEMA public TO $ROLE"
    succeeds "${UP[@]}" -d "$DSN"
    assert_equal "$(owners)" "$ROLE"
    assert_usable
}

@test "schema migrations make nothing that lakeFS's role does not own" {
    fresh_database
    apply_migrations 21 21
    set_schema_version 21
    make_role
    succeeds kv-migrate up -q -d "$DSN"
    assert_stamp 38 -
    assert_equal "$(owners)" "$ROLE"
    as_role "SELECT count(*) FROM auth_expired_tokens" "SELECT first_parent('{a}', 1)"
}

@test "objects of every kind, made by files with and without a transaction, change their owner" {
    local folder=$BATS_TEST_TMPDIR/migrations
    small_database
    mkdir "$folder"
    cp "$TESTS_DIR"/../scripts/migrations/*.sql "$folder"
    cat >"$folder/000039_kinds.up.sql" <<'SQL'
CREATE TABLE parents (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE children (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED) PARTITION BY RANGE (id);
CREATE TABLE children_1 PARTITION OF children FOR VALUES FROM (0) TO (9);
INSERT INTO children VALUES (1);
INSERT INTO parents VALUES (1);
CREATE SEQUENCE "Free";
CREATE VIEW v AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
CREATE TYPE composite AS (a int);
CREATE TYPE enumerated AS ENUM ('a');
CREATE TYPE a_range AS RANGE (subtype = text);
CREATE DOMAIN restricted AS text;
CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT a';
CREATE PROCEDURE p(a text[]) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE g(int) (sfunc = int4pl, stype = int);
SQL
    printf 'BEGIN;\nCREATE TABLE by_itself (id int);\nCOMMIT;\n' >"$folder/000040_alone.up.sql"
    succeeds kv-migrate up -q -d "$DSN" --migrations "$folder"
    assert_stamp 40 -
    assert_equal "$(owners)" "$ROLE"
    assert_sql "$ROLE" "SELECT tableowner FROM pg_tables WHERE tablename = 'by_itself'"
}

@test "a role that is a member of the owner migrates" {
    small_database
    another_role DBA
    sql "GRANT $ROLE TO $DBA"
    succeeds "${UP[@]}" -d "$DBA_DSN"
    assert_stamp 39 1
    assert_equal "$(owners)" "$ROLE"
    assert_usable
    succeeds kv-import -q --clean -d "$DBA_DSN" "$DUMP"
    assert_equal "$(owners)" "$ROLE"
}

# refused PROGRAM ARGUMENT...: with exit code 5, nothing is done.
refused() {
    local before
    before=$(whole_database)
    run --separate-stderr -5 "$@"
    assert_contains "$stderr" "could not be given to role \"$ROLE\""
    assert_equal "$(whole_database)" "$before"
}

@test "a role that is not a member is refused before anything is done, with the GRANT that helps" {
    local grant
    small_database
    another_role DBA
    sql "GRANT USAGE, CREATE ON SCHEMA public TO $DBA" "GRANT ALL ON ALL TABLES IN SCHEMA public TO $DBA" \
        "ALTER SCHEMA public OWNER TO $DBA" "GRANT CREATE ON SCHEMA public TO $ROLE"
    refused "${UP[@]}" -d "$DBA_DSN" --dry-run
    refused "${UP[@]}" -d "$DBA_DSN"
    refused kv-import -q -d "$DBA_DSN" "$DUMP"
    assert_contains "$stderr" "\"$DBA\" is not a member of it" "GRANT $ROLE TO $DBA"
    grant=$(sed -n 's/^hint: \(GRANT [^;]*\);.*/\1/p' <<<"$stderr")
    sql "$grant"
    succeeds "${UP[@]}" -d "$DBA_DSN"
    sql "REASSIGN OWNED BY $DBA TO $PGUSER" "DROP OWNED BY $DBA"
}

@test "schema migrations by a role that is not a member are refused, too" {
    fresh_database
    apply_migrations 21 37
    set_schema_version 37
    make_role
    another_role DBA
    sql "GRANT ALL ON SCHEMA public TO $DBA" "GRANT ALL ON ALL TABLES IN SCHEMA public TO $DBA"
    local option before
    before=$(whole_database)
    for option in "" --dry-run; do
        # The first problem is that the role cannot alter the tables.
        run --separate-stderr -3 kv-migrate up -q -d "$DBA_DSN" ${option:+"$option"}
        assert_contains "$stderr" "does not own tables that schema migrations alter" \
            "could not be given to role \"$ROLE\"" "GRANT $ROLE TO $DBA"
        assert_equal "$(whole_database)" "$before"
    done
    sql "DROP OWNED BY $DBA"
}

@test "an owner who may not create in the schema cannot be given a table by a member" {
    small_database
    another_role DBA
    sql "GRANT $ROLE TO $DBA" "ALTER SCHEMA public OWNER TO $PGUSER" "GRANT USAGE ON SCHEMA public TO $ROLE" \
        "GRANT CREATE ON SCHEMA public TO $DBA"
    refused "${UP[@]}" -d "$DBA_DSN"
    assert_contains "$stderr" "hint: GRANT CREATE ON SCHEMA public TO $ROLE"
    sql "$(sed -n 's/^hint: //p' <<<"$stderr" | head -n 1)"
    succeeds "${UP[@]}" -d "$DBA_DSN"
    sql "DROP OWNED BY $DBA"
}

@test "--role: all programs are the role, which the user may become" {
    small_database
    another_role DBA NOINHERIT
    sql "GRANT $ROLE TO $DBA"
    fails 3 kv-export -d "$DBA_DSN" --no-settings -f "$BATS_TEST_TMPDIR/other"
    sql "GRANT SELECT ON ALL TABLES IN SCHEMA public TO $DBA"
    refused kv-import -q -d "$DBA_DSN" "$DUMP"
    assert_contains "$stderr" "does not inherit its rights" "--role"
    sql "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM $DBA"
    succeeds kv-export -q -d "$DBA_DSN" --role="$ROLE" --no-settings -f "$BATS_TEST_TMPDIR/other"
    succeeds "${UP[@]}" -d "$DBA_DSN" --role="$ROLE"
    assert_equal "$(owners)" "$ROLE"
    succeeds kv-import -q --clean -d "$DBA_DSN" --role "$ROLE" "$DUMP"
    assert_equal "$(owners)" "$ROLE"
    # It beats the connection string, and goes on to those who are started anew.
    succeeds kv-migrate revert -q -d "$DBA_DSN role=$DBA password=none" --role="$ROLE"
    assert_equal "$(owners)" "$ROLE"
}

@test "--role: what the role lacks is granted to the role, not to the user" {
    small_database
    another_role DBA
    another_role OTHER
    sql "GRANT $OTHER TO $DBA"
    fails 3 kv-export -d "$DBA_DSN" --role="$OTHER" --no-settings -f "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" "hint: " "GRANT SELECT ON public.schema_migrations TO $OTHER"
    fails 3 kv-export -d "$DBA_DSN role=$OTHER" --no-settings -f "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" "TO $OTHER"
    # The role of the option takes precedence, also as none.
    fails 3 kv-export -d "$DBA_DSN role=$OTHER" --role=none --no-settings -f "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" "TO $DBA"
}

@test "a role that cannot give away what it makes is refused in one message, with schema migrations and without" {
    fresh_database
    apply_migrations 21 37
    set_schema_version 37
    make_role
    another_role DBA
    sql "GRANT ALL ON SCHEMA public TO $DBA" "GRANT ALL ON ALL TABLES IN SCHEMA public TO $DBA"
    run --separate-stderr -5 kv-migrate up --kv-enabled --no-settings --keep-tables -d "$DBA_DSN"
    assert_contains "$stderr" "could not be given to role \"$ROLE\""
    assert_equal "$(grep -c "could not be given to role" <<<"$stderr")" 1
    run --separate-stderr -3 kv-migrate up -d "$DBA_DSN"
    assert_equal "$(grep -c "could not be given to role" <<<"$stderr")" 1
}

@test "--role: a role that the user may not become, or that there is not" {
    small_database
    another_role DBA
    fails 1 kv-export -d "$DBA_DSN" --role="$ROLE" --no-settings -f "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" "could not become role \"$ROLE\"" "permission denied to set role"
    fails 1 "${UP[@]}" -d "$DBA_DSN" --role="$ROLE"
    fails 1 kv-import -d "$DSN" --role="no'body" "$DUMP"
    assert_contains "$stderr" "role \"no'body\" does not exist"
}

@test "--role: in a new database it owns everything" {
    fresh_database
    make_role
    succeeds kv-migrate up -q -d "$DSN" --role="$ROLE" --new-database
    assert_stamp 38 -
    assert_equal "$(owners)" "$ROLE"
}

@test "the owner of the database is not the owner of its tables" {
    small_database
    another_role DBA
    sql "ALTER DATABASE $PGDATABASE OWNER TO $DBA"
    succeeds "${UP[@]}" -d "$DSN"
    assert_equal "$(owners)" "$ROLE"
    sql "ALTER DATABASE $PGDATABASE OWNER TO $PGUSER"
}

@test "of several owners the one of schema_migrations counts, else the one of most tables" {
    small_database
    another_role OTHER
    sql "ALTER TABLE auth_users OWNER TO $OTHER" "ALTER TABLE auth_groups OWNER TO $OTHER"
    succeeds kv-import -q -d "$DSN" "$DUMP"
    assert_sql "$ROLE" "SELECT tableowner FROM pg_tables WHERE tablename = 'kv'"
    succeeds kv-migrate revert -q -d "$DSN"
    sql "ALTER TABLE schema_migrations OWNER TO $OTHER"
    succeeds kv-import -q -d "$DSN" "$DUMP"
    assert_sql "$OTHER" "SELECT tableowner FROM pg_tables WHERE tablename = 'kv'"
    succeeds kv-migrate revert -q -d "$DSN"
    sql "ALTER TABLE schema_migrations OWNER TO $PGUSER"
    succeeds kv-import -q -d "$DSN" "$DUMP"
    assert_sql "$ROLE" "SELECT tableowner FROM pg_tables WHERE tablename = 'kv'"
    sql "REASSIGN OWNED BY $OTHER TO $PGUSER"
}

@test "a store that is replaced keeps its owner, and the rights of others; one that is put aside, too" {
    local grants="SELECT c.relname, pg_get_userbyid(a.grantee), a.privilege_type, a.is_grantable FROM pg_class c,
        aclexplode(c.relacl) a WHERE c.relname IN ('kv', 'kv_v') AND a.grantee <> c.relowner ORDER BY 1, 2, 3"
    local before
    small_database
    another_role OTHER
    another_role READER
    succeeds "${UP[@]}" -d "$DSN"
    sql "DO \$\$ DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relname ~ '^kv(_[0-9]+)?$' AND relkind IN ('r', 'p')
            LOOP EXECUTE 'ALTER TABLE ' || r || ' OWNER TO $OTHER'; END LOOP; END \$\$" \
        "ALTER VIEW kv_v OWNER TO $OTHER" "GRANT SELECT, INSERT ON kv TO $READER WITH GRANT OPTION" "GRANT SELECT ON kv_v TO PUBLIC"
    before=$(sql "$grants")
    assert_contains "$before" "kv|$READER|SELECT|t" "kv_v|"
    succeeds kv-import -q --clean -d "$DSN" "$DUMP"
    assert_equal "$(sql "$grants")" "$before"
    assert_sql "$OTHER" "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname ~ '^kv(_v|_[0-9]+)?$'"
    succeeds kv-migrate revert -q -d "$DSN"
    assert_sql "$OTHER" "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname ~ '^kv_reverted'"
    # Nothing of it counts for the next store.
    succeeds "${UP[@]}" -d "$DSN"
    assert_sql "$ROLE" "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname ~ '^kv(_v|_[0-9]+)?$'"
    sql "REASSIGN OWNED BY $OTHER TO $PGUSER" "DROP OWNED BY $OTHER" "DROP OWNED BY $READER"
}

@test "what a failed load of another role left does not stay that role's" {
    small_database
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL)" \
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '0')"
    succeeds "${UP[@]}" -d "$DSN"
    assert_equal "$(owners)" "$ROLE"
}
