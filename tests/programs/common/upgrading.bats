#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The sessions of scripts/UPGRADING.md: what they say of kv-migrate and kv-import is what these print. lakeFS's own commands are
# played: `lakefs migrate up` of today's sets the version of the store, and nothing else.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_template INSTALLATION
    psql -Xq -v ON_ERROR_STOP=1 -d "$INSTALLATION" <<'SQL'
INSERT INTO auth_users (id, created_at, display_name) VALUES (1, '2022-01-01 00:00:00Z', 'admin');
INSERT INTO auth_credentials VALUES ('AKIAJEXAMPLEADMIN', 'sealed', '2022-01-01 00:00:00Z', 1);
INSERT INTO auth_groups (id, created_at, display_name) VALUES (1, '2022-01-01 00:00:00Z', 'Admins');
INSERT INTO auth_policies (id, created_at, display_name, statement) VALUES (1, '2022-01-01 00:00:00Z', 'All',
    '[{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}]');
INSERT INTO auth_group_policies VALUES (1, 1);
INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1);
INSERT INTO auth_installation_metadata VALUES ('installation_id', 'a9d7c2d9-231a-4083-b323-dd285ebdd709'),
    ('setup_timestamp', '2022-01-01T00:00:00Z');
INSERT INTO graveler_repositories VALUES ('example', 'mem://example', '2022-01-01 00:00:00Z', 'main');
INSERT INTO graveler_branches VALUES ('example', 'main', 'token', 'c1');
SQL
}

setup() {
    make_scratch
    HERE=$BATS_TEST_TMPDIR/here
    CONFIG=$BATS_TEST_TMPDIR/etc.yaml
    mkdir "$HERE" "$BATS_TEST_TMPDIR/bin"
    fresh_database TEMPLATE "$INSTALLATION"
    printf '#!/bin/sh\n' | tee "$BATS_TEST_TMPDIR/bin/systemctl" >"$BATS_TEST_TMPDIR/bin/acl"
    cat >"$BATS_TEST_TMPDIR/bin/lakefs" <<END
#!/bin/sh
[ "\$*" = "migrate up" ] || exit 1
psql -Xq -d "$PGDATABASE" -c "UPDATE kv SET value = '4' WHERE partition_key = 'kv-internal-metadata'"
END
    chmod +x "$BATS_TEST_TMPDIR/bin/"*
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    LINE=$'\n'
}

# session HEADING: prints the shell blocks of a section of the document, with the fixture's names.
session() {
    awk -v heading="## $1" '/^## / { on = $0 == heading } on && /^```/ { inside = !inside; next } on && inside' \
        "$TESTS_DIR/../scripts/UPGRADING.md" |
        sed -e "s|/etc/lakefs/config.yaml|$CONFIG|g" -e "s|postgres://lakefs@db/lakefs|$DSN|" -e "s|-d lakefs |-d $PGDATABASE |"
}

# write_config: the old configuration, as the document shows it.
write_config() {
    session "One user" | awk '/^\$ cat .*etc.yaml/ { on = 1; next } /^\$/ { on = 0 } on' >"$CONFIG"
    grep -q connection_string "$CONFIG"
}

# play HEADING: runs the session's commands one by one. What is shown of ours is among what they print, in this order.
play() {
    local line command="" shown="" commands=0
    while IFS= read -r line; do
        if [[ $line == '$ '* ]]; then
            [ -z "$command" ] || play_command "$command" "$shown"
            command=${line#'$ '} shown="" commands=$((commands + 1))
        else
            shown+=$line$LINE
        fi
    done < <(session "$1")
    play_command "$command" "$shown"
    ((commands >= 5))
}

# play_command COMMAND SHOWN
play_command() {
    local command=${1%%    \#*} line rest
    case $command in
        "cat $CONFIG") return ;;
        # What rules there are is not what this is about.
        "kv-migrate up "*) command+=" --no-settings" ;;
    esac
    echo "\$ $command"
    (cd "$HERE" && bash -c "$command") >"$BATS_TEST_TMPDIR/printed" 2>&1 || [[ $2 == *error:* || $1 == *"# lakeFS" ]]
    [[ $1 != *"# lakeFS" ]] || return 0
    # pg_dump, mv and systemctl show nothing.
    rest=$(<"$BATS_TEST_TMPDIR/printed")
    echo "$rest"
    while IFS= read -r line; do
        [[ -n $line && $line != "…" ]] || continue
        echo "expected: $line"
        [[ $rest == *"$line"* ]]
        rest=${rest#*"$line"}
    done <<<"$2"
}

@test "one user" {
    needs_pg_dump
    write_config
    play "One user"
    assert_stamp 39 4
    assert_equal "$(legacy_tables)" ""
    assert_sql 0 "SELECT count(*) FROM kv WHERE partition_key = 'basicAuth'"
}

@test "several users, of whom one remains" {
    sql "INSERT INTO auth_users (id, created_at, display_name) VALUES (2, '2022-01-01 00:00:00Z', 'jane')" \
        "INSERT INTO auth_credentials VALUES ('AKIAJEXAMPLEJANE1', 'sealed', '2022-01-01 00:00:00Z', 2),
            ('AKIAJEXAMPLEJANE2', 'sealed', '2022-01-01 00:00:00Z', 2)"
    write_config
    kv-migrate up -q --config "$CONFIG" --no-settings
    play "Several users, of whom one remains"
    assert_stamp 39 4
    assert_sql 2 "SELECT count(*) FROM kv WHERE partition_key = 'basicAuth'"
    assert_sql 2 "SELECT count(*) FROM kv WHERE partition_key = 'auth' AND key IN ('users/admin', 'users/jane')"
}

@test "every command of ours in the document is played" {
    local ours='^\$ .*kv-(migrate|import|export|replay) ' played
    played=$({ session "One user" && session "Several users, of whom one remains"; } | grep -cE "$ours")
    assert_equal "$played" "$(grep -cE "$ours" "$TESTS_DIR/../scripts/UPGRADING.md")"
}
