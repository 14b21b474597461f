-- Lets users log in with an e-mail address and a password. Addresses that differ in case only are one address to the
-- people who type them, hence the index on the lower-case form beside the constraint.

-- Not ADD COLUMN IF NOT EXISTS: before PostgreSQL 13 it skips a column that exists, but adds the column's constraint once
-- more with every run.
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
