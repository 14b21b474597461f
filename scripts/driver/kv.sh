# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# The KV migration: export | import, and the cleanup of the legacy tables.
#
# Reads: connection, schema, schema_quoted, database, session_pid, target, import_options, and the options.

# list_known_tables: sets known_tables to the names of all tables that kv-export reads.
list_known_tables() {
    local names
    names=$("$programs/kv-export" --list-tables) || fail "$EXIT_USAGE" "could not run kv-export"
    mapfile -t known_tables <<<"$names"
}

# find_legacy_tables: sets legacy_tables (names) to those of the tables that kv-export reads that are
# there.  kv-export knows them; they are written down nowhere else.
find_legacy_tables() {
    local names
    list_known_tables
    names=$(printf ", '%s'" "${known_tables[@]}")
    session_require "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $(sql_literal "$schema") AND c.relkind IN ('r', 'p') AND c.relname IN (${names#, })
        ORDER BY c.relname"
    legacy_tables=()
    [[ -z $session_output ]] || mapfile -t legacy_tables <<<"$session_output"
}

# legacy_tables_sql: prints the names, qualified, for a statement.  They need no quotes.
legacy_tables_sql() {
    local table list=""
    for table in "${legacy_tables[@]}"; do
        list+=", $schema_quoted.$table"
    done
    printf '%s' "${list#, }"
}

# lock_legacy_tables: writers wait from here on; one that has the tables is waited for, with a bound.
lock_legacy_tables() {
    session_statement "LOCK TABLE $(legacy_tables_sql) IN SHARE MODE" && return
    [[ $session_state == 55P03 ]] &&
        fail "$EXIT_REFUSED" "another session is writing the legacy tables" "$session_output" \
            "Stop lakeFS, then run again; --lock-wait-timeout says how long to wait."
    session_lost && fail "$EXIT_CONNECTION" "the connection to the database was lost" "$session_output"
    fail "$EXIT_FAILED" "could not lock the legacy tables" "$session_output"
}

# set_import: sets import to the command of kv-import, whose lock this session holds.
set_import() {
    import=("$programs/kv-import" "${connection[@]}" "${shared_options[@]}" "${import_options[@]}"
        --schema "$schema" --lock-held-by "$session_pid")
}

# check_target: has kv-import look at the target as a load does.  Sets target_found to what is there, for people; false
# where a load would not be taken, of which kv-import has said why, with child_status.
check_target() {
    local import
    set_import
    target_found=""
    run_child "${import[@]}" --check-target --not-migrated >"$scratch/target" || return
    target_found=$(<"$scratch/target")
}

# require_target: ends where a load would not be taken, while nothing is done yet.
require_target() {
    check_target ||
        fail "$(failure_code "$child_status")" "nothing was done: kv-import ended with exit code $child_status when it looked at the target" "" \
            "Mend the cause, then run again."
}

# failure_code STATUS: prints the exit code for a child's.  A program that was killed has failed, whatever its signal was.
failure_code() {
    printf '%s' "$(($1 <= EXIT_CLEANUP ? $1 : EXIT_FAILED))"
}

# transfer: kv-export | kv-import.
transfer() {
    local for_pipe=()
    # Nobody keeps what goes through a pipe: it is neither compressed nor given a SHA-256, unless a level
    # was asked for; the checksums that prove it whole stay.
    [[ -n $dump ]] || for_pipe=(--compress=0 --no-sha256)
    local export=("$programs/kv-export" "${connection[@]}" "${shared_options[@]}" "${for_pipe[@]}"
        "${export_options[@]}" --schema "$schema" --migrations "$migrations_folder")
    local import
    set_import
    if [[ -n $dump ]]; then
        begin_phase export
        run_child "${export[@]}" --file "$dump" || transfer_failed "$child_status" "kv-export"
        begin_phase import
        run_child "${import[@]}" "$dump" || transfer_failed "$child_status" "kv-import"
        end_phase
        return
    fi
    begin_phase transfer
    transfer_by_pipe
    end_phase
}

transfer_by_pipe() {
    local export_status import_status
    # Two displays of progress would get in each other's way, and the slower part's tells more.
    export+=(--no-progress)
    mkfifo -m 600 "$scratch/pipe" || fail "$EXIT_USAGE" "could not make a pipe in \"$scratch\""
    connected "${export[@]}" >"$scratch/pipe" &
    children+=($!)
    connected "${import[@]}" - <"$scratch/pipe" &
    children+=($!)
    wait_for "${children[0]}"
    export_status=$child_status
    wait_for "${children[1]}"
    import_status=$child_status
    children=()
    ((export_status == 0 && import_status == 0)) && return
    # When one of them dies the other fails too, for want of a partner: kv-import finds the dump cut
    # off (4), kv-export a closed pipe (3).  Who failed first is told by the other's complaint.
    if ((import_status == 0)) || { ((export_status != 0)) && ((import_status == EXIT_DUMP)); }; then
        transfer_failed "$export_status" "kv-export"
    fi
    transfer_failed "$import_status" "kv-import"
}

transfer_failed() {
    local code detail="Nothing was stamped; the legacy tables are as they were."
    # The table in DynamoDB may be; kv-import has said so then.
    [[ $target != dynamodb ]] || detail="The database was not stamped; the legacy tables are as they were."
    code=$(failure_code "$1")
    # It may have come to its end behind the stamp.  A stamp whose COMMIT is on its way is waited for.
    if session_statement "LOCK TABLE $schema_quoted.schema_migrations IN SHARE MODE"; then
        read_stamp
        is_stamped && event "$2 ended with exit code $1, after the stamp" "" "DROP TABLE $(legacy_tables_sql);"
    else
        detail="Whether it was stamped could not be found out; the legacy tables are as they were."
    fi
    fail "$code" "the KV migration failed: $2 ended with exit code $1" "$detail" \
        "Mend the cause, then run again: where nothing was stamped, it starts from scratch."
}

# is_kv_table: whether there is a relation kv with a KV table's columns.  A relation of this name may be
# somebody else's.
is_kv_table() {
    session_require "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $(sql_literal "$schema") AND c.relname = 'kv' AND a.attname IN ('partition_key', 'key', 'value')
        AND a.atttypid = 'bytea'::regtype"
    ((session_output == 3))
}

# read_kv_version: sets kv_version to the version of the KV store, none where it has none.
read_kv_version() {
    kv_version=none
    if is_in_dynamodb; then
        # As it was stamped: who goes on with the store is not asked here.
        session_require "SELECT $(note_sql) #>> '{store,kv_version}'"
        kv_version=$session_output
        return
    fi
    is_kv_table || return 0
    session_require "SELECT encode(value, 'escape') FROM $schema_quoted.kv WHERE partition_key = 'kv-internal-metadata'::bytea
        AND key = 'kv/schema/version'::bytea"
    kv_version=${session_output:-none}
}

# read_stamp: whether the migration has happened, asked of the database itself.  Sets stamp to
# "schema version/kv version".
read_stamp() {
    read_kv_version
    read_version
    stamp="${version:-none}/$kv_version"
}

is_stamped() {
    [[ ${stamp%/*} == "$kv_migration_version" && ${stamp#*/} =~ ^[1-9][0-9]*$ && $dirty == f ]]
}

# drop_legacy_tables: the cleanup, in the lock's session, whose transaction it ends.
drop_legacy_tables() {
    ((${#legacy_tables[@]} > 0)) || return 0
    session_statement "DROP TABLE $(legacy_tables_sql)" && session_statement "COMMIT" && return
    cleanup_failed
}

# cleanup_failed: the session's latest statement has failed, so the legacy tables are still there.
cleanup_failed() {
    event "the legacy tables could not be dropped" "$session_output" "DROP TABLE $(legacy_tables_sql);"
}

# note_sql: prints the expression of the note that kv-import leaves, as jsonb; see import/provenance.h.  It is the
# comment of the table that has_note has found.
note_sql() {
    printf '%s' "$(comment_sql "$note_table")::jsonb"
}

# comment_sql TABLE: prints the expression of a table's comment, NULL where it is not there.
comment_sql() {
    printf '%s' "obj_description(to_regclass($(sql_literal "$schema_quoted.$1")), 'pg_class')"
}

# has_note: whether there is such a note.  A store in DynamoDB has it in the comment of schema_migrations, one in
# PostgreSQL in that of the table kv.  A comment may be somebody else's.
has_note() {
    for note_table in schema_migrations kv; do
        session_require "SELECT coalesce($(comment_sql "$note_table"), '')"
        [[ $session_output == '{'*'"source_rows"'*'}' ]] && session_try "SELECT $(note_sql)" && return
    done
    return 1
}

# is_in_dynamodb: whether the note tells of a store in DynamoDB.  Sets dynamodb_place, for people.
is_in_dynamodb() {
    has_note && [[ $note_table == schema_migrations ]] || return
    session_require "SELECT format('DynamoDB table \"%s\", region \"%s\"%s', store ->> 'table', store ->> 'region',
        ', ' || nullif(store ->> 'endpoint', '')) FROM (SELECT $(note_sql) -> 'store' AS store) AS noted"
    dynamodb_place=$session_output
}

# check_origin HINT: refuses where it is not known that the table kv was loaded from these legacy tables,
# and when.
check_origin() {
    local identifier
    has_note ||
        fail "$EXIT_REFUSED" "it is not known when the legacy tables were read" \
            "The comment of table kv, in which kv-import notes it, is missing." "$1"
    session_require "SELECT coalesce($(note_sql) #>> '{source,system_identifier}', '')"
    identifier=$session_output
    if [[ -n $identifier ]]; then
        session_require "SELECT system_identifier FROM pg_control_system()"
        [[ $session_output == "$identifier" ]] ||
            fail "$EXIT_REFUSED" "the table kv was loaded from another database cluster" "" "$1"
    fi
}

# check_unchanged: refuses the cleanup when a legacy table is no longer as it was when it was read.
# What kv-import wrote down as the comment of the table kv tells how that was.
check_unchanged() {
    local table changes=""
    check_origin "Make sure yourself that the legacy tables hold nothing new, then drop them by hand: DROP TABLE $(legacy_tables_sql);"
    for table in "${legacy_tables[@]}"; do
        count_changes "$table"
        changes+=$session_output
    done
    [[ -z $changes ]] ||
        fail "$EXIT_REFUSED" "legacy tables were written to after they were read" "${changes#, }." \
            "These rows are not in the KV store. Move them by hand, or migrate again; then drop the tables."
}

# count_changes TABLE: sets session_output to ", table: ..." when it has rows that the snapshot did not
# see, or lacks rows that it saw; else to nothing.  A row's xmin has 32 bits; the upper ones are those of the present, or one less.
count_changes() {
    session_require "WITH note AS (SELECT $(note_sql) AS j),
        present AS (SELECT txid_snapshot_xmax(txid_current_snapshot()) AS xid),
        row_xids AS (SELECT r.xmin::text::int8 AS low, p.xid AS present,
            (p.xid >> 32 << 32) + r.xmin::text::int8 AS xid FROM $schema_quoted.$1 r CROSS JOIN present p),
        counted AS (SELECT count(*) AS rows, count(*) FILTER (WHERE low > 2 AND NOT txid_visible_in_snapshot(
            CASE WHEN xid > present THEN xid - 4294967296 ELSE xid END,
            (SELECT (j #>> '{source,snapshot}')::txid_snapshot FROM note))) AS written FROM row_xids),
        compared AS (SELECT written, (SELECT (j #>> '{source_rows,$1}')::int8 FROM note)
            - (rows - written) AS gone FROM counted)
        SELECT format(', $1: %s rows inserted or updated, %s rows deleted or updated', written, gone)
        FROM compared WHERE written <> 0 OR gone IS DISTINCT FROM 0"
}
