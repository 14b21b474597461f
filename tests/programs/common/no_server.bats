#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The programs without a database: help, versions, wrong arguments, files that are not dumps, an unreachable server.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

PROGRAMS=(kv-export kv-import kv-migrate)

setup() {
    # Nothing here may connect to the tests' server.
    export PGHOST=$BATS_TEST_TMPDIR/nowhere PGPORT=1 PGUSER=nobody PGDATABASE=nowhere
}

# usage_fails COMMAND...: the command ends with 1 and a hint, or at least says what it expects.
usage_fails() {
    fails 1 "$@"
    refute_contains "$stderr" "could not connect"
}

# Help and version ----------------------------------------------------------------------------------------------------

@test "--help and -? print the help on standard output, in 80 columns" {
    local program option
    for program in "${PROGRAMS[@]}"; do
        for option in --help '-?'; do
            run --separate-stderr -0 "$program" "$option"
            assert_equal "$stderr" ""
            assert_contains "$output" "$program" --help --version --dbname --host --port --username --no-password --log-format \
                --lock-wait-timeout --quiet --verbose --schema
            assert_equal "$(grep -nE '.{81}' <<<"$output")" ""
            assert_equal "$(grep -nP '[\t ]$|\t' <<<"$output")" ""
        done
    done
}

@test "--help lists every option that the program accepts" {
    run -0 kv-export --help
    assert_contains "$output" -f --file --force -j --jobs -Z --compress -n --package --snapshot --strict --invalid-utf8 \
        --blockstore-path --block-storage-prefix --no-settings --migrations --redact --redact-key-file
    run -0 kv-import --help
    assert_contains "$output" -l --list --check -c --clean --allow-redacted --allow-incomplete --table --partitions --lock-held-by
    run -0 kv-migrate --help
    assert_contains "$output" "kv-migrate up" "kv-migrate cleanup" "kv-migrate version" --kv-enabled --keep-tables --dump \
        --migrations --on-event --blockstore-path LAKEFS_DATABASE_CONNECTION_STRING \
        LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING LAKEFS_DATABASE_KV_ENABLED LAKEFS_DATABASE_DROP_TABLES \
        LAKEFS_BLOCKSTORE_LOCAL_PATH LAKEFS_COMMITTED_BLOCK_STORAGE_PREFIX
}

@test "--version and -V print the same version for all programs" {
    local program option versions=""
    for program in "${PROGRAMS[@]}" kv-replay; do
        for option in --version -V; do
            run --separate-stderr -0 "$program" "$option"
            assert_equal "$stderr" ""
            assert_equal "${#lines[@]}" 1
            [[ $output =~ ^"$program ".*' '([0-9]+\.[0-9]+\.[0-9]+)$ ]]
            versions+="${BASH_REMATCH[1]}"$'\n'
        done
    done
    assert_equal "$(sort -u <<<"${versions%$'\n'}" | wc -l)" 1
}

@test "--list-tables names the legacy tables, each once" {
    run --separate-stderr -0 kv-export --list-tables
    assert_equal "$(sort -u <<<"$output" | wc -l)" "$LEGACY_TABLE_COUNT"
    assert_equal "${#lines[@]}" "$LEGACY_TABLE_COUNT"
    assert_contains "$output" graveler_staging_kv auth_users actions_runs gateway_multiparts
    refute_contains "$output" schema_migrations catalog_
}

# Arguments -----------------------------------------------------------------------------------------------------------

@test "unknown options are refused by name" {
    local program
    for program in "${PROGRAMS[@]}"; do
        usage_fails "$program" --unknown
        assert_contains "$stderr" --unknown "hint: " --help
        usage_fails "$program" --unknown=value
        assert_contains "$stderr" --unknown
        usage_fails "$program" -y
        assert_contains "$stderr" -y "hint: "
        usage_fails "$program" -qy
        assert_contains "$stderr" -y
    done
}

@test "a missing argument of an option is refused by name, and so is an unexpected one" {
    local program
    for program in "${PROGRAMS[@]}"; do
        usage_fails "$program" --dbname
        assert_contains "$stderr" --dbname "hint: "
        usage_fails "$program" -d
        assert_contains "$stderr" -d
        usage_fails "$program" --log-format
        usage_fails "$program" --quiet=yes
        assert_contains "$stderr" --quiet
    done
    usage_fails kv-export -f
    usage_fails kv-import --partitions
    usage_fails kv-migrate up --dump
    assert_contains "$stderr" --dump
}

@test "invalid values of options are refused, and printed" {
    local program value
    for program in "${PROGRAMS[@]}"; do
        for value in soon 10x -1s 1.5s "" 99999999999h; do
            usage_fails "$program" --lock-wait-timeout="$value"
            assert_contains "$stderr" --lock-wait-timeout "\"$value\"" "hint: "
        done
        usage_fails "$program" --log-format=xml
        assert_contains "$stderr" --log-format '"xml"'
    done
    for value in 0 -1 65 x 1x "" 99999999999999999999; do
        usage_fails kv-export --jobs "$value"
        assert_contains "$stderr" jobs "\"$value\""
    done
    for value in -8 20 99 x "" 1.5; do
        usage_fails kv-export -Z "$value"
        assert_contains "$stderr" compress "\"$value\""
    done
    usage_fails kv-export --invalid-utf8=guess
    assert_contains "$stderr" '"guess"' replace
    for value in 0 x 10001; do
        usage_fails kv-import -d x --partitions "$value"
        assert_contains "$stderr" partitions "\"$value\""
    done
    for value in 0 x -5; do
        usage_fails kv-import -d x --lock-held-by "$value"
        assert_contains "$stderr" lock-held-by "\"$value\""
    done
}

@test "too many arguments are refused" {
    usage_fails kv-export db1 db2
    assert_contains "$stderr" db2 "hint: "
    usage_fails kv-import -d db1 file1 file2
    assert_contains "$stderr" file2 "hint: "
    usage_fails kv-migrate up db1 db2
    assert_contains "$stderr" db2 "hint: "
}

@test "commands that exclude each other are refused, whichever comes last" {
    local one other actions=(--list --check --print --verify --check-target --digest --undo --forget)
    for one in "${actions[@]}"; do
        for other in "${actions[@]}"; do
            [[ $one != "$other" ]] || continue
            usage_fails kv-import -d x "$one" "$other"
            assert_contains "$stderr" "options $one and $other exclude each other"
        done
        usage_fails kv-import -d x "$one" --diff=old
        usage_fails kv-import -d x --repository=r "$one"
    done
    for one in list check print verify digest undo forget diff=old; do
        usage_fails kv-import -d x --clean "--$one"
        assert_contains "$stderr" "option --clean works with a load"
    done
    for one in undo forget; do
        usage_fails kv-import -d x "--$one" FILE
    done
    usage_fails kv-migrate up --kv-enabled --drop-tables --keep-tables
    assert_contains "$stderr" "options --drop-tables and --keep-tables exclude each other"
    usage_fails kv-export --list-tables --dry-run
}

@test "a second one of an option that names what is worked on is refused" {
    local option
    for option in partition prefix diff as storage-namespace existing second-reading; do
        usage_fails kv-import -d x "--$option=skip" "--$option=skip"
        assert_contains "$stderr" "option --$option is given twice" "hint: "
    done
    usage_fails kv-import -d x --repository=a --repository=b dump
    assert_contains "$stderr" "option --repository is given twice" "hint: It takes one argument. Run the program once for each."
    usage_fails kv-import -d x -n actions --package=multiparts dump
    assert_contains "$stderr" "option --package is given twice"
    for option in file basic-auth-user settings-command; do
        usage_fails kv-export "--$option=a" "--$option=b"
        assert_contains "$stderr" "option --$option is given twice"
    done
    usage_fails kv-export --as-of=2024-02-29T12:00:00Z --as-of=2024-02-29T13:00:00Z
    for option in dump on-event settings-command basic-auth-user; do
        usage_fails kv-migrate up --kv-enabled "--$option=a" "--$option=b"
        assert_contains "$stderr" "option --$option is given twice"
    done
    usage_fails kv-migrate rehearse --report=a --report=b
    usage_fails kv-replay --keep-dump=a --keep-dump=b dump
    assert_contains "$stderr" "option --keep-dump is given twice"
}

@test "a filter that does not go with a command is refused, and the message says what to do" {
    usage_fails kv-import --diff=old -n auth new
    assert_contains "$stderr" "option --package works with --print, and with a load" "hint: Omit it: --diff compares whole stores"
    usage_fails kv-import --list -n auth new
    assert_contains "$stderr" "hint: Omit it"
}

@test "kv-migrate requires a known command" {
    usage_fails kv-migrate
    assert_contains "$stderr" command "hint: "
    usage_fails kv-migrate down
    assert_contains "$stderr" down
    usage_fails kv-migrate --kv-enabled
}

@test "an unknown package is refused, with a list of the known ones" {
    usage_fails kv-export -n catalog
    assert_contains "$stderr" '"catalog"' actions auth graveler multiparts
}

@test "a missing migrations folder is refused" {
    fails 1 kv-export --migrations="$BATS_TEST_TMPDIR/missing" -f "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing"
    fails 1 kv-migrate up --migrations="$BATS_TEST_TMPDIR/missing"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing"
}

# Connections ---------------------------------------------------------------------------------------------------------

@test "an unreachable server ends with 2, and leaves no file" {
    fails 2 kv-export --no-settings -f "$BATS_TEST_TMPDIR/dump"
    assert_contains "$stderr" "$PGHOST"
    assert_missing "$BATS_TEST_TMPDIR/dump" "$BATS_TEST_TMPDIR/dump.partial"
    fails 2 kv-migrate up --kv-enabled
    fails 2 kv-export -h 127.0.0.1 -p 1
    fails 2 kv-migrate version -d "postgres://127.0.0.1:1/x"
}

@test "a malformed connection string ends with 1 and is not repeated: it may hold a password" {
    local string program
    for string in "postgres://user:se%cret@/db" "host=x password='se%cret" "password=se%cret user = 'x" \
        "postgres://user:se%cret@host:port:port/db" "ho-ts=x password=se%cret" "se%cret=x"; do
        for program in kv-export kv-import "kv-migrate up"; do
            # shellcheck disable=SC2086 # program and command
            fails 1 ${program%% *} ${program#"${program%% *}"} -d "$string" </dev/null
            refute_contains "$output$stderr" "se%cret" "cret"
        done
    done
    export LAKEFS_DATABASE_CONNECTION_STRING="postgres://user:se%cret@/db"
    fails 1 kv-migrate up
    refute_contains "$output$stderr" cret
}

@test "a password in a connection string that cannot connect is not repeated" {
    local program
    for program in kv-export "kv-migrate up"; do
        # shellcheck disable=SC2086 # program and command
        fails 2 ${program%% *} ${program#"${program%% *}"} -d "postgres://user:secret@/db?host=$PGHOST"
        refute_contains "$output$stderr" secret
        # shellcheck disable=SC2086
        fails 2 ${program%% *} ${program#"${program%% *}"} -d "password=secret host=$PGHOST"
        refute_contains "$output$stderr" secret
    done
}

@test "kv-migrate refuses a secret in a connection string that it cannot pass on" {
    local string
    for string in "host=$PGHOST sslkey=key sslpassword=secret" "postgres://user:secret@/db?sslpassword=secret"; do
        fails 1 kv-migrate up -d "$string"
        assert_contains "$stderr" sslpassword "hint: " "service file"
        refute_contains "$stderr" secret@ =secret
        LAKEFS_DATABASE_CONNECTION_STRING=$string fails 1 kv-migrate up
        refute_contains "$stderr" secret@ =secret
    done
    # The other programs connect themselves.
    fails 2 kv-export -d "host=$PGHOST sslpassword=secret"
    refute_contains "$stderr" =secret
}

@test "a misplaced connection string is not repeated" {
    fails 1 kv-export db "postgres://user:secret@host/db"
    refute_contains "$stderr" secret
    fails 1 kv-import -d db dump "postgres://user:secret@host/db"
    refute_contains "$stderr" secret
    fails 1 kv-import "postgres://user:secret@host/db"
    refute_contains "$stderr" secret
    fails 1 kv-import --list "host=host password=secret"
    refute_contains "$stderr" secret
    fails 1 kv-migrate up db "postgres://user:secret@host/db"
    refute_contains "$stderr" secret
    fails 1 kv-migrate "postgres://user:secret@host/db"
    refute_contains "$stderr" secret
}

@test "an import never goes to a database that was not named" {
    unset -v PGDATABASE
    head -c 100 /dev/zero >"$BATS_TEST_TMPDIR/file"
    fails 1 kv-import "$BATS_TEST_TMPDIR/file"
    assert_contains "$stderr" database "hint: " --dbname
}

# Files that are no dumps ---------------------------------------------------------------------------------------------

# no_dump FILE: --list, --check and a load all refuse it, naming it.
no_dump() {
    local option
    for option in --list --check "--dbname=nowhere"; do
        fails 4 kv-import "$option" "$1"
        assert_contains "$stderr" "$1"
        refute_contains "$stderr" "could not connect"
    done
}

# no_dump_in_pipe FILE: the same through a pipe.
no_dump_in_pipe() {
    local option
    for option in --list --check "--dbname=nowhere"; do
        fails 4 kv-import "$option" < <(cat "$1")
        assert_contains "$stderr" "standard input" offset
    done
}

@test "a missing file ends with 1" {
    local option
    for option in --list --check "--dbname=nowhere"; do
        fails 1 kv-import "$option" "$BATS_TEST_TMPDIR/missing"
        assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing"
    done
}

@test "an empty file is not a dump" {
    : >"$BATS_TEST_TMPDIR/empty"
    no_dump "$BATS_TEST_TMPDIR/empty"
    assert_contains "$stderr" offset
    no_dump_in_pipe "$BATS_TEST_TMPDIR/empty"
}

@test "a folder is not a dump" {
    no_dump "$BATS_TEST_TMPDIR"
}

@test "a text file is not a dump" {
    seq 1000 >"$BATS_TEST_TMPDIR/text"
    no_dump "$BATS_TEST_TMPDIR/text"
    assert_contains "$stderr" offset "hint: "
    no_dump_in_pipe "$BATS_TEST_TMPDIR/text"
}

@test "another zstd file is not a dump" {
    seq 1000 | zstd -q >"$BATS_TEST_TMPDIR/other.zst"
    no_dump "$BATS_TEST_TMPDIR/other.zst"
    assert_contains "$stderr" offset
    no_dump_in_pipe "$BATS_TEST_TMPDIR/other.zst"
    # A skippable frame, as at the beginning of a dump.
    { printf '\x57\x2a\x4d\x18\x0c\x00\x00\x00{"a":1}     ' && seq 1000 | zstd -q; } >"$BATS_TEST_TMPDIR/skippable.zst"
    zstd -tq "$BATS_TEST_TMPDIR/skippable.zst"
    no_dump "$BATS_TEST_TMPDIR/skippable.zst"
}

@test "a frame that claims to be huge is not a dump, and takes no memory" {
    printf '\x57\x2a\x4d\x18\xff\xff\xff\xff{}' >"$BATS_TEST_TMPDIR/huge"
    no_dump "$BATS_TEST_TMPDIR/huge"
}

# Messages ------------------------------------------------------------------------------------------------------------

@test "with --log-format json every message is one object on a line" {
    local program
    for program in kv-export "kv-migrate up" "kv-migrate version" "kv-migrate cleanup"; do
        # shellcheck disable=SC2086 # program and command
        run --separate-stderr -2 $program --log-format json
        assert_equal "$output" ""
        assert_json_lines "${program%% *}"
        assert_contains "$stderr" '"level":"error"' '"detail":'
    done
    run --separate-stderr -4 kv-import --log-format json --list /etc/passwd
    assert_json_lines kv-import
    assert_contains "$stderr" '"level":"error"' '"hint":'
    # Quotes, backslashes and other characters that must be escaped in a string.
    run --separate-stderr -1 kv-import --log-format json --list $'/missing "quoted" back\\slash\ttab\nnewline é'
    assert_json_lines kv-import
    run --separate-stderr -1 kv-migrate --log-format json up --migrations $'/missing "quoted" back\\slash\ttab\nnewline é\x01'
    assert_json_lines kv-migrate
}

@test "with --log-format json a wrong argument is reported as JSON too, wherever it is" {
    run --separate-stderr -1 kv-export --log-format json --unknown
    assert_json_lines kv-export
    run --separate-stderr -1 kv-import --log-format=json --list a b
    assert_json_lines kv-import
    run --separate-stderr -1 kv-migrate --log-format=json --unknown
    assert_json_lines kv-migrate
    run --separate-stderr -1 kv-migrate --log-format=json up -d "postgres://user:se%cret@/db"
    assert_json_lines kv-migrate
}

@test "invalid UTF-8 does not break a line of JSON" {
    run --separate-stderr -1 kv-import --log-format json --list $'/missing/\xff'
    assert_json_lines kv-import
    run --separate-stderr -1 kv-migrate --log-format json up --migrations $'/missing/\xff'
    assert_json_lines kv-migrate
}
