#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which lakeFS runs on a database, and how to get to today's: what kv-migrate status and the summary of up say of it, for
# every version of the store, for one user and for several, and for lakeFS's settings.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template ONE
    psql -Xq -v ON_ERROR_STOP=1 -d "$ONE" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'jane');
INSERT INTO auth_credentials VALUES ('AKIAJANE', 'secret', '2020-01-01 00:00:00Z', 1);
INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'Admins');
INSERT INTO auth_policies (id, created_at, display_name, statement) VALUES (1, '2020-01-01 00:00:00Z', 'All',
    '[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}]');
INSERT INTO auth_group_policies VALUES (1, 1);
INSERT INTO auth_installation_metadata VALUES ('installation_id', 'a9d7c2d9-231a-4083-b323-dd285ebdd709'),
    ('setup_timestamp', '2022-01-01T00:00:00Z');
SQL
}

setup() {
    make_scratch
    fresh_database TEMPLATE "$ONE"
    UP=(kv-migrate up --kv-enabled --no-settings)
}

# another_user: adds a user with two credentials, and a group without a policy.
another_user() {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, '2021-01-01 00:00:00Z', 'joe')" \
        "INSERT INTO auth_credentials VALUES ('AKIAJOE1', 'secret', '2020-01-01 00:00:00Z', 2),
            ('AKIAJOE2', 'secret', '2020-01-01 00:00:00Z', 2)" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (2, '2020-01-01 00:00:00Z', 'Empty')"
}

# set_version TEXT: what the store's version says.
set_version() {
    sql "UPDATE kv SET value = '$1' WHERE partition_key = 'kv-internal-metadata'"
}

# says PART...: what kv-migrate status prints, on one line, has these parts.
says() {
    succeeds kv-migrate status "${STATUS[@]}"
    shown=$(tr -s ' \n' ' ' <<<"$output" | sed 's/ - / /g')
    assert_contains "$shown" "$@"
}

# in_json EXPRESSION: of the member "lakefs", as l.
in_json() {
    succeeds kv-migrate status --format=json
    python3 -c '
import json, sys
l = json.load(sys.stdin)["lakefs"]
print(l)
assert eval(sys.argv[1]), sys.argv[1]' "$1" <<<"$output"
}

@test "legacy tables: 0.69 and 0.70 run; what comes later depends on the users" {
    says "runs on it: lakeFS 0.69 and 0.70" "next: kv-migrate up --kv-enabled" "take over the one user"
    in_json 'l["users"] == 1 and l["credentials"] == 1 and l["groups_without_policy"] == 0 and l["basic_auth"] is False'
    another_user
    says "then: lakeFS 1.33.0 and later refuse to start" "2 users with 3 credentials" "to the 1 group without one"
    in_json 'l["users"] == 2 and l["credentials"] == 3 and l["groups_without_policy"] == 1'
    refute_contains "$shown" "take over"
    # One user with two credentials is not taken over either.
    sql "DELETE FROM auth_users WHERE id = 1"
    says "1 user with 2 credentials"
    # Nobody has set it up: lakeFS does.
    sql "DELETE FROM auth_installation_metadata WHERE key_name = 'setup_timestamp'"
    says "runs on it: lakeFS 0.69 and 0.70"
    refute_contains "$shown" "refuse to start"
}

@test "nobody to choose: lakeFS must make a user or a credential first" {
    sql "DELETE FROM auth_credentials"
    says "since there is 1 user with 0 credentials" "let a lakeFS before 0.98.0 make"
    refute_contains "$shown" "basic-auth"
    sql "DELETE FROM auth_users CASCADE"
    says "since there are 0 users with 0 credentials"
    refute_contains "$shown" "basic-auth"
}

@test "legacy tables: alone, beside a store that lakeFS refuses, and below the last schema version" {
    says "runs on it: lakeFS 0.69 and 0.70; 0.80.0 and later would start empty, unless"
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" \
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '0')"
    says "runs on it: lakeFS 0.69 and 0.70; 0.80.0 and later refuse the version"
    set_version one
    says "runs on it: lakeFS 0.69 and 0.70; 0.80.0 and later refuse the version"
    sql "DROP TABLE kv" "UPDATE schema_migrations SET version = 37"
    another_user
    says "runs on it: the lakeFS before 0.69" "next: kv-migrate up --kv-enabled" "then: lakeFS 1.33.0 and later refuse to start" \
        "2 users with 3 credentials"
}

@test "after a migration that keeps the tables lakeFS is started before they are dropped" {
    "${UP[@]}" -q --keep-tables
    says "next: start lakeFS 0.80.0" "later: when all is well, drop the legacy tables: kv-migrate cleanup"
    refute_contains "$shown" "next: kv-migrate cleanup"
}

@test "the ACL server that is configured" {
    another_user
    "${UP[@]}" -q
    printf 'auth:\n  ui_config: {rbac: simplified}\n  api: {endpoint: "http://127.0.0.1:8001/api/v1"}\n' >"$BATS_TEST_TMPDIR/c.yaml"
    printf 'database: {postgres: {connection_string: "%s"}}\n' "$DSN" >>"$BATS_TEST_TMPDIR/c.yaml"
    STATUS=(--config "$BATS_TEST_TMPDIR/c.yaml")
    says "keep all users, as configured"
    refute_contains "$shown" "refuse to start" "basic-auth" "without one"
    STATUS=()
    export LAKEFS_AUTH_UI_CONFIG_RBAC=simplified
    says "set auth.api.endpoint" "refuse auth.ui_config.rbac: simplified without it"
    export LAKEFS_AUTH_API_ENDPOINT=http://127.0.0.1:8001/api/v1
    says "keep all users, as configured"
    export LAKEFS_AUTH_UI_CONFIG_RBAC=none
    says "refuse to start" "basic-auth"
}

@test "the summary of up says the same, for one user and for several" {
    succeeds "${UP[@]}"
    assert_contains "$(tr -s ' \n' ' ' <<<"$stderr")" "next: - start lakeFS 0.80.0 to 0.97.x; or run \"lakefs migrate up\" of lakeFS 1.33.0 or later" \
        "0.101.0 to 0.102.2 cannot" "database.type: postgres" "take over the one user"
    drop_database
    fresh_database TEMPLATE "$ONE"
    another_user
    succeeds "${UP[@]}" --format=json
    assert_contains "$(tr -s ' \n' ' ' <<<"$stderr")" "2 users with 3 credentials" "kv-migrate basic-auth USER" "ACL server, 1.53.0 or later"
    python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["lakefs"]["users"] == 2 and o["lakefs"]["credentials"] == 3 and "basic-auth" in o["next"], o
assert o["next"] == "; ".join(o["lakefs"]["next"]), o' <<<"$output"
}

@test "a store of any version" {
    local version
    another_user
    "${UP[@]}" -q
    says "runs on it: lakeFS 0.80.0 to 0.97.x; 0.70 with database.kv_enabled" "next: start lakeFS 0.80.0 to 0.97.x" \
        "2 users with 3 credentials" "to the 1 group without one"
    sql "DROP TABLE schema_migrations"
    says "runs on it: lakeFS 0.80.0 to 0.97.x" "2 users with 3 credentials"
    set_version 2
    says "runs on it: lakeFS 0.98.0 next: run \"lakefs migrate up\" of lakeFS 1.33.0 or later" "2 users with 3 credentials"
    refute_contains "$shown" "group"
    set_version 3
    says "runs on it: lakeFS 0.99.0 to 0.100.0 next: run \"lakefs migrate up\" of lakeFS 1.33.0 or later"
    set_version 4
    says "runs on it: lakeFS 0.101.0 to 1.84.0 next: start lakeFS 1.33.0 or later"
    refute_contains "$shown" "migrate up"
    for version in 5 12; do
        set_version "$version"
        says "runs on it: no lakeFS up to 1.84.0 that knows it" "start the lakeFS that has made this version"
    done
    set_version 0
    says "runs on it: no lakeFS: version 0 is an unfinished load" "next: kv-import -d"
    set_version one
    says "KV version: one" "state: a KV store whose version is not a number" "runs on it: no lakeFS"
    set_version -1
    says "a KV store whose version is not a number"
    sql "DELETE FROM kv WHERE partition_key = 'kv-internal-metadata'"
    says "runs on it: no lakeFS with the data of an older one" "start empty on it"
    in_json 'l["users"] is None'
}

@test "a store that has the one user already needs nothing for it" {
    another_user
    "${UP[@]}" -q
    sql "INSERT INTO kv VALUES ('basicAuth', 'users/superAdmin', '')"
    says "runs on it: lakeFS 0.80.0 to 0.97.x"
    refute_contains "$shown" "refuse to start"
    in_json 'l["basic_auth"] is True and l["users"] == 2'
}

@test "what lakeFS's settings need" {
    STATUS=(--config "$BATS_TEST_TMPDIR/config.yaml")
    "${UP[@]}" -q
    cat >"$BATS_TEST_TMPDIR/config.yaml" <<END
database:
  connection_string: "$DSN"
blockstore:
  type: local
END
    says "set database.postgres.connection_string instead of database.connection_string" \
        "set blockstore.local.path: $HOME/data/lakefs/block" "kv-migrate config $BATS_TEST_TMPDIR/config.yaml"
    cat >"$BATS_TEST_TMPDIR/config.yaml" <<END
database:
  connection_string: "$DSN"
  postgres: {connection_string: "$DSN"}
blockstore:
  type: local
  local: {path: /data}
END
    says "remove database.connection_string"
    refute_contains "$shown" "blockstore"
    printf 'database: {postgres: {connection_string: "%s"}}\n' "$DSN" >"$BATS_TEST_TMPDIR/config.yaml"
    says "database.type: postgres"
    refute_contains "$shown" "connection_string"
    # Nothing is wrong with this one.
    printf 'database: {type: postgres, postgres: {connection_string: "%s"}}\n' "$DSN" >"$BATS_TEST_TMPDIR/config.yaml"
    printf 'blockstore: {type: mem}\nauth: {encrypt: {secret_key: k}}\n' >>"$BATS_TEST_TMPDIR/config.yaml"
    says "database.type: postgres"
    refute_contains "$shown" "kv-migrate config"
}

@test "before up, the configuration that lakeFS will need; and variables by their names" {
    printf 'database: {connection_string: "%s"}\nblockstore: {type: local}\n' "$DSN" >"$BATS_TEST_TMPDIR/config.yaml"
    STATUS=(--config "$BATS_TEST_TMPDIR/config.yaml")
    says "next: kv-migrate up" "then: in the configuration, set database.postgres.connection_string instead of" \
        "set blockstore.local.path: $HOME/data/lakefs/block"
    STATUS=()
    export LAKEFS_DATABASE_CONNECTION_STRING=$DSN
    says "set LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING instead of LAKEFS_DATABASE_CONNECTION_STRING" "0.81.0 and later ignore"
    refute_contains "$shown" "in the configuration"
    export LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=$DSN
    says "unset LAKEFS_DATABASE_CONNECTION_STRING"
}

@test "users that cannot be read are not an error" {
    local role=${PGDATABASE}_reader
    another_user
    sql "CREATE ROLE $role LOGIN" "GRANT SELECT ON schema_migrations TO $role"
    STATUS=(-U "$role")
    says "runs on it: lakeFS 0.69 and 0.70" "exactly one user who has exactly one credential"
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}
