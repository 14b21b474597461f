# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# Schema migrations: finding them, and running those that a database has not had.
#
# Reads: connection, schema, schema_quoted, migrations_folder.
# Sets: migration_files (by number), migration_numbers (ascending), last_version, kv_migration_version;
# has_migrations (t or f), version ("" where there is none) and dirty (t or f).

# find_migrations: lists the folder, whose files are named as golang-migrate names them.
find_migrations() {
    local file name number
    declare -gA migration_files=()
    [[ -d $migrations_folder ]] ||
        fail "$EXIT_USAGE" "there is no migrations folder \"$migrations_folder\"" "" \
            "Name it with --migrations."
    for file in "$migrations_folder"/*.up.sql; do
        name=${file##*/}
        [[ -f $file && $name =~ ^([0-9]+)_.*\.up\.sql$ ]] || continue
        number=$((10#${BASH_REMATCH[1]}))
        [[ -z ${migration_files[$number]-} ]] ||
            fail "$EXIT_USAGE" "two migrations have the number $number: ${migration_files[$number]##*/} and $name"
        migration_files[$number]=$file
    done
    ((${#migration_files[@]} > 0)) ||
        fail "$EXIT_USAGE" "folder \"$migrations_folder\" holds no migrations (NUMBER_title.up.sql)"
    mapfile -t migration_numbers < <(printf '%s\n' "${!migration_files[@]}" | sort -n)
    last_version=${migration_numbers[-1]}
    # Computed, never written down: the step behind the last schema migration.
    kv_migration_version=$((last_version + 1))
}

# read_version: reads schema_migrations.  Under the lock: another migrator may have made it meanwhile.
read_version() {
    version=""
    dirty=f
    session_require "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $(sql_literal "$schema") AND c.relname = 'schema_migrations' AND c.relkind IN ('r', 'p'))"
    has_migrations=$session_output
    [[ $has_migrations == t ]] || return 0
    session_require "SELECT version || ' ' || dirty::int4 FROM $schema_quoted.schema_migrations"
    case $session_output in
        "") ;;
        *$'\n'*)
            fail "$EXIT_REFUSED" "table \"$schema.schema_migrations\" holds several rows instead of one" "" \
                "Leave one row there, with the version that the schema is at: DELETE FROM $schema_quoted.schema_migrations WHERE version <> N; then run again."
            ;;
        *)
            version=${session_output% *}
            [[ ${session_output#* } == 0 ]] || dirty=t
            ;;
    esac
}

# check_version: refuses what cannot be migrated from.
check_version() {
    if [[ $dirty == t ]]; then
        fail "$EXIT_REFUSED" "schema version $version is dirty" "A schema migration was interrupted." \
            "Put the schema right by hand, then set the version that it is at: UPDATE $schema_quoted.schema_migrations SET version = N, dirty = false"
    fi
    if [[ -z $version ]]; then
        if has_relation kv; then
            fail "$EXIT_REFUSED" "the database holds a table kv and no schema_migrations: it is a KV store, no legacy lakeFS database" \
                "" "Connect to lakeFS's legacy database, or name its schema with --schema; a KV store needs no migration."
        fi
        return 0
    fi
    if ((version > kv_migration_version)); then
        fail "$EXIT_REFUSED" "the database is at version $version, beyond the KV migration version $kv_migration_version" "" \
            "It belongs to a newer lakeFS: use that lakeFS's own migrate command."
    fi
    if ((version < kv_migration_version)) && [[ -z ${migration_files[$version]-} ]]; then
        fail "$EXIT_REFUSED" "there is no migration for the database's schema version $version in \"$migrations_folder\"" "" \
            "Migrations begin at ${migration_numbers[0]}: upgrade lakeFS first, or name lakeFS's own folder with --migrations."
    fi
}

# has_relation NAME: whether the schema has a relation of this name.
has_relation() {
    session_require "SELECT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $(sql_literal "$schema") AND c.relname = $(sql_literal "$1")"
    [[ -n $session_output ]]
}

# controls_transactions FILE: whether a migration begins or ends transactions itself, or has statements
# that cannot run in one.  What stands between dollar quotes does not count.
controls_transactions() {
    awk '
        {
            line = toupper($0)
            sub(/--.*/, "", line)
            while (match(line, /\$[A-Z_]*\$/)) {
                if (!quoted) kept = kept substr(line, 1, RSTART - 1)
                line = substr(line, RSTART + RLENGTH)
                quoted = !quoted
            }
            if (!quoted) kept = kept line
            kept = kept "\n"
        }
        END {
            exit !(kept ~ /(^|[;\n])[ \t]*(BEGIN|START[ \t]+TRANSACTION|COMMIT|END|ROLLBACK)([ \t]+(WORK|TRANSACTION))?[ \t]*;/ ||
                kept ~ /(^|[;\n])[ \t]*VACUUM/ || kept ~ /[ \t]CONCURRENTLY[ \t]/)
        }' "$1"
}

# set_version_sql VERSION DIRTY: prints the statements that write the version's row.
set_version_sql() {
    printf '%s' "DELETE FROM $schema_quoted.schema_migrations;
        INSERT INTO $schema_quoted.schema_migrations (version, dirty) VALUES ($1, $2);"
}

# search_path_sql LOCAL: prints the statement that lets unqualified names lead to lakeFS's schema; LOCAL is
# true for a transaction's end, false for the session's.
search_path_sql() {
    printf '%s' "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', $(sql_literal "$schema_quoted"),
        CASE WHEN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) '' THEN
        pg_catalog.current_setting('search_path') END), $1);"
}

# The settings of a session whose transactions a file controls itself; like begin_sql's, but they last.
session_settings() {
    printf '%s' "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
        SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = $lock_wait_ms;
        SET client_min_messages = warning; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
        SET row_security = off; $(search_path_sql false)"
}

# psql_batch ARGUMENT...: psql as a migration wants it; its answers are of no interest, its errors are
# in psql_errors, the last one's SQLSTATE in psql_state.
psql_batch() {
    local status=0
    run_child psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -o /dev/null "${connection[@]}" "$@" \
        2>"$scratch/errors" || status=$?
    psql_state=$(sed -nE 's/^[^ ]+:  ([0-9A-Z]{5}): .*/\1/p' "$scratch/errors" | tail -n 1)
    # Where in the server's source it was is of no interest either.
    psql_errors=$(sed -E '/^LOCATION:  /d; s/^([^ ]+:  )[0-9A-Z]{5}: /\1/' "$scratch/errors")
    return "$status"
}

# psql_transaction STATEMENT...: runs each as a message of its own, all in one transaction.
psql_transaction() {
    local statement arguments=()
    for statement; do
        arguments+=(-c "$statement")
    done
    psql_batch -c "$(begin_sql ';' "$MODE_WRITE"); $(search_path_sql true)" "${arguments[@]}" -c "COMMIT"
}

# run_migration NUMBER: runs one file, and its version's row with it.
run_migration() {
    local number=$1 file=${migration_files[$1]} name=${migration_files[$1]##*/} content
    content=$(<"$file") || fail "$EXIT_USAGE" "could not read \"$file\""
    info "schema migration $name"
    if controls_transactions "$file"; then
        # As golang-migrate does it: dirty while the file runs, and after a failure.
        psql_transaction "$(set_version_sql "$number" true)" &&
            psql_batch -c "$(session_settings)" -c "$content" &&
            psql_transaction "$(set_version_sql "$number" false)" &&
            return
        migration_failed "$name" "Schema version $number is dirty now: the file controls transactions itself, so part of it may have been done."
    fi
    psql_transaction "$content" "$(set_version_sql "$number" false)" && return
    migration_failed "$name" "Nothing of it was done; the database is as the migration before it left it."
}

migration_failed() {
    [[ $child_status -eq 2 ]] &&
        fail "$EXIT_CONNECTION" "the connection to the database was lost in schema migration $1" "$psql_errors"$'\n'"$2"
    [[ $psql_state == 55P03 ]] &&
        fail "$EXIT_REFUSED" "schema migration $1 waited too long for a lock of another session" "$psql_errors"$'\n'"$2" \
            "Stop lakeFS, then run again; --lock-wait-timeout says how long to wait."
    fail "$EXIT_FAILED" "schema migration $1 failed" "$psql_errors"$'\n'"$2" "Mend the cause, then run again."
}

# migrate_schema: from the current version to the last one.
migrate_schema() {
    local number
    if [[ $has_migrations != t ]]; then
        psql_transaction "CREATE TABLE $schema_quoted.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)" ||
            fail "$EXIT_FAILED" "could not create the table schema_migrations" "$psql_errors"
        has_migrations=t
    fi
    for number in "${migration_numbers[@]}"; do
        if [[ -z $version ]] || ((number > version)); then
            run_migration "$number"
            version=$number
        fi
    done
}
