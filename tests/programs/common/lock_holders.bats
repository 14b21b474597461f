#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every program, with each of its actions, that waits too long for a lock on a table names who holds it.

# shellcheck disable=SC2154 # run sets output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_small_template 10
}

setup() {
    make_scratch
    DUMP=$BATS_TEST_TMPDIR/small.dump
    fresh_database TEMPLATE "$SMALL"
    sql "INSERT INTO auth_credentials VALUES ('AKIAUSER', 'secret', now(), 1)"
    kv-export --no-settings -q -f "$DUMP"
}

# holder_is_named CODE LOCK TABLE COMMAND...: while a session has executed the statement LOCK and does nothing, the command ends
# with this exit code and names the session and the table; -: names the session only. See assert_all_named.
holder_is_named() {
    local code=$1 lock=$2 table=$3 status=0 expected
    shift 3
    hold "$lock"
    run "$@"
    expected="y process $HOLDER_BACKEND of user \"$PGUSER\" (application \"psql\", since "
    release
    # The words of a report are wrapped.
    output=$(tr -s "[:space:]" " " <<<"$output")
    # shellcheck disable=SC2076 # literal texts
    if [ "$status" -ne "$code" ] || [[ $output != *"$expected"* || ($table != - && $output != *" on "*"$table"*) ]]; then
        printf 'FAILED: %s\nwhile: %s\nexit code %s\n%s\n' "$*" "$lock" "$status" "$output" >>"$BATS_TEST_TMPDIR/failures"
    fi
}

assert_all_named() {
    if [ -e "$BATS_TEST_TMPDIR/failures" ]; then
        cat "$BATS_TEST_TMPDIR/failures"
        return 1
    fi
}

@test "on a legacy database" {
    local wait=--lock-wait-timeout=100ms up
    up=(kv-migrate up --kv-enabled --no-settings "$wait")
    holder_is_named 5 "LOCK graveler_tags" graveler_tags kv-export --no-settings "$wait" -f /dev/null
    holder_is_named 5 "LOCK schema_migrations" schema_migrations kv-export --no-settings "$wait" -f /dev/null
    holder_is_named 5 "LOCK schema_migrations" schema_migrations kv-import -d "$PGDATABASE" "$wait" "$DUMP"
    holder_is_named 5 "LOCK graveler_tags" - "${up[@]}"
    holder_is_named 5 "LOCK graveler_tags" graveler_tags "${up[@]}" --dry-run
    holder_is_named 5 "LOCK schema_migrations" schema_migrations "${up[@]}"
    holder_is_named 5 "LOCK schema_migrations" schema_migrations "${up[@]}" --dry-run
    holder_is_named 5 "LOCK schema_migrations" schema_migrations kv-migrate status "$wait"
    holder_is_named 5 "LOCK graveler_tags" graveler_tags kv-migrate rehearse --no-settings "$wait"
    sql "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    holder_is_named 5 "SELECT FROM kv" kv kv-import -d "$PGDATABASE" "$wait" "$DUMP"
    holder_is_named 5 "LOCK kv" kv kv-import -d "$PGDATABASE" "$wait" "$DUMP"
    holder_is_named 5 "LOCK kv" kv kv-import -d "$PGDATABASE" "$wait" --check-target
    assert_all_named
}

@test "on a migrated database" {
    local wait=--lock-wait-timeout=100ms lock action before
    kv-migrate up -q --kv-enabled --no-settings --keep-tables
    for lock in "SELECT FROM kv" "LOCK kv"; do
        holder_is_named 5 "$lock" kv kv-import -d "$PGDATABASE" "$wait" --clean "$DUMP"
        holder_is_named 5 "$lock" kv kv-migrate revert "$wait"
    done
    holder_is_named 5 "LOCK kv" kv kv-import -d "$PGDATABASE" "$wait" "$DUMP"
    for action in --verify --diff; do
        holder_is_named 5 "LOCK kv" kv kv-import -d "$PGDATABASE" "$wait" "$action" "$DUMP"
    done
    holder_is_named 5 "LOCK kv" kv kv-export --source kv "$wait" -f /dev/null
    for lock in "LOCK kv IN SHARE MODE" "LOCK kv"; do
        holder_is_named 5 "$lock" kv kv-import -d "$PGDATABASE" "$wait" --repository=repo --existing=overwrite --allow-incomplete "$DUMP"
        holder_is_named 5 "$lock" kv kv-import -d "$PGDATABASE" "$wait" --package=auth --existing=overwrite "$DUMP"
        holder_is_named 5 "$lock" kv kv-migrate basic-auth user "$wait"
    done
    holder_is_named 5 "LOCK kv" kv kv-migrate verify "$wait"
    holder_is_named 0 "LOCK kv" kv kv-migrate status "$wait"
    holder_is_named 5 "LOCK kv" kv kv-migrate up --kv-enabled "$wait"
    holder_is_named 6 "SELECT FROM auth_users" auth_users kv-migrate cleanup "$wait"
    holder_is_named 5 "LOCK auth_users" - kv-migrate cleanup "$wait"
    holder_is_named 5 "LOCK graveler_tags" - kv-migrate verify "$wait"
    kv-import -q -d "$PGDATABASE" --clean "$DUMP"
    before=$(sql "SELECT relname FROM pg_class WHERE relname ~ '^kv_before_[0-9]{8}_[0-9]{6}$'")
    for lock in "SELECT FROM kv" "LOCK kv"; do
        holder_is_named 5 "$lock" kv kv-import -d "$PGDATABASE" "$wait" --undo
    done
    for lock in "SELECT FROM $before" "LOCK $before"; do
        holder_is_named 5 "$lock" "$before" kv-import -d "$PGDATABASE" "$wait" --undo
        holder_is_named 5 "$lock" "$before" kv-import -d "$PGDATABASE" "$wait" --forget
    done
    assert_all_named
}
