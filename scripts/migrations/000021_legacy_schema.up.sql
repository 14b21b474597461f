-- Creates the legacy schema of version 21 in an empty database.
--
-- Older versions are not supported: no installation starts below 21. Tests and the demo need to build a legacy database
-- from scratch, so this file replaces the first twenty-one migrations. It omits what no later migration and no export
-- reads: the tables of the former storage engine, the task queue, pgcrypto.

CREATE TABLE auth_users (
    id serial NOT NULL,
    created_at timestamptz NOT NULL,
    display_name text NOT NULL,
    CONSTRAINT auth_users_pkey PRIMARY KEY (id),
    CONSTRAINT auth_users_unique_display_name UNIQUE (display_name)
);

CREATE TABLE auth_groups (
    id serial NOT NULL,
    created_at timestamptz NOT NULL,
    display_name text NOT NULL,
    CONSTRAINT auth_groups_pkey PRIMARY KEY (id),
    CONSTRAINT auth_groups_unique_display_name UNIQUE (display_name)
);

CREATE TABLE auth_policies (
    id serial NOT NULL,
    created_at timestamptz NOT NULL,
    display_name text NOT NULL,
    statement jsonb NOT NULL,
    CONSTRAINT auth_policies_pkey PRIMARY KEY (id),
    CONSTRAINT auth_policies_unique_display_name UNIQUE (display_name)
);

CREATE TABLE auth_user_groups (
    user_id integer NOT NULL,
    group_id integer NOT NULL,
    CONSTRAINT auth_user_groups_pkey PRIMARY KEY (user_id, group_id),
    CONSTRAINT auth_user_groups_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE,
    CONSTRAINT auth_user_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES auth_groups (id) ON DELETE CASCADE
);

CREATE INDEX idx_auth_user_groups_user_id ON auth_user_groups (user_id);
CREATE INDEX idx_auth_user_groups_group_id ON auth_user_groups (group_id);

CREATE TABLE auth_user_policies (
    user_id integer NOT NULL,
    policy_id integer NOT NULL,
    CONSTRAINT auth_user_policies_pkey PRIMARY KEY (user_id, policy_id),
    CONSTRAINT auth_user_policies_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE,
    CONSTRAINT auth_user_policies_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES auth_policies (id) ON DELETE CASCADE
);

CREATE INDEX idx_auth_user_policies_user_id ON auth_user_policies (user_id);

CREATE TABLE auth_group_policies (
    group_id integer NOT NULL,
    policy_id integer NOT NULL,
    CONSTRAINT auth_group_policies_pkey PRIMARY KEY (group_id, policy_id),
    CONSTRAINT auth_group_policies_group_id_fkey FOREIGN KEY (group_id) REFERENCES auth_groups (id) ON DELETE CASCADE,
    CONSTRAINT auth_group_policies_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES auth_policies (id) ON DELETE CASCADE
);

CREATE INDEX idx_auth_group_policies_group_id ON auth_group_policies (group_id);

CREATE TABLE auth_credentials (
    access_key_id varchar(20) NOT NULL,
    access_secret_key bytea NOT NULL,
    issued_date timestamptz NOT NULL,
    user_id integer,
    CONSTRAINT auth_credentials_pkey PRIMARY KEY (access_key_id),
    CONSTRAINT auth_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
);

CREATE INDEX idx_auth_credentials_user_id ON auth_credentials (user_id);

CREATE TABLE auth_installation_metadata (
    key_name text NOT NULL,
    key_value text NOT NULL,
    CONSTRAINT auth_installation_metadata_pkey PRIMARY KEY (key_name)
);

CREATE TABLE gateway_multiparts (
    upload_id varchar NOT NULL,
    path varchar COLLATE "C" NOT NULL,
    creation_date timestamptz NOT NULL DEFAULT now(),
    physical_address varchar,
    CONSTRAINT gateway_multiparts_pk PRIMARY KEY (upload_id)
);

CREATE TABLE graveler_repositories (
    id text NOT NULL,
    storage_namespace text NOT NULL,
    creation_date timestamptz NOT NULL,
    default_branch text NOT NULL,
    CONSTRAINT graveler_repositories_pkey PRIMARY KEY (id)
);

CREATE TABLE graveler_branches (
    repository_id text NOT NULL,
    id text NOT NULL,
    staging_token text,
    commit_id text,
    CONSTRAINT graveler_branches_pkey PRIMARY KEY (repository_id, id)
);

CREATE TABLE graveler_tags (
    repository_id text NOT NULL,
    id text NOT NULL,
    commit_id text,
    CONSTRAINT graveler_tags_pkey PRIMARY KEY (repository_id, id)
);

CREATE TABLE graveler_commits (
    repository_id text NOT NULL,
    id text NOT NULL,
    committer text NOT NULL,
    message text NOT NULL,
    creation_date timestamptz NOT NULL,
    meta_range_id text NOT NULL,
    metadata jsonb,
    parents text[],
    CONSTRAINT graveler_commits_pkey PRIMARY KEY (repository_id, id)
);

CREATE TABLE graveler_staging_kv (
    staging_token varchar NOT NULL,
    key bytea NOT NULL,
    identity bytea,
    data bytea
) PARTITION BY HASH (staging_token);

-- The partitions' indexes keep the names from before the table was renamed, so they are created by name here; the
-- parent's index then attaches them instead of creating its own.
DO $$
BEGIN
    FOR remainder IN 0..9 LOOP
        EXECUTE format(
            'CREATE TABLE graveler_staging_kv_p%1$s PARTITION OF graveler_staging_kv '
            'FOR VALUES WITH (MODULUS 10, REMAINDER %1$s)', remainder);
        EXECUTE format(
            'CREATE UNIQUE INDEX kv_staging_p%1$s_staging_token_key_idx '
            'ON graveler_staging_kv_p%1$s (staging_token, key)', remainder);
    END LOOP;
END
$$;

CREATE UNIQUE INDEX kv_staging_uidx ON graveler_staging_kv (staging_token, key);
