#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a hostile database or dump may hold: none of it is executed, trusted, or printed unescaped.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2016 # what is in single quotes is for a shell that must not see it

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    MARK=$BATS_TEST_TMPDIR/ran
}

# What a shell would execute, or treat as the end of something.
hostile_texts() {
    printf '%s\0' "BASH_VERSINFO[\$(id>$MARK)]" "a[\$(touch $MARK)]" "\$(touch $MARK)" "\`touch $MARK\`" "'; touch $MARK; '" \
        "38; touch $MARK" '--kv-migrate-end-of-answer-- 00000' 'go' 'again' $'38\nagain' "'); DROP TABLE auth_users; --" \
        '9999999999999999999999' '0x26' '-1e3' ''  '38 39' $'\033[2J\033]0;title\007' $'38\u009b31m'
}

# nothing_ran: nothing was executed, and no control character was printed.
nothing_ran() {
    assert_missing "$MARK"
    assert_equal "$(printf '%s%s' "$output" "$stderr" | tr -d '\n' | LC_ALL=C tr -cd '\000-\037\177')" ""
    refute_contains "$output$stderr" $'\u009b'
}

@test "a schema version that is not a number is refused before it is used" {
    local text command
    while IFS= read -r -d '' text; do
        printf '== %q\n' "$text"
        fresh_database
        sql "CREATE TABLE schema_migrations (version text NOT NULL, dirty boolean NOT NULL)" \
            "CREATE TABLE auth_users (id int)"
        psql -Xq -v text="$text" <<<"INSERT INTO schema_migrations VALUES (:'text', false)"
        for command in status up "up --kv-enabled" "up --kv-enabled --dry-run" verify cleanup; do
            # shellcheck disable=SC2086 # a command and its options
            fails 5 kv-migrate $command
            nothing_ran
            assert_contains "$stderr" "does not hold a version"
        done
        fails 5 kv-export --no-settings -f "$BATS_TEST_TMPDIR/kv.dump"
        nothing_ran
        assert_sql 1 "SELECT count(*) FROM pg_class WHERE relname = 'auth_users'"
        drop_database
    done < <(hostile_texts)
}

@test "a dirty flag of another type is refused" {
    fresh_database
    sql "CREATE TABLE schema_migrations (version bigint, dirty text)" "INSERT INTO schema_migrations VALUES (38, 'maybe')"
    fails 5 kv-migrate up
    assert_contains "$stderr" '"maybe"'
    sql "UPDATE schema_migrations SET dirty = NULL"
    fails 5 kv-migrate up
}

@test "a KV version that is not a number is not a KV store, whatever it says" {
    local text
    fresh_database TEMPLATE "$ESTI"
    sql "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL)"
    while IFS= read -r -d '' text; do
        printf '== %q\n' "$text"
        psql -Xq -v text="$text" <<'SQL'
DELETE FROM kv;
INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', convert_to(:'text', 'UTF8'));
SQL
        succeeds kv-migrate status
        nothing_ran
        assert_contains "$output" "relation kv is in the way"
        run --separate-stderr -5 kv-migrate up --kv-enabled --no-settings
        nothing_ran
    done < <(hostile_texts)
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

@test "a forged note is shown, but only trusted as far as it can be checked" {
    local text
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up --kv-enabled --keep-tables -q --no-settings
    allow_writes
    sql "INSERT INTO graveler_tags SELECT id, 'written-later', 'c' FROM graveler_repositories LIMIT 1"
    while IFS= read -r -d '' text; do
        printf '== %q\n' "$text"
        psql -Xq -v text="$text" <<'SQL'
SELECT format('COMMENT ON TABLE kv IS %L', obj_description('kv'::regclass)::jsonb
    || jsonb_build_object('imported', :'text'::text, 'dump_created', :'text'::text)
    || jsonb_build_object('source', (obj_description('kv'::regclass)::jsonb -> 'source')
        || jsonb_build_object('database', :'text'::text, 'schema', :'text'::text))) \gexec
SQL
        succeeds kv-migrate status
        nothing_ran
        fails 5 kv-migrate cleanup
        nothing_ran
        # What cannot be a name makes the note worthless.
        [[ $stderr == *"graveler_tags: 1 row inserted"* || $stderr == *"the note of the load does not say"* ]]
    done < <(hostile_texts)
    # Members of unexpected types are ignored.
    for text in '{"source_rows": []}' '{"source_rows": {}, "source": 1}' '{"source_rows": {"graveler_tags": "0"}, "source": {"snapshot": 7}}' \
        '{"source_rows": {"graveler_tags": 0}, "source": {"snapshot": "1:1:'"'"'; DROP TABLE kv; --"}}' '{' '[]' 'null'; do
        printf '== %q\n' "$text"
        psql -Xq -v text="$text" <<<"COMMENT ON TABLE kv IS :'text'"
        succeeds kv-migrate status
        run --separate-stderr ! kv-migrate cleanup
        nothing_ran
        fails 5 kv-migrate revert
        nothing_ran
        assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    done
}

@test "names of the database, the schema and the role" {
    local name=$'x\033[2J$(touch ran)`touch ran`\n\u009b\u202e"\''
    fresh_database TEMPLATE "$ESTI"
    psql -Xq -v name="$name" <<<'ALTER SCHEMA public RENAME TO :"name"; CREATE SCHEMA public;'
    succeeds kv-migrate status --schema "$name"
    nothing_ran
    assert_contains "$(tr -s ' \n' ' ' <<<"$output")" 'schema x\x1b[2J$(touch ran)`touch ran`\n\u009b\u202e"'
    assert_missing ran
    # The next command is printed quoted for a shell.
    PATH=$KV_BIN:$PATH bash -c "$(sed -n 's/^next: *//p' <<<"$output") --no-settings --keep-tables -q"
    assert_missing ran
    succeeds kv-migrate status --schema "$name"
    assert_contains "$output" "migrated; legacy tables are left"
    succeeds kv-migrate cleanup -q --schema "$name"
    nothing_ran
}

@test "the names of migrations, and PostgreSQL's messages about them" {
    local name=$'000039_\033[2J.up.sql'
    fresh_database TEMPLATE "$ESTI"
    cp -r "$MIGRATIONS_DIR" migrations
    printf 'DO $$ BEGIN RAISE EXCEPTION E'"'"'a\\nkv-migrate: info: forged\\033[2J'"'"'; END $$;\n' >"migrations/$name"
    run --separate-stderr -3 kv-migrate up --migrations migrations
    nothing_ran
    refute_contains $'\n'"$stderr" $'\n'"kv-migrate: info: forged"
    succeeds kv-migrate up --dry-run --migrations migrations
    nothing_ran
}
