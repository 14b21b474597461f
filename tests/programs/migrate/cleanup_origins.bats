#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The cleanup drops the very tables that the KV store was loaded from, and no others.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 10
    # Rows in a partition that are older than every dump.
    PGDATABASE=$SMALL sql "CREATE TABLE older (LIKE graveler_staging_kv)" \
        "INSERT INTO older SELECT * FROM graveler_staging_kv" \
        "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id)
            VALUES ('repo', 'c1', 'user', 'message', now(), '')" \
        "INSERT INTO graveler_tags VALUES ('repo', 'tag', 'c1')" \
        "INSERT INTO gateway_multiparts (upload_id, path) VALUES ('upload', 'path')" \
        "INSERT INTO auth_installation_metadata VALUES ('installation_id', 'a9d7c2d9-231a-4083-b323-dd285ebdd709')"
}

# migrated_database: migrated, with kept tables.
migrated_database() {
    fresh_database TEMPLATE "$SMALL"
    kv-migrate up --kv-enabled --no-settings --keep-tables -q -d "$DSN"
}

# keeps PART...: the cleanup refuses, says the parts, and drops nothing.
keeps() {
    local before
    before=$(legacy_tables)
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "kv-migrate: error: " "hint: " "$@"
    assert_equal "$(legacy_tables)" "$before"
}

drops() {
    succeeds kv-migrate cleanup -d "$DSN" "$@"
    assert_contains "$stderr" "dropped $LEGACY_TABLE_COUNT legacy tables"
}

# rename_database NAME: the test's database has that name from now on.
rename_database() {
    psql -Xq -d postgres -c "ALTER DATABASE $PGDATABASE RENAME TO $1"
    export PGDATABASE=$1 DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$1"
}

# The same tables ----------------------------------------------------------------------------------------------------

@test "a database and a schema of other names" {
    migrated_database
    rename_database "${PGDATABASE}_renamed"
    sql "ALTER SCHEMA public RENAME TO renamed"
    drops --schema=renamed
}

@test "tables that were vacuumed, clustered, analyzed" {
    migrated_database
    sql "VACUUM FULL" "VACUUM (FREEZE) graveler_staging_kv" "CLUSTER graveler_branches USING graveler_branches_pkey" ANALYZE \
        "REINDEX TABLE auth_users" "ALTER TABLE auth_users OWNER TO CURRENT_USER"
    drops
}

# Other tables --------------------------------------------------------------------------------------------------------

@test "a copy of the database, in which the tables have the same OIDs" {
    local original
    migrated_database
    original=$PGDATABASE
    fresh_database TEMPLATE "$original"
    keeps "loaded from another database" "From database \"$original\"" "this is database \"$PGDATABASE\"" "DROP TABLE"
    # Not even one of the same name.
    psql -Xq -d postgres -c "DROP DATABASE $original"
    rename_database "$original"
    keeps "loaded from another database"
}

@test "a dump of another database that was loaded where there were no legacy tables" {
    needs_pg_dump
    fresh_database TEMPLATE "$SMALL"
    kv-export -q -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    drop_database
    fresh_database
    kv-import -q -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
    pg_dump -d "$SMALL" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null
    sql "UPDATE schema_migrations SET version = 39"
    keeps "loaded from another database"
}

@test "a table that was created anew, whatever it holds" {
    migrated_database
    sql "DROP TABLE auth_expired_tokens" "CREATE TABLE auth_expired_tokens (token_id text, token_expires_at timestamptz)"
    keeps "table auth_expired_tokens is not the one" "OID"
}

@test "tables that changed their names" {
    migrated_database
    sql "ALTER TABLE graveler_tags RENAME TO swapped" "ALTER TABLE gateway_multiparts RENAME TO graveler_tags" \
        "ALTER TABLE swapped RENAME TO gateway_multiparts"
    keeps "table gateway_multiparts is not the one"
}

@test "a table that went away is not missed" {
    migrated_database
    sql "ALTER TABLE gateway_multiparts RENAME TO mine"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "$(legacy_tables)" ""
    assert_sql mine "SELECT to_regclass('mine')"
}

@test "a partition in place of another one, with as many rows, all older than the dump" {
    local partition
    migrated_database
    # The one that has the rows.
    partition=$(sql "SELECT tableoid::regclass FROM graveler_staging_kv LIMIT 1")
    sql "ALTER TABLE graveler_staging_kv DETACH PARTITION $partition" "DROP TABLE $partition" \
        "DO \$\$ BEGIN EXECUTE format('ALTER TABLE graveler_staging_kv ATTACH PARTITION older FOR VALUES WITH (MODULUS 10, REMAINDER %s)',
            right('$partition', 1)); END \$\$"
    assert_sql 10 "SELECT count(*) FROM graveler_staging_kv"
    keeps "table graveler_staging_kv is not the one" "other partitions"
}

@test "a child of a table" {
    migrated_database
    sql "CREATE TABLE more () INHERITS (auth_groups)"
    keeps "public.more inherits from it" "ALTER TABLE public.more NO INHERIT public.auth_groups"
}

# The store -----------------------------------------------------------------------------------------------------------

# The note is on the table, so what is in it was loaded; what matters is whether it is there still.
@test "a store that was emptied, or lost a kind of entries" {
    local change kinds
    migrated_database
    while IFS='|' read -r change kinds; do
        printf '== %s\n' "$change"
        sql "CREATE TABLE saved AS SELECT * FROM kv" "$change"
        keeps "no longer holds what was loaded" "none of them: $kinds" "DROP TABLE"
        sql "TRUNCATE kv" "INSERT INTO kv SELECT * FROM saved" "DROP TABLE saved"
    done <<'CHANGES'
DELETE FROM kv WHERE partition_key <> 'kv-internal-metadata'|users, groups and policies; repositories; branches; commits.
DELETE FROM kv WHERE partition_key = 'graveler'|repositories.
DELETE FROM kv WHERE partition_key = 'auth'|users, groups and policies.
DELETE FROM kv WHERE key >= 'branches/' AND key < 'branches0'|branches.
DELETE FROM kv WHERE key >= 'commits/' AND key < 'commits0'|commits.
CHANGES
    # With nothing but a version it is another store.
    sql "TRUNCATE kv"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "nothing is dropped"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a store that a lakeFS has worked with" {
    migrated_database
    sql "DELETE FROM kv WHERE key LIKE 'tags/%'" "DELETE FROM kv WHERE partition_key = 'multiparts'" \
        "DELETE FROM kv WHERE (partition_key, key) IN (SELECT partition_key, key FROM kv WHERE key LIKE 'users/%' LIMIT 1)" \
        "UPDATE kv SET partition_key = 'basicAuth' WHERE partition_key = 'auth'" \
        "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'" "INSERT INTO kv VALUES ('graveler', 'repos/new', 'new')"
    drops
}

# The note ------------------------------------------------------------------------------------------------------------

# note_of EXPRESSION: the note is what the expression makes of the note, a jsonb.
note_of() {
    sql "DO \$\$ DECLARE note jsonb; BEGIN SELECT obj_description('kv'::regclass)::jsonb INTO note;
        EXECUTE format('COMMENT ON TABLE kv IS %L', $1); END \$\$"
}

@test "a note that was altered in any member that the cleanup relies on" {
    local original change
    migrated_database
    original=$(sql "SELECT obj_description('kv'::regclass)")
    while IFS= read -r change; do
        psql -Xq -v ON_ERROR_STOP=1 -v note="$original" <<<"COMMENT ON TABLE kv IS :'note'"
        printf 'note: %s\n' "$change"
        note_of "$change"
        keeps
    done <<'CHANGES'
note - 'source'
note - 'source_rows'
note || '{"source_rows": {}}'
note #- '{source_rows,auth_users}'
jsonb_set(note, '{source_rows,auth_users}', '"1"')
jsonb_set(note, '{source_rows,auth_users}', '-1')
jsonb_set(note, '{source_rows,auth_users}', '9223372036854775807')
jsonb_set(note, '{source_rows,auth_users}', '2')
note #- '{source,system_identifier}'
jsonb_set(note, '{source,system_identifier}', '""')
jsonb_set(note, '{source,system_identifier}', 'null')
jsonb_set(note, '{source,system_identifier}', '["1"]')
jsonb_set(note, '{source,system_identifier}', '"7000000000000000001"')
jsonb_set(note, '{source,system_identifier}', '"\n--kv-migrate-end-of-answer-- 00000"')
note #- '{source,database_oid}'
jsonb_set(note, '{source,database_oid}', '0')
jsonb_set(note, '{source,database_oid}', '"1"')
jsonb_set(note, '{source,database_oid}', '1')
jsonb_set(note, '{source,database_oid}', '4294967296')
note #- '{source,tables}'
jsonb_set(note, '{source,tables}', '{}')
jsonb_set(note, '{source,tables}', '[]')
note #- '{source,tables,auth_users}'
jsonb_set(note, '{source,tables,auth_users}', '[]')
jsonb_set(note, '{source,tables,auth_users}', '[1]')
jsonb_set(note, '{source,tables,auth_users}', '["1"]')
jsonb_set(note, '{source,tables,a;b}', '[1]')
note #- '{source,tables,graveler_staging_kv,10}'
note #- '{source,snapshot}'
jsonb_set(note, '{source,snapshot}', '""')
jsonb_set(note, '{source,snapshot}', '1')
jsonb_set(note, '{source,snapshot}', '"1:1"')
jsonb_set(note, '{source,snapshot}', '"x'' OR true"')
jsonb_set(note, '{source,snapshot}', '"99999999999:99999999999:"')
left(note::text, -1)
replace(note::text, '{"source"', '{"source": {}, "source"') || ' '
'{"source": {}, "source": ' || (note -> 'source')::text || ', "source_rows": ' || (note -> 'source_rows')::text || '}'
'[]'
CHANGES
    # The note itself is none of these.
    psql -Xq -v ON_ERROR_STOP=1 -v note="$original" <<<"COMMENT ON TABLE kv IS :'note'"
    drops
}

@test "a note of an older kv-import says that the tables are to be dropped by hand" {
    migrated_database
    note_of "note #- '{source,database_oid}' #- '{source,tables}'"
    keeps "does not say from which tables" "An older kv-import" "DROP TABLE"
}

@test "a role that may not name the cluster" {
    local owner
    migrated_database
    owner=${PGDATABASE}_owner
    sql "CREATE ROLE $owner LOGIN" "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public" "GRANT ALL ON SCHEMA public TO $owner" \
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO $owner" "ALTER SCHEMA public OWNER TO $owner"
    PGUSER=$owner run --separate-stderr -5 kv-migrate cleanup -d "dbname=$PGDATABASE"
    assert_contains "$stderr" "not known whether" "GRANT EXECUTE ON FUNCTION pg_control_system()"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $owner"
}
