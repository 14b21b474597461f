#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What stands in a database, what kv-migrate status says of it, and what up does: the table "What stands in the database"
# of kv-migrate(1), a test for each of its lines.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" -c "INSERT INTO auth_users (id, created_at, display_name) VALUES
        (1, '2020-01-01 00:00:00Z', 'user')" -c "INSERT INTO auth_installation_metadata VALUES
        ('installation_id', 'a9d7c2d9-231a-4083-b323-dd285ebdd709'), ('setup_timestamp', '2022-01-01T00:00:00Z')"
}

setup() {
    make_scratch
    UP=(kv-migrate up --kv-enabled --no-settings)
}

# kv_table: makes the table kv as lakeFS does, with the view and two of its hundred partitions.
kv_table() {
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
        PRIMARY KEY (partition_key, key)) PARTITION BY HASH (partition_key)" \
        "CREATE TABLE kv_0 PARTITION OF kv FOR VALUES WITH (MODULUS 2, REMAINDER 0)" \
        "CREATE TABLE kv_1 PARTITION OF kv FOR VALUES WITH (MODULUS 2, REMAINDER 1)" \
        "CREATE VIEW kv_v AS SELECT encode(partition_key, 'escape') AS partition_key FROM kv"
}

# add PARTITION KEY VALUE
add() {
    sql "INSERT INTO kv VALUES ('$1', '$2', '$3')"
}

# kv_table_of FILE: makes the table kv with the entries of a file of fixtures/today.
kv_table_of() {
    kv_table
    python3 -c '
import base64, json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print(*("\\\\x" + base64.b64decode(entry[name]).hex() for name in ("partition", "key", "value")), sep="\t")
' <"$FIXTURES_DIR/today/$1" | psql -Xq -v ON_ERROR_STOP=1 -c "COPY kv FROM STDIN"
}

# begun: makes the table kv with the rows that lakeFS 0.80.2 writes when it is started on legacy tables.
begun() {
    kv_table_of kv-begun-by-0.80.jsonl
    assert_sql 6 "SELECT count(*) FROM kv"
}

# by_lakefs [VERSION]: migrates as lakeFS 0.80 does: a store of these entries, and no note; schema version 38.
by_lakefs() {
    "${UP[@]}" --keep-tables -q
    allow_writes
    sql "UPDATE schema_migrations SET version = 38" "COMMENT ON TABLE kv IS NULL" \
        "UPDATE kv SET value = '${1-1}' WHERE partition_key = 'kv-internal-metadata'" \
        "DELETE FROM kv WHERE partition_key = 'auth' AND key = 'installation_id'"
}

# state_is STATE NEXT [PART...]: what status says: the word and the next command, and parts of the sentence.
state_is() {
    local state=$1 next=$2
    shift 2
    succeeds kv-migrate status --format=json
    assert_equal "$(python3 -c '
import json, sys
status = json.load(sys.stdin)
print(status["state"], status["next"] or "nothing", sep="|")' <<<"$output")" "$state|$next"
    succeeds kv-migrate status
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" "$@"
}

# up_refuses PART...: up and its dry run refuse, with these parts, and change nothing.
up_refuses() {
    local before after
    before=$(whole_database)
    fails 5 "${UP[@]}"
    assert_contains "$stderr" "$@"
    refute_contains "$stderr" "--clean"
    # What the dry run finds, it reports in the same words, or stops there.
    run --separate-stderr -5 "${UP[@]}" --dry-run
    assert_contains "$stderr" "$1"
    after=$(whole_database)
    assert_equal "$after" "$before"
}

# up_refuses_all PART...: up_refuses, and without --kv-enabled the same, also below the last schema version.
up_refuses_all() {
    local before after version
    up_refuses "$@"
    for version in 38 37; do
        sql "UPDATE schema_migrations SET version = $version"
        before=$(whole_database)
        fails 5 kv-migrate up
        refute_contains "$stderr" "--clean"
        if [ "$version" = 38 ]; then
            assert_contains "$stderr" "$1"
        else
            assert_contains "$stderr" "stamped as migrated, but the database is at schema version 37"
        fi
        fails 5 kv-migrate up --dry-run
        after=$(whole_database)
        assert_equal "$after" "$before"
    done
    sql "UPDATE schema_migrations SET version = 38"
}

# up_has_nothing_to_do PART...
up_has_nothing_to_do() {
    local before after
    before=$(whole_database)
    succeeds "${UP[@]}" --dry-run
    assert_contains "$stderr" "$@"
    succeeds kv-migrate up
    succeeds "${UP[@]}"
    assert_contains "$stderr" "$@"
    refute_contains "$stderr" "--clean"
    after=$(whole_database)
    assert_equal "$after" "$before"
}

# up_migrates: the dry run finds no problem, and up migrates the row of SMALL, keeping nothing else.
up_migrates() {
    local before after
    before=$(whole_database)
    succeeds "${UP[@]}" --dry-run
    after=$(whole_database)
    assert_equal "$after" "$before"
    succeeds "${UP[@]}"
    assert_stamp 39 1
    assert_sql "installation_id
installation_metadata/installation_id
installation_metadata/setup_timestamp
kv/schema/version
users/user" "SELECT encode(key, 'escape') FROM kv ORDER BY key"
}

@test "nothing of lakeFS" {
    local before after
    fresh_database
    state_is no_lakefs nothing "not a lakeFS database"
    up_refuses 'schema "public" of database' "none of lakeFS's tables" --new-database
    before=$(whole_database)
    fails 5 kv-migrate up
    after=$(whole_database)
    assert_equal "$after" "$before"
    create_schema_migrations
    up_refuses "none of lakeFS's tables"
    succeeds "${UP[@]}" --new-database
    assert_stamp 39 1
    fails 1 kv-migrate status --new-database
}

@test "nothing of lakeFS, and schema_migrations of another program" {
    local version
    fresh_database
    sql "CREATE TABLE kv (a int)" "CREATE TABLE users (a int)"
    for version in 7 30 38 40; do
        set_schema_version "$version"
        state_is no_lakefs nothing "not a lakeFS database"
        up_refuses "none of lakeFS's tables" "schema_migrations"
        # A version says that something else has been there.
        fails 5 "${UP[@]}" --new-database
    done
}

@test "lakeFS in another schema" {
    fresh_database TEMPLATE "$SMALL"
    sql 'ALTER SCHEMA public RENAME TO "Lake FS"' "CREATE SCHEMA public"
    state_is no_lakefs 'kv-migrate status "--schema=Lake FS"' 'no lakeFS in schema "public"' 'in schema "Lake FS"'
    up_refuses "none of lakeFS's tables" 'schema "Lake FS"' 'hint: Name it: "--schema=Lake FS"'
    # Its store alone is lakeFS, too.
    "${UP[@]}" -q --schema="Lake FS"
    up_refuses "none of lakeFS's tables" 'schema "Lake FS"'
    # A table of such a name alone is not.
    sql 'DROP SCHEMA "Lake FS" CASCADE' "CREATE SCHEMA other" "CREATE TABLE other.auth_users (a int)" \
        "CREATE TABLE other.kv (a int)"
    up_refuses "none of lakeFS's tables" --new-database
    refute_contains "$stderr" '"other"'
}

@test "legacy tables without a schema version" {
    fresh_database TEMPLATE "$SMALL"
    sql "DELETE FROM schema_migrations"
    state_is no_schema_version nothing "legacy tables without a schema version"
    assert_contains "$(kv-migrate status | tr -s ' ')" "next: by hand, as the state says"
    up_refuses "no schema version" "public.schema_migrations"
    fails 5 "${UP[@]}" --new-database
}

@test "a schema_migrations that is not a table" {
    local kind
    fresh_database TEMPLATE "$SMALL"
    sql "ALTER TABLE schema_migrations RENAME TO real_ones" "CREATE FOREIGN DATA WRAPPER nowhere" \
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere"
    for kind in "VIEW|AS SELECT * FROM real_ones|a view" "FOREIGN TABLE|(version bigint) SERVER elsewhere|a foreign table" \
        "SEQUENCE||a sequence"; do
        sql "CREATE ${kind%%|*} schema_migrations $(cut -d'|' -f2 <<<"$kind")"
        up_refuses "public.schema_migrations is not a table, but ${kind##*|}"
        fails 5 kv-migrate status
        fails 5 kv-export --no-settings -f "$BATS_TEST_TMPDIR/kv.dump"
        sql "DROP ${kind%%|*} schema_migrations"
    done
}

@test "legacy tables of which some are missing" {
    local state=legacy_incomplete missing="tables are missing, or are no tables: auth_users, graveler_tags; restore"
    fresh_database TEMPLATE "$SMALL"
    sql "DROP TABLE graveler_tags" "ALTER TABLE auth_users RENAME TO people" "CREATE VIEW auth_users AS SELECT * FROM people"
    state_is $state nothing "$missing"
    up_refuses 'legacy tables are missing in schema "public"' "Not there, or not tables: auth_users, graveler_tags."
    # What a failed migration left does not matter.
    kv_table
    add kv-internal-metadata kv/schema/version 0
    state_is $state nothing "$missing"
    # kv-export looks at what it was asked for.
    fails 5 kv-export --no-settings -f "$BATS_TEST_TMPDIR/kv.dump"
    assert_contains "$stderr" 'legacy tables are missing in schema "public"' "detail: Tables: graveler_tags."
    succeeds kv-export --no-settings --package actions -f "$BATS_TEST_TMPDIR/kv.dump"
}

@test "legacy tables below the last schema version, and at it" {
    fresh_database
    apply_migrations 21 37
    set_schema_version 37
    state_is legacy_behind "kv-migrate up --kv-enabled" "legacy, below the last schema version"
    drop_database
    fresh_database TEMPLATE "$SMALL"
    state_is legacy "kv-migrate up --kv-enabled" "legacy, at the last schema version"
    up_migrates
}

@test "a table kv that lakeFS began before the migration" {
    fresh_database TEMPLATE "$SMALL"
    begun
    state_is legacy "kv-migrate up --kv-enabled" "only what lakeFS writes when it starts: up replaces it"
    # What later releases write, too.
    add auth installation_metadata/is_k8s false
    add auth installation_metadata/is_docker true
    add auth installation_metadata/instrumentation Run
    add usage usage/monthly/4431c007-1fb3-4acd-a0e2-23416e42dedd/202611 12
    state_is legacy "kv-migrate up --kv-enabled" "only what lakeFS writes when it starts: up replaces it"
    up_migrates
    assert_contains "$stderr" "holds only what lakeFS writes when it starts: it is replaced, and nothing of it is kept"
}

@test "an empty table kv" {
    fresh_database TEMPLATE "$SMALL"
    kv_table
    state_is legacy "kv-migrate up --kv-enabled" "up replaces the empty table kv"
    up_migrates
}

@test "a table kv with other rows and without a version" {
    local row
    for row in "auth users/someone" "auth installation_metadata/setup_timestamp" "auth installation_metadata/installation_id" \
        "auth installation_metadata/setup_auth_none" "graveler repos/r" "usage other" "basicAuth installation_id"; do
        fresh_database TEMPLATE "$SMALL"
        begun
        # shellcheck disable=SC2086
        add $row x
        state_is foreign_kv nothing "legacy, but a relation kv is in the way"
        up_refuses "rows and without a version"
        # That keeps nobody from migrating the schema.
        succeeds kv-migrate up
        drop_database
    done
}

@test "a migration that failed before its stamp, lakeFS's own or kv-migrate's" {
    fresh_database TEMPLATE "$SMALL"
    begun
    add kv-internal-metadata kv/schema/version 0
    add auth users/half-migrated x
    state_is migration_failed "kv-migrate up --kv-enabled" "a KV migration failed before its stamp"
    up_migrates
}

@test "migrated by lakeFS itself" {
    local version
    for version in 1 4; do
        fresh_database TEMPLATE "$SMALL"
        by_lakefs "$version"
        # lakeFS has worked with it since.
        add auth users/written-since x
        state_is migrated_by_lakefs nothing "migrated, by lakeFS itself; legacy tables are left over"
        up_has_nothing_to_do "lakeFS itself has migrated this database: nothing to do"
        assert_stamp 38 "$version"
        drop_database
    done
}

@test "migrated by lakeFS itself, and in use by a lakeFS of today" {
    fresh_database TEMPLATE "$SMALL"
    # Its installation is that of the legacy tables.
    kv_table_of kv-today.jsonl
    state_is migrated_by_lakefs nothing "migrated, by lakeFS itself; legacy tables are left over"
    up_has_nothing_to_do "lakeFS itself has migrated this database: nothing to do"
    # The store of another installation.
    sql "UPDATE auth_installation_metadata SET key_value = 'other'"
    state_is foreign_kv_store nothing "the two do not belong together"
    up_refuses_all "stamped as migrated"
}

@test "after lakeFS's own migration, cleanup and verify refuse, and an export warns" {
    local before after
    fresh_database TEMPLATE "$SMALL"
    by_lakefs
    before=$(whole_database)
    fails 5 kv-migrate cleanup
    assert_contains "$stderr" "lakeFS itself has migrated this database" "not known" "hint: " "DROP TABLE public.actions_run_hooks"
    fails 5 kv-migrate verify
    assert_contains "$stderr" "lakeFS itself has migrated this database"
    fails 5 kv-migrate revert
    run --separate-stderr -0 kv-export -f /dev/null
    assert_contains "$stderr" "warning: the legacy tables seem to be stale" "--source=kv"
    # Nor does kv-import advise to replace the store.
    kv-export -q -f "$BATS_TEST_TMPDIR/stale.dump"
    fails 5 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/stale.dump"
    refute_contains "$stderr" "--clean"
    after=$(whole_database)
    assert_equal "$after" "$before"
    # The SQL works.
    fails 5 kv-migrate cleanup
    sql "SET client_min_messages = warning" "$(sed -n 's/^hint: .* by hand: //p' <<<"$stderr")"
    state_is migrated_by_lakefs nothing "migrated, by lakeFS itself"
    up_has_nothing_to_do "lakeFS itself has migrated this database: nothing to do"
    succeeds kv-migrate cleanup
}

@test "an export says nothing of a table kv that is not stamped, or that it may not read" {
    fresh_database TEMPLATE "$SMALL"
    begun
    succeeds kv-export -f /dev/null
    refute_contains "$stderr" stale
    add kv-internal-metadata kv/schema/version 0
    succeeds kv-export -f /dev/null
    refute_contains "$stderr" stale
    # It does not wait for a load either.
    hold "LOCK TABLE kv IN ACCESS EXCLUSIVE MODE"
    succeeds kv-export -f /dev/null --lock-wait-timeout=0
}

@test "stamped without a note and without the installation's id: as it seems by lakeFS itself" {
    fresh_database TEMPLATE "$SMALL"
    kv_table
    add kv-internal-metadata kv/schema/version 1
    add auth users/written-since x
    state_is migrated_by_lakefs_likely nothing "migrated, probably by lakeFS itself" "statement that up prints" "legacy tables are left over"
    up_refuses_all "lakeFS itself seems to have migrated this database"
    fails 5 kv-migrate cleanup
    assert_contains "$stderr" "lakeFS itself seems to have migrated this database" "DROP TABLE public.actions_run_hooks"
}

@test "a lakeFS that was set up in the table kv, apart from the legacy tables" {
    fresh_database TEMPLATE "$SMALL"
    begun
    add kv-internal-metadata kv/schema/version 4
    add auth installation_metadata/setup_timestamp 2026-11-28T14:42:53Z
    add auth users/admin x
    state_is lakefs_set_up nothing "a lakeFS was set up in the table kv, apart from the legacy tables"
    up_refuses_all "a lakeFS was set up in the table kv"
    # The same time of setup as in the tables: it is theirs.
    sql "UPDATE kv SET value = '2022-01-01T00:00:00Z' WHERE key = 'installation_metadata/setup_timestamp'"
    state_is migrated_by_lakefs nothing "migrated, by lakeFS itself"
}

@test "the store of another installation, or of kv-import" {
    fresh_database TEMPLATE "$SMALL"
    by_lakefs
    sql "UPDATE kv SET value = 'b' WHERE key = 'installation_metadata/installation_id'"
    state_is foreign_kv_store nothing "the two do not belong together"
    up_refuses "stamped as migrated"
    drop_database
    fresh_database TEMPLATE "$SMALL"
    "${UP[@]}" --keep-tables -q
    allow_writes
    sql "UPDATE schema_migrations SET version = 38"
    state_is foreign_kv_store nothing "the two do not belong together"
    up_refuses_all "stamped as migrated"
    drop_database
    # Tables that refuse writes prove that kv-migrate was here.
    fresh_database TEMPLATE "$SMALL"
    "${UP[@]}" --keep-tables -q
    sql "UPDATE schema_migrations SET version = 38"
    state_is version_set_back "kv-migrate revert" "migrated, but the schema version was set back to 38 by hand" "SET version = 39"
    up_refuses_all "its schema version was set back to 38 by hand"
}

@test "a store that nobody needs is moved out of the way by the printed statement" {
    local row move
    for row in "kv-internal-metadata kv/schema/version 1" "auth users/someone x" \
        "kv-internal-metadata kv/schema/version no-number"; do
        fresh_database TEMPLATE "$SMALL"
        kv_table
        # shellcheck disable=SC2086
        add $row
        fails 5 "${UP[@]}"
        move=$(sed -n 's/^hint: .*then run again: //p' <<<"$stderr")
        assert_contains "$move" "DO '"
        sql "$move"
        assert_sql "kv kv_0 kv_1 kv_v" "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
            WHERE relnamespace::regnamespace::text ~ '^lakefs_aside_[0-9_]+\$' AND relkind IN ('r', 'p', 'v')"
        up_migrates
        drop_database
    done
    fresh_database TEMPLATE "$SMALL"
    begun
    add kv-internal-metadata kv/schema/version 4
    add auth installation_metadata/setup_timestamp 2026-11-28T14:42:53Z
    fails 5 "${UP[@]}"
    sql "$(sed -n 's/^hint: .*then run again: //p' <<<"$stderr")"
    up_migrates
}

@test "a table kv that was renamed without its partitions" {
    local move
    fresh_database TEMPLATE "$SMALL"
    sql "ALTER SCHEMA public RENAME TO \"Lake's \"\"FS\"" "CREATE SCHEMA public"
    export PGOPTIONS="-c search_path=\"Lake's\\ \"\"FS\""
    kv_table
    sql "ALTER TABLE kv RENAME TO kv_old"
    state_is foreign_kv nothing "relations are in the way" "kv_0" "statement that up prints"
    up_refuses "belongs to no KV table"
    fails 5 "${UP[@]}"
    move=$(sed -n 's/^hint: .*then run again: //p' <<<"$stderr")
    sql "$move"
    unset PGOPTIONS
    succeeds "${UP[@]}" --schema "Lake's \"FS"
    assert_sql "kv_0 kv_1 kv_v" "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
        WHERE relnamespace::regnamespace::text ~ '^lakefs_aside_' AND relkind IN ('r', 'p', 'v')"
}

@test "a relation in the way beside a store in use: only that one is moved" {
    fresh_database TEMPLATE "$SMALL"
    "${UP[@]}" -q --dump="$BATS_TEST_TMPDIR/kv.dump"
    sql "CREATE TABLE kv_100 (a int)" "CREATE TABLE kv_101 (a int)"
    fails 5 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/kv.dump"
    assert_contains "$stderr" "belongs to no KV table"
    sql "$(sed -n 's/^hint: .*then run again: //p' <<<"$stderr")"
    assert_sql "kv_100 kv_101" "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
        WHERE relnamespace::regnamespace::text ~ '^lakefs_aside_'"
    succeeds kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/kv.dump"
}

@test "migrated by kv-migrate, with and without the legacy tables" {
    fresh_database TEMPLATE "$SMALL"
    "${UP[@]}" --keep-tables -q
    state_is migrated_tables_left nothing "migrated; legacy tables are left" "later: when all is well" "kv-migrate cleanup"
    up_has_nothing_to_do "nothing to do"
    kv-migrate cleanup -q
    state_is migrated nothing "migrated"
    up_has_nothing_to_do "nothing to do"
}

@test "at the KV migration version without a stamped store" {
    fresh_database TEMPLATE "$SMALL"
    set_schema_version 39
    state_is not_stamped "kv-migrate revert" "at the KV migration version, but the table kv is not stamped"
    fails 5 "${UP[@]}"
    assert_contains "$stderr" "no KV store of it is stamped" "kv-migrate revert"
    # Nothing to go back to.
    sql "DROP TABLE gateway_multiparts"
    state_is not_stamped nothing "at the KV migration version, but the table kv is not stamped"
}

@test "the table kv was dropped, or a lakeFS has begun another one since, beside kept tables" {
    local change
    for change in "SELECT" "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" "begun"; do
        echo "== $change"
        fresh_database TEMPLATE "$SMALL"
        "${UP[@]}" --keep-tables -q
        sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE"
        if [[ $change == begun ]]; then begun; else sql "$change"; fi
        state_is not_stamped "kv-migrate revert" "there is no KV store any longer"
        fails 5 kv-migrate cleanup
        assert_contains "$stderr" "kv-migrate status tells what to do"
        assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
        fails 5 "${UP[@]}"
        succeeds kv-migrate revert
        state_is legacy "kv-migrate up --kv-enabled" "legacy, at the last schema version"
        succeeds "${UP[@]}" -q
        assert_stamp 39 1
        drop_database
    done
}

@test "a KV store without a legacy database beside it, stamped, begun or half loaded" {
    fresh_database
    begun
    state_is kv_store_begun nothing "a KV store that was not set up"
    up_refuses "it is a KV store"
    add kv-internal-metadata kv/schema/version 0
    succeeds kv-migrate status --format=json
    assert_contains "$output" '"kv_store_load_failed"'
    up_refuses "it is a KV store"
    sql "UPDATE kv SET value = '4' WHERE partition_key = 'kv-internal-metadata'"
    state_is kv_store nothing "a KV store without a legacy database beside it"
    up_refuses "it is a KV store"
    fails 5 kv-migrate up
    fails 5 kv-migrate up --new-database
}

@test "a dirty schema, and versions without a migration" {
    fresh_database TEMPLATE "$SMALL"
    sql "UPDATE schema_migrations SET version = 30, dirty = true"
    state_is dirty "UPDATE public.schema_migrations SET version = N, dirty = false" "dirty"
    up_refuses "schema version 30 is dirty"
    sql "UPDATE schema_migrations SET version = 20, dirty = false"
    state_is unsupported nothing "no schema migration for version 20"
    up_refuses "no migration for the database's schema version 20"
    sql "UPDATE schema_migrations SET version = 40"
    state_is newer nothing "beyond the KV migration version"
    up_refuses "beyond the KV migration version"
}

# Loading over a begun store ------------------------------------------------------------------------------------------

@test "a begun store that is set up while the dump is read is not replaced" {
    local before after
    fresh_database TEMPLATE "$SMALL"
    kv-export -q -f "$BATS_TEST_TMPDIR/small.dump"
    begun
    # The load has looked at the store, and waits to replace it.
    hold "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '4')"
    background kv-import -d "$DSN" --lock-wait-timeout=0 "$BATS_TEST_TMPDIR/small.dump"
    eventually someone_waits
    echo 'COMMIT;' >&"$HOLDER_INPUT"
    background_ends 5
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "set up by another program in the meantime" "hint: "
    assert_sql 7 "SELECT count(*) FROM kv"
    assert_stamp 38 4
}

@test "kv-import tells a begun store, and replaces it" {
    fresh_database TEMPLATE "$SMALL"
    kv-export -q -f "$BATS_TEST_TMPDIR/small.dump"
    begun
    succeeds kv-import --check-target -d "$DSN"
    assert_equal "$output" 'table "kv": only what lakeFS writes when it starts; a load replaces it'
    succeeds kv-import --check-target --format=json -d "$DSN"
    assert_contains "$output" '"state":"begun"' '"load":"fill"'
    succeeds kv-import -d "$DSN" "$BATS_TEST_TMPDIR/small.dump"
    assert_stamp 39 1
    assert_sql 5 "SELECT count(*) FROM kv"
}

# Options of the KV migration -----------------------------------------------------------------------------------------

@test "an option of the KV migration without it is an error; a setting of lakeFS's is not" {
    local option before after
    fresh_database
    apply_migrations 21 37
    set_schema_version 37
    before=$(whole_database)
    for option in --keep-tables --drop-tables --dump=x --force --compress=3 -j2 --strict --invalid-utf8=refuse \
        --blockstore-path=/x --block-storage-prefix=x --s3-endpoint=http://x --s3-region=x --s3-force-path-style \
        --settings-command=x --no-settings --no-settings=x --target=postgres --dynamodb-table=x --write-units=1 \
        --on-event=true; do
        fails 1 kv-migrate up "$option"
        assert_contains "$stderr" "means nothing without --kv-enabled"
        fails 1 kv-migrate up "$option" --dry-run
    done
    after=$(whole_database)
    assert_equal "$after" "$before"
    # kv-enabled in lakeFS's environment is as good.
    LAKEFS_DATABASE_KV_ENABLED=true succeeds kv-migrate up --no-settings --dry-run
    LAKEFS_DATABASE_DROP_TABLES=false LAKEFS_BLOCKSTORE_LOCAL_PATH=/x succeeds kv-migrate up
    assert_stamp 38 -
}
