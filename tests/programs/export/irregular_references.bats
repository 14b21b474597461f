#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Irregular rows: missing owners, runs of actions and their hooks, tokens. Nothing is lost silently. Each test makes a
# small legacy database by hand, see tests/lib/rows.bash.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rows

# What is owned by something that is gone -----------------------------------------------------------------------------

@test "a credential without a user is left out" {
    legacy_database
    sql "INSERT INTO auth_credentials VALUES ('AKIA1', 'secret', '2020-01-01 00:00:00Z', NULL)" \
        "INSERT INTO auth_credentials VALUES ('AKIA2', 'secret', '2020-01-01 00:00:00Z', 1)"
    check_left_out auth_credentials auth user AKIA1
    assert_entry auth uCredentials/user/credentials/AKIA2 '{"access_key_id": "AKIA2", "issued_date": "1577836800.000000000", "secret": "secret", "user_id": "user"}'
    assert_no_entry auth uCredentials/.*AKIA1
}

@test "a credential of a missing user is left out" {
    legacy_database
    sql "ALTER TABLE auth_credentials DROP CONSTRAINT auth_credentials_user_id_fkey" \
        "INSERT INTO auth_credentials VALUES ('AKIA1', 'secret', '2020-01-01 00:00:00Z', 77)"
    check_left_out auth_credentials auth user AKIA1
    assert_no_entry auth uCredentials/
}

# check_relation TABLE OWNER_COLUMN OWNER MEMBER_COLUMN MEMBER PREFIX: rows that lack one side of the relation.
check_relation() {
    local table=$1 owner_column=$2 owner=$3 member_column=$4 member=$5 prefix=$6
    legacy_database
    sql "ALTER TABLE $table DROP CONSTRAINT ${table}_${owner_column}_fkey, DROP CONSTRAINT ${table}_${member_column}_fkey" \
        "INSERT INTO $table ($owner_column, $member_column) VALUES (1, 1), (71, 1)"
    check_left_out "$table" auth "$owner" "$owner_column=71"
    assert_equal "$(grep -cP "^auth\t$prefix/" "$ENTRIES")" 1

    rm "$DUMP"
    sql "DELETE FROM $table WHERE $owner_column = 71" "INSERT INTO $table ($owner_column, $member_column) VALUES (1, 72)"
    check_left_out "$table" auth "$member" "$member_column=72"
    assert_equal "$(grep -cP "^auth\t$prefix/" "$ENTRIES")" 1
}

@test "a membership of a missing user or in a missing group is left out" {
    check_relation auth_user_groups group_id group user_id user gUsers
    assert_entry auth gUsers/group/users/user '{"primary_key": "users/user"}'
}

@test "a policy of a missing user, and a missing policy of a user, are left out" {
    check_relation auth_user_policies user_id user policy_id policy uPolicies
    assert_entry auth uPolicies/user/policies/policy '{"primary_key": "policies/policy"}'
}

@test "a policy of a missing group, and a missing policy of a group, are left out" {
    check_relation auth_group_policies group_id group policy_id policy gPolicies
    assert_entry auth gPolicies/group/policies/policy '{"primary_key": "policies/policy"}'
}

@test "a branch of a missing repository is left out" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('gone', 'lost', NULL, 'c1')"
    check_left_out graveler_branches graveler repository "id=lost"
    assert_equal "$(count_entries)" 6
}

@test "a tag of a missing repository is left out" {
    legacy_database
    sql "INSERT INTO graveler_tags VALUES ('gone', 'lost', 'c1'), ('repo', 'kept', 'c1')"
    check_left_out graveler_tags graveler repository "id=lost"
    assert_entry 'R(repo)' tags/kept '{"commit_id": "c1", "id": "kept"}'
    assert_equal "$(count_entries)" 7
}

@test "a commit of a missing repository is left out" {
    legacy_database
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id)
        VALUES ('gone', 'lost', 'me', '', '2020-01-01 00:00:00Z', 'range'), ('repo', 'kept', 'me', '', '2020-01-01 00:00:00Z', 'range')"
    check_left_out graveler_commits graveler repository "id=lost"
    entry 'R(repo)' commits/kept
    assert_equal "$(count_entries)" 7
}

@test "staged objects of a branch whose repository is missing are left out, unless another branch has the token" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('gone', 'lost', 'stray', 'c1'), ('gone', 'also', 'token', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('stray', 'lost', 'identity', 'data'), ('stray', 'lost 2', 'identity', 'data')"
    export_rows
    assert_equal "$(left_out | wc -l)" 2
    assert_contains "$(left_out)" "left out: 2 rows of graveler_branches (package graveler): " \
        "left out: 2 rows of graveler_staging_kv (package graveler): "
    assert_no_entry stray ''
    entry token object
}

@test "staged objects of an empty token are left out, also if a branch has it" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('repo', 'odd', '', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('', 'object', 'identity', 'data')"
    check_left_out graveler_staging_kv graveler "staging token is empty" "(staging_token=, key="
    assert_entry 'R(repo)' branches/odd '{"commit_id": "c1", "id": "odd"}'
    entry token object
}

@test "repositories are distinguished byte by byte" {
    legacy_database
    sql "INSERT INTO graveler_repositories VALUES ('Repo', 'local://Repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('Repo', 'main', 'token2', 'c2'), ('repo ', 'lost', NULL, NULL)"
    check_left_out graveler_branches graveler repository "id=lost"
    assert_entry 'R(Repo)' branches/main '{"commit_id": "c2", "id": "main", "staging_token": "token2"}'
    assert_entry 'R(repo)' branches/main '{"commit_id": "c1", "id": "main", "staging_token": "token"}'
}

# Runs and hooks ------------------------------------------------------------------------------------------------------

@test "a run is found by its id, branch and commit, and its hooks by its new id; their outputs keep the old one" {
    local id
    legacy_database
    add_run repo 20210203040506abcdefgh
    add_hook repo 20210203040506abcdefgh 0000_0000
    export_rows --strict
    id=$(new_ids repo)
    assert_entry actions "repos/repo/runs/$id" "{\"branch_id\": \"main\", \"commit_id\": \"c1\", \"end_time\": \"1612325109.250000000\", \"event_type\": \"pre-commit\", \"passed\": true, \"run_id\": \"$id\", \"source_ref\": \"ref\", \"start_time\": \"1612325106.000000000\"}"
    assert_entry actions "repos/repo/branches/main/$id" "{\"primary_key\": \"repos/repo/runs/$id\"}"
    assert_entry actions "repos/repo/commits/c1/$id" "{\"primary_key\": \"repos/repo/runs/$id\"}"
    assert_entry actions "repos/repo/tasks/$id/0000_0000" "{\"action_name\": \"action of repo\", \"end_time\": \"1612325108.000000000\", \"hook_id\": \"hook\", \"hook_run_id\": \"0000_0000\", \"passed\": true, \"run_id\": \"20210203040506abcdefgh\", \"start_time\": \"1612325107.000000000\"}"
    assert_equal "$(grep -c '^actions' "$ENTRIES")" 4
    assert_equal "$("$TESTS_DIR/lib/decode.py" seconds "$id")" $((32500915200 - 1612325106 & 0xffffffff))
    assert_plain
}

@test "a run without branch or commit has no entries for them" {
    legacy_database
    add_run repo 20210203040506branch "2021-02-03 04:05:06Z" ""
    add_run repo 20210203040507commit "2021-02-03 04:05:07Z" main ""
    add_run repo 20210203040508neither "2021-02-03 04:05:08Z" "" ""
    export_rows --strict
    assert_equal "$(new_ids repo | wc -l)" 3
    assert_equal "$(grep -cP '^actions\trepos/repo/branches/' "$ENTRIES")" 1
    assert_equal "$(grep -cP '^actions\trepos/repo/branches/main/' "$ENTRIES")" 1
    assert_equal "$(grep -cP '^actions\trepos/repo/commits/' "$ENTRIES")" 1
    assert_equal "$(grep -cP '^actions\trepos/repo/commits/c1/' "$ENTRIES")" 1
    assert_plain
}

@test "a key scan lists the newest run first" {
    local order
    legacy_database
    add_run repo 20191231235959zzzz "2019-12-31 23:59:59Z" oldest
    add_run repo 20200101000000aaaa "2020-01-01 00:00:00Z" middle
    add_run repo 20260101000000mmmm "2026-01-01 00:00:00Z" newest
    export_rows
    order=$(grep -P '^actions\trepos/repo/runs/' "$ENTRIES" | sed 's/.*"branch_id": "\([a-z]*\)".*/\1/')
    assert_equal "$order" $'newest\nmiddle\noldest'
}

@test "runs of the same second have different ids, in one repository and in two" {
    local n
    legacy_database
    sql "INSERT INTO actions_runs SELECT repository, '20210203040506' || n, 'pre-commit', '2021-02-03 04:05:06Z',
        '2021-02-03 04:05:06Z', '', '', '', true FROM generate_series(1, 100) AS n, unnest(ARRAY['repo', 'other']) AS repository"
    export_rows --strict
    assert_equal "$({ new_ids repo && new_ids other; } | sort -u | wc -l)" 200
    # And one second, the one in the old id.
    for n in $(new_ids repo | sed -n '1p;50p;100p'); do
        assert_equal "$("$TESTS_DIR/lib/decode.py" seconds "$n")" $((32500915200 - 1612325106 & 0xffffffff))
    done
}

@test "the run time comes from the old id, not from the start time" {
    legacy_database
    add_run repo 20200229120000leap "2021-02-03 04:05:06Z"
    export_rows --strict
    assert_equal "$("$TESTS_DIR/lib/decode.py" seconds "$(new_ids repo)")" \
        $((32500915200 - $(date -u -d 2020-02-29T12:00:00Z +%s) & 0xffffffff))
    assert_plain
}

@test "a run id that does not begin with a time uses the start time" {
    local id number=0
    legacy_database
    for id in abcdef 2021020304050 20211303040506x 20210230040506x 20210203250506x 2021020304056ax 0000-1-1 "" "20210203 40506x"; do
        number=$((number + 1))
        add_run repo "$id" "2021-02-03 04:05:06Z" "branch$number"
    done
    check_adjusted 9 actions_runs actions start_time run_id=abcdef
    assert_equal "$(new_ids repo | wc -l)" 9
    for id in $(new_ids repo); do
        assert_equal "$("$TESTS_DIR/lib/decode.py" seconds "$id")" $((32500915200 - 1612325106 & 0xffffffff))
    done
}

@test "a hook without its run is left out" {
    legacy_database
    add_run repo 20210203040506a
    add_hook repo 20210203040506a 0000_0000
    add_hook repo 20210203040506b 0000_0001
    check_left_out actions_run_hooks actions run 0000_0001
    assert_equal "$(grep -cP '^actions\trepos/repo/tasks/' "$ENTRIES")" 1
}

@test "a hook belongs only to a run of its own repository" {
    legacy_database
    add_run repo 20210203040506a
    add_hook other 20210203040506a 0000_0000
    check_left_out actions_run_hooks actions run repository_id=other
    assert_no_entry actions '.*/tasks/'
}

@test "runs with the same id in two repositories keep their own hooks" {
    local repository id
    legacy_database
    for repository in repo other; do
        add_run $repository 20210203040506same
        add_hook $repository 20210203040506same 0000_0000
    done
    export_rows --strict
    for repository in repo other; do
        id=$(new_ids $repository)
        entry actions "repos/$repository/tasks/$id/0000_0000" | grep -F "\"action_name\": \"action of $repository\""
    done
    [ "$(new_ids repo)" != "$(new_ids other)" ]
    assert_plain
}

@test "a run of a missing repository is migrated" {
    legacy_database
    add_run gone 20210203040506a
    add_hook gone 20210203040506a 0000_0000
    export_rows --strict
    assert_equal "$(grep -c '^actions' "$ENTRIES")" 4
    entry actions "repos/gone/tasks/$(new_ids gone)/0000_0000"
    assert_plain
}

# Tokens and metadata of the installation -----------------------------------------------------------------------------

@test "an expired token is left out, counted, and no warning is given" {
    legacy_database
    sql "INSERT INTO auth_expired_tokens VALUES ('past', '2020-01-01 00:00:00Z'), ('long past', '-infinity'),
        ('future', '2999-01-01 00:00:00Z')"
    export_rows --strict
    assert_counted "left out" 2 auth_expired_tokens auth expired
    refute_contains "$stderr" warning
    assert_entry auth expiredTokens/future '{"expired_at": "32472144000.000000000", "token_id": "future"}'
    assert_no_entry auth 'expiredTokens/.*past'
    assert_named auth_expired_tokens past
}

@test "a token that never expires is migrated, its time clamped" {
    legacy_database
    sql "INSERT INTO auth_expired_tokens VALUES ('endless', 'infinity')"
    check_adjusted 1 auth_expired_tokens auth timestamp endless
    assert_entry auth expiredTokens/endless '{"expired_at": "253402300799.999999999", "token_id": "endless"}'
}

@test "the old database's installation metadata is left out, any other is migrated" {
    legacy_database
    sql "INSERT INTO auth_installation_metadata VALUES ('postgresql_version', '15'), ('postgresql_aurora_version', '3'),
        ('postgresql_setting_max_connections', '100'), ('postgresql_setting_', 'x'),
        ('postgresql_versions', 'kept'), ('postgresql_', 'kept'), ('my_postgresql_version', 'kept'), ('empty', ''),
        ('installation_id', 'id')"
    # This is expected, so it is not an error.
    export_rows --strict
    assert_counted "left out" 4 auth_installation_metadata auth database
    assert_entry auth installation_metadata/postgresql_versions '"kept"'
    assert_entry auth installation_metadata/postgresql_ '"kept"'
    assert_entry auth installation_metadata/my_postgresql_version '"kept"'
    assert_entry auth installation_metadata/empty '""'
    assert_entry auth installation_metadata/installation_id '"id"'
    assert_entry auth installation_id '"id"'
    assert_equal "$(count_entries)" 12
}
