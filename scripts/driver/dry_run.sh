# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# kv-migrate up --dry-run: what up would do, and everything that it would stumble over, found without changing
# anything.
#
# What up checks at once and ends at, such as a dirty schema, is checked by the same functions here.  What it would
# only notice on its way is looked for, all of it, and told: the exit code is that of what comes first on up's way.
#
# Reads: kv_enabled, drop_tables, dump, export_options and the rest of the options.
# Sets: pending (numbers of the migrations that would run), problem_count, problem_code.

readonly DRY_RUN_INDENT=17

# Bytes for each byte of the legacy tables without their indexes, rounded up, measured on 300,000 staged objects of
# scripts/lib/legacy-data.sql (104.0 MB): a dump of zstd's level -3 had 41.7 MB, one that is stored 125.8 MB, the table
# kv with its indexes 201.7 MB.  In hundredths.
readonly DUMP_RATIO=41 STORED_DUMP_RATIO=122 KV_RATIO=195

# problem CODE TEXT [DETAIL [HINT]]: tells what would end up with this code.
problem() {
    note_problem "$1"
    shift
    message error "$@"
}

note_problem() {
    problem_count=$((problem_count + 1))
    ((problem_code != 0)) || problem_code=$1
}

# note_child_problem: the child has said itself what it is.
note_child_problem() {
    note_problem "$(failure_code "$child_status")"
}

# find_pending: sets pending.
find_pending() {
    local number
    pending=()
    for number in "${migration_numbers[@]}"; do
        [[ -n $version ]] && ((number <= version)) || pending+=("$number")
    done
}

# legacy_tree_sql: prints the beginning of a query in which "tree" has the legacy tables (root, with its name) and
# what they are partitioned into (oid).
legacy_tree_sql() {
    local names
    names=$(printf ", '%s'" "${legacy_tables[@]}")
    printf '%s' "WITH RECURSIVE tree AS (SELECT c.oid AS root, c.relname, c.oid FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $(sql_literal "$schema") AND c.relname IN (${names#, })
        UNION ALL SELECT t.root, t.relname, i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent)"
}

# measure_tables: sets table_lines (name, size, rows, for people; the largest first) and table_bytes, their sum.
measure_tables() {
    table_lines=() table_bytes=0
    ((${#legacy_tables[@]} > 0)) || return 0
    session_require "$(legacy_tree_sql) SELECT coalesce(sum(pg_table_size(oid)), 0) FROM tree"
    table_bytes=$session_output
    session_require "$(legacy_tree_sql), counted AS (SELECT t.relname, sum(pg_table_size(c.oid)) AS bytes,
            sum(greatest(c.reltuples, 0))::int8 AS rows, bool_or(c.reltuples <= 0 AND pg_relation_size(c.oid) > 0) AS unknown
            FROM tree t JOIN pg_class c ON c.oid = t.oid WHERE c.relkind <> 'p' GROUP BY t.relname)
        SELECT format('%s %s %s', rpad(relname::text, 27), lpad(pg_size_pretty(bytes), 10),
            lpad(CASE WHEN unknown AND rows = 0 THEN 'not known' ELSE rows::text END, 12))
        FROM counted ORDER BY bytes DESC, relname COLLATE \"C\""
    mapfile -t table_lines <<<"$session_output"
}

# share BYTES HUNDREDTHS: prints BYTES * HUNDREDTHS / 100.
share() {
    printf '%s' "$(($1 * $2 / 100))"
}

# size_text BYTES: prints a size for people, as the server's pg_size_pretty does.
size_text() {
    local size=$1 unit
    for unit in bytes kB MB GB TB; do
        ((size >= 10240)) || break
        size=$(((size + 512) / 1024))
    done
    printf '%d %s' "$size" "$unit"
}

# ratio_text HUNDREDTHS
ratio_text() {
    printf '%d.%02d' "$(($1 / 100))" "$(($1 % 100))"
}

# estimate_dump: sets dump_ratio and dump_bytes, what the dump is likely to need.
estimate_dump() {
    local option
    dump_ratio=$DUMP_RATIO
    for option in "${export_options[@]}"; do
        case $option in
            --compress=0) dump_ratio=$STORED_DUMP_RATIO ;;
            --compress=*) dump_ratio=$DUMP_RATIO ;;
        esac
    done
    dump_bytes=$(share "$table_bytes" "$dump_ratio")
}

# free_bytes FOLDER: prints what is free there for us; nothing where that cannot be told.
free_bytes() {
    df -Pk -- "$1" 2>/dev/null | awk 'NR == 2 && $4 ~ /^[0-9]+$/ { printf "%.0f", $4 * 1024 }'
}

tell_plan() {
    local number line kv_bytes free
    field "$DRY_RUN_INDENT" "database" "$database, schema $schema"
    field "$DRY_RUN_INDENT" "schema version" "${version:-none}"
    line="none would run"
    ((${#pending[@]} == 0)) || line="${#pending[@]} would run"
    field "$DRY_RUN_INDENT" "migrations" "$line"
    for number in "${pending[@]}"; do
        printf '%*s%s\n' "$DRY_RUN_INDENT" "" "${migration_files[$number]##*/}"
    done
    if ! $kv_enabled; then
        field "$DRY_RUN_INDENT" "KV migration" "no: --kv-enabled is not given"
        return
    fi
    field "$DRY_RUN_INDENT" "KV migration" "to version $kv_migration_version"
    field "$DRY_RUN_INDENT" "legacy tables" "${#legacy_tables[@]}, with sizes and estimated rows"
    for line in "${table_lines[@]}"; do
        printf '%*s%s\n' "$DRY_RUN_INDENT" "" "$line"
    done
    line="no table: --keep-tables"
    if $drop_tables; then
        line="all legacy tables"
    fi
    field "$DRY_RUN_INDENT" "would drop" "$line"
    if [[ -n $dump ]]; then
        printf '%-*s%s\n' "$DRY_RUN_INDENT" "dump:" "$dump"
        free=$(free_bytes "$(dirname -- "$dump")")
        field "$DRY_RUN_INDENT" "" "about $(size_text "$dump_bytes"), by $(ratio_text "$dump_ratio") of the tables' sizes${free:+; $(size_text "$free") are free}"
    fi
    [[ $target == postgres ]] || return 0
    kv_bytes=$(share "$table_bytes" "$KV_RATIO")
    field "$DRY_RUN_INDENT" "table kv" "about $(size_text "$kv_bytes"), by $(ratio_text "$KV_RATIO") of the tables' sizes, on the server's disk, which cannot be seen from here"
}

# list_tables CONDITION: sets listed to the names of the legacy tables of which something in the tree is so, separated
# by commas.
list_tables() {
    listed=""
    ((${#legacy_tables[@]} > 0)) || return 0
    session_require "$(legacy_tree_sql) SELECT string_agg(DISTINCT t.relname::text, ', ' ORDER BY t.relname::text)
        FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE $1"
    listed=$session_output
}

# check_table_right CODE CONDITION TEXT HINT: a problem where the condition holds for some legacy tables.
check_table_right() {
    list_tables "$2"
    [[ -z $listed ]] || problem "$1" "role \"$role\" $3" "Tables: $listed." "$4"
}

# has_right SQL: whether the expression is true.
has_right() {
    session_require "SELECT ($1)::bool"
    [[ $session_output == t ]]
}

# check_schema_migrations PRIVILEGE...: a problem where one of them is lacking on that table.
check_schema_migrations() {
    local privilege
    [[ $has_migrations == t ]] || return 0
    for privilege; do
        has_right "has_table_privilege($(sql_literal "$schema_quoted.schema_migrations"), '$privilege')" ||
            problem "$EXIT_FAILED" "role \"$role\" lacks the right $privilege on table schema_migrations" "" \
                "Run as its owner, or: GRANT $privilege ON $schema_quoted.schema_migrations TO $role_quoted"
    done
}

check_create() {
    has_right "has_schema_privilege($(sql_literal "$schema"), 'CREATE')" && return
    problem "$EXIT_FAILED" "role \"$role\" may not create tables in schema \"$schema\"" "" \
        "GRANT CREATE ON SCHEMA $schema_quoted TO $role_quoted"
}

# What the schema migrations need.
check_migration_rights() {
    ((${#pending[@]} > 0)) || return 0
    check_create
    check_schema_migrations INSERT DELETE
    check_table_right "$EXIT_FAILED" "c.oid = t.root AND NOT pg_has_role(c.relowner, 'USAGE')" \
        "does not own tables that schema migrations alter" "Run as their owner, or make the role a member of the owner."
}

# What the export and the locks against writers need.
check_export_rights() {
    local before=$problem_count
    check_table_right "$EXIT_FAILED" "c.oid = t.root AND NOT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')" \
        "may not hold writers off legacy tables" "Run as their owner, or grant the right UPDATE."
    check_table_right "$EXIT_FAILED" "NOT has_table_privilege(c.oid, 'SELECT')" \
        "may not read legacy tables" "Run as their owner, or grant the right SELECT, on their partitions, too."
    check_table_right "$EXIT_REFUSED" "row_security_active(c.oid)" \
        "would not see all rows of legacy tables, which have row security" "Run as their owner, or as a role that bypasses it."
    ((problem_count == before))
}

# check_export: has kv-export check what a real export would.
check_export() {
    if ((${#pending[@]} > 0)); then
        field "$DRY_RUN_INDENT" "not checked" "the storage of the branch protection rules and the shape of the tables: that needs schema version $last_version" >&"$plan"
        check_dump_file
        return
    fi
    run_child "$programs/kv-export" "${connection[@]}" "${shared_options[@]}" "${export_options[@]}" --quiet --dry-run \
        --schema "$schema" --migrations "$migrations_folder" ${dump:+--file "$dump"} ||
        note_child_problem
}

# check_dump_file: what kv-export says of the dump's file, where it cannot be asked.
check_dump_file() {
    local folder
    [[ -n $dump ]] || return 0
    folder=$(dirname -- "$dump")
    if [[ -d $dump ]]; then
        problem "$EXIT_USAGE" "\"$dump\" is a directory"
    elif [[ -f $dump && " ${export_options[*]} " != *" --force "* ]]; then
        problem "$EXIT_USAGE" "file \"$dump\" exists already" "" "Choose another name, or replace the file with --force."
    elif [[ ! -e $dump || -f $dump ]] && [[ ! -w $folder ]]; then
        problem "$EXIT_USAGE" "no file can be made in folder \"$folder\""
    fi
}

# dry_run_target: has kv-import look at what is in the place of the KV store.
dry_run_target() {
    if check_target; then
        field "$DRY_RUN_INDENT" "KV store" "$target_found" >&"$plan"
    else
        note_child_problem
    fi
}

# check_kv_owner: whether a table kv may be replaced.
check_kv_owner() {
    # What must not be replaced at all was told.
    [[ -n $target_found ]] && has_relation kv || return 0
    # As DROP TABLE has it, the schema's owner may, too.
    has_right "SELECT pg_has_role(c.relowner, 'USAGE') OR pg_has_role(n.nspowner, 'USAGE')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $(sql_literal "$schema_quoted.kv")::regclass" ||
        problem "$EXIT_FAILED" "role \"$role\" may not replace the table kv, which it does not own" "" "Run as its owner."
}

# check_cleanup: what would keep the legacy tables from being dropped: other owners, and objects that depend on them.
# An object goes with a table when it depends on it automatically or internally; a normal dependency holds it.
check_cleanup() {
    ((${#legacy_tables[@]} > 0)) || return 0
    check_table_right "$EXIT_CLEANUP" "c.oid = t.root AND NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(n.nspowner, 'USAGE')" \
        "may not drop legacy tables" "Run as their owner, or make the role a member of the owner; --keep-tables leaves them."
    session_require "$(legacy_tree_sql), gone AS (SELECT 'pg_class'::regclass::oid AS classid, t.root AS objid FROM tree t
            UNION SELECT d.classid, d.objid FROM pg_depend d JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid
            WHERE d.deptype IN ('a', 'i', 'P', 'S'))
        SELECT string_agg(DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass
                THEN (SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0) FROM pg_rewrite r WHERE r.oid = d.objid)
                ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END, ', ')
        FROM pg_depend d JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid
        WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM gone x WHERE x.classid = d.classid AND x.objid = d.objid)"
    [[ -z $session_output ]] ||
        problem "$EXIT_CLEANUP" "the legacy tables could not be dropped: other objects depend on them" "Objects: $session_output." \
            "Drop them first, or keep the legacy tables with --keep-tables."
}

# What is no problem, but good to know.
warn_of_circumstances() {
    local free writers
    if ((${#legacy_tables[@]} > 0)); then
        session_require "$(legacy_tree_sql) SELECT string_agg(DISTINCT format('process %s of user \"%s\" (application \"%s\")',
            a.pid, a.usename, a.application_name), ', ') FROM tree t JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = t.oid
            AND l.granted AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
            'AccessExclusiveLock') AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
            JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_type = 'client backend'"
        writers=$session_output
        [[ -z $writers ]] ||
            warning "legacy tables are being written to now" "By $writers." "Stop lakeFS before the migration."
    fi
    [[ -n $dump ]] || return 0
    free=$(free_bytes "$(dirname -- "$dump")")
    [[ -z $free ]] || ((free >= dump_bytes)) ||
        warning "the dump is likely not to fit" "It needs about $(size_text "$dump_bytes"), of which $(size_text "$free") are free." \
            "Choose another folder, or a higher level with --compress."
}

# dry_run_kv: what the KV migration would stumble over, in the order in which it would.
dry_run_kv() {
    check_export_rights && check_export
    if [[ $target == postgres ]]; then
        check_kv_owner
        ((${#pending[@]} > 0)) || check_create
    fi
    check_schema_migrations SELECT UPDATE
    if $drop_tables; then
        check_cleanup
    fi
    warn_of_circumstances
}

# dry_run_up: in the place of migrate_up.
dry_run_up() {
    problem_count=0 problem_code=0
    session_mode=$MODE_CHECK
    # What is asked for with -q are warnings and errors.
    if $quiet; then exec {plan}>/dev/null; else exec {plan}>&1; fi
    find_migrations
    session_start
    refuse_standby
    find_schema
    take_lock
    read_version
    check_version
    if [[ -n $version ]] && ((version == kv_migration_version)); then
        already_migrated
        return
    fi
    session_require "SELECT current_user"
    role=$session_output
    session_require "SELECT quote_ident(current_user)"
    role_quoted=$session_output
    find_legacy_tables
    find_pending
    measure_tables
    estimate_dump
    tell_plan >&"$plan"
    ! $kv_enabled || dry_run_target
    check_migration_rights
    ! $kv_enabled || dry_run_kv
    if ((problem_count == 0)); then
        field "$DRY_RUN_INDENT" "result" "no problem was found; nothing was changed" >&"$plan"
    else
        field "$DRY_RUN_INDENT" "result" "problems were found: $problem_count; up would end with exit code $problem_code; nothing was changed" >&"$plan"
    fi
    exit "$problem_code"
}
