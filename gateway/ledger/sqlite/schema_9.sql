-- Version 9 of the SQLite ledger: a record shows by a tag of its own that nobody else changed it.

-- Empty: none, as in records from before it.
ALTER TABLE message ADD COLUMN record_tag BLOB NOT NULL DEFAULT x'';

UPDATE meta SET value = 9 WHERE key = 'schema_version';
