-- Numbers the format of a commit, because the order of a commit's parents changes its meaning with format 1.
-- Every commit that exists by now was written in format 0.

ALTER TABLE graveler_commits ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 0;
