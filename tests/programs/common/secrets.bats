#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Passwords: every way to give one works, with any characters, and none exposes it: not in a command line, a message, a
# log, the server's log, a dump or a file.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

# bats file_tags=long
bats_require_minimum_version 1.5.0

# shellcheck source=/dev/null
source "${BATS_TEST_DIRNAME}/../../../scripts/dev/throwaway-postgres.sh"

load ../../lib/setup
load ../../lib/watch

# A server of its own that requires passwords and logs all statements and connections.
setup_file() {
    export SECRETS_POSTGRES_DIR=""
    SECRETS_POSTGRES_DIR=$(mktemp -d "${TMPDIR:-/tmp}/kv-secrets.XXXXXX")
    THROWAWAY_POSTGRES_OPTIONS="-c log_statement=all -c log_connections=on" throwaway_postgres_start "$SECRETS_POSTGRES_DIR"
    printf 'local all postgres trust\nlocal all all scram-sha-256\n' >"$SECRETS_POSTGRES_DIR/data/pg_hba.conf"
    # Includes a number, so that its parts are found nowhere else on this machine.
    printf '%s' "p@ss:w/o%rd$BASHPID'\"\\ &?#=é" >"$BATS_FILE_TMPDIR/password"
    # Setting a password must not be logged.
    psql -XAtq -v ON_ERROR_STOP=1 -v password="$(<"$BATS_FILE_TMPDIR/password")" <<'SQL'
SET log_statement = none;
SET password_encryption = 'scram-sha-256';
CREATE ROLE secretive LOGIN SUPERUSER PASSWORD :'password';
CREATE ROLE "us er@x:y/%41?=é'""\" LOGIN SUPERUSER PASSWORD :'password';
SELECT pg_reload_conf() \g /dev/null
SQL
    make_template SMALL
    psql -Xq -v ON_ERROR_STOP=1 -d "$SMALL" <<'SQL'
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main');
INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1');
INSERT INTO graveler_staging_kv SELECT 'token', int4send(n), 'identity', 'data' FROM generate_series(1, 100) AS n;
-- To be named at --verbose.
INSERT INTO graveler_staging_kv VALUES ('orphan', 'k', 'i', 'd');
SQL
}

teardown_file() {
    throwaway_postgres_stop "$SECRETS_POSTGRES_DIR"
}

setup() {
    PASSWORD=$(<"$BATS_FILE_TMPDIR/password")
    # Parts of it that look the same however the rest is quoted: literally, and percent-encoded.
    PARTS=$(sed -n 's/.*o%\(rd[0-9]*\).*/o%\1\no%25\1/p' "$BATS_FILE_TMPDIR/password")
    # What the tests give to the programs, and what the programs may write.
    GIVEN=$BATS_TEST_TMPDIR/given
    WRITTEN=$BATS_TEST_TMPDIR/written
    export TMPDIR=$WRITTEN/scratch
    mkdir -p "$GIVEN" "$TMPDIR"
    fresh_database TEMPLATE "$SMALL"
    # A program that crashes would leave a file with all its memory.
    ulimit -c unlimited
    cd "$WRITTEN" || return
}

teardown() {
    watch_stop || true
    stop_background
    release
    drop_database
    assert_equal "$(ls -A "$TMPDIR")" ""
}

# Giving a password ---------------------------------------------------------------------------------------------------

# percent TEXT: prints it percent-encoded.
percent() {
    python3 -c 'import sys, urllib.parse
sys.stdout.write(urllib.parse.quote(sys.stdin.buffer.read(), safe=""))' <<<"$1" | sed 's/%0A$//'
}

# quoted TEXT: prints it as a value of a connection string.
quoted() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# give WAY PASSWORD [USER]: sets GIVE (arguments) and VARIABLES (NAME=VALUE) to connect to the test's database with the
# password.
give() {
    local uri user=${3-secretive} service=$GIVEN/service line=$2
    uri="postgresql://$(percent "$user"):$(percent "$2")@$(percent "$PGHOST"):$PGPORT/$(percent "$PGDATABASE")"
    GIVE=(-d "host=$PGHOST port=$PGPORT user=$user dbname=$PGDATABASE")
    VARIABLES=(NONE=)
    case $1 in
        uri) GIVE=(-d "$uri") ;;
        uri-parameter) GIVE=("--dbname=postgres:///$PGDATABASE?host=$PGHOST&port=$PGPORT&user=$user&password=$(percent "$2")") ;;
        conninfo) GIVE=(-d "${GIVE[1]} password = $(quoted "$2")") ;;
        variable) VARIABLES=(PGPASSWORD="$2") ;;
        variables)
            GIVE=()
            VARIABLES=(PGPASSWORD="$2" PGUSER="$user" PGDATABASE="$PGDATABASE")
            ;;
        password-file)
            line=${line//\\/\\\\}
            (umask 077 && printf '%s:%s:%s:%s:%s\n' '*' '*' '*' "$user" "${line//:/\\:}" >"$GIVEN/passwords")
            VARIABLES=(PGPASSFILE="$GIVEN/passwords")
            ;;
        service-file)
            printf '[secret]\nhost=%s\nport=%s\nuser=%s\ndbname=%s\npassword=%s\n' "$PGHOST" "$PGPORT" "$user" "$PGDATABASE" \
                "$2" >"$service"
            GIVE=(-d "service=secret")
            VARIABLES=(PGSERVICEFILE="$service")
            ;;
        lakefs)
            GIVE=()
            VARIABLES=(LAKEFS_DATABASE_CONNECTION_STRING="$uri")
            ;;
        lakefs-old)
            GIVE=()
            VARIABLES=(LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING="host=$PGHOST port=$PGPORT user=$user dbname=$PGDATABASE password=$(quoted "$2")")
            ;;
    esac
}

# given COMMAND...: executes the command, with VARIABLES.
given() {
    # Only the given parameters may lead to the database.
    export PGUSER=nobody PGDATABASE=nowhere
    export "${VARIABLES[@]}"
    exec "$@"
}

# secretly CODE COMMAND...: the command ends with the code, and exposes no password. Sets MESSAGES to its standard
# error.
secretly() {
    local code=$1 status=0
    shift
    (given "$@") >"$WRITTEN/output" 2>"$WRITTEN/messages" </dev/null 3>&- || status=$?
    cat "$WRITTEN/messages"
    assert_equal "$status" "$code"
    MESSAGES=$(<"$WRITTEN/messages")
    refute_secret
}

# refute_secret: neither files that the programs have written nor the server's log hold the password, and nothing
# crashed.
refute_secret() {
    run ! grep -rlaFf <(printf '%s' "$PARTS") "$WRITTEN" "$SECRETS_POSTGRES_DIR/log"
    assert_equal "$output" ""
    assert_equal "$(find "$WRITTEN" -name 'core*')" ""
}

# Watching ------------------------------------------------------------------------------------------------------------

# watch_password: searches for the password everywhere, including the folder of written files, until watch_stop.
watch_password() {
    watch "$WRITTEN" <<<"$PARTS"
}

# unseen PROGRAM...: ends the watch: each of the programs was seen, but no secret, except in environments.  A program
# that ends within an instant may never be seen.
unseen() {
    local program
    watch_stop
    grep -vxE 'saw (kworker.*|k[a-z]+|)' "$BATS_TEST_TMPDIR/watch"
    assert_equal "$(grep -E '^(arguments|file)' "$BATS_TEST_TMPDIR/watch")" ""
    for program; do
        grep -x "saw $program" "$BATS_TEST_TMPDIR/watch"
    done
}

# unseen_now: no command line, file or session exposes a secret now.
unseen_now() {
    assert_equal "$("$TESTS_DIR/lib/watch_secrets.py" --once "$WRITTEN" <<<"$PARTS" |
        grep -vE '^(looks|saw|watching|environment)')" ""
    psql -XAtq -c "SELECT a FROM pg_stat_activity AS a" >"$BATS_TEST_TMPDIR/activity"
    assert_contains "$(<"$BATS_TEST_TMPDIR/activity")" "$PGDATABASE"
    run ! grep -F "$PARTS" "$BATS_TEST_TMPDIR/activity"
}

# Every way -----------------------------------------------------------------------------------------------------------

@test "the server requires the password, and its characters are the intended ones" {
    run ! psql -XAtqw -U secretive -c "SELECT 1"
    assert_contains "$output" "no password supplied"
    assert_equal "$(wc -l <<<"$PARTS")" 2
    assert_contains "$PASSWORD" "$(head -n 1 <<<"$PARTS")" @ : / % "'" '"' "\\" " " "&" "?" "#" "=" "é"
    assert_contains "$(percent "$PASSWORD")" "$(tail -n 1 <<<"$PARTS")" %40 %3A %2F %27 %22 %5C %20 %26 %3F %23 %3D %C3%A9
    # The watch does see environments.
    mkfifo "$GIVEN/fifo"
    # shellcheck disable=SC2016 # for that bash
    PGPASSWORD=$PASSWORD background bash -c 'read -r <>"$1"' "$PASSWORD" "$GIVEN/fifo"
    printf '%s' "$PASSWORD" >"$WRITTEN/file"
    run "$TESTS_DIR/lib/watch_secrets.py" --once "$WRITTEN" <<<"$PARTS"
    assert_contains "$output" "arguments bash" "environment bash" "file $WRITTEN/file"
    stop_background
    rm "$WRITTEN/file"
}

@test "a password given outside the arguments is exposed nowhere: variable, password file, service file" {
    local way
    watch_password
    for way in variable variables password-file service-file; do
        echo "== $way"
        give "$way" "$PASSWORD"
        secretly 0 kv-export "${GIVE[@]}" -v --log-format=json --no-settings -j 2 -f "$WRITTEN/$way.dump"
        assert_contains "$MESSAGES" '"level":"info"' orphan
        zstd -dcq "$WRITTEN/$way.dump" >"$WRITTEN/$way.stream"
        secretly 0 kv-import "${GIVE[@]}" -v -j 2 "$WRITTEN/$way.dump"
        secretly 0 kv-import --list "$WRITTEN/$way.dump"
        assert_stamp 39 1
        sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "UPDATE schema_migrations SET version = 38"
    done
    secretly 0 kv-migrate up "${GIVE[@]}" --kv-enabled --no-settings --keep-tables -v
    assert_stamp 39 1
    give password-file "$PASSWORD"
    secretly 0 kv-migrate cleanup "${GIVE[@]}" -v
    give variables "$PASSWORD"
    secretly 0 kv-migrate version "${GIVE[@]}"
    unseen kv-import bash
}

@test "lakeFS's own variables work, and the password is exposed nowhere" {
    watch_password
    give lakefs "$PASSWORD"
    secretly 0 kv-migrate up --kv-enabled --no-settings -v --log-format=json --keep-tables --dump "$WRITTEN/dump"
    assert_stamp 39 1
    give lakefs-old "$PASSWORD"
    secretly 0 kv-migrate cleanup -v
    unseen bash
}

@test "a password in the arguments of kv-export disappears once it runs" {
    local way
    for way in uri uri-parameter conninfo; do
        echo "== $way"
        give "$way" "$PASSWORD"
        hold "LOCK TABLE graveler_commits IN ACCESS EXCLUSIVE MODE"
        background given kv-export "${GIVE[@]}" -v -j 2 --no-settings -f "$WRITTEN/$way.dump"
        eventually someone_waits
        unseen_now
        release
        background_ends 0
        cp "$BACKGROUND_OUTPUT" "$WRITTEN/messages"
        refute_secret
    done
}

@test "a password in the arguments of kv-import disappears once it runs" {
    local way
    for way in uri uri-parameter; do
        echo "== $way"
        kv-export --no-settings -q --force -f "$WRITTEN/dump"
        give "$way" "$PASSWORD"
        hold "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
        background given kv-import "${GIVE[@]}" -v -j 2 "$WRITTEN/dump"
        eventually someone_waits
        unseen_now
        release
        background_ends 0
        cp "$BACKGROUND_OUTPUT" "$WRITTEN/messages"
        refute_secret
        drop_database
        fresh_database TEMPLATE "$SMALL"
    done
}

@test "a password in the arguments of kv-migrate disappears once it runs, from those of all programs" {
    local way key
    # A table lock blocks kv-import, which starts when it is released.
    waits_for_table() {
        [ "$(sql "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")" = t ]
    }
    for way in uri conninfo; do
        echo "== $way"
        give "$way" "$PASSWORD"
        key=$(lock_key public "$PGDATABASE")
        hold "SELECT pg_advisory_lock($key); CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
        background given kv-migrate up "${GIVE[@]}" -v --kv-enabled --no-settings
        eventually someone_waits
        # From now on it must not be visible at any time.
        watch_password
        printf 'SELECT pg_advisory_unlock(%s);\n' "$key" >&"$HOLDER_INPUT"
        eventually waits_for_table
        unseen_now
        release
        background_ends 0
        unseen kv-migrate-sess kv-import
        cp "$BACKGROUND_OUTPUT" "$WRITTEN/messages"
        refute_secret
        assert_stamp 39 1
        drop_database
        fresh_database TEMPLATE "$SMALL"
    done
}

# asked CODE PASSWORD COMMAND...: on a terminal, the command asks for the password once, does not echo it, and ends with
# the code. Sets MESSAGES to the terminal's contents.
asked() {
    local code=$1 status=0 password=$2
    shift 2
    (given "$TESTS_DIR/lib/answer.py" "$@") <<<"$password" >"$WRITTEN/messages" 2>&1 3>&- || status=$?
    cat "$WRITTEN/messages"
    assert_equal "$status" "$code"
    MESSAGES=$(<"$WRITTEN/messages")
    assert_equal "$(grep -c "Password: " "$WRITTEN/messages")" 1
    refute_secret
}

@test "the password prompt on a terminal does not echo, and the password is exposed nowhere" {
    watch_password
    give none "$PASSWORD"
    # All connections of all workers use the one answer.
    asked 0 "$PASSWORD" kv-export "${GIVE[@]}" -j 2 --no-settings -f "$WRITTEN/dump"
    asked 0 "$PASSWORD" kv-import "${GIVE[@]}" -j 2 "$WRITTEN/dump"
    assert_stamp 39 1
    asked 0 "$PASSWORD" kv-migrate version "${GIVE[@]}"
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "UPDATE schema_migrations SET version = 37"
    asked 0 "$PASSWORD" kv-migrate up "${GIVE[@]}" --kv-enabled --no-settings
    assert_stamp 39 1
    # -W asks even if no password is needed.
    asked 0 "$PASSWORD" kv-migrate cleanup -W "${GIVE[@]}" -U postgres
    give variable "$PASSWORD and more"
    asked 5 "$PASSWORD" kv-export -W "${GIVE[@]}" --no-settings -f "$WRITTEN/again.dump"
    give none "$PASSWORD"
    asked 2 "$PASSWORD and more" kv-export "${GIVE[@]}" --no-settings -f "$WRITTEN/again.dump"
    assert_contains "$MESSAGES" "password authentication failed"
    asked 2 "$PASSWORD and more" kv-migrate version "${GIVE[@]}"
    unseen kv-import bash
}

@test "without a terminal, or with -w, there is no prompt" {
    local program
    programs
    give none ""
    for program in "${PROGRAMS[@]:0:3}"; do
        # shellcheck disable=SC2086 # program and arguments
        secretly 2 setsid -w $program "${GIVE[@]}"
        # shellcheck disable=SC2086
        secretly 2 setsid -w $program "${GIVE[@]}" -W
        assert_contains "$MESSAGES" "no terminal to ask on"
        # shellcheck disable=SC2086
        secretly 2 "$TESTS_DIR/lib/answer.py" $program "${GIVE[@]}" -w
        refute_contains "$(<"$WRITTEN/output")" "Password: "
        assert_contains "$(<"$WRITTEN/output")" "no password supplied"
    done
}

@test "programs that do not connect do not get the password of a connection string" {
    local way name
    # Replace each by one that records its environment and arguments first.
    mkdir "$GIVEN/bin"
    for name in awk date dirname iconv mkfifo mktemp readlink rm sed sh sleep sort; do
        printf '#!/bin/bash\n{ echo "== %s" && tr "\\0" "\\n" </proc/$$/environ && printf "%%s\\n" "$@"; } >>%q\nexec %q "$@"\n' \
            "$name" "$WRITTEN/environments" "$(command -v "$name")" >"$GIVEN/bin/$name"
    done
    chmod +x "$GIVEN/bin"/*
    # With a failing cleanup.
    forbid_drop
    for way in uri conninfo lakefs; do
        # Run the last schema migration again, with a psql of its own.
        sql "SET client_min_messages = warning" "DROP TABLE IF EXISTS kv CASCADE" "UPDATE schema_migrations SET version = 37"
        give "$way" "$PASSWORD"
        VARIABLES+=(PATH="$GIVEN/bin:$PATH")
        rm -f "$WRITTEN/environments"
        secretly 6 kv-migrate up "${GIVE[@]}" --kv-enabled --no-settings --on-event "cat >'$WRITTEN/event'"
        grep -q DROP "$WRITTEN/event"
        for name in readlink sh; do
            grep -x "== $name" "$WRITTEN/environments"
        done
    done
}

# Failures ------------------------------------------------------------------------------------------------------------

# PROGRAMS: each with its arguments, for failures before anything is done.
programs() {
    kv-export --no-settings -q -d "$DSN" -f "$GIVEN/dump"
    PROGRAMS=("kv-export -v --no-settings -f $WRITTEN/new.dump" "kv-import -v $GIVEN/dump" "kv-migrate up -v --kv-enabled"
        "kv-migrate version" "kv-migrate cleanup")
}

@test "a wrong password is not repeated" {
    local way program format=json
    programs
    watch_password
    while read -r way program; do
        give "$way" "$PASSWORD and more"
        # shellcheck disable=SC2086 # program and arguments
        secretly 2 $program -w "${GIVE[@]}" --log-format=$format
        assert_contains "$MESSAGES" "password authentication failed"
        [ "$format" = json ] && format=text || format=json
    done <<WAYS
uri ${PROGRAMS[0]}
uri ${PROGRAMS[1]}
uri ${PROGRAMS[2]}
conninfo ${PROGRAMS[0]}
conninfo ${PROGRAMS[1]}
conninfo ${PROGRAMS[2]}
variable ${PROGRAMS[2]}
variables ${PROGRAMS[0]}
password-file ${PROGRAMS[2]}
password-file ${PROGRAMS[0]}
service-file ${PROGRAMS[2]}
service-file ${PROGRAMS[1]}
lakefs ${PROGRAMS[2]}
lakefs-old ${PROGRAMS[3]}
WAYS
    watch_stop
    # The arguments are visible until the program has started.
    assert_equal "$(grep '^file' "$BATS_TEST_TMPDIR/watch")" ""
    assert_missing "$WRITTEN/new.dump" "$WRITTEN/new.dump.partial"
}

@test "if the server is unreachable or refuses, the password is not repeated" {
    local address program string
    programs
    for address in "host=/nonexistent" "host=127.0.0.1 port=1" "host=127.0.0.1 port=99999" \
        "host=$PGHOST dbname=nowhere" "host=$PGHOST port=no" "host=$PGHOST sslmode=no" "host=$PGHOST options=-cno.such" \
        "host=/nonexistent,$PGHOST port=1" "host=$PGHOST sslrootcert=/nonexistent sslmode=verify-full user=nobody"; do
        echo "== $address"
        string="dbname=$PGDATABASE user=secretive password=$(quoted "$PASSWORD") $address"
        for program in "${PROGRAMS[@]:0:3}"; do
            VARIABLES=(NONE=)
            # shellcheck disable=SC2086 # program and arguments
            secretly 2 $program -w -d "$string"
        done
        VARIABLES=(LAKEFS_DATABASE_CONNECTION_STRING="$string")
        secretly 2 kv-migrate version --log-format=json
    done
}

@test "a malformed connection string is not repeated" {
    local program string raw=$PASSWORD
    programs
    for string in "postgres://secretive:$raw@$PGHOST/db" "postgresql://secretive:$raw" \
        "host=$PGHOST password='$raw" "$raw=x" "postgre://u:$(percent "$raw")@h/d" \
        "postgres://u:$(percent "$raw")@h:1/d?no" "postgres://u:$(percent "$raw")@[::1/d" "postgres://u:$(percent "$raw")%@h/d" \
        "postgres://u:$(percent "$raw")@x@h/d" "postgres://u:x/$(percent "$raw")@h/d" "jdbc:postgresql://u:$(percent "$raw")@h/d"; do
        echo "== $string"
        for program in "${PROGRAMS[@]}"; do
            VARIABLES=(NONE=)
            # shellcheck disable=SC2086 # program and arguments
            secretly 1 $program -d "$string"
            assert_contains "$MESSAGES" "hint: "
        done
        VARIABLES=(LAKEFS_DATABASE_CONNECTION_STRING="$string")
        secretly 1 kv-migrate up --log-format=json
        assert_contains "$MESSAGES" '"level":"error"'
    done
}

@test "failures after connecting do not repeat the password" {
    programs
    give uri "$PASSWORD"
    # A refused row, a table in the way, a wrong version, a truncated dump, a missing folder.
    sql "INSERT INTO auth_policies VALUES (1, now(), 'odd', '{}')"
    secretly 3 kv-export "${GIVE[@]}" -v --no-settings -f "$WRITTEN/new.dump"
    secretly 3 kv-migrate up "${GIVE[@]}" -v --kv-enabled --no-settings
    sql "DROP TABLE IF EXISTS kv CASCADE" "CREATE TABLE kv (a int)"
    secretly 5 kv-import "${GIVE[@]}" -v "$GIVEN/dump"
    secretly 5 kv-migrate cleanup "${GIVE[@]}" -v
    sql "DROP TABLE kv"
    head -c 300 "$GIVEN/dump" >"$GIVEN/cut.dump"
    secretly 4 kv-import "${GIVE[@]}" -v "$GIVEN/cut.dump"
    secretly 1 kv-export "${GIVE[@]}" -v --no-settings -f "$WRITTEN/nonexistent/dump"
    sql "UPDATE schema_migrations SET dirty = true"
    secretly 5 kv-migrate up "${GIVE[@]}" -v
    secretly 5 kv-export "${GIVE[@]}" -v --no-settings -f "$WRITTEN/new.dump"
}

# Names ---------------------------------------------------------------------------------------------------------------

@test "user, database, host list and options with special characters work, by URI and by keywords" {
    local user="us er@x:y/%41?=é'\"\\" hosts uri string
    sql "ALTER SCHEMA public RENAME TO \"fs 1\"" "CREATE SCHEMA public"
    psql -Xq -v ON_ERROR_STOP=1 -d postgres -v old="$PGDATABASE" -v new="d b@x:y/%41?=é'\"\\$PGDATABASE" \
        <<<'ALTER DATABASE :"old" RENAME TO :"new"'
    PGDATABASE="d b@x:y/%41?=é'\"\\$PGDATABASE"
    # The first host of the list does not respond.
    hosts="%2Fnonexistent:1,$(percent "$PGHOST"):$PGPORT"
    uri="postgres://$(percent "$user"):$(percent "$PASSWORD")@$hosts/$(percent "$PGDATABASE")?options=$(percent '-c search_path="fs\ 1"')"
    string="host=/nonexistent,$PGHOST port=1,$PGPORT user=$(quoted "$user") password=$(quoted "$PASSWORD")
        dbname = $(quoted "$PGDATABASE") options='-c search_path=\"fs\\\\ 1\"'"
    VARIABLES=(NONE=)
    secretly 0 kv-export -d "$uri" -j 2 --no-settings -f "$WRITTEN/uri.dump"
    secretly 0 kv-export -d "$string" -j 2 --no-settings -f "$WRITTEN/string.dump"
    assert_same_stream "$WRITTEN/uri.dump" "$WRITTEN/string.dump"
    assert_sql "" "SELECT to_regclass('\"fs 1\".kv')"
    secretly 0 kv-import -d "$uri" -j 2 "$WRITTEN/uri.dump"
    assert_sql 103 'SELECT count(*) FROM "fs 1".kv'
    secretly 0 kv-import -d "$string" -j 2 --clean "$WRITTEN/uri.dump"
    sql "SET client_min_messages = warning" 'DROP TABLE "fs 1".kv CASCADE' 'UPDATE "fs 1".schema_migrations SET version = 37'
    secretly 0 kv-migrate up -d "$uri" --keep-tables --kv-enabled --no-settings
    assert_sql "103|39" 'SELECT count(*), (SELECT version FROM "fs 1".schema_migrations) FROM "fs 1".kv'
    VARIABLES=(LAKEFS_DATABASE_CONNECTION_STRING="$string")
    secretly 0 kv-migrate cleanup
    assert_sql "" "SELECT to_regclass('\"fs 1\".auth_users')"
}
