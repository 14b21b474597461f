#!/usr/bin/env bats
# What kv-import refuses, what it replaces, and what a failure leaves: it never touches what is not its own, and stamps
# nothing that is not whole.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'user');
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main');
INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1');
-- Enough for three chunks, and hard to compress.
INSERT INTO graveler_staging_kv SELECT 'token', int4send(n), 'identity', decode(string_agg(md5(n || '.' || m), ''), 'hex')
    FROM generate_series(1, 1000) AS n, generate_series(1, 600) AS m GROUP BY n;
SQL
    export DUMP="$BATS_FILE_TMPDIR/small.dump"
    kv-export -d "$SMALL" --no-settings --quiet -f "$DUMP"
    # The database need not be as large as the dump.
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" -c "DELETE FROM graveler_staging_kv WHERE key > int4send(10)" \
        -c "VACUUM FULL graveler_staging_kv"
}

legacy_database() {
    fresh_database TEMPLATE "$SMALL"
}

# A KV table in lakeFS's shape, without rows.
create_kv() {
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
            PRIMARY KEY (partition_key, key)) PARTITION BY HASH (partition_key)" \
        "CREATE TABLE kv_0 PARTITION OF kv FOR VALUES WITH (MODULUS 2, REMAINDER 0)" \
        "CREATE TABLE kv_1 PARTITION OF kv FOR VALUES WITH (MODULUS 2, REMAINDER 1)" \
        "CREATE VIEW kv_v AS SELECT encode(partition_key, 'escape') AS partition_key, encode(key, 'escape') AS key, value FROM kv"
}

# set_kv_version TEXT
set_kv_version() {
    sql "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '$1')"
}

# assert_loaded: the dump is there, and stamped.
assert_loaded() {
    assert_stamp 39 1
    assert_sql "1004|100" "SELECT count(*), (SELECT count(*) FROM pg_inherits WHERE inhparent = 'kv'::regclass) FROM kv"
}

# everything: a line for each relation, and the rows of tables; the same as long as nobody touched the database.
everything() {
    sql "SELECT oid, relname, relkind, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid" \
        "SELECT * FROM schema_migrations"
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL' | sha256sum
SELECT format('SELECT %1$L, xmin, t FROM %1$I AS t ORDER BY ctid', relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SQL
}

# check_refused [PART...]: the import ends with 5, says the parts, and changes nothing.
check_refused() {
    local before
    before=$(everything)
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "$@"
    assert_equal "$before" "$(everything)"
}

# What is in the way --------------------------------------------------------------------------------------------------

@test "a table kv with rows and without a version is not touched" {
    legacy_database
    create_kv
    sql "INSERT INTO kv VALUES ('a', 'b', 'c')"
    check_refused '"kv"' "hint: "
    # Not even where it is asked to replace a KV store: this is none.
    fails 5 kv-import -d "$DSN" --clean "$DUMP"
    assert_sql "a" "SELECT encode(partition_key, 'escape') FROM kv"
}

@test "a table kv of another shape is not touched, be it empty" {
    local columns
    legacy_database
    for columns in "key text, value text" "partition_key bytea, key bytea" "partition_key bytea, key bytea, value text" \
        "partition_key bytea, key bytea, value bytea, expires timestamptz"; do
        sql "CREATE TABLE kv ($columns)"
        check_refused '"kv"'
        fails 5 kv-import -d "$DSN" --clean "$DUMP"
        sql "DROP TABLE kv"
    done
}

# check_relations: reads the kind, the name and the rest of relations; each one alone makes the import refuse.
check_relations() {
    local kind name rest
    legacy_database
    while IFS='|' read -r kind name rest; do
        sql "CREATE $kind $name $rest"
        check_refused "\"$name\""
        # A pipe is no less careful.
        fails 5 kv-import -d "$DSN" < <(cat "$DUMP")
        sql "DROP $kind $name"
    done
}

@test "a view, sequence or other relation named kv is not touched" {
    check_relations <<'RELATIONS'
VIEW|kv|AS SELECT ''::bytea AS partition_key, ''::bytea AS key, ''::bytea AS value
MATERIALIZED VIEW|kv|AS SELECT ''::bytea AS partition_key, ''::bytea AS key, ''::bytea AS value
SEQUENCE|kv|
RELATIONS
}

@test "foreign relations named kv_v and kv_7 are not touched" {
    check_relations <<'RELATIONS'
TABLE|kv_v|(a int)
VIEW|kv_v|AS SELECT display_name FROM auth_users
TABLE|kv_7|(a int)
SEQUENCE|kv_99|
RELATIONS
}

@test "relations that only look similar are no obstacle" {
    legacy_database
    sql "CREATE TABLE kv_backup (a int)" "CREATE TABLE kv7 (a int)" "CREATE TABLE \"KV\" (a int)" "CREATE TABLE kv_1a (a int)"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
    assert_sql 'kv_backup|kv7|"KV"|kv_1a' "SELECT to_regclass('kv_backup'), to_regclass('kv7'), to_regclass('\"KV\"'), to_regclass('kv_1a')"
}

@test "a version that is no number is not touched" {
    local version
    legacy_database
    create_kv
    set_kv_version ""
    for version in "" x 1.0 -1 "1 " 99999999999999999999; do
        sql "UPDATE kv SET value = '$version'"
        check_refused '"kv"'
    done
}

@test "a view that somebody made on a table of a failed run keeps it from being dropped" {
    legacy_database
    create_kv
    set_kv_version 0
    sql "CREATE VIEW report AS SELECT * FROM kv"
    run --separate-stderr ! kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "kv-import: error: "
    assert_stamp 38 0
    assert_sql report "SELECT to_regclass('report')"
}

# What is replaced ----------------------------------------------------------------------------------------------------

@test "what a failed run left, version 0, is replaced" {
    legacy_database
    create_kv
    set_kv_version 0
    sql "INSERT INTO kv VALUES ('auth', 'users/half', 'x'), ('other', 'key', 'y')"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'other'"
}

@test "an empty table kv is replaced" {
    legacy_database
    create_kv
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_loaded
}

@test "a stamped KV store is left as it is, and that is no failure" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    sql "INSERT INTO kv VALUES ('later', 'key', 'value')"
    before=$(everything)
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "nothing to do"
    assert_equal "$before" "$(everything)"
    # lakeFS has brought it further meanwhile.
    sql "UPDATE kv SET value = '4' WHERE key = 'kv/schema/version'"
    before=$(everything)
    succeeds kv-import -d "$DSN" < <(cat "$DUMP")
    assert_equal "$before" "$(everything)"
}

@test "--clean replaces a stamped KV store" {
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    sql "INSERT INTO kv VALUES ('later', 'key', 'value')"
    succeeds kv-import -d "$DSN" --clean "$DUMP"
    assert_loaded
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'later'"
}

@test "--clean with a dump that is cut takes nothing away" {
    local before
    legacy_database
    kv-import -d "$DSN" --quiet "$DUMP"
    before=$(everything)
    head -c 1000000 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" --clean "$BATS_TEST_TMPDIR/cut.dump"
    assert_equal "$before" "$(everything)"
}

@test "another table name and number of partitions are possible" {
    legacy_database
    sql "CREATE TABLE kv (mine text)"
    succeeds kv-import -d "$DSN" --table="Odd \"Name" --partitions=3 "$DUMP"
    assert_sql "1004|3" "SELECT count(*), (SELECT count(*) FROM pg_inherits WHERE inhparent = '\"Odd \"\"Name\"'::regclass) FROM \"Odd \"\"Name\""
    assert_sql "1004" "SELECT count(*) FROM \"Odd \"\"Name_v\""
    assert_sql mine "SELECT attname FROM pg_attribute WHERE attrelid = 'kv'::regclass AND attnum = 1"
}

@test "what the server warns of is passed on" {
    legacy_database
    sql "CREATE FUNCTION warn() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''mind the gap''; END'" \
        "CREATE EVENT TRIGGER warn ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE PROCEDURE warn()"
    succeeds kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "kv-import: warning: the server says: mind the gap"
    assert_loaded
}

# The legacy database -------------------------------------------------------------------------------------------------

@test "a database at another schema version is refused" {
    local version
    legacy_database
    for version in 30 37 40; do
        sql "UPDATE schema_migrations SET version = $version"
        check_refused $version "hint: "
    done
}

@test "a dirty database is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET dirty = true"
    check_refused dirty
}

@test "a schema_migrations without a row, or with two, is refused" {
    legacy_database
    sql "DELETE FROM schema_migrations"
    check_refused schema_migrations
    sql "INSERT INTO schema_migrations VALUES (38, false), (39, false)"
    check_refused schema_migrations
}

@test "a stamped KV store in a database that was not migrated is refused" {
    legacy_database
    create_kv
    set_kv_version 1
    check_refused 38
}

@test "--check-target refuses what a load would, and changes nothing" {
    local before
    legacy_database
    before=$(everything)
    succeeds kv-import -d "$DSN" --check-target
    assert_equal 'table "kv": no KV store' "$output"
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --check-target --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    succeeds kv-import -d "$DSN" --check-target --lock-held-by="$HOLDER_BACKEND" --lock-wait-timeout=300ms
    release
    # It took none that it has kept.
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    assert_equal "$before" "$(everything)"
    sql "UPDATE schema_migrations SET dirty = true"
    fails 5 kv-import -d "$DSN" --check-target
    sql "UPDATE schema_migrations SET dirty = false" "CREATE VIEW kv_7 AS SELECT 1 AS a"
    fails 5 kv-import -d "$DSN" --check-target
    assert_contains "$stderr" kv_7
}

@test "--check-target of a database that is not migrated refuses a store that is stamped" {
    legacy_database
    create_kv
    set_kv_version 1
    succeeds kv-import -d "$DSN" --check-target
    assert_equal 'table "kv": KV store at version 1' "$output"
    fails 5 kv-import -d "$DSN" --check-target --not-migrated
    assert_contains "$stderr" 'table "kv" is stamped'
    succeeds kv-import -d "$DSN" --check-target --not-migrated --clean
    fails 1 kv-import -d "$DSN" --not-migrated "$DUMP"
    # A role that may only read can ask.
    sql "CREATE ROLE ${PGDATABASE}_r LOGIN" "GRANT SELECT ON kv, schema_migrations TO ${PGDATABASE}_r"
    run --separate-stderr -0 kv-import -d "$DSN user=${PGDATABASE}_r" --check-target
    sql "DROP OWNED BY ${PGDATABASE}_r" "DROP ROLE ${PGDATABASE}_r"
    assert_equal 'table "kv": KV store at version 1' "$output"
}

@test "legacy tables never change" {
    local before
    legacy_database
    before=$(legacy_digest)
    kv-import -d "$DSN" --quiet "$DUMP"
    kv-import -d "$DSN" --quiet --clean "$DUMP"
    assert_equal "$before" "$(legacy_digest)"
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
}

@test "a schema version that changes during the load is noticed, and nothing is stamped" {
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp 38 0
    sql "UPDATE schema_migrations SET version = 37"
    tail -c +5000001 "$DUMP" >&"$input"
    exec {input}>&-
    background_ends 5
    assert_stamp 37 0
}

# Broken dumps --------------------------------------------------------------------------------------------------------

# at FRACTION: prints that part, in percent, of the dump's size.
at() {
    echo $(($(stat -c %s "$DUMP") * $1 / 100))
}

# flip OFFSET FILE: copies the dump and inverts a byte of the copy.
flip() {
    cp "$DUMP" "$2"
    python3 - "$1" "$2" <<'PYTHON'
import sys
with open(sys.argv[2], "r+b") as file:
    file.seek(int(sys.argv[1]))
    byte = file.read(1)
    file.seek(int(sys.argv[1]))
    file.write(bytes([byte[0] ^ 0xff]))
PYTHON
}

@test "a dump file that was cut is refused before the database is touched" {
    local before percent
    legacy_database
    before=$(everything)
    for percent in 0 1 50 99; do
        head -c "$(($(at $percent) + 1))" "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
        fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
        assert_contains "$stderr" "$BATS_TEST_TMPDIR/cut.dump" offset
        assert_equal "$before" "$(everything)"
    done
    head -c -1 "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
    assert_equal "$before" "$(everything)"
}

@test "a dump that is cut off in a pipe is not stamped" {
    local before percent
    legacy_database
    before=$(legacy_digest)
    for percent in 10 50 99; do
        fails 4 kv-import -d "$DSN" < <(head -c "$(at $percent)" "$DUMP")
        assert_contains "$stderr" offset
        assert_sql "38|f" "SELECT * FROM schema_migrations"
        assert_stamp 38 0
    done
    # The last byte counts.
    fails 4 kv-import -d "$DSN" < <(head -c -1 "$DUMP")
    assert_stamp 38 0
    assert_equal "$before" "$(legacy_digest)"
    # The next load starts from scratch.
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "a dump of which the manifest is cut off, at the end of a frame, is not stamped" {
    local offset
    legacy_database
    offset=$("$TESTS_DIR/lib/decode.py" frames "$DUMP" | tail -n 1 | cut -d ' ' -f 1)
    head -c "$offset" "$DUMP" >"$BATS_TEST_TMPDIR/cut.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/cut.dump"
    assert_stamp 38 -
    fails 4 kv-import -d "$DSN" < <(head -c "$offset" "$DUMP")
    assert_stamp 38 0
}

@test "a flipped byte in a chunk is found, the dump not stamped" {
    local offset size decompressed
    legacy_database
    # The second data frame that holds entries, in its middle.
    read -r offset size decompressed < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | awk '$3 > 1000000' | sed -n 2p)
    [ "$decompressed" -gt 0 ]
    flip $((offset + size / 2)) "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/flipped.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/flipped.dump" offset
    assert_stamp 38 0
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
    assert_contains "$stderr" "offset $offset"
}

@test "a flipped byte is found in every frame, whichever it is" {
    local offset size _ found=0
    while read -r offset size _; do
        # The last byte, a checksum's, and one of the first, a header's.
        flip $((offset + size - 1)) "$BATS_TEST_TMPDIR/flipped.dump"
        fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
        flip $((offset + 5)) "$BATS_TEST_TMPDIR/flipped.dump"
        fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
        found=$((found + 1))
    done < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | sed -n '1,4p;$p')
    assert_equal 5 "$found"
    # And in the seek table.
    flip $(($(stat -c %s "$DUMP") - 20)) "$BATS_TEST_TMPDIR/flipped.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/flipped.dump"
}

@test "frames of two dumps do not make one, nor one twice" {
    local offset size _
    cat "$DUMP" "$DUMP" >"$BATS_TEST_TMPDIR/twice.dump"
    fails 4 kv-import --check "$BATS_TEST_TMPDIR/twice.dump"
    fails 4 kv-import --check < <(cat "$BATS_TEST_TMPDIR/twice.dump")
    # A chunk and its announcement less: every frame that is left is whole.
    read -r offset size _ < <("$TESTS_DIR/lib/decode.py" frames "$DUMP" | awk '$3 > 1000000 { print from, $1 + $2 - from, 0 } { from = $1 }' | sed -n 1p)
    { head -c "$offset" "$DUMP" && tail -c "+$((offset + size + 1))" "$DUMP"; } >"$BATS_TEST_TMPDIR/less.dump"
    zstd -tq "$BATS_TEST_TMPDIR/less.dump"
    fails 4 kv-import --check < <(cat "$BATS_TEST_TMPDIR/less.dump")
}

# with_header OLD|NEW: prints the dump with a part of its header replaced, and the header's checksum put right.
with_header() {
    "$TESTS_DIR/lib/forge.py" "$DUMP" "joined(but({0: replaced(0, b'${1%|*}', b'${1#*|}')}))"
}

@test "a dump of an unknown major format version is refused, of a later minor one not" {
    local version
    version=$("$TESTS_DIR/lib/decode.py" header "$DUMP" "['version']")
    fails 4 kv-import --list < <(with_header "\"version\":\"$version\"|\"version\":\"$((${version%%.*} + 1)).0\"")
    assert_contains "$stderr" version
    # The header itself is read; the digest of the whole file does not agree.
    fails 4 kv-import --list < <(with_header "\"version\":\"$version\"|\"version\":\"${version%%.*}.9\"")
    refute_contains "$stderr" "format version"
}

@test "a header that was changed is found even where its checksum was put right" {
    fails 4 kv-import --check < <(with_header '"redacted":false|"redacted":true ')
}

@test "a redacted dump is refused" {
    legacy_database
    fails 5 kv-import -d "$DSN" < <(with_header '"redacted":false|"redacted":true')
    assert_contains "$stderr" --allow-redacted
    assert_stamp 38 -
}

# The lock ------------------------------------------------------------------------------------------------------------

@test "a lock that another session holds is waited for, then named in a refusal" {
    local before
    legacy_database
    before=$(everything)
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_equal "$before" "$(everything)"
    release
    succeeds kv-import -d "$DSN" --lock-wait-timeout=300ms "$DUMP"
    assert_loaded
}

@test "the lock is waited for as long as it takes" {
    legacy_database
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    background kv-import -d "$DSN" --lock-wait-timeout=0 "$DUMP"
    eventually someone_waits
    release
    background_ends 0
    assert_loaded
}

@test "the lock is held during the load" {
    legacy_database
    hold "CREATE TABLE kv (a int)"
    background kv-import -d "$DSN" "$DUMP"
    eventually someone_waits
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    release
    background_ends 0
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
}

@test "--lock-held-by a session that holds the lock: the import works under it" {
    legacy_database
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    succeeds kv-import -d "$DSN" --lock-held-by="$HOLDER_BACKEND" --lock-wait-timeout=300ms "$DUMP"
    assert_loaded
}

@test "--lock-held-by a session that does not hold the lock is refused" {
    local before
    legacy_database
    before=$(everything)
    # Another lock, the lock shared, another database's lock.
    hold "SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock_shared($(lock_key public "$PGDATABASE")),
        pg_advisory_xact_lock($(lock_key public lakefs))"
    fails 5 kv-import -d "$DSN" --lock-held-by="$HOLDER_BACKEND" "$DUMP"
    assert_contains "$stderr" "$HOLDER_BACKEND"
    fails 5 kv-import -d "$DSN" --lock-held-by=999999 "$DUMP"
    assert_equal "$before" "$(everything)"

    # The lock itself, but held by somebody else.
    release
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-import -d "$DSN" --lock-held-by=$((HOLDER_BACKEND + 1)) "$DUMP"
    assert_equal "$before" "$(everything)"
}

# Signals -------------------------------------------------------------------------------------------------------------

@test "SIGTERM while it waits for the lock ends the import with 143, the query cancelled" {
    local before
    legacy_database
    before=$(everything)
    hold "SELECT pg_advisory_xact_lock($(lock_key public "$PGDATABASE"))"
    background kv-import -d "$DSN" --lock-wait-timeout=1h "$DUMP"
    eventually someone_waits
    kill "$BACKGROUND"
    background_ends 143
    eventually nobody_waits
    assert_equal "$before" "$(everything)"
}

@test "SIGINT while it waits for more of the dump ends the import with 130, nothing stamped" {
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background env --default-signal=INT kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp 38 0
    kill -INT "$BACKGROUND"
    background_ends 130
    exec {input}>&-
    eventually nobody_else
    assert_stamp 38 0
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "SIGTERM ends the export with 143, its file removed, the query cancelled" {
    legacy_database
    hold "LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE"
    background kv-export -d "$DSN" --no-settings --lock-wait-timeout=1h -j 2 -f "$BATS_TEST_TMPDIR/export.dump"
    eventually someone_waits
    kill "$BACKGROUND"
    background_ends 143
    eventually nobody_waits
    assert_missing "$BATS_TEST_TMPDIR/export.dump" "$BATS_TEST_TMPDIR/export.dump.partial"
}

@test "SIGKILL during the load: the next run starts from scratch" {
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp 38 0
    kill -KILL "$BACKGROUND"
    background_ends 137
    exec {input}>&-
    eventually nobody_else
    assert_stamp 38 0
    kv-import -d "$DSN" --quiet "$DUMP"
    assert_loaded
}

@test "a session that the server ends is a lost connection: 2, nothing stamped" {
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp 38 0
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    tail -c +5000001 "$DUMP" >&"$input" || true
    exec {input}>&-
    background_ends 2
    assert_stamp 38 0
}

@test "the session that holds the lock is watched: when it is ended, nothing is stamped" {
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {input}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$input"
    eventually assert_stamp 38 0
    assert_sql 1 "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    tail -c +5000001 "$DUMP" >&"$input"
    exec {input}>&-
    background_ends 2
    assert_stamp 38 0
}
