-- Version 10 of the SQLite ledger: what people permitted and forbade.

-- kind: 0 a consent, 1 a suppression. token: of the person, keyed. word: what it is about. stands: it stands in the way of
-- messages. ends_ms: when it is forgotten; 0: never. number: ascends over all rows with every write.
CREATE TABLE permission (
    kind INTEGER NOT NULL,
    customer INTEGER NOT NULL,
    token BLOB NOT NULL,
    word TEXT NOT NULL,
    stands INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    details BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (kind, customer, token, word)
) WITHOUT ROWID;

CREATE INDEX permission_stands ON permission (number) WHERE stands = 1;
CREATE INDEX permission_ends ON permission (ends_ms) WHERE ends_ms > 0;

INSERT INTO meta (key, value) VALUES ('permission', 0);

UPDATE meta SET value = 10 WHERE key = 'schema_version';
