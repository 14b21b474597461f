-- Speeds up queries for the branches of a commit and for the commits that follow a commit along first parents.

CREATE INDEX graveler_branches_idx_commit_id ON graveler_branches (commit_id);

-- Commits of format 0 list the branch that was merged into last, later ones list it first. Not strict: a commit without
-- a format number is treated like the later ones.
CREATE OR REPLACE FUNCTION first_parent(parents text[], version integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF version < 1 THEN
        RETURN parents[array_upper(parents, 1)];
    END IF;
    RETURN parents[array_lower(parents, 1)];
END
$$;

CREATE INDEX graveler_commits_idx_first_parent ON graveler_commits (first_parent(parents, version));
