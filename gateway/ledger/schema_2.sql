-- Version 2 of the SQLite ledger: what remains of a message when its record is gone.

-- Counts without a subject. day: whole days since the epoch, UTC, of the acceptance. class and status are codes.
CREATE TABLE traffic (
    day INTEGER NOT NULL,
    customer INTEGER NOT NULL,
    operator TEXT NOT NULL,
    country INTEGER NOT NULL,
    class INTEGER NOT NULL,
    status INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    PRIMARY KEY (day, customer, operator, country, class, status)
) WITHOUT ROWID;

UPDATE meta SET value = 2 WHERE key = 'schema_version';
