#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys of the KV store: two rows that come to one, and keys that a store does not take.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rows

# check_pair_refused TABLE ROW OTHER_ROW [OPTION...]: the export ends with 3 and names table and both rows; kv-migrate the same.
check_pair_refused() {
    local table=$1 row=$2 other=$3
    shift 3
    check_refused "$table" "" "$@"
    grep -aF -- "$row" <<<"$stderr"
    grep -aF -- "$other" <<<"$stderr"
    fails 3 kv-migrate up --kv-enabled --no-settings -d "$DSN" "$@"
    assert_sql "38|f" "SELECT * FROM schema_migrations"
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "runs whose ids are the same after invalid UTF-8 was replaced are refused" {
    local ids
    # Both invalid, in one byte or several; one of them valid, with the character that replaces; ids with a time in them.
    for ids in "E'r\\xff'|E'r\\xfe'" "E'\\xc3\\xff'|E'\\xff\\xfe'" "E'r\\xef\\xbf\\xbd'|E'r\\xfe'" \
        "E'20210203040506\\xff'|E'20210203040506\\xfe'"; do
        echo "== $ids"
        drop_database
        legacy_database_in SQL_ASCII
        sql "INSERT INTO actions_runs SELECT 'repo', id, '', now(), now(), '', '', '' FROM unnest(ARRAY[${ids/|/,}]) AS id"
        check_pair_refused actions_runs '\xf' 'The other is table "actions_runs", row (' --invalid-utf8=replace
    done
    # Of different repositories they are different runs.
    sql "UPDATE actions_runs SET repository_id = 'other' WHERE ctid = (SELECT max(ctid) FROM actions_runs)"
    export_rows --invalid-utf8=replace
    assert_equal "$(new_ids repo | wc -l)" 1
    assert_equal "$(new_ids other | wc -l)" 1
}

@test "runs whose repositories, and other rows whose names, are the same after invalid UTF-8 was replaced name both rows" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO actions_runs SELECT id, 'run', '', now(), now(), '', '', '' FROM unnest(ARRAY[E'r\\xff', E'r\\xfe']) AS id"
    check_pair_refused actions_runs 'r\xff' 'r\xfe' --invalid-utf8=replace
    sql "DELETE FROM actions_runs" "INSERT INTO auth_expired_tokens VALUES (E't\\xff', 'infinity'), (E't\\xfe', 'infinity')"
    check_pair_refused auth_expired_tokens 't\xff' 't\xfe' --invalid-utf8=replace
    sql "DELETE FROM auth_expired_tokens" "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', now(), 'main')" \
        "INSERT INTO graveler_tags VALUES ('repo', E't\\xff', 'c'), ('repo', E't\\xef\\xbf\\xbd', 'c')"
    check_pair_refused graveler_tags 'id=t\xff' 'The other is table "graveler_tags", row (repository_id=repo, id=t' --invalid-utf8=replace
}

@test "names with slashes that come to one key, of each kind: both rows are named" {
    legacy_database
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (11, now(), 'a/policies/b'), (12, now(), 'a'),
            (13, now(), 'a/credentials/b'), (14, now(), 'users/y'), (15, now(), 'y')" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (11, now(), 'g'), (12, now(), 'g/users')" \
        "INSERT INTO auth_policies VALUES (11, now(), 'c', '[]'), (12, now(), 'b/policies/c', '[]')" \
        "INSERT INTO auth_user_policies VALUES (11, 11), (12, 12)"
    check_pair_refused auth_user_policies 'policy_id=11' 'policy_id=12'
    # The separators overlap: g, users/y and g/users, y.
    sql "DELETE FROM auth_user_policies" "INSERT INTO auth_user_groups (user_id, group_id) VALUES (14, 11), (15, 12)"
    check_pair_refused auth_user_groups 'group_id=11' 'group_id=12'
    sql "DELETE FROM auth_user_groups" "INSERT INTO auth_credentials VALUES ('c', 's', now(), 13), ('b/credentials/c', 's', now(), 12)"
    check_pair_refused auth_credentials 'row (access_key_id=c' 'row (access_key_id=b/credentials/c'
    sql "DELETE FROM auth_credentials" "UPDATE auth_users SET display_name = 'a/users/b' WHERE id = 12"
    export_rows
    assert_entry auth users/a/users/b "$(entry auth users/a/users/b)"
}

@test "a hook whose key is that of another run's hook is refused" {
    local id
    legacy_database
    add_run a second
    export_rows
    # repos/a/tasks/SECOND/x/tasks/THIRD/h, twice.
    id=$(new_ids a)
    add_run "a/tasks/$id/x" third
    rm "$DUMP"
    export_rows
    rm "$DUMP"
    add_hook "a/tasks/$id/x" third h
    add_hook a second "x/tasks/$(new_ids "a/tasks/$id/x")/h"
    check_pair_refused actions_run_hooks third second
}

# Staged objects ------------------------------------------------------------------------------------------------------

@test "a staged object whose identity is empty, not NULL, is refused: it would be a tombstone" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'empty', '', 'data')"
    check_refused graveler_staging_kv staging_token=token
    assert_contains "$stderr" 'key=\x656d707479' identity tombstone
    sql "UPDATE graveler_staging_kv SET data = NULL WHERE key = 'empty'"
    check_refused graveler_staging_kv staging_token=token
    # It is nothing to anybody where it is left out anyway.
    sql "UPDATE graveler_staging_kv SET staging_token = 'orphan' WHERE key = 'empty'"
    export_rows
    assert_counted "left out" 1 graveler_staging_kv graveler branch
}

# Length --------------------------------------------------------------------------------------------------------------

# random_text SIZE SEED: text that cannot be compressed much.
random_text() {
    python3 -c 'import random, string, sys
random.seed(int(sys.argv[2]))
print("".join(random.choices(string.ascii_letters + string.digits, k=int(sys.argv[1]))), end="")' "$1" "$2"
}

@test "a key that PostgreSQL's index does not take is refused, the longest one that it takes is not" {
    local table key statement
    legacy_database
    # Partition auth and users/: 2704 bytes of an index entry are 8 of its header, 5 of auth, 3 of alignment, and 4 of the key's.
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), '$(random_text 2678 1)')"
    export_rows
    kv-import -d "$DSN" "$DUMP"
    assert_stamp 39 1
    drop_database
    rm "$DUMP"
    legacy_database
    # No index of the legacy tables may be in the way of such rows.
    sql "DO \$\$ DECLARE c record; BEGIN
            FOR c IN SELECT conrelid::regclass AS r, conname FROM pg_constraint WHERE contype IN ('p', 'u')
                AND connamespace = 'public'::regnamespace AND conrelid <> 'schema_migrations'::regclass LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.r, c.conname);
            END LOOP; END \$\$" "DROP INDEX kv_staging_uidx"
    for key in $(sql "SELECT indexrelid::regclass FROM pg_index WHERE indrelid::regclass::text LIKE 'graveler_staging%' AND indisunique"); do
        sql "DROP INDEX $key"
    done
    while IFS='|' read -r table key statement; do
        echo "== $table"
        sql "BEGIN" "${statement//LONG/$(random_text 3000 2)}" "COMMIT"
        check_refused "$table" "$key"
        assert_contains "$stderr" "too long"
        sql "DELETE FROM $table WHERE length($table::text) > 2000"
    done <<'ROWS'
auth_users|id=2|INSERT INTO auth_users (id, created_at, display_name) VALUES (2, now(), 'LONG')
auth_groups|id=2|INSERT INTO auth_groups (id, created_at, display_name) VALUES (2, now(), 'LONG')
auth_policies|id=2|INSERT INTO auth_policies VALUES (2, now(), 'LONG', '[]')
auth_expired_tokens|token_id|INSERT INTO auth_expired_tokens VALUES ('LONG', 'infinity')
auth_installation_metadata|key_name|INSERT INTO auth_installation_metadata VALUES ('LONG', 'a')
gateway_multiparts|upload_id|INSERT INTO gateway_multiparts (upload_id, path) VALUES ('LONG', 'a')
actions_runs|repository_id|INSERT INTO actions_runs VALUES ('repo', 'r', '', now(), now(), 'LONG', '', '')
graveler_repositories|id=|INSERT INTO graveler_repositories VALUES ('LONG', 'local://a', now(), 'main')
graveler_branches|id=|INSERT INTO graveler_branches VALUES ('repo', 'LONG', 't1', 'c')
graveler_tags|id=|INSERT INTO graveler_tags VALUES ('repo', 'LONG', 'c1')
graveler_commits|id=|INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id) VALUES ('repo', 'LONG', '', '', now(), 'a')
graveler_staging_kv|staging_token=token|INSERT INTO graveler_staging_kv VALUES ('token', 'LONG', 'i', 'd')
ROWS
    export_rows
}

@test "a key that is short enough once it is compressed is exported and loaded" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', convert_to(repeat('folder/', 2000), 'UTF8'), 'i', 'd')"
    export_rows
    kv-import -d "$DSN" "$DUMP"
    assert_sql 14000 "SELECT max(length(key)) FROM kv WHERE partition_key = 'token'"
}
