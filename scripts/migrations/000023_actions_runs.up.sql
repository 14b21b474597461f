-- Creates the tables for the results of hooks: a row for each run of a repository's actions, and one for each hook of a
-- run. They start empty: earlier runs were not recorded in the database.

CREATE TABLE IF NOT EXISTS actions_runs (
    repository_id text NOT NULL,
    run_id text NOT NULL,
    event_type text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    branch_id text NOT NULL,
    source_ref text NOT NULL,
    commit_id text NOT NULL,
    passed boolean NOT NULL DEFAULT false,
    CONSTRAINT actions_runs_pkey PRIMARY KEY (repository_id, run_id)
);

CREATE TABLE IF NOT EXISTS actions_run_hooks (
    repository_id text NOT NULL,
    run_id text NOT NULL,
    hook_run_id text NOT NULL,
    action_name text NOT NULL,
    hook_id text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    passed boolean NOT NULL DEFAULT false,
    CONSTRAINT actions_run_hooks_pkey PRIMARY KEY (repository_id, run_id, hook_run_id)
);
