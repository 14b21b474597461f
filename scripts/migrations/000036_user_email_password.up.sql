-- Lets users log in with an e-mail address and a password. Addresses are compared case-insensitively, hence the index
-- on the lower-case form in addition to the constraint.

-- Not ADD COLUMN IF NOT EXISTS: before PostgreSQL 13 it skips an existing column, but adds the column's constraint
-- again on every run.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = 'auth_users'::regclass AND attname = 'email' AND NOT attisdropped
    ) THEN
        ALTER TABLE auth_users ADD COLUMN email text CONSTRAINT auth_users_email_key UNIQUE;
    END IF;
END
$$;

ALTER TABLE auth_users ADD COLUMN IF NOT EXISTS encrypted_password bytea;

CREATE UNIQUE INDEX IF NOT EXISTS email_unique_idx ON auth_users (lower(email));
