-- Version 6 of the SQLite ledger.

-- ---------------------------------------------------------------- the outbox: by what is due, not by what waits

-- A fresh event is due at once and in the first of these; one that was put off is in the second. An event moves when it
-- is put off, so it costs one entry as before, and a reading looks at nothing that is not due.
DROP INDEX outbox_by_esme;

CREATE INDEX outbox_fresh ON outbox (esme) WHERE next_ms <= at_ms;

CREATE INDEX outbox_put_off ON outbox (esme, next_ms) WHERE next_ms > at_ms;

-- What was put off for one customer, for whoever has it tried again at once.
CREATE INDEX outbox_put_off_by_customer ON outbox (customer, esme) WHERE next_ms > at_ms;

UPDATE meta SET value = 6 WHERE key = 'schema_version';
