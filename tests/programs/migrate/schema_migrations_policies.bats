#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The schema migrations that extend policies, 24, 28, 29, 30, 32 and 33, without the program that runs them.

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/schema_migrations

# 24, 28, 29, 30, 33: additions to two policies -----------------------------------------------------------------------

READ_ALL=RepoManagementReadAll
FULL_ACCESS=RepoManagementFullAccess

# allow ACTION: the statement that is added, as PostgreSQL prints it.
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

@test "24, 28, 29, 33 append one statement to each of the two policies, and change nothing else" {
    local number read full other
    apply_migrations 21 23
    while read -r number read full; do
        set_policy "$READ_ALL" '[{"x": 1}, 2]'
        set_policy "$FULL_ACCESS" '[]'
        # Names are compared exactly, including case and blanks.
        for other in repomanagementreadall "$READ_ALL " "$FULL_ACCESS%" RepoManagement; do
            set_policy "$other" '[]'
        done
        apply_migrations "$number" "$number"
        assert_equal "$(policy "$READ_ALL")" "[{\"x\": 1}, 2, $(allow "$read")]"
        assert_equal "$(policy "$FULL_ACCESS")" "[$(allow "$full")]"
        assert_sql "4" "SELECT count(*) FROM auth_policies WHERE statement = '[]'"
        assert_sql "2020-02-02 00:00:00+00|6" "SELECT min(created_at), count(*) FROM auth_policies
            HAVING min(created_at) = max(created_at)"
    done < <(additions)
}

@test "24, 28, 29, 33 skip a policy that already allows the action on everything, alone or with others" {
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

@test "24, 28, 29, 33 ignore denials, other resources and wider patterns" {
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

@test "24, 28, 29, 30, 33 do not create missing policies" {
    local number
    apply_migrations 21 23
    set_policy other '[]'
    for number in 24 28 29 30 33; do
        apply_migrations "$number" "$number"
        assert_sql "other|[]" "SELECT display_name, statement FROM auth_policies"
    done
}

@test "24, 28, 29, 30, 32, 33 do not change a statement that is not an array" {
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
    assert_equal "$(policy "$READ_ALL")" "[$(allow fs:ReadConfig), $(allow 'retention:Get*')]"
    assert_equal "$(policy "$FULL_ACCESS")" "[$(allow fs:ReadConfig), $(allow 'retention:*')]"
}

@test "30 makes only the missing addition" {
    apply_migrations 21 23
    set_policy "$READ_ALL" "[$(allow fs:ReadConfig)]"
    set_policy "$FULL_ACCESS" "[$(allow 'retention:*')]"
    apply_migrations 30 30
    assert_equal "$(policy "$READ_ALL")" "[$(allow fs:ReadConfig), $(allow 'retention:Get*')]"
    assert_equal "$(policy "$FULL_ACCESS")" "[$(allow 'retention:*'), $(allow fs:ReadConfig)]"
}

# 32: whoever may create a repository may attach its storage namespace ------------------------------------------------

# check_attach: reads lines of t or f, a blank, and a policy's statement. After 32 exactly the policies marked t must
# have the new statement, once and at the end, and the others must be unchanged.
check_attach() {
    local before
    apply_migrations 21 23
    sql "CREATE TABLE input (number serial, line text)"
    # As CSV without a quote character, so that backslashes are literal.
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

@test "32 supports the wildcards * and ?, and is case-sensitive" {
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

@test "32 treats all other characters literally, including those special to LIKE" {
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

@test "32 considers allowed actions, on any resource, and ignores denied ones" {
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

@test "32 skips a policy that names the new action anywhere" {
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

@test "32 skips a policy with a null among its actions" {
    check_attach <<'POLICIES'
f [{"Action": [null, "fs:CreateRepository"], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository", null], "Effect": "allow", "Resource": "*"}]
f [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}, {"Action": [null], "Effect": "deny", "Resource": "*"}]
t [{"Action": ["fs:CreateRepository"], "Effect": "allow", "Resource": "*"}, {"Action": ["null"], "Effect": "deny", "Resource": "*"}]
POLICIES
}

@test "32 skips elements that are not valid in a policy" {
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
