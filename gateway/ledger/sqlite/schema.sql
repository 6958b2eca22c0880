-- Version 1 of the SQLite ledger. Every statement ends a line with its semicolon.
-- Every column here is in the data inventory; the gateway does not start with one that is not.

CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;

-- id is time-ordered, so new rows append. status and class are codes (codes.py); open statuses are 0, 1, 2.
-- WITHOUT ROWID saves 41 of 528 bytes a message, indexes included, at the same CPU. message_forgettable adds 33.
CREATE TABLE message (
    id BLOB PRIMARY KEY NOT NULL,
    customer INTEGER NOT NULL,
    subject BLOB NOT NULL,
    country INTEGER NOT NULL,
    last_two INTEGER NOT NULL,
    class INTEGER NOT NULL,
    tag TEXT NOT NULL CHECK (tag <> ''),
    status INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    operator TEXT NOT NULL,
    accepted_ms INTEGER NOT NULL,
    due_ms INTEGER,
    expires_ms INTEGER NOT NULL,
    content_until_ms INTEGER NOT NULL,
    record_until_ms INTEGER NOT NULL,
    content BLOB,
    private BLOB,
    attempts INTEGER NOT NULL,
    retry_unknown INTEGER NOT NULL,
    submitted_ms INTEGER,
    final_ms INTEGER,
    error TEXT,
    operator_ids TEXT NOT NULL,
    parts BLOB NOT NULL,
    disclosure INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    notify INTEGER NOT NULL
) WITHOUT ROWID;

-- Covers claim_due: a row is here only while dispatch has something left to do.
CREATE INDEX message_waiting ON message (operator, due_ms) WHERE due_ms IS NOT NULL;

CREATE INDEX message_by_customer ON message (customer, id);

CREATE INDEX message_by_subject ON message (customer, subject);

-- The next moment at which something of the row is to be forgotten: its content, and after that the record. One entry
-- per row serves both sweeps; an index for each would cost the door one more insert.
CREATE INDEX message_forgettable ON message (
    CASE WHEN content IS NULL AND private IS NULL THEN record_until_ms ELSE content_until_ms END
);

CREATE TABLE correlation (
    operator TEXT NOT NULL,
    operator_message_id TEXT NOT NULL,
    message BLOB NOT NULL,
    segment INTEGER NOT NULL,
    PRIMARY KEY (operator, operator_message_id)
) WITHOUT ROWID;

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    customer INTEGER NOT NULL,
    message BLOB NOT NULL,
    status INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    esme INTEGER NOT NULL
);

CREATE INDEX outbox_by_message ON outbox (message);

-- What waits for the binds of one ESME account must not be passed over by those who read for another, or for webhooks.
CREATE INDEX outbox_by_esme ON outbox (esme);

CREATE TABLE idempotency (
    customer INTEGER NOT NULL,
    digest BLOB NOT NULL,
    message BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (customer, digest)
) WITHOUT ROWID;

-- Message ids are time-ordered: the oldest digests come first, for the purge.
CREATE INDEX idempotency_by_message ON idempotency (message, expires_ms);

CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL UNIQUE,
    account BLOB NOT NULL,
    settings BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    disabled_ms INTEGER
);

CREATE TABLE api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer INTEGER NOT NULL,
    prefix TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    settings BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
);

CREATE TABLE esme (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer INTEGER NOT NULL,
    system_id TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    settings BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
);

CREATE TABLE endpoint (
    customer INTEGER PRIMARY KEY NOT NULL,
    url BLOB NOT NULL,
    secret BLOB NOT NULL,
    settings BLOB NOT NULL,
    state TEXT NOT NULL,
    failing_since_ms INTEGER,
    disabled_ms INTEGER
);

CREATE TABLE counter (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)
) WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('schema_version', 1), ('accounts_version', 0);
