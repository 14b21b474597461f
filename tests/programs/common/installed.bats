#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where `make install` puts files, that they work there, and that `make uninstall` removes all of them.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own
# shellcheck disable=SC2016 # what is in single quotes is for another shell

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    export ROOT=$BATS_FILE_TMPDIR/root
    in_top install
}

# in_top TARGET: makes the target with ROOT as DESTDIR, independent of a make that runs the tests.
in_top() {
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -s -C "$TESTS_DIR/.." PREFIX=/usr DESTDIR="$ROOT" "$1"
}

# files: prints the installed files and links.
files() {
    (cd "$ROOT" && find . ! -type d | cut -c 2- | LC_ALL=C sort)
}

@test "make install installs programs, parts, migrations, manual pages, completions and the format's specification" {
    local migrations
    migrations=$(cd "$MIGRATIONS_DIR" && printf '%s\n' *.up.sql)
    assert_contains "$migrations" 000021_ 000038_
    assert_equal "$(files)" "$(LC_ALL=C sort <<FILES
/usr/bin/kv-export
/usr/bin/kv-import
/usr/bin/kv-migrate
/usr/bin/kv-replay
/usr/libexec/kv-migrate/kv-migrate-session
/usr/libexec/kv-migrate/kv-replay-session
/usr/share/bash-completion/completions/kv-export
/usr/share/bash-completion/completions/kv-import
/usr/share/bash-completion/completions/kv-migrate
/usr/share/bash-completion/completions/kv-replay
/usr/share/kv-migrate/FORMAT.md
/usr/share/kv-migrate/UPGRADING.md
${migrations//0000/\/usr\/share\/kv-migrate\/migrations\/0000}
/usr/share/man/man1/kv-export.1
/usr/share/man/man1/kv-import.1
/usr/share/man/man1/kv-migrate.1
/usr/share/man/man1/kv-replay.1
/usr/share/man/man5/kv-dump.5
/usr/share/zsh/site-functions/_kv-migrate
FILES
    )"
}

@test "installed files can be read, and programs run, by everybody" {
    assert_equal "$(find "$ROOT" ! -type l ! -perm -o=r)" ""
    assert_equal "$(find "$ROOT" -type d ! -perm -o=x)" ""
    assert_equal "$(find "$ROOT" ! -type l -perm /o=w)" ""
    assert_equal "$(find "$ROOT" -type f -perm -o=x -printf '%f\n' | sort)" \
        $'kv-export\nkv-import\nkv-migrate\nkv-migrate-session\nkv-replay\nkv-replay-session'
}

@test "the manual pages can be read" {
    local page shown
    for page in "$ROOT"/usr/share/man/man?/*; do
        echo "$page"
        run --separate-stderr -0 mandoc -T utf8 -W warning "$page"
        assert_equal "$stderr" ""
        shown=$(col -b <<<"$output")
        assert_contains "$shown" NAME DESCRIPTION EXAMPLES "SEE ALSO"
        # The name to find the page by.
        [[ $shown == *$'NAME\n     '"$(basename "${page%.*}") "* ]]
    done
    # If man is installed, it finds them.
    if command -v man >/dev/null; then
        run -0 man -M "$ROOT/usr/share/man" -P cat kv-migrate
        assert_contains "$output" --kv-enabled
        run -0 man -M "$ROOT/usr/share/man" -P cat 5 kv-dump
        assert_contains "$output" manifest
    fi
}

@test "bash and zsh find the completions" {
    local program
    for program in kv-export kv-import kv-migrate kv-replay; do
        run -0 bash --norc -c 'source "$1" && complete -p "$2"' bash "$ROOT/usr/share/bash-completion/completions/$program" \
            "$program"
    done
    run -0 timeout 60 env TERM=xterm zsh -f "$TESTS_DIR/lib/complete.zsh" "$ROOT/usr/share/zsh/site-functions" "kv-migrate cl"
    assert_equal "$output" cleanup
}

@test "the installed kv-migrate finds its parts from any folder and under any name" {
    local link=$BATS_TEST_TMPDIR/migrate
    fresh_database
    ln -s "$ROOT/usr/bin/kv-migrate" "$link"
    cd /
    # Without the checkout's programs.
    PATH=${PATH//"$KV_BIN:"/}
    refute_contains ":$PATH:" ":$KV_BIN:"
    succeeds "$ROOT/usr/bin/kv-migrate" up -d "$DSN" --new-database
    assert_contains "$stderr" "schema migration 000021_" "the schema is at version 38"
    succeeds "$link" up --kv-enabled -d "$DSN"
    assert_stamp 39 1
    assert_contains "$stderr" "kv-export: info" "kv-import: info" "migrated to version 39"
    succeeds "$ROOT/usr/bin/kv-migrate" version -d "$DSN"
}

@test "LIBEXECDIR and DATADIR are found, in a relocated tree too" {
    local place=$BATS_TEST_TMPDIR/place moved=$BATS_TEST_TMPDIR/moved
    fresh_database
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -s -C "$TESTS_DIR/.." PREFIX=/opt/kv BINDIR=/opt/programs \
        LIBEXECDIR=/srv/parts DATADIR=/var/lib/kv/data DESTDIR="$place" install
    [ -x "$place/srv/parts/kv-migrate-session" ]
    mv "$place" "$moved"
    PATH=${PATH//"$KV_BIN:"/}
    succeeds "$moved/opt/programs/kv-migrate" up --kv-enabled -d "$DSN" --new-database
    assert_stamp 39 1
    succeeds "$moved/opt/programs/kv-replay" "$FIXTURES_DIR/esti/esti.dump" -- psql -XAtc "SELECT count(*) FROM kv"
    assert_equal "$output" 440
}

@test "the installed kv-replay finds its parts from any folder and under any name" {
    local link=$BATS_TEST_TMPDIR/replay
    ln -s "$ROOT/usr/bin/kv-replay" "$link"
    cd /
    PATH=${PATH//"$KV_BIN:"/}
    succeeds "$link" "$FIXTURES_DIR/esti/esti.dump" -- psql -XAtc "SELECT count(*) FROM kv"
    # The entries of the dump, and the version.
    assert_equal "$output" 440
}

@test "make uninstall removes everything that was installed, and nothing else" {
    local other=$ROOT/usr/share/man/man1/other.1
    touch "$other" "$ROOT/usr/bin/other"
    in_top uninstall
    assert_equal "$(files)" $'/usr/bin/other\n/usr/share/man/man1/other.1'
    assert_missing "$ROOT/usr/libexec/kv-migrate" "$ROOT/usr/share/kv-migrate"
    rm "$other" "$ROOT/usr/bin/other"
}

# make_in_top ARGUMENT...: like in_top, with folders of the test's own.
make_in_top() {
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -s -C "$TESTS_DIR/.." "$@"
}

@test "make uninstall leaves other files in shared folders" {
    local place=$BATS_TEST_TMPDIR/place
    mkdir -p "$place/usr/lib/others" "$place/usr/share/migrations"
    touch "$place/usr/lib/others/parts" "$place/usr/share/migrations/000001_theirs.up.sql"
    make_in_top PREFIX=/usr LIBEXECDIR=/usr/lib DATADIR=/usr/share DESTDIR="$place" install
    [ -x "$place/usr/lib/kv-migrate-session" ]
    make_in_top PREFIX=/usr LIBEXECDIR=/usr/lib DATADIR=/usr/share DESTDIR="$place" uninstall
    assert_equal "$(cd "$place" && find . ! -type d | LC_ALL=C sort)" \
        $'./usr/lib/others/parts\n./usr/share/migrations/000001_theirs.up.sql'
}

@test "folders with shell metacharacters are refused before anything is written or removed" {
    local folder target
    for folder in "$BATS_TEST_TMPDIR/a b" "$BATS_TEST_TMPDIR/a&touch hacked" "$BATS_TEST_TMPDIR/it's" "$BATS_TEST_TMPDIR/a|b"; do
        for target in install uninstall; do
            run -2 make_in_top "$target" DESTDIR="$folder"
            assert_contains "$output" "DESTDIR" "character"
            run -2 make_in_top "$target" LIBEXECDIR="$folder" DESTDIR="$BATS_TEST_TMPDIR/place"
            assert_contains "$output" "LIBEXECDIR" "character"
        done
    done
    assert_missing "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/place" "$TESTS_DIR/../hacked"
}
