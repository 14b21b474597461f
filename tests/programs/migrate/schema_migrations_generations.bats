#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The schema migration that computes the generations of commits, 27, without the program that runs it.

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/schema_migrations

# add_commits: makes commits from the rows of table history (repository_id, id, parents).
add_commits() {
    sql "INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, parents)
        SELECT repository_id, id, '', '', now(), '', parents FROM history"
}

# check_generations: reads lines of repository, id, parents and the expected generation, - for NULL.
check_generations() {
    apply_migrations 21 26
    sql "CREATE TABLE history (repository_id text, id text, parents text[], generation integer)"
    psql -Xq -v ON_ERROR_STOP=1 -c "COPY history FROM STDIN (DELIMITER ' ', NULL '-')"
    add_commits
    apply_migrations 27 27
    assert_sql "" "SELECT history.*, graveler_commits.generation
        FROM history FULL JOIN graveler_commits USING (repository_id, id)
        WHERE graveler_commits.generation IS DISTINCT FROM history.generation"
    # The test is only valid if its rows have arrived.
    [ "$(sql "SELECT count(*) FROM graveler_commits")" -gt 0 ]
}

@test "27 uses the longest of several paths" {
    check_generations <<'HISTORY'
r root - 1
r short {root} 2
r long1 {root} 2
r long2 {long1} 3
r long3 {long2} 4
r merge {short,long3} 5
r turned {long3,short} 5
r tip {merge} 6
r jump {root,tip} 7
r root2 - 1
r unrelated {root2,tip} 7
r octopus {root,short,jump,long2} 8
HISTORY
}

@test "27 treats NULL as no parents, but neither an empty array nor an empty id" {
    check_generations <<'HISTORY'
r root - 1
r root_child {root} 2
r empty {} -
r empty_child {empty} -
r blank {""} -
r blank_child {blank} -
r null_member {NULL} -
r mixed {NULL,root,"",root,empty} 2
r both {empty,blank} -
HISTORY
}

@test "27 ignores missing parents" {
    check_generations <<'HISTORY'
r root - 1
r dangling {gone} -
r dangling_child {dangling} -
r partly {gone,root} 2
r partly_child {dangling_child,partly} 3
HISTORY
}

@test "27 gives commits on a cycle no generation, and does not count them for others" {
    check_generations <<'HISTORY'
r root - 1
r good {root} 2
r self {self} -
r self_rooted {self_rooted,good} -
r of_self {self_rooted} -
r of_self_and_good {self_rooted,good} 3
r pair1 {pair2,good} -
r pair2 {pair1} -
r ring1 {ring3} -
r ring2 {ring1,good} -
r ring3 {ring2,pair1} -
r of_ring {ring1,pair2} -
r of_ring_and_good {ring2,good,ring3} 3
r child_of_that {of_ring_and_good} 4
r figure1 {figure2,figure3} -
r figure2 {figure1} -
r figure3 {figure4} -
r figure4 {figure1,root} -
HISTORY
}

@test "27 identifies commits of different repositories by their id" {
    check_generations <<'HISTORY'
a root - 1
a one {root} 2
a two {one} 3
b one {root} 2
b two {one} 3
b other {two} 4
c one {gone} 2
c fork - 4
d fork {two} 4
e fork {} 4
d start - 1
e start {gone} 1
e started {start} 2
e knot {loop} -
f loop {knot} -
g knot - -
HISTORY
}

@test "27 matches its definition on any graph" {
    apply_migrations 21 26
    # 300 small graphs of 10 commits each, with increasing numbers of parents; the hash serves as a random source.
    sql "CREATE TABLE history AS
        WITH draw AS (
            SELECT graph, node, place, ('x' || substr(md5(graph || ' ' || node || ' ' || place), 1, 6))::bit(24)::integer AS chance
            FROM generate_series(1, 300) AS graph, generate_series(1, 10) AS node, generate_series(1, 1 + graph / 100) AS place
        )
        SELECT (min(chance) % 2)::text AS repository_id, graph || '-' || node AS id,
            CASE WHEN min(chance) % 5 > 0 THEN array_agg(graph || '-' || chance % 12) END AS parents
        FROM draw GROUP BY graph, node
        UNION ALL
        SELECT '2', graph || '-' || node, array_agg(graph || '-' || chance / 12 % 12)
        FROM draw WHERE node % 4 = 0 GROUP BY graph, node"
    add_commits
    apply_migrations 27 27

    # The definition, literally: all pairs of commits of which one reaches the other, then all levels of a commit.
    sql "CREATE TABLE edge AS
        SELECT DISTINCT history.id AS child, parent.id AS parent
        FROM history CROSS JOIN LATERAL unnest(history.parents) AS member (id) JOIN history AS parent ON parent.id = member.id" \
        "ANALYZE edge" \
        "CREATE TABLE cyclic AS
        WITH RECURSIVE reach AS (
            SELECT child, parent FROM edge
            UNION
            SELECT reach.child, edge.parent FROM reach JOIN edge ON edge.child = reach.parent
        )
        SELECT child AS id FROM reach WHERE child = parent" \
        "DELETE FROM edge WHERE child IN (SELECT id FROM cyclic)" \
        "CREATE TABLE level AS
        WITH RECURSIVE level AS (
            SELECT id, 1 AS generation FROM history WHERE parents IS NULL AND id NOT IN (SELECT id FROM cyclic)
            UNION
            SELECT edge.child, level.generation + 1 FROM level JOIN edge ON edge.parent = level.id
        )
        SELECT id, generation FROM level" \
        "CREATE TABLE defined AS
        SELECT id, max(level.generation) AS generation, id IN (SELECT id FROM cyclic) AS is_cyclic
        FROM history LEFT JOIN level USING (id) GROUP BY id"
    assert_sql "" "SELECT id, defined.generation, graveler_commits.generation
        FROM graveler_commits FULL JOIN defined USING (id)
        WHERE graveler_commits.generation IS DISTINCT FROM defined.generation ORDER BY id"

    # The test covers the difficult cases: deep commits, cycles, commits that no root leads to without being on a cycle.
    assert_sql "t|t|t" "SELECT max(generation) >= 5, count(*) FILTER (WHERE is_cyclic) > 100,
        count(*) FILTER (WHERE generation IS NULL AND NOT is_cyclic) > 100 FROM defined"
}

@test "27 handles a history of 100,000 commits that is as deep" {
    apply_migrations 21 26
    # Each commit follows the one before it; every tenth also merges an earlier one, which makes no path longer. The
    # hash orders the ids differently from the commits.
    sql "CREATE TABLE history AS
        SELECT 'r' AS repository_id, md5(n::text) AS id, CASE
            WHEN n = 1 THEN NULL
            WHEN n % 10 = 0 THEN ARRAY[md5((n - 9)::text), md5((n - 1)::text), md5((n / 2)::text)]
            ELSE ARRAY[md5((n - 1)::text)] END AS parents
        FROM generate_series(1, 100000) AS n"
    add_commits
    apply_migrations 27 27
    assert_sql "100000|100000|100000" "SELECT count(*), max(generation), count(*) FILTER (WHERE generation = n)
        FROM generate_series(1, 100000) AS n JOIN graveler_commits ON id = md5(n::text)"
}

@test "27 does not write rows that get no generation" {
    local before
    apply_migrations 21 26
    sql "CREATE TABLE history AS SELECT 'r' AS repository_id, 'lost' AS id, '{gone}'::text[] AS parents"
    add_commits
    before=$(sql "SELECT xmin, ctid FROM graveler_commits")
    apply_migrations 27 27
    assert_sql "$before" "SELECT xmin, ctid FROM graveler_commits"
}
