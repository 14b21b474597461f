# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs of kv-replay, and whether they leave anything behind: load it after lib/setup.

# shellcheck disable=SC2034 # for the tests
# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2317 # what is handed over by name is reached

setup_file() {
    export LEGACY=$BATS_FILE_TMPDIR/legacy
    export ESTI="" OWNER=""
    mkdir "$LEGACY"
    make_esti_template
    OWNER=${ESTI}_owner
    export PGDATABASE=$ESTI
    # A role that does not exist on the replay's server.
    sql "CREATE ROLE $OWNER" "ALTER TABLE auth_users OWNER TO $OWNER" "GRANT SELECT ON auth_groups TO $OWNER"
    pg_dump -f "$LEGACY/plain"
    pg_dump -Fc -f "$LEGACY/custom"
    pg_dump -C -f "$LEGACY/create"
    pg_dump --clean -f "$LEGACY/clean"
    gzip -c "$LEGACY/plain" >"$LEGACY/plain-gzip"
    zstd -qc "$LEGACY/plain" >"$LEGACY/plain-zstd"
    kv-export -q -d "$ESTI" -n auth --no-settings -f "$BATS_FILE_TMPDIR/auth.dump"
    kv-export -q -d "$ESTI" --blockstore-path="$BLOCKSTORE" --redact -f "$BATS_FILE_TMPDIR/redacted.dump"
    export PGDATABASE=postgres
}

teardown_file() {
    drop_templates
    if [ -n "$OWNER" ]; then
        psql -Xq -d postgres -c "DROP ROLE $OWNER"
    fi
}

setup() {
    # The result of lakeFS's own migration of the fixture.
    EXPECTED=$FIXTURES_DIR/esti/expected.jsonl
    ESTI_DUMP=$FIXTURES_DIR/esti/esti.dump
    # A folder that the server's user can enter, unlike those of bats.
    REPLAY_TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/kv-rt.XXXXXX")
    chmod 711 "$REPLAY_TMPDIR"
    REPLAY=(env TMPDIR="$REPLAY_TMPDIR" kv-replay)
    # Background processes of a shell ignore SIGINT, and under nohup SIGHUP.
    REPLAY_IN_BACKGROUND=(env --default-signal=INT --default-signal=HUP TMPDIR="$REPLAY_TMPDIR" kv-replay)
}

teardown() {
    local status=0
    stop_background
    # However it ended, nothing of it is left.
    eventually nothing_left || status=1
    rm -rf -- "$REPLAY_TMPDIR"
    return "$status"
}

# processes_left: prints the process ids of processes started with this test's folder, or working in it.
processes_left() {
    # A server overwrites its environment, but its command line has the folder. The searching programs must not have the
    # folder in their arguments, and a process may end at any time.
    {
        grep -lazxFf /dev/stdin /proc/[0-9]*/environ <<<"TMPDIR=$REPLAY_TMPDIR"
        grep -laFf /dev/stdin /proc/[0-9]*/cmdline <<<"$REPLAY_TMPDIR/"
    } 2>/dev/null | sed 's|^/proc/\([0-9]*\)/.*|\1|' | sort -u
}

nothing_left() {
    [ -z "$(ls -A "$REPLAY_TMPDIR")" ] && [ -z "$(processes_left)" ]
}

# with_input FILE COMMAND...: executes the command with the file as its standard input, a pipe. Closes the pipe's write
# end, the descriptor `input`. For `background`.
with_input() {
    [ -z "${input-}" ] || exec {input}>&-
    exec "${@:2}" <"$1"
}

# start_replay ARGUMENT...: starts it in the background and waits until it prints how to connect. Its output is in
# BACKGROUND_OUTPUT.
start_replay() {
    background "${REPLAY_IN_BACKGROUND[@]}" -v "$@"
    eventually grep -q LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING "$BACKGROUND_OUTPUT"
}

# shown_connection: prints the connection string from the output.
shown_connection() {
    sed -n 's/^connection string:  //p' "$BACKGROUND_OUTPUT"
}

# entries_of_replay ARGUMENT...: prints the entries of a replay's KV table, in the form of expected.jsonl.
entries_of_replay() {
    "${REPLAY[@]}" -q "$@" -- "$FIXTURES_DIR/tools/kvnorm.py" "dbname=lakefs" --schema-version
}

# no_replay CODE ARGUMENT...: it ends with the code, with one error of whichever program found it, and runs no command.
no_replay() {
    local code=$1
    shift
    run --separate-stderr "-$code" "${REPLAY[@]}" "$@" -- touch "$BATS_TEST_TMPDIR/ran"
    printf 'standard error: %s\n' "$stderr"
    assert_equal "$output" ""
    assert_contains "$stderr" "error: "
    assert_missing "$BATS_TEST_TMPDIR/ran"
    nothing_left
}
