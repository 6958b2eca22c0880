-- Version 7 of the SQLite ledger: what people set, and the audit entries of acts, in one transaction with accounts.

-- octets: what the owner of the kind encodes. version: that of all documents when it was written, so it never comes back.
CREATE TABLE document (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    octets BLOB NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

-- Entries that are not in the log's tree yet.
CREATE TABLE audit_pending (number INTEGER PRIMARY KEY NOT NULL, octets BLOB NOT NULL);

INSERT INTO meta (key, value) VALUES ('documents_version', 0), ('audit_entry', 0);

UPDATE meta SET value = 7 WHERE key = 'schema_version';
