-- Version 5 of the SQLite ledger: events of other kinds than the status of a message.

-- kind is 'status', or the type under which the webhook has it. Where an event is about no message, eight zeros and its
-- customer stand for one, and its status is -1.
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'status';

ALTER TABLE outbox ADD COLUMN data BLOB NOT NULL DEFAULT x'';

UPDATE meta SET value = 5 WHERE key = 'schema_version';
