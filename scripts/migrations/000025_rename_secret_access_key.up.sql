-- Gives the secret of a credential the name that S3 clients use for it.

ALTER TABLE auth_credentials RENAME COLUMN access_secret_key TO secret_access_key;
