#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lakeFS's own configuration file: what kv-migrate takes from it, and what takes precedence.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
}

setup() {
    fresh_database TEMPLATE "$ESTI"
    # A home and a working folder of the test's own, in which no configuration is found by chance.
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.lakefs" "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    CONFIG=$BATS_TEST_TMPDIR/lakefs.yaml
}

# Without the variables that name the database: the configuration must name it.
unnamed() {
    env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER "$@"
}

# uri [PARAMETERS]: prints the database's URI.
uri() {
    python3 -c '
import sys, urllib.parse as u
print("postgres://%s@/%s?host=%s&port=%s%s" % (u.quote(sys.argv[1]), u.quote(sys.argv[2]), u.quote(sys.argv[3], ""), sys.argv[4], sys.argv[5]))' \
        "$PGUSER" "$PGDATABASE" "$PGHOST" "$PGPORT" "${1-}"
}

@test "the configuration provides everything that a migration needs" {
    cat >"$CONFIG" <<YAML
---
logging: {level: INFO}
database:
  connection_string: "$(uri '&sslmode=disable&pool_max_conns=20&statement_cache_mode=describe')"
  kv_enabled: true
  drop_tables: no-default
blockstore:
  type: local
  local:
    path: $BLOCKSTORE
actions:
  - {enabled: true, database: {connection_string: wrong}}
auth:
  encrypt:
    secret_key: "a secret that is nobody's business"
YAML
    sed -i 's/no-default/true/' "$CONFIG"
    succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_contains "$stderr" "configuration is read from \"$CONFIG\"" "parameter pool_max_conns" "parameter statement_cache_mode"
    refute_contains "$stderr" "nobody's business"
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
}

@test "a parameter that only lakeFS's driver knows is warned of once" {
    succeeds kv-migrate status -d "$(uri '&pool_max_conns=20')"
    assert_equal "$(grep -c pool_max_conns <<<"$stderr")" 1
    LAKEFS_DATABASE_CONNECTION_STRING=$(uri '&pool_max_conns=20') succeeds unnamed kv-migrate status
    assert_equal "$(grep -c pool_max_conns <<<"$stderr")" 1
}

@test "keys are case-insensitive, and the newer name of the connection string works" {
    printf 'Database:\n  Postgres: {Connection_String: "%s"}\n  KV_enabled: true\n  DROP_TABLES: false\nBlockstore: {Local: {Path: "%s"}}\n' \
        "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE pool_min_conns=2" "$BLOCKSTORE" >"$CONFIG"
    succeeds unnamed kv-migrate up --config="$CONFIG"
    assert_kv_as_expected
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "lakeFS's environment overrides the configuration, options override both" {
    cat >"$CONFIG" <<YAML
database:
  connection_string: "postgres://nowhere.invalid/wrong"
  kv_enabled: true
  drop_tables: true
blockstore: {local: {path: /nonexistent}}
YAML
    LAKEFS_DATABASE_CONNECTION_STRING=$(uri) LAKEFS_DATABASE_DROP_TABLES=false LAKEFS_DATABASE_KV_ENABLED=false \
        succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_stamp 38 -
    LAKEFS_DATABASE_CONNECTION_STRING=$(uri) LAKEFS_DATABASE_DROP_TABLES=true \
        succeeds unnamed kv-migrate up --config "$CONFIG" --keep-tables --blockstore-path "$BLOCKSTORE"
    assert_kv_as_expected
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "the first configuration file in lakeFS's order is used" {
    printf 'database: {connection_string: "%s"}\n' "$(uri)" >"$HOME/.lakefs.yaml"
    succeeds unnamed kv-migrate version
    assert_contains "$stderr" "\"$HOME/.lakefs.yaml\""
    printf 'database: {connection_string: "%s"}\n' "$(uri)" >"$HOME/.lakefs/config.yaml"
    succeeds unnamed kv-migrate version
    assert_contains "$stderr" "\"$HOME/.lakefs/config.yaml\""
    assert_contains "$output" "schema version:  38"
    printf 'database: {connection_string: "postgres://nowhere.invalid/wrong"}\n' >config.yaml
    run --separate-stderr -2 unnamed kv-migrate version -q
    assert_contains "$stderr" "nowhere.invalid"
    # A file named by an option is used, whatever else exists.
    succeeds unnamed kv-migrate version --config "$HOME/.lakefs/config.yaml"
}

@test "a configuration found by default does not override the named database" {
    printf 'database: {connection_string: "postgres://nowhere.invalid/wrong", kv_enabled: true}\n' >config.yaml
    succeeds kv-migrate version
    succeeds unnamed kv-migrate version -d "$DSN"
    fails 2 kv-migrate version -q --config config.yaml
}

@test "of several configurations in a folder lakeFS's first counts, and folders do not" {
    mkdir config config.json
    printf 'database: {connection_string: "%s"}\n' "$(uri)" >config.yml
    succeeds unnamed kv-migrate version
    assert_contains "$stderr" "\"config.yml\""
    rmdir config.json
    printf '{"database": {"connection_string": "%s"}}\n' "$(uri)" >config.json
    succeeds unnamed kv-migrate version
    assert_contains "$stderr" "\"config.json\""
    printf '[not yaml\n' >config.json
    run --separate-stderr -1 unnamed kv-migrate version
    assert_contains "$stderr" "config.json" "--config"
}

@test "numbers and booleans without quotes are texts as lakeFS gets them" {
    cp -r "$BLOCKSTORE" "$BATS_TEST_TMPDIR/renamed"
    find "$BATS_TEST_TMPDIR/renamed" -depth -name _lakefs -execdir mv {} 83 \;
    printf 'database: {connection_string: "%s", kv_enabled: "1"}\ncommitted: {block_storage_prefix: 0123}\nblockstore: {local: {path: "%s"}}\n' \
        "$(uri)" "$BATS_TEST_TMPDIR/renamed" >"$CONFIG"
    succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_kv_as_expected
}

@test "two connection strings must lead to one database" {
    local other=${PGDATABASE}_store
    psql -Xq -d postgres -c "CREATE DATABASE $other"
    export LAKEFS_DATABASE_CONNECTION_STRING LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING
    LAKEFS_DATABASE_CONNECTION_STRING=$(uri)
    for command in "up --kv-enabled --no-settings" "up --kv-enabled --no-settings --dry-run" status; do
        # What lakeFS reads from its file is compared, too.
        unset LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING
        printf 'database: {postgres: {connection_string: "%s"}}\n' "$(PGDATABASE=$other uri)" >"$CONFIG"
        # shellcheck disable=SC2086 # words
        run --separate-stderr -5 unnamed kv-migrate $command --config "$CONFIG"
        assert_contains "$stderr" "name two databases" "'$PGDATABASE'" "'$other'"
        export LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING
        LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$(PGDATABASE=$other uri)
        # shellcheck disable=SC2086
        run --separate-stderr -5 unnamed kv-migrate $command
        LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$(uri '&search_path=pg_catalog')
        # shellcheck disable=SC2086
        run --separate-stderr -5 unnamed kv-migrate $command
        assert_contains "$stderr" "name one database, but two schemas of it" 'schema "public"' 'schema "pg_catalog"' "search_path"
        LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$(PGDATABASE=nowhere uri)
        # shellcheck disable=SC2086
        run --separate-stderr -2 unnamed kv-migrate $command
    done
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('kv')"
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$(PGDATABASE=$other uri)
    # Neither is of interest to a schema migration, nor where an option names the database.
    succeeds unnamed kv-migrate up
    succeeds unnamed kv-migrate status -d "$DSN"
    psql -Xq -d postgres -c "DROP DATABASE $other"
    # The same database by another string.
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE application_name=other"
    succeeds unnamed kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE"
    assert_kv_as_expected
}

@test "the block store's path may begin at home, and has lakeFS's default" {
    printf 'database: {connection_string: "%s", kv_enabled: true}\nblockstore: {type: local, local: {path: ~/blocks}}\n' "$(uri)" >"$CONFIG"
    ln -s "$BLOCKSTORE" "$HOME/blocks"
    succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_kv_as_expected
    drop_database
    fresh_database TEMPLATE "$ESTI"
    printf 'database: {connection_string: "%s", kv_enabled: true}\nblockstore: {type: local}\n' "$(uri)" >"$CONFIG"
    mkdir -p "$HOME/data/lakefs"
    ln -s "$BLOCKSTORE" "$HOME/data/lakefs/block"
    succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_kv_as_expected
    # Without any file, too.
    drop_database
    fresh_database TEMPLATE "$ESTI"
    LAKEFS_BLOCKSTORE_TYPE=local succeeds kv-migrate up --kv-enabled
    assert_kv_as_expected
}

@test "run-time parameters in a connection string for pgx reach the server" {
    sql "CREATE SCHEMA \"of lakefs\"" "ALTER TABLE schema_migrations SET SCHEMA \"of lakefs\""
    printf "database: {connection_string: \"%s\"}\n" "$(uri '&search_path=%22of%20lakefs%22&timezone=UTC')" >"$CONFIG"
    succeeds unnamed kv-migrate version --config "$CONFIG"
    assert_contains "$output" "schema version:  38"
}

@test "an unreadable, malformed or invalid configuration is refused" {
    fails 1 kv-migrate up --config "$BATS_TEST_TMPDIR/nothing.yaml"
    assert_contains "$stderr" "nothing.yaml" "No such file"
    printf 'database:\n  connection_string: [a\nsecret: here\n' >"$CONFIG"
    fails 1 kv-migrate up --config "$CONFIG"
    assert_contains "$stderr" "$CONFIG" "line 3"
    refute_contains "$stderr" here
    printf 'database: {drop_tables: perhaps}\n' >"$CONFIG"
    fails 1 kv-migrate up -q --config "$CONFIG"
    assert_contains "$stderr" "database.drop_tables" "perhaps" "$CONFIG"
    printf 'database: {type: etcd}\n' >"$CONFIG"
    fails 5 kv-migrate up -q --config "$CONFIG"
    assert_contains "$stderr" "etcd"
    assert_stamp 38 -
}

# check_refused_configuration TEXT...: the configuration on standard input is refused, with these texts.
check_refused_configuration() {
    cat >"$CONFIG"
    fails 1 kv-migrate up -q --config "$CONFIG"
    assert_contains "$stderr" "$CONFIG" "$@"
    refute_contains "$stderr" hidden
}

@test "aliases, merge keys and dotted keys work as in lakeFS" {
    cat >"$CONFIG" <<END
x-common: &common
  keep: &keep false
  database: &database
    connection_string: &dsn "$(uri)"
    kv_enabled: true
    drop_tables: true
x-other: &other {DATABASE: {kv_enabled: false}, blockstore.local.path: /nowhere}
Database:
  <<: [{type: postgres}, *database]
  drop_tables: *keep
blockstore: {type: local}
blockstore.local.path: "$BLOCKSTORE"
<<: *other
END
    succeeds unnamed kv-migrate up --config "$CONFIG"
    assert_kv_as_expected
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "all spellings of null mean not set, and YAML's words for true and false are switches" {
    local null
    for null in null Null NULL '~' ''; do
        printf 'database: {connection_string: "%s", kv_enabled: %s, drop_tables: %s}\nblockstore: %s\n' \
            "$(uri)" "$null" "$null" "$null" >"$CONFIG"
        succeeds unnamed kv-migrate up --config "$CONFIG"
        assert_stamp 38 -
    done
    printf 'database: {connection_string: "%s", kv_enabled: Yes, drop_tables: off}\ncommitted: {block_storage_prefix: null}\n' \
        "$(uri)" >"$CONFIG"
    succeeds unnamed kv-migrate up --config "$CONFIG" --blockstore-path "$BLOCKSTORE"
    assert_kv_as_expected
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a configuration that lakeFS could not use is refused, with the line" {
    check_refused_configuration "line 2" <<<$'database:\n  connection_string: *hidden'
    check_refused_configuration "line 2" database.connection_string <<<$'database:\n  connection_string: [hidden]'
    check_refused_configuration "line 3" database.drop_tables <<<$'database:\n  drop_tables:\n    hidden: true'
    check_refused_configuration "line 1" database "not a mapping" <<<'database: hidden'
    check_refused_configuration "line 3" drop_tables twice <<<$'database:\n  drop_tables: false\n  DROP_TABLES: true'
    check_refused_configuration "not a mapping" <<<'- hidden'
    check_refused_configuration "too deeply" <<<$'database: &hidden\n  <<: *hidden'
    assert_stamp 38 -
}

@test "a configuration that is no readable file is refused, by whoever takes one" {
    local program
    for program in "kv-migrate status" "kv-export" "kv-import"; do
        # shellcheck disable=SC2086
        fails 1 $program --config "$BATS_TEST_TMPDIR"
        assert_contains "$stderr" "configuration \"$BATS_TEST_TMPDIR\" is a directory"
        # shellcheck disable=SC2086
        fails 1 $program --config "$BATS_TEST_TMPDIR/none.yaml"
        assert_contains "$stderr" "could not open configuration \"$BATS_TEST_TMPDIR/none.yaml\": No such file"
    done
}
