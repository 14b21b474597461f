#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a process inherits: descriptors, signals, an environment; and a reader that goes away.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is for another shell
# shellcheck disable=SC2030,SC2031,SC2034 # every test is a process of its own; the variables are the library's

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    kv-export -d "$ESTI" --no-settings --quiet -f "$DUMP"
}

# closed WHICH COMMAND...: runs it without these standard descriptors, such as 02.
closed() {
    local which=$1
    shift
    (
        [[ $which != *0* ]] || exec 0<&-
        [[ $which != *1* ]] || exec 1>&-
        [[ $which != *2* ]] || exec 2>&-
        exec "$@"
    )
}

readonly COMBINATIONS=(0 1 2 01 02 12 012)

# Descriptors ----------------------------------------------------------------------------------------------------------

@test "closed standard descriptors: an export and a load give the usual result" {
    local which dump=$BATS_TEST_TMPDIR/a.dump
    for which in "${COMBINATIONS[@]}"; do
        fresh_database TEMPLATE "$ESTI"
        closed "$which" kv-export -v -d "$DSN" --no-settings -j 3 -f "$dump" 3>&-
        assert_equal "$(kv-import --check "$dump" | cut -d, -f1)" "the dump is intact: 438 entries"
        # A stray message or query in the dump would be noticed.
        cmp <(kv-import --print --raw "$dump" | sort) <(kv-import --print --raw "$DUMP" | sort)
        closed "$which" kv-import -v -d "$DSN" -j 3 "$dump" 3>&-
        kv-import --verify -d "$DSN" "$dump"
        rm "$dump"
        drop_database
    done
}

@test "a limit of open files that is too low is one error" {
    local limit
    for limit in 8 9 10 11 12 13 16 63; do
        run --separate-stderr -1 bash -c "ulimit -n $limit; kv-migrate status -d '$ESTI'"
        assert_equal "$output" ""
        assert_equal "$stderr" "kv-migrate: error: the limit of open files is too low: $limit
hint: Raise it, to 64 at least: ulimit -n 1024"
        run --separate-stderr -1 bash -c "ulimit -n $limit; kv-replay '$DUMP' -- true"
        assert_contains "$stderr" "kv-replay: error: the limit of open files is too low: $limit"
    done
    succeeds bash -c "ulimit -n 64; kv-migrate status -d '$ESTI'"
    # Its server needs more since PostgreSQL 18.
    succeeds bash -c "ulimit -n 128; kv-replay '$DUMP' --quiet -- true"
}

@test "closed standard descriptors: no connection or file takes their place" {
    local descriptor
    fresh_database TEMPLATE "$ESTI"
    hold "LOCK TABLE graveler_tags"
    # Not with the function, which would be a process of its own.
    bash -c 'exec "$@" 0<&- 1>&- 2>&- 3>&-' bash kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump" &
    BACKGROUND=$! BACKGROUND_OUTPUT=/dev/null
    eventually someone_waits
    for descriptor in 0 1 2; do
        assert_equal "$(readlink "/proc/$BACKGROUND/fd/$descriptor")" /dev/null
    done
    release
    background_ends 0
}

@test "a closed standard output: one message, exit code 3" {
    local arguments
    fresh_database
    kv-import --quiet -d "$DSN" "$DUMP"
    while read -ra arguments; do
        for to in "$BATS_TEST_TMPDIR/closed" /dev/full; do
            run --separate-stderr -3 bash -c 'if [ "$0" = /dev/full ]; then exec "$@" >/dev/full; else exec "$@" >&-; fi' "$to" "${arguments[@]}"
            printf '%s\n' "${arguments[*]}: $stderr"
            assert_equal "$(grep -c '^kv-[a-z]*: error: could not write to "\?standard output"\?: ' <<<"$stderr")" 1
            assert_equal "$(wc -l <<<"$stderr")" 1
        done
    done <<COMMANDS
kv-import --list $DUMP
kv-import --list --format json $DUMP
kv-import --print $DUMP
kv-import --print --limit 1 $DUMP
kv-import --check $DUMP
kv-import --check-target -d $PGDATABASE
kv-import --check-target --format json -d $PGDATABASE
kv-import --verify -d $PGDATABASE $DUMP
kv-import --help
kv-import --version
kv-export --help
kv-export --version
kv-export --list-tables
kv-export --quiet --no-settings -d $ESTI
COMMANDS
}

@test "a closed standard input is not an empty dump" {
    fresh_database
    for arguments in --list --print --check "-d $PGDATABASE"; do
        # shellcheck disable=SC2086 # these are words
        run --separate-stderr -3 closed 0 kv-import $arguments -
        assert_contains "$stderr" "could not read dump on standard input: Bad file descriptor"
        assert_equal "$(grep -c error: <<<"$stderr")" 1
    done
}

# A reader that leaves -------------------------------------------------------------------------------------------------

@test "the reader goes away: no message, and the exit code of SIGPIPE, even if SIGPIPE is ignored" {
    local arguments disposition result
    fresh_database
    kv-import --quiet -d "$DSN" "$DUMP"
    sql "DELETE FROM kv WHERE key LIKE 'tags/%'"
    for disposition in --default-signal=PIPE --ignore-signal=PIPE --block-signal=PIPE; do
        while read -ra arguments; do
            # The reader is gone before the first line is written.
            result=$({
                bash -c 'sleep 0.1; "$@"; echo "rc=$?" >&2' bash env "$disposition" "${arguments[@]}" | exec true
            } 2>&1)
            assert_equal "$result of ${arguments[*]}" "rc=141 of ${arguments[*]}"
        done <<COMMANDS
kv-import --list $DUMP
kv-import --list --format json $DUMP
kv-import --print $DUMP
kv-import --check $DUMP
kv-import --check-target -d $PGDATABASE
kv-import --check-target --format json -d $PGDATABASE
kv-import --verify -d $PGDATABASE $DUMP
kv-import --help
kv-import --version
kv-export --help
kv-export --list-tables
COMMANDS
    done
}

@test "the reader goes away in the middle of --print" {
    local disposition
    for disposition in --default-signal=PIPE --ignore-signal=PIPE; do
        run --separate-stderr -0 bash -c '"$@" | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}"' bash env "$disposition" kv-import --print "$DUMP"
        assert_equal "$output" 141
        assert_equal "$stderr" ""
    done
}

@test "the reader of a dump goes away: an error, even if SIGPIPE is ignored" {
    local disposition
    for disposition in --default-signal=PIPE --ignore-signal=PIPE; do
        run --separate-stderr -0 bash -c '"$@" | exec true; echo "${PIPESTATUS[0]}"' bash env "$disposition" kv-export --no-settings -d "$ESTI"
        assert_equal "$output" 3
        assert_equal "$stderr" 'kv-export: error: could not write to "standard output": Broken pipe'
    done
}

# Signals --------------------------------------------------------------------------------------------------------------

@test "SIGCHLD ignored, or blocked with all others: the settings command still works" {
    local disposition
    fresh_database TEMPLATE "$ESTI"
    for disposition in --ignore-signal=CHLD --block-signal --ignore-signal=CHLD\ --block-signal; do
        # shellcheck disable=SC2086 # these are words
        run --separate-stderr -0 timeout -k 1 20 env $disposition kv-export --quiet -d "$DSN" \
            --settings-command 'test {} && exit 44' -f "$BATS_TEST_TMPDIR/a.dump" --force
        assert_equal "$stderr" ""
    done
}

# waiting_export DISPOSITION...: starts an export that waits for a lock, with env and these options.
waiting_export() {
    fresh_database TEMPLATE "$ESTI"
    hold "LOCK TABLE graveler_tags"
    background env "$@" kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    eventually someone_waits
}

@test "SIGHUP ends an export cleanly" {
    waiting_export --default-signal=HUP
    kill -HUP "$BACKGROUND"
    background_ends 129
    assert_missing "$BATS_TEST_TMPDIR"/a.dump*
}

@test "a second signal of another kind takes nothing from the first, as where a terminal is closed" {
    local second
    for second in TERM INT; do
        waiting_export --default-signal=HUP,INT
        # Both are there at once.
        kill -STOP "$BACKGROUND"
        kill -HUP "$BACKGROUND"
        kill -s "$second" "$BACKGROUND"
        kill -CONT "$BACKGROUND"
        background_ends 129
        assert_missing "$BATS_TEST_TMPDIR"/a.dump*
        release
        drop_database
    done
}

@test "nohup: an export outlives its terminal" {
    waiting_export --ignore-signal=HUP
    kill -HUP "$BACKGROUND"
    # Otherwise it would be gone by now.
    sleep 0.5
    kill -0 "$BACKGROUND"
    release
    background_ends 0
    kv-import --check "$BATS_TEST_TMPDIR/a.dump"
}

@test "nohup: programs started by the export outlive the terminal too" {
    fresh_database TEMPLATE "$ESTI"
    run --separate-stderr -0 env --ignore-signal=HUP kv-export --quiet -d "$DSN" --settings-command 'kill -HUP $$ && test {} && exit 44' \
        -f "$BATS_TEST_TMPDIR/a.dump"
    run --separate-stderr -5 env --default-signal=HUP kv-export --quiet -d "$DSN" --settings-command 'kill -HUP $$ && test {} && exit 44' \
        -f "$BATS_TEST_TMPDIR/b.dump"
}

@test "blocked signals are delivered" {
    local signal
    for signal in INT TERM HUP; do
        waiting_export --default-signal="$signal" --block-signal
        kill -"$signal" "$BACKGROUND"
        background_ends $((128 + $(kill -l "$signal")))
        assert_missing "$BATS_TEST_TMPDIR"/a.dump*
        release
        drop_database
    done
}

@test "blocked signals are delivered before there is a connection, too" {
    # A server that never responds.
    python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' \
        >"$BATS_TEST_TMPDIR/port" 3>&- &
    local server=$!
    eventually test -s "$BATS_TEST_TMPDIR/port"
    background env --block-signal kv-export -d "host=127.0.0.1 port=$(<"$BATS_TEST_TMPDIR/port") dbname=x" -f "$BATS_TEST_TMPDIR/a.dump"
    sleep 0.3
    kill -TERM "$BACKGROUND"
    background_ends 143
    kill "$server"
}

# The environment ------------------------------------------------------------------------------------------------------

@test "neither HOME nor TMPDIR is needed" {
    fresh_database TEMPLATE "$ESTI"
    # The server's folder is set by the tests.
    succeeds env -u HOME TMPDIR=/nonexistent kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    succeeds env -u HOME TMPDIR=/nonexistent kv-import -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
    succeeds env -u HOME TMPDIR=/nonexistent kv-import --verify -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
    # Only the variables for the connection.
    succeeds env -i "$(command -v kv-import)" --verify -d "$DSN" "$BATS_TEST_TMPDIR/a.dump"
}
