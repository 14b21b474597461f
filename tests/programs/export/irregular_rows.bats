#!/usr/bin/env bats
# What irregular rows get: nothing is lost without a word. Each test makes a small legacy database by hand.
#
# Entries are read from the dump by PostgreSQL's and protobuf's rules, without the code that is tested (tests/lib/decode.py).

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template EMPTY
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/rows.dump
    ENTRIES=$BATS_TEST_TMPDIR/rows.entries
}

# A database whose rows are all as they should be: it makes sure that a test is about the rows that it adds.
legacy_database() {
    fresh_database TEMPLATE "$EMPTY"
    regular_rows
}

# A database of another encoding, which no template can have been made for.
legacy_database_in() {
    fresh_database TEMPLATE template0 ENCODING "$1" LC_COLLATE "'C'" LC_CTYPE "'C'"
    apply_migrations 21 38
    set_schema_version 38
}

regular_rows() {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'user')" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'group')" \
        "INSERT INTO auth_policies (id, created_at, display_name, statement) VALUES (1, '2020-01-01 00:00:00Z', 'policy',
            '[{\"Effect\": \"allow\", \"Action\": [\"fs:*\"], \"Resource\": \"*\"}]')" \
        "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'object', 'identity', 'data')"
}

# export_rows [OPTION...]: exports the database; sets stderr.
export_rows() {
    succeeds kv-export -d "$DSN" --no-settings -f "$DUMP" "$@"
    entries "$DUMP" >"$ENTRIES"
}

# entry PARTITION KEY: prints the value of the one entry there.
entry() {
    PARTITION=$1 KEY=$2 awk -F '\t' '$1 == ENVIRON["PARTITION"] && $2 == ENVIRON["KEY"] { print $3; n++ } END { exit n != 1 }' \
        "$ENTRIES" || {
        printf 'no such entry: %s %s\n' "$1" "$2"
        cat "$ENTRIES"
        return 1
    } >&2
}

# assert_entry PARTITION KEY VALUE
assert_entry() {
    local actual
    actual=$(entry "$1" "$2")
    assert_equal "$3" "$actual"
}

# assert_no_entry PARTITION PATTERN: no key of the partition matches.
assert_no_entry() {
    run ! grep -P "^\Q$1\E\t$2" "$ENTRIES"
}

# Only the regular rows' entries are there, and what they are told of.
count_entries() {
    wc -l <"$ENTRIES"
}

# left_out, adjusted: print what the manifest counts.
left_out() {
    kv-import --list "$DUMP" | grep '^left out: ' || true
}

adjusted() {
    kv-import --list "$DUMP" | grep '^adjusted: ' || true
}

# assert_plain: nothing was left out or adjusted, and there is nothing to warn of.
assert_plain() {
    assert_equal "" "$(left_out)$(adjusted)"
    refute_contains "$stderr" "warning"
}

# assert_counted KIND ROWS TABLE PACKAGE WORD: the only such line of the list is this one. KIND is "left out" or "adjusted".
assert_counted() {
    local lines
    lines=$(kv-import --list "$DUMP" | grep "^$1: ")
    assert_equal 1 "$(wc -l <<<"$lines")"
    assert_contains "$lines" "$1: $2 row$([ "$2" -eq 1 ] || echo s) of $3 (package $4): " "$5"
}

# assert_warned TABLE WORD: a warning names the table and the reason.
assert_warned() {
    grep -a "^kv-export: warning: .*$1.*$2" <<<"$stderr"
}

# assert_named TABLE KEY: with -v the row is named.
assert_named() {
    run --separate-stderr -0 kv-export -d "$DSN" --no-settings -v -f "$BATS_TEST_TMPDIR/named.dump" --force
    grep -a "^kv-export: info: .*$1.*" <<<"$stderr" | grep -aF "$2"
}

# check_left_out TABLE PACKAGE WORD KEY: one row of the table is left out, for the reason that has the word: it is counted,
# warned of, named at -v, and an error with --strict. What is left has no entry; that is for the test to look at.
check_left_out() {
    export_rows
    assert_counted "left out" 1 "$1" "$2" "$3"
    assert_equal "" "$(adjusted)"
    assert_warned "$1" "$3"
    refute_contains "$stderr" "$4"
    assert_named "$1" "$4"

    fails 3 kv-export -d "$DSN" --no-settings --strict -f "$BATS_TEST_TMPDIR/strict.dump"
    assert_contains "$stderr" "$1" "$4"
    assert_missing "$BATS_TEST_TMPDIR/strict.dump" "$BATS_TEST_TMPDIR/strict.dump.partial"
}

# check_adjusted ROWS TABLE PACKAGE WORD KEY: rows of the table are adjusted; that is no error even with --strict.
check_adjusted() {
    export_rows --strict
    assert_counted adjusted "$1" "$2" "$3" "$4"
    assert_equal "" "$(left_out)"
    assert_warned "$2" "$4"
    assert_named "$2" "$5"
}

# check_refused TABLE KEY [OPTION...]: the export ends with 3, names table and row, and leaves no file.
check_refused() {
    local table=$1 key=$2
    shift 2
    fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP" "$@"
    assert_contains "$(grep -a '^kv-export: error: ' <<<"$stderr")" "$table" "$key"
    assert_missing "$DUMP" "$DUMP.partial"
}

@test "a database without irregular rows: nothing is told, every entry is there" {
    legacy_database
    export_rows
    assert_plain
    assert_equal 6 "$(count_entries)"
    assert_entry auth users/user '{"created_at": "1577836800.000000000", "username": "user"}'
    assert_entry auth groups/group '{"created_at": "1577836800.000000000", "display_name": "group"}'
    assert_entry auth policies/policy '{"created_at": "1577836800.000000000", "display_name": "policy", "statement": [{"action": ["fs:*"], "effect": "allow", "resource": "*"}]}'
    assert_entry 'R(repo)' branches/main '{"commit_id": "c1", "id": "main", "staging_token": "token"}'
    assert_entry token object '{"data": "data", "identity": "identity", "key": "object"}'
    entry graveler repos/repo | grep -P '^\{"creation_date": "1577836800.000000000", "default_branch_id": "main", "id": "repo", "instance_uid": "[0-9a-v]{20}", "storage_namespace": "local://repo"\}$'
}

@test "a database without rows is a whole dump, too" {
    fresh_database TEMPLATE "$EMPTY"
    export_rows
    assert_plain
    assert_equal 0 "$(count_entries)"
    kv-import --check "$DUMP"
}

# NULL ----------------------------------------------------------------------------------------------------------------

@test "a multipart with NULL in metadata, content type and address is migrated, the fields empty" {
    legacy_database
    sql "INSERT INTO gateway_multiparts (upload_id, path, creation_date) VALUES ('old', 'a/b', '2020-01-01 00:00:00.5Z')" \
        "INSERT INTO gateway_multiparts VALUES ('new', 'a/c', '2020-01-01 00:00:01Z', 'address', '{\"k\": \"v\"}', 'text/plain')" \
        "INSERT INTO gateway_multiparts VALUES ('null', 'a/d', '2020-01-01 00:00:01Z', '', 'null', '')" \
        "INSERT INTO gateway_multiparts VALUES ('empty', 'a/e', '2020-01-01 00:00:01Z', '', '{}', '')"
    export_rows --strict
    assert_entry multiparts old '{"creation_date": "1577836800.500000000", "path": "a/b", "upload_id": "old"}'
    assert_entry multiparts new '{"content_type": "text/plain", "creation_date": "1577836801.000000000", "metadata": {"k": "v"}, "path": "a/c", "physical_address": "address", "upload_id": "new"}'
    assert_entry multiparts null '{"creation_date": "1577836801.000000000", "path": "a/d", "upload_id": "null"}'
    assert_entry multiparts empty '{"creation_date": "1577836801.000000000", "path": "a/e", "upload_id": "empty"}'
    assert_plain
}

@test "a commit with NULL parents, metadata and generation is migrated, the fields empty" {
    legacy_database
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id)
            VALUES ('repo', 'bare', 'me', 'first', '2020-01-01 00:00:00Z', 'range')" \
        "INSERT INTO graveler_commits VALUES ('repo', 'empty', '', '', '2020-01-01 00:00:00Z', '', '{}', '{}', 0, 0)" \
        "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata, parents,
            version, generation) VALUES ('repo', 'full', 'me', 'second', '2020-01-01 00:00:00Z', 'range', '{\"a\": \"b\", \"c\": \"\"}',
            '{bare,\"\",other}', -1, 2147483647)"
    export_rows --strict
    assert_entry 'R(repo)' commits/bare '{"committer": "me", "creation_date": "1577836800.000000000", "id": "bare", "message": "first", "meta_range_id": "range"}'
    assert_entry 'R(repo)' commits/empty '{"creation_date": "1577836800.000000000", "id": "empty"}'
    assert_entry 'R(repo)' commits/full '{"committer": "me", "creation_date": "1577836800.000000000", "generation": 2147483647, "id": "full", "message": "second", "meta_range_id": "range", "metadata": {"a": "b", "c": ""}, "parents": ["bare", "", "other"], "version": -1}'
    assert_plain
}

@test "a NULL among a commit's parents is dropped, not silently" {
    legacy_database
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, parents)
        VALUES ('repo', 'child', 'me', '', '2020-01-01 00:00:00Z', 'range', '{NULL,parent,NULL}')"
    check_adjusted 1 graveler_commits graveler parent id=child
    entry 'R(repo)' commits/child | grep -F '"parents": ["parent"]'
}

@test "a branch with NULL token and commit is migrated, the fields empty" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('repo', 'bare', NULL, NULL)" \
        "INSERT INTO graveler_branches VALUES ('repo', 'empty', '', '')" \
        "INSERT INTO graveler_tags VALUES ('repo', 'bare', NULL)"
    export_rows --strict
    assert_entry 'R(repo)' branches/bare '{"id": "bare"}'
    assert_entry 'R(repo)' branches/empty '{"id": "empty"}'
    assert_entry 'R(repo)' tags/bare '{"id": "bare"}'
    assert_plain
}

@test "a user with NULL in what later versions added is migrated, the fields empty" {
    legacy_database
    sql "INSERT INTO auth_users VALUES (2, '2020-01-01 00:00:00Z', 'full', 'friendly', 'source', 'me@example.com', '\x00ff', 'external')"
    export_rows
    assert_entry auth users/full '{"created_at": "1577836800.000000000", "email": "me@example.com", "encrypted_password": "0x00ff", "external_id": "external", "friendly_name": "friendly", "source": "source", "username": "full"}'
    assert_entry auth users/user '{"created_at": "1577836800.000000000", "username": "user"}'
    assert_plain
}

@test "a NULL where no NULL can be is refused" {
    legacy_database
    sql "ALTER TABLE auth_users ALTER created_at DROP NOT NULL" \
        "INSERT INTO auth_users (id, display_name) VALUES (7, 'timeless')"
    check_refused auth_users timeless
    assert_contains "$stderr" created_at
}

# Staged objects ------------------------------------------------------------------------------------------------------

@test "a tombstone is migrated without identity" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'gone', NULL, NULL)" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'gone too', NULL, 'data')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'no data', 'identity', NULL)" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'empty', '', '')"
    export_rows --strict
    assert_entry token gone '{"key": "gone"}'
    assert_entry token 'gone too' '{"data": "data", "key": "gone too"}'
    assert_entry token 'no data' '{"identity": "identity", "key": "no data"}'
    assert_entry token empty '{"key": "empty"}'
    assert_plain
}

@test "a staged key may be any bytes" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', '\x00ff80', '\x00', '\xff')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', '\x00', '\x01', '\x02')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', '\xc3', '\x01', '\x02')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', '', '\x01', '\x02')" \
        "INSERT INTO graveler_staging_kv SELECT 'token', decode(string_agg(lpad(to_hex(n), 2, '0'), ''), 'hex'), '\x01', '\x02'
            FROM generate_series(0, 255) AS n"
    export_rows --strict
    assert_entry token 0x00ff80 '{"data": "0xff", "identity": "0x00", "key": "0x00ff80"}'
    assert_entry token 0x00 '{"data": "0x02", "identity": "0x01", "key": "0x00"}'
    assert_entry token 0xc3 '{"data": "0x02", "identity": "0x01", "key": "0xc3"}'
    assert_entry token '' '{"data": "0x02", "identity": "0x01"}'
    assert_entry token "0x$(printf %02x {0..255})" "{\"data\": \"0x02\", \"identity\": \"0x01\", \"key\": \"0x$(printf %02x {0..255})\"}"
    assert_plain
    # The table takes them as well.
    kv-import -d "$DSN" "$DUMP"
    assert_sql '\x\n\x00\n\x00ff80\n\xc3' "SELECT string_agg(key::text, '\n' ORDER BY key) FROM kv
        WHERE partition_key = 'token' AND length(key) < 4"
}

@test "a staged object whose token is on no branch is left out" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('orphan', 'lost', 'identity', 'data')"
    check_left_out graveler_staging_kv graveler "branch" orphan
    assert_no_entry orphan ''
    assert_equal 6 "$(count_entries)"
}

@test "every orphan is counted, and those of an empty token among them" {
    legacy_database
    # A branch without a token has not the token ''.
    sql "INSERT INTO graveler_branches VALUES ('repo', 'bare', '', NULL), ('repo', 'null', NULL, NULL)" \
        "INSERT INTO graveler_staging_kv SELECT 'orphan ' || n % 50, int4send(n), 'i', 'd' FROM generate_series(1, 1000) AS n" \
        "INSERT INTO graveler_staging_kv VALUES ('', 'lost', 'identity', 'data')" \
        "INSERT INTO graveler_staging_kv VALUES ('Token', 'lost', 'identity', 'data'), ('token ', 'lost', 'identity', 'data')"
    export_rows -j 4
    assert_counted "left out" 1003 graveler_staging_kv graveler branch
    assert_equal 8 "$(count_entries)"
}

@test "branches that share a token: its objects are migrated once" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('repo', 'twin', 'token', 'c1')"
    export_rows --strict
    assert_entry token object '{"data": "data", "identity": "identity", "key": "object"}'
    assert_plain
}

@test "an object larger than a chunk is migrated, by one connection or many" {
    local jobs
    legacy_database
    sql "INSERT INTO graveler_staging_kv SELECT 'token', 'large', 'identity', decode(repeat('0123456789abcdef', 750000), 'hex')"
    export_rows
    assert_equal "$(printf '{"data": "0x", "identity": "identity", "key": "large"}\n' | wc -c)" $(($(entry token large | wc -c) - 12000000))
    for jobs in 1 4; do
        kv-import -d "$DSN" --clean -j "$jobs" "$DUMP"
        assert_stamp 39 1
        assert_sql t "SELECT substr(value, length(value) - 5999999) = (SELECT data FROM graveler_staging_kv WHERE key = 'large')
            FROM kv WHERE partition_key = 'token' AND key = 'large'"
    done
}

# What is owned by something that is gone -----------------------------------------------------------------------------

@test "a credential without a user is left out" {
    legacy_database
    sql "INSERT INTO auth_credentials VALUES ('AKIA1', 'secret', '2020-01-01 00:00:00Z', NULL)" \
        "INSERT INTO auth_credentials VALUES ('AKIA2', 'secret', '2020-01-01 00:00:00Z', 1)"
    check_left_out auth_credentials auth user AKIA1
    assert_entry auth uCredentials/user/credentials/AKIA2 '{"access_key_id": "AKIA2", "issued_date": "1577836800.000000000", "secret": "secret", "user_id": "user"}'
    assert_no_entry auth uCredentials/.*AKIA1
}

@test "a credential of a user who is gone is left out" {
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
    assert_equal 1 "$(grep -cP "^auth\t$prefix/" "$ENTRIES")"

    rm "$DUMP"
    sql "DELETE FROM $table WHERE $owner_column = 71" "INSERT INTO $table ($owner_column, $member_column) VALUES (1, 72)"
    check_left_out "$table" auth "$member" "$member_column=72"
    assert_equal 1 "$(grep -cP "^auth\t$prefix/" "$ENTRIES")"
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

@test "a branch of a repository that is gone is left out" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('gone', 'lost', NULL, 'c1')"
    check_left_out graveler_branches graveler repository "id=lost"
    assert_equal 6 "$(count_entries)"
}

@test "a tag of a repository that is gone is left out" {
    legacy_database
    sql "INSERT INTO graveler_tags VALUES ('gone', 'lost', 'c1'), ('repo', 'kept', 'c1')"
    check_left_out graveler_tags graveler repository "id=lost"
    assert_entry 'R(repo)' tags/kept '{"commit_id": "c1", "id": "kept"}'
    assert_equal 7 "$(count_entries)"
}

@test "a commit of a repository that is gone is left out" {
    legacy_database
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id)
        VALUES ('gone', 'lost', 'me', '', '2020-01-01 00:00:00Z', 'range'), ('repo', 'kept', 'me', '', '2020-01-01 00:00:00Z', 'range')"
    check_left_out graveler_commits graveler repository "id=lost"
    entry 'R(repo)' commits/kept
    assert_equal 7 "$(count_entries)"
}

@test "staged objects of a branch whose repository is gone are left out, unless another branch has the token" {
    legacy_database
    sql "INSERT INTO graveler_branches VALUES ('gone', 'lost', 'stray', 'c1'), ('gone', 'also', 'token', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('stray', 'lost', 'identity', 'data'), ('stray', 'lost 2', 'identity', 'data')"
    export_rows
    assert_equal 2 "$(left_out | wc -l)"
    assert_contains "$(left_out)" "left out: 2 rows of graveler_branches (package graveler): " \
        "left out: 2 rows of graveler_staging_kv (package graveler): "
    assert_no_entry stray ''
    entry token object
}

@test "repositories are told apart byte by byte" {
    legacy_database
    sql "INSERT INTO graveler_repositories VALUES ('Repo', 'local://Repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('Repo', 'main', 'token2', 'c2'), ('repo ', 'lost', NULL, NULL)"
    check_left_out graveler_branches graveler repository "id=lost"
    assert_entry 'R(Repo)' branches/main '{"commit_id": "c2", "id": "main", "staging_token": "token2"}'
    assert_entry 'R(repo)' branches/main '{"commit_id": "c1", "id": "main", "staging_token": "token"}'
}

# Runs and hooks ------------------------------------------------------------------------------------------------------

# add_run REPOSITORY RUN_ID [START [BRANCH [COMMIT]]]
add_run() {
    sql "INSERT INTO actions_runs VALUES ('$1', '$2', 'pre-commit', '${3-2021-02-03 04:05:06Z}', '2021-02-03 04:05:09.25Z',
        '${4-main}', 'ref', '${5-c1}', true)"
}

# add_hook REPOSITORY RUN_ID HOOK_RUN_ID
add_hook() {
    sql "INSERT INTO actions_run_hooks VALUES ('$1', '$2', '$3', 'action of $1', 'hook', '2021-02-03 04:05:07Z',
        '2021-02-03 04:05:08Z', true)"
}

# new_ids REPOSITORY: prints the new ids of the repository's runs, in the order of a scan.
new_ids() {
    sed -n "s|^actions\trepos/$1/runs/\([^\t]*\)\t.*|\1|p" "$ENTRIES"
}

@test "a run is found by its id, its branch and its commit, and its hooks by its new id" {
    local id
    legacy_database
    add_run repo 20210203040506abcdefgh
    add_hook repo 20210203040506abcdefgh 0000_0000
    export_rows --strict
    id=$(new_ids repo)
    assert_entry actions "repos/repo/runs/$id" "{\"branch_id\": \"main\", \"commit_id\": \"c1\", \"end_time\": \"1612325109.250000000\", \"event_type\": \"pre-commit\", \"passed\": true, \"run_id\": \"$id\", \"source_ref\": \"ref\", \"start_time\": \"1612325106.000000000\"}"
    assert_entry actions "repos/repo/branches/main/$id" "{\"primary_key\": \"repos/repo/runs/$id\"}"
    assert_entry actions "repos/repo/commits/c1/$id" "{\"primary_key\": \"repos/repo/runs/$id\"}"
    assert_entry actions "repos/repo/tasks/$id/0000_0000" "{\"action_name\": \"action of repo\", \"end_time\": \"1612325108.000000000\", \"hook_id\": \"hook\", \"hook_run_id\": \"0000_0000\", \"passed\": true, \"run_id\": \"$id\", \"start_time\": \"1612325107.000000000\"}"
    assert_equal 4 "$(grep -c '^actions' "$ENTRIES")"
    assert_equal $((32500915200 - 1612325106 & 0xffffffff)) "$("$TESTS_DIR/lib/decode.py" seconds "$id")"
    assert_plain
}

@test "a run without branch or commit has no entry for them" {
    legacy_database
    add_run repo 20210203040506branch "2021-02-03 04:05:06Z" ""
    add_run repo 20210203040507commit "2021-02-03 04:05:07Z" main ""
    add_run repo 20210203040508neither "2021-02-03 04:05:08Z" "" ""
    export_rows --strict
    assert_equal 3 "$(new_ids repo | wc -l)"
    assert_equal 1 "$(grep -cP '^actions\trepos/repo/branches/' "$ENTRIES")"
    assert_equal 1 "$(grep -cP '^actions\trepos/repo/branches/main/' "$ENTRIES")"
    assert_equal 1 "$(grep -cP '^actions\trepos/repo/commits/' "$ENTRIES")"
    assert_equal 1 "$(grep -cP '^actions\trepos/repo/commits/c1/' "$ENTRIES")"
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
    assert_equal $'newest\nmiddle\noldest' "$order"
}

@test "runs of the same second have different ids, in one repository and in two" {
    local n
    legacy_database
    sql "INSERT INTO actions_runs SELECT repository, '20210203040506' || n, 'pre-commit', '2021-02-03 04:05:06Z',
        '2021-02-03 04:05:06Z', '', '', '', true FROM generate_series(1, 100) AS n, unnest(ARRAY['repo', 'other']) AS repository"
    export_rows --strict
    assert_equal 200 "$({ new_ids repo && new_ids other; } | sort -u | wc -l)"
    # And one second, the one in the old id.
    for n in $(new_ids repo | sed -n '1p;50p;100p'); do
        assert_equal $((32500915200 - 1612325106 & 0xffffffff)) "$("$TESTS_DIR/lib/decode.py" seconds "$n")"
    done
}

@test "the run time is that of the old id, not the start" {
    legacy_database
    add_run repo 20200229120000leap "2021-02-03 04:05:06Z"
    export_rows --strict
    assert_equal $((32500915200 - $(date -u -d 2020-02-29T12:00:00Z +%s) & 0xffffffff)) \
        "$("$TESTS_DIR/lib/decode.py" seconds "$(new_ids repo)")"
    assert_plain
}

@test "a run id that begins with no time takes the start time" {
    local id number=0
    legacy_database
    for id in abcdef 2021020304050 20211303040506x 20210230040506x 20210203250506x 2021020304056ax 0000-1-1 "" "20210203 40506x"; do
        number=$((number + 1))
        add_run repo "$id" "2021-02-03 04:05:06Z" "branch$number"
    done
    check_adjusted 9 actions_runs actions start_time run_id=abcdef
    assert_equal 9 "$(new_ids repo | wc -l)"
    for id in $(new_ids repo); do
        assert_equal $((32500915200 - 1612325106 & 0xffffffff)) "$("$TESTS_DIR/lib/decode.py" seconds "$id")"
    done
}

@test "a hook without its run is left out" {
    legacy_database
    add_run repo 20210203040506a
    add_hook repo 20210203040506a 0000_0000
    add_hook repo 20210203040506b 0000_0001
    check_left_out actions_run_hooks actions run 0000_0001
    assert_equal 1 "$(grep -cP '^actions\trepos/repo/tasks/' "$ENTRIES")"
}

@test "a hook belongs to a run of its own repository only" {
    legacy_database
    add_run repo 20210203040506a
    add_hook other 20210203040506a 0000_0000
    check_left_out actions_run_hooks actions run repository_id=other
    assert_no_entry actions '.*/tasks/'
}

@test "runs of one id in two repositories keep their own hooks" {
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

@test "a run of a repository that is gone is migrated" {
    legacy_database
    add_run gone 20210203040506a
    add_hook gone 20210203040506a 0000_0000
    export_rows --strict
    assert_equal 4 "$(grep -c '^actions' "$ENTRIES")"
    entry actions "repos/gone/tasks/$(new_ids gone)/0000_0000"
    assert_plain
}

# Tokens and metadata of the installation -----------------------------------------------------------------------------

@test "an expired token is left out, counted and without a warning" {
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

@test "installation metadata of the old database is left out, any other is migrated" {
    legacy_database
    sql "INSERT INTO auth_installation_metadata VALUES ('postgresql_version', '15'), ('postgresql_aurora_version', '3'),
        ('postgresql_setting_max_connections', '100'), ('postgresql_setting_', 'x'),
        ('postgresql_versions', 'kept'), ('postgresql_', 'kept'), ('my_postgresql_version', 'kept'), ('empty', ''),
        ('installation_id', 'id')"
    # That is the rule, so it is no error.
    export_rows --strict
    assert_counted "left out" 4 auth_installation_metadata auth database
    assert_entry auth installation_metadata/postgresql_versions '"kept"'
    assert_entry auth installation_metadata/postgresql_ '"kept"'
    assert_entry auth installation_metadata/my_postgresql_version '"kept"'
    assert_entry auth installation_metadata/empty '""'
    assert_entry auth installation_metadata/installation_id '"id"'
    assert_entry auth installation_id '"id"'
    assert_equal 12 "$(count_entries)"
}

# Times ---------------------------------------------------------------------------------------------------------------

# add_group NAME TIME
add_group() {
    sql "INSERT INTO auth_groups SELECT coalesce(max(id), 0) + 1, '$2', '$1' FROM auth_groups"
}

# assert_time NAME SECONDS
assert_time() {
    assert_entry auth "groups/$1" "{\"created_at\": \"$2\", \"display_name\": \"$1\"}"
}

@test "times before 1970 and at the ends of the calendar are exact" {
    legacy_database
    sql "DELETE FROM auth_groups"
    add_group epoch "1970-01-01 00:00:00Z"
    add_group quarter "1969-12-31 23:59:58.25Z"
    add_group micro "1969-12-31 23:59:59.999999Z"
    add_group second "1969-12-31 23:59:59Z"
    add_group first "0001-01-01 00:00:00Z"
    add_group first_micro "0001-01-01 00:00:00.000001Z"
    add_group last "9999-12-31 23:59:59.999999Z"
    add_group zone "1999-12-31 23:59:59.5-12:30"
    export_rows --strict
    assert_time epoch 0.000000000
    assert_time quarter -2.250000000
    assert_time micro -1.999999000
    assert_time second -1.000000000
    assert_time first -62135596800.000000000
    assert_time first_micro -62135596800.000001000
    assert_time last 253402300799.999999000
    assert_time zone 946729799.500000000
    assert_plain
}

@test "times that protobuf cannot tell are clamped to its limits" {
    legacy_database
    add_group infinity infinity
    add_group minus -infinity
    add_group ides "0044-03-15 00:00:00Z BC"
    add_group just_before "0001-12-31 23:59:59.999999Z BC"
    add_group just_after "10000-01-01 00:00:00Z"
    add_group far "294276-12-31 00:00:00Z"
    check_adjusted 6 auth_groups auth timestamp display_name=infinity
    assert_time infinity 253402300799.999999999
    assert_time minus -62135596800.000000000
    assert_time ides -62135596800.000000000
    assert_time just_before -62135596800.000000000
    assert_time just_after 253402300799.999999999
    assert_time far 253402300799.999999999
}

@test "a time out of range is clamped in every table that has one" {
    local id
    legacy_database
    add_run repo 20210203040506a infinity
    add_hook repo 20210203040506a 0000_0000
    sql "UPDATE auth_users SET created_at = '-infinity'" "UPDATE auth_policies SET created_at = 'infinity'" \
        "UPDATE graveler_repositories SET creation_date = 'infinity'" \
        "UPDATE actions_run_hooks SET start_time = '-infinity', end_time = 'infinity'" \
        "INSERT INTO auth_credentials VALUES ('AKIA1', 'secret', 'infinity', 1)" \
        "INSERT INTO gateway_multiparts (upload_id, path, creation_date) VALUES ('up', 'p', 'infinity')" \
        "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id)
            VALUES ('repo', 'c1', 'me', '', '10000-01-01 00:00:00Z', 'range')"
    export_rows
    # A row counts once, whichever of its times were clamped.
    assert_equal "actions_run_hooks actions_runs auth_credentials auth_policies auth_users gateway_multiparts graveler_commits graveler_repositories" \
        "$(adjusted | sed -n 's/^adjusted: 1 row of \([a-z_]*\) .*timestamp.*/\1/p' | sort | xargs)"
    assert_equal 8 "$(adjusted | wc -l)"
    id=$(new_ids repo)
    entry actions "repos/repo/runs/$id" | grep -F '"start_time": "253402300799.999999999"'
    entry actions "repos/repo/tasks/$id/0000_0000" | grep -F '"start_time": "-62135596800.000000000"' | grep -F '"end_time": "253402300799.999999999"'
    entry auth uCredentials/user/credentials/AKIA1 | grep -F '"issued_date": "253402300799.999999999"'
    entry multiparts up | grep -F '"creation_date": "253402300799.999999999"'
    entry 'R(repo)' commits/c1 | grep -F '"creation_date": "253402300799.999999999"'
    entry graveler repos/repo | grep -F '"creation_date": "253402300799.999999999"'
}

# Text ----------------------------------------------------------------------------------------------------------------

@test "text of every kind of character comes through as it is" {
    local text=$'Zo\u00eb \U1f600 \u7528\u6237 "double" \'single\' \\back\\n new\nline\ttab/slash//\x01\x7f\ufffd\U10ffff\u0301 e'
    local json
    legacy_database
    json=$(printf %s "$text" | python3 -c 'import json, sys
print(json.dumps(sys.stdin.buffer.read().decode(), ensure_ascii=False))')
    psql -Xq -v ON_ERROR_STOP=1 -v text="$text" <<'SQL'
INSERT INTO auth_users VALUES (2, '2020-01-01 00:00:00Z', :'text', :'text', :'text', :'text', convert_to(:'text', 'UTF8'), :'text');
INSERT INTO graveler_repositories VALUES (:'text', :'text', '2020-01-01 00:00:00Z', :'text');
INSERT INTO graveler_branches VALUES (:'text', :'text', :'text', :'text');
INSERT INTO graveler_tags VALUES (:'text', :'text', :'text');
INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata, parents)
    VALUES (:'text', :'text', :'text', :'text', '2020-01-01 00:00:00Z', :'text', jsonb_build_object(:'text', :'text'), ARRAY[:'text', 'p']);
INSERT INTO graveler_staging_kv VALUES (:'text', 'k', 'i', 'd');
INSERT INTO gateway_multiparts VALUES (:'text', :'text', '2020-01-01 00:00:00Z', :'text', jsonb_build_object(:'text', :'text'), :'text');
INSERT INTO auth_policies VALUES (2, '2020-01-01 00:00:00Z', :'text',
    jsonb_build_array(jsonb_build_object('Effect', :'text', 'Action', jsonb_build_array(:'text'), 'Resource', :'text')));
INSERT INTO auth_user_policies VALUES (2, 2);
SQL
    export_rows --strict
    assert_plain
    assert_entry auth "0x$(hex "users/$text")" "{\"created_at\": \"1577836800.000000000\", \"email\": $json, \"encrypted_password\": \"0x$(hex "$text")\", \"external_id\": $json, \"friendly_name\": $json, \"source\": $json, \"username\": $json}"
    assert_entry auth "0x$(hex "policies/$text")" "{\"created_at\": \"1577836800.000000000\", \"display_name\": $json, \"statement\": [{\"action\": [$json], \"effect\": $json, \"resource\": $json}]}"
    assert_entry auth "0x$(hex "uPolicies/$text/policies/$text")" "{\"primary_key\": \"0x$(hex "policies/$text")\"}"
    # The repository's name breaks the line of the decoder, so its entries are found by their keys.
    grep -F "	0x$(hex "branches/$text")	" "$ENTRIES" | grep -F "{\"commit_id\": $json, \"id\": $json, \"staging_token\": $json}"
    grep -F "	0x$(hex "tags/$text")	" "$ENTRIES" | grep -F "{\"commit_id\": $json, \"id\": $json}"
    grep -F "	0x$(hex "commits/$text")	" "$ENTRIES" | grep -F "\"metadata\": {$json: $json}, \"parents\": [$json, \"p\"]}"
    assert_entry multiparts "0x$(hex "$text")" "{\"content_type\": $json, \"creation_date\": \"1577836800.000000000\", \"metadata\": {$json: $json}, \"path\": $json, \"physical_address\": $json, \"upload_id\": $json}"
    assert_entry "0x$(hex "$text")" k '{"data": "d", "identity": "i", "key": "k"}'
}

@test "text of a LATIN1 database becomes UTF-8" {
    legacy_database_in LATIN1
    psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
SET client_encoding = 'UTF8';
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'José');
INSERT INTO auth_policies VALUES (1, '2020-01-01 00:00:00Z', 'días',
    '[{"Effect": "allow", "Action": ["niño"], "Resource": "ÿ"}]');
INSERT INTO auth_user_policies VALUES (1, 1);
INSERT INTO graveler_repositories VALUES ('été', 'local://été', '2020-01-01 00:00:00Z', 'main');
INSERT INTO graveler_branches VALUES ('été', 'à', 'ñ', 'c1');
INSERT INTO graveler_staging_kv VALUES ('ñ', '\xe9', 'identity', 'data');
SQL
    export_rows --strict
    assert_plain
    assert_entry auth users/José '{"created_at": "1577836800.000000000", "username": "José"}'
    assert_entry auth policies/días '{"created_at": "1577836800.000000000", "display_name": "días", "statement": [{"action": ["niño"], "effect": "allow", "resource": "ÿ"}]}'
    assert_entry auth uPolicies/José/policies/días '{"primary_key": "policies/días"}'
    assert_entry 'R(été)' branches/à '{"commit_id": "c1", "id": "à", "staging_token": "ñ"}'
    # Bytes are no text.
    assert_entry ñ 0xe9 '{"data": "data", "identity": "identity", "key": "0xe9"}'
    kv-import -d "$DSN" "$DUMP"
    assert_sql 1 "SELECT count(*) FROM kv WHERE partition_key = '\\xc3b1'"
}

@test "text of a SQL_ASCII database is taken for UTF-8, refused where it is not, replaced where that is wanted" {
    legacy_database_in SQL_ASCII
    psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'José 😀');
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main');
SQL
    export_rows --strict
    assert_plain
    assert_entry auth "users/José 😀" '{"created_at": "1577836800.000000000", "username": "José 😀"}'
    rm "$DUMP"

    # A byte that begins nothing, a character that is cut off, a surrogate, an overlong character.
    sql "INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', E'a\\xffb')"
    check_refused auth_groups id=1
    assert_contains "$stderr" UTF-8 --invalid-utf8
    check_refused auth_groups id=1 --invalid-utf8=refuse
    sql "INSERT INTO auth_groups (id, created_at, display_name) VALUES (2, '2020-01-01 00:00:00Z', E'cut \\xc3'),
        (3, '2020-01-01 00:00:00Z', E'\\xed\\xa0\\x80'), (4, '2020-01-01 00:00:00Z', E'\\xc0\\xaf')"
    export_rows --strict --invalid-utf8=replace
    assert_counted adjusted 4 auth_groups auth UTF-8
    assert_warned auth_groups UTF-8
    # decode.py has made sure that all of it is UTF-8 now.
    assert_entry auth $'groups/a\ufffdb' $'{"created_at": "1577836800.000000000", "display_name": "a\ufffdb"}'
    assert_entry auth $'groups/cut \ufffd' $'{"created_at": "1577836800.000000000", "display_name": "cut \ufffd"}'
    assert_equal 4 "$(grep -c $'^auth\tgroups/.*\ufffd.*\t' "$ENTRIES")"
}

@test "invalid UTF-8 is found in every kind of text: names, JSON, arrays, tokens" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'main', E'token\\xff', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES (E'token\\xff', 'key', 'identity', 'data')" \
        "INSERT INTO gateway_multiparts VALUES ('up', 'path', '2020-01-01 00:00:00Z', '', E'{\"k\\xff\": \"v\\xfe\"}', '')" \
        "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, parents)
            VALUES ('repo', 'c1', 'me', '', '2020-01-01 00:00:00Z', 'range', ARRAY[E'p\\xff'])" \
        "INSERT INTO auth_policies VALUES (1, '2020-01-01 00:00:00Z', 'policy',
            E'[{\"Effect\": \"allow\", \"Action\": [\"fs:\\xff\"], \"Resource\": \"*\"}]')" \
        "INSERT INTO auth_installation_metadata VALUES ('name', E'value\\xff')"
    check_refused graveler_branches id=main
    check_refused gateway_multiparts upload_id=up -n multiparts
    check_refused auth_policies display_name=policy -n auth
    sql "DELETE FROM graveler_branches"
    check_refused graveler_commits id=c1 -n graveler
    sql "INSERT INTO graveler_branches VALUES ('repo', 'main', E'token\\xff', 'c1')"

    export_rows --invalid-utf8=replace
    assert_equal "auth_installation_metadata auth_policies gateway_multiparts graveler_branches graveler_commits graveler_staging_kv" \
        "$(adjusted | sed -n 's/^adjusted: 1 row of \([a-z_]*\) .*UTF-8.*/\1/p' | sort | xargs)"
    assert_entry $'token\ufffd' key '{"data": "data", "identity": "identity", "key": "key"}'
    assert_entry 'R(repo)' branches/main $'{"commit_id": "c1", "id": "main", "staging_token": "token\ufffd"}'
    assert_entry multiparts up $'{"creation_date": "1577836800.000000000", "metadata": {"k\ufffd": "v\ufffd"}, "path": "path", "upload_id": "up"}'
    entry 'R(repo)' commits/c1 | grep -F $'"parents": ["p\ufffd"]'
    entry auth policies/policy | grep -F $'"action": ["fs:\ufffd"]'
    assert_entry auth installation_metadata/name $'"value\ufffd"'
}

@test "rows whose keys are the same after invalid UTF-8 was replaced are refused" {
    local table key statement
    legacy_database_in SQL_ASCII
    sql "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')"
    while IFS='|' read -r table key statement; do
        sql "$statement"
        echo "== $table"
        check_refused "$table" "$key" --invalid-utf8=replace
        sql "DELETE FROM $table WHERE '$table' <> 'graveler_repositories'"
    done <<'ROWS'
auth_users|display_name|INSERT INTO auth_users (created_at, display_name) VALUES (now(), E'u\xff'), (now(), E'u\xfe')
gateway_multiparts|upload_id|INSERT INTO gateway_multiparts (upload_id, path) VALUES (E'u\xff', 'p'), (E'u\xfe', 'p')
graveler_branches|id|INSERT INTO graveler_branches VALUES ('repo', E'b\xff', 't1', 'c'), ('repo', E'b\xfe', 't2', 'c')
graveler_tags|id|INSERT INTO graveler_tags VALUES ('repo', E't\xff', 'c'), ('repo', E't\xfe', 'c')
graveler_commits|id|INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id) VALUES ('repo', E'c\xff', '', '', now(), ''), ('repo', E'c\xfe', '', '', now(), '')
actions_run_hooks|hook_run_id|INSERT INTO actions_runs VALUES ('repo', 'run', '', now(), now(), '', '', ''); INSERT INTO actions_run_hooks VALUES ('repo', 'run', E'h\xff', '', '', now(), now()), ('repo', 'run', E'h\xfe', '', '', now(), now())
graveler_repositories|id|INSERT INTO graveler_repositories VALUES (E'r\xff', 'local://r1', now(), 'main'), (E'r\xfe', 'local://r2', now(), 'main')
ROWS
}

@test "staged objects whose tokens are the same after invalid UTF-8 was replaced are refused" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'b1', E't\\xff', 'c'), ('repo', 'b2', E't\\xfe', 'c')" \
        "INSERT INTO graveler_staging_kv VALUES (E't\\xff', 'key', 'i1', 'd'), (E't\\xfe', 'key', 'i2', 'd')"
    fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP" --invalid-utf8=replace
    assert_missing "$DUMP" "$DUMP.partial"
}

@test "a message about invalid UTF-8 is JSON all the same, where JSON is asked for" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', E'u\\xff')"
    run --separate-stderr -3 kv-export -d "$DSN" --no-settings --log-format json -f "$DUMP"
    assert_json_lines kv-export
    run --separate-stderr -0 kv-export -d "$DSN" --no-settings --log-format json -v --invalid-utf8=replace -f "$DUMP"
    assert_json_lines kv-export
}

# Metadata ------------------------------------------------------------------------------------------------------------

@test "metadata values that are no strings become their JSON text" {
    local metadata values
    metadata='{"number": 1.10, "huge": 123456789012345678901234567890.123456789012345678901234567890, "exponent": 1e30, "zero": -0.0,
        "true": true, "false": false, "null": null, "nested": {"b": [1, "x y", {"c": null}], "a \"q\"": " , : "}, "array": [1, 2],
        "empty": {}, "text": "1.10", "": "no name"}'
    values='"": "no name", "array": "[1,2]", "empty": "{}", "exponent": "1000000000000000000000000000000", "false": "false", "huge": "123456789012345678901234567890.123456789012345678901234567890", "nested": "{\"b\":[1,\"x y\",{\"c\":null}],\"a \\\"q\\\"\":\" , : \"}", "null": "", "number": "1.10", "text": "1.10", "true": "true", "zero": "0.0"'
    legacy_database
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata)
            VALUES ('repo', 'c1', 'me', '', '2020-01-01 00:00:00Z', 'range', '$metadata')"
    check_adjusted 1 graveler_commits graveler metadata id=c1
    entry 'R(repo)' commits/c1 | grep -F "\"metadata\": {$values}"

    sql "DELETE FROM graveler_commits" \
        "INSERT INTO gateway_multiparts VALUES ('up', 'path', '2020-01-01 00:00:00Z', '', '$metadata', '')"
    rm "$DUMP"
    check_adjusted 1 gateway_multiparts multiparts metadata upload_id=up
    entry multiparts up | grep -F "\"metadata\": {$values}"
}

@test "metadata that is no object is refused" {
    local metadata
    legacy_database
    for metadata in '[]' '["a"]' '"text"' '1' 'true'; do
        sql "DELETE FROM graveler_commits" \
            "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata)
                VALUES ('repo', 'bad', 'me', '', '2020-01-01 00:00:00Z', 'range', '$metadata')"
        check_refused graveler_commits id=bad
    done
    sql "DELETE FROM graveler_commits" \
        "INSERT INTO gateway_multiparts VALUES ('bad', 'path', '2020-01-01 00:00:00Z', '', '[1]', '')"
    check_refused gateway_multiparts upload_id=bad
}

# Policies ------------------------------------------------------------------------------------------------------------

@test "a policy whose statement is of unknown shape is refused" {
    local statement
    legacy_database
    while read -r statement; do
        echo "== $statement"
        sql "UPDATE auth_policies SET statement = '$statement'"
        check_refused auth_policies display_name=policy
    done <<'STATEMENTS'
{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}
"allow"
null
1e1000
["allow"]
[null]
[[]]
[{}]
[{"Action": ["fs:*"], "Resource": "*"}]
[{"Effect": "allow", "Resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*"]}]
[{"Effect": "allow", "Action": "fs:*", "Resource": "*"}]
[{"Effect": "allow", "Action": {}, "Resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*", 1], "Resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*", null], "Resource": "*"}]
[{"Effect": "allow", "Action": [["fs:*"]], "Resource": "*"}]
[{"Effect": true, "Action": ["fs:*"], "Resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": ["*"]}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": null}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*", "Condition": {}}]
[{"effect": "allow", "action": ["fs:*"], "resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}, {"Effect": "deny"}]
STATEMENTS
}

@test "a policy without statements or actions is migrated" {
    legacy_database
    sql "INSERT INTO auth_policies VALUES (2, '2020-01-01 00:00:00Z', 'none', '[]'),
        (3, '2020-01-01 00:00:00Z', 'empty', '[{\"Effect\": \"\", \"Action\": [], \"Resource\": \"\"}]'),
        (4, '2020-01-01 00:00:00Z', 'null', '[{\"Effect\": \"deny\", \"Action\": null, \"Resource\": \"*\"}]'),
        (5, '2020-01-01 00:00:00Z', 'two', '[{\"Effect\": \"deny\", \"Action\": [\"b\", \"a\", \"b\"], \"Resource\": \"r1\"},
            {\"Effect\": \"allow\", \"Action\": [\"\"], \"Resource\": \"r2\"}]')"
    export_rows --strict
    assert_entry auth policies/none '{"created_at": "1577836800.000000000", "display_name": "none"}'
    assert_entry auth policies/empty '{"created_at": "1577836800.000000000", "display_name": "empty", "statement": [{}]}'
    assert_entry auth policies/null '{"created_at": "1577836800.000000000", "display_name": "null", "statement": [{"effect": "deny", "resource": "*"}]}'
    assert_entry auth policies/two '{"created_at": "1577836800.000000000", "display_name": "two", "statement": [{"action": ["b", "a", "b"], "effect": "deny", "resource": "r1"}, {"action": [""], "effect": "allow", "resource": "r2"}]}'
    assert_plain
}

# Two rows, one key ---------------------------------------------------------------------------------------------------

@test "names that come to the same key are refused" {
    legacy_database
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (11, now(), 'a/policies/b'), (12, now(), 'a')" \
        "INSERT INTO auth_policies VALUES (11, now(), 'c', '[]'), (12, now(), 'b/policies/c', '[]')" \
        "INSERT INTO auth_user_policies VALUES (11, 11), (12, 12)"
    check_refused auth_user_policies policy_id=1
    assert_contains "$stderr" uPolicies/a/policies/b/policies/c
    # Either of them alone is fine.
    sql "DELETE FROM auth_user_policies WHERE user_id = 12"
    export_rows --strict
    assert_entry auth uPolicies/a/policies/b/policies/c '{"primary_key": "policies/c"}'

    rm "$DUMP"
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (13, now(), 'y'), (14, now(), 'x/users/y')" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (13, now(), 'g/users/x'), (14, now(), 'g')" \
        "INSERT INTO auth_user_groups (user_id, group_id) VALUES (13, 13), (14, 14)"
    check_refused auth_user_groups group_id=1
}

@test "rows that a missing constraint let in twice are refused" {
    local table key statement
    legacy_database
    # Without their primary keys and unique indexes, as after a restore that went wrong.
    sql "DO \$\$ DECLARE c record; BEGIN
            FOR c IN SELECT conrelid::regclass AS r, conname FROM pg_constraint WHERE contype IN ('p', 'u')
                AND connamespace = 'public'::regnamespace AND conrelid <> 'schema_migrations'::regclass LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.r, c.conname);
            END LOOP; END \$\$"
    while IFS='|' read -r table key statement; do
        echo "== $table"
        sql "BEGIN" "DELETE FROM $table" "$statement" "COMMIT"
        check_refused "$table" "$key"
        sql "DELETE FROM $table a USING $table b WHERE a.ctid > b.ctid"
    done <<'ROWS'
auth_users|twice|INSERT INTO auth_users (id, created_at, display_name) VALUES (1, now(), 'twice'), (2, now(), 'twice')
auth_groups|twice|INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, now(), 'twice'), (2, now(), 'twice')
auth_policies|twice|INSERT INTO auth_policies VALUES (1, now(), 'twice', '[]'), (2, now(), 'twice', '[]')
auth_user_groups|user_id=1|INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1), (1, 1)
auth_credentials|AKIA|INSERT INTO auth_credentials VALUES ('AKIA', 's', now(), 1), ('AKIA', 't', now(), 1)
auth_expired_tokens|twice|INSERT INTO auth_expired_tokens VALUES ('twice', '2999-01-01'), ('twice', '2999-01-02')
auth_installation_metadata|twice|INSERT INTO auth_installation_metadata VALUES ('twice', 'a'), ('twice', 'b')
gateway_multiparts|twice|INSERT INTO gateway_multiparts (upload_id, path) VALUES ('twice', 'a'), ('twice', 'b')
graveler_branches|twice|INSERT INTO graveler_branches VALUES ('repo', 'twice', 't1', 'c'), ('repo', 'twice', 't2', 'c')
graveler_tags|twice|INSERT INTO graveler_tags VALUES ('repo', 'twice', 'c1'), ('repo', 'twice', 'c2')
graveler_commits|twice|INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id) VALUES ('repo', 'twice', '', '', now(), 'a'), ('repo', 'twice', '', '', now(), 'b')
actions_runs|twice|INSERT INTO actions_runs VALUES ('repo', 'twice', '', now(), now(), 'a', '', ''), ('repo', 'twice', '', now(), now(), 'b', '', '')
actions_run_hooks|twice|INSERT INTO actions_run_hooks VALUES ('repo', 'twice', 'h', 'a', '', now(), now()), ('repo', 'twice', 'h', 'b', '', now(), now())
graveler_repositories|repo|INSERT INTO graveler_repositories VALUES ('repo', 'local://a', now(), 'main'), ('repo', 'local://b', now(), 'main')
ROWS
    # One of each is left: the missing constraints are no obstacle by themselves.
    export_rows
}

@test "staged objects of one key, in a partition without its unique index, are refused" {
    legacy_database
    sql "DROP INDEX kv_staging_uidx"
    export_rows
    rm "$DUMP"
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'object', 'other', 'data')"
    check_refused graveler_staging_kv token
}

@test "a staged object in the place of another package's entry is refused" {
    legacy_database
    # Partition auth, key users/user: the place of the user.
    sql "INSERT INTO graveler_branches VALUES ('repo', 'odd', 'auth', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('auth', 'users/user', 'identity', 'data')"
    fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP"
    assert_contains "$stderr" graveler_ auth
    assert_missing "$DUMP" "$DUMP.partial"
}

# Several at once -----------------------------------------------------------------------------------------------------

@test "reasons are counted table by table, whatever the number of jobs" {
    legacy_database
    sql "INSERT INTO auth_credentials VALUES ('A1', 's', now(), NULL), ('A2', 's', now(), NULL), ('A3', 's', 'infinity', 1)" \
        "INSERT INTO graveler_branches VALUES ('gone', 'a', NULL, NULL), ('gone', 'b', NULL, NULL), ('gone', 'c', NULL, NULL)" \
        "INSERT INTO graveler_tags VALUES ('gone', 'a', NULL)" \
        "INSERT INTO graveler_staging_kv SELECT 'orphan' || n, 'k', 'i', 'd' FROM generate_series(1, 25) AS n" \
        "INSERT INTO auth_expired_tokens VALUES ('past', '2020-01-01')"
    export_rows
    cp "$DUMP" "$BATS_TEST_TMPDIR/first.dump"
    left_out | sed 's/: [^:]*$//' | sort >"$BATS_TEST_TMPDIR/list"
    diff - "$BATS_TEST_TMPDIR/list" <<'LIST'
left out: 1 row of auth_expired_tokens (package auth)
left out: 1 row of graveler_tags (package graveler)
left out: 2 rows of auth_credentials (package auth)
left out: 25 rows of graveler_staging_kv (package graveler)
left out: 3 rows of graveler_branches (package graveler)
LIST
    assert_counted adjusted 1 auth_credentials auth timestamp
    assert_equal 5 "$(grep -c 'warning:' <<<"$stderr")"
    # Rows that are left out were read all the same.
    assert_contains "$(manifest_member "$DUMP" "['packages'][1]['source_rows']")" '{"rows": 3, "table": "auth_credentials"}'

    rm "$DUMP"
    export_rows -j 4
    assert_equal "$(kv-import --list "$BATS_TEST_TMPDIR/first.dump" | grep -E '^(left out|adjusted): ')" \
        "$(kv-import --list "$DUMP" | grep -E '^(left out|adjusted): ')"
    assert_same_entries "$BATS_TEST_TMPDIR/first.dump" "$DUMP"
}

@test "--quiet keeps the warnings" {
    legacy_database
    sql "INSERT INTO auth_credentials VALUES ('A1', 's', now(), NULL)"
    export_rows --quiet
    assert_equal 1 "$(wc -l <<<"$stderr")"
    assert_warned auth_credentials user
}
