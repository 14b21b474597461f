-- Keeps the metadata and the content type that a client gives when it starts a multipart upload, for the object that the
-- upload becomes when it completes. For the uploads of before they are not known.

ALTER TABLE gateway_multiparts
    ADD COLUMN IF NOT EXISTS metadata jsonb,
    ADD COLUMN IF NOT EXISTS content_type text;
