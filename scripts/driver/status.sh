# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# Where a database stands, and what to do next.  Nothing is written and nobody is waited for: a role that
# may only read can ask, on a standby too, and while a migration runs.
#
# Reads: what the session and the parts that look at the database set, connection_public,
# place_arguments.

# Where what a label announces begins.
readonly STATUS_INDENT=17

# shell_word TEXT: prints TEXT as a word that a shell reads as it is.
shell_word() {
    if [[ $1 =~ ^[A-Za-z0-9_./:=@%+,-]+$ ]]; then
        printf '%s' "$1"
    elif [[ $1 != *[\"\\\$\`\!]* ]]; then
        printf '"%s"' "$1"
    else
        printf '%q' "$1"
    fi
}

# command_line WORD...: prints a command.
command_line() {
    local word line=""
    for word in "$@"; do
        line+=${line:+ }$(shell_word "$word")
    done
    printf '%s' "$line"
}

# look_at_kv: sets kv_state to missing, foreign, unreadable, unstamped, started or stamped, kv_version to
# what is shown of it.
look_at_kv() {
    kv_state=missing kv_version=none
    if is_in_dynamodb; then
        kv_state=stamped
        read_kv_version
        kv_version+=" when it was stamped, in $dynamodb_place"
        return
    fi
    has_relation kv || return 0
    kv_state=foreign
    is_kv_table || return 0
    # A load locks its table now and then, and a role may lack the right to read it.
    if ! session_try "LOCK TABLE ONLY $schema_quoted.kv IN ACCESS SHARE MODE"; then
        kv_state=unreadable
        kv_version="not known (${session_output#ERROR:  })"
        return
    fi
    read_kv_version
    case $kv_version in
        none) kv_state=unstamped ;;
        0)
            kv_state=started
            kv_version="0 (a load that has not come to its end)"
            ;;
        *[!0-9]*) kv_state=foreign ;;
        *) kv_state=stamped ;;
    esac
}

# read_origin: sets kv_origin to when and from what the table kv was loaded.
read_origin() {
    kv_origin=""
    [[ $kv_state == stamped ]] || return 0
    if ! has_note; then
        kv_origin="not known: the table has no note of kv-import"
        return
    fi
    session_require "SELECT concat_ws(', ', note ->> 'imported', format('from database \"%s\", schema \"%s\"',
        note #>> '{source,database}', note #>> '{source,schema}'), format('as it was at %s', note ->> 'dump_created'))
        FROM (SELECT $(note_sql) AS note) AS noted"
    kv_origin=$session_output
}

# judge_state: sets state to words for it, next_step to the command to run next, or nothing.
judge_state() {
    local up
    up=$(command_line kv-migrate up --kv-enabled "${place_arguments[@]}")
    next_step=nothing
    if [[ $dirty == t ]]; then
        state="dirty: a schema migration was interrupted at version $version; put the schema right by hand, then say so"
        next_step="UPDATE $schema_quoted.schema_migrations SET version = N, dirty = false"
    elif [[ -z $version ]]; then
        judge_without_version
    elif ((version > kv_migration_version)); then
        state="beyond the KV migration version: it belongs to a newer lakeFS, which has a migrate command of its own"
    elif ((version < kv_migration_version)) && [[ -z ${migration_files[$version]-} ]]; then
        state="there is no schema migration for version $version: upgrade lakeFS first, or name its folder with --migrations"
    elif [[ $kv_state == unreadable ]]; then
        state="not known, since the table kv cannot be read"
    elif ((version == kv_migration_version)); then
        judge_migrated
    else
        case $kv_state in
            foreign | unstamped) state="legacy, but a relation kv is in the way that is no KV store: rename or drop it, then go on" ;;
            stamped) state="legacy, but its table kv is stamped as migrated: the two do not belong together" ;;
            started) state="legacy: a KV migration failed before its stamp; the legacy tables are as they were" ;;
            missing)
                state="legacy, at the last schema version"
                ((version == last_version)) || state="legacy, below the last schema version"
                ;;
        esac
        [[ $kv_state != started && $kv_state != missing ]] || next_step=$up
    fi
    judge_circumstances
}

# Where there is no schema version, there is no legacy lakeFS, or not all of it.
judge_without_version() {
    case $kv_state in
        stamped) state="a KV store without a legacy database beside it" ;;
        started)
            state="a KV store whose load failed: load the dump again"
            # kv-import knows neither lakeFS's configuration nor its environment.
            next_step=$(command_line kv-import -d "${connection_public:-$database}" --schema "$schema" FILE)
            ;;
        unreadable) state="not known, since the table kv cannot be read" ;;
        *)
            state="no lakeFS: empty, or not the database or schema that was meant"
            ((${#legacy_tables[@]} == 0)) || state="legacy tables without a schema version: put the row of schema_migrations right by hand"
            ;;
    esac
}

judge_migrated() {
    if [[ $kv_state != stamped ]]; then
        state="at the KV migration version, but the table kv is not stamped: find out what happened to it; kv-import --clean loads a dump again"
    elif ((${#legacy_tables[@]} == 0)); then
        state="migrated"
    else
        state="migrated; legacy tables are left"
        next_step=$(command_line kv-migrate cleanup "${place_arguments[@]}")
    fi
}

# What lets nothing be done now, whatever the state.
judge_circumstances() {
    if [[ -n $lock_holder ]]; then
        state+=" (a migration is running, see the lock)"
        next_step=$(command_line kv-migrate status "${place_arguments[@]}")
    elif [[ $is_standby == t && $next_step != nothing ]]; then
        state+="; this server is a standby: what is next is for its primary"
    fi
}

show_status() {
    session_mode=$MODE_LOOK
    find_migrations
    session_start
    session_require "SET LOCAL lock_timeout = '1s'"
    find_schema
    find_lock_key
    find_lock_holder
    session_require "SELECT pg_is_in_recovery()"
    is_standby=$session_output
    read_version
    find_legacy_tables
    look_at_kv
    read_origin
    judge_state
    field "$STATUS_INDENT" "database" "$database, schema $schema"
    field "$STATUS_INDENT" "schema version" "${version:-none}$([[ $dirty == f ]] || printf ' (dirty)')"
    field "$STATUS_INDENT" "last version" "$last_version, KV migration version $kv_migration_version"
    field "$STATUS_INDENT" "KV version" "$kv_version"
    field "$STATUS_INDENT" "legacy tables" "${#legacy_tables[@]}${legacy_tables[*]:+: ${legacy_tables[*]}}"
    [[ -z $kv_origin ]] || field "$STATUS_INDENT" "KV table loaded" "$kv_origin"
    [[ -z $lock_holder ]] || field "$STATUS_INDENT" "migration lock" "held by $lock_holder"
    field "$STATUS_INDENT" "state" "$state"
    # In one line, to be copied.
    printf '%-*s%s\n' "$STATUS_INDENT" "next:" "$next_step"
}
