# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# The lock's session: one psql that stays open from the first look to the end.
#
# It holds golang-migrate's advisory lock and later the SHARE locks on the legacy tables, all in one
# transaction, and drops the tables in it.  When it dies, the server takes the locks back.
#
# Sets: session_pid (its backend), session_state (SQLSTATE of the latest statement, 00000 when it
# went well), session_output.  Reads: connection, lock_wait_ms, schema_option, migrated (whether the stamp stands).

readonly SESSION_MARK="--kv-migrate-end-of-answer--"

# How transactions begin; a command that only looks sets session_mode to another one.
readonly MODE_WRITE="ISOLATION LEVEL READ COMMITTED READ WRITE" MODE_CHECK="ISOLATION LEVEL READ COMMITTED READ ONLY"
readonly MODE_LOOK="ISOLATION LEVEL REPEATABLE READ READ ONLY"
session_mode=$MODE_WRITE

# begin_sql SEPARATOR MODE: prints the statements that begin a transaction with the settings that every
# transaction of ours has, here as in common/pg/connection.h: whatever a role or database sets, they run as
# they are meant, or fail.  They go to the server in one message, so that a time-out ends before it can
# strike, and for the transaction only, so that nothing stays behind in a connection pool.
begin_sql() {
    local setting
    printf 'BEGIN %s' "$2"
    for setting in "statement_timeout = 0" "idle_in_transaction_session_timeout = 0" "lock_timeout = $lock_wait_ms" \
        "client_min_messages = 'warning'" "client_encoding = 'UTF8'" "standard_conforming_strings = on" \
        "row_security = off"; do
        printf '%s SET LOCAL %s' "$1" "$setting"
    done
    printf '%s %s' "$1" "SELECT pg_catalog.set_config('transaction_timeout', '0', true) WHERE
        pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000"
}

# session_begin: begins the session's transaction.
session_begin() {
    session_statement "$(begin_sql '\;' "$session_mode")\; SET LOCAL DateStyle = 'ISO'\; SET LOCAL TimeZone = 'UTC'\; SET LOCAL jit = off"
}

# session_start: connects and begins the transaction.
session_start() {
    # Pipes of our own, and no coprocess, whose descriptors bash closes when it ends: what it said last
    # would be lost.
    mkfifo -m 600 "$scratch/session.in" "$scratch/session.out" ||
        fail "$EXIT_USAGE" "could not make pipes in \"$scratch\""
    connected psql -X -q -A -t "${connection[@]}" <"$scratch/session.in" >"$scratch/session.out" 2>&1 &
    session_process=$!
    exec {session_in}>"$scratch/session.in" {session_out}<"$scratch/session.out"
    if ! session_begin; then
        # feature_not_supported: no transaction can write on a standby.
        [[ $session_state != 0A000 ]] || standby_refused "$session_output"
        session_lost && fail "$EXIT_CONNECTION" "could not connect to the database" "$session_output"
        fail "$EXIT_FAILED" "could not begin a transaction" "$session_output"
    fi
    session_require "SELECT pg_catalog.pg_backend_pid()"
    session_pid=$session_output
}

# standby_refused DETAIL
standby_refused() {
    fail "$EXIT_REFUSED" "the server is a standby, which cannot be written to" "$1" "Connect to the primary server."
}

# refuse_standby: for a session that does not write, which a standby would let go on.
refuse_standby() {
    session_require "SELECT pg_is_in_recovery()"
    [[ $session_output == f ]] || standby_refused ""
}

# session_statement SQL: runs one statement; false when it failed or the session is gone.
session_statement() {
    local line part="" status
    session_output=""
    session_state="08006"
    # Where psql has ended since the last statement, its last words are still to be read.
    [[ -n ${session_process-} ]] || return 1
    debug "$1"
    printf '%s;\n\\echo %s :SQLSTATE\n' "$1" "$SESSION_MARK" 1>&"$session_in" 2>/dev/null || true
    # A read with a time-out lets a signal's trap run between two looks.
    while true; do
        line=""
        status=0
        IFS= read -r -t 0.5 line <&"$session_out" || status=$?
        part+=$line
        if ((status > 128)); then
            continue
        elif ((status != 0)); then
            session_output+=$part
            session_process=""
            return 1
        fi
        if [[ $part == "$SESSION_MARK "* ]]; then
            session_state=${part#"$SESSION_MARK "}
            break
        fi
        session_output+=${session_output:+$'\n'}$part
        part=""
    done
    [[ $session_state == 00* || $session_state == 02* ]] && return
    # psql tells the line of its input, which says nothing to anybody.
    while [[ $session_output =~ psql:\<stdin\>:[0-9]+:\  ]]; do
        session_output=${session_output/"${BASH_REMATCH[0]}"/}
    done
    return 1
}

# session_lost: whether the connection is gone.
session_lost() {
    [[ -z ${session_process-} || $session_state == 08* || $session_state == 57P0[123] ]]
}

# session_require SQL: like session_statement, but a failure ends the program.  Once the migration stands, it
# is not the migration that has failed.
session_require() {
    session_statement "$1" && return
    ! $migrated || cleanup_failed
    if session_lost; then
        fail "$EXIT_CONNECTION" "the connection to the database was lost" "$session_output"
    fi
    [[ $session_state != 55P03 ]] ||
        fail "$EXIT_REFUSED" "another session holds a lock" "$session_output" \
            "Wait for it to end, or end it, then run again; --lock-wait-timeout says how long to wait."
    fail "$EXIT_FAILED" "a statement failed" "$session_output"
}

# session_try SQL: like session_statement, but after a failure the transaction can go on.
session_try() {
    local output state
    session_require "SAVEPOINT try"
    session_statement "$1" && return
    ! session_lost || return 1
    output=$session_output state=$session_state
    session_require "ROLLBACK TO SAVEPOINT try"
    session_output=$output session_state=$state
    return 1
}

# session_end: commits nothing; what is open is rolled back by the server.  psql cancels the statement that
# it waits for when it is interrupted; killed, it would leave it to the server.
session_end() {
    [[ -n ${session_process-} ]] || return 0
    kill -INT "$session_process" 2>/dev/null || true
    exec {session_in}>&- 2>/dev/null || true
    end_process "$session_process"
    session_process=""
}

# find_schema: sets database, schema, schema_quoted, from the session's own search_path or --schema; from
# then on the session's search_path is empty.
find_schema() {
    local oid current row
    # What another user of a pooled connection has set is not meant.
    session_require "SET LOCAL search_path TO DEFAULT"
    session_require "SELECT coalesce(pg_catalog.to_regclass('schema_migrations')::pg_catalog.oid::pg_catalog.text, '0')"
    oid=$session_output
    session_require "SELECT pg_catalog.current_schema()"
    current=$session_output
    session_require "SET LOCAL search_path = ''"
    session_require "SELECT current_database()"
    database=$session_output
    # One value a line; names with newlines are beyond what a lakeFS database has.
    session_require "SELECT concat_ws(E'\n', n.nspname, quote_ident(n.nspname)) FROM pg_namespace n WHERE n.nspname = coalesce(nullif($(sql_literal "$schema_option"), ''),
        (SELECT m.nspname FROM pg_namespace m JOIN pg_class c ON c.relnamespace = m.oid
        WHERE c.oid = $oid), $(sql_literal "$current"))"
    mapfile -t row <<<"$session_output"
    [[ ${#row[@]} -eq 2 ]] ||
        fail "$EXIT_USAGE" "there is no schema \"${schema_option:-$current}\"" "" \
            "Name the schema of lakeFS's tables with --schema."
    schema=${row[0]}
    schema_quoted=${row[1]}
}

# sql_literal TEXT: prints TEXT as an SQL literal.
sql_literal() {
    local text=${1//\'/\'\'}
    # With a backslash in it, the E form reads the same whatever standard_conforming_strings says.
    if [[ $text == *\\* ]]; then
        printf " E'%s'" "${text//\\/\\\\}"
    else
        printf "'%s'" "$text"
    fi
}

# find_lock_key: sets lock_key to that of the migration lock of this schema.
find_lock_key() {
    lock_key=$("$helper" lock-key "$schema" "$database") || exit "$EXIT_USAGE"
}

# find_lock_holder: sets lock_holder to a description of the session that holds the migration lock; empty
# where none does.
find_lock_holder() {
    session_require "SELECT format('process %s of user \"%s\" (application \"%s\", since %s)', l.pid, a.usename,
        a.application_name, a.backend_start) FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = '$lock_key'
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) LIMIT 1"
    lock_holder=$session_output
}

# take_lock: waits for the lock as long as lock_timeout allows; refuses, naming the holder.
take_lock() {
    find_lock_key
    session_statement "SELECT pg_advisory_xact_lock($lock_key)" && return
    [[ $session_state == 55P03 ]] ||
        fail "$EXIT_CONNECTION" "could not take the migration lock" "$session_output"
    session_require "ROLLBACK"
    session_begin && session_require "SET LOCAL search_path = ''"
    find_lock_holder
    fail "$EXIT_REFUSED" "another migration holds the lock of database \"$database\"" \
        "The lock is held by ${lock_holder:-another session}." \
        "Wait for it to end, or end it, then run again; --lock-wait-timeout says how long to wait."
}
