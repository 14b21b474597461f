# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An S3 server that verifies signatures, and misbehaving proxies in front of it: load it after lib/database and
# lib/migration.

# Variables of the caller's shell would change what is tested. Do not ask for an instance's credentials.
unset -v "${!AWS_@}" http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
export AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null

# start_s3 FOLDER: starts a server with the objects FOLDER/BUCKET/KEY. For setup_file; stop_s3 ends it.
start_s3() {
    local python
    python=$("$TESTS_DIR/../scripts/install-deps" --s3-server)
    # Descriptor 3 belongs to bats.
    "$python" "$TESTS_DIR/s3/server.py" "$1" "$BATS_FILE_TMPDIR/s3" >"$BATS_FILE_TMPDIR/s3.log" 2>&1 3>&- &
    export S3_SERVER=$!
    # It may take long to load and to take all objects, when others keep the machine busy.
    eventually test -e "$BATS_FILE_TMPDIR/s3" || eventually test -e "$BATS_FILE_TMPDIR/s3" || {
        cat "$BATS_FILE_TMPDIR/s3.log"
        return 1
    }
    set -a
    # shellcheck source=/dev/null
    source "$BATS_FILE_TMPDIR/s3"
    set +a
    export S3_ENDPOINT=http://127.0.0.1:$S3_PORT
}

stop_s3() {
    if [ -n "${S3_SERVER-}" ]; then
        kill "$S3_SERVER" || true
        wait "$S3_SERVER" || true
    fi
}

# s3_user NAME: puts the credentials of a user of the server (USER, NOBODY, SESSION) into the environment.
s3_user() {
    local key=S3_$1_KEY secret=S3_$1_SECRET token=S3_$1_TOKEN
    export AWS_ACCESS_KEY_ID=${!key} AWS_SECRET_ACCESS_KEY=${!secret} AWS_SESSION_TOKEN=${!token}
    [ -n "$AWS_SESSION_TOKEN" ] || unset -v AWS_SESSION_TOKEN
}

no_s3_user() {
    unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}

# start_proxy [--tls CERTIFICATE KEY] BEHAVIOUR...: starts a proxy in front of S3, see s3/proxy.py, and stops the
# previous one. Sets PROXY, its URL, and PROXY_LOG, the file with its requests.
start_proxy() {
    local tls=() scheme=http
    stop_proxy
    if [ "$1" = --tls ]; then
        tls=("${@:1:3}")
        scheme=https
        shift 3
    fi
    PROXY_LOG=$BATS_TEST_TMPDIR/requests
    : >"$PROXY_LOG"
    # Do not read the previous proxy's port.
    rm -f "$BATS_TEST_TMPDIR/proxy"
    "$TESTS_DIR/s3/proxy.py" "${tls[@]}" "$S3_PORT" "$PROXY_LOG" "$@" >"$BATS_TEST_TMPDIR/proxy" 2>&1 3>&- &
    PROXY_PID=$!
    eventually grep -q '^[0-9]' "$BATS_TEST_TMPDIR/proxy"
    # shellcheck disable=SC2034 # for the tests
    PROXY=$scheme://127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/proxy")
}

stop_proxy() {
    if [ -n "${PROXY_PID-}" ]; then
        kill "$PROXY_PID" || true
        wait "$PROXY_PID" || true
        unset -v PROXY_PID
    fi
}

# proxy_requests: prints how many requests it got.
proxy_requests() {
    wc -l <"$PROXY_LOG"
}
