#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd units for nightly backups: what the service runs makes a dump, and nothing is on by itself.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup

UNITS=$TESTS_DIR/../scripts/systemd
SERVICE=$UNITS/kv-export-backup.service

setup_file() {
    make_esti_template
}

# setting NAME: prints the value of the service's setting.
setting() {
    sed -n "s/^$1=//p" "$SERVICE"
}

# run_service: runs its command as systemd does, with the settings as installed, in the folder STATE.
run_service() {
    local command
    command=$(setting ExecStart)
    # What systemd makes of the line: $$ is $, and %% is %.
    command=${command//\$\$/\$}
    command=${command//%%/%}
    STATE=$BATS_TEST_TMPDIR/state
    mkdir -p "$STATE"
    # The file's variables, with the database of the test.
    mapfile -t VARIABLES < <(sed -n 's/"//g; s/^\([A-Z_]*=\)/\1/p' "$UNITS/kv-export-backup.default" | sed "s/lakefs/$PGDATABASE/")
    assert_equal "${#VARIABLES[@]}" 1
    run --separate-stderr -0 env "${VARIABLES[@]}" STATE_DIRECTORY="$STATE" "$BASH" -c "$command"
    assert_equal "$output$stderr" ""
}

@test "the service dumps the store into a dated file, for its user alone" {
    local dumps
    fresh_database TEMPLATE "$ESTI"
    kv-migrate up -q --kv-enabled -d "$DSN" --blockstore-path "$BLOCKSTORE"
    run_service
    dumps=("$STATE"/*)
    assert_equal "${#dumps[@]}" 1
    [[ ${dumps[0]##*/} =~ ^lakefs-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z\.dump$ ]]
    assert_equal "$(stat -c %a "${dumps[0]}")" 600
    succeeds kv-import --verify -d "$DSN" "${dumps[0]}"
}

@test "the service has no rights but that of its folder" {
    assert_equal "$(setting DynamicUser) $(setting ProtectSystem) $(setting UMask)" "yes strict 0077"
    assert_equal "$(setting NoNewPrivileges) $(setting PrivateTmp)" "yes yes"
    grep -qx 'CapabilityBoundingSet=' "$SERVICE"
    assert_equal "$(setting EnvironmentFile)" /etc/default/kv-export-backup
}

@test "systemd takes the units" {
    command -v systemd-analyze >/dev/null || skip "systemd is not installed"
    run --separate-stderr -0 systemd-analyze --man=no verify "$SERVICE" "$UNITS/kv-export-backup.timer"
    refute_contains "$output$stderr" kv-export-backup
    run -0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$UNITS/kv-export-backup.timer")"
}

@test "the package installs the units, and turns nothing on" {
    local debian=$TESTS_DIR/../scripts/debian
    grep -qx 'scripts/systemd/kv-export-backup.service lib/systemd/system' "$debian/lakefs-kv-migrate.install"
    grep -qx 'scripts/systemd/kv-export-backup.timer lib/systemd/system' "$debian/lakefs-kv-migrate.install"
    # What turns a unit on is its [Install] section and debhelper.
    refute_contains "$(<"$SERVICE")" "[Install]"
    grep -qP '^\tdh_installsystemd --no-enable --no-start' "$debian/rules"
}
