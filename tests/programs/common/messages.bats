#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Messages: colours as in PostgreSQL's programs, and the statements that -v -v shows.

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup() {
    unset PG_COLOR PG_COLORS
}

# on_terminal COMMAND...: runs it on a terminal of its own, and prints its output there.
on_terminal() {
    local status=0
    script -qec "$(printf '%q ' "$@")" /dev/null </dev/null >"$BATS_TEST_TMPDIR/terminal" || status=$?
    tr -d '\r' <"$BATS_TEST_TMPDIR/terminal"
    return "$status"
}

readonly ESCAPE=$'\033'

@test "no colours unless PG_COLOR requests them, even on a terminal" {
    local program
    for program in kv-export kv-import kv-migrate; do
        run -1 on_terminal "$program" --nonsense
        [[ $output == *"$program: error: unknown"* ]]
        [[ $output != *"$ESCAPE"* ]]
    done
}

@test "PG_COLOR=auto: colours on a terminal, none elsewhere" {
    local program
    for program in kv-export kv-import kv-migrate; do
        PG_COLOR=auto run -1 on_terminal "$program" --nonsense
        [[ $output == *"${ESCAPE}[01m$program:${ESCAPE}[0m ${ESCAPE}[01;31merror:${ESCAPE}[0m unknown"* ]]
        [[ $output == *"${ESCAPE}[01;36mhint:${ESCAPE}[0m Try --help."* ]]
        PG_COLOR=auto run -1 "$program" --nonsense
        [[ $output != *"$ESCAPE"* ]]
    done
}

@test "PG_COLOR=always with PG_COLORS: only the named colours, and only valid codes" {
    local program
    local codes='error=35:note=3;x:warning=:what=1:'
    for program in kv-export kv-import kv-migrate; do
        PG_COLOR=always PG_COLORS=$codes run -1 "$program" --nonsense
        [[ ${lines[0]} == "$program: ${ESCAPE}[35merror:${ESCAPE}[0m unknown"* ]]
        [ "${lines[1]}" = "hint: Try --help." ]
    done
}

@test "JSON lines have no colours" {
    local program
    for program in kv-export kv-import kv-migrate; do
        PG_COLOR=always run -1 "$program" --log-format=json --nonsense
        [[ $output != *"$ESCAPE"* ]]
        python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["level"] != "error")' <<<"$output"
    done
}

@test "psql's text inside a message is not coloured" {
    PG_COLOR=always run -2 kv-migrate version -d nobody_has_such_a_database
    [[ $output == *"detail:${ESCAPE}[0m "* ]]
    [[ $output == *"nobody_has_such_a_database"* ]]
    [[ ${output#*"detail:${ESCAPE}[0m "} != *"${ESCAPE}[01m"* ]]
}

@test "-v twice shows the statements, once or not at all does not" {
    fresh_database
    kv-migrate up --new-database --quiet -d "$PGDATABASE"
    run -0 kv-export -d "$PGDATABASE" --no-settings -v -f "$BATS_TEST_TMPDIR/once.dump"
    [[ $output != *debug* ]]
    run -0 kv-export -d "$PGDATABASE" --no-settings -vv -f "$BATS_TEST_TMPDIR/twice.dump"
    [[ $output == *"kv-export: debug: BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"* ]]
    [[ $output == *"kv-export: debug: COPY "*"graveler_staging_kv"* ]]
    run -0 kv-import -d "$PGDATABASE" -v -v "$BATS_TEST_TMPDIR/twice.dump"
    [[ $output == *"kv-import: debug: "*"CREATE TABLE"* ]]
    run -0 kv-migrate up --kv-enabled -vv -d "$PGDATABASE"
    [[ $output == *"kv-migrate: debug: SELECT pg_advisory_xact_lock("* ]]
}
