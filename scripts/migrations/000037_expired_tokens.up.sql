-- Records tokens that must not be accepted again, each until it would have expired anyway.

CREATE TABLE IF NOT EXISTS auth_expired_tokens (
    token_id text NOT NULL,
    token_expires_at timestamptz NOT NULL,
    CONSTRAINT auth_expired_tokens_token_id_key UNIQUE (token_id)
);
