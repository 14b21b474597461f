#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Progress: on a terminal, in a log, as JSON lines, or none.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    make_esti_dump "$DUMP"
}

# on_terminal COMMAND...: runs it on a terminal of its own; prints its output there, with carriage returns as line ends.
on_terminal() {
    local status=0
    script -qec "$(printf '%q ' "$@")" /dev/null </dev/null >"$BATS_TEST_TMPDIR/terminal" || status=$?
    tr '\r' '\n' <"$BATS_TEST_TMPDIR/terminal"
    return "$status"
}

# final PHASE: prints the JSON line that ends the phase, from standard error.
final() {
    grep -F "\"phase\":\"$1\"" <<<"$stderr" | grep -F '"done":true'
}

@test "without a terminal there is no progress, unless -P requests it" {
    fresh_database
    succeeds kv-export -d "$ESTI" --blockstore-path="$BLOCKSTORE" -f "$BATS_TEST_TMPDIR/a.dump"
    refute_contains "$stderr" "rows/s"
    succeeds kv-import -d "$DSN" "$DUMP"
    refute_contains "$stderr" "rows/s"
    succeeds kv-export -P -d "$ESTI" --blockstore-path="$BLOCKSTORE" -f "$BATS_TEST_TMPDIR/b.dump"
    # 396 rows of the legacy tables.
    grep -E '^kv-export: export: 396 rows, .* rows/s, [0-9.]+ s$' <<<"$stderr"
    succeeds kv-import -P -d "$DSN" --clean "$DUMP"
    grep -E '^kv-import: load: 439 rows, 297\.1 kB, [0-9,]+ rows/s, [0-9.]+ s$' <<<"$stderr"
    # Index progress includes the version's entry.
    grep -E '^kv-import: index: 440 rows, ' <<<"$stderr"
    grep -E '^kv-import: verify: 439 rows, ' <<<"$stderr"
}

@test "-q and --no-progress turn it off, even on a terminal" {
    fresh_database
    assert_equal "$(on_terminal kv-import -q -P -d "$DSN" "$DUMP")" ""
    refute_contains "$(on_terminal kv-import --no-progress -d "$DSN" --clean "$DUMP")" "rows/s"
}

@test "on a terminal the line is erased before anything else is written" {
    fresh_database
    on_terminal kv-import -d "$DSN" "$DUMP" >"$BATS_TEST_TMPDIR/lines"
    cat -v "$BATS_TEST_TMPDIR/lines"
    grep -aE '^(.\[K)?kv-import: load: 439 rows, ' "$BATS_TEST_TMPDIR/lines"
    grep -aE '^(.\[K)?kv-import: index: 440 rows, ' "$BATS_TEST_TMPDIR/lines"
    # Only complete lines remain on the screen.
    grep -aE '^(.\[K)?kv-import: info: loaded 439 entries and stamped version 1$' "$BATS_TEST_TMPDIR/lines"
}

@test "with --log-format json progress is printed as objects, a final one for each phase" {
    fresh_database
    succeeds kv-export --log-format json -d "$ESTI" --blockstore-path="$BLOCKSTORE" -f "$BATS_TEST_TMPDIR/a.dump"
    assert_json_lines kv-export
    final export | python3 -c '
import json, sys
line = json.load(sys.stdin)
assert set(line) == {"time", "level", "program", "message", "event", "phase", "phase_number", "phases", "rows", "total_rows",
                     "bytes", "rows_per_second", "seconds_left", "seconds_left_of_all", "done"}, line
assert line["level"] == "info" and line["event"] == "progress", line
assert line["rows"] == 396 and line["bytes"] > 0, line
assert line["seconds_left"] is None, line'
    succeeds kv-import --log-format json -d "$DSN" "$DUMP"
    assert_json_lines kv-import
    [ "$(final load | python3 -c 'import json, sys; line = json.load(sys.stdin); print(line["rows"], line["total_rows"])')" = "439 439" ]
    # Which of how many phases.
    assert_equal "$(for phase in load index verify; do
        final "$phase" | grep -oE '"phase_number":[0-9]+,"phases":[0-9]+'
    done)" '"phase_number":1,"phases":3
"phase_number":2,"phases":3
"phase_number":3,"phases":3'
}

@test "kv-migrate shows its programs' progress with -P, and none with -q" {
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up -P --kv-enabled --blockstore-path "$BLOCKSTORE" --dump "$BATS_TEST_TMPDIR/kept.dump" -d "$DSN"
    assert_contains "$stderr" "kv-export: export: 396 rows" "kv-import: load: 439 rows" "kv-import: index: 440 rows" \
        "kv-import: verify: 439 rows"
    drop_database
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up -q -P --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN"
    assert_equal "$stderr" ""
}

# Terminals -----------------------------------------------------------------------------------------------------------

# screen: prints what is on the terminal's screen, without empty lines.
screen() {
    tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p | sed '/^ *$/d'
}

# shows_one_line WIDTH: whether the screen holds the line of progress and nothing else, cut if it is longer.
shows_one_line() {
    local lines
    mapfile -t lines < <(screen)
    [ "${#lines[@]}" -eq 1 ] && [[ ${lines[0]} == "kv-import: check: 325 rows, "* ]] &&
        if (($1 > 40)); then [[ ${lines[0]} == *"rows/s" ]]; else [ "${#lines[0]}" -eq $(($1 - 1)) ]; fi
}

@test "the line of progress is cut to the terminal's width, also after a change of it" {
    local tmux=(tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null) width
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    # The dump stops while it is read, until a file appears.
    {
        head -c 30000 "$DUMP"
        eventually test -e "$BATS_TEST_TMPDIR/go-on"
        tail -c +30001 "$DUMP"
    } >"$BATS_TEST_TMPDIR/fifo" 3>&- &
    "${tmux[@]}" new-session -d -x 80 -y 24 \
        "kv-import --check '$BATS_TEST_TMPDIR/fifo' >'$BATS_TEST_TMPDIR/stdout'; touch '$BATS_TEST_TMPDIR/ended'; cat" 3>&-
    eventually shows_one_line 80
    for width in 60 40 80 40; do
        "${tmux[@]}" resize-window -x "$width" -y 24
        eventually shows_one_line "$width"
    done
    touch "$BATS_TEST_TMPDIR/go-on"
    eventually test -e "$BATS_TEST_TMPDIR/ended"
    "${tmux[@]}" resize-window -x 80 -y 24
    screen | grep -E '^kv-import: check: 439 rows, '
    "${tmux[@]}" kill-server
    assert_contains "$(cat "$BATS_TEST_TMPDIR/stdout")" "the dump is intact: 439 entries"
}
