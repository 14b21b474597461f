-- Rows of a legacy lakeFS database at schema version 38, as in a large installation: mostly staged objects.
--
--   psql -v rows=1000000 -f legacy-data.sql
--
-- :rows staged objects on 40 branches of 4 repositories, keys of about 100 bytes and values of about 150; one commit for a
-- hundred staged objects. The same :rows make the same data.

SET synchronous_commit = off;

INSERT INTO graveler_repositories (id, storage_namespace, creation_date, default_branch)
SELECT 'repository-' || r, 's3://bucket-' || r || '/lake', timestamptz '2021-01-01 00:00:00+00' + r * interval '1 day', 'main'
FROM generate_series(1, 4) r;

INSERT INTO graveler_branches (repository_id, id, staging_token, commit_id)
SELECT 'repository-' || r, 'branch-' || b,
    'repository-' || r || '-branch-' || b || ':' || md5('token' || r || '/' || b)::uuid, encode(sha256(('commit' || r)::bytea), 'hex')
FROM generate_series(1, 4) r, generate_series(1, 10) b;

INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata, parents, version, generation)
SELECT 'repository-' || (n % 4 + 1), encode(sha256(('commit' || n)::bytea), 'hex'), 'user-' || (n % 50) || '@example.com',
    'Load of partition ' || n, timestamptz '2021-01-01 00:00:00+00' + n * interval '1 minute',
    encode(sha256(('range' || n)::bytea), 'hex'), jsonb_build_object('job', 'load-' || n % 20, 'run', n::text),
    CASE WHEN n > 4 THEN ARRAY[encode(sha256(('commit' || n - 4)::bytea), 'hex')] END, 1, (n - 1) / 4 + 1
FROM generate_series(1, :rows / 100) n;

-- The identity is a digest; the data a record of lakeFS's catalog: address, time, size, checksum, content type.
INSERT INTO graveler_staging_kv (staging_token, key, identity, data)
SELECT token, ('warehouse/events/year=2021/month=' || lpad((n % 12 + 1)::text, 2, '0') || '/day='
        || lpad((n % 28 + 1)::text, 2, '0') || '/part-' || lpad(n::text, 8, '0') || '-' || left(md5('p' || n), 24)
        || '.snappy.parquet')::bytea,
    sha256(('object' || n)::bytea),
    '\x0a20'::bytea || md5('a' || n)::bytea || '\x120c08'::bytea || substr(sha256(('t' || n)::bytea), 1, 11)
        || '\x18'::bytea || substr(sha256(('s' || n)::bytea), 1, 4) || '\x2220'::bytea || md5('c' || n)::bytea
        || '\x3a186170706c69636174696f6e2f6f637465742d73747265616d'::bytea
FROM generate_series(1, :rows) n
JOIN LATERAL (SELECT 'repository-' || (n % 4 + 1) || '-branch-' || (n / 4 % 10 + 1) || ':'
    || md5('token' || (n % 4 + 1) || '/' || (n / 4 % 10 + 1))::uuid AS token) t ON true;

INSERT INTO auth_installation_metadata (key_name, key_value) VALUES ('installation_id', md5('installation')::uuid::text);

ANALYZE;
