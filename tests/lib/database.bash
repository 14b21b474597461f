# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Databases for tests, on the server that setup_suite.bash has started. Load it with `load lib/database`. All functions
# work on the database that fresh_database made last.

TESTS_DIR=$(realpath -- "${BASH_SOURCE[0]%/*}/..")
MIGRATIONS_DIR=$TESTS_DIR/../scripts/migrations
# shellcheck disable=SC2034 # for the tests
FIXTURES_DIR=$TESTS_DIR/fixtures

# fresh_database [OPTION...]: makes an empty database and sets PGDATABASE and DSN to it. The options are those of CREATE
# DATABASE.
fresh_database() {
    # Transaction ids are unique within a server, and so is the server's process id. Copy files, as all versions before
    # 15 do: copying through the WAL takes three times as long.
    PGDATABASE=$(
        psql -XAtq -d postgres -v ON_ERROR_STOP=1 -v options="$*" <<SQL
SELECT 'test_' || $SUITE_POSTGRES_PID || '_' || txid_current() AS name,
    CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'STRATEGY file_copy' ELSE '' END AS strategy \gset
CREATE DATABASE :name :options :strategy;
\echo :name
SQL
    )
    DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
    export PGDATABASE DSN
}

# Drops the database of fresh_database, with its connections; does nothing if there is none.
drop_database() {
    if [ -z "${DSN-}" ]; then
        return 0
    fi
    # DROP DATABASE … WITH (FORCE) is newer than the oldest tested server.
    psql -Xq -d postgres -v ON_ERROR_STOP=1 -o /dev/null -v database="$PGDATABASE" <<'SQL'
ALTER DATABASE :"database" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'database';
DROP DATABASE :"database";
SQL
    export PGDATABASE=postgres
    unset DSN
}

# needs_pg_dump: skips the test if this machine's pg_dump refuses the server because it is newer.
needs_pg_dump() {
    local version
    version=$(pg_dump --version)
    [[ $version =~ ([0-9]+)\. ]]
    ((BASH_REMATCH[1] >= $(sql "SHOW server_version_num") / 10000)) || skip "$version is older than the server"
}

# has_pg_basebackup: whether there is a pg_basebackup of the server's version.
has_pg_basebackup() {
    local data
    data=$(psql -XAtq -d postgres -c "SHOW data_directory")
    [ -x "$(cat "${data%/*}/throwaway-postgres")/pg_basebackup" ]
}

# needs_pg_basebackup: skips the test if there is none.
needs_pg_basebackup() {
    has_pg_basebackup || skip "this server came without pg_basebackup"
}

# sql STATEMENT...: runs the statements and prints their results, one row per line, columns separated by |.
sql() {
    local statement arguments=()
    for statement; do
        arguments+=(-c "$statement")
    done
    psql -XAtq -v ON_ERROR_STOP=1 "${arguments[@]}"
}

# apply_migrations FROM TO: applies the files with these numbers, each in a transaction, without recording versions.
apply_migrations() {
    local number files
    for ((number = $1; number <= $2; number++)); do
        files=("$MIGRATIONS_DIR/$(printf '%06d' "$number")"_*.up.sql)
        if [ "${#files[@]}" -ne 1 ]; then
            echo "more than one migration has the number $number" >&2
            return 1
        fi
        # Hide the notices of guarded statements.
        PGOPTIONS="${PGOPTIONS-} -c client_min_messages=warning" \
            psql -X -q -v ON_ERROR_STOP=1 -1 -f "${files[0]}" || return 1
    done
}

# set_schema_version N: records that the database is at version N and clean, as golang-migrate does.
set_schema_version() {
    create_schema_migrations
    sql "TRUNCATE schema_migrations" "INSERT INTO schema_migrations (version, dirty) VALUES ($1, false)"
}

create_schema_migrations() {
    PGOPTIONS="${PGOPTIONS-} -c client_min_messages=warning" sql "CREATE TABLE IF NOT EXISTS schema_migrations (
        version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
}

# load_fixture FILE: loads rows, including that of schema_migrations, from psql input as written by pg_dump.
load_fixture() {
    create_schema_migrations
    psql -X -q -v ON_ERROR_STOP=1 -1 -o /dev/null -f "$1"
}

# legacy_rows: prints all rows of the migrated tables, each as one line {"table":…,"row":…}, ordered by table and primary
# key, in the form of fixtures/versions/*.rows38.jsonl.
legacy_rows() {
    local table key
    while read -r table key; do
        echo "SELECT row_to_json(line)
            FROM (SELECT '$table' AS \"table\", t AS \"row\" FROM $table AS t ORDER BY $key) AS line;"
    done <<'TABLES' | PGTZ=UTC PGCLIENTENCODING=UTF8 PGOPTIONS="${PGOPTIONS-} -c bytea_output=hex" psql -XAtq -v ON_ERROR_STOP=1
auth_users id
auth_groups id
auth_policies id
auth_user_groups user_id, group_id
auth_user_policies user_id, policy_id
auth_group_policies group_id, policy_id
auth_credentials access_key_id COLLATE "C"
auth_expired_tokens token_id COLLATE "C"
auth_installation_metadata key_name COLLATE "C"
actions_runs repository_id COLLATE "C", run_id COLLATE "C"
actions_run_hooks repository_id COLLATE "C", run_id COLLATE "C", hook_run_id COLLATE "C"
gateway_multiparts upload_id COLLATE "C"
graveler_repositories id COLLATE "C"
graveler_branches repository_id COLLATE "C", id COLLATE "C"
graveler_tags repository_id COLLATE "C", id COLLATE "C"
graveler_commits repository_id COLLATE "C", id COLLATE "C"
graveler_staging_kv staging_token COLLATE "C", key
TABLES
}

# schema_facts: prints facts about the schema, in the form of fixtures/versions/schema38.jsonl.
schema_facts() {
    psql -XAtq -v ON_ERROR_STOP=1 -f "$FIXTURES_DIR/tools/schema_facts.sql"
}
