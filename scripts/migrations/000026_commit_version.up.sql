-- Adds a format number to commits, because format 1 changes the meaning of the order of a commit's parents. All
-- existing commits have format 0.

ALTER TABLE graveler_commits ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 0;
