-- Records each commit's generation: 1 for a commit without parents, otherwise one more than the highest generation of
-- its parents. lakeFS sets it for new commits; this file computes it for existing ones.
--
-- The rules:
-- * A commit is its id. The same id in two repositories is one commit with the parents of both rows; it is a root, of
--   generation 1 at least, when one of the rows has no parents (NULL). An empty array, or an empty id in it, is no root.
-- * Parents that are not in the table are ignored.
-- * A commit whose ancestors lead to no root keeps NULL.
-- * Damaged histories can hold cycles. A commit on a cycle has no generation and passes none on.
--
-- A history can be as deep as it has commits, so one query for each generation would take quadratic time. The walk
-- below visits each commit and each edge once.

ALTER TABLE graveler_commits ADD COLUMN generation integer;

-- How it works. The commits are numbered, so that the graph fits in plain arrays. A depth-first walk goes from every
-- commit to its parents and leaves a commit after all its ancestors. When it leaves one, the parents' generations are
-- known, and the commit's own is one more than the highest. On a cycle no such order exists: Tarjan's algorithm, which
-- is that same walk with some bookkeeping, finds the groups of commits that reach each other ("strongly connected
-- components"). A group of more than one commit, or a commit that is its own parent, is a cycle.
-- The walk keeps its own stack, because a recursive function would exceed the server's stack on a deep history.
DO $$
DECLARE
    -- The graph. Commits are numbered from 1 to commit_count. The edges from child to parent are sorted by child: a
    -- commit's edges start at first_edge[commit] and go on as long as edge_child is that commit.
    commit_count integer;
    commit_ids text[];
    commit_is_root boolean[];
    edge_child integer[];
    edge_parent integer[];
    first_edge integer[];

    -- The walk: the path from its start to the current commit, and for each commit the edge to follow next.
    path integer[];
    path_length integer := 0;
    next_edge integer[];

    -- Tarjan's bookkeeping. visited: when the walk reached a commit, 0 for never. pending: the commits whose group is
    -- not complete, in the order of visits. lowest: the earliest visit among the pending commits known to be reachable.
    -- A commit that reaches none earlier than itself is the first of its group, which is then complete and on top of
    -- pending.
    visits integer := 0;
    visited integer[];
    lowest integer[];
    pending integer[];
    pending_count integer := 0;
    is_pending boolean[];

    -- The result. 0 stands for none: arrays without NULLs are faster.
    generations integer[];

    this_commit integer;
    this_parent integer;
    group_member integer;
    this_generation integer;
    on_cycle boolean;
BEGIN
    -- Byte order does not depend on the database's collation.
    WITH node AS (
        SELECT
            commits.id,
            bool_or(commits.parents IS NULL) AS is_root,
            row_number() OVER (ORDER BY commits.id COLLATE "C")::integer AS number
        FROM graveler_commits AS commits
        GROUP BY commits.id
    ),
    edge AS (
        SELECT DISTINCT child.number AS child, parent.number AS parent
        FROM graveler_commits AS commits
        CROSS JOIN LATERAL unnest(commits.parents) AS member (id)
        JOIN node AS child ON child.id = commits.id
        JOIN node AS parent ON parent.id = member.id
    )
    SELECT
        (SELECT count(*) FROM node),
        (SELECT array_agg(node.id ORDER BY node.number) FROM node),
        (SELECT array_agg(node.is_root ORDER BY node.number) FROM node),
        (SELECT array_agg(edge.child ORDER BY edge.child, edge.parent) FROM edge),
        (SELECT array_agg(edge.parent ORDER BY edge.child, edge.parent) FROM edge)
    INTO commit_count, commit_ids, commit_is_root, edge_child, edge_parent;

    first_edge := array_fill(0, ARRAY[commit_count]);
    path := array_fill(0, ARRAY[commit_count]);
    visited := array_fill(0, ARRAY[commit_count]);
    lowest := array_fill(0, ARRAY[commit_count]);
    pending := array_fill(0, ARRAY[commit_count]);
    is_pending := array_fill(false, ARRAY[commit_count]);
    generations := array_fill(0, ARRAY[commit_count]);

    FOR edge IN REVERSE coalesce(cardinality(edge_child), 0)..1 LOOP
        first_edge[edge_child[edge]] := edge;
    END LOOP;
    next_edge := first_edge;

    FOR start IN 1..commit_count LOOP
        CONTINUE WHEN visited[start] > 0;
        path_length := 1;
        path[1] := start;

        WHILE path_length > 0 LOOP
            this_commit := path[path_length];

            IF visited[this_commit] = 0 THEN
                visits := visits + 1;
                visited[this_commit] := visits;
                lowest[this_commit] := visits;
                pending_count := pending_count + 1;
                pending[pending_count] := this_commit;
                is_pending[this_commit] := true;
            END IF;

            -- Past the last edge, and at 0 if a commit has none, the array yields NULL.
            IF edge_child[next_edge[this_commit]] = this_commit THEN
                -- An unvisited parent is processed twice: before the walk goes there and after it returns.
                this_parent := edge_parent[next_edge[this_commit]];
                IF visited[this_parent] = 0 THEN
                    path_length := path_length + 1;
                    path[path_length] := this_parent;
                ELSE
                    IF is_pending[this_parent] THEN
                        lowest[this_commit] := least(lowest[this_commit], lowest[this_parent]);
                    END IF;
                    next_edge[this_commit] := next_edge[this_commit] + 1;
                END IF;
                CONTINUE;
            END IF;

            path_length := path_length - 1;
            CONTINUE WHEN lowest[this_commit] < visited[this_commit];

            -- A group is complete.
            on_cycle := pending[pending_count] <> this_commit;
            this_generation := CASE WHEN commit_is_root[this_commit] THEN 1 ELSE 0 END;
            FOR edge IN first_edge[this_commit]..next_edge[this_commit] - 1 LOOP
                this_parent := edge_parent[edge];
                on_cycle := on_cycle OR this_parent = this_commit;
                IF generations[this_parent] > 0 THEN
                    this_generation := greatest(this_generation, generations[this_parent] + 1);
                END IF;
            END LOOP;
            IF NOT on_cycle THEN
                generations[this_commit] := this_generation;
            END IF;
            LOOP
                group_member := pending[pending_count];
                pending_count := pending_count - 1;
                is_pending[group_member] := false;
                EXIT WHEN group_member = this_commit;
            END LOOP;
        END LOOP;
    END LOOP;

    UPDATE graveler_commits
    SET generation = result.generation
    FROM unnest(commit_ids, generations) AS result (id, generation)
    WHERE graveler_commits.id = result.id AND result.generation > 0;
END
$$;
