#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-migrate basic-auth, and up --basic-auth-user: the entries of the one user with which lakeFS since 1.33.0 starts in its
# default mode. They are those that lakeFS was seen to start with: the user's and his credential's own values, under other keys.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/dynamodb

setup_file() {
    # jane has one credential, joe two, nobody none; "with:colon" is the whole name of a user.
    make_template USERS
    psql -Xq -v ON_ERROR_STOP=1 -d "$USERS" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name, email, encrypted_password) VALUES
    (1, '2020-01-01 00:00:00Z', 'jane', 'jane@example.com', 'hash'), (2, '2020-01-01 00:00:00Z', 'joe', NULL, NULL),
    (3, '2020-01-01 00:00:00Z', 'nobody', NULL, NULL), (4, '2020-01-01 00:00:00Z', 'with:colon', NULL, NULL);
INSERT INTO auth_credentials VALUES ('AKIAJANE', 'sealed jane', '2020-01-02 00:00:00Z', 1),
    ('AKIAJOE1', 'sealed joe1', '2020-01-02 00:00:00Z', 2), ('AKIAJOE2', 'sealed joe2', '2020-01-03 00:00:00Z', 2),
    ('AKIACOLON', 'sealed colon', '2020-01-02 00:00:00Z', 4);
INSERT INTO auth_installation_metadata VALUES ('setup_timestamp', '2022-01-01T00:00:00Z');
SQL
    start_dynamodb
}

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    make_scratch
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    cd "$HOME" || return 1
    fresh_table
    fresh_database TEMPLATE "$USERS"
    UP=(kv-migrate up --kv-enabled --no-settings)
}

# basic_entries: prints key and value of all entries of basicAuth.
basic_entries() {
    sql "SELECT encode(key, 'escape'), encode(value, 'hex') FROM kv WHERE partition_key = 'basicAuth' ORDER BY key"
}

# own_entries USER KEY: prints a user's own entries in the same way, under the keys of the one user.
own_entries() {
    sql "SELECT 'uCredentials/superAdmin/credentials/$2', encode(value, 'hex') FROM kv WHERE partition_key = 'auth'
            AND key = 'uCredentials/$1/credentials/$2'
        UNION ALL SELECT 'users/superAdmin', encode(value, 'hex') FROM kv WHERE partition_key = 'auth' AND key = 'users/$1'"
}

# assert_is_user USER KEY: basicAuth has these two entries and nothing else.
assert_is_user() {
    assert_equal "$(own_entries "$1" "$2" | wc -l)" 2
    assert_equal "$(basic_entries)" "$(own_entries "$1" "$2")"
}

# refuses PART...: basic-auth refuses what ARGUMENTS say, with these parts, and changes nothing.
refuses() {
    local before after
    before=$(kv_digest)
    fails 5 kv-migrate basic-auth "${ARGUMENTS[@]}"
    assert_contains "$stderr" "$@"
    after=$(kv_digest)
    assert_equal "$after" "$before"
}

@test "the only credential of a user" {
    "${UP[@]}" -q
    succeeds kv-migrate basic-auth jane
    assert_contains "$stderr" 'user "jane" with credential "AKIAJANE"' "auth.encrypt.secret_key"
    refute_contains "$stderr$output" sealed
    assert_is_user jane AKIAJANE
    # What is in them, by the fields' numbers: the real name, and the sealed secret as it was.
    run -0 kv-export --source=kv -f "$BATS_TEST_TMPDIR/dump"
    run -0 kv-import --print --partition=basicAuth "$BATS_TEST_TMPDIR/dump"
    assert_contains "$output" '"username":"jane"' '"user_id":"jane"' '"key":"users/superAdmin"'
    # The next step no longer asks for it.
    run -0 kv-migrate status
    refute_contains "$output" "refuse to start"
}

@test "one of several credentials, and a name with a colon" {
    "${UP[@]}" -q
    ARGUMENTS=(joe)
    refuses 'user "joe" has 2 credentials' "AKIAJOE1, AKIAJOE2" "USER:ACCESS_KEY"
    ARGUMENTS=(joe:AKIAJANE)
    refuses 'user "joe" has no credential "AKIAJANE"' "AKIAJOE1, AKIAJOE2"
    succeeds kv-migrate basic-auth --format=json joe:AKIAJOE2
    assert_equal "$output" '{"user":"joe","access_key_id":"AKIAJOE2"}'
    assert_is_user joe AKIAJOE2
    sql "DELETE FROM kv WHERE partition_key = 'basicAuth'"
    succeeds kv-migrate basic-auth with:colon "$PGDATABASE"
    assert_is_user with:colon AKIACOLON
}

@test "what is refused" {
    "${UP[@]}" -q
    ARGUMENTS=(eve)
    refuses 'there is no user "eve"'
    ARGUMENTS=(eve:KEY)
    refuses 'there is no user "eve"'
    ARGUMENTS=(nobody)
    refuses 'user "nobody" has no credential'
    # As a name, not as part of a statement.
    ARGUMENTS=("jane' OR '' = '")
    refuses "there is no user"
    fails 1 kv-migrate basic-auth
    fails 1 kv-migrate basic-auth :KEY
    fails 1 kv-migrate basic-auth ""
    succeeds kv-migrate basic-auth jane
    ARGUMENTS=(joe:AKIAJOE1)
    refuses "the store has its one user"
    ARGUMENTS=(jane)
    refuses "the store has its one user"
}

@test "a store that is not migrated, not loaded or too new" {
    fails 5 kv-migrate basic-auth jane
    assert_contains "$stderr" "there is no KV store with a version"
    "${UP[@]}" -q
    sql "UPDATE kv SET value = '5' WHERE partition_key = 'kv-internal-metadata'"
    ARGUMENTS=(jane)
    refuses "the store is at version 5"
    sql "UPDATE kv SET value = '0' WHERE partition_key = 'kv-internal-metadata'"
    refuses "there is no KV store with a version"
    sql "UPDATE kv SET value = '4' WHERE partition_key = 'kv-internal-metadata'"
    succeeds kv-migrate basic-auth jane
    assert_is_user jane AKIAJANE
}

@test "the credentials of a user whose name begins with another one's are not his" {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (5, '2020-01-01 00:00:00Z', 'nobody/credentials/y')" \
        "INSERT INTO auth_credentials VALUES ('AKIAY', 'sealed y', '2020-01-02 00:00:00Z', 5)"
    "${UP[@]}" -q --keep-tables
    ARGUMENTS=(nobody)
    refuses 'user "nobody" has no credential'
    ARGUMENTS=(nobody:y/credentials/AKIAY)
    refuses 'user "nobody" has no credential'
    succeeds kv-migrate basic-auth nobody/credentials/y
    assert_is_user nobody/credentials/y AKIAY
}

@test "a text that names a user, and another one with a credential" {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (5, '2020-01-01 00:00:00Z', 'joe:AKIAJOE1')" \
        "INSERT INTO auth_credentials VALUES ('AKIAOTHER', 'sealed', '2020-01-02 00:00:00Z', 5)"
    "${UP[@]}" -q
    succeeds kv-migrate basic-auth joe:AKIAJOE1
    assert_is_user joe AKIAJOE1
    sql "DELETE FROM kv WHERE partition_key = 'basicAuth'"
    succeeds kv-migrate basic-auth joe:AKIAJOE1:AKIAOTHER
    assert_is_user joe:AKIAJOE1 AKIAOTHER
}

@test "what is in the way is named, with the way out" {
    "${UP[@]}" -q
    sql "INSERT INTO kv SELECT 'auth', convert_to('uCredentials/joe/credentials/K' || lpad(n::text, 3, '0'), 'UTF8'), ''
        FROM generate_series(1, 200) n"
    ARGUMENTS=(joe)
    refuses 'user "joe" has 202 credentials' "AKIAJOE1, AKIAJOE2, K001" " and 192 more"
    refute_contains "$stderr" K009
    ARGUMENTS=(jane:KEY)
    refuses "The access key is AKIAJANE." "Name this one."
    # What an interrupted run of another program may have left.
    sql "INSERT INTO kv VALUES ('basicAuth', 'uCredentials/superAdmin/credentials/AKIAJANE', '')"
    ARGUMENTS=(jane)
    refuses "entries of one user" "but not this user" "holds uCredentials/superAdmin/credentials/AKIAJANE." \
        "DELETE FROM public.kv WHERE partition_key = 'basicAuth'"
    sql "$(sed -n 's/.*then \(DELETE .*\)/\1/p' <<<"$stderr")"
    succeeds kv-migrate basic-auth jane
}

@test "who holds a lock is named" {
    "${UP[@]}" -q
    hold "LOCK TABLE kv IN SHARE MODE"
    fails 5 kv-migrate basic-auth jane --lock-wait-timeout=100ms
    assert_contains "$stderr" "lock timeout" "Locks are held by process" "on kv"
    release
    hold "LOCK TABLE kv IN ACCESS EXCLUSIVE MODE"
    fails 5 kv-migrate basic-auth jane --lock-wait-timeout=100ms
    assert_contains "$stderr" "could not read the table kv" "Locks are held by process"
    release
}

@test "up --basic-auth-user on a migrated database does what basic-auth does" {
    "${UP[@]}" -q --keep-tables
    fails 5 "${UP[@]}" --basic-auth-user=eve
    assert_contains "$stderr" 'there is no user "eve"'
    fails 5 "${UP[@]}" --basic-auth-user=eve --dry-run
    succeeds "${UP[@]}" --basic-auth-user=joe:AKIAJOE2 --dry-run
    assert_contains "$stderr" 'user "joe" with credential "AKIAJOE2" would become'
    assert_equal "$(basic_entries)" ""
    succeeds "${UP[@]}" --basic-auth-user=joe:AKIAJOE2
    assert_is_user joe AKIAJOE2
    # Again, and with another one.
    succeeds "${UP[@]}" --basic-auth-user=joe:AKIAJOE2
    fails 5 "${UP[@]}" --basic-auth-user=jane
    assert_contains "$stderr" "the store has its one user"
    assert_is_user joe AKIAJOE2
}

@test "up --basic-auth-user on a database that is migrated to DynamoDB" {
    local place=(--target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1)
    "${UP[@]}" -q "${place[@]}"
    fails 5 "${UP[@]}" "${place[@]}" --basic-auth-user=eve
    succeeds "${UP[@]}" "${place[@]}" --basic-auth-user=jane
    assert_equal "$(dynamodb rows "$TABLE" | grep -c 6261736963)" 2
    succeeds "${UP[@]}" "${place[@]}" --basic-auth-user=jane
    fails 5 "${UP[@]}" "${place[@]}" --basic-auth-user=joe:AKIAJOE1
    assert_contains "$stderr" "the store has its one user"
}

@test "up --basic-auth-user migrates with the user, in the dump as in the store" {
    succeeds "${UP[@]}" --basic-auth-user=joe:AKIAJOE1 --keep-tables --dump="$BATS_TEST_TMPDIR/dump"
    refute_contains "$stderr" "refuse to start"
    assert_is_user joe AKIAJOE1
    succeeds kv-import --verify "$BATS_TEST_TMPDIR/dump"
    succeeds kv-migrate verify --no-settings --basic-auth-user=joe:AKIAJOE1
    # Nothing but that was written, so that there is a way back.
    succeeds kv-migrate revert
}

@test "up --basic-auth-user refuses before anything is done, as its dry run does" {
    local before after wanted
    before=$(whole_database)
    for wanted in eve nobody joe; do
        fails 5 "${UP[@]}" --basic-auth-user=$wanted
        assert_contains "$stderr" "user \"$wanted\"" "nothing was done"
        run --separate-stderr -5 "${UP[@]}" --basic-auth-user=$wanted --dry-run
        assert_contains "$stderr" "user \"$wanted\""
        # Once.
        assert_contains "$output" "1 problem found"
        refute_contains "$stderr" "kv-export: error"
    done
    fails 1 "${UP[@]}" --basic-auth-user=
    fails 1 kv-migrate up --basic-auth-user=jane
    assert_contains "$stderr" "--kv-enabled"
    after=$(whole_database)
    assert_equal "$after" "$before"
}

@test "kv-export --basic-auth-user" {
    fails 5 kv-export --no-settings --basic-auth-user=joe -f "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "AKIAJOE1, AKIAJOE2"
    fails 1 kv-export --no-settings --basic-auth-user=jane --package=actions -f "$BATS_TEST_TMPDIR/dump"
    fails 1 kv-export --source=kv --basic-auth-user=jane -f "$BATS_TEST_TMPDIR/dump"
    succeeds kv-export --no-settings --basic-auth-user=jane --redact -f "$BATS_TEST_TMPDIR/dump"
    run -0 kv-import --print --partition=basicAuth "$BATS_TEST_TMPDIR/dump"
    assert_equal "${#lines[@]}" 2
    refute_contains "$output" jane JANE sealed
}

@test "in DynamoDB: with a database that knows where, and without one" {
    local expected
    "${UP[@]}" -q --target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1
    fails 5 kv-migrate basic-auth joe --target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1
    assert_contains "$stderr" "AKIAJOE1, AKIAJOE2"
    fails 5 kv-migrate basic-auth eve
    assert_contains "$stderr" 'there is no user "eve"'
    succeeds kv-migrate basic-auth jane
    refute_dynamodb_secret "$stderr"
    # The same as in PostgreSQL.
    kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1 -q -f "$BATS_TEST_TMPDIR/dynamodb.dump"
    run -0 kv-import --print --raw --partition=basicAuth "$BATS_TEST_TMPDIR/dynamodb.dump"
    expected=$(sort <<<"$output")
    assert_equal "${#lines[@]}" 2
    drop_database
    fresh_database TEMPLATE "$USERS"
    "${UP[@]}" -q --basic-auth-user=jane
    kv-export --source=kv -q -f "$BATS_TEST_TMPDIR/postgres.dump"
    run -0 kv-import --print --raw --partition=basicAuth "$BATS_TEST_TMPDIR/postgres.dump"
    assert_equal "$(sort <<<"$output")" "$expected"
    PGHOST=/nonexistent fails 5 kv-migrate basic-auth joe:AKIAJOE1 --target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1
    assert_contains "$stderr" "the store has its one user"
}

@test "in DynamoDB: an interrupted run is finished, another's credential is not" {
    local place=(--target=dynamodb "${DYNAMODB[@]}" --aws-region=eu-west-1)
    "${UP[@]}" -q "${place[@]}"
    succeeds kv-migrate basic-auth jane "${place[@]}"
    dynamodb delete "$TABLE" basicAuth users/superAdmin
    succeeds kv-migrate basic-auth jane "${place[@]}"
    dynamodb delete "$TABLE" basicAuth users/superAdmin
    # Another user's is not one of two afterwards.
    fails 5 kv-migrate basic-auth joe:AKIAJOE1 "${place[@]}"
    assert_contains "$stderr" "holds uCredentials/superAdmin/credentials/AKIAJANE." "To finish an interrupted run"
    assert_equal "$(dynamodb rows "$TABLE" | grep -c 6261736963)" 1
    dynamodb put "$TABLE" basicAuth uCredentials/superAdmin/credentials/AKIAJANE other
    fails 5 kv-migrate basic-auth jane "${place[@]}"
    fails 5 kv-migrate basic-auth jane --target=dynamodb --dynamodb-table=none --dynamodb-endpoint="$DYNAMODB_ENDPOINT" --aws-region=eu-west-1
    assert_contains "$stderr" "no KV store with a version"
}
