#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Proxies, load balancers and poolers end idle connections; networks lose them silently.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

# bats file_tags=long
bats_require_minimum_version 1.5.0

# shellcheck source=scripts/dev/throwaway-postgres.sh
source "${BATS_TEST_FILENAME%/*}/../../../scripts/dev/throwaway-postgres.sh"

load ../../lib/setup

setup_file() {
    make_template LARGE
    # Entries of two kilobytes that zstd cannot compress: more than all pipes and buffers on the way hold.
    PGDATABASE=$LARGE sql "INSERT INTO graveler_repositories VALUES ('r', 's3://r', '2022-01-01', 'main')" \
        "INSERT INTO graveler_branches VALUES ('r', 'main', 'token', NULL)" \
        "INSERT INTO graveler_staging_kv SELECT 'token', convert_to('path/' || i, 'UTF8'), '\x00',
            (SELECT string_agg(sha512((i || '/' || j)::text::bytea), '') FROM generate_series(1, 32) j)
            FROM generate_series(1, 20000) i"
    export DUMP="$BATS_FILE_TMPDIR/large.dump"
    kv-export -d "$LARGE" --no-settings --quiet -f "$DUMP"
}

teardown() {
    if [ -n "${IDLE_PROXY-}" ]; then
        kill "$IDLE_PROXY" || true
    fi
    clean_up
    if [ -n "${TLS_DIR-}" ]; then
        throwaway_postgres_stop "$TLS_DIR"
    fi
}

# start_idle_proxy [IDLE [RATE [HOST PORT]]]: starts a proxy, see tests/lib/idle_proxy.py; VIA connects to the database
# through it.
start_idle_proxy() {
    # Discard the output of an earlier one.
    if [ -n "${IDLE_PROXY-}" ]; then
        kill "$IDLE_PROXY" || true
    fi
    rm -f "$BATS_TEST_TMPDIR/proxy"
    python3 "$TESTS_DIR/lib/idle_proxy.py" "${1-3}" "${2-0}" "${3-$PGHOST}" "${4-$PGPORT}" >"$BATS_TEST_TMPDIR/proxy" 2>&1 3>&- &
    IDLE_PROXY=$!
    eventually grep -q '^[0-9]' "$BATS_TEST_TMPDIR/proxy"
    VIA="host=127.0.0.1 port=$(head -n 1 "$BATS_TEST_TMPDIR/proxy") user=$PGUSER dbname=$PGDATABASE sslmode=disable"
}

ended_connections() {
    grep -c '^ended' "$BATS_TEST_TMPDIR/proxy" || true
}

# The proxy does end idle connections.
assert_proxy_ends() {
    run ! psql -Xq -d "$VIA" -c "SELECT 1" -c "\\! sleep 4" -c "SELECT 1"
    assert_equal "$(ended_connections)" 1
}

# Loads ----------------------------------------------------------------------------------------------------------------

@test "a load that takes longer than the idle timeout" {
    local jobs
    for jobs in 1 3; do
        fresh_database
        start_idle_proxy 3 6000000
        # A worker's connection is idle while it gathers tuples, the lock's and the leader's while workers load.
        succeeds kv-import -d "$VIA" -j "$jobs" "$DUMP"
        assert_stamp - 1
        assert_equal "$(ended_connections)" 0
        kill "$IDLE_PROXY" || true
        kv-import --verify -d "$DSN" "$DUMP"
        drop_database
    done
}

@test "a load with slow input" {
    fresh_database
    start_idle_proxy
    assert_proxy_ends
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$VIA" --quiet -j 3 "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    sleep 5
    tail -c +5000001 "$DUMP" | head -c 20000000 >&"$input"
    sleep 5
    tail -c +25000001 "$DUMP" >&"$input"
    exec {input}>&-
    background_ends 0
    assert_stamp - 1
    assert_equal "$(ended_connections)" 1
}

@test "building indexes and waiting for a lock take longer than the idle timeout" {
    fresh_database
    sql "CREATE FUNCTION dawdle() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(4.5); END'" \
        "CREATE EVENT TRIGGER dawdle ON ddl_command_start WHEN tag IN ('ALTER TABLE') EXECUTE PROCEDURE dawdle()"
    start_idle_proxy
    succeeds kv-import -d "$VIA" --partitions 1 "$DUMP"
    assert_stamp - 1
    sql "DROP EVENT TRIGGER dawdle"
    # The migration lock, and a table lock.
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE")); LOCK TABLE kv"
    background kv-import -d "$VIA" --clean "$DUMP"
    eventually someone_waits
    sleep 5
    release
    background_ends 0
    assert_equal "$(ended_connections)" 0
}

@test "--verify of a slow dump" {
    fresh_database
    start_idle_proxy
    kv-import --quiet -d "$DSN" "$DUMP"
    succeeds kv-import --verify -d "$VIA" -j 2 <(
        head -c 5000000 "$DUMP"
        sleep 5
        tail -c +5000001 "$DUMP"
    )
    assert_equal "$(ended_connections)" 0
}

@test "a load into DynamoDB keeps the legacy database's connections alive" {
    load ../../lib/dynamodb
    fresh_database TEMPLATE "$LARGE"
    sql "DELETE FROM graveler_staging_kv WHERE key <> 'path/1'"
    start_idle_proxy
    start_dynamodb
    fresh_table
    kv-export --quiet -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import --quiet --target=dynamodb "${DYNAMODB[@]}" -d "$VIA" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 1000 "$BATS_TEST_TMPDIR/a.dump" >&"$input"
    sleep 5
    tail -c +1001 "$BATS_TEST_TMPDIR/a.dump" >&"$input"
    exec {input}>&-
    background_ends 0
    stop_dynamodb
    assert_stamp 39 -
    assert_equal "$(ended_connections)" 0
}

# Exports --------------------------------------------------------------------------------------------------------------

# slowly SECONDS: copies standard input after that time.
slowly() {
    head -c 100000
    sleep "$1"
    head -c 8000000
    sleep "$1"
    cat
}

# export_slowly OPTION...: exports to a.dump through a pipe with a slow reader.
export_slowly() {
    run --separate-stderr -0 bash -o pipefail -c "$(declare -f slowly)"'; kv-export --quiet "${@:2}" | slowly 5 >"$1"' \
        bash "$BATS_TEST_TMPDIR/a.dump" -d "$VIA" "$@"
    assert_equal "$stderr" ""
}

@test "an export with a slow reader" {
    local source
    fresh_database TEMPLATE "$LARGE"
    start_idle_proxy
    for source in "--no-settings -j 1" "--no-settings -j 3" "--source=kv -j 3"; do
        # shellcheck disable=SC2086 # these are words
        export_slowly $source
        assert_equal "$(ended_connections)" 0
        # Beside a store the legacy tables would be stale.
        [[ $source != "--no-settings -j 3" ]] || kv-import --quiet -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
        [[ $source == "--no-settings -j 1" ]] || kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
    done
}

@test "an export with slow branch protection rules" {
    fresh_database TEMPLATE "$LARGE"
    start_idle_proxy
    succeeds kv-export -d "$VIA" --settings-command 'sleep 5; test {} && exit 44' -f "$BATS_TEST_TMPDIR/a.dump"
    assert_equal "$(ended_connections)" 0
}

# By TLS ---------------------------------------------------------------------------------------------------------------

# start_tls_server: starts a server with TLS; PGHOST and PGPORT lead to its socket, TLS_PORT is its TCP port.
start_tls_server() {
    TLS_DIR=$(mktemp -d /tmp/kv-tls.XXXXXX)
    THROWAWAY_POSTGRES_TCP=yes throwaway_postgres_start "$TLS_DIR"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$TLS_DIR/data/server.key" -out "$TLS_DIR/data/server.crt" 2>"$BATS_TEST_TMPDIR/openssl"
    chown --reference="$TLS_DIR/data" "$TLS_DIR/data/server.key" "$TLS_DIR/data/server.crt"
    chmod 600 "$TLS_DIR/data/server.key"
    sql "ALTER SYSTEM SET ssl = on" "SELECT pg_reload_conf()"
    PGPASSFILE=$BATS_TEST_TMPDIR/pgpass
    sed 's/^[^:]*:[^:]*:/*:*:/' "$TLS_DIR/pgpass" >"$PGPASSFILE"
    chmod 600 "$PGPASSFILE"
    export PGPASSFILE
    TLS_PORT=$(sql "SHOW port")
}

# bats test_tags=sample
@test "the same through TLS" {
    needs_pg_dump
    local PGHOST=$PGHOST PGPORT=$PGPORT PGUSER=$PGUSER PGDATABASE=$PGDATABASE
    pg_dump "$LARGE" >"$BATS_TEST_TMPDIR/large.sql"
    start_tls_server
    sql "CREATE DATABASE tls"
    PGDATABASE=tls psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -f "$BATS_TEST_TMPDIR/large.sql"
    start_idle_proxy 3 0 127.0.0.1 "$TLS_PORT"
    VIA="${VIA/sslmode=disable/sslmode=require} dbname=tls"
    assert_equal "$(psql -XAtq -d "$VIA" -c "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")" t
    export_slowly --no-settings -j 2
    assert_equal "$(ended_connections)" 0
    # With slow index builds too.
    PGDATABASE=tls sql "CREATE FUNCTION dawdle() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(4.5); END'" \
        "CREATE EVENT TRIGGER dawdle ON ddl_command_start WHEN tag IN ('ALTER TABLE') EXECUTE PROCEDURE dawdle()"
    succeeds kv-import -d "$VIA" --partitions 1 "$BATS_TEST_TMPDIR/a.dump"
    assert_equal "$(ended_connections)" 0
    # Compares at once: data that TLS has already decrypted must be read without waiting for the socket.
    SECONDS=0
    succeeds kv-import --verify -d "$VIA" "$DUMP"
    [ "$SECONDS" -lt 5 ]
}

# Lost connections -----------------------------------------------------------------------------------------------------

@test "a lost connection is an error with its reason, and nothing is stamped" {
    fresh_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$DSN" -j 1 "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp - 0
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'kv-import' AND datname = current_database()"
    # The loss is noticed while the connection is idle.
    sleep 2.5
    tail -c +5000001 "$DUMP" 2>/dev/null 1>&"$input" || true
    exec {input}>&-
    background_ends 2
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "kv-import: error: the connection to the database was lost" \
        "terminating connection due to administrator command"
    assert_stamp - 0
}

# option PID NAME: prints the value of a TCP option of the first connection of a process.
option() {
    python3 - "$@" <<'PY'
import ctypes, os, socket, sys
pid, name = int(sys.argv[1]), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
handle = libc.syscall(434, pid, 0)  # pidfd_open
for entry in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):
    if os.readlink(f"/proc/{pid}/fd/{entry}").startswith("socket:"):
        copy = libc.syscall(438, handle, int(entry), 0)  # pidfd_getfd
        if copy < 0:
            sys.exit(os.strerror(ctypes.get_errno()))
        with socket.socket(fileno=copy) as connection:
            if connection.family == socket.AF_INET:
                print(connection.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)))
                break
PY
}

# options: prints the TCP options of the connection of an export that waits for a lock.
options() {
    local result name
    background "$@" kv-export -d "$VIA$PARAMETERS" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    eventually someone_waits
    for name in TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_USER_TIMEOUT; do
        result+="$(option "$BACKGROUND" "$name") "
    done
    kill "$BACKGROUND"
    wait "$BACKGROUND" || true
    unset BACKGROUND
    eventually nobody_waits
    echo "$result"
}

nobody_waits() {
    ! someone_waits
}

@test "TCP detects a dead peer within the time the user configured" {
    local PARAMETERS=
    fresh_database TEMPLATE "$LARGE"
    start_idle_proxy 60
    hold "LOCK TABLE graveler_tags"
    option $$ TCP_KEEPIDLE >/dev/null || skip "another process's sockets may not be looked at"
    assert_equal "$(options)" "30 10 3 300000 "
    PARAMETERS=" keepalives_idle=77 keepalives_count=9 tcp_user_timeout=12345"
    assert_equal "$(options)" "77 10 9 12345 "
    # A service file is the user's configuration too.
    PARAMETERS=" service=kept"
    printf '%s\n' "[kept]" "keepalives_interval=5" "tcp_user_timeout=4321" >"$BATS_TEST_TMPDIR/services"
    assert_equal "$(options env PGSERVICEFILE="$BATS_TEST_TMPDIR/services")" "30 5 3 4321 "
    PARAMETERS=
    assert_equal "$(options env PGSERVICE=kept PGSERVICEFILE="$BATS_TEST_TMPDIR/services")" "30 5 3 4321 "
}
