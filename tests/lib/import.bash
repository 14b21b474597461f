# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Loads of a small dump by kv-import: load it after lib/setup.

# shellcheck disable=SC2034 # for the tests
# shellcheck disable=SC2154 # run sets stderr and output

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
    # For tests that need no database.
    export DUMP="$BATS_FILE_TMPDIR/small.dump"
    kv-export -d "$SMALL" --no-settings --quiet -f "$DUMP"
}

# legacy_database: makes a copy of the template, and DUMP, its dump: no other database's would be taken.
legacy_database() {
    fresh_database TEMPLATE "$SMALL"
    DUMP=$BATS_TEST_TMPDIR/small.dump
    kv-export -d "$DSN" --no-settings --quiet --force -f "$DUMP"
}

# load_half [PROGRAM ARGUMENT...]: begins a load in the background (through the program). It gets the first half of the
# dump through a pipe and waits for more.
load_half() {
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    background "$@" kv-import -d "$DSN" "$BATS_TEST_TMPDIR/pipe"
    exec {PIPE}>"$BATS_TEST_TMPDIR/pipe"
    head -c 5000000 "$DUMP" >&"$PIPE"
    eventually assert_stamp 38 0
}

# load_rest: sends the other half.
load_rest() {
    tail -c +5000001 "$DUMP" >&"$PIPE"
    exec {PIPE}>&-
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

# assert_loaded: the dump is loaded and stamped.
assert_loaded() {
    assert_stamp 39 1
    assert_sql "1004|100" "SELECT count(*), (SELECT count(*) FROM pg_inherits WHERE inhparent = 'kv'::regclass) FROM kv"
}

# everything: prints a line for each relation, and the rows of tables; unchanged as long as nothing touched the
# database.
everything() {
    sql "SELECT oid, relname, relkind, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid" \
        "SELECT * FROM schema_migrations"
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL' | sha256sum
SELECT format('SELECT %1$L, xmin, t FROM %1$I AS t ORDER BY ctid', relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SQL
}

# check_refused [PART...]: the import ends with 5, prints the parts, and changes nothing.
check_refused() {
    local before
    before=$(everything)
    fails 5 kv-import -d "$DSN" "$DUMP"
    assert_contains "$stderr" "$@"
    assert_equal "$(everything)" "$before"
}
