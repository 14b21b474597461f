#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate config: a configuration of lakeFS 0.70, and the same for a later lakeFS. fixtures/config has files before and after,
# written by hand from LAKEFS-CONFIG.md. What is secret in them begins with "s3cret".

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup() {
    make_scratch
    unset -v "${!LAKEFS_@}"
    CONFIG=$BATS_TEST_TMPDIR/config.yaml
    BEFORE=$FIXTURES_DIR/config
    # What else a configuration needs.
    REST=("auth: {encrypt: {secret_key: k}}" "blockstore: {type: s3}")
}

# assert_corrected NAME [CODE]: the fixture becomes what it should be, and that needs no change.
assert_corrected() {
    # No database is asked.
    PGHOST=/nonexistent run --separate-stderr "-${2-0}" kv-migrate config "$BEFORE/$1.before.yaml"
    assert_equal "$output" "$(<"$BEFORE/$1.after.yaml")"
    refute_contains "$stderr" s3cret
    MESSAGES=$stderr
    if [ "${2-0}" -eq 0 ]; then
        run --separate-stderr -0 kv-migrate config "$BEFORE/$1.after.yaml"
        assert_equal "$output" "$(<"$BEFORE/$1.after.yaml")"
        assert_contains "$stderr" "nothing to change"
    fi
}

# config LINE...: writes the configuration.
config() {
    printf '%s\n' "$@" >"$CONFIG"
}

@test "keys with other names, words for booleans, dates, the old default of the block store; comments stay" {
    assert_corrected common
    assert_contains "$MESSAGES" "line 6: database.connection_string is refused by lakeFS 0.81.0 and later: now database.postgres.connection_string" \
        "line 8: database.kv_enabled is refused by lakeFS 0.80.0 and later: removed" \
        "line 11: logging.trace_request_headers" "line 16: auth.api.supports_invites" "line 22: stats.enabled" \
        "line 24: installation.fixed_id" "database.type is missing, which lakeFS 0.85.0 and later require" \
        "blockstore.local.path is missing" "now the old one"
}

@test "mappings in braces, and JSON" {
    assert_corrected braces
    assert_corrected json
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$BEFORE/json.after.yaml"
}

@test "dotted keys, in any case" {
    assert_corrected dotted
    assert_contains "$MESSAGES" "line 2: database.kv_enabled"
}

@test "keys that come twice: the last one counted" {
    assert_corrected twice
    assert_contains "$MESSAGES" "line 2: blockstore.type comes again below" "line 9: database comes again below"
}

@test "a section that has the new keys already" {
    assert_corrected both
    assert_contains "$MESSAGES" "database.connection_string is refused by lakeFS 0.81.0 and later: removed, since there is database.postgres.connection_string" \
        "database.drop_tables has no effect"
}

@test "a new key that says nothing gives way to the old one" {
    local new
    for new in '""' "''" "~" "" '!!str'; do
        config "database:" "  type: postgres" "  # of all" "  connection_string: s3cret" "  postgres:" "    max_open_connections: 7" \
            "    connection_string: $new" "${REST[@]}"
        succeeds kv-migrate config "$CONFIG"
        assert_equal "$output" "$(printf '%s\n' "database:" "  type: postgres" "  postgres:" "    max_open_connections: 7" \
            "    # of all" "    connection_string: s3cret" "${REST[@]}")"
        assert_contains "$stderr" "now database.postgres.connection_string"
    done
    # Alone in its section, and in braces.
    config "database:" "  connection_string: s3cret" "  postgres:" '    connection_string: ""' "  type: postgres" "${REST[@]}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '%s\n' "database:" "  postgres:" "    connection_string: s3cret" "  type: postgres" "${REST[@]}")"
    config 'database: {type: postgres, connection_string: s3cret, postgres: {connection_string: ""}}' "${REST[@]}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "${lines[0]}" 'database: {type: postgres, postgres: {"connection_string": s3cret}}'
    # Both say nothing.
    config 'database: {type: postgres, connection_string: "", postgres: {connection_string: ""}}' "${REST[@]}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "${lines[0]}" 'database: {type: postgres, postgres: {connection_string: ""}}'
    config "blockstore: {type: s3, s3: {credentials: {access_secret_key: s3cret, secret_access_key: ''}}}" \
        "database: {type: postgres}" "auth: {encrypt: {secret_key: k}}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "${lines[0]}" "blockstore: {type: s3, s3: {credentials: {secret_access_key: s3cret}}}"
}

@test "two databases: a person chooses" {
    config "database:" "  type: postgres" "  connection_string: s3cretold" "  postgres:" "    connection_string: s3cretnew" "  kv_enabled: true" \
        "${REST[@]}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(grep -v kv_enabled "$CONFIG")"
    assert_contains "$stderr" "line 3: database.connection_string, which is refused by lakeFS 0.81.0 and later, differs from database.postgres.connection_string" \
        "1 setting in"
    refute_contains "$stderr" s3cret
    # 0.80 takes both.
    succeeds kv-migrate config --for=0.80.2 "$CONFIG"
    # Variables come before the file.
    LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=s3cretold succeeds kv-migrate config "$CONFIG"
    config "database: {type: postgres, postgres: {connection_string: s3cretnew}}" "${REST[@]}"
    LAKEFS_DATABASE_CONNECTION_STRING=s3cretold run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "variable LAKEFS_DATABASE_CONNECTION_STRING, which is ignored by lakeFS 0.81.0 and later, differs from database.postgres.connection_string"
    LAKEFS_DATABASE_CONNECTION_STRING=a LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=b run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "differs from LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"
    LAKEFS_DATABASE_CONNECTION_STRING=a LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=a succeeds kv-migrate config "$CONFIG"
}

@test "a KV store in DynamoDB has no connection string" {
    config "database:" "  type: dynamodb" "  connection_string: s3cret" "  max_open_connections: 5" "${REST[@]}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '%s\n' "database:" "  type: dynamodb" "${REST[@]}")"
    assert_contains "$stderr" "database.connection_string is refused by lakeFS 0.81.0 and later: removed, since database.type is dynamodb" \
        "line 4"
    LAKEFS_DATABASE_CONNECTION_STRING=s3cret run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "variable LAKEFS_DATABASE_CONNECTION_STRING is ignored by lakeFS 0.81.0 and later: unset it"
    config "database: {connection_string: s3cret}" "${REST[@]}"
    LAKEFS_DATABASE_TYPE=dynamodb succeeds kv-migrate config "$CONFIG"
    assert_equal "${lines[0]}" "database: {}"
}

@test "required keys that are empty, and other types of stores" {
    config 'database: {type: "", postgres: {connection_string: x}}' 'auth: {encrypt: {secret_key: ""}}' "blockstore: {type: ''}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "${lines[0]}" 'database: {type: "postgres", postgres: {connection_string: x}}'
    assert_contains "$stderr" "database.type is empty, which lakeFS 0.85.0 and later require: now postgres" "blockstore.type is empty" \
        "auth.encrypt.secret_key is empty" "2 settings"
    LAKEFS_BLOCKSTORE_TYPE=mem LAKEFS_AUTH_ENCRYPT_SECRET_KEY=k LAKEFS_DATABASE_TYPE=dynamodb succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    local type
    for type in mysql Postgres local "[postgres]"; do
        config "database: {type: $type}" "${REST[@]}"
        run --separate-stderr -5 kv-migrate config "$CONFIG"
        assert_equal "$output" "$(<"$CONFIG")"
        assert_contains "$stderr" "database.type is neither postgres nor dynamodb"
    done
}

@test "keys that differ in case only: lakeFS takes any of them" {
    config "database: {type: postgres}" "blockstore: {type: local, local: {path: /a}}" "auth: {encrypt: {secret_key: k, SECRET_KEY: l}}" \
        "Blockstore: {type: local, local: {path: /b}}"
    local version
    for version in 0.80.0 latest; do
        run --separate-stderr -5 kv-migrate config --for="$version" "$CONFIG"
        assert_equal "$output" "$(<"$CONFIG")"
        assert_contains "$stderr" "line 2: blockstore comes again in line 4, in other letters" \
            "line 3: auth.encrypt.secret_key comes again in line 3, in other letters" "2 settings"
    done
    # Neither of two values is chosen.
    config "database: {type: postgres, connection_string: a, Connection_String: b}" "${REST[@]}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
}

@test "what the two YAML libraries read otherwise" {
    config "database: {type: postgres}" "auth: {encrypt: {secret_key: 0o-17}}" "blockstore: {type: &t s3}" "a: &a yes" "b: !!bool off" \
        "c: &c 2022-01-02" "d: [0o+1_7, 2022-1-2]"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '%s\n' "database: {type: postgres}" 'auth: {encrypt: {secret_key: "0o-17"}}' "blockstore: {type: &t s3}" \
        "a: &a true" "b: !!bool false" 'c: &c "2022-01-02"' 'd: ["0o+1_7", "2022-1-2"]')"
    assert_contains "$stderr" "line 2: auth.encrypt.secret_key is a text that lakeFS 0.84.0 and later take for a number: now in quotes"
    succeeds kv-migrate config --for=0.83.1 "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    # Both read these alike: numbers as numbers, and what has a tag for a text, or no type, as a text.
    config "database: {type: postgres}" "auth: {encrypt: {secret_key: !!str yes}}" "blockstore: {type: s3}" "a: [!!str 2022-01-02, ! no, &x !y on]" \
        "b: [0o17, 017, 0b1, 1_000, 1:30, .inf, 0x1F, 1e3, ~]"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    assert_contains "$stderr" "nothing to change"
    # A tag that asks for a date.
    config "database: {type: postgres}" "${REST[@]}" "a: !!timestamp 2022-01-02"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "a could not be corrected where it stands"
}

@test "logins that are off do not end" {
    local section
    for section in "oidc: {enabled: false, client_id: x}" "oidc: {enabled: off}" "oidc: {enabled: 'f'}" "oidc: {}" "oidc: ~" "ldap: {}"; do
        config "database: {type: postgres}" "auth: {encrypt: {secret_key: k}, $section}" "blockstore: {type: s3}"
        succeeds kv-migrate config "$CONFIG"
        assert_equal "${lines[1]}" "auth: {encrypt: {secret_key: k}}"
        refute_contains "$stderr" "log in"
    done
    config "database: {type: postgres}" "auth: {encrypt: {secret_key: k}, oidc: {enabled: false}}" "blockstore: {type: s3}"
    LAKEFS_AUTH_OIDC_ENABLED=true run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "without auth.oidc" "2 settings"
    config "auth.oidc.client_id: x" "database.type: postgres" "auth.encrypt.secret_key: k" "blockstore.type: s3"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "without auth.oidc users who log in" "1 setting in"
}

@test "keys of DynamoDB, of S3 and of mail" {
    assert_corrected dynamodb
    assert_contains "$MESSAGES" "database.dynamodb.read_capacity_units is refused by lakeFS 0.90.0" \
        "blockstore.s3.streaming_chunk_size is refused by lakeFS 0.110.0" "now blockstore.s3.credentials.secret_access_key" \
        "email is refused by lakeFS 0.111.0"
}

@test "keys without a value leave the default" {
    assert_corrected null
}

@test "what a person must settle" {
    assert_corrected sections 5
    assert_contains "$MESSAGES" "without auth.oidc users who log in by OpenID Connect need another way in" "without auth.ldap" \
        "auth.ui_config.rbac has a value that needs auth.api.endpoint" "3 settings in the configuration must be settled by hand"
    config "logging: {level: INFO}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "blockstore.type is missing" "auth.encrypt.secret_key is missing"
    LAKEFS_BLOCKSTORE_TYPE=mem LAKEFS_AUTH_ENCRYPT_SECRET_KEY=k run --separate-stderr -0 kv-migrate config "$CONFIG"
}

@test "a value behind an alias is left, and named" {
    run --separate-stderr -5 kv-migrate config "$BEFORE/aliases.before.yaml"
    assert_equal "$output" "$(sed 's/trace_request_headers: yes/trace_request_headers: true/' "$BEFORE/aliases.before.yaml")"
    assert_contains "$stderr" "database.connection_string could not be corrected where it stands"
    refute_contains "$stderr" s3cret "connection_string is refused"
    config "base: &b {kv_enabled: true}" "database: {type: postgres, <<: *b}" "blockstore: {type: mem}" "auth: {encrypt: {secret_key: k}}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "database.kv_enabled could not be corrected where it stands, behind an alias or a merge key"
}

@test "variables of lakeFS" {
    export LAKEFS_DATABASE_CONNECTION_STRING=s3cret LAKEFS_DATABASE_KV_ENABLED=true LAKEFS_DATABASE_TYPE=postgres
    config "blockstore: {type: mem}" "auth: {encrypt: {secret_key: s3cret}}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    assert_contains "$stderr" "variable LAKEFS_DATABASE_CONNECTION_STRING is ignored by lakeFS 0.81.0 and later: set LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING instead" \
        "variable LAKEFS_DATABASE_KV_ENABLED is ignored by lakeFS 0.80.0 and later: unset it"
    refute_contains "$stderr" s3cret "database.type is missing"
    # Set but empty is not set.
    LAKEFS_DATABASE_CONNECTION_STRING="" LAKEFS_DATABASE_KV_ENABLED="" succeeds kv-migrate config "$CONFIG"
    unset -v "${!LAKEFS_@}"
    # The old default is used, wherever the type comes from.
    config "database: {type: postgres}" "auth: {encrypt: {secret_key: k}}"
    LAKEFS_BLOCKSTORE_TYPE=local succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(cat "$CONFIG")
blockstore:
  local:
    path: ~/data/lakefs/block"
    LAKEFS_BLOCKSTORE_TYPE=local LAKEFS_BLOCKSTORE_LOCAL_PATH=/data succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
}

@test "variables of whole sections" {
    config "database: {type: postgres}" "${REST[@]}"
    export LAKEFS_AUTH_OIDC_CLIENT_SECRET=s3cret LAKEFS_AUTH_LDAP_SERVER_ENDPOINT=s3cret LAKEFS_EMAIL_SMTP_HOST=s3cret
    # Another section, one that is not set, and one of no key.
    export LAKEFS_EMAIL_SUBSCRIPTION_ENABLED=true LAKEFS_EMAIL_SENDER="" LAKEFS_EMAILS=1
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    assert_contains "$stderr" "variable LAKEFS_AUTH_OIDC_CLIENT_SECRET is ignored by lakeFS 0.94.0 and later: unset it" \
        "variable LAKEFS_AUTH_LDAP_SERVER_ENDPOINT is ignored by lakeFS 0.95.0 and later: unset it" \
        "variable LAKEFS_EMAIL_SMTP_HOST is ignored by lakeFS 0.111.0 and later: unset it" "without auth.oidc" "without auth.ldap" "5 settings"
    refute_contains "$stderr" s3cret SUBSCRIPTION SENDER EMAILS
    succeeds kv-migrate config --for=0.93.0 "$CONFIG"
    unset -v LAKEFS_AUTH_OIDC_CLIENT_SECRET LAKEFS_AUTH_LDAP_SERVER_ENDPOINT LAKEFS_EMAIL_SMTP_HOST
    LAKEFS_AUTH_OIDC_ENABLED=false run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "LAKEFS_AUTH_OIDC_ENABLED" "1 setting in"
}

@test "keys that only some versions know" {
    config "database: {type: postgres}" "auth: {encrypt: {secret_key: k}, ui_config: {rbac: none}, basic: true}" "blockstore: {type: s3}"
    local version
    for version in 0.80.0 0.91.9 0.98.0; do
        succeeds kv-migrate config --for="$version" "$CONFIG"
        assert_equal "${lines[1]}" "auth: {encrypt: {secret_key: k}, ui_config: {}}"
    done
    assert_contains "$stderr" "auth.ui_config.rbac is refused by lakeFS 0.98.0: removed" "auth.basic is refused by lakeFS before 1.32.0: removed"
    for version in 0.92.0 0.97.9 0.99.0 1.31.9 1.33.0; do
        succeeds kv-migrate config --for="$version" "$CONFIG"
        assert_equal "${lines[1]}" "auth: {encrypt: {secret_key: k}, ui_config: {rbac: none}}"
    done
    succeeds kv-migrate config --for=1.32.1 "$CONFIG"
    assert_equal "$output" "$(<"$CONFIG")"
    LAKEFS_AUTH_BASIC=true run --separate-stderr -5 kv-migrate config --for=1.31.0 "$CONFIG"
    assert_contains "$stderr" "variable LAKEFS_AUTH_BASIC is ignored by lakeFS before 1.32.0: unset it"
}

@test "a comment goes with the key that it stands above" {
    config "database:" "  # of the section" "" "  type: postgres" "  # not this" "" "  # first" "  # second" "  connection_string: x" \
        "  # of the next" "  postgres:" "    max_idle_connections: 5" "  # of none" "${REST[@]}"
    succeeds kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '%s\n' "database:" "  # of the section" "" "  type: postgres" "  # not this" "" "  # of the next" \
        "  postgres:" "    max_idle_connections: 5" "    # first" "    # second" "    connection_string: x" "  # of none" "${REST[@]}")"
    # The text of a value is no comment.
    config "database:" "  postgres:" "    max_idle_connections: 5" "  type: 'postgres" "" "" "  # a'" "  connection_string: x" "${REST[@]}"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '%s\n' "database:" "  postgres:" "    max_idle_connections: 5" "    connection_string: x" \
        "  type: 'postgres" "" "" "  # a'" "${REST[@]}")"
}

@test "standard input" {
    config "database: {type: postgres, kv_enabled: true}" "${REST[@]}"
    succeeds kv-migrate config - <"$CONFIG"
    assert_equal "${lines[0]}" "database: {type: postgres}"
    assert_contains "$stderr" "standard input: line 1: database.kv_enabled"
    run --separate-stderr -0 kv-migrate config "$BEFORE/both.after.yaml" </dev/null
    fails 1 kv-migrate config - <"$BATS_TEST_TMPDIR"
    assert_contains "$stderr" 'could not read configuration "standard input"'
}

@test "for a version in between" {
    config "database: {connection_string: x, kv_enabled: yes, type: postgres, dynamodb: {read_capacity_units: 1}}" \
        "blockstore: {type: local}" "auth: {encrypt: {secret_key: k}}"
    succeeds kv-migrate config --for=0.80 "$CONFIG"
    assert_equal "${lines[0]}" "database: {connection_string: x, type: postgres, dynamodb: {read_capacity_units: 1}}"
    assert_equal "${lines[1]}" "blockstore: {type: local}"
    succeeds kv-migrate config --for=v0.83.1 "$CONFIG"
    assert_equal "${lines[0]}" 'database: {"postgres": {"connection_string": x}, type: postgres, dynamodb: {read_capacity_units: 1}}'
    succeeds kv-migrate config --for 1.84.0 "$CONFIG"
    assert_equal "${lines[0]}" 'database: {"postgres": {"connection_string": x}, type: postgres, dynamodb: {}}'
    local version
    for version in 0.70 0.79.9 x 1 1.2.3.4 1.2x ""; do
        fails 1 kv-migrate config --for="$version" "$CONFIG"
    done
    fails 1 kv-migrate status --for=1.33.0
}

@test "what is no configuration" {
    fails 1 kv-migrate config
    fails 1 kv-migrate config "$BATS_TEST_TMPDIR/none"
    fails 1 kv-migrate config "$BATS_TEST_TMPDIR"
    fails 1 kv-migrate config "$BEFORE/null.before.yaml" database
    fails 1 kv-migrate config --format=json "$BEFORE/null.before.yaml"
    config "a: [1"
    fails 1 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "line 2"
    config "- a"
    fails 1 kv-migrate config "$CONFIG"
    config "a: 1" "---" "b: 2"
    fails 1 kv-migrate config "$CONFIG"
    assert_contains "$stderr" "second document"
    printf 'a: \xff\n' >"$CONFIG"
    fails 1 kv-migrate config "$CONFIG"
}

@test "an empty file, one with a byte order mark, CRLF and letters of several bytes" {
    : >"$CONFIG"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "database:
  type: postgres"
    printf '\xef\xbb\xbf# é ü\r\ndatabase:\r\n  kv_enabled: yes # ß\r\n  type: postgres\r\nlogging: {file: "ä", trace: on}\r\n' >"$CONFIG"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_equal "$output" "$(printf '\xef\xbb\xbf# é ü\r\ndatabase:\r\n  type: postgres\r\nlogging: {file: "ä", trace: true}\r\n')"
    # What is added ends its lines like the rest.
    printf 'database:\r\n  connection_string: postgres://h/d\r\nblockstore:\r\n  type: s3\r\n' >"$CONFIG"
    run --separate-stderr -5 kv-migrate config "$CONFIG"
    assert_contains "$output" $'  type: postgres\r\n'
    assert_equal "$(grep -vc $'\r$' <<<"$output")" 0
}

@test "kv-migrate reads the corrected file as it reads the old one" {
    fresh_database
    apply_migrations 21 38
    set_schema_version 38
    sed "s|postgres://u:s3cret@h/db|$DSN|" "$BEFORE/common.before.yaml" >"$CONFIG"
    kv-migrate config -q "$CONFIG" >"$BATS_TEST_TMPDIR/new.yaml"
    (
        unset -v PGHOST PGPORT PGUSER PGDATABASE
        kv-migrate status --config "$CONFIG" | head -n 1 >"$BATS_TEST_TMPDIR/old"
        kv-migrate status --config "$BATS_TEST_TMPDIR/new.yaml" | head -n 1 >"$BATS_TEST_TMPDIR/new"
    )
    assert_contains "$(<"$BATS_TEST_TMPDIR/new")" "$PGDATABASE"
    assert_equal "$(<"$BATS_TEST_TMPDIR/new")" "$(<"$BATS_TEST_TMPDIR/old")"
}
