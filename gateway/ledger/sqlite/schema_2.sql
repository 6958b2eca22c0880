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

-- By the first four bytes of the id, which are 65 seconds of time, before the pseudonym. Pseudonyms are random: sorted
-- by them alone every new and every forgotten message touches a page of its own, which doubles the cost of forgetting.
-- Looking a subject up walks from one stretch of time to the next, and is rare.
DROP INDEX message_by_subject;

CREATE INDEX message_by_subject ON message (substr(id, 1, 4), customer, subject);

UPDATE meta SET value = 2 WHERE key = 'schema_version';
