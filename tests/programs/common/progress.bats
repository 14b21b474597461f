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

teardown() {
    # A test that failed has left it.
    tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true
    clean_up
    assert_scratch_empty
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

@test "-q and --no-progress turn it off, even on a terminal, unless -P requests it" {
    fresh_database
    assert_equal "$(on_terminal kv-import -q -d "$DSN" "$DUMP")" ""
    succeeds kv-import -q -P --check "$DUMP"
    assert_equal "$(grep -cE '^kv-import: check: 439 rows, .* rows/s, [0-9.]+ s$' <<<"$stderr")" "$(wc -l <<<"$stderr")"
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
    succeeds kv-migrate up -q --kv-enabled --blockstore-path "$BLOCKSTORE" -d "$DSN"
    assert_equal "$stderr" ""
}

# Terminals -----------------------------------------------------------------------------------------------------------

# screen: prints what is on the terminal's screen, without empty lines.
screen() {
    tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p | sed '/^ *$/d'
}

# open_terminal COMMAND: runs it on a terminal of 80 columns; the file "ended" appears afterwards.
open_terminal() {
    TMUX_COMMAND=(tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null)
    "${TMUX_COMMAND[@]}" new-session -d -x 80 -y 99 "$1; touch '$BATS_TEST_TMPDIR/ended'; cat" 3>&-
}

# close_terminal: lets the command go on to its end; its last lines are on a terminal of 200 columns then.
close_terminal() {
    # tmux tells the program of the last width, and that draws anew, within this time.
    sleep 1
    touch "$BATS_TEST_TMPDIR/go-on"
    eventually test -e "$BATS_TEST_TMPDIR/ended"
    "${TMUX_COMMAND[@]}" resize-window -x 200 -y 99
    screen >"$BATS_TEST_TMPDIR/screen"
    "${TMUX_COMMAND[@]}" kill-server
    cat "$BATS_TEST_TMPDIR/screen"
}

# shows_one_line WIDTH LINE: whether the screen ends with the line of progress, which begins like this, on one row, cut to the
# width.  tmux breaks the rows that it has before it tells the program of a narrower width, so that pieces of earlier lines can
# stay above.
shows_one_line() {
    local lines start=$2
    mapfile -t lines < <(screen)
    # The last column stays free, and a space before it does not show.
    ((${#start} < $1)) || start=${start:0:$1-2}
    ((${#lines[@]} > 0)) && [[ ${lines[-1]} == "$start"* ]] && ((${#lines[-1]} < $1))
}

# shows_rate: whether the line of progress is there to its end.
shows_rate() {
    screen | tail -n 1 | grep -q 'rows/s$'
}

# stays_one_line LINE: whatever width the terminal is given, the line of progress stays the only one, and on one row.
stays_one_line() {
    local width
    for width in 80 60 40 80 40 60 80; do
        "${TMUX_COMMAND[@]}" resize-window -x "$width" -y 99
        eventually shows_one_line "$width" "$1" || {
            screen
            return 1
        }
    done
}

# stopping_dump FILE: a pipe through which the dump comes, but for its end, which comes with close_terminal.
stopping_dump() {
    mkfifo "$1"
    {
        head -c 30000 "$DUMP"
        eventually test -e "$BATS_TEST_TMPDIR/go-on"
        tail -c +30001 "$DUMP"
    } >"$1" 3>&- &
}

# stopping_settings: sets SETTINGS to an option with which an export stops until close_terminal, in the database PGDATABASE.
stopping_settings() {
    sql "UPDATE graveler_repositories SET storage_namespace = 'gs://bucket/' || id"
    SETTINGS="--settings-command='until [ -e $BATS_TEST_TMPDIR/go-on ]; do sleep 0.1; done; exit 44 # {}'"
}

@test "kv-import's line of progress is cut to the terminal's width, also after a change of it" {
    fresh_database
    stopping_dump "$BATS_TEST_TMPDIR/fifo"
    open_terminal "kv-import --check '$BATS_TEST_TMPDIR/fifo' >'$BATS_TEST_TMPDIR/stdout'"
    stays_one_line "kv-import: check: 325 rows, 68.2 kB, "
    # It has been told of the last width.
    eventually shows_rate
    close_terminal >"$BATS_TEST_TMPDIR/last"
    cat "$BATS_TEST_TMPDIR/last"
    grep <"$BATS_TEST_TMPDIR/last" -E '^kv-import: check: 439 rows, 297\.1 kB, .* rows/s, [0-9.]+ s$'
    assert_contains "$(cat "$BATS_TEST_TMPDIR/stdout")" "the dump is intact: 439 entries"
}

@test "so is that of a load, which tells which of how many phases it is" {
    fresh_database
    stopping_dump "$BATS_TEST_TMPDIR/fifo"
    open_terminal "kv-import -d '$DSN' '$BATS_TEST_TMPDIR/fifo'"
    stays_one_line "kv-import: load (1 of 3): 325 rows, 68.2 kB, "
    close_terminal >"$BATS_TEST_TMPDIR/last"
    cat "$BATS_TEST_TMPDIR/last"
    grep <"$BATS_TEST_TMPDIR/last" -E '^kv-import: verify: 439 rows, '
}

@test "so is that of kv-export" {
    fresh_database TEMPLATE "$ESTI"
    stopping_settings
    open_terminal "kv-export -d '$DSN' $SETTINGS -f '$BATS_TEST_TMPDIR/a.dump'"
    stays_one_line "kv-export: settings: 0 %, 0 rows of about "
    close_terminal >"$BATS_TEST_TMPDIR/last"
    cat "$BATS_TEST_TMPDIR/last"
    grep <"$BATS_TEST_TMPDIR/last" -E '^kv-export: export: 396 rows, '
}

@test "so is what kv-migrate shows" {
    fresh_database TEMPLATE "$ESTI"
    # One has rules, which are not found then.
    stopping_settings
    open_terminal "kv-migrate up --kv-enabled -d '$DSN' $SETTINGS --dump '$BATS_TEST_TMPDIR/a.dump'"
    stays_one_line "kv-export: settings: 0 %, 0 rows of about "
    close_terminal >"$BATS_TEST_TMPDIR/last"
    cat "$BATS_TEST_TMPDIR/last"
    grep <"$BATS_TEST_TMPDIR/last" -E '^kv-import: verify: 438 rows, '
}

@test "a phase's last line has what fits into the width, above all rows and time" {
    local width
    declare -A lines=([80]='kv-import: verify: 439 rows, [0-9,]+ rows/s, [0-9.]+ s'
        [60]='kv-import: load: 439 rows, 297\.1 kB,.* [0-9.]+ s' [40]='kv-import: load: 439 rows, [0-9.]+ s')
    for width in 80 60 40; do
        fresh_database
        TMUX_COMMAND=(tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null)
        "${TMUX_COMMAND[@]}" new-session -d -x "$width" -y 24 "kv-import -q -d '$DSN' --no-progress '$DUMP'; \
            kv-import --clean -d '$DSN' '$DUMP' 2>&1; touch '$BATS_TEST_TMPDIR/ended'; cat" 3>&-
        eventually test -e "$BATS_TEST_TMPDIR/ended"
        screen
        screen | grep -Ex "${lines[$width]}"
        "${TMUX_COMMAND[@]}" kill-server
        rm "$BATS_TEST_TMPDIR/ended"
        drop_database
    done
}

# The phases of what takes long ----------------------------------------------------------------------------------------

@test "which of how many phases is told, whatever is done" {
    local json=--log-format=json other=$BATS_TEST_TMPDIR/other.dump
    fresh_database TEMPLATE "$ESTI"
    succeeds kv-migrate up $json -P --kv-enabled --blockstore-path "$BLOCKSTORE" --dump "$BATS_TEST_TMPDIR/up.dump" -d "$DSN"
    assert_equal "$(phases)" "kv-export settings 0/0, kv-export export 1/4, kv-import load 2/4, kv-import index 3/4, kv-import verify 4/4"
    succeeds kv-import $json -d "$DSN" "$BATS_TEST_TMPDIR/up.dump"
    assert_equal "$(phases)" "kv-import dump 1/2, kv-import store 2/2"
    succeeds kv-import $json -d "$DSN" --verify "$BATS_TEST_TMPDIR/up.dump"
    assert_equal "$(phases)" "kv-import dump 1/2, kv-import store 2/2"
    sql "UPDATE kv SET value = 'other' WHERE partition_key = 'auth'"
    run --separate-stderr -3 kv-import $json -d "$DSN" --verify "$BATS_TEST_TMPDIR/up.dump"
    assert_equal "$(phases)" "kv-import dump 1/2, kv-import store 2/2, kv-import differences: dump 3/4, kv-import differences: store 4/4"
    run --separate-stderr -3 kv-import $json -d "$DSN" --diff="$BATS_TEST_TMPDIR/up.dump"
    assert_equal "$(phases)" "kv-import read 1/3, kv-import dump 2/3, kv-import store 3/3, kv-import differences: dump 4/5, kv-import differences: store 5/5"
    succeeds kv-export $json -d "$DSN" --source kv -f "$other"
    assert_equal "$(phases)" "kv-export export 0/0"
    run --separate-stderr -3 kv-import $json --diff="$BATS_TEST_TMPDIR/up.dump" "$other"
    assert_equal "$(phases)" "kv-import read 1/2, kv-import compare 2/2, kv-import differences 3/3"
}

@test "--print has progress if its output is a file, or on request" {
    succeeds kv-import --print "$DUMP"
    refute_contains "$stderr" "rows/s"
    on_terminal bash -c "kv-import --print '$DUMP' >'$BATS_TEST_TMPDIR/printed'" >"$BATS_TEST_TMPDIR/lines"
    grep -aE '^(.\[K)?kv-import: print: 439 rows, ' "$BATS_TEST_TMPDIR/lines"
    assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/printed")" 439
    refute_contains "$(on_terminal bash -c "kv-import --print '$DUMP' | cat >'$BATS_TEST_TMPDIR/printed'")" "rows"
    succeeds kv-import --print -P "$DUMP"
    assert_contains "$stderr" "kv-import: print: 439 rows, "
}

@test "a program among others on a terminal erases their line before its message" {
    fresh_database TEMPLATE "$ESTI"
    on_terminal kv-export --supervised -d "$DSN" --no-settings --no-progress -f "$BATS_TEST_TMPDIR/kv.dump" >"$BATS_TEST_TMPDIR/lines"
    grep -aE $'^\033\\[Kkv-export: info: exported ' "$BATS_TEST_TMPDIR/lines"
    on_terminal kv-export -d "$DSN" --no-settings --no-progress -f "$BATS_TEST_TMPDIR/other.dump" >"$BATS_TEST_TMPDIR/lines"
    run ! grep -aF $'\033[K' "$BATS_TEST_TMPDIR/lines"
}
