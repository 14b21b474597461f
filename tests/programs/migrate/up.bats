#!/usr/bin/env bats
# kv-migrate: schema migrations, the KV migration, the cleanup, and everything that can get in their way.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 100
}

setup() {
    make_scratch
}

# A database of 103 entries: a user, a repository, a branch, 100 objects. Sets MIGRATE, the command for it.
legacy_database() {
    fresh_database TEMPLATE "$SMALL"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings -d "$DSN")
}

# assert_migrated [VERSION]
assert_migrated() {
    assert_stamp "${1-39}" 1
    assert_sql 104 "SELECT count(*) FROM kv"
}

# assert_untouched DIGEST: no KV table was made, no legacy row was written or is gone.
assert_untouched() {
    assert_stamp 38 -
    assert_equal "$1" "$(legacy_digest)"
}

# more_migrations: copies the migrations to a folder of the test's own, MORE.
more_migrations() {
    MORE=$BATS_TEST_TMPDIR/migrations
    cp -r "$MIGRATIONS_DIR" "$MORE"
}

# The schema ----------------------------------------------------------------------------------------------------------

# check_from_version N: up brings the fixture at version N to 38, rows and schema.
check_from_version() {
    fresh_database
    apply_migrations 21 "$1"
    load_fixture "$FIXTURES_DIR/versions/v$1.data.sql"
    assert_stamp "$1" -
    succeeds kv-migrate up -d "$DSN"
    assert_equal "" "$output"
    legacy_rows >"$BATS_TEST_TMPDIR/rows"
    diff -u "$FIXTURES_DIR/versions/v$1.rows38.jsonl" "$BATS_TEST_TMPDIR/rows"
    assert_stamp 38 -
}

@test "without --kv-enabled up migrates the schema only: from version 21" {
    check_from_version 21
}

@test "without --kv-enabled up migrates the schema only: from version 30" {
    check_from_version 30
}

@test "without --kv-enabled up migrates the schema only: from version 38, where nothing is to do" {
    local before
    check_from_version 38
    before=$(legacy_digest)
    succeeds kv-migrate up -d "$DSN"
    assert_equal "$before" "$(legacy_digest)"
    assert_sql "" "SELECT to_regclass('kv')"
}

@test "an empty database gets the schema of version 38" {
    fresh_database
    succeeds kv-migrate up -d "$DSN"
    assert_stamp 38 -
    schema_facts >"$BATS_TEST_TMPDIR/facts"
    python3 - "$FIXTURES_DIR/versions/schema38.jsonl" "$BATS_TEST_TMPDIR/facts" <<'PYTHON'
import json, sys
expected, found = ({json.dumps(json.loads(line), sort_keys=True) for line in open(name)} for name in sys.argv[1:])
assert expected == found, expected ^ found
PYTHON
}

@test "an empty database becomes an empty KV store" {
    fresh_database
    succeeds kv-migrate up --kv-enabled -d "$DSN"
    assert_stamp 39 1
    assert_sql 1 "SELECT count(*) FROM kv"
    assert_equal "" "$(legacy_tables)"
}

@test "from version 21 to the KV store in one run" {
    fresh_database
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    succeeds kv-migrate up --kv-enabled --no-settings -d "$DSN"
    assert_stamp 39 1
    assert_equal "" "$(legacy_tables)"
    "$FIXTURES_DIR/tools/kvnorm.py" "$DSN" >"$BATS_TEST_TMPDIR/kv"
    # Every row of these tables has an entry, whatever its name.
    assert_equal "$(grep -c '"table":"auth_users"' "$FIXTURES_DIR/versions/v21.rows38.jsonl")" \
        "$(grep -c '"t": "user"' "$BATS_TEST_TMPDIR/kv")"
    assert_equal "$(grep -c '"table":"graveler_repositories"' "$FIXTURES_DIR/versions/v21.rows38.jsonl")" \
        "$(grep -c '"t": "repo"' "$BATS_TEST_TMPDIR/kv")"
}

@test "a dirty database is refused, with what to do" {
    local before
    legacy_database
    sql "UPDATE schema_migrations SET version = 30, dirty = true"
    before=$(legacy_digest)
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 30 dirty "hint: "
    assert_stamp "30 dirty" -
    assert_equal "$before" "$(legacy_digest)"
}

@test "a version above the KV migration version is refused" {
    local before
    legacy_database
    sql "UPDATE schema_migrations SET version = 40"
    before=$(legacy_digest)
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 40
    assert_stamp 40 -
    assert_equal "$before" "$(legacy_digest)"
}

@test "a version below the first migration is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET version = 20"
    fails 5 "${MIGRATE[@]}"
    assert_contains "$stderr" 20 "hint: "
    assert_stamp 20 -
}

@test "a database at the KV migration version without a KV table is refused" {
    legacy_database
    sql "UPDATE schema_migrations SET version = 39"
    fails 5 "${MIGRATE[@]}"
    assert_stamp 39 -
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
}

@test "a failing migration changes nothing, those before it stay done" {
    fresh_database
    apply_migrations 21 36
    set_schema_version 36
    more_migrations
    printf 'CREATE TABLE half (a int);\nSELECT 1 / 0;\n' >"$MORE/000039_broken.up.sql"
    run --separate-stderr -3 kv-migrate up --kv-enabled --no-settings -d "$DSN" --migrations "$MORE"
    assert_contains "$stderr" "kv-migrate: error: " 000039_broken.up.sql "division by zero"
    assert_stamp 38 -
    assert_sql "|auth_expired_tokens" "SELECT to_regclass('half'), to_regclass('auth_expired_tokens')"

    # Mended, it goes on from there.
    echo 'CREATE TABLE whole (a int);' >"$MORE/000039_broken.up.sql"
    succeeds kv-migrate up -d "$DSN" --migrations "$MORE"
    assert_stamp 39 -
    assert_sql "whole" "SELECT to_regclass('whole')"
}

@test "the KV migration version is one more than the last migration of the folder" {
    legacy_database
    more_migrations
    echo 'CREATE TABLE more (a int);' >"$MORE/000039_more.up.sql"
    echo 'DROP TABLE more;' >"$MORE/000039_more.down.sql"
    echo 'SELECT 1 / 0;' >"$MORE/README.sql"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_migrated 40
    assert_sql "more" "SELECT to_regclass('more')"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" "nothing to do"
}

@test "numbers of migrations are numbers, whatever zeros are before them" {
    legacy_database
    more_migrations
    echo 'CREATE TABLE nine (a int);' >"$MORE/39_nine.up.sql"
    echo 'CREATE TABLE hundred (a int);' >"$MORE/0100_hundred.up.sql"
    succeeds "${MIGRATE[@]}" --migrations "$MORE"
    assert_migrated 101
    assert_sql "nine|hundred" "SELECT to_regclass('nine'), to_regclass('hundred')"
}

@test "a migration that controls transactions itself runs dirty, and leaves that where it fails" {
    legacy_database
    more_migrations
    printf 'BEGIN;\nCREATE TABLE seen AS SELECT version, dirty FROM schema_migrations;\nCOMMIT;\n' >"$MORE/000039_own.up.sql"
    printf 'begin transaction;\nCREATE TABLE half (a int);\ncommit;\nSELECT 1 / 0;\n' >"$MORE/000040_broken.up.sql"
    run --separate-stderr -3 "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" "kv-migrate: error: " 000040_broken.up.sql "division by zero"
    assert_sql "39|t" "SELECT * FROM seen"
    assert_sql "half" "SELECT to_regclass('half')"
    assert_stamp "40 dirty" -
    fails 5 "${MIGRATE[@]}" --migrations "$MORE"
}

@test "BEGIN in a function's body or a comment is no transaction" {
    legacy_database
    more_migrations
    cat >"$MORE/000039_function.up.sql" <<'SQL'
-- BEGIN; COMMIT;
CREATE FUNCTION two() RETURNS integer LANGUAGE plpgsql AS $body$
BEGIN
    RETURN 2;
END;
$body$;
DO $$
BEGIN
    PERFORM two();
END
$$;
CREATE TABLE seen AS SELECT version, dirty FROM schema_migrations;
SQL
    succeeds kv-migrate up -d "$DSN" --migrations "$MORE"
    assert_sql "38|f" "SELECT * FROM seen"
    assert_stamp 39 -
}

@test "two migrations of one number are refused" {
    legacy_database
    more_migrations
    echo 'SELECT 1;' >"$MORE/38_again.up.sql"
    fails 1 "${MIGRATE[@]}" --migrations "$MORE"
    assert_contains "$stderr" 38_again.up.sql
    assert_stamp 38 -
}

@test "a folder without migrations is refused, and one that is not there" {
    legacy_database
    fails 1 "${MIGRATE[@]}" --migrations "$BATS_TEST_TMPDIR"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR"
    fails 1 "${MIGRATE[@]}" --migrations "$BATS_TEST_TMPDIR/nowhere"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/nowhere"
    assert_stamp 38 -
}

# Locks ---------------------------------------------------------------------------------------------------------------

@test "the tests compute golang-migrate's lock as the design does" {
    assert_equal 1236895002 "$(lock_key public lakefs)"
}

@test "a migration that runs elsewhere is waited for, then named in a refusal" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_untouched "$before"
    release
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

@test "a lock of another database or another number is no obstacle" {
    legacy_database
    hold "SELECT pg_advisory_lock($(lock_key public lakefs)), pg_advisory_lock(1)"
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

@test "while a migration runs, golang-migrate's lock is taken and writers of legacy tables wait" {
    legacy_database
    # The import waits for the end of this transaction.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    eventually someone_waits
    assert_sql f "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    run ! sql "SET lock_timeout = '200ms'" "INSERT INTO auth_users (created_at, display_name) VALUES (now(), 'late')"
    assert_contains "$output" "lock timeout"
    run ! sql "SET lock_timeout = '200ms'" "DELETE FROM graveler_staging_kv"
    assert_contains "$output" "lock timeout"
    # Readers need not.
    assert_sql 100 "SELECT count(*) FROM graveler_staging_kv"
    release
    background_ends 0
    assert_migrated
}

@test "a writer of a legacy table is waited for, then makes it refuse" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'half done')"
    fails 5 "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_contains "$stderr" "hint: "
    assert_untouched "$before"
    release
    succeeds "${MIGRATE[@]}" --lock-wait-timeout=300ms
    assert_migrated
}

# Signals -------------------------------------------------------------------------------------------------------------

# stop_by SIGNAL CODE: sends the signal to the program in the background once it waits for a lock.
stop_by() {
    eventually someone_waits
    kill "-$1" "$BACKGROUND"
    background_ends "$2"
    # The query that waited is cancelled: nobody waits, though the obstacle is still there and the time is not over.
    eventually nobody_waits
    assert_equal "" "$(programs_left)"
}

@test "SIGTERM while it waits for the lock ends it with 143, and everything of it" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by TERM 143
    assert_untouched "$before"
    release
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
}

@test "SIGINT while it waits for a writer ends it with 130" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "LOCK TABLE graveler_commits IN ROW EXCLUSIVE MODE"
    # A shell lets what it runs in the background ignore SIGINT.
    background env --default-signal=INT "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by INT 130
    assert_untouched "$before"
}

@test "SIGTERM during the load leaves no process, no lock and no stamp; the next run starts from scratch" {
    local before
    legacy_database
    before=$(legacy_digest)
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h
    stop_by TERM 143
    release
    eventually nobody_else
    assert_untouched "$before"
    assert_sql t "SELECT pg_try_advisory_lock($(lock_key public "$PGDATABASE"))"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "SIGTERM during a schema migration leaves the version before it" {
    legacy_database
    more_migrations
    echo 'LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE; CREATE TABLE half (a int);' >"$MORE/000039_slow.up.sql"
    hold "LOCK TABLE auth_users IN ACCESS SHARE MODE"
    background "${MIGRATE[@]}" --lock-wait-timeout=1h --migrations "$MORE"
    stop_by TERM 143
    release
    eventually nobody_else
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('half')"
}

# A failing KV migration ----------------------------------------------------------------------------------------------

@test "an export that is refused ends it with the export's code, and the next run works" {
    local before
    legacy_database
    before=$(legacy_digest)
    # Branch protection rules that cannot be read.
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN"
    assert_contains "$stderr" "kv-export: error: " "kv-migrate: error: "
    assert_untouched "$before"
    nobody_else
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

# programs_with_import SCRIPT: programs of the test's own, whose kv-import is that script, but for its look at the
# target; sets PROGRAMS to their folder.
programs_with_import() {
    PROGRAMS=$BATS_TEST_TMPDIR/own/bin
    mkdir -p "$PROGRAMS"
    cp "$KV_BIN"/kv-migrate "$KV_BIN"/kv-export "$PROGRAMS"
    # Its parts, as in a checkout or as installed.
    if [ -d "$KV_BIN/../libexec" ]; then
        ln -s "$KV_BIN/../libexec" "$KV_BIN/../share" "$PROGRAMS/.."
    else
        cp "$KV_BIN"/kv-migrate-session "$PROGRAMS"
        ln -s "$TESTS_DIR/../scripts" "$PROGRAMS/../scripts"
    fi
    printf '#!/usr/bin/env bash\n[[ " $* " != *" --check-target "* ]] || exec "%s" "$@"\n%s\n' \
        "$KV_BIN/kv-import" "$1" >"$PROGRAMS/kv-import"
    chmod +x "$PROGRAMS/kv-import"
}

@test "an import that is ended behind its stamp is an event: the migration stands, the cleanup remains" {
    legacy_database
    programs_with_import "'$KV_BIN/kv-import' \"\$@\"; kill -KILL \$\$"
    run --separate-stderr -6 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN" \
        --on-event="cat >'$BATS_TEST_TMPDIR/event'"
    assert_contains "$stderr" "kv-migrate: event: " "after the stamp" "DROP TABLE "
    refute_contains "$stderr" "Nothing was stamped"
    assert_contains "$(cat "$BATS_TEST_TMPDIR/event")" cleanup_failed
    assert_migrated
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
    succeeds "${MIGRATE[@]}"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "" "$(legacy_tables)"
}

@test "an import that fails with the session lost, too: nothing is claimed about the stamp" {
    legacy_database
    programs_with_import "psql -Xq -d '$DSN' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'kv-migrate'\" >/dev/null; cat >/dev/null; exit 2"
    run --separate-stderr -2 "$PROGRAMS/kv-migrate" up --kv-enabled --no-settings -d "$DSN"
    assert_contains "$stderr" "kv-migrate: error: " "could not be found out"
    refute_contains "$stderr" "Nothing was stamped"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "an export that fails ends it with the export's code, with a dump file as by a pipe" {
    local before
    legacy_database
    sql "INSERT INTO auth_policies VALUES (1, now(), 'odd', '{}')"
    before=$(legacy_digest)
    run --separate-stderr -3 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" auth_policies odd
    assert_untouched "$before"
    assert_missing "$BATS_TEST_TMPDIR/kept.dump" "$BATS_TEST_TMPDIR/kept.dump.partial"

    # By a pipe the import may have begun: then its table says that it has not succeeded.
    run --separate-stderr -3 "${MIGRATE[@]}"
    assert_contains "$stderr" auth_policies odd
    if [ -n "$(sql "SELECT to_regclass('kv')")" ]; then
        assert_stamp 38 0
    fi
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$before" "$(legacy_digest)"

    sql "DELETE FROM auth_policies"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "an import that is refused ends it with the import's code, with a dump file as by a pipe" {
    local before
    legacy_database
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)" "INSERT INTO kv VALUES ('a', 'b', 'c')"
    before=$(legacy_digest)
    run --separate-stderr -5 "${MIGRATE[@]}"
    assert_contains "$stderr" "kv-import: error: " "kv-migrate: error: "
    run --separate-stderr -5 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_sql "a|b|c" "SELECT encode(partition_key, 'escape'), encode(key, 'escape'), encode(value, 'escape') FROM kv"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$before" "$(legacy_digest)"
}

@test "a dump file that exists is not overwritten without --force" {
    local before
    legacy_database
    before=$(legacy_digest)
    echo precious >"$BATS_TEST_TMPDIR/kept.dump"
    run --separate-stderr -1 "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/kept.dump"
    assert_equal precious "$(cat "$BATS_TEST_TMPDIR/kept.dump")"
    assert_untouched "$before"
    succeeds "${MIGRATE[@]}" --dump="$BATS_TEST_TMPDIR/kept.dump" --force
    assert_migrated
    kv-import --check "$BATS_TEST_TMPDIR/kept.dump"
}

@test "what a failed run left is replaced" {
    legacy_database
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (partition_key, key))" \
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '0'), ('auth', 'users/half', 'x')"
    succeeds "${MIGRATE[@]}"
    assert_migrated
}

@test "options for the export reach it" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('orphan', 'k', 'i', 'd')"
    run --separate-stderr -3 "${MIGRATE[@]}" --strict
    assert_contains "$stderr" graveler_staging_kv orphan
    run --separate-stderr -1 "${MIGRATE[@]}" --invalid-utf8=guess
    assert_contains "$stderr" guess
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    succeeds "${MIGRATE[@]}" -j 3 -Z 1 -v --invalid-utf8=replace --dump "$BATS_TEST_TMPDIR/kept.dump"
    assert_contains "$stderr" orphan
    assert_migrated
    assert_equal 1 "$("$TESTS_DIR/lib/decode.py" header "$BATS_TEST_TMPDIR/kept.dump" "['compression']['level']")"
}

# The cleanup ---------------------------------------------------------------------------------------------------------

@test "--keep-tables keeps the legacy tables, cleanup drops them later" {
    local before
    legacy_database
    sql "CREATE TABLE catalog_entries (path text)"
    before=$(legacy_digest)
    succeeds "${MIGRATE[@]}" --keep-tables
    assert_migrated
    assert_equal "$before" "$(legacy_digest)"
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
    assert_contains "$stderr" cleanup

    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "" "$(legacy_tables)"
    assert_migrated
    assert_sql "catalog_entries|schema_migrations" "SELECT to_regclass('catalog_entries'), to_regclass('schema_migrations')"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^graveler_staging_kv'"
}

@test "cleanup has nothing to do where no legacy table is left" {
    legacy_database
    "${MIGRATE[@]}" --quiet
    succeeds kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" "nothing to do"
    assert_migrated
}

@test "cleanup of a database that was not migrated is refused" {
    local before
    legacy_database
    before=$(legacy_digest)
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_untouched "$before"
    # Somebody else's table.
    sql "CREATE TABLE kv (a int)"
    fails 5 kv-migrate cleanup -d "$DSN"
    succeeds kv-migrate version -d "$DSN"
    drop_database
    fresh_database
    fails 5 kv-migrate cleanup -d "$DSN"
}

@test "a second up says that tables are left, and leaves them" {
    local before
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    before=$(legacy_digest)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" "$LEGACY_TABLE_COUNT" cleanup
    assert_equal "$before" "$(legacy_digest)"
    assert_migrated
}

@test "cleanup is refused once a legacy table was written to: insert, update, delete, truncate" {
    local migrated table statement
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    migrated=$PGDATABASE
    while IFS='|' read -r table statement; do
        echo "== $statement"
        fresh_database TEMPLATE "$migrated"
        sql "$statement"
        fails 5 kv-migrate cleanup -d "$DSN"
        assert_contains "$stderr" "$table"
        assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
        drop_database
    done <<'STATEMENTS'
auth_users|INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'new')
graveler_staging_kv|INSERT INTO graveler_staging_kv VALUES ('token', 'new', 'identity', 'data')
graveler_branches|UPDATE graveler_branches SET commit_id = 'c2'
graveler_staging_kv|DELETE FROM graveler_staging_kv WHERE key = int4send(7)
graveler_repositories|TRUNCATE graveler_repositories
STATEMENTS
    # The copies were as good as the original: nothing was written there.
    fresh_database TEMPLATE "$migrated"
    succeeds kv-migrate cleanup -d "$DSN"
    drop_template "$migrated"
}

@test "cleanup names only the tables that were written to, and one row in place of another counts" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "DELETE FROM graveler_staging_kv WHERE key = int4send(7)" \
        "INSERT INTO graveler_staging_kv VALUES ('token', int4send(107), 'identity', 'data')"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" graveler_staging_kv
    refute_contains "$stderr" auth_users graveler_branches
}

@test "cleanup takes no offence at what changes no row" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    sql "VACUUM (FREEZE, ANALYZE) graveler_staging_kv" "VACUUM FULL auth_users" \
        "BEGIN; INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'never'); ROLLBACK" \
        "SELECT * FROM graveler_branches FOR UPDATE" >"$BATS_TEST_TMPDIR/out"
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "" "$(legacy_tables)"
}

@test "cleanup works after an export and an import by hand" {
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet | kv-import -d "$DSN" --quiet
    succeeds kv-migrate cleanup -d "$DSN"
    assert_equal "" "$(legacy_tables)"
    assert_migrated
}

@test "a row that was written between the export and the import is noticed by the cleanup" {
    legacy_database
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/before.dump"
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'between')"
    kv-import -d "$DSN" --quiet "$BATS_TEST_TMPDIR/before.dump"
    fails 5 kv-migrate cleanup -d "$DSN"
    assert_contains "$stderr" auth_users
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
}

@test "cleanup needs the lock" {
    legacy_database
    "${MIGRATE[@]}" --keep-tables --quiet
    hold "SELECT pg_advisory_lock($(lock_key public "$PGDATABASE"))"
    fails 5 kv-migrate cleanup -d "$DSN" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
}

@test "a cleanup that fails is an event: the migration stands, and the SQL to run is told" {
    local statement before
    legacy_database
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    run --separate-stderr -6 "${MIGRATE[@]}" --on-event "cat >'$BATS_TEST_TMPDIR/event'"
    assert_migrated
    # All or nothing.
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
    assert_contains "$stderr" "kv-migrate: event: " "DROP TABLE" report

    assert_equal 1 "$(wc -l <"$BATS_TEST_TMPDIR/event")"
    statement=$(python3 -c '
import json, sys
event = json.loads(sys.stdin.read())
assert event["program"] == "kv-migrate" and event["level"] == "error" and event["event"] == "cleanup_failed" and event["message"] and event["time"], event
print(event["sql"])' <"$BATS_TEST_TMPDIR/event")
    assert_contains "$stderr" "$statement"

    # To run it again does not repeat the migration, and says what is left.
    before=$(kv_state)
    succeeds "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do" cleanup
    assert_equal "$before" "$(kv_state)"

    # The SQL does what the cleanup would have done.
    sql "DROP VIEW report" "$statement"
    assert_equal "" "$(legacy_tables)"
    assert_migrated
}

@test "an event is one line of JSON where JSON is asked for" {
    legacy_database
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    run --separate-stderr -6 "${MIGRATE[@]}" --log-format json
    assert_json_lines kv-migrate kv-export kv-import
    python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
events = [event for event in events if event.get("event") == "cleanup_failed"]
assert len(events) == 1 and "DROP TABLE" in events[0]["sql"], events' <<<"$stderr"
}

@test "a command for events that fails changes nothing of the outcome" {
    legacy_database
    sql "CREATE VIEW report AS SELECT display_name FROM auth_users"
    run --separate-stderr -6 "${MIGRATE[@]}" --on-event "exit 3"
    assert_contains "$stderr" "kv-migrate: warning: " --on-event
    assert_migrated
}

@test "no event is told where the cleanup works" {
    legacy_database
    succeeds "${MIGRATE[@]}" --on-event "touch '$BATS_TEST_TMPDIR/event'"
    assert_missing "$BATS_TEST_TMPDIR/event"
}

# Options, environment, connections -----------------------------------------------------------------------------------

@test "LAKEFS_DATABASE_KV_ENABLED and LAKEFS_DATABASE_DROP_TABLES say what is done" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=false
    succeeds kv-migrate up --no-settings -d "$DSN"
    assert_stamp 38 -

    export LAKEFS_DATABASE_KV_ENABLED=true LAKEFS_DATABASE_DROP_TABLES=false
    succeeds kv-migrate up --no-settings -d "$DSN"
    assert_migrated
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"
}

@test "an option beats the environment" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=false LAKEFS_DATABASE_DROP_TABLES=true LAKEFS_BLOCKSTORE_LOCAL_PATH=/nonexistent
    export LAKEFS_DATABASE_CONNECTION_STRING="postgres:///nonexistent"
    mkdir -p "$BATS_TEST_TMPDIR/store/repo"
    succeeds kv-migrate up --kv-enabled --keep-tables -d "$DSN" --blockstore-path "$BATS_TEST_TMPDIR/store"
    assert_migrated
    assert_equal "$LEGACY_TABLE_COUNT" "$(legacy_tables | wc -l)"

    drop_database
    legacy_database
    export LAKEFS_DATABASE_DROP_TABLES=false
    succeeds "${MIGRATE[@]}" --drop-tables
    assert_equal "" "$(legacy_tables)"
}

@test "a switch in the environment that is neither true nor false is refused" {
    legacy_database
    export LAKEFS_DATABASE_KV_ENABLED=maybe
    fails 1 kv-migrate up -d "$DSN"
    assert_contains "$stderr" LAKEFS_DATABASE_KV_ENABLED maybe
    assert_stamp 38 -
}

@test "LAKEFS_DATABASE_CONNECTION_STRING leads to the database, be it a URL or keywords and values" {
    legacy_database
    export LAKEFS_DATABASE_CONNECTION_STRING="postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    elsewhere succeeds kv-migrate up
    assert_stamp 38 -
    LAKEFS_DATABASE_CONNECTION_STRING=$DSN
    elsewhere succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

# elsewhere COMMAND...: runs it with PG variables that lead nowhere.
elsewhere() {
    PGHOST=/nonexistent PGPORT=1 PGUSER=nobody PGDATABASE=nowhere "$@"
}

@test "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING leads to the database" {
    legacy_database
    export LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="postgresql://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    elsewhere succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

@test "the block store and its prefix are taken from lakeFS's environment" {
    local store=$BATS_TEST_TMPDIR/store
    legacy_database
    mkdir -p "$store/repo/_other/settings"
    printf rules >"$store/repo/_other/settings/protected_branches.json"
    export LAKEFS_BLOCKSTORE_LOCAL_PATH="$store" LAKEFS_COMMITTED_BLOCK_STORAGE_PREFIX=_other
    succeeds kv-migrate up --kv-enabled -d "$DSN"
    assert_stamp 39 1
    assert_sql rules "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
}

@test "connection options, PG variables and a name without -d lead to the database" {
    legacy_database
    elsewhere kv-migrate up -q -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -d "$PGDATABASE" -w
    elsewhere kv-migrate up -q --host="$PGHOST" --port "$PGPORT" --username="$PGUSER" "$PGDATABASE"
    elsewhere kv-migrate up "-h$PGHOST" "-p$PGPORT" "-U$PGUSER" "-d$PGDATABASE" -qw
    PGDATABASE=nowhere kv-migrate -q "--dbname=$DSN" up
    succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
}

@test "an unreachable server ends it with 2" {
    run --separate-stderr -2 elsewhere kv-migrate up --kv-enabled
    assert_contains "$stderr" "kv-migrate: error: "
    # psql's own words stay what they are: the detail.
    assert_contains "$stderr" /nonexistent
}

@test "a schema of another name is found by the database's search_path" {
    legacy_database
    sql 'ALTER SCHEMA public RENAME TO "Lake ""FS"' "CREATE SCHEMA public" \
        "ALTER DATABASE $PGDATABASE SET search_path = nowhere, 'Lake \"FS', public"
    succeeds "${MIGRATE[@]}"
    assert_sql 'Lake "FS' "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'kv'"
    assert_sql 'Lake "FS' "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'kv_v'"
    assert_sql 39 'SELECT version FROM "Lake ""FS".schema_migrations'
    assert_sql 104 'SELECT count(*) FROM "Lake ""FS".kv'
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^(auth|graveler)_'"
}

@test "a schema of another name is found by --schema, and the lock is that schema's" {
    legacy_database
    sql 'ALTER SCHEMA public RENAME TO "Lake FS"' "CREATE SCHEMA public" \
        "CREATE TABLE public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)" \
        "INSERT INTO public.schema_migrations VALUES (7, true)"
    hold "SELECT pg_advisory_lock($(lock_key "Lake FS" "$PGDATABASE"))"
    fails 5 "${MIGRATE[@]}" --schema "Lake FS" --lock-wait-timeout=300ms
    assert_contains "$stderr" "$HOLDER_BACKEND"
    release
    succeeds "${MIGRATE[@]}" --schema "Lake FS" --keep-tables
    assert_sql 39 'SELECT version FROM "Lake FS".schema_migrations'
    assert_sql 104 'SELECT count(*) FROM "Lake FS".kv'
    succeeds kv-migrate cleanup -d "$DSN" --schema="Lake FS"
    assert_sql 0 "SELECT count(*) FROM pg_class WHERE relname ~ '^(auth|graveler)_'"
    assert_sql "7|t" "SELECT * FROM public.schema_migrations"
}

@test "the schema migrations make their tables in the schema that was named" {
    fresh_database
    sql 'CREATE SCHEMA "Lake FS"'
    succeeds kv-migrate up -d "$DSN" --schema "Lake FS"
    assert_sql "$((LEGACY_TABLE_COUNT + 1))|0" "SELECT count(*) FILTER (WHERE nspname = 'Lake FS'),
        count(*) FILTER (WHERE nspname = 'public') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname IN ('Lake FS', 'public')"
    assert_sql 38 'SELECT version FROM "Lake FS".schema_migrations'
    fails 1 kv-migrate up -d "$DSN" --schema "lake fs"
    assert_contains "$stderr" "lake fs"
}

@test "a role without more rights than the owner of the tables can migrate" {
    local owner
    legacy_database
    owner=${PGDATABASE}_owner
    sql "CREATE ROLE $owner LOGIN" "ALTER SCHEMA public OWNER TO $owner" \
        "DO \$\$ DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')
            AND relnamespace = 'public'::regnamespace LOOP EXECUTE 'ALTER TABLE ' || r || ' OWNER TO $owner'; END LOOP; END \$\$"
    PGUSER=$owner succeeds kv-migrate up --kv-enabled --no-settings
    assert_migrated
    assert_equal "" "$(legacy_tables)"
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $owner"
}

@test "a password shows in no command line" {
    local secret=5ecret$RANDOM uri
    legacy_database
    uri="postgres://$PGUSER:$secret@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    # While the import waits for this transaction, every program that takes part is there.
    hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    background kv-migrate up --kv-enabled --no-settings -d "$uri"
    eventually someone_waits
    assert_contains "$(programs_left)" kv-migrate kv-migrate-session kv-import
    assert_equal "" "$(command_lines_with "$secret")"
    release
    background_ends 0
    refute_contains "$(cat "$BACKGROUND_OUTPUT")" "$secret"
    assert_migrated

    # The export, too: it waits until somebody reads.
    drop_database
    legacy_database
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    background kv-migrate up --kv-enabled --no-settings --dump="$BATS_TEST_TMPDIR/fifo" \
        "postgres://$PGUSER:$secret@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    eventually eval 'programs_left | grep "kv-export .*--file"'
    assert_equal "" "$(command_lines_with "$secret")"
    kill "$BACKGROUND"
    background_ends 143
    assert_equal "" "$(programs_left)"
    refute_contains "$(cat "$BACKGROUND_OUTPUT")" "$secret"
}

@test "a password that the server wants is taken from the connection string and the environment" {
    local role hba password='p w:/@?&"%' wanted without by_uri by_variable
    legacy_database
    role=${PGDATABASE}_scram
    hba=$(sql "SHOW hba_file")
    # Older servers keep passwords as MD5 where they are not told otherwise.
    psql -Xq -v ON_ERROR_STOP=1 -v role="$role" -v password="$password" \
        <<<"SET password_encryption = 'scram-sha-256'; CREATE ROLE :\"role\" LOGIN SUPERUSER PASSWORD :'password';"
    # For this role only; the server is everybody's.
    cp -p "$hba" "$BATS_TEST_TMPDIR/hba"
    sed -i "1i local all $role scram-sha-256" "$hba"
    sql "SELECT pg_reload_conf()"
    run eventually password_wanted "$role"
    wanted=$status

    run --separate-stderr kv-migrate up -w -d "host=$PGHOST port=$PGPORT user=$role dbname=$PGDATABASE"
    without=$status
    run --separate-stderr kv-migrate up -w --kv-enabled --no-settings \
        -d "postgres://$role:p%20w%3A%2F%40%3F%26%22%25@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
    by_uri=$status
    PGPASSWORD=$password run --separate-stderr kv-migrate up -w --kv-enabled -U "$role"
    by_variable=$status

    cp -p "$BATS_TEST_TMPDIR/hba" "$hba"
    sql "SELECT pg_reload_conf()"
    assert_equal "0 2 0 0" "$wanted $without $by_uri $by_variable"
    assert_migrated
    drop_database
    psql -Xq -d postgres -c "DROP ROLE $role"
}

password_wanted() {
    ! psql -Xw -U "$1" -c "" 2>/dev/null
}

@test "every message is JSON where JSON is asked for" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES (E'or\"ph\\\\an\n', 'k', 'i', 'd')"
    more_migrations
    echo 'SELECT 1;' >"$MORE/000039_more.up.sql"
    run --separate-stderr -0 "${MIGRATE[@]}" -v --keep-tables --log-format json
    assert_json_lines kv-migrate kv-export kv-import
    run --separate-stderr -0 "${MIGRATE[@]}" --log-format=json
    assert_json_lines kv-migrate
    run --separate-stderr -2 elsewhere kv-migrate up --log-format=json
    assert_json_lines kv-migrate
}

@test "what PostgreSQL says of a failing migration is JSON, too, where JSON is asked for" {
    legacy_database
    more_migrations
    printf 'SELECT 1 / 0;\n' >"$MORE/000039_broken.up.sql"
    run --separate-stderr -3 "${MIGRATE[@]}" --log-format=json --migrations "$MORE"
    assert_json_lines kv-migrate
    assert_contains "$stderr" "division by zero"
}

@test "--quiet says nothing where all is well" {
    legacy_database
    run --separate-stderr -0 "${MIGRATE[@]}" --quiet
    assert_equal "" "$output$stderr"
    assert_migrated
}

@test "version tells where the database stands, and changes nothing" {
    local before
    legacy_database
    before=$(legacy_digest)
    succeeds kv-migrate version -d "$DSN"
    grep -Eq '^schema version: +38$' <<<"$output"
    grep -Eq '^KV version: +none$' <<<"$output"
    assert_untouched "$before"
    "${MIGRATE[@]}" --quiet
    succeeds kv-migrate version -d "$DSN"
    grep -Eq '^schema version: +39$' <<<"$output"
    grep -Eq '^KV version: +1$' <<<"$output"
    sql "UPDATE schema_migrations SET dirty = true"
    succeeds kv-migrate version -d "$DSN"
    assert_contains "$output" dirty
    drop_database
    fresh_database
    succeeds kv-migrate version -d "$DSN"
    assert_sql "" "SELECT to_regclass('schema_migrations')"
}
