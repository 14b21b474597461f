# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# What a KV migration has done, told at its end: entries, rows that are not in them as they were, times,
# the dump, and what to do next.
#
# Order of calls: begin_clock; begin_phase and end_phase around each phase; read_result once the import has
# stamped, while the session is in its transaction; tell_summary.
#
# Sets: phases (names), phase_microseconds (by name).  Reads: dump, drop_tables, target, legacy_tables,
# place_arguments, log_format.

readonly SUMMARY_INDENT=11
readonly RESULT_MEMBERS=(entries left_out adjusted stream_sha256)
declare -rA PHASE_TEXTS=([schema_migrations]="schema migrations" [export]="export" [import]="import"
    [transfer]="export and import" [cleanup]="cleanup")
phases=()
declare -A phase_microseconds=()

# now_microseconds: prints the time since 1970.  Its radix character is the locale's.
now_microseconds() {
    printf '%s' "${EPOCHREALTIME//[!0-9]/}"
}

begin_clock() {
    clock_began=$(now_microseconds)
}

# begin_phase NAME: a phase begins; the one that was going on has ended.
begin_phase() {
    end_phase
    phase=$1
    phase_began=$(now_microseconds)
}

end_phase() {
    [[ -n ${phase-} ]] || return 0
    phases+=("$phase")
    phase_microseconds[$phase]=$(($(now_microseconds) - phase_began))
    phase=""
}

# read_result: sets what kv-import has noted of the load: for people result_entries and, a line each,
# result_left_out and result_adjusted; for programs result_json, the members of RESULT_MEMBERS as JSON.  The
# migration stands: that the note cannot be read is no failure.
read_result() {
    local lines member members=""
    result_entries="not known" result_left_out=() result_adjusted=() result_json=(null null null null)
    # The session may be lost by now, which is for the cleanup to tell.
    session_statement "SELECT" && has_note || return 0
    for member in "${RESULT_MEMBERS[@]}"; do
        members+=", coalesce((note -> '$member')::text, 'null')"
    done
    session_try "SELECT concat_ws(E'\n'$members) FROM (SELECT $(note_sql) AS note) AS noted" || return 0
    mapfile -t result_json <<<"$session_output"
    session_try "SELECT sum(e.value::int8) || ' (' || string_agg(e.key || ' ' || e.value, ', ' ORDER BY e.key) || ')'
        FROM jsonb_each_text($(note_sql) -> 'entries') AS e" || return 0
    result_entries=$session_output
    read_counts left_out && result_left_out=("${lines[@]}")
    read_counts adjusted && result_adjusted=("${lines[@]}")
    return 0
}

# read_counts MEMBER: sets lines to the note's counts of this member.
read_counts() {
    session_try "SELECT format('%s %s of %s: %s', c.rows, CASE c.rows WHEN 1 THEN 'row' ELSE 'rows' END, c.\"table\", c.reason)
        FROM jsonb_to_recordset($(note_sql) -> '$1') AS c(\"table\" text, rows int8, reason text)
        ORDER BY c.\"table\" COLLATE \"C\", c.reason COLLATE \"C\"" || return 1
    lines=()
    [[ -z $session_output ]] || mapfile -t lines <<<"$session_output"
}

# seconds_text MICROSECONDS: prints a duration for people.
seconds_text() {
    local hundredths=$(($1 / 10000)) seconds=$(($1 / 1000000))
    if ((seconds < 60)); then
        printf '%d.%02d s' "$seconds" "$((hundredths % 100))"
    elif ((seconds < 3600)); then
        printf '%d min %d s' "$((seconds / 60))" "$((seconds % 60))"
    else
        printf '%d h %d min' "$((seconds / 3600))" "$((seconds / 60 % 60))"
    fi
}

# seconds_number MICROSECONDS: prints a duration in seconds.
seconds_number() {
    printf '%d.%03d' "$(($1 / 1000000))" "$(($1 / 1000 % 1000))"
}

# dump_size: prints the size of the dump; nothing where it is no file.
dump_size() {
    [[ -n $dump && -f $dump ]] && stat -L -c %s -- "$dump"
}

# summary_lines LABEL LINE...: prints lines under one label.
summary_lines() {
    local label=$1 line
    shift
    (($# > 0)) || set -- nothing
    for line; do
        field "$SUMMARY_INDENT" "$label" "$line"
        label=""
    done
}

# summary_text MICROSECONDS NEXT: prints to standard error, as messages go.
summary_text() {
    local name size times=("$(seconds_text "$1") in all")
    for name in "${phases[@]}"; do
        times+=("${PHASE_TEXTS[$name]} $(seconds_text "${phase_microseconds[$name]}")")
    done
    message info "summary of the migration"
    field "$SUMMARY_INDENT" entries "$result_entries"
    summary_lines "left out" "${result_left_out[@]}"
    summary_lines adjusted "${result_adjusted[@]}"
    summary_lines time "${times[@]}"
    if size=$(dump_size); then
        # The name as it is.
        printf '%-*s%s\n' "$SUMMARY_INDENT" "dump:" "$dump"
        field "$SUMMARY_INDENT" "" "$size bytes"
        field "$SUMMARY_INDENT" "SHA-256" "${result_json[3]//\"/}"
        field "$SUMMARY_INDENT" "" "of the stream: zstd -dc FILE | sha256sum"
    fi
    field "$SUMMARY_INDENT" next "$2"
    if ! $drop_tables; then
        field "$SUMMARY_INDENT" "" "then, when all is well, drop the legacy tables:"
        # In one line, to be copied.
        printf '%*s%s\n' "$SUMMARY_INDENT" "" "$cleanup_command"
    fi
} >&2

# summary_json MICROSECONDS NEXT
summary_json() {
    local name size dump_json=null
    if size=$(dump_size); then
        dump_json="{\"path\":$(json_string "$dump"),\"size\":$size,\"stream_sha256\":${result_json[3]}}"
    fi
    printf '{"time":"%s","level":"info","program":"kv-migrate","event":"summary","message":"summary of the migration"' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    printf ',"kv_migration_version":%s,"entries":%s,"left_out":%s,"adjusted":%s' "$kv_migration_version" "${result_json[@]:0:3}"
    printf ',"seconds":{"total":%s' "$(seconds_number "$1")"
    for name in "${phases[@]}"; do
        printf ',"%s":%s' "$name" "$(seconds_number "${phase_microseconds[$name]}")"
    done
    printf '},"dump":%s,"legacy_tables_kept":%s,"next":%s}\n' "$dump_json" \
        "$($drop_tables && printf false || printf true)" "$(json_string "$2")"
} >&2

tell_summary() {
    local total=$(($(now_microseconds) - clock_began)) next="start lakeFS 0.80 or later, with database.type: $target" cleanup_command
    cleanup_command=$(command_line kv-migrate cleanup "${place_arguments[@]}")
    if [[ $log_format == text ]]; then
        summary_text "$total" "$next"
        return
    fi
    $drop_tables || next+="; then, when all is well, drop the legacy tables: $cleanup_command"
    summary_json "$total" "$next"
}
