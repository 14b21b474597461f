# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# Comparing the KV store with the legacy tables that were kept: kv-export | kv-import --verify, while nobody can
# write to the latter.
#
# Reads: connection, schema, session_pid, and the options.

# check_kept_tables: refuses where a legacy table is missing: what was read of it could not be told from what
# was added to the KV table since.
check_kept_tables() {
    local table missing=""
    for table in "${known_tables[@]}"; do
        [[ " ${legacy_tables[*]} " == *" $table "* ]] || missing+=", $table"
    done
    [[ -z $missing ]] ||
        fail "$EXIT_REFUSED" "legacy tables are missing: there is nothing to compare with" "Tables: ${missing#, }." \
            "$with_dump"
}

# read_as_of: sets as_of to the time by which the migration judged what had expired.
read_as_of() {
    local names
    names=$(printf ", '%s'" "${known_tables[@]}")
    # What was loaded from a KV store's dump, or from a part of one, was not read from these tables.  A note of an older
    # kv-import has the dump's time only.
    session_require "SELECT CASE WHEN note -> 'source_rows' ?& ARRAY[${names#, }] THEN coalesce(note #>> '{source,time}',
        note ->> 'dump_created', '') ELSE '' END FROM (SELECT $(note_sql) AS note) AS noted"
    as_of=$session_output
    [[ -n $as_of ]] ||
        fail "$EXIT_REFUSED" "it is not known when the legacy tables were read" "The note of table kv does not tell of all of them." "$with_dump"
}

# set_store: sets store, the options of kv-import that lead to the KV store.  Where one in DynamoDB is says the note; but
# an option may lead to its endpoint by another way.
set_store() {
    local place
    store=("${connection[@]}" --schema "$schema")
    is_in_dynamodb || return 0
    session_require "SELECT concat_ws(E'\n', store ->> 'table', store ->> 'region', store ->> 'endpoint')
        FROM (SELECT $(note_sql) -> 'store' AS store) AS noted"
    mapfile -t place <<<"$session_output"
    place[2]=${dynamodb_endpoint:-${place[2]-}}
    store=(--target=dynamodb "--dynamodb-table=${dynamodb_table:-${place[0]}}" "--aws-region=${dynamodb_region:-${place[1]}}"
        ${place[2]:+"--dynamodb-endpoint=${place[2]}"})
}

# compare_stores: sets export_status, import_status.  Where the two differ kv-import wants to read the dump again, to
# say in what.  It comes from a second export, whose shell waits until kv-import opens the pipe, and which the
# end of this program ends where it does not.
compare_stores() {
    local second watcher export=("$programs/kv-export" "${connection[@]}" "${shared_options[@]}" --compress=0 --no-sha256
        "${export_options[@]}" --no-progress --schema "$schema" --migrations "$migrations_folder" --as-of "$as_of")
    local import=("$programs/kv-import" "${store[@]}" "${shared_options[@]}" --verify --second-reading "$scratch/second")
    mkfifo -m 600 "$scratch/first" "$scratch/second" || fail "$EXIT_USAGE" "could not make pipes in \"$scratch\""
    connected "${export[@]}" >"$scratch/first" &
    children+=($!)
    second_export &
    second=$!
    children+=("$second")
    watch_over "$second" </dev/null >/dev/null 2>&1 &
    watcher=$!
    connected "${import[@]}" - <"$scratch/first" &
    children+=($! "$watcher")
    wait_for "${children[0]}"
    export_status=$child_status
    wait_for "${children[2]}"
    import_status=$child_status
    children=("$second" "$watcher")
    if ((export_status == 0 && import_status == EXIT_DUMP)); then
        # What it could not read whole was the second dump, which has ended by then.
        wait_for "$second"
        export_status=$child_status
        children=("$watcher")
        cat "$scratch/second.errors" >&2
    fi
}

# second_export: for compare_stores, in a subshell.  It may wait at the pipe for long, so it must not keep the session
# open: the server would not take its locks back.  It warns of the same as the first export, so it is quiet.
second_export() {
    exec {session_in}>&- {session_out}<&-
    connected "${export[@]}" --quiet >"$scratch/second" 2>"$scratch/second.errors"
}

# watch_over PID: ends that child when this program is gone without having done so, killed.  In a subshell.
watch_over() {
    exec {session_in}>&- {session_out}<&-
    while kill -0 "$$" 2>/dev/null; do
        sleep 1
    done
    kill "$1" 2>/dev/null
}

verify_kept_tables() {
    open_database
    read_stamp
    is_stamped || fail "$EXIT_REFUSED" "the database was not migrated to the KV store: there is nothing to compare" \
        "Schema version and KV version are $stamp." "Run kv-migrate up --kv-enabled --keep-tables first."
    set_store
    # What a connection string holds may be secret.
    with_dump="If a dump of the migration was kept, compare with that: kv-import --verify -d $(shell_word "$database") FILE"
    [[ ${store[0]} != --target=dynamodb ]] ||
        with_dump="If a dump of the migration was kept, compare with that: $(command_line kv-import --verify "${store[@]}") FILE"
    find_legacy_tables
    check_kept_tables
    check_origin "$with_dump"
    read_as_of
    lock_legacy_tables
    compare_stores
    # As in a migration: whichever failed first is told by the other's complaint.
    if ((export_status != 0 && (import_status == 0 || import_status == EXIT_DUMP))); then
        comparison_failed "$export_status" "kv-export"
    fi
    # That they differ kv-import has told.
    ((import_status == 0 || import_status == EXIT_FAILED)) || comparison_failed "$import_status" "kv-import"
    exit "$import_status"
}

# comparison_failed CODE PROGRAM
comparison_failed() {
    fail "$(failure_code "$1")" "the comparison failed: $2 ended with exit code $1" "" "Mend the cause, then run again."
}
