#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-replay: its arguments, its command or psql, and who can connect to its server.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is in single quotes is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/replay

# Arguments -----------------------------------------------------------------------------------------------------------

@test "invalid combinations of arguments are refused before anything is done" {
    fails 1 kv-replay
    assert_contains "$stderr" "hint: "
    fails 1 kv-replay --unknown
    assert_contains "$stderr" --unknown "hint: "
    fails 1 kv-replay --psql=yes "$ESTI_DUMP"
    fails 1 kv-replay --bindir
    fails 1 kv-replay "$ESTI_DUMP" other -- true
    assert_contains "$stderr" other "hint: "
    fails 1 kv-replay "$ESTI_DUMP" --
    fails 1 kv-replay --psql "$ESTI_DUMP" -- true
    local value
    for value in 0 65 x -1 ""; do
        fails 1 kv-replay --jobs="$value" "$ESTI_DUMP" -- true
        assert_contains "$stderr" "\"$value\""
    done
    no_replay 1 --keep-dump="$BATS_TEST_TMPDIR/kept" "$ESTI_DUMP"
    assert_contains "$stderr" "nothing to migrate" "hint: "
    assert_missing "$BATS_TEST_TMPDIR/kept"
}

@test "without a terminal it refuses to wait unless asked, and psql cannot read the dump's standard input" {
    fails 1 kv-replay "$ESTI_DUMP"
    assert_contains "$stderr" terminal "hint: " --wait
    run --separate-stderr -1 setsid -w "${REPLAY[@]}" --psql - <"$ESTI_DUMP"
    assert_contains "$stderr" "kv-replay: error: " "standard input" "hint: "
}

@test "--bindir or PG_BINDIR names the server's programs; if there are none it says what to install" {
    local bindir
    bindir=$(cat "$PGHOST/../throwaway-postgres")
    succeeds "${REPLAY[@]}" --bindir="$bindir" "$ESTI_DUMP" -- true
    no_replay 1 --bindir="$BATS_TEST_TMPDIR" "$ESTI_DUMP"
    assert_contains "$stderr" "kv-replay: error: no PostgreSQL server in $BATS_TEST_TMPDIR" "hint: "
    PG_BINDIR=$BATS_TEST_TMPDIR no_replay 1 "$ESTI_DUMP"
    # A temporary folder whose path is too long for a socket.
    mkdir "$REPLAY_TMPDIR/with blank"
    run --separate-stderr -1 env TMPDIR="$REPLAY_TMPDIR/with blank" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "kv-replay: error: " TMPDIR
    rmdir "$REPLAY_TMPDIR/with blank"
}

@test "without a PostgreSQL server on the machine it says which package to install" {
    # Debian's folder is hidden, and neither pg_config nor PATH leads anywhere.
    if unshare -m mount -t tmpfs none /usr/lib/postgresql 2>/dev/null; then
        mkdir "$REPLAY_TMPDIR/few"
        ln -s "$(command -v readlink)" "$(command -v rm)" "$REPLAY_TMPDIR/few"
        run --separate-stderr -1 unshare -m "$BASH" -c 'mount -t tmpfs none /usr/lib/postgresql && exec "$@"' bash \
            env -u PG_BINDIR TMPDIR="$REPLAY_TMPDIR" PATH="$REPLAY_TMPDIR/few" "$BASH" "$KV_BIN/kv-replay" "$ESTI_DUMP" -- true
        assert_contains "$stderr" "kv-replay: error: there is no PostgreSQL server" "hint: " "package postgresql" PG_BINDIR --bindir
        rm -r "$REPLAY_TMPDIR/few"
        nothing_left
    fi
    # The library of the tests and the demo, where neither pg_config, PATH nor Debian's folder leads anywhere.
    sed 's|/usr/lib/postgresql/|/nowhere/|' "$TESTS_DIR/../scripts/dev/throwaway-postgres.sh" >"$BATS_TEST_TMPDIR/library"
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$(command -v sort)" "$(command -v realpath)" "$(command -v dirname)" "$BATS_TEST_TMPDIR/bin"
    run --separate-stderr -1 env -u PG_BINDIR PATH="$BATS_TEST_TMPDIR/bin" "$BASH" -c \
        'source "$1"; throwaway_postgres_start "$2"' bash "$BATS_TEST_TMPDIR/library" "$REPLAY_TMPDIR/server"
    assert_contains "$stderr" "there is no PostgreSQL server" "hint: " "package postgresql" PG_BINDIR
    assert_missing "$REPLAY_TMPDIR/server"
}

# The command, psql ----------------------------------------------------------------------------------------------------

@test "the command's exit code and output are passed on unchanged" {
    local code command
    for code in 0 1 7 200; do
        run --separate-stderr "-$code" "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c "echo out; exit $code"
        assert_equal "$output" out
        assert_equal "$stderr" ""
        nothing_left
    done
    for command in /no/such/command no-such-command; do
        run --separate-stderr -127 "${REPLAY[@]}" "$ESTI_DUMP" -- "$command"
        # Nothing was loaded for it.
        assert_equal "$stderr" "kv-replay: error: there is no program \"$command\" to run"
        nothing_left
    done
    run --separate-stderr -143 "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c 'kill -TERM $$'
}

@test "the command gets standard input, and finds the database through PG* and LAKEFS_DATABASE_* variables only" {
    run --separate-stderr -0 env PGPASSWORD=other PGSERVICE=other LAKEFS_DATABASE_CONNECTION_STRING=other \
        LAKEFS_DATABASE_KV_ENABLED=true LAKEFS_BLOCKSTORE_TYPE=mem "${REPLAY[@]}" -q "$ESTI_DUMP" -- \
        sh -c 'cat; env | grep -E "^(PG[A-Z]|LAKEFS_)" | sed "s/=.*//" | sort; umask' <<<"from outside"
    assert_equal "$output" "from outside
LAKEFS_BLOCKSTORE_TYPE
LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING
LAKEFS_DATABASE_TYPE
PGDATABASE
PGHOST
PGPORT
PGUSER
$(umask)"
    run --separate-stderr -0 "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c 'echo "$LAKEFS_DATABASE_TYPE"; env -u PGHOST -u PGPORT \
        psql -XAtc "SELECT count(*), inet_server_addr() FROM kv" "$LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"'
    assert_equal "$output" $'postgres\n440|127.0.0.1'
}

@test "how to connect is printed beside a command only with --verbose" {
    run --separate-stderr -0 "${REPLAY[@]}" "$ESTI_DUMP" -- echo out
    assert_equal "$output" out
    refute_contains "$stderr" "connection string"
    refute_contains "$stderr" "configuration of lakeFS"
    run --separate-stderr -0 "${REPLAY[@]}" -v "$ESTI_DUMP" -- echo out
    assert_equal "$output" out
    assert_contains "$stderr" "connection string:  postgresql://" "configuration of lakeFS:"
}

@test "what kv-import and kv-migrate tell of their work is printed only with --verbose" {
    local dump
    for dump in "$ESTI_DUMP" "$LEGACY/custom"; do
        run --separate-stderr -0 "${REPLAY[@]}" "$dump" -- echo out
        assert_equal "$output" out
        assert_equal "$(grep -vE '^(kv-replay: |detail: |hint: )' <<<"$stderr" || true)" ""
    done
    run --separate-stderr -0 "${REPLAY[@]}" -v "$LEGACY/custom" -- echo out
    assert_contains "$stderr" "kv-migrate: info: summary of the migration"
}

@test "--psql reads SQL from a pipe, and ends with it" {
    run --separate-stderr -0 "${REPLAY[@]}" -q --psql "$ESTI_DUMP" <<<'SELECT count(*) FROM kv \g (format=unaligned tuples_only)'
    assert_equal "$output" 440
    nothing_left
    run --separate-stderr -3 "${REPLAY[@]}" -q --psql "$ESTI_DUMP" <<<'\set ON_ERROR_STOP on
SELECT 1 / 0;'
}

# terminal SCRIPT ARGUMENT...: runs kv-replay on a terminal. A line of SCRIPT is a text that must appear, a tab, and
# what is then typed, with \r and such as in Python. Ends as kv-replay does; standard output has what did not appear.
terminal() {
    TMPDIR=$REPLAY_TMPDIR PAGER=cat PSQL_HISTORY=/dev/null timeout 100 python3 -c '
import os, pty, sys
steps = [line.split("\t") for line in sys.argv[1].splitlines()]
child, master = pty.fork()
if child == 0:
    os.execvp("kv-replay", ["kv-replay"] + sys.argv[2:])
shown = b""
while True:
    try:
        piece = os.read(master, 4096)
    except OSError:
        break
    sys.stderr.buffer.write(piece)
    shown += piece
    if steps and steps[0][0].encode() in shown:
        expected, typed = steps.pop(0)
        shown = shown.split(expected.encode(), 1)[1]
        os.write(master, typed.encode().decode("unicode_escape").encode())
print(steps)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)' "$@"
}

@test "on a terminal it waits, and says that Ctrl-C ends it" {
    run --separate-stderr -130 terminal $'press Ctrl-C\t\\x03' "$ESTI_DUMP"
    assert_equal "$output" "[]"
    nothing_left
}

@test "on a terminal Ctrl-C interrupts psql's query, not the replay" {
    local steps
    # The query itself prints the notice, and is then interrupted.
    printf -v steps '%s\t%s\n' 'lakefs=#' "DO \$\$BEGIN RAISE NOTICE 'be%', 'gun'; PERFORM pg_sleep(1000); END\$\$;\\r" \
        begun '\x03' 'user request' 'SELECT 40 + 2;\r' 42 '\\q\r'
    run --separate-stderr -0 terminal "$steps" --psql "$ESTI_DUMP"
    assert_equal "$output" "[]"
    nothing_left
}

# Who gets in ----------------------------------------------------------------------------------------------------------

@test "the printed connection string works; without its password nobody can connect by TCP" {
    local uri port password passfile
    start_replay --wait "$ESTI_DUMP"
    uri=$(shown_connection)
    assert_equal "$(env -u PGHOST -u PGPORT -u PGUSER psql -XAtc "SELECT count(*) FROM kv" "$uri")" "440"
    # lakeFS's configuration has the same string.
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "connection_string: \"$uri\"" "type: postgres" \
        "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING='$uri'"
    port=$(sed -E 's/.*:([0-9]+)\/.*/\1/' <<<"$uri")
    run ! psql -w -XAtc "SELECT 1" "host=127.0.0.1 port=$port user=postgres dbname=lakefs passfile=/dev/null"
    assert_contains "$output" "no password supplied"
    PGPASSWORD=postgres run ! psql -w -XAtc "SELECT 1" "host=127.0.0.1 port=$port user=postgres dbname=lakefs"
    assert_contains "$output" "password authentication failed"
    # It listens nowhere else.
    run ! psql -w -XAtc "SELECT 1" "host=::1 port=$port user=postgres dbname=lakefs"
    assert_contains "$output" "refused"
    # The password is only in its file, which only its owner can read.
    passfile=${uri##*passfile=}
    assert_equal "$(stat -c %a "$passfile")" 600
    password=$(sed 's/.*://' "$passfile")
    assert_equal "${#password}" 64
    refute_contains "$(<"$BACKGROUND_OUTPUT")" "$password"
    assert_equal "$(grep -rlF "$password" "$REPLAY_TMPDIR")" "$passfile"
    assert_equal "$(command_lines_with "$password")" ""
    kill -TERM "$BACKGROUND"
    background_ends 143
}

@test "another user of the machine can connect neither by TCP nor by the socket, and can read no file" {
    local uri port folder other=nobody
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root, to be another user"
    fi
    # Some dumps pass through the temporary folder.
    background with_input "$LEGACY/plain-gzip" "${REPLAY_IN_BACKGROUND[@]}" --wait -
    eventually grep -q LAKEFS_DATABASE_POSTGRES "$BACKGROUND_OUTPUT"
    uri=$(shown_connection)
    port=$(sed -E 's/.*:([0-9]+)\/.*/\1/' <<<"$uri")
    folder=$(sed -E 's/.*passfile=(.*)\/pgpass/\1/' <<<"$uri")
    [ "$(stat -c %U "$folder/postgres")" != "$other" ]
    run ! runuser -u "$other" -- psql -w -XAtc "SELECT 1" "$uri"
    assert_contains "$output" "no password supplied"
    run ! runuser -u "$other" -- psql -w -XAtc "SELECT 1" "host=$folder/socket port=$port user=postgres dbname=lakefs"
    assert_contains "$output" "Permission denied"
    run runuser -u "$other" -- find "$folder" -type f -readable
    refute_contains "$output" "$folder/input" /pgpass /data/
    run ! runuser -u "$other" -- cat "$folder/input"
    run ! runuser -u "$other" -- cat "$folder/pgpass"
    # Nor can the server's user read the password or the dump, or replace anything, such as its socket.
    other=$(stat -c %U "$folder/postgres")
    run ! runuser -u "$other" -- cat "$folder/pgpass"
    run ! runuser -u "$other" -- cat "$folder/input"
    run ! runuser -u "$other" -- touch "$folder/file"
    run ! runuser -u "$other" -- touch "$folder/socket/file"
    run ! runuser -u "$other" -- mv "$folder/postgres" "$folder/other"
    kill -TERM "$BACKGROUND"
    background_ends 143
}
