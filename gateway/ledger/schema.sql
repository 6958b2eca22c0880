-- The embedded ledger, version 1. Every column is declared in redaction/inventory.py; times are epoch milliseconds.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- One row per message, in order of acceptance (ids are time-ordered).
CREATE TABLE message (
    id               BLOB PRIMARY KEY,
    customer         INTEGER NOT NULL,
    key_id           INTEGER NOT NULL,
    subject          BLOB NOT NULL,
    country          INTEGER NOT NULL,
    last_two         INTEGER NOT NULL,
    class            INTEGER NOT NULL,
    tag              TEXT NOT NULL CHECK (tag <> ''),
    status           INTEGER NOT NULL,
    segments         INTEGER NOT NULL,
    encoding         TEXT NOT NULL,
    operator         TEXT NOT NULL,
    accepted_ms      INTEGER NOT NULL,
    due_ms           INTEGER,
    expires_ms       INTEGER NOT NULL,
    content_until_ms INTEGER NOT NULL,
    record_until_ms  INTEGER NOT NULL,
    content          BLOB,
    private          BLOB,
    retry_unknown    INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    submitted_ms     INTEGER,
    final_ms         INTEGER,
    error            TEXT,
    operator_ids     TEXT NOT NULL,
    parts            BLOB NOT NULL,
    disclosure       INTEGER NOT NULL
) WITHOUT ROWID;

-- What dispatch still has to look at; a message leaves it when every segment is with an operator.
CREATE INDEX message_waiting ON message (operator, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX message_of_customer ON message (customer, id);
CREATE INDEX message_of_subject ON message (customer, subject);

-- From an operator's id to the segment that its receipts speak of.
CREATE TABLE correlation (
    operator            TEXT NOT NULL,
    operator_message_id TEXT NOT NULL,
    message             BLOB NOT NULL,
    segment             INTEGER NOT NULL,
    PRIMARY KEY (operator, operator_message_id)
) WITHOUT ROWID;

-- What customers are still to be told.
CREATE TABLE outbox (
    seq      INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL,
    message  BLOB NOT NULL,
    status   INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    next_ms  INTEGER NOT NULL,
    attempts INTEGER NOT NULL
);
CREATE INDEX outbox_next ON outbox (next_ms);
CREATE INDEX outbox_of_message ON outbox (message);

CREATE TABLE idempotency (
    customer   INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    message    BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (customer, digest)
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_ms);

CREATE TABLE counter (
    name   TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    value  INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)
) WITHOUT ROWID;

CREATE TABLE customer (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT NOT NULL UNIQUE,
    account     BLOB NOT NULL,
    settings    BLOB NOT NULL,
    created_ms  INTEGER NOT NULL,
    disabled_ms INTEGER
);

CREATE TABLE api_key (
    id         INTEGER PRIMARY KEY,
    customer   INTEGER NOT NULL,
    prefix     TEXT NOT NULL UNIQUE,
    digest     BLOB NOT NULL UNIQUE,
    scopes     TEXT NOT NULL,
    settings   BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
);

CREATE TABLE endpoint (
    customer         INTEGER PRIMARY KEY,
    url              BLOB NOT NULL,
    secret           BLOB NOT NULL,
    settings         BLOB NOT NULL,
    state            TEXT NOT NULL,
    failing_since_ms INTEGER,
    disabled_ms      INTEGER
);
