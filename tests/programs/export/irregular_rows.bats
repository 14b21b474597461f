#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Irregular rows: NULL, staged objects of no branch or several, and counts. Nothing is lost silently. Each test makes a
# small legacy database by hand, see tests/lib/rows.bash.

# shellcheck disable=SC2154 # run sets stderr

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rows

@test "a database without irregular rows: no reports, all entries" {
    legacy_database
    export_rows
    assert_plain
    assert_equal "$(count_entries)" 6
    assert_entry auth users/user '{"created_at": "1577836800.000000000", "username": "user"}'
    assert_entry auth groups/group '{"created_at": "1577836800.000000000", "display_name": "group"}'
    assert_entry auth policies/policy '{"created_at": "1577836800.000000000", "display_name": "policy", "statement": [{"action": ["fs:*"], "effect": "allow", "resource": "*"}]}'
    assert_entry 'R(repo)' branches/main '{"commit_id": "c1", "id": "main", "staging_token": "token"}'
    assert_entry token object '{"data": "data", "identity": "identity", "key": "object"}'
    entry graveler repos/repo | grep -P '^\{"creation_date": "1577836800.000000000", "default_branch_id": "main", "id": "repo", "instance_uid": "[0-9a-v]{20}", "storage_namespace": "local://repo"\}$'
}

@test "a database without rows gives a complete dump, too" {
    fresh_database TEMPLATE "$EMPTY"
    export_rows
    assert_plain
    assert_equal "$(count_entries)" 0
    kv-import --check "$DUMP"
}

# NULL ----------------------------------------------------------------------------------------------------------------

@test "a multipart upload with NULL in metadata, content type and address is migrated, the fields empty" {
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

@test "a NULL among a commit's parents is dropped, with a report" {
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

@test "a user with NULL in columns of later versions is migrated, the fields empty" {
    legacy_database
    sql "INSERT INTO auth_users VALUES (2, '2020-01-01 00:00:00Z', 'full', 'friendly', 'source', 'me@example.com', '\x00ff', 'external')"
    export_rows
    assert_entry auth users/full '{"created_at": "1577836800.000000000", "email": "me@example.com", "encrypted_password": "0x00ff", "external_id": "external", "friendly_name": "friendly", "source": "source", "username": "full"}'
    assert_entry auth users/user '{"created_at": "1577836800.000000000", "username": "user"}'
    assert_plain
}

@test "a NULL where none is allowed is refused" {
    legacy_database
    sql "ALTER TABLE auth_users ALTER created_at DROP NOT NULL" \
        "INSERT INTO auth_users (id, display_name) VALUES (7, 'timeless')"
    check_refused auth_users timeless
    assert_contains "$stderr" created_at
}

# Staged objects ------------------------------------------------------------------------------------------------------

@test "a tombstone is migrated without an identity" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('token', 'gone', NULL, NULL)" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'gone too', NULL, 'data')" \
        "INSERT INTO graveler_staging_kv VALUES ('token', 'no data', 'identity', NULL)"
    export_rows --strict
    assert_entry token gone '{"key": "gone"}'
    assert_entry token 'gone too' '{"data": "data", "key": "gone too"}'
    assert_entry token 'no data' '{"identity": "identity", "key": "no data"}'
    assert_plain
}

@test "a staged key may hold any bytes" {
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
    # The table accepts them as well.
    kv-import -d "$DSN" "$DUMP"
    assert_sql '\x\n\x00\n\x00ff80\n\xc3' "SELECT string_agg(key::text, '\n' ORDER BY key) FROM kv
        WHERE partition_key = 'token' AND length(key) < 4"
}

@test "a staged object whose token belongs to no branch is left out" {
    legacy_database
    sql "INSERT INTO graveler_staging_kv VALUES ('orphan', 'lost', 'identity', 'data')"
    check_left_out graveler_staging_kv graveler "branch" orphan
    assert_no_entry orphan ''
    assert_equal "$(count_entries)" 6
}

@test "all orphans are counted, including those of an empty token" {
    legacy_database
    # A branch without a token does not have the token ''.
    sql "INSERT INTO graveler_branches VALUES ('repo', 'bare', '', NULL), ('repo', 'null', NULL, NULL)" \
        "INSERT INTO graveler_staging_kv SELECT 'orphan ' || n % 50, int4send(n), 'i', 'd' FROM generate_series(1, 1000) AS n" \
        "INSERT INTO graveler_staging_kv VALUES ('', 'lost', 'identity', 'data')" \
        "INSERT INTO graveler_staging_kv VALUES ('Token', 'lost', 'identity', 'data'), ('token ', 'lost', 'identity', 'data')"
    export_rows -j 4
    assert_equal "$(left_out)" "left out: 1 row of graveler_staging_kv (package graveler): staging token is empty
left out: 1002 rows of graveler_staging_kv (package graveler): staging token is on no branch"
    assert_equal "$(count_entries)" 8
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
    assert_equal $(($(entry token large | wc -c) - 12000000)) "$(printf '{"data": "0x", "identity": "identity", "key": "large"}\n' | wc -c)"
    for jobs in 1 4; do
        kv-import -d "$DSN" --clean -j "$jobs" "$DUMP"
        assert_stamp 39 1
        assert_sql t "SELECT substr(value, length(value) - 5999999) = (SELECT data FROM graveler_staging_kv WHERE key = 'large')
            FROM kv WHERE partition_key = 'token' AND key = 'large'"
    done
}

# Several at once -----------------------------------------------------------------------------------------------------

@test "reasons are counted by table, whatever the number of jobs" {
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
    assert_equal "$(grep -c 'warning:' <<<"$stderr")" 5
    # Rows that are left out were read nevertheless.
    assert_contains "$(manifest_member "$DUMP" "['packages'][1]['source_rows']")" '{"rows": 3, "table": "auth_credentials"}'

    rm "$DUMP"
    export_rows -j 4
    assert_equal "$(kv-import --list "$DUMP" | grep -E '^(left out|adjusted): ')" \
        "$(kv-import --list "$BATS_TEST_TMPDIR/first.dump" | grep -E '^(left out|adjusted): ')"
    assert_same_entries "$BATS_TEST_TMPDIR/first.dump" "$DUMP"
}

@test "--quiet keeps the warnings" {
    legacy_database
    sql "INSERT INTO auth_credentials VALUES ('A1', 's', now(), NULL)"
    export_rows --quiet
    assert_equal "$(wc -l <<<"$stderr")" 1
    assert_warned auth_credentials user
}
