#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Irregular rows: times, text, metadata and policies of every kind, rows with the same key. Nothing is lost silently.
# Each test makes a small legacy database by hand, see tests/lib/rows.bash.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rows

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

@test "times outside protobuf's range are clamped" {
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

@test "a time out of range is clamped in every table that has times" {
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
    # A row is counted once, however many of its times were clamped.
    assert_equal "$(adjusted | sed -n 's/^adjusted: 1 row of \([a-z_]*\) .*timestamp.*/\1/p' | sort | xargs)" \
        "actions_run_hooks actions_runs auth_credentials auth_policies auth_users gateway_multiparts graveler_commits graveler_repositories"
    assert_equal "$(adjusted | wc -l)" 8
    id=$(new_ids repo)
    entry actions "repos/repo/runs/$id" | grep -F '"start_time": "253402300799.999999999"'
    entry actions "repos/repo/tasks/$id/0000_0000" | grep -F '"start_time": "-62135596800.000000000"' | grep -F '"end_time": "253402300799.999999999"'
    entry auth uCredentials/user/credentials/AKIA1 | grep -F '"issued_date": "253402300799.999999999"'
    entry multiparts up | grep -F '"creation_date": "253402300799.999999999"'
    entry 'R(repo)' commits/c1 | grep -F '"creation_date": "253402300799.999999999"'
    entry graveler repos/repo | grep -F '"creation_date": "253402300799.999999999"'
}

# Text ----------------------------------------------------------------------------------------------------------------

@test "text with all kinds of characters is unchanged" {
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
    # The repository's name breaks the decoder's line, so its entries are found by their keys.
    grep -F "	0x$(hex "branches/$text")	" "$ENTRIES" | grep -F "{\"commit_id\": $json, \"id\": $json, \"staging_token\": $json}"
    grep -F "	0x$(hex "tags/$text")	" "$ENTRIES" | grep -F "{\"commit_id\": $json, \"id\": $json}"
    grep -F "	0x$(hex "commits/$text")	" "$ENTRIES" | grep -F "\"metadata\": {$json: $json}, \"parents\": [$json, \"p\"]}"
    assert_entry multiparts "0x$(hex "$text")" "{\"content_type\": $json, \"creation_date\": \"1577836800.000000000\", \"metadata\": {$json: $json}, \"path\": $json, \"physical_address\": $json, \"upload_id\": $json}"
    assert_entry "0x$(hex "$text")" k '{"data": "d", "identity": "i", "key": "k"}'
}

@test "text of a LATIN1 database is converted to UTF-8" {
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
    # Bytes are not text.
    assert_entry ñ 0xe9 '{"data": "data", "identity": "identity", "key": "0xe9"}'
    kv-import -d "$DSN" "$DUMP"
    assert_sql 1 "SELECT count(*) FROM kv WHERE partition_key = '\\xc3b1'"
}

@test "text of a SQL_ASCII database is treated as UTF-8; invalid text is refused, or replaced on request" {
    legacy_database_in SQL_ASCII
    psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', 'José 😀');
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main');
SQL
    export_rows --strict
    assert_plain
    assert_entry auth "users/José 😀" '{"created_at": "1577836800.000000000", "username": "José 😀"}'
    rm "$DUMP"

    # A stray continuation byte, a truncated character, a surrogate, an overlong character.
    sql "INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', E'a\\xffb')"
    check_refused auth_groups id=1
    assert_contains "$stderr" UTF-8 --invalid-utf8
    check_refused auth_groups id=1 --invalid-utf8=refuse
    sql "INSERT INTO auth_groups (id, created_at, display_name) VALUES (2, '2020-01-01 00:00:00Z', E'cut \\xc3'),
        (3, '2020-01-01 00:00:00Z', E'\\xed\\xa0\\x80'), (4, '2020-01-01 00:00:00Z', E'\\xc0\\xaf')"
    export_rows --strict --invalid-utf8=replace
    assert_counted adjusted 4 auth_groups auth UTF-8
    assert_warned auth_groups UTF-8
    # decode.py has checked that all of it is UTF-8 now.
    assert_entry auth $'groups/a\ufffdb' $'{"created_at": "1577836800.000000000", "display_name": "a\ufffdb"}'
    assert_entry auth $'groups/cut \ufffd' $'{"created_at": "1577836800.000000000", "display_name": "cut \ufffd"}'
    assert_equal "$(grep -c $'^auth\tgroups/.*\ufffd.*\t' "$ENTRIES")" 4
}

@test "invalid UTF-8 is found in all kinds of text: names, JSON, arrays, tokens" {
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
    assert_equal "$(adjusted | sed -n 's/^adjusted: 1 row of \([a-z_]*\) .*UTF-8.*/\1/p' | sort | xargs)" \
        "auth_installation_metadata auth_policies gateway_multiparts graveler_branches graveler_commits graveler_staging_kv"
    assert_entry $'token\ufffd' key '{"data": "data", "identity": "identity", "key": "key"}'
    assert_entry 'R(repo)' branches/main $'{"commit_id": "c1", "id": "main", "staging_token": "token\ufffd"}'
    assert_entry multiparts up $'{"creation_date": "1577836800.000000000", "metadata": {"k\ufffd": "v\ufffd"}, "path": "path", "upload_id": "up"}'
    entry 'R(repo)' commits/c1 | grep -F $'"parents": ["p\ufffd"]'
    entry auth policies/policy | grep -F $'"action": ["fs:\ufffd"]'
    assert_entry auth installation_metadata/name $'"value\ufffd"'
}

@test "rows that get the same key by replacing invalid UTF-8 are refused" {
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

@test "staged objects that get the same token by replacing invalid UTF-8 are refused" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', '2020-01-01 00:00:00Z', 'main')" \
        "INSERT INTO graveler_branches VALUES ('repo', 'b1', E't\\xff', 'c'), ('repo', 'b2', E't\\xfe', 'c')" \
        "INSERT INTO graveler_staging_kv VALUES (E't\\xff', 'key', 'i1', 'd'), (E't\\xfe', 'key', 'i2', 'd')"
    check_refused graveler_branches id=b --invalid-utf8=replace
    assert_contains "$stderr" "repository_id=repo, id=b1" "repository_id=repo, id=b2" \
        'detail: The other is table "graveler_branches", row (' "its staging token becomes"
    # Branches that share a token are no pair.
    sql "DELETE FROM graveler_branches WHERE id = 'b2'" "INSERT INTO graveler_branches VALUES ('repo', 'b3', E't\\xff', 'c')"
    export_rows --invalid-utf8=replace
    rm "$DUMP"
    # A token that is another partition's name has no other row.
    sql "INSERT INTO graveler_branches VALUES ('repo', 'b4', 'auth', 'c')"
    check_refused graveler_branches id=b4 --force --invalid-utf8=replace
    assert_contains "$stderr" "the name of another partition of the KV store"
    refute_contains "$stderr" "The other is"
}

@test "a message about invalid UTF-8 is valid JSON, if JSON is requested" {
    legacy_database_in SQL_ASCII
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2020-01-01 00:00:00Z', E'u\\xff')"
    run --separate-stderr -3 kv-export -d "$DSN" --no-settings --log-format json -f "$DUMP"
    assert_json_lines kv-export
    run --separate-stderr -0 kv-export -d "$DSN" --no-settings --log-format json -v --invalid-utf8=replace -f "$DUMP"
    assert_json_lines kv-export
}

# Metadata ------------------------------------------------------------------------------------------------------------

@test "metadata values that are not strings become their JSON text" {
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

@test "metadata that is not an object is refused" {
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

@test "a policy with an unknown kind of statement is refused" {
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
[{"Effect": "allow", "Action": [["fs:*"]], "Resource": "*"}]
[{"Effect": true, "Action": ["fs:*"], "Resource": "*"}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": ["*"]}]
[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}, {"Effect": "deny"}]
STATEMENTS
}

# adjusted_policy STATEMENT EXPECTED: the statement is read as lakeFS reads it, and counted, warned of and named.
adjusted_policy() {
    echo "== $1"
    sql "UPDATE auth_policies SET statement = '$1'"
    rm -f "$DUMP"
    check_adjusted 1 auth_policies auth statement display_name=policy
    entry auth policies/policy | grep -F "\"statement\": [$2]"
}

@test "a policy statement with names in other case, or further members, is read as lakeFS reads it" {
    legacy_database
    adjusted_policy '[{"effect": "deny", "ACTION": ["fs:*"], "resourcE": "*"}]' '{"action": ["fs:*"], "effect": "deny", "resource": "*"}'
    adjusted_policy '[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*", "Condition": {"a": [1e400, {"Effect": "deny"}]}, "Sid": null}]' \
        '{"action": ["fs:*"], "effect": "allow", "resource": "*"}'
    # jsonb keeps both names, in the order of their bytes, and the last one wins.
    adjusted_policy '[{"effect": "deny", "Effect": "allow", "Action": ["a", "b"], "action": ["c"], "Resource": "*"}]' \
        '{"action": ["c"], "effect": "deny", "resource": "*"}'
    adjusted_policy '[{"Effect": null, "Action": ["fs:*", null], "Resource": null}]' '{"action": ["fs:*", ""]}'
    adjusted_policy '[{"Effect": "allow", "Action": ["fs:*"], "Re\u017fource": "*"}]' '{"action": ["fs:*"], "effect": "allow", "resource": "*"}'
    # What is as lakeFS writes it is not adjusted.
    sql "UPDATE auth_policies SET statement = '[{\"Effect\": \"allow\", \"Action\": [\"fs:*\"], \"Resource\": \"*\"}]'"
    rm "$DUMP"
    export_rows --strict
    assert_plain
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

@test "names that give the same key are refused" {
    legacy_database
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (11, now(), 'a/policies/b'), (12, now(), 'a')" \
        "INSERT INTO auth_policies VALUES (11, now(), 'c', '[]'), (12, now(), 'b/policies/c', '[]')" \
        "INSERT INTO auth_user_policies VALUES (11, 11), (12, 12)"
    check_refused auth_user_policies policy_id=1
    assert_contains "$stderr" uPolicies/a/policies/b/policies/c
    # Each of them alone is fine.
    sql "DELETE FROM auth_user_policies WHERE user_id = 12"
    export_rows --strict
    assert_entry auth uPolicies/a/policies/b/policies/c '{"primary_key": "policies/c"}'

    rm "$DUMP"
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (13, now(), 'y'), (14, now(), 'x/users/y')" \
        "INSERT INTO auth_groups (id, created_at, display_name) VALUES (13, now(), 'g/users/x'), (14, now(), 'g')" \
        "INSERT INTO auth_user_groups (user_id, group_id) VALUES (13, 13), (14, 14)"
    check_refused auth_user_groups group_id=1
}

@test "duplicate rows in a table without its constraints are refused" {
    local table key statement
    legacy_database
    # Without their primary keys and unique indexes, as after a failed restore.
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
auth_users|(id) = (1)|INSERT INTO auth_users (id, created_at, display_name) VALUES (1, now(), 'a'), (1, now(), 'b')
auth_groups|(id) = (1)|INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, now(), 'a'), (1, now(), 'b')
auth_policies|(id) = (1)|INSERT INTO auth_policies VALUES (1, now(), 'a', '[]'), (1, now(), 'b', '[]')
auth_user_groups|(1,1)|INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1), (1, 1)
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
    # One of each is left: the missing constraints alone are no obstacle.
    export_rows
}

@test "staged objects with the same key, in a partition without its unique index, are refused" {
    legacy_database
    sql "DROP INDEX kv_staging_uidx"
    export_rows
    rm "$DUMP"
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'object', 'other', 'data')"
    check_refused graveler_staging_kv token
}

@test "a staged object with the key of another package's entry is refused" {
    legacy_database
    # Partition auth, key users/user: the key of the user.
    sql "INSERT INTO graveler_branches VALUES ('repo', 'odd', 'auth', 'c1')" \
        "INSERT INTO graveler_staging_kv VALUES ('auth', 'users/user', 'identity', 'data')"
    fails 3 kv-export -d "$DSN" --no-settings -f "$DUMP"
    assert_contains "$stderr" graveler_ auth
    assert_missing "$DUMP" "$DUMP.partial"
}
