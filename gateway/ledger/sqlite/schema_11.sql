-- Version 11 of the SQLite ledger: what customers who pay in advance have spent, and what is reserved of it.

-- micro: millionths of the unit that prices are in; with what is reserved.
CREATE TABLE spending (
    customer INTEGER PRIMARY KEY,
    micro INTEGER NOT NULL
);

-- What an open message is to cost; it goes once the message has ended.
CREATE TABLE reservation (
    message BLOB PRIMARY KEY,
    customer INTEGER NOT NULL,
    micro INTEGER NOT NULL
) WITHOUT ROWID;

UPDATE meta SET value = 11 WHERE key = 'schema_version';
