#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# scripts/kubernetes/job.yaml, and the programs in the surroundings that it gives them: a user without an entry in
# /etc/passwd and without capabilities, no HOME, a root file system that is read-only, one folder for temporary files, a
# database that is reached by TCP with a password; as the first process.  `make test-image` tries the same in the image.

# shellcheck disable=SC2154 # run sets stderr and output
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2016 # what is in single quotes is for another shell

bats_require_minimum_version 1.5.0

load ../../lib/setup

JOB=$TESTS_DIR/lib/job.py
# The chart's name of the folder of config.yaml; there is none on the test's machine.
CONFIG_FOLDER=/etc/lakefs

setup_file() {
    # shellcheck source=/dev/null
    source "$TESTS_DIR/../scripts/dev/throwaway-postgres.sh"
    export SERVER
    SERVER=$(mktemp -d /tmp/kv-tcp.XXXXXX)
    THROWAWAY_POSTGRES_TCP=yes throwaway_postgres_start "$SERVER"
    make_esti_template
}

teardown_file() {
    drop_templates
    # shellcheck source=/dev/null
    source "$TESTS_DIR/../scripts/dev/throwaway-postgres.sh"
    throwaway_postgres_stop "$SERVER"
}

setup() {
    # Open to every user, unlike bats' folders.
    PLACE=$(mktemp -d /tmp/kv-container.XXXXXX)
    chmod 755 "$PLACE"
    mkdir "$PLACE/programs" "$PLACE/work" "$PLACE/config"
    cp -r "$BLOCKSTORE" "$PLACE/block"
    chmod -R a+rX "$PLACE/block"
}

teardown() {
    clean_up
    rm -rf "$PLACE"
}

# database: makes a legacy database, the variable with its connection string that the Secret sets, and config.yaml.
database() {
    [ "$(id -u)" -eq 0 ] || skip "only root can make the surroundings of a container"
    unshare --mount --pid --fork bash -c 'mount -t proc proc /proc && mount -o remount,bind,ro /' 2>/dev/null ||
        skip "there are no namespaces here"
    fresh_database TEMPLATE "$ESTI"
    PASSWORD=$(cut -d: -f5 "$SERVER/pgpass")
    SECRET="LAKEFS_DATABASE_CONNECTION_STRING=postgres://postgres:$PASSWORD@127.0.0.1:$PGPORT/$PGDATABASE?sslmode=disable"
    cat >"$PLACE/config/config.yaml" <<YAML
blockstore:
  type: local
  local:
    path: $PLACE/block
YAML
}

# contained COMMAND...: runs the command in these surroundings. A coverage build writes its counts into the one folder.
contained() {
    unshare --mount --pid --fork --kill-child bash -c '
        set -e
        place=$1 programs=$2 secret=$3
        shift 3
        mount -t proc proc /proc
        mount --bind "$programs" "$place/programs"
        mount -o remount,bind,ro /
        mount -t tmpfs -o mode=1777 tmpfs "$place/work"
        cd /
        exec env -i PATH="$place/programs/bin:/usr/bin:/bin" TMPDIR="$place/work" GCOV_PREFIX="$place/work/counts" "$secret" \
            setpriv --reuid=2147400001 --regid=2147400002 --clear-groups --no-new-privs --inh-caps=-all \
            --bounding-set=-all "$@"' contained "$PLACE" "$(dirname "$KV_BIN")" "${SECRET-NOTHING=}" "$@"
}

# first_process: prints the first process of the namespace: a child of unshare, which is one of the background's shell.
first_process() {
    local unshare
    unshare=$(pgrep -P "$BACKGROUND")
    pgrep -P "$unshare"
}

# job: the Job's arguments, in the array ARGUMENTS.
job() {
    mapfile -t ARGUMENTS < <("$JOB" args | sed "s|$CONFIG_FOLDER|$PLACE/config|")
    [ "${#ARGUMENTS[@]}" -gt 1 ]
}

# assert_json_messages TEXT PROGRAM...: each line is a message, and each program has written one.
assert_json_messages() {
    python3 - "$@" <<'PYTHON'
import json, sys
programs = set()
for line in sys.argv[1].splitlines():
    message = json.loads(line)
    assert {"time", "level", "program", "message"} <= message.keys(), line
    programs.add(message["program"])
assert programs == set(sys.argv[2:]), programs
PYTHON
}

@test "the Job's arguments migrate, with JSON messages and without a secret in them" {
    database
    job
    succeeds contained kv-migrate "${ARGUMENTS[@]}"
    assert_equal "$output" ""
    assert_json_messages "$stderr" kv-migrate kv-export kv-import
    refute_contains "$stderr" "$PASSWORD"
    assert_contains "$stderr" '"event":"summary"'
    assert_kv_as_expected
    assert_stamp 39 1
    # --keep-tables
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    # A Job that is created a second time does no harm.
    succeeds contained kv-migrate "${ARGUMENTS[@]}"
    assert_stamp 39 1
    succeeds contained kv-migrate cleanup "${ARGUMENTS[@]: -2}"
    assert_equal "$(legacy_tables)" ""
}

@test "an error is JSON, and its exit code the Job's" {
    database
    job
    sql "UPDATE schema_migrations SET dirty = true"
    run --separate-stderr -5 contained kv-migrate "${ARGUMENTS[@]}"
    assert_json_messages "$stderr" kv-migrate
    assert_contains "$stderr" '"level":"error"' '"hint":'
}

@test "all programs work there" {
    database
    local config=--config=$PLACE/config/config.yaml dump=$PLACE/work/kv.dump
    succeeds contained kv-migrate up --kv-enabled --dry-run "$config"
    succeeds contained kv-migrate status --format=json "$config"
    assert_contains "$output" '"schema_version":38'
    # The folder for temporary files is a new one each time.
    succeeds contained bash -c 'set -e
        kv-export "$1" -f "$2"
        kv-import --check "$2"
        kv-import --list "$2"
        kv-migrate up --kv-enabled --keep-tables "$1" --dump "$2" --force
        kv-import --verify "$1" "$2"
        kv-export -q --source=kv "$1" | kv-import --diff="$2" -
        kv-migrate verify "$1"
        kv-replay --version' - "$config" "$dump"
    assert_contains "$output" "equal: 439 entries" "kv-replay "
    assert_kv_as_expected
    assert_stamp 39 1
}

@test "a pod that is deleted ends its migration, and nothing has changed" {
    local rows
    database
    job
    rows=$(legacy_rows)
    hold "LOCK TABLE auth_users IN ACCESS EXCLUSIVE MODE"
    background contained kv-migrate "${ARGUMENTS[@]}" --lock-wait-timeout=10min
    eventually someone_waits
    kill -TERM "$(first_process)"
    background_ends 143
    release
    eventually nobody_else
    assert_stamp 38 -
    assert_equal "$(legacy_rows)" "$rows"
}

@test "the Job: one try, no rights, and what it names is known" {
    "$JOB" json >"$BATS_TEST_TMPDIR/job.json"
    python3 - "$BATS_TEST_TMPDIR/job.json" "$CONFIG_FOLDER" <<'PYTHON'
import json, sys
job = json.load(open(sys.argv[1]))
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
assert job["spec"]["backoffLimit"] == 0
pod = job["spec"]["template"]["spec"]
assert pod["restartPolicy"] == "Never"
assert pod["terminationGracePeriodSeconds"] >= 60
security = pod["securityContext"]
assert security["runAsNonRoot"] is True and security["runAsUser"] > 0
assert security["seccompProfile"] == {"type": "RuntimeDefault"}
[container] = pod["containers"]
security = container["securityContext"]
assert security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
assert security["capabilities"] == {"drop": ["ALL"]}
assert {"requests", "limits"} <= container["resources"].keys()
# Every mount has its volume: the configuration, and one that can be written to.
volumes = {volume["name"]: volume for volume in pod["volumes"]}
mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
assert {item["path"] for item in mounts[sys.argv[2]]["configMap"]["items"]} == {"config.yaml"}
assert f"--config={sys.argv[2]}/config.yaml" in container["args"]
environment = {variable["name"]: variable for variable in container["env"]}
assert "emptyDir" in mounts[environment["TMPDIR"]["value"]]
# The Secret of the chart; a password is in no argument.
secret = environment["LAKEFS_DATABASE_CONNECTION_STRING"]["valueFrom"]["secretKeyRef"]
assert secret["key"] == "database_connection_string"
assert "://" not in " ".join(container["args"])
PYTHON
    # The image of this version.
    [ "$("$JOB" image)" = "localhost/lakefs-kv-migrate:$(kv-migrate --version | awk '{ print $NF }')" ]
    # Every variable of lakeFS's is one that kv-migrate reads.
    local name
    for name in $("$JOB" env | sed -n 's/^\(LAKEFS_[A-Z_]*\).*/\1/p'); do
        grep -q "^\.It Ev .*\b$name\b" "$TESTS_DIR/../scripts/kv-migrate.1"
    done
}
