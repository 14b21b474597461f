#!/usr/bin/env bats
# kv-replay: every kind of dump on a server of its own, who gets in there, and that nothing of it stays, however it ends.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is in single quotes is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export LEGACY=$BATS_FILE_TMPDIR/legacy
    export ESTI="" OWNER=""
    mkdir "$LEGACY"
    make_esti_template
    OWNER=${ESTI}_owner
    export PGDATABASE=$ESTI
    # Whom the server of the replay does not know.
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
    # What lakeFS's own migration made of the fixture.
    EXPECTED=$FIXTURES_DIR/esti/expected.jsonl
    ESTI_DUMP=$FIXTURES_DIR/esti/esti.dump
    # Where the server's user gets through, which it does not where bats has its folders.
    REPLAY_TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/kv-rt.XXXXXX")
    chmod 711 "$REPLAY_TMPDIR"
    REPLAY=(env TMPDIR="$REPLAY_TMPDIR" kv-replay)
    # A shell lets what it runs in the background ignore SIGINT, nohup all that it runs SIGHUP.
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

# processes_left: prints the process ids of what was started with this test's folder, or works in it.
processes_left() {
    # A server overwrites its environment, but has the folder in its command. What is looked for is no argument of those
    # that look, and a process may end while it is looked at.
    {
        grep -lazxFf /dev/stdin /proc/[0-9]*/environ <<<"TMPDIR=$REPLAY_TMPDIR"
        grep -laFf /dev/stdin /proc/[0-9]*/cmdline <<<"$REPLAY_TMPDIR/"
    } 2>/dev/null | sed 's|^/proc/\([0-9]*\)/.*|\1|' | sort -u
}

nothing_left() {
    [ -z "$(ls -A "$REPLAY_TMPDIR")" ] && [ -z "$(processes_left)" ]
}

# with_input FILE COMMAND...: becomes the command, with the file as its standard input, a pipe of which it must not hold the
# descriptor `input`, which writes. For `background`.
with_input() {
    [ -z "${input-}" ] || exec {input}>&-
    exec "${@:2}" <"$1"
}

# start_replay ARGUMENT...: starts it in the background and waits until it shows the way to the database. Its output is in
# BACKGROUND_OUTPUT.
start_replay() {
    background "${REPLAY_IN_BACKGROUND[@]}" "$@"
    eventually grep -q LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING "$BACKGROUND_OUTPUT"
}

# shown_connection: prints the connection string, as it stands in the output.
shown_connection() {
    sed -n 's/^connection string:  //p' "$BACKGROUND_OUTPUT"
}

# entries_of_replay ARGUMENT...: prints the entries of the KV table of a replay, in the form of expected.jsonl.
entries_of_replay() {
    "${REPLAY[@]}" -q "$@" -- "$FIXTURES_DIR/tools/kvnorm.py" "dbname=lakefs" --schema-version
}

# What can be replayed -------------------------------------------------------------------------------------------------

@test "a dump of kv-export: its entries are those of lakeFS's own migration" {
    diff -u "$EXPECTED" <(entries_of_replay "$ESTI_DUMP")
    # By a pipe, and compressed once more, as some do with every file that they send.
    diff -u "$EXPECTED" <(entries_of_replay - <"$ESTI_DUMP")
    gzip -c "$ESTI_DUMP" >"$BATS_TEST_TMPDIR/esti.dump.gz"
    diff -u "$EXPECTED" <(entries_of_replay -j 3 "$BATS_TEST_TMPDIR/esti.dump.gz")
}

@test "a legacy database's dump: as SQL, compressed or not, in the custom format, with CREATE DATABASE, with DROP" {
    local form
    for form in plain plain-gzip plain-zstd custom create clean; do
        echo "$form"
        diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" "$LEGACY/$form")
    done
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" - <"$LEGACY/custom")
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" - <"$LEGACY/plain-zstd")
}

@test "a legacy database's tables are kept beside the KV store" {
    local tables
    tables="SELECT (SELECT count(*) FROM auth_users), (SELECT version FROM schema_migrations)"
    assert_sql_of_replay "$(PGDATABASE=$ESTI sql "SELECT count(*) FROM auth_users")|39" "$tables" \
        --blockstore-path="$BLOCKSTORE" "$LEGACY/custom"
}

# assert_sql_of_replay EXPECTED STATEMENT ARGUMENT...
assert_sql_of_replay() {
    local expected=$1 statement=$2
    shift 2
    succeeds "${REPLAY[@]}" "$@" -- psql -XAtc "$statement"
    assert_equal "$expected" "$output"
}

@test "a legacy database in a schema of its own is found, and shown" {
    sed -e 's/public\./"of lakefs"./g' -e '0,/^SELECT pg_catalog.set_config/s//CREATE SCHEMA "of lakefs";\n&/' \
        "$LEGACY/plain" >"$BATS_TEST_TMPDIR/schema"
    assert_sql_of_replay '"of lakefs"|440' \
        "SELECT (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'kv'::regclass), (SELECT count(*) FROM kv)" \
        --blockstore-path="$BLOCKSTORE" "$BATS_TEST_TMPDIR/schema"
}

@test "without the block store branch protection rules are left out, with a warning" {
    assert_sql_of_replay 439 "SELECT count(*) FROM kv" "$LEGACY/plain"
    assert_contains "$stderr" "kv-replay: warning: branch protection rules are left out" "hint: " "--blockstore-path"
    assert_sql_of_replay 0 "SELECT count(*) FROM kv WHERE key = 'settings/protected_branches'" "$LEGACY/plain"
}

@test "the dump of a migration is kept where --keep-dump says, and no file is replaced" {
    local kept=$BATS_TEST_TMPDIR/kept.dump
    succeeds "${REPLAY[@]}" --blockstore-path="$BLOCKSTORE" --keep-dump="$kept" "$LEGACY/custom" -- true
    diff -u "$EXPECTED" <(entries_of_replay "$kept")
    no_replay 1 --keep-dump="$kept" "$LEGACY/custom"
    assert_contains "$stderr" "$kept" "hint: "
}

@test "a dump that lacks packages is loaded, and said to be one" {
    local entries
    entries=$(grep -c '"p": "auth"' "$EXPECTED")
    assert_sql_of_replay "$entries|auth" "SELECT count(*), string_agg(DISTINCT partition_key::text, ',') FROM
        (SELECT encode(partition_key, 'escape') AS partition_key FROM kv WHERE partition_key <> 'kv-internal-metadata') AS e" \
        "$BATS_FILE_TMPDIR/auth.dump"
    assert_contains "$stderr" "kv-replay: warning: not everything is in the dump" "package"
}

@test "a redacted dump is loaded, and said to be one" {
    assert_sql_of_replay 440 "SELECT count(*) FROM kv" "$BATS_FILE_TMPDIR/redacted.dump"
    assert_contains "$stderr" "kv-replay: warning: the dump was redacted"
    assert_sql_of_replay 440 "SELECT count(*) FROM kv" "$ESTI_DUMP"
    refute_contains "$stderr" warning
}

# What cannot be replayed ----------------------------------------------------------------------------------------------

# no_replay CODE ARGUMENT...: it ends so, with one error of whichever program found it, and runs no command.
no_replay() {
    local code=$1
    shift
    run --separate-stderr "-$code" "${REPLAY[@]}" "$@" -- touch "$BATS_TEST_TMPDIR/ran"
    printf 'standard error: %s\n' "$stderr"
    assert_equal "" "$output"
    assert_contains "$stderr" "error: "
    assert_missing "$BATS_TEST_TMPDIR/ran"
    nothing_left
}

@test "a corrupt dump ends with 4" {
    local bad=$BATS_TEST_TMPDIR/bad size
    size=$(stat -c %s "$ESTI_DUMP")
    cp "$ESTI_DUMP" "$bad"
    printf '\xff\xfe\xfd' | dd of="$bad" bs=1 seek=$((size / 2)) conv=notrunc status=none
    no_replay 4 "$bad"
    head -c $((size / 2)) "$ESTI_DUMP" >"$bad"
    no_replay 4 "$bad"
    no_replay 4 - <"$bad"
}

@test "a dump by pg_dump that was cut off ends with 4" {
    local form bad=$BATS_TEST_TMPDIR/bad
    for form in plain plain-gzip plain-zstd custom; do
        echo "$form"
        head -c $(($(stat -c %s "$LEGACY/$form") * 2 / 3)) "$LEGACY/$form" >"$bad"
        no_replay 4 "$bad"
        assert_contains "$stderr" "could not be read to its end" "hint: "
    done
}

@test "what is no dump ends with 4: text, nothing, a folder, a dump of pg_dumpall" {
    local bad=$BATS_TEST_TMPDIR/bad
    seq 1000 >"$bad"
    no_replay 4 "$bad"
    assert_contains "$stderr" "$bad" "no dump" "hint: "
    gzip "$bad"
    no_replay 4 "$bad.gz"
    : >"$bad"
    no_replay 4 "$bad"
    no_replay 4 - <"$bad"
    no_replay 4 "$BATS_TEST_TMPDIR"
    { printf -- '--\n-- PostgreSQL database cluster dump\n--\n' && cat "$LEGACY/plain"; } >"$bad"
    no_replay 4 "$bad"
    assert_contains "$stderr" pg_dumpall
}

@test "a file that is not there ends with 1" {
    no_replay 1 "$BATS_TEST_TMPDIR/missing"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing"
}

@test "SQL that fails ends with 4, and what is restored of another kind of database with 5" {
    sed 's/^CREATE TABLE public.auth_groups (/&\n    broken no_such_type,/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/bad"
    no_replay 4 "$BATS_TEST_TMPDIR/bad"
    assert_contains "$stderr" 'type "no_such_type" does not exist' "CREATE TABLE public.auth_groups" "hint: "
    printf -- '--\n-- PostgreSQL database dump\n--\nCREATE TABLE t (a int);\n-- PostgreSQL database dump complete\n' \
        >"$BATS_TEST_TMPDIR/other"
    no_replay 5 "$BATS_TEST_TMPDIR/other"
    assert_contains "$stderr" schema_migrations "hint: "
}

@test "a migration that is refused passes its code on" {
    sed 's/^38\tf$/38\tt/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/dirty"
    run ! cmp -s "$LEGACY/plain" "$BATS_TEST_TMPDIR/dirty"
    no_replay 5 "$BATS_TEST_TMPDIR/dirty"
    assert_contains "$stderr" "kv-migrate: error: schema version 38 is dirty" "kv-replay: error: "
}

# A dump that is not trusted -------------------------------------------------------------------------------------------

# hostile_sql FILE: makes a dump of a legacy database that runs standard input before its tables come.
hostile_sql() {
    sed '/^\\\(un\)\{0,1\}restrict /d' "$LEGACY/plain" >"$1"
    sed -i "/^SET row_security/r /dev/stdin" "$1"
}

# hostile_program FILE: likewise, with a script for the server's user, which needs no psql: SQL can run it.
hostile_program() {
    local script
    script=$(base64 -w0)
    hostile_sql "$1" <<SQL
CREATE TABLE public.said (line text);
DO \$\$BEGIN EXECUTE 'COPY public.said FROM PROGRAM \$sh\$echo $script | base64 -d | sh\$sh\$'; END\$\$;
SQL
}

@test "commands of psql in a dump are refused, with their line, and not run" {
    local bad=$BATS_TEST_TMPDIR/bad command line
    for command in "\\! touch $REPLAY_TMPDIR/ran" "\\copy t FROM PROGRAM 'touch $REPLAY_TMPDIR/ran'" "\\i /etc/passwd" \
        "SELECT 1 \\g |touch $REPLAY_TMPDIR/ran" "\\connect postgres host=other" "\\c lakefs"; do
        echo "$command"
        hostile_sql "$bad" <<<"$command"
        line=$(grep -nxF -e "$command" "$bad" | cut -d : -f 1)
        no_replay 4 "$bad"
        assert_contains "$stderr" "command" "psql" "ine $line" "hint: "
    done
}

@test "a hostile dump, replayed by root, gets no further than the server's user" {
    local root_only=$BATS_TEST_TMPDIR/root-only user
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root"
    fi
    user=$(stat -c %U "$PGHOST")
    mkdir -m 700 "$root_only"
    touch "$root_only/kept"
    # It puts links and programs wherever it can: in the server's folder, above it, and under all names that there are or
    # were; it leaves a folder that cannot be entered, and a process that goes on doing so.
    hostile_program "$BATS_TEST_TMPDIR/hostile" <<SCRIPT
id -un
cd ..
printf '#!/bin/sh\ntouch $root_only/run\n' >initdb
chmod 755 initdb
cp initdb pg_ctl; cp initdb postgres; cp initdb pg_restore
pwd >throwaway-postgres
mkdir -p closed/inner; touch closed/inner/file; chmod 0 closed
for name in log initdb.log pgpass input unpacked password data/postmaster.pid data/postgresql.conf socket \
    ../pgpass ../input ../unpacked ../socket ../log ../socket/.s.PGSQL.* ../postgres; do
    rm -f "\$name"
    mv -T "\$name" "\$name.moved"
    ln -sT "$root_only/file" "\$name" && echo "link: \$name"
done 2>/dev/null
setsid sh -c 'while sleep 0.05; do rm -rf links; mkdir links; ln -s $root_only links/root; done' >/dev/null 2>&1 &
SCRIPT
    succeeds "${REPLAY[@]}" "$BATS_TEST_TMPDIR/hostile" -- \
        sh -c 'psql -XAtc "SELECT line FROM said" && ls -A "$(dirname "$PGHOST")" "$PGHOST"'
    # It has run, by that user.
    assert_equal "$user" "${lines[0]}"
    assert_contains "$output" "link: log" "link: data/postmaster.pid"
    refute_contains "$output" "link: ../" moved
    # Nothing of root's is written, removed or run.
    assert_equal kept "$(ls -A "$root_only")"
    nothing_left
}

@test "root's environment is not for what a dump runs" {
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root"
    fi
    hostile_program "$BATS_TEST_TMPDIR/hostile" <<<'env'
    AWS_SECRET_ACCESS_KEY=verysecret succeeds "${REPLAY[@]}" "$BATS_TEST_TMPDIR/hostile" -- psql -XAtc 'SELECT line FROM said'
    assert_contains "$output" PATH=
    refute_contains "$output" verysecret
}

@test "names in a dump are only names: of a database, of a schema, of its file" {
    local name="we'ird \\ = \"n\$(touch $REPLAY_TMPDIR/ran)" dump=$BATS_TEST_TMPDIR/$'-du\nmp\e[31m "$(x)"' target
    psql -Xq -d postgres -v name="$name" -v from="$ESTI" <<<'CREATE DATABASE :"name" TEMPLATE :"from"'
    target=${name//\\/\\\\}
    target="dbname='${target//\'/\\\'}'"
    pg_dump -C -f "$dump" "$target"
    psql -Xq -d postgres -v name="$name" <<<'DROP DATABASE :"name"'
    grep -q '^\\connect -reuse-previous=on' "$dump"
    cd "$BATS_TEST_TMPDIR"
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" "./${dump##*/}")
    sed -e 's/public\./"of ""lakefs"", $(x)\\".'/g \
        -e '0,/^SELECT pg_catalog.set_config/s//CREATE SCHEMA "of ""lakefs"", $(x)\\";\n&/' "$LEGACY/plain" >schema
    diff -u "$EXPECTED" <(entries_of_replay --blockstore-path="$BLOCKSTORE" schema)
    # What is shown cannot move the cursor.
    seq 10 >"$dump"
    no_replay 4 "$dump"
    refute_contains "$stderr" $'\e'
    assert_contains "$stderr" '\x1b[31m'
}

# json_lines: sets stderr to its objects, a line each, in the form of json.dumps.
json_lines() {
    stderr=$(python3 -c 'import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line)))' <<<"$stderr")
}

@test "--log-format json: each line of kv-replay on standard error is an object" {
    local bad=$BATS_TEST_TMPDIR/bad
    hostile_sql "$bad" <<<'\! x'
    run --separate-stderr -4 "${REPLAY[@]}" --log-format=json "$bad" -- true
    json_lines
    run --separate-stderr -0 "${REPLAY[@]}" --log-format json "$ESTI_DUMP" -- true
    json_lines
    assert_contains "$stderr" '"program": "kv-replay"' "connection string"
    run --separate-stderr -1 "${REPLAY[@]}" --log-format=json --unknown
    json_lines
    run --separate-stderr -1 env TMPDIR="$BATS_TEST_TMPDIR/missing" kv-replay --log-format=json "$ESTI_DUMP" -- true
    json_lines
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing" TMPDIR '"hint"'
    assert_equal 1 "$(wc -l <<<"$stderr")"
    fails 1 kv-replay --log-format=xml "$ESTI_DUMP" -- true
    assert_contains "$stderr" '"xml"' json
}

@test "a temporary folder that cannot be used is refused, and TMPDIR named" {
    local folder=$REPLAY_TMPDIR/folder
    run --separate-stderr -1 env TMPDIR="$REPLAY_TMPDIR/missing" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "kv-replay: error: " "$REPLAY_TMPDIR/missing" "hint: " TMPDIR
    assert_equal 2 "$(wc -l <<<"$stderr")"
    mkdir -p "$folder/$(printf '%070d' 0)"
    run --separate-stderr -1 env TMPDIR="$folder/$(printf '%070d' 0)" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "too long" "hint: " TMPDIR
    if [ "$(id -u)" -eq 0 ]; then
        # Another user could put another folder in its place.
        chmod 777 "$folder"
        run --separate-stderr -1 env TMPDIR="$folder" kv-replay "$ESTI_DUMP" -- true
        assert_contains "$stderr" "not safe" "$folder" "hint: " TMPDIR
        chmod 1777 "$folder"
        run --separate-stderr -0 env TMPDIR="$folder" kv-replay -q "$ESTI_DUMP" -- true
        # The server's user cannot get through.
        chmod 700 "$folder"
        run --separate-stderr -1 env TMPDIR="$folder" kv-replay "$ESTI_DUMP" -- true
        assert_contains "$stderr" "cannot reach" "hint: " TMPDIR
    fi
    assert_equal "" "$(find "$folder" -mindepth 1 -name 'kv-replay*')"
    rm -r "$folder"
}

# Arguments -----------------------------------------------------------------------------------------------------------

@test "arguments that cannot come to a good end are refused before anything is done" {
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

@test "without a terminal it does not wait unasked, and psql cannot have the dump's standard input" {
    fails 1 kv-replay "$ESTI_DUMP"
    assert_contains "$stderr" terminal "hint: " --wait
    run --separate-stderr -1 setsid -w "${REPLAY[@]}" --psql - <"$ESTI_DUMP"
    assert_contains "$stderr" "kv-replay: error: " "standard input" "hint: "
}

@test "the server's programs are those of --bindir or PG_BINDIR; where none are it says what to install" {
    local bindir
    bindir=$(cat "$PGHOST/../throwaway-postgres")
    succeeds "${REPLAY[@]}" --bindir="$bindir" "$ESTI_DUMP" -- true
    no_replay 1 --bindir="$BATS_TEST_TMPDIR" "$ESTI_DUMP"
    assert_contains "$stderr" "kv-replay: error: no PostgreSQL server in $BATS_TEST_TMPDIR" "hint: "
    PG_BINDIR=$BATS_TEST_TMPDIR no_replay 1 "$ESTI_DUMP"
    # A temporary folder that no socket can be in.
    mkdir "$REPLAY_TMPDIR/with blank"
    run --separate-stderr -1 env TMPDIR="$REPLAY_TMPDIR/with blank" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "kv-replay: error: " TMPDIR
    rmdir "$REPLAY_TMPDIR/with blank"
}

@test "a machine without PostgreSQL's server is told which package to install" {
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
    # The library of the tests and the demo, where neither pg_config nor PATH leads anywhere, nor Debian's folder.
    sed 's|/usr/lib/postgresql/|/nowhere/|' "$TESTS_DIR/../scripts/dev/throwaway-postgres.sh" >"$BATS_TEST_TMPDIR/library"
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$(command -v sort)" "$(command -v realpath)" "$(command -v dirname)" "$BATS_TEST_TMPDIR/bin"
    run --separate-stderr -1 env -u PG_BINDIR PATH="$BATS_TEST_TMPDIR/bin" "$BASH" -c \
        'source "$1"; throwaway_postgres_start "$2"' bash "$BATS_TEST_TMPDIR/library" "$REPLAY_TMPDIR/server"
    assert_contains "$stderr" "there is no PostgreSQL server" "hint: " "package postgresql" PG_BINDIR
    assert_missing "$REPLAY_TMPDIR/server"
}

# The command, psql ----------------------------------------------------------------------------------------------------

@test "the command's exit code is passed on, and its output is its own" {
    local code
    for code in 0 1 7 200; do
        run --separate-stderr "-$code" "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c "echo out; exit $code"
        assert_equal out "$output"
        assert_equal "" "$stderr"
        nothing_left
    done
    run --separate-stderr -127 "${REPLAY[@]}" -q "$ESTI_DUMP" -- /no/such/command
    nothing_left
    run --separate-stderr -143 "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c 'kill -TERM $$'
}

@test "the command gets standard input, and the way to the database by PG* and LAKEFS_DATABASE_* variables only" {
    run --separate-stderr -0 env PGPASSWORD=other PGSERVICE=other LAKEFS_DATABASE_CONNECTION_STRING=other \
        LAKEFS_DATABASE_KV_ENABLED=true LAKEFS_BLOCKSTORE_TYPE=mem "${REPLAY[@]}" -q "$ESTI_DUMP" -- \
        sh -c 'cat; env | grep -E "^(PG[A-Z]|LAKEFS_)" | sed "s/=.*//" | sort; umask' <<<"from outside"
    assert_equal "from outside
LAKEFS_BLOCKSTORE_TYPE
LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING
LAKEFS_DATABASE_TYPE
PGDATABASE
PGHOST
PGPORT
PGUSER
$(umask)" "$output"
    run --separate-stderr -0 "${REPLAY[@]}" -q "$ESTI_DUMP" -- sh -c 'echo "$LAKEFS_DATABASE_TYPE"; env -u PGHOST -u PGPORT \
        psql -XAtc "SELECT count(*), inet_server_addr() FROM kv" "$LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"'
    assert_equal $'postgres\n440|127.0.0.1' "$output"
}

@test "--psql reads SQL from a pipe, and ends with it" {
    run --separate-stderr -0 "${REPLAY[@]}" -q --psql "$ESTI_DUMP" <<<'SELECT count(*) FROM kv \g (format=unaligned tuples_only)'
    assert_equal 440 "$output"
    nothing_left
    run --separate-stderr -3 "${REPLAY[@]}" -q --psql "$ESTI_DUMP" <<<'\set ON_ERROR_STOP on
SELECT 1 / 0;'
}

# terminal SCRIPT ARGUMENT...: runs kv-replay on a terminal; a line of SCRIPT is what must appear, a tab, and what is typed
# then, with \r and such as in Python. Ends as kv-replay does; standard output has what did not come about.
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

@test "on a terminal it waits, and says how to end: Ctrl-C" {
    run --separate-stderr -130 terminal $'press Ctrl-C\t\\x03' "$ESTI_DUMP"
    assert_equal "[]" "$output"
    nothing_left
}

@test "on a terminal Ctrl-C interrupts a query of psql, not the replay" {
    local steps
    # The notice comes from within the query that is then interrupted.
    printf -v steps '%s\t%s\n' 'lakefs=#' "DO \$\$BEGIN RAISE NOTICE 'be%', 'gun'; PERFORM pg_sleep(1000); END\$\$;\\r" \
        begun '\x03' 'user request' 'SELECT 40 + 2;\r' 42 '\\q\r'
    run --separate-stderr -0 terminal "$steps" --psql "$ESTI_DUMP"
    assert_equal "[]" "$output"
    nothing_left
}

# Who gets in ----------------------------------------------------------------------------------------------------------

@test "the connection string that is printed works, without it nobody gets in by the port" {
    local uri port password passfile
    start_replay --wait "$ESTI_DUMP"
    uri=$(shown_connection)
    assert_equal "440" "$(env -u PGHOST -u PGPORT -u PGUSER psql -XAtc "SELECT count(*) FROM kv" "$uri")"
    # What is for lakeFS is the same.
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
    # The password is in its file only, and that is nobody else's.
    passfile=${uri##*passfile=}
    assert_equal 600 "$(stat -c %a "$passfile")"
    password=$(sed 's/.*://' "$passfile")
    assert_equal 64 "${#password}"
    refute_contains "$(<"$BACKGROUND_OUTPUT")" "$password"
    assert_equal "$passfile" "$(grep -rlF "$password" "$REPLAY_TMPDIR")"
    assert_equal "" "$(command_lines_with "$password")"
    kill -TERM "$BACKGROUND"
    background_ends 143
}

@test "another user of the machine gets in neither by the port nor by the socket, and reads no file" {
    local uri port folder other=nobody
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root, to be another user"
    fi
    # Some of what a customer sends goes by the temporary folder.
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
    # Nor does the server's user read the password or what was sent, or replace anything, such as its socket.
    other=$(stat -c %U "$folder/postgres")
    run ! runuser -u "$other" -- cat "$folder/pgpass"
    run ! runuser -u "$other" -- cat "$folder/input"
    run ! runuser -u "$other" -- touch "$folder/file"
    run ! runuser -u "$other" -- touch "$folder/socket/file"
    run ! runuser -u "$other" -- mv "$folder/postgres" "$folder/other"
    kill -TERM "$BACKGROUND"
    background_ends 143
}

# Every end ------------------------------------------------------------------------------------------------------------

# signals: calls the function of the test with each signal and the exit code that it leads to.
signals() {
    local signal
    for signal in "INT 130" "TERM 143" "HUP 129" "KILL 137"; do
        echo "SIG$signal"
        # shellcheck disable=SC2086 # signal and code
        "$@" $signal
        eventually nothing_left
    done
}

@test "while it waits: SIGINT, SIGTERM, SIGHUP and SIGKILL leave nothing" {
    strike() {
        start_replay --wait "$ESTI_DUMP"
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
    }
    signals strike
}

@test "while a command runs: a signal ends it, too; SIGKILL leaves the command alone, and nothing else" {
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

@test "while psql reads a pipe: every signal leaves nothing" {
    strike() {
        local input
        mkfifo "$BATS_TEST_TMPDIR/input"
        exec {input}<>"$BATS_TEST_TMPDIR/input"
        background with_input "$BATS_TEST_TMPDIR/input" "${REPLAY_IN_BACKGROUND[@]}" --psql "$ESTI_DUMP"
        eventually grep -q LAKEFS_DATABASE_POSTGRES "$BACKGROUND_OUTPUT"
        # It has not ended for want of input.
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

@test "while a legacy dump is restored: every signal leaves nothing" {
    sed 's/^-- PostgreSQL database dump complete$/SELECT pg_sleep(1000);\n&/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/slow"
    strike() {
        background "${REPLAY_IN_BACKGROUND[@]}" --wait "$BATS_TEST_TMPDIR/slow"
        eventually grep -q restoring "$BACKGROUND_OUTPUT"
        # By now or a little later it sleeps; it is ended wherever it is.
        eventually server_runs 'SELECT$'
        kill "-$1" "$BACKGROUND"
        background_ends "$2"
    }
    signals strike
}

# server_runs PATTERN: whether the command that a process of the replay's server shows matches.
server_runs() {
    local server
    server=$(head -n 1 "$REPLAY_TMPDIR"/kv-replay.*/postgres/data/postmaster.pid) && pgrep -P "$server" -f "$1"
}

# replay_has NAME: whether that is in the replay's folder.
replay_has() {
    test -e "$REPLAY_TMPDIR"/kv-replay.*/"$1"
}

@test "while standard input is awaited: every signal leaves nothing" {
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

@test "SIGKILL while the server is being made and started leaves nothing" {
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

@test "SIGKILL to all of its process group leaves nothing" {
    # Of a group of its own, which this one leads.
    background env TMPDIR="$REPLAY_TMPDIR" setsid kv-replay --wait "$ESTI_DUMP"
    eventually grep -q LAKEFS_DATABASE_POSTGRES "$BACKGROUND_OUTPUT"
    kill -KILL -- "-$BACKGROUND"
    background_ends 137
    eventually nothing_left
}

@test "a terminal that goes away ends the replay and psql" {
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

# session_of_replay, keeper_of_replay: print the process id of the program that decides, and of the one that has the server.
session_of_replay() {
    pgrep -P "$BACKGROUND" -f kv-replay-session
}

keeper_of_replay() {
    pgrep -P "$(session_of_replay)" -f kv-replay-session
}

@test "when the session, or what keeps the server, is killed, nothing is left, and the replay says so" {
    local victim
    for victim in session keeper; do
        start_replay --wait "$ESTI_DUMP"
        kill -KILL "$("${victim}_of_replay")"
        background_ends 2
        eventually grep -q "kv-replay: error: the throw-away server was lost" "$BACKGROUND_OUTPUT"
        eventually nothing_left
    done
}

@test "when all processes of the replay are killed at once, the server ends all the same" {
    start_replay --wait "$ESTI_DUMP"
    kill -KILL "$(keeper_of_replay)" "$(session_of_replay)" "$BACKGROUND"
    background_ends 137
    eventually no_process_left
    rm -rf -- "${REPLAY_TMPDIR:?}"/*
}

no_process_left() {
    [ -z "$(processes_left)" ]
}

@test "when the session is killed while a dump is restored, nothing is left" {
    sed 's/^-- PostgreSQL database dump complete$/SELECT pg_sleep(1000);\n&/' "$LEGACY/plain" >"$BATS_TEST_TMPDIR/slow"
    background "${REPLAY_IN_BACKGROUND[@]}" --wait "$BATS_TEST_TMPDIR/slow"
    eventually grep -q restoring "$BACKGROUND_OUTPUT"
    eventually server_runs 'SELECT$'
    kill -KILL "$(session_of_replay)"
    background_ends 2
    eventually nothing_left
}

@test "when the server is killed, a replay that waits ends with 2" {
    start_replay --wait "$ESTI_DUMP"
    kill -KILL "$(head -n 1 "$REPLAY_TMPDIR"/kv-replay.*/postgres/data/postmaster.pid)"
    background_ends 2
    assert_contains "$(<"$BACKGROUND_OUTPUT")" "kv-replay: error: the throw-away server was lost"
    eventually nothing_left
}

@test "it does not matter which descriptors are closed, whether HOME is set, or what a parent ignores" {
    succeeds env -u HOME -u TERM "${REPLAY[@]}" -q "$ESTI_DUMP" -- true
    "${REPLAY[@]}" -q "$ESTI_DUMP" -- true >&- <&-
    "${REPLAY[@]}" -q "$ESTI_DUMP" -- true >&- <&- 2>&-
    (
        trap '' CHLD PIPE
        "${REPLAY[@]}" -q "$ESTI_DUMP" -- true
    )
    # A dump by another descriptor: a pipe, a file.
    "${REPLAY[@]}" -q <(cat "$ESTI_DUMP") -- true
    "${REPLAY[@]}" -q /dev/fd/9 -- true 9<"$ESTI_DUMP"
    nothing_left
}
