-- Version 8 of the SQLite ledger: usage.

-- hour: whole hours since the epoch, of the acceptance. class and status are codes. operator: '' of what was accepted.
CREATE TABLE usage (
    customer INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    class INTEGER NOT NULL,
    country INTEGER NOT NULL,
    status INTEGER NOT NULL,
    operator TEXT NOT NULL,
    messages INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    PRIMARY KEY (customer, hour, class, country, status, operator)
) WITHOUT ROWID;

UPDATE meta SET value = 8 WHERE key = 'schema_version';
