#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-replay: nothing is left behind, however it ends.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is in single quotes is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/replay

# signals: calls the function of the test with each signal and the resulting exit code.
signals() {
    local signal
    for signal in "INT 130" "TERM 143" "HUP 129" "KILL 137"; do
        echo "SIG$signal"
        # shellcheck disable=SC2086 # signal and code
        "$@" $signal
        eventually nothing_left
    done
}

@test "while waiting: SIGINT, SIGTERM, SIGHUP and SIGKILL leave nothing behind" {
    strike() {
        start_replay --wait "$ESTI_DUMP"
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
    }
    signals strike
}

@test "a signal just before the script begins to wait for its session is not lost" {
    make -s -C "$TESTS_DIR/.." build/faults/late_signal.so
    background env LD_PRELOAD="$TESTS_DIR/../build/faults/late_signal.so" LATE_SIGNAL=2 LATE_ANSWER=wait \
        "${REPLAY_IN_BACKGROUND[@]}" --wait "$ESTI_DUMP"
    background_ends 130
}

@test "while a command runs: a signal ends it too; SIGKILL leaves only the command behind" {
    strike() {
        local command
        start_replay "$ESTI_DUMP" -- sh -c "echo \$\$ >$BATS_TEST_TMPDIR/pid; exec sleep 1000"
        eventually test -s "$BATS_TEST_TMPDIR/pid"
        command=$(<"$BATS_TEST_TMPDIR/pid")
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
        if [ "$1" = KILL ]; then
            eventually only_left "$command"
            kill -KILL "$command"
        fi
        rm "$BATS_TEST_TMPDIR/pid"
    }
    signals strike
}

# only_left PID: whether nothing is left but this process.
only_left() {
    [ -z "$(ls -A "$REPLAY_TMPDIR")" ] && [ "$(processes_left)" = "$1" ]
}

@test "while psql reads a pipe: every signal leaves nothing behind" {
    strike() {
        local input
        mkfifo "$BATS_TEST_TMPDIR/input"
        exec {input}<>"$BATS_TEST_TMPDIR/input"
        background with_input "$BATS_TEST_TMPDIR/input" "${REPLAY_IN_BACKGROUND[@]}" -v --psql "$ESTI_DUMP"
        eventually grep -q LAKEFS_DATABASE_POSTGRES "$BACKGROUND_OUTPUT"
        # It has not ended because its input ended.
        eventually replay_runs_psql
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
        exec {input}>&-
        rm "$BATS_TEST_TMPDIR/input"
    }
    signals strike
}

# replay_runs_psql: whether a child of the replay is psql.
replay_runs_psql() {
    pgrep -P "$BACKGROUND" -x psql
}

@test "while a legacy dump is restored: every signal leaves nothing behind" {
    sed 's/^-- PostgreSQL database dump complete$/SELECT pg_sleep(1000);\n&/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/slow"
    strike() {
        background "${REPLAY_IN_BACKGROUND[@]}" --wait "$BATS_TEST_TMPDIR/slow"
        eventually grep -q restoring "$BACKGROUND_OUTPUT"
        # By now or a little later it sleeps; it can be ended at any point.
        eventually server_runs 'SELECT$'
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
    }
    signals strike
}

# server_runs PATTERN: whether the command line of a process of the replay's server matches.
server_runs() {
    local server
    server=$(head -n 1 "$REPLAY_TMPDIR"/kv-replay.*/postgres/data/postmaster.pid) && pgrep -P "$server" -f "$1"
}

# replay_has NAME: whether the replay's folder has this file.
replay_has() {
    test -e "$REPLAY_TMPDIR"/kv-replay.*/"$1"
}

@test "while waiting for standard input: every signal leaves nothing behind" {
    strike() {
        local input
        mkfifo "$BATS_TEST_TMPDIR/input"
        exec {input}<>"$BATS_TEST_TMPDIR/input"
        background with_input "$BATS_TEST_TMPDIR/input" "${REPLAY_IN_BACKGROUND[@]}" --wait -
        eventually replay_has input
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
        exec {input}>&-
        rm "$BATS_TEST_TMPDIR/input"
    }
    signals strike
}

@test "SIGKILL while the server is created and started leaves nothing behind" {
    local delay
    for delay in 0 0.1 0.3 0.6; do
        background "${REPLAY_IN_BACKGROUND[@]}" --wait "$ESTI_DUMP"
        eventually replay_has postgres
        sleep "$delay"
        kill -KILL "$BACKGROUND"
        background_ends 137
        eventually nothing_left
    done
}

@test "SIGKILL to its process group leaves nothing behind" {
    # In a process group of its own, which it leads.
    background env TMPDIR="$REPLAY_TMPDIR" setsid kv-replay --wait "$ESTI_DUMP"
    eventually grep -q LAKEFS_DATABASE_POSTGRES "$BACKGROUND_OUTPUT"
    kill -KILL -- "-$BACKGROUND"
    background_ends 137
    eventually nothing_left
}

@test "closing the terminal ends the replay and psql" {
    run -129 env TMPDIR="$REPLAY_TMPDIR" PSQL_HISTORY=/dev/null timeout 100 python3 -c '
import os, pty, sys
child, master = pty.fork()
if child == 0:
    os.execvp("kv-replay", ["kv-replay", "--psql", sys.argv[1]])
shown = b""
while b"lakefs=#" not in shown:
    shown += os.read(master, 4096)
os.close(master)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)' "$ESTI_DUMP"
    nothing_left
}

# session_of_replay, supervisor_of_replay: print the process id of the session program, and of the supervisor.
session_of_replay() {
    pgrep -P "$BACKGROUND" -f kv-replay-session
}

supervisor_of_replay() {
    pgrep -P "$(session_of_replay)" -f kv-replay-session
}

@test "if the session or the supervisor is killed, nothing is left, and the replay reports it" {
    local victim
    for victim in session supervisor; do
        start_replay --wait "$ESTI_DUMP"
        kill -KILL "$("${victim}_of_replay")"
        background_ends 2
        eventually grep -q "kv-replay: error: the throw-away server was lost" "$BACKGROUND_OUTPUT"
        eventually nothing_left
    done
}

@test "if all processes of the replay are killed at once, the server still ends" {
    local processes
    start_replay --wait "$ESTI_DUMP"
    processes=("$(supervisor_of_replay)" "$(session_of_replay)" "$BACKGROUND")
    # Stop them first, so that none notices that another one is gone.
    kill -STOP "${processes[@]}"
    kill -KILL "${processes[@]}"
    background_ends 137
    eventually no_process_left
    rm -rf -- "${REPLAY_TMPDIR:?}"/*
}

no_process_left() {
    [ -z "$(processes_left)" ]
}

@test "if the session is killed while a dump is restored, nothing is left" {
    sed 's/^-- PostgreSQL database dump complete$/SELECT pg_sleep(1000);\n&/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/slow"
    background "${REPLAY_IN_BACKGROUND[@]}" --wait "$BATS_TEST_TMPDIR/slow"
    eventually grep -q restoring "$BACKGROUND_OUTPUT"
    eventually server_runs 'SELECT$'
    kill -KILL "$(session_of_replay)"
    background_ends 2
    eventually nothing_left
}

@test "if the server is killed, a waiting replay ends with 2" {
    start_replay --wait "$ESTI_DUMP"
    kill -KILL "$(head -n 1 "$REPLAY_TMPDIR"/kv-replay.*/postgres/data/postmaster.pid)"
    background_ends 2
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "kv-replay: error: the throw-away server was lost"
    eventually nothing_left
}

@test "closed descriptors, a missing HOME, and signals ignored by the parent do not matter" {
    succeeds env -u HOME -u TERM "${REPLAY[@]}" -q "$ESTI_DUMP" -- true
    "${REPLAY[@]}" -q "$ESTI_DUMP" -- true >&- <&-
    "${REPLAY[@]}" -q "$ESTI_DUMP" -- true >&- <&- 2>&-
    (
        trap '' CHLD PIPE
        "${REPLAY[@]}" -q "$ESTI_DUMP" -- true
    )
    # A dump through another descriptor: a pipe, a file.
    "${REPLAY[@]}" -q <(cat "$ESTI_DUMP") -- true
    "${REPLAY[@]}" -q /dev/fd/9 -- true 9<"$ESTI_DUMP"
    nothing_left
}
