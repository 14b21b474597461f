-- Links a user to the identity under which an external identity provider knows the same person.

-- Not ADD COLUMN IF NOT EXISTS: before PostgreSQL 13 it skips an existing column, but adds the column's constraint
-- again on every run.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = 'auth_users'::regclass AND attname = 'external_id' AND NOT attisdropped
    ) THEN
        ALTER TABLE auth_users ADD COLUMN external_id text CONSTRAINT auth_users_external_id_key UNIQUE;
    END IF;
END
$$;
