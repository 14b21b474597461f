-- Lets users come from an outside source. The name under which a source knows a user can be unfit to show, so a friendly
-- name goes beside it, and the source is remembered; the users of before are the program's own, with an empty source.

ALTER TABLE auth_users
    ADD COLUMN IF NOT EXISTS friendly_name text,
    ADD COLUMN IF NOT EXISTS source text NOT NULL DEFAULT '';

COMMENT ON COLUMN auth_users.friendly_name IS 'If set, a shorter name for user than "display_name".';
