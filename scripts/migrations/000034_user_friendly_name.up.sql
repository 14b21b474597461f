-- Supports users from an external source. The name under which a source knows a user may be unsuitable for display, so
-- a friendly name is added, and the source is recorded; existing users are lakeFS's own and get an empty source.

ALTER TABLE auth_users
    ADD COLUMN IF NOT EXISTS friendly_name text,
    ADD COLUMN IF NOT EXISTS source text NOT NULL DEFAULT '';

COMMENT ON COLUMN auth_users.friendly_name IS 'If set, a shorter name for user than "display_name".';
