#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The summary at the end of a migration by kv-migrate.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    # 5 entries: a user, a repository, a branch, 2 objects. 4 rows are left out for 3 reasons, 2 are adjusted.
    make_template IRREGULAR
    psql -Xq -v ON_ERROR_STOP=1 -d "$IRREGULAR" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '-infinity', 'user');
INSERT INTO graveler_repositories VALUES ('repo', 'local://repo', 'infinity', 'main');
INSERT INTO graveler_branches VALUES ('repo', 'main', 'token', 'c1');
INSERT INTO graveler_staging_kv VALUES ('token', 'a', 'i', 'd'), ('token', 'b', 'i', 'd'), ('nowhere', 'c', 'i', 'd'),
    ('nowhere', 'd', 'i', 'd');
INSERT INTO auth_credentials VALUES ('key', 'secret', now(), NULL);
INSERT INTO auth_expired_tokens VALUES ('old', '2001-01-01 00:00:00Z');
SQL
}

setup() {
    make_scratch
    DUMP=$BATS_TEST_TMPDIR/kv.dump
    fresh_database TEMPLATE "$IRREGULAR"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings)
}

# summary: prints the lines after the one that announces the summary. They must fit in 80 columns, except for the name
# of the dump and a command to copy.
summary() {
    local text
    text=$(sed '1,/^kv-migrate: info: summary of the migration$/d' <<<"$stderr")
    if grep -vE '^dump: |^ +kv-migrate cleanup ' <<<"$text" | grep -qE '.{80}'; then
        echo "too wide" >&2
        return 1
    fi
    printf '%s\n' "$text"
}

# What is left out and adjusted, in the words of the design.
COUNTS='entries:   5 (actions 0, auth 1, graveler 4, multiparts 0)
left out:  1 row of auth_credentials: user is missing
           1 row of auth_expired_tokens: token is expired
           2 rows of graveler_staging_kv: staging token is on no branch
adjusted:  1 row of auth_users: timestamp out of range, clamped
           1 row of graveler_repositories: timestamp out of range, clamped'

# without_times: replaces what differs between runs.
without_times() {
    sed -E 's/([0-9]+ min )?[0-9.]+ s\b/N s/g'
}

@test "through the pipe: entries, rows left out and adjusted, times, the next step" {
    succeeds "${MIGRATE[@]}"
    assert_equal "$output" ""
    assert_equal "$(summary | without_times)" "$COUNTS
time:      N s in all
           schema migrations N s
           export and import N s
           cleanup N s
next:      start lakeFS 0.80.0 to 0.97.x; or run \"lakefs migrate up\" of lakeFS
           1.33.0 or later, then start that (0.101.0 to 0.102.2 cannot upgrade
           from version 1), with database.type: postgres"
}

@test "with a dump: its name, and the size and SHA-256 of the file" {
    local text
    succeeds "${MIGRATE[@]}" --dump "$DUMP"
    text=$(summary)
    assert_contains "$text" "$COUNTS"
    assert_contains "$(without_times <<<"$text")" "time:      N s in all
           schema migrations N s
           export N s
           import N s
           cleanup N s
dump: "
    assert_contains "$text" "dump:      $DUMP
           $(shown_size "$DUMP")
SHA-256:   $(zstd -dcq -- "$DUMP" | sha256sum | cut -d ' ' -f 1)
           of the stream: zstd -dc FILE | sha256sum
next: "
}

@test "kept tables: the next step drops them, in the same database" {
    local text
    succeeds "${MIGRATE[@]}" --keep-tables -d "$DSN"
    text=$(summary)
    assert_contains "$text" "start lakeFS 0.80.0 to 0.97.x"
    refute_contains "$(without_times <<<"$text")" " cleanup N s"
    # It can be copied and run.
    eval "$(grep -o 'kv-migrate cleanup .*' <<<"$text") -q"
    assert_equal "$(legacy_tables)" ""
}

@test "it also says if nothing was left out or adjusted" {
    sql "TRUNCATE auth_users, auth_expired_tokens CASCADE" "UPDATE graveler_repositories SET creation_date = now()" \
        "DELETE FROM graveler_staging_kv WHERE staging_token = 'nowhere'"
    succeeds "${MIGRATE[@]}"
    assert_contains "$(summary)" "entries:   4 (actions 0, auth 0, graveler 4, multiparts 0)
left out:  nothing
adjusted:  nothing
time: "
}

# check_json EXPRESSION: standard error has one summary, s, for which the Python expression holds.
check_json() {
    assert_json_lines kv-migrate kv-export kv-import
    python3 -c '
import json, sys
found = [line for line in map(json.loads, sys.stdin) if line.get("event") == "summary"]
assert len(found) == 1, found
s = found[0]
print(s)
assert s["level"] == "info" and s["program"] == "kv-migrate"
assert s["entries"] == {"actions": 0, "auth": 1, "graveler": 4, "multiparts": 0}
assert s["left_out"] == [{"table": "auth_credentials", "rows": 1, "reason": "user is missing"},
    {"table": "auth_expired_tokens", "rows": 1, "reason": "token is expired"},
    {"table": "graveler_staging_kv", "rows": 2, "reason": "staging token is on no branch"}]
assert s["adjusted"] == [{"table": t, "rows": 1, "reason": "timestamp out of range, clamped"}
    for t in ("auth_users", "graveler_repositories")]
assert s["kv_migration_version"] == 39
assert all(isinstance(n, float) and n >= 0 for n in s["seconds"].values())
assert s["seconds"]["total"] > 0
assert s["seconds"]["total"] >= sum(n for name, n in s["seconds"].items() if name != "total") - 0.005
assert eval("(" + sys.argv[1] + ")"), sys.argv[1]' "$1" <<<"$stderr"
}

@test "with --log-format json it is one object" {
    run --separate-stderr -0 "${MIGRATE[@]}" --log-format json
    check_json 's["dump"] is None and set(s["seconds"]) == {"total", "schema_migrations", "transfer", "cleanup"} and
        not s["legacy_tables_kept"] and "0.80" in s["next"]'
}

@test "with --log-format json, a dump, and kept tables" {
    local odd="$BATS_TEST_TMPDIR/a \"dump\" of é.zst"
    run --separate-stderr -0 "${MIGRATE[@]}" --log-format json --keep-tables --dump "$odd"
    check_json 's["dump"]["path"] == "'"${odd//\"/\\\"}"'" and s["dump"]["size"] == '"$(wc -c <"$odd")"' and
        s["dump"]["stream_sha256"] == "'"$(zstd -dcq -- "$odd" | sha256sum | cut -d ' ' -f 1)"'" and
        set(s["seconds"]) == {"total", "schema_migrations", "export", "import"} and s["legacy_tables_kept"] and
        "kv-migrate cleanup" in s["next"]'
}

@test "there is none with -q, without a KV migration, or if there is nothing to do" {
    run --separate-stderr -0 kv-migrate up
    refute_contains "$stderr" summary
    run --separate-stderr -0 "${MIGRATE[@]}" -q
    refute_contains "$stderr" summary entries:
    run --separate-stderr -0 "${MIGRATE[@]}"
    assert_contains "$stderr" "nothing to do"
    refute_contains "$stderr" summary
}

@test "if the cleanup fails there is an event, and no summary" {
    forbid_drop
    run --separate-stderr -6 "${MIGRATE[@]}"
    refute_contains "$stderr" summary
}

@test "in a locale with decimal commas" {
    local locale
    locale=$(locale -a 2>/dev/null | grep -iE '^(de|fr|nl|es|it|pl|sv|da|pt|cs)_.*utf-?8$' | head -n 1)
    # Without such a locale there is nothing to test.
    LC_ALL=${locale:-C.UTF-8} run --separate-stderr -0 "${MIGRATE[@]}" --log-format json
    check_json 's["dump"] is None'
}

@test "the note of the KV table has the same data, and the rows read from each table" {
    "${MIGRATE[@]}" -q
    sql "SELECT obj_description('kv'::regclass)" >"$BATS_TEST_TMPDIR/note"
    python3 -c '
import json, sys
note = json.load(sys.stdin)
assert note["entries"] == {"actions": 0, "auth": 1, "graveler": 4, "multiparts": 0}, note
assert note["source_rows"]["graveler_staging_kv"] == 4 and note["source_rows"]["auth_users"] == 1, note
assert [c["rows"] for c in note["left_out"]] == [1, 1, 2], note
assert len(note["adjusted"]) == 2, note' <"$BATS_TEST_TMPDIR/note"
}
