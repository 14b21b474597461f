-- Renames the secret of a credential to the name that S3 clients use.

ALTER TABLE auth_credentials RENAME COLUMN access_secret_key TO secret_access_key;
