#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Branch protection rules fetched by a user's command, from any kind of storage.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2016 # what is for the command's shell

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rules

setup_file() {
    make_template EMPTY
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/settings.dump
    export STORE=$BATS_TEST_TMPDIR/store
    mkdir "$STORE"
    fresh_database TEMPLATE "$EMPTY"
    # A command that reads objects from files named after their URLs.
    FETCH=$BATS_TEST_TMPDIR/fetch
    cat >"$FETCH" <<'SH'
#!/bin/sh
printf '%s\n' "$#" "$@" >>"$STORE/../calls"
file=$STORE/$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')
[ -e "$file" ] || exit 44
exec cat "$file"
SH
    chmod +x "$FETCH"
}

# add_repository ID NAMESPACE
add_repository() {
    sql "INSERT INTO graveler_repositories VALUES ('$1', \$\$$2\$\$, '2020-01-01 00:00:00Z', 'main')"
}

# add_rules URL TEXT: stores rules for FETCH to find.
add_rules() {
    printf %s "$2" >"$STORE/$(hex "$1")"
}

# check_refused COMMAND: the export ends with 5 and leaves no file.
check_refused() {
    fails 5 kv-export -d "$DSN" -f "$DUMP" --settings-command "$1"
    assert_missing "$DUMP" "$DUMP.partial"
    assert_contains "$stderr" "hint: " --no-settings '"repo"' --settings-command
}

@test "the command's output is the rules; exit code 44 means that there are none" {
    add_repository azure https://account.blob.core.windows.net/container/prefix/
    add_repository gs gs://bucket/path
    add_repository mem mem://bucket
    add_repository none gs://bucket/none
    add_repository empty gs://bucket/empty
    add_rules https://account.blob.core.windows.net/container/prefix/_lakefs/settings/protected_branches.json "azure's"
    add_rules gs://bucket/path/_lakefs/settings/protected_branches.json "gs's"
    add_rules mem://bucket/_lakefs/settings/protected_branches.json "mem's"
    add_rules gs://bucket/empty/_lakefs/settings/protected_branches.json ""
    export_rules --settings-command "$FETCH {}" -j 3
    assert_rules "azure: azure's" "empty: " "gs: gs's" "mem: mem's"
    assert_equal "$(grep -cx 1 "$BATS_TEST_TMPDIR/calls")" 5
}

@test "the command is used for any storage, and gets the configured prefix" {
    add_repository local local://path
    add_repository s3 s3://bucket/path
    add_rules local://path/own/settings/protected_branches.json local
    add_rules s3://bucket/path/own/settings/protected_branches.json s3
    export_rules --settings-command "$FETCH {}" --block-storage-prefix own
    assert_rules "local: local" "s3: s3"
}

# Source: lakeFS 0.70, pkg/block/namespace.go, and its adapters.
@test "{} and KV_SETTINGS_URL are the object's URL as lakeFS has it, whatever the storage is" {
    local namespace url command key=_lakefs/settings/protected_branches.json
    while IFS=' ' read -r namespace url; do
        echo "$namespace"
        sql "DELETE FROM graveler_repositories"
        add_repository repo "$namespace"
        for command in 'printf %s {}' 'printf %s "$KV_SETTINGS_URL" # {}' "sh -c 'printf %s \"\$KV_SETTINGS_URL\"'"; do
            export_rules --settings-command "$command"
            assert_rules "repo: $url/$key"
        done
    done <<'END'
gs://bucket gs://bucket
gs://bucket// gs://bucket
gs://bucket//a/ gs://bucket/a
gs://bucket/a//b/../c gs://bucket/a//b/../c
gs://bucket/team%20a/%41%3d%C3%A9 gs://bucket/team a/A=é
gs://bucket/a?b=c gs://bucket/a
gs://bucket/a#b gs://bucket/a#b
GS://user@bucket/a gs://bucket/a
https://x.blob.core.windows.net/box/a%20b?sig=x https://x.blob.core.windows.net/box/a b
https://x.example:8443/box https://x.example:8443/box
s3://bucket//a//b%20c/../d%2520/ s3://bucket/a/d%20
local://a//b%20c/../d/?x local://a/d
local:///abs local://abs
mem://x mem://x
END
    for namespace in gs://bucket/100% 'gs://buck et/x' s3://bucket/../x local://a/../../x; do
        sql "DELETE FROM graveler_repositories"
        add_repository repo "$namespace"
        fails 5 kv-export -d "$DSN" -f "$DUMP" --settings-command 'echo {}'
        assert_contains "$stderr" "\"$namespace\"" --no-settings=repo
    done
}

@test "all bytes arrive" {
    local bytes
    bytes=$(printf %02x {0..255})
    add_repository repo gs://bucket
    export_rules --settings-command "printf '$(printf '\\%03o' {0..255})' # {}"
    assert_rules "repo: 0x$bytes"
}

@test "the URL is one word, whatever it contains, and never part of the command" {
    local command evil='gs://b/$(touch evil)`touch evil`;touch evil;"x"'"'"'y'"'"' *\ &|{}#é'
    cd "$BATS_TEST_TMPDIR"
    add_repository repo "$evil"
    add_rules "$evil/_lakefs/settings/protected_branches.json" found
    for command in '"$FETCH" {}' '"$FETCH" "{}"' "\"\$FETCH\" '{}'" 'FETCH=$FETCH; "$FETCH" ""{}' 'x=\"; "$FETCH" {} # "' \
        "x='\"'; \"\$FETCH\" {}" 'if true; then "$FETCH" "$(printf %s "{}")"; fi' 'x="$(printf %s {})"; "$FETCH" "$x"' \
        'x="`printf %s {}`" && ("$FETCH" "$x")' $'# it\'s a "comment\n"$FETCH" {}' 'x="$(case a in a) ;; esac)"; "$FETCH" {}'; do
        echo "== $command"
        FETCH=$FETCH export_rules --settings-command "$command"
        assert_rules "repo: found"
    done
    assert_missing evil
}

# In each of these a shell, or another interpreter, reads the words again that a shell has read.
@test "a name that an inner interpreter could run is refused, and a harmless one is not" {
    local command
    cd "$BATS_TEST_TMPDIR"
    add_repository repo 'gs://b/$(touch ran)`touch ran`";touch ran;"'"'"';touch ran;'"'"'|touch ran;{touch,ran}'
    for command in 'sh -c "echo {}"' "sh -c 'echo {}'" 'eval echo {}' 'eval "echo {}"' 'bash -ec "echo {}"' 'sh -c {}' \
        '/bin/sh -c "cat {}"' 'env A=1 sh -c "echo {}"' 'eval echo "$KV_SETTINGS_URL"' 'sh -c "echo $KV_SETTINGS_URL"' \
        'sh -c "echo ${KV_SETTINGS_URL}"' 'echo {} | sh' 'echo "echo {}" | sh -s' 'x={}; eval echo $x' 'ssh host cat {}' \
        'python3 -c "import os; os.system(\"echo {}\")"' 'perl -e "system q(echo {})"' 'echo {} | xargs -I% sh -c "echo %"' \
        'awk "BEGIN { system(\"echo {}\") }"' 'exec sh -c "echo {}"' 'command eval echo {}' 'sh <<END
echo {}
END' 'x="$(sh -c "echo {}")"; echo "$x"' '$SHELL -c "echo {}"' 'flock . -c "echo {}"' 'sudo "echo {}"' 'make -f- x "X={};"'; do
        echo "== $command"
        fails 5 kv-export -d "$DSN" -f "$DUMP" -j 1 --settings-command "$command"
        assert_missing ran "$DUMP"
        assert_contains "$stderr" "could run a part of" KV_SETTINGS_URL --no-settings=repo
    done
    sql "DELETE FROM graveler_repositories"
    add_repository plain gs://b/team-1.a/x_y@z=%25+,
    for command in 'sh -c "printf %s {}"' "sh -c 'printf %s {}'" 'eval printf %s {}' 'printf %s {} | xargs printf %s'; do
        export_rules --settings-command "$command"
        assert_rules "plain: gs://b/team-1.a/x_y@z=%+,/_lakefs/settings/protected_branches.json"
    done
}

@test "a command of plain words needs no shell" {
    add_repository repo 'gs://b/$(touch ran) *'
    export_rules --settings-command 'printf %s {}'
    assert_rules 'repo: gs://b/$(touch ran) */_lakefs/settings/protected_branches.json'
    printf '#!/bin/sh\nprintf "%%s, %%s" "$(ps -o comm= -p "$PPID")" "$#"\n' >"$BATS_TEST_TMPDIR/parent"
    chmod +x "$BATS_TEST_TMPDIR/parent"
    PATH=$BATS_TEST_TMPDIR:$PATH export_rules --settings-command '  parent	{}  a=b '
    assert_rules "repo: kv-export, 2"
}

@test "a failing command is refused, and its message reported" {
    add_repository repo gs://bucket/repo
    check_refused 'echo the object; echo no access to "$1" >&2; exit 3 # {}'
    assert_contains "$stderr" "exit code 3" gs://bucket/repo/_lakefs/settings/protected_branches.json \
        "Its output: no access to gs://bucket/repo/_lakefs"
    check_refused 'kill -9 $$; echo {}'
    assert_contains "$stderr" "signal 9"
    check_refused '/nonexistent/program {}'
    assert_contains "$stderr" "exit code 127" /nonexistent/program
    check_refused 'if {}'
    # The last output counts, escaped for the terminal.
    check_refused 'seq 1 100000 >&2; printf "\033[2Jend\n" >&2; exit 1; {}'
    assert_contains "$stderr" 100000 "[2Jend"
    refute_contains "$stderr" $'\033' $'\n1\n'
}

@test "a command without {} would fetch the same rules for all: wrong usage" {
    fails 1 kv-export -d "$DSN" -f "$DUMP" --settings-command "cat file"
    assert_contains "$stderr" "{}" --settings-command
    assert_missing "$DUMP"
}

@test "endless output is cut off, and refused" {
    add_repository repo gs://bucket/repo
    check_refused 'yes {}'
    assert_contains "$stderr" "too large"
    eventually test -z "$(command_lines_with "yes gs://bucket/repo")"
}

@test "a command gets no input and no password, and leaves nothing running" {
    add_repository repo gs://bucket/repo
    PGPASSWORD=secret export_rules --settings-command 'cat; printf %s "${PGPASSWORD-none}"; sleep 98765 >/dev/null 2>&1 3>&- & : {}' \
        <<<"input"
    assert_rules "repo: none"
    eventually test -z "$(command_lines_with "sleep 98765")"
}

@test "a command that hangs ends with the export, and so do its child processes" {
    local signal
    add_repository repo gs://bucket/repo
    add_repository second gs://bucket/second
    for signal in INT TERM; do
        background env --default-signal=INT kv-export -d "$DSN" -f "$DUMP" -j 2 --settings-command 'sh -c "sleep 87654; :"; : {}'
        eventually sleeps 87654
        kill -"$signal" "$BACKGROUND"
        background_ends $((128 + $(kill -l "$signal")))
        eventually sleeps_not 87654
        assert_missing "$DUMP" "$DUMP.partial"
    done
    # Even one that ignores signals.
    background kv-export -d "$DSN" -f "$DUMP" --settings-command 'trap "" TERM; while :; do sleep 76543; done; : {}'
    eventually sleeps 76543
    kill -TERM "$BACKGROUND"
    background_ends 143
    eventually sleeps_not 76543
    eventually nobody_else
}

sleeps() {
    [ -n "$(command_lines_with "sleep $1")" ]
}

sleeps_not() {
    ! sleeps "$1"
}

@test "a failure also ends the commands for other repositories" {
    add_repository hangs gs://bucket/hangs
    add_repository repo gs://bucket/repo
    run --separate-stderr -5 timeout 30 kv-export -d "$DSN" -f "$DUMP" -j 2 \
        --settings-command 'case {} in *hangs*) sleep 65432 ;; *) exit 9 ;; esac'
    assert_contains "$stderr" "exit code 9"
    eventually sleeps_not 65432
}

@test "kv-migrate succeeds with a command, and stamps nothing if it fails" {
    add_repository repo gs://bucket/repo
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN" --settings-command "exit 1; {}"
    assert_stamp 38 -
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
    add_rules gs://bucket/repo/_lakefs/settings/protected_branches.json rules
    succeeds kv-migrate up --kv-enabled -d "$DSN" --settings-command="$FETCH {}"
    assert_sql rules "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
}
