#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate up: its options and environment, ways to name a database, and its messages.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/up

@test "LAKEFS_DATABASE_KV_ENABLED and LAKEFS_DATABASE_DROP_TABLES control what is done" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=false
    succeeds kv-migrate up -d "$DSN"
    assert_stamp 38 -

    export LAKEFS_DATABASE_KV_ENABLED=true LAKEFS_DATABASE_DROP_TABLES=false
    succeeds kv-migrate up --no-settings -d "$DSN"
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "options override the environment" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=false LAKEFS_DATABASE_DROP_TABLES=true LAKEFS_BLOCKSTORE_LOCAL_PATH=/nonexistent
    export LAKEFS_DATABASE_CONNECTION_STRING="postgres:///nonexistent"
    mkdir -p "$BATS_TEST_TMPDIR/store/repo"
    succeeds kv-migrate up --kv-enabled --keep-tables -d "$DSN" --blockstore-path "$BATS_TEST_TMPDIR/store"
    assert_migrated
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"

    drop_database
    legacy_database
    export LAKEFS_DATABASE_DROP_TABLES=false
    succeeds "${MIGRATE[@]}" --drop-tables
    assert_equal "$(legacy_tables)" ""
}

@test "a switch in the environment that is neither true nor false is refused" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=maybe
    fails 1 kv-migrate up -d "$DSN"
    assert_contains "$stderr" LAKEFS_DATABASE_KV_ENABLED maybe
    assert_stamp 38 -
}

@test "LAKEFS_DATABASE_CONNECTION_STRING names the database, as a URI or keywords and values" {
    legacy_database
    export LAKEFS_DATABASE_CONNECTION_STRING="postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    elsewhere succeeds kv-migrate up
    assert_stamp 38 -
    LAKEFS_DATABASE_CONNECTION_STRING=$DSN
    elsewhere succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

# elsewhere COMMAND...: runs it with PG variables that lead nowhere.
elsewhere() {
    PGHOST=/nonexistent PGPORT=1 PGUSER=nobody PGDATABASE=nowhere "$@"
}

@test "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING names the database" {
    legacy_database
    export LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="postgresql://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    elsewhere succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

@test "lakeFS's environment provides the block store and its prefix" {
    local store=$BATS_TEST_TMPDIR/store
    legacy_database
    mkdir -p "$store/repo/_other/settings"
    printf rules >"$store/repo/_other/settings/protected_branches.json"
    export LAKEFS_BLOCKSTORE_LOCAL_PATH="$store" LAKEFS_COMMITTED_BLOCK_STORAGE_PREFIX=_other
    succeeds kv-migrate up --kv-enabled -d "$DSN"
    assert_stamp 39 1
    assert_sql rules "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
}

@test "connection options, PG variables and a name without -d work" {
    legacy_database
    elsewhere kv-migrate up -q -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -d "$PGDATABASE" -w
    elsewhere kv-migrate up -q --host="$PGHOST" --port "$PGPORT" --username="$PGUSER" "$PGDATABASE"
    elsewhere kv-migrate up "-h$PGHOST" "-p$PGPORT" "-U$PGUSER" "-d$PGDATABASE" -qw
    PGDATABASE=nowhere kv-migrate -q "--dbname=$DSN" up
    succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

@test "an unreachable server ends it with 2" {
    run --separate-stderr -2 elsewhere kv-migrate up --kv-enabled
    assert_contains "$stderr" "kv-migrate: error: "
    # libpq's own text is kept as the detail.
    assert_contains "$stderr" /nonexistent
}

@test "another schema is found by the database's search_path" {
    legacy_database
    sql 'ALTER SCHEMA public RENAME TO "Lake ""FS"' "CREATE SCHEMA public" \
        "ALTER DATABASE $PGDATABASE SET search_path = nowhere, 'Lake \"FS', public"
    succeeds "${MIGRATE[@]}"
    assert_sql 'Lake "FS' "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'kv'"
    assert_sql 'Lake "FS' "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'kv_v'"
    assert_sql 39 'SELECT version FROM "Lake ""FS".schema_migrations'
    assert_sql 104 'SELECT count(*) FROM "Lake ""FS".kv'
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^(auth|graveler)_'"
}

@test "another schema is found by --schema, and its lock is used" {
    legacy_database
    sql 'ALTER SCHEMA public RENAME TO "Lake FS"' "CREATE SCHEMA public" \
        "CREATE TABLE public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)" \
        "INSERT INTO public.schema_migrations VALUES (7, true)"
    hold "SELECT pg_advisory_lock($(lock_key "Lake FS" "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --schema "Lake FS" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    succeeds "${MIGRATE[@]}" --schema "Lake FS" --keep-tables
    assert_sql 39 'SELECT version FROM "Lake FS".schema_migrations'
    assert_sql 104 'SELECT count(*) FROM "Lake FS".kv'
    succeeds kv-migrate cleanup -d "$DSN" --schema="Lake FS"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^(auth|graveler)_'"
    assert_sql "7|t" "SELECT * FROM public.schema_migrations"
}

@test "the schema migrations create their tables in the named schema" {
    fresh_database
    sql 'CREATE SCHEMA "Lake FS"'
    succeeds kv-migrate up --new-database -d "$DSN" --schema "Lake FS"
    assert_sql "$((LEGACY_TABLE_COUNT + 1))|0" "SELECT count(*) FILTER (WHERE nspname = 'Lake FS'),
        count(*) FILTER (WHERE nspname = 'public') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname IN ('Lake FS', 'public')"
    assert_sql 38 'SELECT version FROM "Lake FS".schema_migrations'
    fails 1 kv-migrate up -d "$DSN" --schema "lake fs"
    assert_contains "$stderr" "lake fs"
}

@test "a role that only owns the tables can migrate" {
    local owner
    legacy_database
    owner=${PGDATABASE}_owner
    sql "CREATE ROLE $owner LOGIN" "ALTER SCHEMA public OWNER TO $owner" \
        "DO \$\$ DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')
            AND relnamespace = 'public'::regnamespace LOOP EXECUTE 'ALTER TABLE ' || r || ' OWNER TO $owner'; END LOOP; END \$\$"
    PGUSER=$owner succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
    assert_equal "$(legacy_tables)" ""
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $owner"
}

@test "a password is in no command line" {
    local secret=5ecret$RANDOM uri
    legacy_database
    uri="postgres://$PGUSER:$secret@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    # While the import waits for this transaction, all its programs are running.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background kv-migrate up --kv-enabled --no-settings -d "$uri"
    eventually someone_waits
    assert_contains "$(programs_left)" kv-migrate kv-migrate-session kv-import
    assert_equal "$(command_lines_with "$secret")" ""
    release
    background_ends 0
    refute_contains "$(cat "$BACKGROUND_OUTPUT")" "$secret"
    assert_migrated

    # The export too: it waits until it is read.
    drop_database
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    background kv-migrate up --kv-enabled --no-settings --dump="$BATS_TEST_TMPDIR/fifo" \
        "postgres://$PGUSER:$secret@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    eventually eval 'programs_left | grep "kv-export .*--file"'
    assert_equal "$(command_lines_with "$secret")" ""
    kill "$BACKGROUND"
    background_ends 143
    assert_equal "$(programs_left)" ""
    refute_contains "$(cat "$BACKGROUND_OUTPUT")" "$secret"
}

@test "a required password is taken from the connection string and the environment" {
    local role hba password='p w:/@?&"%' wanted without by_uri by_variable
    legacy_database
    role=${PGDATABASE}_scram
    hba=$(sql "SHOW hba_file")
    # Older servers store passwords as MD5 by default.
    psql -Xq -v ON_ERROR_STOP=1 -v role="$role" -v password="$password" \
        <<<"SET password_encryption = 'scram-sha-256'; CREATE ROLE :\"role\" LOGIN SUPERUSER PASSWORD :'password';"
    # For this role only, since the server is shared.
    cp -p "$hba" "$BATS_TEST_TMPDIR/hba"
    sed -i "1i local all $role scram-sha-256" "$hba"
    sql "SELECT pg_reload_conf()"
    run eventually password_wanted "$role"
    wanted=$status

    run --separate-stderr kv-migrate up -w -d "host=$PGHOST port=$PGPORT user=$role dbname=$PGDATABASE"
    without=$status
    run --separate-stderr kv-migrate up -w --kv-enabled --no-settings \
        -d "postgres://$role:p%20w%3A%2F%40%3F%26%22%25@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    by_uri=$status
    PGPASSWORD=$password run --separate-stderr kv-migrate up -w --kv-enabled -U "$role"
    by_variable=$status

    cp -p "$BATS_TEST_TMPDIR/hba" "$hba"
    sql "SELECT pg_reload_conf()"
    assert_equal "$wanted $without $by_uri $by_variable" "0 2 0 0"
    assert_migrated
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}

password_wanted() {
    ! psql -Xw -U "$1" -c "" 2>/dev/null
}

@test "all messages are JSON, if JSON is requested" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES (E'or\"ph\\\\an\n', 'k', 'i', 'd')"
    more_migrations
    echo 'SELECT 1;' >"$MORE/000039_more.up.sql"
    run --separate-stderr -0 "${MIGRATE[@]}" -v --keep-tables --log-format json
    assert_json_lines kv-migrate kv-export kv-import
    run --separate-stderr -0 "${MIGRATE[@]}" --log-format=json
    assert_json_lines kv-migrate
    run --separate-stderr -2 elsewhere kv-migrate up --log-format=json
    assert_json_lines kv-migrate
}

@test "PostgreSQL's messages about a failing migration are JSON too, if requested" {
    legacy_database
    more_migrations
    printf 'SELECT 1 / 0;\n' >"$MORE/000039_broken.up.sql"
    run --separate-stderr -3 "${MIGRATE[@]}" --log-format=json --migrations "$MORE"
    assert_json_lines kv-migrate
    assert_contains "$stderr" "division by zero"
}

@test "--quiet prints nothing if there are no problems" {
    legacy_database
    run --separate-stderr -0 "${MIGRATE[@]}" --quiet
    assert_equal "$output$stderr" ""
    assert_migrated
}

@test "version shows where the database stands, and changes nothing" {
    local before
    legacy_database
    before=$(legacy_digest)
    succeeds kv-migrate version -d "$DSN"
    grep -Eq '^schema version: +38$' <<<"$output"
    grep -Eq '^KV version: +none$' <<<"$output"
    assert_untouched "$before"
    "${MIGRATE[@]}" --quiet
    succeeds kv-migrate version -d "$DSN"
    grep -Eq '^schema version: +39$' <<<"$output"
    grep -Eq '^KV version: +1$' <<<"$output"
    sql "UPDATE schema_migrations SET dirty = true"
    succeeds kv-migrate version -d "$DSN"
    assert_contains "$output" dirty
    drop_database
    fresh_database
    succeeds kv-migrate version -d "$DSN"
    assert_sql "" "SELECT to_regclass('schema_migrations')"
}

@test "help is a command, and an unknown one is called so" {
    succeeds kv-migrate help
    local text=$output
    succeeds kv-migrate --help
    assert_equal "$text" "$output"
    fails 1 kv-migrate migrate
    assert_equal "$stderr" 'kv-migrate: error: unknown command "migrate"
hint: The commands are: up status version verify rehearse cleanup revert basic-auth config help. Try --help.'
    succeeds kv-migrate help up
    assert_equal "$text" "$output"
    fails 1 kv-migrate help helo
    assert_contains "$stderr" 'unknown command "helo"'
    fails 1 kv-migrate
    assert_contains "$stderr" "no command was given"
    # A connection string may hold a password.
    fails 1 kv-migrate "postgres://u:secret@/db"
    refute_contains "$stderr" secret
}

# refused COMMAND OPTION...: refuses each, one at a time.
refused() {
    local command=$1 option
    shift
    for option; do
        # shellcheck disable=SC2086 # basic-auth and config have an argument
        fails 1 kv-migrate $command "$option"
        assert_contains "$stderr" "option ${option%%=*} goes with the command" " only"
    done
}

@test "an option that means nothing to a command is refused" {
    local migration=(--kv-enabled --keep-tables --drop-tables) command
    for command in status version verify cleanup revert "basic-auth user" "config file"; do
        refused "$command" "${migration[@]}" --new-database --from=x --report=x --bindir=x
    done
    for command in status version verify revert "basic-auth user" rehearse; do
        refused "$command" --on-event=x
    done
    for command in revert "basic-auth user" "config file"; do
        refused "$command" --basic-auth-user=x
    done
    for command in status version verify cleanup "basic-auth user" rehearse; do
        refused "$command" --dry-run --lose-writes --for=1.0.0
    done
}
