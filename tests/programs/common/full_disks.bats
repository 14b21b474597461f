#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Full disks, file size limits, closed pipes: for the dump and for the server.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
    # Enough for a dump of some megabytes that does not compress.
    psql -Xq -v ON_ERROR_STOP=1 -d "$ESTI" <<'SQL'
INSERT INTO graveler_staging_kv SELECT b.staging_token, convert_to('large/' || n, 'UTF8'), 'identity',
    decode(string_agg(md5(n || '.' || m), ''), 'hex')
FROM generate_series(1, 1000) AS n, generate_series(1, 300) AS m,
    (SELECT staging_token FROM graveler_branches ORDER BY 1 LIMIT 1) AS b GROUP BY n, b.staging_token;
SQL
}

setup() {
    EXPORT=(kv-export --no-settings -d "$ESTI")
}

teardown() {
    clean_up
    if [ -n "${TABLESPACE-}" ]; then
        sql "DROP TABLESPACE IF EXISTS $TABLESPACE"
    fi
    if [ -n "${SMALL_DISK-}" ]; then
        umount "$SMALL_DISK"
        rmdir "$SMALL_DISK"
    fi
}

# small_disk FOLDER SIZE [OWNER]: mounts a file system of that size, SMALL_DISK.
small_disk() {
    mkdir "$1"
    mount -t tmpfs -o "size=$2,mode=700${3:+,uid=$3}" tmpfs "$1" 2>/dev/null || {
        rmdir "$1"
        skip "no file system can be mounted here"
    }
    SMALL_DISK=$1
}

# check_no_dump FILE: the export to it fails for lack of space and leaves nothing; FILE may exist already.
check_no_dump() {
    local file=$1
    shift
    fails 3 "${EXPORT[@]}" -f "$file" --force "$@"
    assert_contains "$stderr" "could not write to \"$file\": No space left on device"
    assert_missing "$file.partial"
}

@test "no space for a dump: an error, and no file is left" {
    small_disk "$BATS_TEST_TMPDIR/disk" 1m
    check_no_dump "$SMALL_DISK/kv.dump"
    assert_equal "$(ls -A "$SMALL_DISK")" ""
    # With several workers too.
    check_no_dump "$SMALL_DISK/kv.dump" -j 4
    assert_equal "$(ls -A "$SMALL_DISK")" ""

    # An existing file is kept.
    echo old >"$SMALL_DISK/kv.dump"
    check_no_dump "$SMALL_DISK/kv.dump"
    assert_equal "$(cat "$SMALL_DISK/kv.dump")" old

    mount -o remount,size=64m "$SMALL_DISK"
    succeeds "${EXPORT[@]}" -f "$SMALL_DISK/kv.dump" --force
    kv-import --check "$SMALL_DISK/kv.dump"
}

@test "no space for the dump of up: the database is unchanged" {
    local before
    small_disk "$BATS_TEST_TMPDIR/disk" 1m
    fresh_database TEMPLATE "$ESTI"
    before=$(legacy_digest)
    run --separate-stderr -3 kv-migrate up --kv-enabled --no-settings -d "$DSN" --dump "$SMALL_DISK/kv.dump"
    assert_contains "$stderr" "kv-export: error: " "No space left on device" "kv-migrate: error: "
    assert_equal "$(ls -A "$SMALL_DISK")" ""
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$before"
    mount -o remount,size=64m "$SMALL_DISK"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN" --dump "$SMALL_DISK/kv.dump"
    assert_stamp 39 1
}

# limited KIB COMMAND...: runs it with a file size limit; the limit's signal has its default action.
limited() {
    local size=$1
    shift
    (
        ulimit -f "$size"
        exec env --default-signal=XFSZ "$@"
    )
}

@test "a dump larger than the file size limit: an error instead of a signal, and no file is left" {
    local file=$BATS_TEST_TMPDIR/kv.dump
    run --separate-stderr -3 limited 1024 "${EXPORT[@]}" -f "$file"
    assert_contains "$stderr" "kv-export: error: could not write to \"$file\": File too large"
    assert_missing "$file" "$file.partial"
    # Without the limit it works.
    run --separate-stderr -0 limited 65536 "${EXPORT[@]}" -f "$file"
    kv-import --check "$file"
}

@test "a full device" {
    fails 3 "${EXPORT[@]}" -f /dev/full
    assert_contains "$stderr" 'could not write to "/dev/full": No space left on device'
    run --separate-stderr -3 bash -c '"$@" >/dev/full' bash "${EXPORT[@]}"
    assert_contains "$stderr" "could not write to \"standard output\": No space left on device"
}

@test "a reader that closes the pipe" {
    # shellcheck disable=SC2016 # for the inner shell
    run --separate-stderr -0 bash -c '"$@" | head -c 1000 >/dev/null; echo "${PIPESTATUS[0]}"' bash "${EXPORT[@]}"
    assert_equal "$output" 3
    assert_contains "$stderr" "kv-export: error: could not write to \"standard output\": Broken pipe"
    assert_equal "$(grep -c "error: " <<<"$stderr")" 1
}

@test "the server's disk is full: nothing is stamped, the legacy tables stay, and it works once there is space" {
    local before folder=${PGHOST%/socket}/small
    [ "$(id -u)" -eq 0 ] || skip "only root can mount a file system"
    small_disk "$folder" 4m "$(stat -c %u "$PGHOST")"
    TABLESPACE=small_$$
    sql "CREATE TABLESPACE $TABLESPACE LOCATION '$SMALL_DISK'"
    fresh_database TEMPLATE "$ESTI"
    # The KV table, which is new in this database, is created there.
    sql "ALTER DATABASE $PGDATABASE SET default_tablespace = $TABLESPACE"
    # up reads what VACUUM notes of sizes.
    sql VACUUM
    before=$(legacy_digest)
    succeeds kv-migrate up --dry-run --kv-enabled --no-settings -d "$DSN"
    grep -q '; 4\.[012] MB free there)' <<<"$(tr -s ' \n' ' ' <<<"$output")"
    assert_contains "$stderr" "warning: the table kv will probably not fit" " MB are free." "hint: Make room on the server's disk"
    succeeds kv-migrate up --dry-run --kv-enabled --no-settings -d "$DSN" --format=json
    grep -Eq '"server_free_bytes":4[01][0-9]{5}[,}]' <<<"$output"

    run --separate-stderr -3 kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_contains "$stderr" "warning: the table kv will probably not fit" \
        "kv-import: error: " "No space left on device" "kv-migrate: error: " "Nothing was stamped"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        assert_stamp 38 0
    fi
    assert_equal "$(legacy_digest)" "$before"
    eventually nobody_else

    mount -o remount,size=256m "$SMALL_DISK"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_stamp 39 1
    assert_equal "$(legacy_tables)" ""
    # 1000 large objects in addition to those of the fixture.
    assert_sql 1000 "SELECT count(*) FROM kv WHERE encode(key, 'escape') LIKE 'large/%'"
}
