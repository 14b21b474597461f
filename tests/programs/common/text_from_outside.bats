#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Text from outside (a server's messages, a dump's header, names, row keys), whatever it holds, cannot reach a terminal
# as a control character, reverse the reading direction, or look like a line of ours.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export DUMP="$BATS_FILE_TMPDIR/esti.dump"
    make_esti_dump "$DUMP"
}

setup() {
    unset PG_COLOR PG_COLORS
}

teardown() {
    clean_up
    if [ -n "${NASTY_DATABASE-}" ]; then
        psql -Xq -d postgres -v name="$NASTY_DATABASE" <<<'DROP DATABASE IF EXISTS :"name"'
    fi
    if [ -n "${NASTY_ROLE-}" ]; then
        psql -Xq -d postgres -v name="$NASTY_ROLE" <<<'DROP ROLE IF EXISTS :"name"'
    fi
}

# Clears the screen, sets the title, colours by C1, deletes, reverses, ends a line, returns to its start; and how it is
# shown.
NASTY=$'\e[2J\e]0;title\a\u009b31m\x7f\u202egnp\u2066\nkv-import: error: forged\rforged\tnaïve'
SHOWN='\x1b[2J\x1b]0;title\x07\u009b31m\x7f\u202egnp\u2066\nkv-import: error: forged\rforged\tnaïve'
# The same within the limits of a name.
NASTY_NAME=$'n\e[2J\u009b\x7f\u202e\nhint: x\u00ef'
SHOWN_NAME='n\x1b[2J\u009b\x7f\u202e\nhint: xï'

# assert_clean FILE...: only lines of printable UTF-8 without directional marks.
assert_clean() {
    python3 -c '
import re, sys
for name in sys.argv[1:]:
    text = open(name, "rb").read().decode()
    found = re.findall("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
    assert not found, (name, found, text)' "$@"
}

# clean CODE COMMAND...: ends with the code, and its output is clean. Sets output and stderr.
clean() {
    local code=$1
    shift
    run --separate-stderr "-$code" "$@"
    printf '%s' "$output" >"$BATS_TEST_TMPDIR/stdout"
    printf '%s' "$stderr" >"$BATS_TEST_TMPDIR/stderr"
    cat -v "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr"
    assert_clean "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr"
}

# forge EXPRESSION: writes forged.dump, made from the dump; `nasty` is the nasty text.
forge() {
    FORGED=$BATS_TEST_TMPDIR/forged.dump
    NASTY=$NASTY python3 "$TESTS_DIR/lib/forge.py" "$DUMP" "(lambda nasty: $1)(os.environ['NASTY'])" >"$FORGED"
}

# nasty_database: a legacy database with a nasty name, schema and role.
nasty_database() {
    NASTY_DATABASE=db_${BATS_TEST_NUMBER}_$NASTY_NAME NASTY_ROLE=role_${BATS_TEST_NUMBER}_$NASTY_NAME
    psql -Xq -d postgres -v ON_ERROR_STOP=1 -v name="$NASTY_DATABASE" -v role="$NASTY_ROLE" -v template="$ESTI" <<'SQL'
CREATE ROLE :"role" SUPERUSER LOGIN;
CREATE DATABASE :"name" TEMPLATE :"template";
SQL
    PGDATABASE=$NASTY_DATABASE psql -Xq -v ON_ERROR_STOP=1 -v schema="schema_$NASTY_NAME" \
        <<<'ALTER SCHEMA public RENAME TO :"schema";'
}

# The dump -------------------------------------------------------------------------------------------------------------

@test "--list: a dump's texts stay within their lines" {
    local lines_before
    lines_before=$(kv-import --list "$DUMP" | wc -l)
    forge "sealed([altered(0, source__database=nasty, source__schema=nasty)] + frames[1:])"
    clean 0 kv-import --list "$FORGED"
    assert_equal "$(kv-import --list "$FORGED" | wc -l)" "$lines_before"
    assert_contains "$output" "database \"$SHOWN\", schema \"$SHOWN\""
}

@test "--list: texts that no user chooses cannot hold anything else" {
    local member
    for member in source__server_version source__snapshot source__system_identifier program program_version created; do
        forge "sealed([altered(0, $member=nasty)] + frames[1:])"
        clean 4 kv-import --list "$FORGED"
        assert_contains "$stderr" "\"${member#source__}\""
        assert_equal "$output" ""
    done
}

@test "--list: the same for tables of a manifest, its reasons, and exclusions" {
    forge "sealed([altered(0, omitted=[nasty])] + frames[1:])"
    clean 4 kv-import --list "$FORGED"
    assert_contains "$stderr" omitted
    forge "sealed(frames[:-1] + [altered(len(frames) - 1, packages__0__left_out=[{'table': nasty, 'reason': 'r', 'rows': 7}])])"
    clean 0 kv-import --list "$FORGED"
    assert_contains "$output" "left out: 7 rows of $SHOWN (package actions): r"
    forge "sealed(frames[:-1] + [altered(len(frames) - 1, packages__0__left_out=[{'table': 'actions_runs', 'reason': nasty, 'rows': 7}])])"
    clean 4 kv-import --list "$FORGED"
    assert_contains "$stderr" reason
}

@test "--list --format json: the same texts, escaped" {
    forge "sealed([altered(0, source__database=nasty)] + frames[1:])"
    clean 0 kv-import --list --format json "$FORGED"
    assert_equal "${#lines[@]}" 1
    NASTY=$NASTY python3 -c '
import json, os, sys
header = json.load(sys.stdin)["header"]
assert header["source"]["database"] == os.environ["NASTY"], header' <<<"$output"
}

@test "a message about a dump's text" {
    forge "sealed([altered(0, version=nasty[:20])] + frames[1:])"
    clean 4 kv-import --list "$FORGED"
    assert_contains "$stderr" 'unknown format version "\x1b[2J\x1b]0;title\x07\u009b31m\x7f'
}

# Row keys -------------------------------------------------------------------------------------------------------------

# nasty_store: a KV store with one nasty key, and its dump FORGED.
nasty_store() {
    fresh_database TEMPLATE "$ESTI"
    # The name of a tag becomes a key, a partition's name and a value.
    psql -Xq -v ON_ERROR_STOP=1 -v name="$NASTY" \
        <<<"INSERT INTO graveler_tags SELECT repository_id, :'name', commit_id FROM graveler_tags LIMIT 1"
    FORGED=$BATS_TEST_TMPDIR/nasty.dump
    kv-export -q -d "$DSN" --no-settings -f "$FORGED"
    kv-import -q -d "$DSN" "$FORGED"
}

@test "--print: keys and values are escaped in JSON, and the same texts" {
    nasty_store
    # Without C0 and DEL it is text; those are escaped as PostgreSQL escapes bytes.
    psql -Xq -v ON_ERROR_STOP=1 -v name=$'a\u009b31m\u202eb\u2066\u2028\nnaïve' <<<"UPDATE kv SET key = convert_to('tags/' || :'name', 'UTF8')
        WHERE key = (SELECT key FROM kv WHERE key LIKE 'tags/%' ORDER BY key DESC LIMIT 1)"
    kv-export -q -d "$DSN" --source kv -f "$BATS_TEST_TMPDIR/kv.dump"
    kv-import --print --prefix tags/ "$BATS_TEST_TMPDIR/kv.dump" >"$BATS_TEST_TMPDIR/lines"
    assert_clean "$BATS_TEST_TMPDIR/lines"
    grep -F '"key":"tags/a\u009b31m\u202eb\u2066\u2028\nnaïve"' "$BATS_TEST_TMPDIR/lines"
    NASTY=$NASTY python3 -c '
import json, os, re, sys
keys = [json.loads(line)["key"] for line in sys.stdin]
nasty = "tags/" + os.environ["NASTY"].replace("\\", "\\" * 2)
assert re.sub("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", lambda match: "\\%03o" % ord(match[0]), nasty) in keys, keys
assert "tags/a\u009b31m\u202eb\u2066\u2028\nna\u00efve" in keys, keys' <"$BATS_TEST_TMPDIR/lines"
}

@test "--verify: the keys of differences" {
    nasty_store
    psql -Xq -v ON_ERROR_STOP=1 -v name=$'a\u009b31m\u202eb' <<<"INSERT INTO kv SELECT convert_to(:'name', 'UTF8'), convert_to(:'name', 'UTF8'), ''"
    clean 3 kv-import --verify -d "$DSN" "$FORGED"
    assert_contains "$output" '{"difference":"extra","partition":"a\u009b31m\u202eb","key":"a\u009b31m\u202eb","store":""}'
}

@test "a row that is refused or left out is named on one line" {
    fresh_database TEMPLATE "$ESTI"
    psql -Xq -v ON_ERROR_STOP=1 -v name="$NASTY" \
        <<<"INSERT INTO graveler_tags VALUES (:'name', :'name', 'c')"
    clean 0 kv-export -v -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "$SHOWN"
    refute_contains "$(grep -v '^kv-export: ' <<<"$stderr")" forged
    clean 0 kv-export -v --log-format json -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/b.dump"
    assert_json_lines kv-export
    clean 3 kv-export --strict -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/c.dump"
    assert_equal "$(grep -c error <<<"$stderr")" 1
}

@test "a key that is not UTF-8" {
    fresh_database TEMPLATE template0 ENCODING SQL_ASCII LC_COLLATE "'C'" LC_CTYPE "'C'"
    apply_migrations 21 38
    set_schema_version 38
    psql -Xq -v ON_ERROR_STOP=1 <<<"INSERT INTO graveler_repositories VALUES (E'r\\xff\\x9b31m\\x1b', 's3://r', now(), 'main')"
    clean 3 kv-export -d "$DSN" --no-settings -f "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" 'r\xff\x9b31m\x1b'
}

@test "names with a NUL are shown to their end" {
    local dump=$BATS_TEST_TMPDIR/nul.dump
    fresh_database
    kv-import -q -d "$DSN" "$DUMP"
    # Repository re, NUL, po; user us, NUL, er.
    sql "DELETE FROM kv WHERE partition_key = 'graveler'" \
        "INSERT INTO kv VALUES ('graveler', '\\x7265706f732f726500706f', ''), ('auth', '\\x75736572732f7573006572', '\\x1203657665')"
    kv-export -q -d "$DSN" --source kv -f "$dump"
    clean 1 kv-import -d "$DSN" --repository=missing "$dump"
    assert_contains "$stderr" 'has no repository "missing"' '"re\x00po"'
    clean 3 kv-import --diff="$DUMP" "$dump"
    assert_contains "$output" 'repository "re\x00po" created' 'user "us\x00er" added'
    # An entry of no known kind.
    sql "DELETE FROM kv WHERE partition_key IN ('graveler', 'auth')" "INSERT INTO kv VALUES ('\\x61006b', '\\x6b006c', 'value')"
    clean 3 kv-export -d "$DSN" --source kv --redact -f "$BATS_TEST_TMPDIR/redacted.dump"
    assert_contains "$stderr" 'Partition "a\x00k", key "k\x00l".' "its package, other, by naming the others:"
}

# The server -----------------------------------------------------------------------------------------------------------

@test "names of databases, schemas and roles" {
    nasty_database
    local -x PGDATABASE=$NASTY_DATABASE PGUSER=$NASTY_ROLE
    clean 0 kv-export -vv --no-settings --schema "schema_$NASTY_NAME" -f "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$stderr" "schema_$SHOWN_NAME"
    # Each line is one of ours.
    assert_equal "$(grep -v '^kv-export: ' <<<"$stderr")" ""
    clean 0 kv-import --list "$BATS_TEST_TMPDIR/a.dump"
    assert_contains "$output" "_$SHOWN_NAME\", schema \"schema_$SHOWN_NAME\""
    clean 0 kv-import -vv --schema "schema_$NASTY_NAME" "$BATS_TEST_TMPDIR/a.dump"
    assert_equal "$(grep -v '^kv-import: ' <<<"$stderr")" ""
    clean 1 kv-export --schema "$NASTY_NAME" --no-settings -f "$BATS_TEST_TMPDIR/b.dump"
    assert_contains "$stderr" "$SHOWN_NAME"
    PGDATABASE=$NASTY_NAME clean 2 kv-export --no-settings -f "$BATS_TEST_TMPDIR/b.dump"
    assert_contains "$stderr" "detail: " '\x1b[2J\u009b\x7f\u202e'
    refute_contains "$(grep '^hint: x' <<<"$stderr")" "hint: x"
}

@test "--check-target: the table's name, as text and as JSON" {
    fresh_database TEMPLATE "$ESTI"
    clean 0 kv-import --check-target -d "$DSN" --table "$NASTY_NAME"
    assert_equal "$output" "table \"$SHOWN_NAME\": no KV store"
    clean 0 kv-import --check-target --format json -d "$DSN" --table "$NASTY_NAME"
    assert_equal "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["table"])' <<<"$output")" "$NASTY_NAME"
}

# speaking_trigger LEVEL: the server sends a message of this level, with a detail and a hint, for each DDL statement.
speaking_trigger() {
    psql -Xq -v ON_ERROR_STOP=1 -v text="$NASTY" -v level="$1" <<'SQL'
SELECT format('CREATE FUNCTION speak() RETURNS event_trigger LANGUAGE plpgsql AS %L',
    format('BEGIN RAISE %s USING message = %L, detail = %L, hint = %L; END',
        :'level', :'text', :'text', :'text')) \gexec
CREATE EVENT TRIGGER speak ON ddl_command_start WHEN tag IN ('CREATE TABLE') EXECUTE PROCEDURE speak();
SQL
}

@test "a server's warnings" {
    fresh_database
    speaking_trigger WARNING
    clean 0 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "kv-import: warning: the server says: $SHOWN"
    assert_equal "$(grep -v '^kv-import: ' <<<"$stderr")" ""
}

@test "a server's warnings while a connection starts" {
    fresh_database TEMPLATE "$ESTI"
    sql "ALTER DATABASE $(psql -XAtq -c "SELECT current_database()") SET default_tablespace = '$NASTY_NAME'" 2>&1
    clean 0 kv-migrate status -q -d "$DSN"
    assert_contains "$stderr" "kv-migrate: warning: the server says: " "$SHOWN_NAME"
    assert_equal "$(grep -v '^kv-migrate: warning: ' <<<"$stderr")" ""
    clean 0 kv-export --log-format json --no-settings -d "$DSN" -f "$BATS_TEST_TMPDIR/kv.dump"
    python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <<<"$stderr"
}

@test "a server's error: further lines of detail and hint are indented" {
    fresh_database
    speaking_trigger EXCEPTION
    clean 3 kv-import -d "$DSN" "$DUMP"
    assert_equal "$stderr" "kv-import: error: a statement failed: $SHOWN
detail: ${SHOWN%%\\nkv*}
    ${SHOWN#*\\n}
    Context: PL/pgSQL function public.speak() line 1 at RAISE
hint: ${SHOWN%%\\nkv*}
    ${SHOWN#*\\n}"
    clean 3 kv-import --log-format json -d "$DSN" "$DUMP"
    assert_json_lines kv-import
    NASTY=$NASTY python3 -c '
import json, os, sys
message = [m for m in map(json.loads, sys.stdin) if m["level"] == "error"][0]
assert message["detail"].startswith(os.environ["NASTY"] + "\nContext: ")
assert message["hint"] == os.environ["NASTY"] and message["message"].endswith(os.environ["NASTY"]), message' <<<"$stderr"
}

@test "the user's own input is shown the same way" {
    clean 1 kv-import "--$NASTY"
    clean 4 kv-import --list /dev/null
    clean 1 kv-import --list "/nonexistent/$NASTY"
    assert_contains "$stderr" "$SHOWN"
    clean 1 kv-export --no-settings -d "$ESTI" -f "/nonexistent/$NASTY"
    assert_contains "$stderr" "$SHOWN"
}
