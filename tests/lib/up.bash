# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kv-migrate up with a small legacy database: load it after lib/setup.

# shellcheck disable=SC2034 # for the tests

setup_file() {
    make_small_template 100
}

setup() {
    make_scratch
}

# A database of 103 entries: a user, a repository, a branch, 100 objects. Sets MIGRATE, the command for it.
legacy_database() {
    fresh_database TEMPLATE "$SMALL"
    MIGRATE=(kv-migrate up --kv-enabled --no-settings -d "$DSN")
}

# assert_migrated [VERSION]
assert_migrated() {
    assert_stamp "${1-39}" 1
    assert_sql 104 "SELECT count(*) FROM kv"
}

# assert_untouched DIGEST: no KV table was created, and no legacy row was written or removed.
assert_untouched() {
    assert_stamp 38 -
    assert_equal "$(legacy_digest)" "$1"
}

# more_migrations: copies the migrations to a folder of the test's own, MORE.
more_migrations() {
    MORE=$BATS_TEST_TMPDIR/migrations
    cp -r "$MIGRATIONS_DIR" "$MORE"
}
