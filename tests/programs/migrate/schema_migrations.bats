#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The schema migrations themselves, one by one, without the program that runs them. Expected results come from databases
# that the original migrations brought to version 38 (tests/fixtures/versions) and from their description.

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/schema_migrations

@test "the files are numbered 21 to 38 without a gap, plain ASCII and free of transaction control" {
    local file names=() expected=()
    for file in "$MIGRATIONS_DIR"/*; do
        file=${file##*/}
        [[ $file =~ ^([0-9]{6})_[a-z0-9_]+\.up\.sql$ ]]
        names+=("${BASH_REMATCH[1]}")
    done
    mapfile -t expected < <(seq -f '%06g' 21 38)
    assert_equal "${names[*]}" "${expected[*]}"

    # Only ASCII reads the same in every database encoding.
    run ! grep -lP '[^\x00-\x7f]' "$MIGRATIONS_DIR"/*
    # BEGIN with a semicolon starts a transaction, without one a block.
    run ! grep -liE '^ *((BEGIN|COMMIT|ROLLBACK)( +(WORK|TRANSACTION))? *;|START +TRANSACTION)' "$MIGRATIONS_DIR"/*
}

@test "from version 21: rows and schema equal those of the original migrations" {
    check_from_version 21
}

@test "from version 30: rows and schema equal those of the original migrations" {
    check_from_version 30
}

@test "from version 38: nothing is left to do" {
    check_from_version 38
}

@test "an empty database gets the schema, no rows and no record of versions" {
    apply_migrations 21 38
    assert_sql "" "SELECT to_regclass('schema_migrations')"
    assert_rows /dev/null
    set_schema_version 38
    assert_schema38
}

@test "a role that only owns the schema can migrate" {
    local owner=${PGDATABASE}_owner
    sql "CREATE ROLE $owner LOGIN NOSUPERUSER" "ALTER SCHEMA public OWNER TO $owner" \
        "REVOKE ALL ON DATABASE $PGDATABASE FROM PUBLIC" "GRANT CONNECT ON DATABASE $PGDATABASE TO $owner"
    PGUSER=$owner apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    PGUSER=$owner apply_migrations 22 38
    set_schema_version 38
    assert_rows "$FIXTURES_DIR/versions/v21.rows38.jsonl"
    assert_schema38

    drop_database
    psql -Xq -c "DROP ROLE $owner"
}

@test "the search path determines the tables' schema" {
    local expected
    sql "CREATE SCHEMA legacy"
    PGOPTIONS="-c search_path=legacy" apply_migrations 21 38
    assert_sql "" "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert_sql "legacy" "SELECT pronamespace::regnamespace FROM pg_proc WHERE proname = 'first_parent'"
    expected=$(grep -o '"table": "[a-z0-9_]*"' "$FIXTURES_DIR/versions/schema38.jsonl" | cut -d '"' -f 4 |
        grep -vx schema_migrations | LC_ALL=C sort -u)
    assert_sql "$expected" "SELECT tablename FROM pg_tables WHERE schemaname = 'legacy' ORDER BY tablename::text COLLATE \"C\""
}

# check_encoding ENCODING: characters outside ASCII, some of them invalid UTF-8, neither stop a migration nor change.
check_encoding() {
    drop_database
    fresh_database "ENCODING '$1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    apply_migrations 21 21
    PGCLIENTENCODING=$1 sql "INSERT INTO auth_policies (created_at, display_name, statement) VALUES
            (now(), E'\\xe9', E'[{\"Action\": [\"fs:Create?epository\", \"\\xe9*\"], \"Effect\": \"allow\"}]')" \
        "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, parents) VALUES
            ('r', E'\\xe9', '', '', now(), '', NULL), ('r', E'\\xe8\\xff', '', '', now(), '', ARRAY[E'\\xe9'])"
    apply_migrations 22 38
    assert_sql "fs:AttachStorageNamespace" "SELECT statement #>> '{1, Action, 0}' FROM auth_policies"
    assert_sql $'e8ff|2\ne9|1' "SELECT encode(convert_to(id, '$1'), 'hex'), generation
        FROM graveler_commits ORDER BY generation DESC"
}

@test "the encoding LATIN1 is no obstacle" {
    check_encoding LATIN1
}

@test "the encoding SQL_ASCII is no obstacle, nor is invalid UTF-8" {
    check_encoding SQL_ASCII
}

# Re-runs ------------------------------------------------------------------------------------------------------------

@test "running a guarded file again changes nothing" {
    local number before
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    for number in {22..38}; do
        apply_migrations "$number" "$number"
        case $number in
            25 | 27 | 31) continue ;;
        esac
        before=$(legacy_state)
        apply_migrations "$number" "$number"
        assert_unchanged "$before"
    done
}

@test "running an unguarded file again fails and changes nothing" {
    local number before
    apply_migrations 21 21
    load_fixture "$FIXTURES_DIR/versions/v21.data.sql"
    for number in {21..38}; do
        [ "$number" -eq 21 ] || apply_migrations "$number" "$number"
        case $number in
            21 | 25 | 27 | 31) ;;
            *) continue ;;
        esac
        before=$(legacy_state)
        run ! apply_migrations "$number" "$number"
        [[ $output == *"already exists"* || $output == *'column "access_secret_key" does not exist'* ]]
        assert_unchanged "$before"
    done
}

@test "a file that fails in its last statement is rolled back completely" {
    local before
    apply_migrations 21 31
    sql "DROP INDEX graveler_branches_idx_commit_id" "DROP INDEX graveler_commits_idx_first_parent" \
        "DROP FUNCTION first_parent" "CREATE TABLE graveler_commits_idx_first_parent ()"
    before=$(legacy_state)
    run ! apply_migrations 31 31
    [[ $output == *'"graveler_commits_idx_first_parent" already exists'* ]]
    assert_unchanged "$before"
}

# 22 and 23: task queue, runs of actions ------------------------------------------------------------------------------

# An object of every kind and name that the task queue had, with the dependencies that dropping must respect.
create_task_queue() {
    sql "CREATE TYPE task_status_code_value AS ENUM ('pending', 'done')" \
        "CREATE TYPE tasks_recurse_value AS (id text)" \
        "CREATE TABLE tasks (id text PRIMARY KEY, status_code task_status_code_value)" \
        "INSERT INTO tasks VALUES ('t', 'pending')" \
        "CREATE FUNCTION can_allocate_task(task tasks) RETURNS boolean LANGUAGE sql AS 'SELECT true'" \
        "CREATE FUNCTION own_tasks(count integer) RETURNS SETOF tasks LANGUAGE sql AS 'SELECT * FROM tasks'" \
        "CREATE FUNCTION extend_task_deadline(task tasks) RETURNS boolean LANGUAGE sql AS 'SELECT true'" \
        "CREATE FUNCTION no_more_tries(code task_status_code_value) RETURNS boolean LANGUAGE sql AS 'SELECT true'" \
        "CREATE FUNCTION return_task(id text, code task_status_code_value) RETURNS void LANGUAGE sql AS ''" \
        "CREATE FUNCTION remove_task_dependencies(task tasks) RETURNS void LANGUAGE sql AS ''" \
        "CREATE FUNCTION delete_tasks(task tasks_recurse_value) RETURNS void LANGUAGE sql AS ''"
}

task_queue_objects() {
    sql "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT typname FROM pg_type WHERE typname ~ '^tasks?_' UNION ALL
        SELECT relname FROM pg_class WHERE relname ~ '^tasks'"
}

@test "22 drops the task queue and its tasks" {
    local left
    apply_migrations 21 21
    create_task_queue
    apply_migrations 22 22
    left=$(task_queue_objects)
    assert_equal "$left" ""
}

@test "22 drops nothing else that depends on the task queue" {
    local before after
    apply_migrations 21 21
    create_task_queue
    sql "CREATE VIEW waiting AS SELECT id FROM tasks"
    before=$(task_queue_objects)
    run ! apply_migrations 22 22
    [[ $output == *"cannot drop table tasks"* ]]
    after=$(task_queue_objects)
    assert_equal "$after" "$before"
    assert_sql "t" "SELECT id FROM waiting"
}

# 31, 34 --------------------------------------------------------------------------------------------------------------

@test "31: first_parent is the last parent before format 1, the first since then" {
    apply_migrations 21 31
    assert_sql $'c\nc\na\na\na\nb\nb\n-\n-\n-\n-\n-\n-' "SELECT coalesce(first_parent(parents, version), '-')
        FROM (VALUES (1, '{a,b,c}'::text[], 0), (2, '{a,b,c}', -1), (3, '{a,b,c}', 1), (4, '{a,b,c}', 2), (5, '{a,b,c}', NULL),
            (6, '{b}', 0), (7, '{b}', 1), (8, '{}', 0), (9, '{}', 1), (10, '{}', NULL), (11, NULL, 0), (12, NULL, 1),
            (13, NULL, NULL)) AS call (number, parents, version) ORDER BY number"
}

@test "34 documents friendly names in the database" {
    apply_migrations 21 34
    assert_sql 'If set, a shorter name for user than "display_name".' "SELECT col_description(attrelid, attnum)
        FROM pg_attribute WHERE attrelid = 'auth_users'::regclass AND attname = 'friendly_name'"
}
