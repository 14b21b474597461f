#!/usr/bin/env bats
# The schema migrations themselves, file by file, without the program that runs them. What is expected comes from
# databases that the original migrations brought to version 38 (tests/fixtures/versions) and from their description.

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup() {
    fresh_database
}

# assert_equal EXPECTED ACTUAL
assert_equal() {
    diff -u --label expected --label actual <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# assert_sql EXPECTED STATEMENT: the statement returns that. A statement that fails returns nothing, so its failure counts.
assert_sql() {
    local actual
    actual=$(sql "$2")
    assert_equal "$1" "$actual"
}

# assert_unchanged BEFORE: the database is in the state that legacy_state printed.
assert_unchanged() {
    local now
    now=$(legacy_state)
    assert_equal "$1" "$now"
}

# assert_rows FILE: all rows are those of FILE, byte by byte and in its order.
assert_rows() {
    diff -u --label expected --label actual "$1" <(legacy_rows)
}

# sorted_json: brings JSON lines into a form in which equal sets of values are equal text.
sorted_json() {
    python3 -c '
import json, sys
print("\n".join(sorted(json.dumps(json.loads(line), sort_keys=True) for line in sys.stdin)))'
}

# assert_schema38: the schema has every fact of version 38, and no other.
assert_schema38() {
    diff -u --label expected --label actual <(sorted_json <"$FIXTURES_DIR/versions/schema38.jsonl") \
        <(schema_facts | sorted_json)
}

# legacy_state: everything a migration could change, for comparisons of before and after. The rows' versions (xmin) tell
# a row that was written again with the same values.
legacy_state() {
    psql -XAtq -v ON_ERROR_STOP=1 -f "$FIXTURES_DIR/tools/schema_facts.sql" -f - <<'SQL'
SELECT format('SELECT %1$L, xmin, t FROM %1$I AS t ORDER BY ctid', relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SQL
}

# check_from_version N: rows of a database at version N become those that the original migrations made of them.
check_from_version() {
    apply_migrations 21 "$1"
    load_fixture "$FIXTURES_DIR/versions/v$1.data.sql"
    apply_migrations $(($1 + 1)) 38
    set_schema_version 38
    assert_rows "$FIXTURES_DIR/versions/v$1.rows38.jsonl"
    assert_schema38
}

@test "the files are numbered 21 to 38 without a gap, plain ASCII and free of transaction control" {
    local file names=() expected=()
    for file in "$MIGRATIONS_DIR"/*; do
        file=${file##*/}
        [[ $file =~ ^([0-9]{6})_[a-z0-9_]+\.up\.sql$ ]]
        names+=("${BASH_REMATCH[1]}")
    done
    mapfile -t expected < <(seq -f '%06g' 21 38)
    assert_equal "${expected[*]}" "${names[*]}"

    # In a database of any encoding only ASCII reads the same.
    run ! grep -lP '[^\x00-\x7f]' "$MIGRATIONS_DIR"/*
    # BEGIN with a semicolon is a transaction's, without one it is a block's.
    run ! grep -liE '^ *((BEGIN|COMMIT|ROLLBACK)( +(WORK|TRANSACTION))? *;|START +TRANSACTION)' "$MIGRATIONS_DIR"/*
}

@test "from version 21: rows and schema as the original migrations leave them" {
    check_from_version 21
}

@test "from version 30: rows and schema as the original migrations leave them" {
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

@test "a role that owns the schema and has no other right can migrate" {
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

@test "the search path decides where the tables are" {
    local expected
    sql "CREATE SCHEMA legacy"
    PGOPTIONS="-c search_path=legacy" apply_migrations 21 38
    assert_sql "" "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert_sql "legacy" "SELECT pronamespace::regnamespace FROM pg_proc WHERE proname = 'first_parent'"
    expected=$(grep -o '"table": "[a-z0-9_]*"' "$FIXTURES_DIR/versions/schema38.jsonl" | cut -d '"' -f 4 |
        grep -vx schema_migrations | LC_ALL=C sort -u)
    assert_sql "$expected" "SELECT tablename FROM pg_tables WHERE schemaname = 'legacy' ORDER BY tablename::text COLLATE \"C\""
}

# check_encoding ENCODING: characters outside ASCII, some of them no valid UTF-8, neither stop a migration nor change.
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

@test "the encoding SQL_ASCII is no obstacle, nor are bytes that are no UTF-8" {
    check_encoding SQL_ASCII
}

# Re-runs ------------------------------------------------------------------------------------------------------------

@test "a guarded file that runs again changes nothing" {
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

@test "an unguarded file that runs again fails and changes nothing" {
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

@test "a file that fails in its last statement takes back the first ones" {
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

# Something of every kind and name that the task queue had, with the dependencies among them that dropping must respect.
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

@test "22 drops the task queue and what waits in it" {
    local left
    apply_migrations 21 21
    create_task_queue
    apply_migrations 22 22
    left=$(task_queue_objects)
    assert_equal "" "$left"
}

@test "22 takes nothing along that others hung on the task queue" {
    local before after
    apply_migrations 21 21
    create_task_queue
    sql "CREATE VIEW waiting AS SELECT id FROM tasks"
    before=$(task_queue_objects)
    run ! apply_migrations 22 22
    [[ $output == *"cannot drop table tasks"* ]]
    after=$(task_queue_objects)
    assert_equal "$before" "$after"
    assert_sql "t" "SELECT id FROM waiting"
}

# 24, 28, 29, 30, 33: additions to two policies -----------------------------------------------------------------------

READ_ALL=RepoManagementReadAll
FULL_ACCESS=RepoManagementFullAccess

# allow ACTION: the element that an addition consists of, as PostgreSQL prints it.
allow() {
    printf '{"Action": ["%s"], "Effect": "allow", "Resource": "*"}' "$1"
}

# set_policy NAME STATEMENT
set_policy() {
    psql -Xq -v ON_ERROR_STOP=1 -v name="$1" -v statement="$2" <<'SQL'
INSERT INTO auth_policies (created_at, display_name, statement) VALUES ('2020-02-02', :'name', :'statement')
ON CONFLICT (display_name) DO UPDATE SET statement = EXCLUDED.statement;
SQL
}

policy() {
    sql "SELECT statement FROM auth_policies WHERE display_name = '$1'"
}

# additions: what each file adds to READ_ALL and to FULL_ACCESS.
additions() {
    cat <<'TABLE'
24 ci:Read* ci:*
28 fs:ReadConfig fs:ReadConfig
29 retention:Get* retention:*
33 branches:Get* branches:*
TABLE
}

@test "24, 28, 29, 33 append one statement to each of the two policies, and nothing else anywhere" {
    local number read full other
    apply_migrations 21 23
    while read -r number read full; do
        set_policy "$READ_ALL" '[{"x": 1}, 2]'
        set_policy "$FULL_ACCESS" '[]'
        # Names are compared whole, with their case and blanks.
        for other in repomanagementreadall "$READ_ALL " "$FULL_ACCESS%" RepoManagement; do
            set_policy "$other" '[]'
        done
        apply_migrations "$number" "$number"
        assert_equal "[{\"x\": 1}, 2, $(allow "$read")]" "$(policy "$READ_ALL")"
        assert_equal "[$(allow "$full")]" "$(policy "$FULL_ACCESS")"
        assert_sql "4" "SELECT count(*) FROM auth_policies WHERE statement = '[]'"
        assert_sql "2020-02-02 00:00:00+00|6" "SELECT min(created_at), count(*) FROM auth_policies
            HAVING min(created_at) = max(created_at)"
    done < <(additions)
}

@test "24, 28, 29, 33 skip a policy that allows the action on everything already, with or without more" {
    local number read full statement before
    apply_migrations 21 23
    while read -r number read full; do
        for statement in '[{"Effect": "allow", "Resource": "*", "Action": ["%s"]}]' \
            '["x", {"Action": ["a", "%s", "b"], "Effect": "allow", "Resource": "*", "Sid": 1}, {"Effect": "deny"}]'; do
            # shellcheck disable=SC2059 # the statement is the format
            set_policy "$READ_ALL" "$(printf "$statement" "$read")"
            # shellcheck disable=SC2059
            set_policy "$FULL_ACCESS" "$(printf "$statement" "$full")"
            before=$(legacy_state)
            apply_migrations "$number" "$number"
            assert_unchanged "$before"
        done
    done < <(additions)
}

@test "24, 28, 29, 33 take no notice of denials, other resources and wider patterns" {
    local number read full statement
    apply_migrations 21 23
    while read -r number read full; do
        for statement in \
            '[{"Action": ["%s"], "Effect": "deny", "Resource": "*"}]' \
            '[{"Action": ["%s"], "Effect": "Allow", "Resource": "*"}]' \
            '[{"Action": ["%s"], "Effect": "allow", "Resource": "arn:lakefs:fs:::repository/a"}]' \
            '[{"Action": ["x%s"], "Effect": "allow", "Resource": "*"}]' \
            '[{"Action": ["%s"], "Resource": "*"}]' \
            '[{"Action": ["*"], "Effect": "allow", "Resource": "*"}]' \
            '[{"Action": ["%s"], "Effect": "deny", "Resource": "*"}, {"Action": ["x"], "Effect": "allow", "Resource": "*"}]'; do
            # shellcheck disable=SC2059 # the statement is the format
            statement=$(printf "$statement" "$full")
            set_policy "$FULL_ACCESS" "$statement"
            apply_migrations "$number" "$number"
            assert_sql "t" "SELECT statement = '$statement'::jsonb || '[$(allow "$full")]'::jsonb
                FROM auth_policies WHERE display_name = '$FULL_ACCESS'"
        done
    done < <(additions)
}

@test "24, 28, 29, 30, 33 make no policy that is missing" {
    local number
    apply_migrations 21 23
    set_policy other '[]'
    for number in 24 28 29 30 33; do
        apply_migrations "$number" "$number"
        assert_sql "other|[]" "SELECT display_name, statement FROM auth_policies"
    done
}

@test "24, 28, 29, 30, 32, 33 leave a statement that is not an array as it is" {
    local number statement before
    apply_migrations 21 23
    for statement in '{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}' '"fs:*"' 1 null true; do
        set_policy "$READ_ALL" "$statement"
        set_policy "$FULL_ACCESS" "$statement"
        before=$(legacy_state)
        for number in 24 28 29 30 32 33; do
            apply_migrations "$number" "$number"
            assert_unchanged "$before"
        done
    done
}

@test "30 makes both additions, reading the configuration first" {
    apply_migrations 21 23
    set_policy "$READ_ALL" '[]'
    set_policy "$FULL_ACCESS" '[]'
    apply_migrations 30 30
    assert_equal "[$(allow fs:ReadConfig), $(allow 'retention:Get*')]" "$(policy "$READ_ALL")"
    assert_equal "[$(allow fs:ReadConfig), $(allow 'retention:*')]" "$(policy "$FULL_ACCESS")"
}

@test "30 makes only the addition that is missing" {
    apply_migrations 21 23
    set_policy "$READ_ALL" "[$(allow fs:ReadConfig)]"
    set_policy "$FULL_ACCESS" "[$(allow 'retention:*')]"
    apply_migrations 30 30
    assert_equal "[$(allow fs:ReadConfig), $(allow 'retention:Get*')]" "$(policy "$READ_ALL")"
    assert_equal "[$(allow 'retention:*'), $(allow fs:ReadConfig)]" "$(policy "$FULL_ACCESS")"
}

# 32: whoever may create a repository may attach its storage namespace ------------------------------------------------

# check_attach: reads lines of t or f, a blank, and a policy's statement; after 32 exactly the policies marked t must have
# the new statement, once and at the end, and the others must be what they were.
check_attach() {
    local before
    apply_migrations 21 23
    sql "CREATE TABLE input (number serial, line text)"
    # As CSV without a quote, so that a backslash stays one.
    psql -Xq -v ON_ERROR_STOP=1 -c "COPY input (line) FROM STDIN (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
    [ "$(sql "SELECT count(*) FROM input")" -gt 0 ]
    sql "CREATE TABLE expected AS
        SELECT number::text AS display_name, left(line, 1)::boolean AS attached, substr(line, 3)::jsonb AS statement FROM input" \
        "INSERT INTO auth_policies (created_at, display_name, statement) SELECT now(), display_name, statement FROM expected"
    apply_migrations 32 32
    assert_sql "" "SELECT expected.attached, expected.statement, auth_policies.statement
        FROM expected FULL JOIN auth_policies USING (display_name)
        WHERE auth_policies.statement IS DISTINCT FROM CASE WHEN expected.attached
            THEN expected.statement || '[$(allow fs:AttachStorageNamespace)]' ELSE expected.statement END"

    before=$(legacy_state)
    apply_migrations 32 32
    assert_unchanged "$before"
}

@test "32 knows the wildcards * and ? and tells upper from lower case" {
    check_attach <<'POLICIES'
t [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:Create*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["**"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["*:*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["*fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:*Repo*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["*y"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["?s:CreateRepositor?"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["???????????????????"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["??*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["auth:*", "fs:Create?epo*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository?"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["?fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["??????????????????"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["????????????????????"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:Create"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository "], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["FS:CREATEREPOSITORY"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:createrepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["FS:*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["auth:*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": [""], "Effect": "allow", "Resource": "*"}]
f [{"Action": [], "Effect": "allow", "Resource": "*"}]
f []
POLICIES
}

@test "32 takes every other character for itself, those that are special to LIKE among them" {
    check_attach <<'POLICIES'
f [{"Action": ["%"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:%"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["%*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository%"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepositor_"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["f_:Create*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:\\CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository\\"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["\\*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["\\?s:CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:!CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["!*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository!"], "Effect": "allow", "Resource": "*"}]
f [{"Action": [".*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:[C]reateRepository"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["%", "_", "\\", "!", "fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["f%s_"], "Effect": "allow", "Resource": "*"}, {"Action": ["fs:C*"], "Effect": "allow", "Resource": "*"}]
POLICIES
}

@test "32 looks at what is allowed, on whatever resource, and not at what is denied" {
    check_attach <<'POLICIES'
t [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "arn:lakefs:fs:::repository/test-*"}]
t [{"Action": ["fs:CreateRepository"], "Effect": "allow"}]
t [{"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}, {"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository"], "Effect": "deny", "Resource": "*"}, {"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "deny", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "deny", "Resource": "*"}, {"Action": ["auth:*"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "Allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "allow ", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": ["allow"], "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": null, "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Resource": "*"}]
POLICIES
}

@test "32 leaves out a policy that names the new action itself anywhere" {
    check_attach <<'POLICIES'
f [{"Action": ["fs:CreateRepository", "fs:AttachStorageNamespace"], "Effect": "allow", "Resource": "arn:lakefs:fs:::repository/x"}]
f [{"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}, {"Action": ["fs:AttachStorageNamespace"], "Effect": "deny", "Resource": "*"}]
f [{"Action": ["fs:AttachStorageNamespace"]}, {"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository", "fs:Attach*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository", "fs:AttachStorageNamespac?"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository", "fs:attachstoragenamespace"], "Effect": "allow", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "fs:AttachStorageNamespace"}]
POLICIES
}

@test "32 leaves out a policy with a null among its actions" {
    check_attach <<'POLICIES'
f [{"Action": [null, "fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository", null], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}, {"Action": [null], "Effect": "deny", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}, {"Action": ["null"], "Effect": "deny", "Resource": "*"}]
POLICIES
}

@test "32 passes over what has not the form of a policy" {
    check_attach <<'POLICIES'
f [{"Action": "fs:CreateRepository", "Effect": "allow", "Resource": "*"}]
f [{"Action": {"0": "fs:CreateRepository"}, "Effect": "allow", "Resource": "*"}]
f [{"Action": null, "Effect": "allow", "Resource": "*"}]
f [{"Effect": "allow", "Resource": "*"}]
f [[{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]]
f ["fs:CreateRepository", 1, null, true, [], {}]
f {"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}
f "fs:CreateRepository"
f null
t ["fs:AttachStorageNamespace", 1, null, true, [], {}, {"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": "fs:AttachStorageNamespace", "Effect": "allow"}, {"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
t [{"Action": null, "Effect": "deny"}, {"Action": ["fs:*"], "Effect": "allow", "Resource": "*"}]
POLICIES
}

# 27: generations -----------------------------------------------------------------------------------------------------

# add_commits: makes commits of the rows of table history (repository_id, id, parents).
add_commits() {
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, parents)
        SELECT repository_id, id, '', '', now(), '', parents FROM history"
}

# check_generations: reads lines of repository, id, parents and the generation expected, - for NULL.
check_generations() {
    apply_migrations 21 26
    sql "CREATE TABLE history (repository_id text, id text, parents text[], generation integer)"
    psql -Xq -v ON_ERROR_STOP=1 -c "COPY history FROM STDIN (DELIMITER ' ', NULL '-')"
    add_commits
    apply_migrations 27 27
    assert_sql "" "SELECT history.*, graveler_commits.generation
        FROM history FULL JOIN graveler_commits USING (repository_id, id)
        WHERE graveler_commits.generation IS DISTINCT FROM history.generation"
    # The test itself is worth something only if its rows have arrived.
    [ "$(sql "SELECT count(*) FROM graveler_commits")" -gt 0 ]
}

@test "27 gives a commit with paths of different lengths the longest" {
    check_generations <<'HISTORY'
r root - 1
r short {root} 2
r long1 {root} 2
r long2 {long1} 3
r long3 {long2} 4
r merge {short,long3} 5
r turned {long3,short} 5
r tip {merge} 6
r jump {root,tip} 7
r root2 - 1
r unrelated {root2,tip} 7
r octopus {root,short,jump,long2} 8
HISTORY
}

@test "27 takes NULL for no parents, but neither an empty array nor an empty id" {
    check_generations <<'HISTORY'
r root - 1
r root_child {root} 2
r empty {} -
r empty_child {empty} -
r blank {""} -
r blank_child {blank} -
r null_member {NULL} -
r mixed {NULL,root,"",root,empty} 2
r both {empty,blank} -
HISTORY
}

@test "27 passes over parents that are not there" {
    check_generations <<'HISTORY'
r root - 1
r dangling {gone} -
r dangling_child {dangling} -
r partly {gone,root} 2
r partly_child {dangling_child,partly} 3
HISTORY
}

@test "27 gives commits on a cycle nothing, and has nothing of them counted" {
    check_generations <<'HISTORY'
r root - 1
r good {root} 2
r self {self} -
r self_rooted {self_rooted,good} -
r of_self {self_rooted} -
r of_self_and_good {self_rooted,good} 3
r pair1 {pair2,good} -
r pair2 {pair1} -
r ring1 {ring3} -
r ring2 {ring1,good} -
r ring3 {ring2,pair1} -
r of_ring {ring1,pair2} -
r of_ring_and_good {ring2,good,ring3} 3
r child_of_that {of_ring_and_good} 4
r figure1 {figure2,figure3} -
r figure2 {figure1} -
r figure3 {figure4} -
r figure4 {figure1,root} -
HISTORY
}

@test "27 puts commits of different repositories together by their id" {
    check_generations <<'HISTORY'
a root - 1
a one {root} 2
a two {one} 3
b one {root} 2
b two {one} 3
b other {two} 4
c one {gone} 2
c fork - 4
d fork {two} 4
e fork {} 4
d start - 1
e start {gone} 1
e started {start} 2
e knot {loop} -
f loop {knot} -
g knot - -
HISTORY
}

@test "27 keeps to its definition on any graph" {
    apply_migrations 21 26
    # 300 small graphs of 10 commits each, the later ones with more parents a commit; the hash stands in for chance.
    sql "CREATE TABLE history AS
        WITH draw AS (
            SELECT graph, node, place, ('x' || substr(md5(graph || ' ' || node || ' ' || place), 1, 6))::bit(24)::integer AS chance
            FROM generate_series(1, 300) AS graph, generate_series(1, 10) AS node, generate_series(1, 1 + graph / 100) AS place
        )
        SELECT (min(chance) % 2)::text AS repository_id, graph || '-' || node AS id,
            CASE WHEN min(chance) % 5 > 0 THEN array_agg(graph || '-' || chance % 12) END AS parents
        FROM draw GROUP BY graph, node
        UNION ALL
        SELECT '2', graph || '-' || node, array_agg(graph || '-' || chance / 12 % 12)
        FROM draw WHERE node % 4 = 0 GROUP BY graph, node"
    add_commits
    apply_migrations 27 27

    # The definition, word by word: all pairs of commits of which one reaches the other, then all levels of a commit.
    sql "CREATE TABLE edge AS
        SELECT DISTINCT history.id AS child, parent.id AS parent
        FROM history CROSS JOIN LATERAL unnest(history.parents) AS member (id) JOIN history AS parent ON parent.id = member.id" \
        "ANALYZE edge" \
        "CREATE TABLE cyclic AS
        WITH RECURSIVE reach AS (
            SELECT child, parent FROM edge
            UNION
            SELECT reach.child, edge.parent FROM reach JOIN edge ON edge.child = reach.parent
        )
        SELECT child AS id FROM reach WHERE child = parent" \
        "DELETE FROM edge WHERE child IN (SELECT id FROM cyclic)" \
        "CREATE TABLE level AS
        WITH RECURSIVE level AS (
            SELECT id, 1 AS generation FROM history WHERE parents IS NULL AND id NOT IN (SELECT id FROM cyclic)
            UNION
            SELECT edge.child, level.generation + 1 FROM level JOIN edge ON edge.parent = level.id
        )
        SELECT id, generation FROM level" \
        "CREATE TABLE defined AS
        SELECT id, max(level.generation) AS generation, id IN (SELECT id FROM cyclic) AS is_cyclic
        FROM history LEFT JOIN level USING (id) GROUP BY id"
    assert_sql "" "SELECT id, defined.generation, graveler_commits.generation
        FROM graveler_commits FULL JOIN defined USING (id)
        WHERE graveler_commits.generation IS DISTINCT FROM defined.generation ORDER BY id"

    # There was something to get wrong: deep commits, cycles, commits that no root leads to without being on a cycle.
    assert_sql "t|t|t" "SELECT max(generation) >= 5, count(*) FILTER (WHERE is_cyclic) > 100,
        count(*) FILTER (WHERE generation IS NULL AND NOT is_cyclic) > 100 FROM defined"
}

@test "27 computes a history of 100,000 commits, as deep as it is long" {
    apply_migrations 21 26
    # Every commit follows the one before it; every tenth also merges one further back, which makes no path longer. The
    # hash puts the ids in another order than the commits.
    sql "CREATE TABLE history AS
        SELECT 'r' AS repository_id, md5(n::text) AS id, CASE
            WHEN n = 1 THEN NULL
            WHEN n % 10 = 0 THEN ARRAY[md5((n - 9)::text), md5((n - 1)::text), md5((n / 2)::text)]
            ELSE ARRAY[md5((n - 1)::text)] END AS parents
        FROM generate_series(1, 100000) AS n"
    add_commits
    apply_migrations 27 27
    assert_sql "100000|100000|100000" "SELECT count(*), max(generation), count(*) FILTER (WHERE generation = n)
        FROM generate_series(1, 100000) AS n JOIN graveler_commits ON id = md5(n::text)"
}

@test "27 writes no row that stays without a generation" {
    local before
    apply_migrations 21 26
    sql "CREATE TABLE history AS SELECT 'r' AS repository_id, 'lost' AS id, '{gone}'::text[] AS parents"
    add_commits
    before=$(sql "SELECT xmin, ctid FROM graveler_commits")
    apply_migrations 27 27
    assert_sql "$before" "SELECT xmin, ctid FROM graveler_commits"
}

# 31, 34 --------------------------------------------------------------------------------------------------------------

@test "31: first_parent is the last parent before format 1, the first from then on" {
    apply_migrations 21 31
    assert_sql $'c\nc\na\na\na\nb\nb\n-\n-\n-\n-\n-\n-' "SELECT coalesce(first_parent(parents, version), '-')
        FROM (VALUES (1, '{a,b,c}'::text[], 0), (2, '{a,b,c}', -1), (3, '{a,b,c}', 1), (4, '{a,b,c}', 2), (5, '{a,b,c}', NULL),
            (6, '{b}', 0), (7, '{b}', 1), (8, '{}', 0), (9, '{}', 1), (10, '{}', NULL), (11, NULL, 0), (12, NULL, 1),
            (13, NULL, NULL)) AS call (number, parents, version) ORDER BY number"
}

@test "34 says in the database what a friendly name is" {
    apply_migrations 21 34
    assert_sql 'If set, a shorter name for user than "display_name".' "SELECT col_description(attrelid, attnum)
        FROM pg_attribute WHERE attrelid = 'auth_users'::regclass AND attname = 'friendly_name'"
}
