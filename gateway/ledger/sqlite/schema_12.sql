-- Version 12 of the SQLite ledger: last_two of what is written from here on is covered by keys (redaction/masks.py), which
-- a gateway of an earlier version would show as it stands. What was written before stays as it is.

UPDATE meta SET value = 12 WHERE key = 'schema_version';
