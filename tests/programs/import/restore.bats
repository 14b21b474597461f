#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-import --clean on PostgreSQL: the store in use is replaced by a complete one, or not at all.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/import
load ../../lib/restore

# Readers -------------------------------------------------------------------------------------------------------------

@test "who looks all the time sees the old or the new entries, never anything else" {
    local name
    store_in_use
    start_reader table "SELECT count(*) FROM kv, pg_sleep(0.002);"
    start_reader view "SELECT count(*) FROM kv_v, pg_sleep(0.002);"
    start_reader prepared "EXECUTE entries;" "PREPARE entries AS SELECT count(*) FROM kv, pg_sleep(0.002);"
    for name in table view prepared; do
        eventually reader_saw "$name" 1005
    done
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    for name in table view prepared; do
        eventually reader_saw "$name" 1004
    done
    # And back.
    succeeds kv-import -d "$DSN" --undo
    for name in table view prepared; do
        eventually reader_saw "$name" 1005
    done
    stop_readers
    for name in table view prepared; do
        assert_equal "$(sort -u "$BATS_TEST_TMPDIR/reader.$name")" "1004
1005"
    done
}

@test "statements that were prepared before, or wait meanwhile, go on with the new entries" {
    store_in_use
    # While the places are changed, the table of that name is gone: go on once a session waits for it.
    sql "CREATE FUNCTION wait_for_waiter() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN
            IF to_regclass('public.kv') IS NULL AND to_regclass('public.kv_new') IS NOT NULL THEN
                FOR i IN 1 .. 400 LOOP
                    EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted);
                    PERFORM pg_sleep(0.05);
                END LOOP;
            END IF; END \$\$" \
        "CREATE EVENT TRIGGER wait_for_waiter ON ddl_command_end WHEN TAG IN ('ALTER INDEX') EXECUTE FUNCTION wait_for_waiter()"
    start_reader prepared "EXECUTE entries;" "PREPARE entries AS SELECT count(*) FROM kv, pg_sleep(0.01);"
    start_reader point "EXECUTE version;" \
        "PREPARE version AS SELECT encode(value, 'escape') FROM kv WHERE partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version';"
    eventually reader_saw prepared 1005
    eventually reader_saw point 1
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    eventually reader_saw prepared 1004
    stop_readers
    assert_equal "$(sort -u "$BATS_TEST_TMPDIR/reader.prepared")" "1004
1005"
    assert_equal "$(sort -u "$BATS_TEST_TMPDIR/reader.point")" 1
    sql "DROP EVENT TRIGGER wait_for_waiter"
}

@test "a reader's transaction is waited for, while others go on reading" {
    store_in_use
    hold "SELECT count(*) FROM kv"
    background kv-import -d "$DSN" --clean --lock-wait-timeout=1h "$DUMP"
    for _ in 1 2 3; do
        eventually someone_waits
        # They are held up for a moment only.
        assert_sql 1005 "SELECT count(*) FROM kv"
    done
    release
    background_ends 0
    assert_loaded
}

@test "a reader that does not end is named, and the store in use is unchanged" {
    local before
    store_in_use
    before=$(kv_state)
    hold "SELECT count(*) FROM kv_v"
    fails 5 kv-import -d "$DSN" --clean --lock-wait-timeout=300ms "$DUMP"
    assert_contains "$stderr" "in use by others" "Locks are held by process $HOLDER_BACKEND" "The store in use is unchanged."
    release
    assert_unchanged "$before"
    fails 1 kv-import -d "$DSN" --in-place "$DUMP"
}

# What goes wrong -----------------------------------------------------------------------------------------------------

@test "a corrupt or truncated dump leaves the store in use as it was, and says so" {
    local before
    store_in_use
    before=$(kv_state)
    flip "$(($(stat -c %s "$DUMP") / 2))" "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/flipped.dump"
    assert_contains "$stderr" "The store in use is unchanged."
    assert_unchanged "$before"
    fails 4 kv-import -d "$DSN" --clean - < <(cat "$BATS_TEST_TMPDIR/flipped.dump")
    assert_contains "$stderr" "The store in use is unchanged."
    assert_unchanged "$before"
    fails 4 kv-import -d "$DSN" --clean - < <(head -c 5000000 "$DUMP")
    assert_contains "$stderr" "The store in use is unchanged."
    assert_unchanged "$before"
    head -c 5000000 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/cut.dump"
    assert_contains "$stderr" "The store in use is unchanged."
    assert_unchanged "$before"
}

@test "SIGINT during the load leaves the store in use as it was, and nothing else" {
    local before
    store_in_use
    before=$(kv_state)
    replace_half env --default-signal=INT
    kill -INT "$BACKGROUND"
    background_ends 130
    exec {PIPE}>&-
    stderr=$(cat "$BACKGROUND_OUTPUT")
    assert_contains "$stderr" "The store in use is unchanged."
    assert_unchanged "$before"
}

@test "SIGKILL during the load leaves the store in use as it was; the next load removes what is left" {
    local before
    store_in_use
    before=$(kv_state)
    replace_half
    kill -KILL "$BACKGROUND"
    background_ends 137
    exec {PIPE}>&-
    eventually nobody_else
    assert_sql 1 "SELECT count(*) FROM pg_class WHERE relname = 'kv_new'"
    assert_equal "$(kv_state)" "$before"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_new'"
}

@test "a connection that is lost during the load leaves the store in use as it was" {
    local before
    store_in_use
    before=$(kv_state)
    replace_half
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    replace_rest || true
    background_ends 2
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "The store in use is unchanged."
    assert_equal "$(kv_state)" "$before"
}

@test "a table kv_new of others is not touched" {
    local before
    store_in_use
    sql "CREATE TABLE kv_new AS SELECT * FROM kv LIMIT 3"
    before=$(everything)
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    assert_contains "$stderr" kv_new "not of an unfinished load"
    sql "DROP TABLE kv_new" "CREATE VIEW kv_new AS SELECT 1 AS a"
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    sql "DROP VIEW kv_new"
}

@test "a store whose version another program changes during the load is not replaced" {
    local before
    store_in_use
    replace_half
    sql "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"
    before=$(kv_state)
    replace_rest
    background_ends 5
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "another program has changed it" "The store in use is unchanged."
    assert_equal "$(kv_state)" "$before"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before'"
}

# The session stays connected, as a pooled one does, so that the server's statistics do not have all of it.
@test "entries that are written during the load are kept with the old store, and a warning counts them" {
    local to answer
    store_in_use
    sql "INSERT INTO kv SELECT 'before', int4send(n), '' FROM generate_series(1, 5) AS n"
    coproc WRITER { psql -XAtq -d "$DSN" 2>&1; } 3>&-
    to=${WRITER[1]}
    replace_half
    printf '%s\n' "INSERT INTO kv SELECT 'written', int4send(n), '' FROM generate_series(1, 7) AS n;" \
        "BEGIN; INSERT INTO kv VALUES ('written', 'a', ''); SAVEPOINT s; INSERT INTO kv VALUES ('written', 'b', ''); COMMIT;" \
        "BEGIN; INSERT INTO kv VALUES ('written', 'c', ''); ROLLBACK;" "SELECT 'done';" >&"$to"
    read -r -t 60 answer <&"${WRITER[0]}"
    assert_equal "$answer" "done"
    replace_rest
    background_ends 0
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "warning: 9 entries were written to the store in use" "$(kept_store)"
    assert_loaded
    assert_sql 9 "SELECT count(*) FROM $(kept_store) WHERE partition_key = 'written'"
    # Updated and deleted ones, too.
    rm "$BATS_TEST_TMPDIR/pipe"
    kv-import -q -d "$DSN" --undo
    replace_half
    printf '%s\n' "UPDATE kv SET value = 'x' WHERE partition_key = 'before';" "DELETE FROM kv WHERE partition_key = 'written';" \
        "SELECT 'done';" >&"$to"
    read -r -t 60 answer <&"${WRITER[0]}"
    replace_rest
    background_ends 0
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "warning: 5 entries were inserted or updated, and 14 deleted or updated"
    # One, and none, of a transaction that was open when the load began.
    rm "$BATS_TEST_TMPDIR/pipe"
    kv-import -q -d "$DSN" --undo
    printf '%s\n' "BEGIN; SAVEPOINT s; INSERT INTO kv VALUES ('written', 'open', '');" "SELECT 'done';" >&"$to"
    read -r -t 60 answer <&"${WRITER[0]}"
    replace_half
    printf '%s\n' "COMMIT;" "SELECT 'done';" >&"$to"
    read -r -t 60 answer <&"${WRITER[0]}"
    replace_rest
    background_ends 0
    assert_contains "$(cat "$BACKGROUND_OUTPUT")" "warning: 1 entry was written"
    exec {to}>&-
    kv-import -q -d "$DSN" --undo
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    refute_contains "$stderr" warning
}

# The store that is kept ----------------------------------------------------------------------------------------------

@test "the old store is kept once; --undo changes places, --forget drops it" {
    local old old_comment new name
    store_in_use
    sql "COMMENT ON TABLE schema_migrations IS 'mine'"
    old=$(kv_digest)
    old_comment=$(sql "SELECT obj_description('kv'::regclass)")
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    name=$(kept_store)
    assert_contains "$stderr" "is kept as table \"$name\"" --undo --forget
    new=$(kv_digest)
    assert_equal "$(kv_digest "$name")" "$old"
    # Everything has the other's name: a table, 100 partitions, their indexes, a view.
    assert_sql 203 "SELECT count(*) FROM pg_class WHERE relname ~ '^${name}(_|$)'"
    assert_sql 203 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv(|_v|_pkey|_[0-9]+|_[0-9]+_pkey)$'"

    sql "UPDATE schema_migrations SET version = 40"
    succeeds kv-import -d "$DSN" --undo
    assert_equal "$(kv_digest)" "$old"
    assert_sql "39|$old_comment" "SELECT version, obj_description('kv'::regclass) FROM schema_migrations"
    assert_equal "$(kv_digest "$(kept_store)")" "$new"
    sql "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"

    succeeds kv-import -d "$DSN" --undo
    assert_equal "$(kv_digest)" "$new"
    assert_stamp 40 1
    succeeds kv-import -d "$DSN" --undo
    assert_stamp 39 4

    # The next one takes its place.
    succeeds kv-import -d "$DSN" --clean --allow-other-version "$DUMP"
    assert_contains "$stderr" "which was kept until now, is dropped"
    assert_sql 203 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before_'"
    succeeds kv-import -d "$DSN" --forget
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before_'"
    assert_loaded
    succeeds kv-import -d "$DSN" --forget
    assert_contains "$stderr" "nothing to do"
    fails 5 kv-import -d "$DSN" --undo
    assert_contains "$stderr" "no store is kept"
    assert_loaded
}

@test "what only has a name like that of a kept store is not one" {
    store_in_use
    sql "CREATE TABLE kv_before_20200101_000000 AS SELECT * FROM kv"
    fails 5 kv-import -d "$DSN" --undo
    succeeds kv-import -d "$DSN" --forget
    assert_sql 1005 "SELECT count(*) FROM kv_before_20200101_000000"
}

@test "--undo brings a store back where there is none" {
    store_in_use
    kv-import -q -d "$DSN" --clean "$DUMP"
    sql "DROP VIEW kv_v" "DROP TABLE kv"
    succeeds kv-import -d "$DSN" --undo
    assert_sql 1005 "SELECT count(*) FROM kv_v"
}

@test "--undo waits for readers, and gives up without a change" {
    local before
    store_in_use
    kv-import -q -d "$DSN" --clean "$DUMP"
    before=$(everything)
    hold "SELECT count(*) FROM kv"
    fails 5 kv-import -d "$DSN" --undo --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    assert_equal "$(everything)" "$before"
    fails 1 kv-import -d "$DSN" --undo "$DUMP"
    fails 1 kv-import -d "$DSN" --undo --clean
    fails 1 kv-import --target=dynamodb --undo
}

@test "--in-place drops the store before loading, and keeps nothing" {
    store_in_use
    succeeds kv-import -d "$DSN" --clean --in-place "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_(new|before)'"
    fails 4 kv-import -d "$DSN" --clean --in-place - < <(head -c 5000000 "$DUMP")
    refute_contains "$stderr" "unchanged"
    assert_stamp 39 0
}

# What is attached to the store ---------------------------------------------------------------------------------------

@test "the new store gets what was set for the old one" {
    needs_pg_dump
    local role published=kv
    fresh_database
    # Before PostgreSQL 13, only partitions are published.
    (($(sql "SHOW server_version_num") >= 130000)) || published=kv_1
    kv-import -q -d "$DSN" "$DUMP"
    role=${PGDATABASE}_r
    sql "CREATE ROLE $role" "CREATE ROLE ${role}o"
    sql "GRANT CREATE ON SCHEMA public TO ${role}o" "ALTER TABLE kv OWNER TO ${role}o" "ALTER VIEW kv_v OWNER TO ${role}o" \
        "DO \$\$ BEGIN FOR i IN 0 .. 99 LOOP EXECUTE format('ALTER TABLE kv_%s OWNER TO ${role}o', i); END LOOP; END \$\$" \
        "GRANT SELECT ON kv, kv_v TO $role" "GRANT INSERT ON kv_0 TO PUBLIC" "GRANT SELECT (key) ON kv_3 TO $role WITH GRANT OPTION" \
        "REVOKE DELETE ON kv_4 FROM ${role}o" "COMMENT ON COLUMN kv.key IS 'its key'" "COMMENT ON TABLE kv_5 IS 'five'" \
        "COMMENT ON VIEW kv_v IS 'text'" "COMMENT ON INDEX kv_5_pkey IS 'its index'" \
        "ALTER TABLE kv_7 SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.5, toast.autovacuum_enabled = false)" \
        "ALTER VIEW kv_v SET (security_barrier = true)" "ALTER INDEX kv_3_pkey SET (fillfactor = 55)" \
        "ALTER TABLE kv_6 OWNER TO $role" "ALTER VIEW kv_v OWNER TO $role" "ALTER TABLE kv_10 SET UNLOGGED" "CLUSTER kv_4 USING kv_4_pkey" \
        "COMMENT ON CONSTRAINT kv_pkey ON kv IS 'its key'" \
        "SET ROLE ${role}o" "GRANT SELECT ON kv TO $role WITH GRANT OPTION" "SET ROLE $role" "GRANT SELECT ON kv TO PUBLIC" "RESET ROLE" \
        "ALTER TABLE kv_8 REPLICA IDENTITY FULL" "ALTER TABLE kv_9 REPLICA IDENTITY USING INDEX kv_9_pkey" \
        "ALTER TABLE kv_9 ALTER value SET STORAGE EXTERNAL, ALTER value SET STATISTICS 7, ALTER key SET (n_distinct = 5)" \
        "SET client_min_messages = error" "CREATE PUBLICATION changes FOR TABLE $published"
    # Rights that only new tables would get.
    sql "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC"
    store_schema >"$BATS_TEST_TMPDIR/before"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_contains "$stderr" "publication changes"
    store_schema | diff "$BATS_TEST_TMPDIR/before" -
    succeeds kv-import -d "$DSN" --undo
    store_schema | diff "$BATS_TEST_TMPDIR/before" -
    succeeds kv-import -d "$DSN" --forget
    sql "DROP OWNED BY $role, ${role}o" "DROP ROLE $role, ${role}o"
}

@test "a view of a role that may not read the table is no obstacle" {
    store_in_use
    sql "CREATE ROLE ${PGDATABASE}_v" "ALTER VIEW kv_v OWNER TO ${PGDATABASE}_v"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    succeeds kv-import -d "$DSN" --undo
    assert_sql 2 "SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relowner = '${PGDATABASE}_v'::regrole"
    sql "DROP OWNED BY ${PGDATABASE}_v" "DROP ROLE ${PGDATABASE}_v"
}

@test "--undo brings back a store whose rights were passed on by a grantee" {
    local role
    store_in_use
    role=${PGDATABASE}_g
    sql "CREATE ROLE $role"
    kv-import -q -d "$DSN" --clean "$DUMP"
    sql "GRANT SELECT ON kv TO $role WITH GRANT OPTION" "SET ROLE $role" "GRANT SELECT ON kv TO PUBLIC"
    succeeds kv-import -d "$DSN" --undo
    succeeds kv-import -d "$DSN" --undo
    assert_sql 2 "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantor = '$role'::regrole AND a.grantee = 0"
    sql "DROP OWNED BY $role" "DROP ROLE $role"
}

@test "rights whose grantor this role cannot become are kept, and granted by the owner, with a warning" {
    local role owner grantor dsn warnings
    fresh_database
    role=${PGDATABASE}_g owner="${PGDATABASE}_o" grantor="${PGDATABASE} odd"
    sql "CREATE ROLE $owner LOGIN" "CREATE ROLE \"$grantor\"" "CREATE ROLE $role" "GRANT CREATE ON SCHEMA public TO $owner"
    dsn="host=$PGHOST port=$PGPORT user=$owner dbname=$PGDATABASE"
    kv-import -q -d "$dsn" "$DUMP"
    sql "SET ROLE $owner" "GRANT SELECT, INSERT ON kv TO \"$grantor\" WITH GRANT OPTION" \
        "GRANT SELECT (key) ON kv_3 TO \"$grantor\" WITH GRANT OPTION" \
        "SET ROLE \"$grantor\"" "GRANT SELECT ON kv TO PUBLIC" "GRANT INSERT ON kv TO $role WITH GRANT OPTION" \
        "GRANT SELECT (key) ON kv_3 TO $role"
    # Of kv and kv_3: who has which right.
    rights >"$BATS_TEST_TMPDIR/before"
    succeeds kv-import -d "$dsn" --clean "$DUMP"
    warnings=$(grep -F "a right that role \"$grantor\" has granted is now granted by the owner, as this role cannot act for it: " <<<"$stderr")
    assert_equal "$(wc -l <<<"$warnings")" 3
    assert_contains "$warnings" "GRANT SELECT ON" "TO PUBLIC" "GRANT INSERT ON" "TO $role WITH GRANT OPTION" "SELECT (key)"
    rights | diff "$BATS_TEST_TMPDIR/before" -
    assert_sql 0 "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'kv'::regclass
        AND pg_get_userbyid(a.grantor) <> '$owner'"
    # A superuser can act for every role.
    sql "SET ROLE \"$grantor\"" "GRANT SELECT ON kv TO $role"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    refute_contains "$stderr" "cannot act for it"
    assert_sql "$grantor" "SELECT pg_get_userbyid(a.grantor) FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'kv'::regclass
        AND a.grantee = '$role'::regrole AND a.privilege_type = 'SELECT'"
    drop_database
    PGDATABASE=postgres sql "DROP ROLE $role, $owner, \"$grantor\""
}

# rights: prints who has which right on kv and on a column of kv_3, whoever has granted it.
rights() {
    sql "SELECT c.relname, '', a.grantee::regrole, a.privilege_type, a.is_grantable FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = 'kv'::regclass
        UNION SELECT 'kv_3', t.attname, a.grantee::regrole, a.privilege_type, a.is_grantable
            FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = 'kv_3'::regclass ORDER BY 1, 2, 3, 4"
}

@test "what others have attached to the store is refused before anything is loaded" {
    local object statement before
    store_in_use
    while IFS='|' read -r object statement; do
        # Before PostgreSQL 12, nothing can refer to a partitioned table.
        [[ $statement != *REFERENCES* || $(sql "SHOW server_version_num") -ge 120000 ]] || continue
        sql "$statement"
        before=$(everything)
        fails 5 kv-import -d "$DSN" --clean "$DUMP"
        assert_contains "$stderr" "others depend on it" "$object" --in-place
        fails 5 kv-import -d "$DSN" --clean --check-target
        assert_equal "$(everything)" "$before"
        sql "SET client_min_messages = error" "DROP SCHEMA IF EXISTS others CASCADE" "DROP INDEX IF EXISTS by_value" \
            "DROP TRIGGER IF EXISTS every ON kv_4" "DROP TRIGGER IF EXISTS whole ON kv" "DROP RULE IF EXISTS none ON kv" "DROP POLICY IF EXISTS none ON kv" \
            "ALTER TABLE kv DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY" \
            "DROP VIEW IF EXISTS kv_v" "CREATE VIEW kv_v AS SELECT encode(partition_key, 'escape') AS partition_key, encode(key, 'escape') AS key, value FROM kv" \
            "ALTER TABLE kv_2 DROP CONSTRAINT IF EXISTS small"
    done <<'OBJECTS'
view others.report|CREATE SCHEMA others; CREATE VIEW others.report AS SELECT * FROM kv_7
view others.report|CREATE SCHEMA others; CREATE VIEW others.report AS SELECT * FROM kv_v
materialized view others.sums|CREATE SCHEMA others; CREATE MATERIALIZED VIEW others.sums AS SELECT count(*) FROM kv
others.takes(public.kv)|CREATE SCHEMA others; CREATE FUNCTION others.takes(kv) RETURNS int LANGUAGE sql AS 'SELECT 1'
detail: constraint refers_a_b_fkey on table others.refers.|CREATE SCHEMA others; CREATE TABLE others.refers (a bytea, b bytea, FOREIGN KEY (a, b) REFERENCES kv)
statistics object others.pair|CREATE SCHEMA others; CREATE STATISTICS others.pair (ndistinct) ON key, value FROM kv_1
index public.by_value|CREATE INDEX by_value ON kv_3 (value)
trigger every|CREATE TRIGGER every BEFORE UPDATE ON kv_4 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
detail: trigger whole on table public.kv.|CREATE TRIGGER whole AFTER INSERT ON kv FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
rule none|CREATE RULE none AS ON DELETE TO kv DO INSTEAD NOTHING
policy none|CREATE POLICY none ON kv USING (false)
row security of public.kv|ALTER TABLE kv ENABLE ROW LEVEL SECURITY
row security of public.kv|ALTER TABLE kv FORCE ROW LEVEL SECURITY
view public.kv_v, which is not the usual one|ALTER TABLE kv_v RENAME COLUMN key TO name
view public.kv_v, which is not the usual one|CREATE OR REPLACE VIEW kv_v AS SELECT encode(partition_key, 'escape') AS partition_key, encode(key, 'escape') AS key, value FROM kv WHERE false
constraint small|ALTER TABLE kv_2 ADD CONSTRAINT small CHECK (length(value) < 100000)
OBJECTS
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_loaded
}

@test "a store that lakeFS has made, with another number of partitions, is replaced, too" {
    fresh_database
    create_kv
    set_kv_version 1
    sql "INSERT INTO kv VALUES ('auth', 'users/eve', 'x')"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_sql 1004 "SELECT count(*) FROM kv"
    succeeds kv-import -d "$DSN" --undo
    assert_sql "2|2" "SELECT count(*), (SELECT count(*) FROM pg_inherits WHERE inhparent = 'kv'::regclass) FROM kv_v"
    # One that is not partitioned, under another name.
    sql "CREATE TABLE \"My kv\" (partition_key bytea, key bytea, value bytea, PRIMARY KEY (partition_key, key))" \
        "INSERT INTO \"My kv\" VALUES ('kv-internal-metadata', 'kv/schema/version', '1')"
    succeeds kv-import -d "$DSN" --table="My kv" --clean "$DUMP"
    assert_sql 1004 "SELECT count(*) FROM \"My kv_v\""
    succeeds kv-import -d "$DSN" --table="My kv" --undo
    assert_sql 1 "SELECT count(*) FROM \"My kv\""
    assert_sql 2 "SELECT count(*) FROM kv"
}

@test "a name too long for another table beside it is refused" {
    local name
    fresh_database
    name=$(printf 'x%.0s' {1..50})
    kv-import -q -d "$DSN" --table="$name" "$DUMP"
    fails 5 kv-import -d "$DSN" --table="$name" --clean "$DUMP"
    assert_contains "$stderr" "too long" --in-place
    succeeds kv-import -d "$DSN" --table="$name" --clean --in-place "$DUMP"
}

@test "a name too long for the partitions is refused before anything is done" {
    fresh_database
    fails 5 kv-import -d "$DSN" --table="$(printf 'x%.0s' {1..56})" "$DUMP"
    assert_contains "$stderr" "too long" "Take a shorter one"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^xxx'"
    succeeds kv-import -d "$DSN" --table="$(printf 'x%.0s' {1..55})" "$DUMP"
}
