#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options, --help, manual pages and shell completions agree.  All are compared with the table of options that a program
# prints with --list-options.

# shellcheck disable=SC2154 # run sets output
# shellcheck disable=SC2016 # what is in single quotes is for another shell, or for none

bats_require_minimum_version 1.5.0

load ../../lib/setup

PROGRAMS=(kv-export kv-import kv-migrate kv-replay)

# Internal options, which neither help, manual nor completion may mention.
INTERNAL_OPTIONS=(--list-options --supervised)

# COMPLETION has the completions of the tested programs, which need not be those in build/completion.
setup_file() {
    local program lists=()
    export COMPLETION=$BATS_FILE_TMPDIR/completion
    mkdir "$COMPLETION"
    for program in "${PROGRAMS[@]}"; do
        list_options "$program" >"$COMPLETION/$program.options"
        lists+=("$COMPLETION/$program.options")
    done
    "$TESTS_DIR/../scripts/completion/generate" bash "${lists[@]}" >"$COMPLETION/kv-migrate.bash"
    "$TESTS_DIR/../scripts/completion/generate" zsh "${lists[@]}" >"$COMPLETION/_kv-migrate"
}

setup() {
    TOP=$TESTS_DIR/..
}

# These lists have one option per line; a long one that takes an argument ends with "=".

# help_options PROGRAM: prints the options that --help explains.
help_options() {
    "$1" --help | grep -oE '^ {2,6}(-., )?--[a-z0-9-]+=?' | tr -d ' ' | tr ',' '\n' | LC_ALL=C sort
}

# list_options PROGRAM: prints the program's table of options.
list_options() {
    "$1" --list-options
}

# table_rows PROGRAM: prints the options of the table, one row per line: "-f --file=FILE".
table_rows() {
    list_options "$1" | awk -F '\t' '$1 == "option" {
        print ($4 == "" ? "" : "-" $4 " ") "--" $3 ($5 == "" ? "" : "=" $5)
    }' | LC_ALL=C sort
}

# program_options PROGRAM: prints the options that the program accepts.
program_options() {
    table_rows "$1" | tr ' ' '\n' | sed 's/=.*/=/' | LC_ALL=C sort
}

manual() {
    case $1 in
        kv-export) echo "$TOP/export/kv-export.1" ;;
        kv-import) echo "$TOP/import/kv-import.1" ;;
        kv-migrate) echo "$TOP/scripts/kv-migrate.1" ;;
        kv-replay) echo "$TOP/scripts/kv-replay.1" ;;
    esac
}

# manual_rows PROGRAM: prints the options in the manual page, in the form of table_rows.
manual_rows() {
    sed -nE '/^\.It Fl /{
        s/^\.It //
        s/(^| )Fl (\\&)?/\1-/g
        s/ Ns = Ns Ar (.*)/=\U\1/
        s/ Ar [^ ]+ ,/ ,/
        s/ ,//
        p
    }' "$(manual "$1")" | LC_ALL=C sort
}

# bash_completes WORD...: prints bash's completions of the last word; the first word is the program.
bash_completes() {
    # The time limit catches a completion that hangs.
    timeout 60 bash --norc -c '
        source "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        function=$(complete -p "$1" | sed -nE "s/.* -F ([^ ]+) .*/\1/p")
        "$function" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' bash "$COMPLETION/kv-migrate.bash" "$@" |
        LC_ALL=C sort
}

# zsh_completes LINE: prints zsh's completions at the end of the line.
zsh_completes() {
    TERM=xterm timeout 60 zsh -f "$TESTS_DIR/lib/complete.zsh" "$COMPLETION" "$1" | LC_ALL=C sort -u
}

# completes EXPECTED WORD...: both shells complete the last word to the expected ones, which are separated by blanks.
completes() {
    local expected
    expected=$(tr ' ' '\n' <<<"$1")
    shift
    assert_equal "$(bash_completes "$@")" "$expected"
    assert_equal "$(zsh_completes "$*")" "$expected"
}

# Options -------------------------------------------------------------------------------------------------------------

@test "--help describes exactly the options that the programs accept" {
    local program
    for program in "${PROGRAMS[@]}"; do
        echo "$program"
        # Two empty lists would be equal.
        help_options "$program" | grep -qx -e '--jobs='
        assert_equal "$(help_options "$program")" "$(program_options "$program")"
    done
}

@test "the manual pages describe exactly the options of the tables, with their letters and arguments" {
    local program
    for program in "${PROGRAMS[@]}"; do
        echo "$program"
        table_rows "$program" | grep -qx -e '-j --jobs=NUM'
        assert_equal "$(manual_rows "$program")" "$(table_rows "$program")"
    done
}

@test "internal options are documented nowhere" {
    local program option
    for option in "${INTERNAL_OPTIONS[@]}"; do
        for program in kv-export kv-import; do
            run -0 "$program" --list-options
            refute_contains "$output" "${option#--}"$'\t'
            refute_contains "$("$program" --help)" "$option"
            refute_contains "$(manual_rows "$program")" "$option"
        done
    done
}

@test "the manual pages mention no option that does not exist" {
    local program mentioned
    for program in "${PROGRAMS[@]}"; do
        mentioned+=$(mandoc -T ascii -O width=1000 "$(manual "$program")" | col -b | grep -oE -e '--[a-z][a-z0-9-]+')$'\n'
    done
    mentioned+=$(mandoc -T ascii -O width=1000 "$TOP/common/dump/kv-dump.5" | col -b | grep -oE -e '--[a-z][a-z0-9-]+')
    assert_contains "$mentioned" --verify --no-settings
    assert_equal "$(sort -u <<<"$mentioned" | grep -vxFf <(
        for program in "${PROGRAMS[@]}"; do help_options "$program" | tr -d =; done
    ))" ""
}

@test "bash completes exactly the options in --help" {
    local program
    for program in "${PROGRAMS[@]}"; do
        echo "$program"
        assert_equal "$(bash_completes "$program" -)" "$(help_options "$program")"
    done
}

@test "zsh completes exactly the options in --help" {
    local program
    zsh -n "$COMPLETION/_kv-migrate"
    for program in "${PROGRAMS[@]}"; do
        echo "$program"
        assert_equal "$(zsh_completes "$program -")" "$(help_options "$program")"
    done
}

# Arguments -----------------------------------------------------------------------------------------------------------

@test "all lists of kv-migrate's commands agree" {
    local commands
    commands=$(kv-migrate --help | sed -nE 's/^  kv-migrate ([a-z-]+) .*/\1/p' | sort)
    assert_contains "$commands" up version cleanup
    assert_equal "$(kv-migrate --list-options | sed -n 's/^commands\t//p' | tr ' ' '\n' | sort)" "$commands"
    assert_equal "$(sed -n '/^\.Ss Commands/,/^\.Ss The/s/^\.It Cm //p' "$(manual kv-migrate)" | sort)" "$commands"
    assert_equal "$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.Cm //p' "$(manual kv-migrate)" | sort)" "$commands"
    completes "$(tr '\n' ' ' <<<"$commands" | sed 's/ $//')" kv-migrate ""
}

@test "the lists of lakeFS's variables in kv-migrate, its help and its manual page agree" {
    local variables
    variables=$(kv-migrate --help | grep -oE 'LAKEFS_[A-Z_]+' | sort -u)
    assert_contains "$variables" LAKEFS_DATABASE_KV_ENABLED
    # They are made of lakeFS's keys.
    assert_equal "$(grep -oE '"(auth|database|blockstore|committed)[.][a-z0-9_.]+"' "$TOP/common/config/settings.c" |
        tr -d '"' | tr 'a-z.' 'A-Z_' | sed 's/^/LAKEFS_/' | grep -oE 'LAKEFS_[A-Z_]+' | sort -u)" "$variables"
    assert_equal "$(grep -oE 'LAKEFS_[A-Z]+_[A-Z_]+' "$(manual kv-migrate)" | sort -u)" "$variables"
}

@test "arguments with fixed values are completed, and accepted by the programs" {
    local package format
    completes "actions auth graveler multiparts other" kv-export -n ""
    completes "kv legacy" kv-export --source ""
    completes "dynamodb postgres" kv-export --store ""
    completes "dynamodb postgres" kv-import --target ""
    completes "actions auth" kv-import --print --package a
    for package in actions auth graveler multiparts; do
        run -0 kv-export --package "$package" --list-tables
    done
    for package in actions other; do
        run -0 kv-export --source kv --package "$package" --list-tables
    done
    completes "json text" kv-export --log-format ""
    completes "json lakefs-kv text" kv-import -l --format ""
    for format in json text; do
        run -0 kv-migrate --log-format "$format" --version
    done
    completes "refuse replace" kv-migrate --invalid-utf8 re
}

@test "an argument after = is completed, whether or not the shell splits the word there" {
    assert_equal "$(bash_completes kv-import --format =)" $'json\nlakefs-kv\ntext'
    assert_equal "$(bash_completes kv-import --format = j)" json
    assert_equal "$(zsh_completes "kv-import --format=j")" json
    run -0 env COMP_WORDBREAKS=" " bash --norc -c 'source "$1"; COMP_WORDBREAKS=" "
        COMP_WORDS=(kv-import --format=j) COMP_CWORD=1; _kv_complete_program kv-import; echo "${COMPREPLY[@]}"' \
        bash "$COMPLETION/kv-migrate.bash"
    assert_equal "$output" --format=json
}

@test "dumps and folders are completed to files and folders" {
    mkdir "$BATS_TEST_TMPDIR/files" "$BATS_TEST_TMPDIR/files/folder"
    touch "$BATS_TEST_TMPDIR/files/kv.dump"
    cd "$BATS_TEST_TMPDIR/files"
    completes kv.dump kv-import kv
    completes kv.dump kv-export -f kv
    completes kv.dump kv-migrate up --dump kv
    completes folder kv-export --blockstore-path ""
    completes folder kv-migrate --migrations ""
}

@test "after -- the command of kv-replay and its arguments are completed" {
    touch "$BATS_TEST_TMPDIR/kv.dump"
    cd "$BATS_TEST_TMPDIR"
    completes kv.dump kv-replay kv
    completes kv.dump kv-replay --keep-dump kv
    completes mktemp kv-replay kv.dump -- mktem
    completes kv.dump kv-replay kv.dump -- cat kv
}

@test "database names are completed by asking the server named on the line" {
    fresh_database
    completes "$PGDATABASE" kv-export "$PGDATABASE"
    completes "$PGDATABASE" kv-migrate up "${PGDATABASE%?}"
    local host=$PGHOST port=$PGPORT
    export PGHOST=/nowhere PGPORT=1
    completes "$PGDATABASE" kv-import -h "$host" --port="$port" -d "$PGDATABASE"
    export PGHOST=$host PGPORT=$port
}

@test "a database name is never executed, whatever it contains" {
    fresh_database
    local evil="$PGDATABASE"'$(touch evil)`touch evil`;*'
    psql -Xq -c "ALTER DATABASE $PGDATABASE RENAME TO \"$evil\"" -d postgres
    cd "$BATS_TEST_TMPDIR"
    export PGDATABASE=postgres
    run -0 bash_completes kv-export -d test_
    assert_contains "$output" '\$\(touch\ evil\)'
    run -0 zsh_completes "kv-export -d test_"
    assert_contains "$output" '$(touch'
    assert_missing "$BATS_TEST_TMPDIR/evil"
    PGDATABASE=${evil%%\$*}
    psql -Xq -c "ALTER DATABASE \"$evil\" RENAME TO $PGDATABASE" -d postgres
}

@test "completion does not wait for an unresponsive server" {
    local port
    # It accepts connections and never responds.
    background python3 -c '
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
accepted = []
while True:
    accepted.append(listener.accept())
    print("accepted", flush=True)'
    eventually grep -q . "$BACKGROUND_OUTPUT"
    port=$(head -n 1 "$BACKGROUND_OUTPUT")
    # The time limit is far above what it takes; 124 would mean that it hung.
    run -0 bash_completes kv-export -h 127.0.0.1 -p "$port" -d ""
    assert_equal "$output" ""
    run -0 zsh_completes "kv-export -h 127.0.0.1 -p $port -d "
    assert_equal "$output" ""
    # The completion did connect.
    assert_equal "$(grep -c accepted "$BACKGROUND_OUTPUT")" 2
}
