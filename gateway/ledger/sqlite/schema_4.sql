-- Version 4 of the SQLite ledger: rows of accounts have versions, so that no write undoes another.

ALTER TABLE customer ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE api_key ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE esme ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE endpoint ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

UPDATE meta SET value = 4 WHERE key = 'schema_version';
