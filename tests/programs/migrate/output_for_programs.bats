#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate --format json: one object on standard output, with the members in the manual.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" -c "INSERT INTO auth_users (id, created_at, display_name) VALUES
        (1, '2020-01-01 00:00:00Z', 'user')"
}

setup() {
    fresh_database TEMPLATE "$SMALL"
}

# json EXPRESSION: standard output is one JSON object on one line, o, for which the Python expression holds.
json() {
    printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/json"
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/json")" 1
    python3 -c '
import json, sys
o = json.load(sys.stdin)
print(o)
assert eval("(" + sys.argv[1] + ")"), sys.argv[1]' "$1" <"$BATS_TEST_TMPDIR/json"
}

@test "status, at each stage of a migration" {
    succeeds kv-migrate status --format=json
    json "set(o) == {'database', 'schema', 'schema_version', 'dirty', 'last_version', 'kv_migration_version', 'kv_store', 'kept_store',
        'legacy_tables', 'legacy_tables_refuse_writes', 'migration_lock', 'standby', 'state', 'description', 'next', 'later', 'lakefs'}"
    json "o['database'] == '$PGDATABASE' and o['schema'] == 'public' and o['schema_version'] == 38 and o['dirty'] is False
        and o['last_version'] == 38 and o['kv_migration_version'] == 39 and o['standby'] is False
        and o['kv_store'] == {'kind': 'postgres', 'state': 'missing', 'version': None, 'origin': None}
        and o['kept_store'] is None and len(o['legacy_tables']) == $LEGACY_TABLE_COUNT and o['legacy_tables'] == sorted(o['legacy_tables'])
        and o['state'] == 'legacy' and o['next'] == 'kv-migrate up --kv-enabled' and o['migration_lock'] is None"
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    succeeds kv-migrate version --format=json
    json "'process $HOLDER_BACKEND ' in o['migration_lock'] and o['next'] == 'kv-migrate status'"
    release
    kv-migrate up --kv-enabled --keep-tables -q
    succeeds kv-migrate status --format=json
    json "o['schema_version'] == 39 and o['state'] == 'migrated_tables_left' and o['next'] is None and o['later'] == 'kv-migrate cleanup'
        and o['kv_store']['state'] == 'stamped' and o['kv_store']['version'] == 1
        and o['kv_store']['origin']['database'] == '$PGDATABASE' and o['kv_store']['origin']['imported'].endswith('Z')"
    kv-migrate cleanup -q
    succeeds kv-migrate status --format=json
    json "o['state'] == 'migrated' and o['next'] is None and o['later'] is None and o['legacy_tables'] == []"
    sql "UPDATE schema_migrations SET dirty = true"
    succeeds kv-migrate status --format=json
    json "o['state'] == 'dirty' and o['dirty'] is True and o['next'].startswith('UPDATE ')"
    sql "DROP TABLE schema_migrations" "DROP TABLE kv CASCADE"
    succeeds kv-migrate status --format=json
    json "o['state'] == 'no_lakefs' and o['schema_version'] is None"
}

@test "a dry run" {
    succeeds kv-migrate up --kv-enabled --dry-run --format=json --dump="$BATS_TEST_TMPDIR/kv.dump"
    json "o['schema_version'] == 38 and o['schema_migrations'] == [] and o['kv_enabled'] and o['would_drop_tables']
        and o['dump']['path'] == '$BATS_TEST_TMPDIR/kv.dump' and o['dump']['estimated_bytes'] > 0 and o['dump']['free_bytes'] > 0
        and o['kv_table_estimated_bytes'] > 0 and o['server_free_bytes'] > 0
        and o['kv_store'] == 'table \"kv\": no KV store' and o['all_checked'] and o['problems'] == 0 and o['exit_code'] == 0
        and {'table', 'bytes', 'estimated_rows'} == set(o['legacy_tables'][0]) and len(o['legacy_tables']) == $LEGACY_TABLE_COUNT"
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users" "UPDATE schema_migrations SET version = 37"
    run --separate-stderr -5 kv-migrate up --kv-enabled --dry-run --format=json
    assert_contains "$stderr" "kv-migrate: error: the legacy tables could not be dropped"
    json "o['problems'] == 1 and o['exit_code'] == 5 and o['schema_migrations'] == ['000038_user_external_id.up.sql']
        and not o['all_checked'] and o['dump'] is None"
}

@test "up: the summary, or the schema version" {
    sql "UPDATE schema_migrations SET version = 37"
    succeeds kv-migrate up --format=json
    json "o == {'database': '$PGDATABASE', 'schema': 'public', 'schema_version': 38}"
    succeeds kv-migrate up --kv-enabled --format=json -q
    assert_equal "$stderr" ""
    json "o['database'] == '$PGDATABASE' and o['kv_migration_version'] == 39 and sum(o['entries'].values()) == 1
        and o['seconds']['total'] > 0 and o['dump'] is None and o['legacy_tables_kept'] is False and '0.80' in o['next']"
    succeeds kv-migrate up --kv-enabled --format=json
    json "o['schema_version'] == 39"
}

@test "verify: equal, or the differences" {
    kv-migrate up --kv-enabled --keep-tables -q
    succeeds kv-migrate verify --format=json
    json "o == {'equal': True, 'entries': 1, 'differences': []}"
    sql "DELETE FROM kv WHERE key = 'users/user'" "INSERT INTO kv VALUES ('auth', '\\x1b5b324a', '')"
    run --separate-stderr -3 kv-migrate verify --format=json
    json "o['equal'] is False and o['entries'] is None and [d['difference'] for d in o['differences']] == ['extra', 'missing']"
}

@test "cleanup: what was dropped" {
    kv-migrate up --kv-enabled --keep-tables -q
    succeeds kv-migrate cleanup --format=json
    json "o['database'] == '$PGDATABASE' and len(o['dropped_tables']) == $LEGACY_TABLE_COUNT"
    succeeds kv-migrate cleanup --format=json
    json "o['dropped_tables'] == []"
}

@test "a command that fails prints nothing" {
    sql "UPDATE schema_migrations SET version = 99"
    fails 5 kv-migrate up --format=json
    fails 1 kv-migrate status --format=yaml
    fails 2 kv-migrate status --format=json -d "host=/nonexistent"
}

@test "a dry run on a migrated database prints an object, too" {
    fresh_database TEMPLATE "$SMALL"
    kv-migrate up --kv-enabled -q --no-settings
    succeeds kv-migrate up --kv-enabled --dry-run --format=json
    assert_equal "$(jq -c '[.schema_version, .kv_migration_version, .schema_migrations, .problems, .exit_code]' <<<"$output")" '[39,39,[],0,0]'
}

@test "where nothing names a database, the hint says so" {
    unset -v PGHOST PGHOSTADDR PGDATABASE PGSERVICE
    PGPORT=1 fails 2 kv-migrate status
    assert_contains "$stderr" "hint: Neither options, lakeFS's configuration nor variables name a database"
    fails 2 kv-migrate status -h "$BATS_TEST_TMPDIR"
    refute_contains "$stderr" "Neither options"
}
