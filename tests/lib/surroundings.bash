# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Roles and databases with special settings: load it after lib/database and lib/migration.

# role_database TEMPLATE [OPTION...]: makes a database from the template, and a role ROLE with the options of CREATE
# ROLE, which owns the database, its schema and its tables. Sets ROLE_DSN, its connection string, and MIGRATE, the
# command for it.
role_database() {
    fresh_database TEMPLATE "$1"
    shift
    make_role "$@"
}

# make_role [OPTION...]: the same for the existing database.
make_role() {
    ROLE=${PGDATABASE}_role
    sql "CREATE ROLE $ROLE LOGIN $*" "ALTER SCHEMA public OWNER TO $ROLE" \
        "DO \$\$ DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')
            AND relnamespace = 'public'::regnamespace LOOP EXECUTE 'ALTER TABLE ' || r || ' OWNER TO $ROLE'; END LOOP; END \$\$"
    ROLE_DSN="host=$PGHOST port=$PGPORT user=$ROLE dbname=$PGDATABASE"
    # shellcheck disable=SC2034 # for the tests
    MIGRATE=(kv-migrate up --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$ROLE_DSN")
}

# drop_role: drops the role of make_role, after the database; harmless if there is none.
drop_role() {
    if [ -n "${ROLE-}" ]; then
        psql -Xq -d postgres -c "DROP ROLE $ROLE"
        unset ROLE
    fi
}

# role_settings SETTING...: NAME=VALUE, for the role's sessions.
role_settings() {
    local setting
    for setting; do
        sql "ALTER ROLE $ROLE SET $setting"
    done
}

# as_role STATEMENT...: like sql, as the role.
as_role() {
    local statement arguments=()
    for statement; do
        arguments+=(-c "$statement")
    done
    psql -XAtq -v ON_ERROR_STOP=1 "${arguments[@]}" -d "$ROLE_DSN"
}

# assert_role_fails PART STATEMENT...: the role's statement fails with a message that contains the part.
assert_role_fails() {
    local part=$1
    shift
    run ! as_role "$@"
    # shellcheck disable=SC2154 # run sets it
    assert_contains "$output" "$part"
}

# assert_esti_migrated: the migration of the esti fixture has the expected result.
assert_esti_migrated() {
    assert_kv_as_expected
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    eventually nobody_else
}

# start_pgbouncer [SETTING...]: starts a PgBouncer in front of the server. Sets POOL_DSN to connect to the database
# through it.
start_pgbouncer() {
    local user
    user=$(stat -c %U -- "$PGHOST")
    # The socket's path must be short, and its folder open to the user who runs it.
    POOL_DIR=$(mktemp -d "/tmp/kv-pool.XXXXXX")
    printf '%s\n' "[databases]" "* = host=$PGHOST port=$PGPORT user=$PGUSER" "[pgbouncer]" "listen_port = 6432" \
        "unix_socket_dir = $POOL_DIR" "auth_type = any" "admin_users = admin" "$@" >"$POOL_DIR/pgbouncer.ini"
    chown -R "$user" "$POOL_DIR"
    POOL_DSN="host=$POOL_DIR port=6432 user=$PGUSER dbname=$PGDATABASE"
    # PgBouncer does not run as root.
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$user" -- pgbouncer "$POOL_DIR/pgbouncer.ini" >"$POOL_DIR/log" 2>&1 3>&- &
    else
        pgbouncer "$POOL_DIR/pgbouncer.ini" >"$POOL_DIR/log" 2>&1 3>&- &
    fi
    POOL_PID=$!
    eventually psql -XAtq -d "$POOL_DSN" -c "SELECT 1"
}

# stop_pgbouncer: harmless if there is none.
stop_pgbouncer() {
    if [ -n "${POOL_PID-}" ]; then
        psql -Xq -d "host=$POOL_DIR port=6432 user=admin dbname=pgbouncer" -c "SHUTDOWN" >/dev/null 2>&1 || true
        wait "$POOL_PID" || true
        rm -rf "$POOL_DIR"
        unset POOL_PID
    fi
}
