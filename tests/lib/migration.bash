# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs the programs in tests, and checks the results: load it after lib/database.
#
# The programs are those in the checkout's bin/, or in the folder KV_BIN.

KV_BIN=${KV_BIN:-$TESTS_DIR/../bin}
KV_BIN=$(realpath -- "$KV_BIN")
PATH=$KV_BIN:$PATH

# Variables of the caller's shell would change what is tested.
unset -v "${!LAKEFS_@}"

# As quantity_seconds writes a duration, for =~.
# shellcheck disable=SC2034 # for the tests
SECONDS_TEXT='([0-9]\.[0-9][0-9] s|[0-9]\.[0-9] s|[0-9]+ s|[0-9]+ min [0-9][0-9] s|[0-9]+ h [0-9][0-9] min)'

# shellcheck disable=SC2034 # for the tests
BLOCKSTORE=$FIXTURES_DIR/esti/blockstore

bats_load_library bats-support
bats_load_library bats-assert

# Comparing -----------------------------------------------------------------------------------------------------------

# assert_sql EXPECTED STATEMENT: the statement returns that. A failing statement returns nothing, so its failure counts.
assert_sql() {
    local actual
    actual=$(sql "$2")
    assert_equal "$actual" "$1"
}

# assert_contains TEXT PART...: the text contains all parts. bats-assert only looks at the variable `output`.
assert_contains() {
    local output=$1 part
    shift
    for part; do
        assert_output --partial -- "$part" || return
    done
}

# refute_contains TEXT PART...: the text contains none of the parts.
refute_contains() {
    local output=$1 part
    shift
    for part; do
        refute_output --partial -- "$part" || return
    done
}

# assert_missing PATH...: these files do not exist.
assert_missing() {
    local path
    for path; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            echo "there is a file $path"
            return 1
        fi
    done
}

# fails CODE PROGRAM ARGUMENT...: the program ends with the code and gives the reason on standard error only, in one
# error message that begins with its name; a refusal (5) must have a hint. Sets output and stderr like bats' run.
fails() {
    local code=$1 program=${2##*/}
    shift
    run --separate-stderr "-$code" "$@"
    # shellcheck disable=SC2154 # run sets it and output
    printf 'standard error: %s\n' "$stderr"
    # shellcheck disable=SC2154
    assert_equal "$output" ""
    # A program that it has run may have written a message first.
    assert_equal "$(grep -ac "^$program: error: ." <<<"$stderr")" 1
    if [ "$code" -eq 5 ] && [[ $* != *--log-format* ]]; then
        grep -aq '^hint: .' <<<"$stderr"
    fi
}

# succeeds PROGRAM ARGUMENT...: the program ends with 0 and reports no error.
succeeds() {
    run --separate-stderr -0 "$@"
    printf 'standard error: %s\n' "$stderr"
    refute_contains "$stderr" "error:"
}

# without_values LINES: prints the differences that kv-import --verify has found without the values.
without_values() {
    sed -E 's/,"(dump|store)":.*/}/' <<<"$1"
}

# assert_json_lines PROGRAM...: each line on standard error is a JSON object with the members of a message, of one of
# the programs, with a valid level and a time with milliseconds.
assert_json_lines() {
    python3 -c '
import json, re, sys
lines = sys.stdin.buffer.read().decode().splitlines()
for line in lines:
    print(line)
    message = json.loads(line)
    assert message["program"] in sys.argv[1:], message
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["time"]), message
    assert message["level"] in ("error", "warning", "info", "debug"), message
    assert message["message"], message
    if message.get("event") == "progress":
        assert message["level"] == "info" and "rows" in message and message["phase"], message
assert lines' "$@" <<<"$stderr"
}

# phases: prints the phases of which standard error has the last JSON lines, each with which of how many it is.
phases() {
    grep -F '"done":true' <<<"$stderr" | python3 -c '
import json, sys
print(", ".join("{program} {phase} {phase_number}/{phases}".format(**json.loads(line)) for line in sys.stdin))'
}

# shown_size FILE: prints its size as all programs show it. The file has kilobytes.
shown_size() {
    wc -c <"$1" | python3 -c 'n = int(input()); print(f"{n / 1000:.1f} kB ({n:,} bytes)")'
}

# hex TEXT: prints its bytes in hexadecimal.
hex() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# Legacy databases ----------------------------------------------------------------------------------------------------

# make_template NAME [FIXTURE]: makes a legacy database at schema version 38, with the fixture's rows, as a template,
# and sets the variable NAME to its name. For setup_file: the tests make their databases by `fresh_database TEMPLATE
# "$NAME"`.
make_template() {
    fresh_database
    apply_migrations 21 38
    if [ $# -gt 1 ]; then
        load_fixture "$2"
    fi
    set_schema_version 38
    keep_database "$1"
}

# make_esti_template: makes the template ESTI, with the data of a lakeFS server after its own system tests.
make_esti_template() {
    make_template ESTI "$FIXTURES_DIR/esti/legacy.data.sql"
}

# make_esti_dump FILE: makes the template ESTI, and the file, its dump.
make_esti_dump() {
    make_esti_template
    kv-export -d "$ESTI" --blockstore-path="$BLOCKSTORE" --quiet -f "$1"
}

# make_small_template OBJECTS: makes the template SMALL: a user, and a repository with a branch and this many objects.
make_small_template() {
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -v objects="$1" -d "$SMALL" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'user');
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main');
INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1');
INSERT INTO graveler_staging_kv SELECT 'token', int4send(n), 'identity', 'data' FROM generate_series(1, :objects) AS n;
SQL
}

# keep_database NAME: makes a template from the database that fresh_database made last, see make_template.
keep_database() {
    printf -v "$1" %s "$PGDATABASE"
    export "${1?}"
    export TEMPLATES="$PGDATABASE ${TEMPLATES-}"
    unset DSN
    export PGDATABASE=postgres
}

# drop_template DATABASE: drops it; does nothing without a name.
drop_template() {
    if [ -n "${1-}" ]; then
        PGDATABASE=$1 DSN=yes drop_database
    fi
}

# drop_templates: drops all templates.
drop_templates() {
    local template
    for template in ${TEMPLATES-}; do
        drop_template "$template"
    done
}

# legacy_tables: prints the names of the legacy tables that the database has.
legacy_tables() {
    sql "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition AND relname ~ '^(auth|actions|gateway|graveler)_' ORDER BY relname"
}

# The number of tables that lakeFS has at schema version 38.
# shellcheck disable=SC2034 # for the tests
LEGACY_TABLE_COUNT=17

# allow_writes: lets the legacy tables that a migration has kept take writes again, behind kv-migrate's back.
allow_writes() {
    sql "SET client_min_messages = warning" "DROP FUNCTION kv_migrate_refuse_writes() CASCADE"
}

# legacy_digest: prints one line that is the same as long as no legacy row was touched, not even written again.
legacy_digest() {
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL' | sha256sum
SELECT format('SELECT %1$L, xmin, ctid, t FROM %1$I AS t ORDER BY ctid', relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ '^(kv|schema_migrations)'
ORDER BY relname \gexec
SQL
}

# forbid_drop: lets nobody drop auth_users, so that a cleanup fails. No check finds it in advance.
forbid_drop() {
    sql "CREATE FUNCTION forbid_drop() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN
            IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 'auth_users') THEN
                RAISE EXCEPTION 'a report needs auth_users';
            END IF; END \$\$" "CREATE EVENT TRIGGER forbid_drop ON sql_drop EXECUTE FUNCTION forbid_drop()"
}

# allow_drop: undoes forbid_drop.
allow_drop() {
    sql "DROP EVENT TRIGGER forbid_drop" "DROP FUNCTION forbid_drop()"
}

# whole_database: prints the rows of all tables and the catalogs' rows of all objects that are not the server's own, without
# statistics. pg_dump refuses servers that are newer than itself, and waits for locks.
whole_database() {
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
SELECT format('COPY (SELECT * FROM ONLY %1$s AS t ORDER BY t::text) TO STDOUT', oid::regclass) FROM pg_class
    WHERE relkind = 'r' AND oid >= 16384 AND relpersistence <> 't' ORDER BY oid \gexec
SELECT to_jsonb(c) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[] FROM pg_class AS c
    WHERE oid >= 16384 ORDER BY oid;
SELECT to_jsonb(a) FROM pg_attribute AS a WHERE attrelid >= 16384 ORDER BY attrelid, attnum;
SELECT format('SELECT to_jsonb(o) FROM %s AS o WHERE o.oid >= 16384 OR ''pg_namespace'' = %1$L ORDER BY o.oid', name)
    FROM unnest('{pg_attrdef,pg_constraint,pg_default_acl,pg_event_trigger,pg_namespace,pg_proc,pg_trigger,pg_type}'::text[])
    AS name \gexec
SELECT to_jsonb(d) FROM pg_description AS d WHERE objoid >= 16384 ORDER BY objoid, classoid, objsubid;
SQL
}

# The KV table --------------------------------------------------------------------------------------------------------

# assert_stamp VERSION KV_VERSION: schema_migrations is at that version and clean, the KV table at that version; - means
# no table or no row.
assert_stamp() {
    local schema_version=- kv_version=-
    if [ -n "$(sql "SELECT to_regclass('schema_migrations')")" ]; then
        schema_version=$(sql "SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations")
    fi
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        kv_version=$(sql "SELECT encode(value, 'escape') FROM kv
            WHERE partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version'")
    fi
    assert_equal "${schema_version:--} and ${kv_version:--}" "$1 and $2"
}

# assert_kv_as_expected: the KV table equals, entry by entry, the result of lakeFS's own migration of the esti fixture.
assert_kv_as_expected() {
    "$FIXTURES_DIR/tools/kvnorm.py" "$DSN" --schema-version >"$BATS_TEST_TMPDIR/kv.jsonl"
    diff -u "$FIXTURES_DIR/esti/expected.jsonl" "$BATS_TEST_TMPDIR/kv.jsonl"
}

# kv_digest [TABLE]: prints one line that is the same for the same entries.
kv_digest() {
    sql "SELECT count(*), md5(string_agg(md5(partition_key) || md5(key) || md5(value), '' ORDER BY partition_key, key))
        FROM ${1:-kv}"
}

# kv_state: like kv_digest, but also changes if a row is rewritten unchanged, or the table recreated.
kv_state() {
    sql "SELECT 'kv'::regclass::oid, count(*), md5(string_agg(md5(partition_key) || md5(key) || md5(value) || xmin, ''
        ORDER BY partition_key, key)) FROM kv"
}

# Dumps ---------------------------------------------------------------------------------------------------------------

# entries FILE: prints the dump's entries as lines of partition key, key and decoded value, see decode.py.
entries() {
    zstd -dcq -- "$1" | "$TESTS_DIR/lib/decode.py" entries
}

# assert_same_stream FILE1 FILE2: the decompressed dumps are equal.
assert_same_stream() {
    zstd -dcq -- "$1" >"$BATS_TEST_TMPDIR/stream1"
    zstd -dcq -- "$2" >"$BATS_TEST_TMPDIR/stream2"
    cmp "$BATS_TEST_TMPDIR/stream1" "$BATS_TEST_TMPDIR/stream2"
    rm "$BATS_TEST_TMPDIR/stream1" "$BATS_TEST_TMPDIR/stream2"
}

# assert_same_entries FILE1 FILE2 [PATTERN]: the dumps have the same entries, in any order; of the first one only
# entries that match the pattern count.
assert_same_entries() {
    entries "$1" >"$BATS_TEST_TMPDIR/entries1"
    entries "$2" >"$BATS_TEST_TMPDIR/entries2"
    grep -P "${3-.}" "$BATS_TEST_TMPDIR/entries1" | diff - "$BATS_TEST_TMPDIR/entries2"
    [ -s "$BATS_TEST_TMPDIR/entries2" ]
}

# manifest_member FILE EXPRESSION: prints a part of the manifest, such as "['stream']['sha256']".
manifest_member() {
    "$TESTS_DIR/lib/decode.py" manifest "$1" "$2"
}

# Sessions that get in the way ----------------------------------------------------------------------------------------

# hold STATEMENT: runs it in a transaction of another session, which stays open until release. Sets HOLDER_BACKEND to
# the process id of its backend.
hold() {
    local dir=$BATS_TEST_TMPDIR/holder
    mkdir "$dir"
    mkfifo "$dir/in"
    # Descriptor 3 belongs to bats, which waits until it is closed.
    psql -XAtq -v ON_ERROR_STOP=1 <"$dir/in" >"$dir/out" 2>"$dir/err" 3>&- &
    HOLDER=$!
    exec {HOLDER_INPUT}>"$dir/in"
    printf 'BEGIN;\n%s;\nSELECT %s;\n' "$1" "'backend=' || pg_backend_pid()" >&"$HOLDER_INPUT"
    eventually grep -q '^backend=' "$dir/out"
    # shellcheck disable=SC2034 # for the tests
    HOLDER_BACKEND=$(sed -n 's/^backend=//p' "$dir/out")
}

# release: rolls back the transaction of hold; harmless if there is none.
release() {
    if [ -n "${HOLDER-}" ]; then
        # Programs started meanwhile have inherited the pipe, so closing it is not enough. psql may have failed already,
        # which must not end the test silently.
        (
            trap '' PIPE
            printf 'ROLLBACK;\n\\q\n' 1>&"$HOLDER_INPUT" 2>/dev/null
        ) || true
        exec {HOLDER_INPUT}>&-
        wait "$HOLDER" || true
        unset HOLDER HOLDER_INPUT
        rm -rf "$BATS_TEST_TMPDIR/holder"
    fi
}

# background COMMAND...: starts it; its output goes to the file BACKGROUND_OUTPUT.
background() {
    BACKGROUND_OUTPUT=$BATS_TEST_TMPDIR/background.out
    # Descriptor 3 belongs to bats.
    "$@" >"$BACKGROUND_OUTPUT" 2>&1 3>&- &
    BACKGROUND=$!
}

# wait_for PROCESS OUTPUT CODE: waits for its end, with that exit code, and shows what it has written to the file.
wait_for() {
    local status=0
    wait "$1" || status=$?
    cat "$2"
    assert_equal "$status" "$3"
}

# background_ends CODE: waits for its end, with that exit code.
background_ends() {
    local process=$BACKGROUND
    unset -v BACKGROUND
    wait_for "$process" "$BACKGROUND_OUTPUT" "$1"
}

# stop_background: ends what a failing test has left running; harmless if there is nothing.
stop_background() {
    if [ -n "${BACKGROUND-}" ]; then
        kill -KILL "$BACKGROUND" 2>/dev/null || true
        wait "$BACKGROUND" 2>/dev/null || true
    fi
}

# also COMMAND...: starts a second command in the background; its output goes to the file OTHER_OUTPUT.
also() {
    OTHER_OUTPUT=$BATS_TEST_TMPDIR/other.out
    "$@" >"$OTHER_OUTPUT" 2>&1 3>&- &
    OTHER=$!
}

# also_ends CODE: waits for its end, with that exit code.
also_ends() {
    local process=$OTHER
    unset -v OTHER
    wait_for "$process" "$OTHER_OUTPUT" "$1"
}

# eventually COMMAND...: repeats the command until it succeeds; fails after 20 seconds.
eventually() {
    local end=$((SECONDS + 20))
    while ! "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -gt "$end" ]; then
            echo "it did not happen: $*"
            return 1
        fi
        sleep 0.05
    done
}

# someone_waits: whether a session in this database waits for a lock.
someone_waits() {
    [ "$(sql "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")" = t ]
}

# nobody_else: whether there is no other session in this database.
nobody_else() {
    [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")" = 0 ]
}

# lock_key SCHEMA DATABASE: prints the key of golang-migrate's advisory lock.
lock_key() {
    python3 -c '
import sys, zlib
name = "\0".join([sys.argv[1], "schema_migrations", "/" + sys.argv[2]])
print(zlib.crc32(name.encode()) * 1486364155 % 2**32)' "$1" "$2"
}

# nobody_waits: whether no session in this database waits for a lock.
nobody_waits() {
    ! someone_waits
}

# command_lines_with TEXT: prints the command lines on this machine that contain the text. Uses only the shell: tests
# call it repeatedly, and starting programs for each process would take too long.
command_lines_with() {
    local process words
    for process in /proc/[0-9]*; do
        # A process may end at any time.
        mapfile -d "" -t words <"$process/cmdline" || continue
        if [[ ${words[*]} == *"$1"* ]]; then
            printf '%s\n' "${words[*]}"
        fi
    done 2>/dev/null
}

# programs_left: prints the command lines that name this database, except the server's.
programs_left() {
    command_lines_with "$PGDATABASE" | grep -av '^postgres: ' || true
}
