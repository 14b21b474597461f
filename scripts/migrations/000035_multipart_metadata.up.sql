-- Stores the metadata and the content type that a client gives when it starts a multipart upload, for the object that
-- results from it. They are unknown for existing uploads.

ALTER TABLE gateway_multiparts
    ADD COLUMN IF NOT EXISTS metadata jsonb,
    ADD COLUMN IF NOT EXISTS content_type text;
