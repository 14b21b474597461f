#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kv-replay: an untrusted dump cannot do harm.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is in single quotes is for another shell
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2317 # what is handed over by name is reached

# bats file_tags=long
bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/replay

# hostile_sql FILE: makes a dump of a legacy database that runs standard input before creating its tables.
hostile_sql() {
    sed '/^\\\(un\)\{0,1\}restrict /d' "$LEGACY/plain" >"$1"
    sed -i "/^SET row_security/r /dev/stdin" "$1"
}

# hostile_program FILE: the same with a script for the server's user, which needs no psql: SQL can run it.
hostile_program() {
    local script
    script=$(base64 -w0)
    hostile_sql "$1" <<SQL
CREATE TABLE public.said (line text);
DO \$\$BEGIN EXECUTE 'COPY public.said FROM PROGRAM \$sh\$echo $script | base64 -d | sh\$sh\$'; END\$\$;
SQL
}

@test "psql commands in a dump are refused, with their line, and not run" {
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

@test "a hostile dump, replayed by root, has only the rights of the server's user" {
    local root_only=$BATS_TEST_TMPDIR/root-only user
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root"
    fi
    user=$(stat -c %U "$PGHOST")
    mkdir -m 700 "$root_only"
    touch "$root_only/kept"
    # It creates links and programs wherever it can: in the server's folder, above it, and under all names that exist or
    # existed. It leaves a folder that cannot be entered, and a process that continues doing so.
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
    # It has run, as that user.
    assert_equal "${lines[0]}" "$user"
    assert_contains "$output" "link: log" "link: data/postmaster.pid"
    refute_contains "$output" "link: ../" moved
    # Nothing of root's is written, removed or run.
    assert_equal "$(ls -A "$root_only")" kept
    nothing_left
}

@test "root's environment is hidden from what a dump runs" {
    if [ "$(id -u)" -ne 0 ]; then
        skip "this needs root"
    fi
    hostile_program "$BATS_TEST_TMPDIR/hostile" <<<'env'
    AWS_SECRET_ACCESS_KEY=verysecret succeeds "${REPLAY[@]}" "$BATS_TEST_TMPDIR/hostile" -- psql -XAtc 'SELECT line FROM said'
    assert_contains "$output" PATH=
    refute_contains "$output" verysecret
}

@test "names in a dump cannot do anything: of a database, of a schema, of its file" {
    needs_pg_dump
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
    # Output cannot move the cursor.
    seq 10 >"$dump"
    no_replay 4 "$dump"
    refute_contains "$stderr" $'\e'
    assert_contains "$stderr" '\x1b[31m'
}

# json_lines: sets stderr to its objects, one per line, formatted by json.dumps.
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
    run --separate-stderr -0 "${REPLAY[@]}" --log-format json -v "$ESTI_DUMP" -- true
    json_lines
    assert_contains "$stderr" '"program": "kv-replay"' "connection string"
    run --separate-stderr -1 "${REPLAY[@]}" --log-format=json --unknown
    json_lines
    run --separate-stderr -1 env TMPDIR="$BATS_TEST_TMPDIR/missing" kv-replay --log-format=json "$ESTI_DUMP" -- true
    json_lines
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing" TMPDIR '"hint"'
    assert_equal "$(wc -l <<<"$stderr")" 1
    fails 1 kv-replay --log-format=xml "$ESTI_DUMP" -- true
    assert_contains "$stderr" '"xml"' json
}

@test "an unsuitable temporary folder is refused, naming TMPDIR" {
    local folder=$REPLAY_TMPDIR/folder
    run --separate-stderr -1 env TMPDIR="$REPLAY_TMPDIR/missing" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "kv-replay: error: " "$REPLAY_TMPDIR/missing" "hint: " TMPDIR
    assert_equal "$(wc -l <<<"$stderr")" 2
    mkdir -p "$folder/$(printf '%070d' 0)"
    run --separate-stderr -1 env TMPDIR="$folder/$(printf '%070d' 0)" kv-replay "$ESTI_DUMP" -- true
    assert_contains "$stderr" "too long" "hint: " TMPDIR
    if [ "$(id -u)" -eq 0 ]; then
        # Another user could replace the folder.
        chmod 777 "$folder"
        run --separate-stderr -1 env TMPDIR="$folder" kv-replay "$ESTI_DUMP" -- true
        assert_contains "$stderr" "not safe" "$folder" "hint: " TMPDIR
        chmod 1777 "$folder"
        run --separate-stderr -0 env TMPDIR="$folder" kv-replay -q "$ESTI_DUMP" -- true
        # The server's user cannot enter it.
        chmod 700 "$folder"
        run --separate-stderr -1 env TMPDIR="$folder" kv-replay "$ESTI_DUMP" -- true
        assert_contains "$stderr" "cannot reach" "hint: " TMPDIR
    fi
    assert_equal "$(find "$folder" -mindepth 1 -name 'kv-replay*')" ""
    rm -r "$folder"
}
