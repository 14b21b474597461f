#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate rehearse: it migrates a copy on a throw-away server, says what came of it, and only reads the database.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/surroundings

setup_file() {
    # A user, a repository, a branch and 100 objects; one more object is on no branch.
    make_small_template 100
    psql -Xq -d "$SMALL" -c "INSERT INTO graveler_staging_kv VALUES ('nowhere', 'key', 'identity', 'data')"
}

setup() {
    # A folder that the server's user can enter, unlike those of bats.
    TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/kv-rh.XXXXXX")
    export TMPDIR
    chmod 711 "$TMPDIR"
    REHEARSE=(kv-migrate rehearse --no-settings)
    PAGE=$BATS_TEST_TMPDIR/page.html
}

teardown() {
    local status=0
    # A test that failed has left the name.
    if [ -n "${HOSTILE-}" ]; then
        psql -Xq -d postgres -c "ALTER DATABASE \"${HOSTILE//\"/\"\"}\" RENAME TO $PGDATABASE" || true
    fi 2>/dev/null
    clean_up
    drop_role
    eventually nothing_left || status=1
    rm -rf -- "$TMPDIR"
    return "$status"
}

nothing_left() {
    [ -z "$(ls -A "$TMPDIR")" ] && [ -z "$(command_lines_with "$TMPDIR/")" ]
}

# report FILTER: prints what jq makes of the report in `output`.
report() {
    jq -r "$1" <<<"$output"
}

# assert_rehearsed: the report says that all of the template was migrated but the row that is on no branch.
assert_rehearsed() {
    assert_equal "$(report '.verified | "\(.equal) \(.entries)"')" "true 103"
    assert_equal "$(report '.entries | "\(.auth) \(.graveler) \(.actions) \(.multiparts)"')" "1 102 0 0"
    assert_equal "$(report '.left_out[] | "\(.rows) \(.table)"')" "1 graveler_staging_kv"
    assert_equal "$(report '.adjusted | length')" 0
    assert_contains "$(report .lakefs.runs)" "lakeFS 0.80.0"
}

# writes_logged: prints how many statements that are no reads the server has logged for databases that log them.
writes_logged() {
    grep -ac 'LOG:  .*\(statement\|execute\)' "$PGHOST/../log" || true
}

@test "of a database: the report has times, sizes, rows and what comes next; the database is only read" {
    local before logged
    fresh_database TEMPLATE "$SMALL"
    # The dry run alone would try whether this lets it create tables.
    sql "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN END \$\$" \
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()" \
        "ALTER DATABASE $PGDATABASE SET log_statement = 'mod'"
    before=$(whole_database)$(legacy_digest)
    logged=$(writes_logged)

    run --separate-stderr -0 "${REHEARSE[@]}" -d "$DSN" --format=json --report="$PAGE" -P

    printf '%s\nstandard error: %s\n' "$output" "$stderr"
    # That of its programs, as its own: each phase once.
    assert_equal "$(sed -n 's/^kv-migrate: \([a-z]*: [0-9]* rows\),.*, [0-9.]* s$/\1/p' <<<"$stderr")" \
        "$(printf '%s rows\n' "load: 103" "index: 104" "verify: 103" "dump: 103" "store: 104")"
    assert_equal "$(writes_logged)" "$logged"
    assert_equal "$(whole_database)$(legacy_digest)" "$before"
    assert_rehearsed
    assert_equal "$(report '"\(.result) \(.exit_code) \(.source.kind) \(.source.name)"')" "migrated 0 database $PGDATABASE"
    assert_equal "$(report '.seconds | keys | join(" ")')" "cleanup copy schema_migrations transfer verify"
    assert_equal "$(report '.bytes | map_values(. > 0) | tojson')" '{"legacy_tables":true,"store":true,"dump":true}'
    assert_equal "$(report '.dry_run | "\(.of) \(.exit_code) \(.output.problems)"')" "database 0 0"
    # Nothing on the page leads elsewhere.
    refute_contains "$(<"$PAGE")" "http:" "https:" "src=" "href=" "<script" "url("
    assert_contains "$(<"$PAGE")" "The copy was migrated" "export and import" "1 row of graveler_staging_kv"
}

@test "a role that may only read, and names with quotes and markup: the report has what the dry run refuses, escaped" {
    local plain
    fresh_database TEMPLATE "$SMALL"
    plain=$PGDATABASE
    ROLE=${plain}_role
    HOSTILE="<b>\"o'd;&-$plain"
    sql "CREATE ROLE $ROLE LOGIN" "ALTER ROLE $ROLE SET default_transaction_read_only = on" \
        "GRANT SELECT ON schema_migrations TO $ROLE" \
        'ALTER SCHEMA public RENAME TO "<i>s""; --"' 'CREATE SCHEMA public' "GRANT USAGE ON SCHEMA \"<i>s\"\"; --\" TO $ROLE"
    REHEARSE+=(-U "$ROLE" --schema='<i>s"; --')
    fails 5 "${REHEARSE[@]}"
    assert_contains "$stderr" "auth_users" "GRANT SELECT"
    sql "GRANT SELECT ON ALL TABLES IN SCHEMA \"<i>s\"\"; --\" TO $ROLE"
    PGDATABASE=postgres sql "ALTER DATABASE $plain RENAME TO \"${HOSTILE//\"/\"\"}\""

    PGDATABASE=$HOSTILE run --separate-stderr -5 "${REHEARSE[@]}" --format=json --report="$PAGE"

    PGDATABASE=postgres sql "ALTER DATABASE \"${HOSTILE//\"/\"\"}\" RENAME TO $plain"
    printf '%s\nstandard error: %s\n' "$output" "$stderr"
    assert_rehearsed
    assert_equal "$(report '"\(.result) \(.exit_code)"')" "refused 5"
    assert_contains "$(report '.dry_run.messages[] | "\(.level): \(.message)"')" "error: "
    assert_equal "$(report '"\(.source.schema) \(.source.name)"')" "<i>s\"; -- $HOSTILE"
    assert_contains "$(<"$PAGE")" "&lt;i&gt;s&quot;; --" "&lt;b&gt;&quot;o&#39;d;&amp;-$plain" "up would be refused"
    refute_contains "$(<"$PAGE")" "<b>" "<i>"
}

@test "of a dump in the custom format: as text; --keep-tables leaves out the cleanup, --dump keeps the dump" {
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'eve')" \
        "INSERT INTO auth_credentials VALUES ('AKIAUSER', 'secret', now(), 1)" \
        "INSERT INTO auth_installation_metadata VALUES ('setup_timestamp', '2022-01-01T00:00:00Z')"
    pg_dump -Fc -f "$BATS_TEST_TMPDIR/custom"
    drop_database

    run --separate-stderr -0 "${REHEARSE[@]}" --from="$BATS_TEST_TMPDIR/custom" --keep-tables --dump="$BATS_TEST_TMPDIR/kv.dump"

    printf '%s\nstandard error: %s\n' "$output" "$stderr"
    assert_contains "$output" "The copy was migrated" "making the copy:" "export:" "import:" "KV store:" "102 of graveler" \
        "runs on it:" "up would not be refused" "This dry run was of the" "$BATS_TEST_TMPDIR/custom"
    refute_contains "$output" "cleanup:"
    # The copy is gone by then.
    assert_contains "$(tr -s '[:space:]' ' ' <<<"$output")" "kv-migrate basic-auth USER -d DATABASE"
    assert_equal "$(grep -vF "$BATS_TEST_TMPDIR" <<<"$output" | grep -E '.{80}' || true)" ""
    kv-import --check -q "$BATS_TEST_TMPDIR/kv.dump"
}

@test "of SQL from standard input, with lakeFS's configuration, which names the real database" {
    fresh_database TEMPLATE "$SMALL"
    pg_dump -f "$BATS_TEST_TMPDIR/plain"
    cat >"$BATS_TEST_TMPDIR/config.yaml" <<YAML
database:
  connection_string: postgres://nobody:geheim@192.0.2.1/real
YAML

    run --separate-stderr -0 "${REHEARSE[@]}" --from=- --config="$BATS_TEST_TMPDIR/config.yaml" --format=json --log-format=json \
        <"$BATS_TEST_TMPDIR/plain"

    assert_json_lines kv-migrate kv-replay
    refute_contains "$output$stderr" geheim
    assert_rehearsed
    assert_equal "$(report '"\(.source.kind) \(.source.name)"')" "dump standard input"
    assert_equal "$(report .dry_run.of)" copy
    # What lakeFS does next depends on the configuration.
    assert_contains "$(report '.lakefs.next | join(" ")')" "database.postgres.connection_string instead of"
}

@test "a migration that fails is reported, with its code and its messages" {
    local before
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO graveler_staging_kv VALUES ('token<b>', 'key', '', 'data')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'x', 'token<b>', 'c1')"
    before=$(whole_database)$(legacy_digest)

    run --separate-stderr -3 "${REHEARSE[@]}" --report="$PAGE" --format=json

    assert_equal "$(whole_database)$(legacy_digest)" "$before"
    assert_equal "$(report '"\(.result) \(.exit_code) \(.verified)"')" "failed 3 null"
    assert_contains "$(report '.messages[] | .message')" "staging_token=token<b>" "kv-export ended with exit code 3"
    assert_contains "$(<"$PAGE")" "The copy could not be migrated." "staging_token=token&lt;b&gt;"
}

@test "SIGTERM while the copy is used ends all, and leaves nothing" {
    fresh_database TEMPLATE "$SMALL"
    pg_dump -f "$BATS_TEST_TMPDIR/plain"
    background kv-migrate rehearse --from="$BATS_TEST_TMPDIR/plain" \
        --settings-command="sh -c 'echo \$\$ >$BATS_TEST_TMPDIR/reached; exec sleep 1000 {}'"
    eventually test -s "$BATS_TEST_TMPDIR/reached"

    kill -TERM "$BACKGROUND"

    background_ends 143
    eventually nothing_left
    eventually has_ended "$(<"$BATS_TEST_TMPDIR/reached")"
}

has_ended() {
    ! kill -0 "$1"
}

@test "what cannot be rehearsed is refused before anything is done" {
    local tools=$BATS_TEST_TMPDIR/tools
    fresh_database
    fails 5 "${REHEARSE[@]}" -d "$DSN"
    assert_contains "$stderr" "there are no tables of a legacy lakeFS"
    drop_database

    fresh_database TEMPLATE "$SMALL"
    # An older pg_dump cannot read a newer server.
    mkdir "$tools"
    printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 10.23"\n' >"$tools/pg_dump"
    chmod +x "$tools/pg_dump"
    PATH=$tools:$PATH fails 1 "${REHEARSE[@]}"
    assert_contains "$stderr" "pg_dump of version 10 cannot read a server of version" "hint: Install postgresql-client-"

    fails 1 "${REHEARSE[@]}" --from=x "$PGDATABASE"
    fails 1 "${REHEARSE[@]}" --target=dynamodb
    fails 1 "${REHEARSE[@]}" --report=-
    touch "$PAGE"
    fails 1 "${REHEARSE[@]}" --report="$PAGE"
    fails 1 kv-migrate up --report="$PAGE"
    assert_contains "$stderr" "option --report goes with the command rehearse only"

    kv-migrate up --kv-enabled --no-settings --keep-tables -q
    fails 5 "${REHEARSE[@]}"
    assert_contains "$stderr" "has already been migrated"
}
