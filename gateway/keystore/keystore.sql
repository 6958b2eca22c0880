-- The statements of the key store's own file, by name.

-- name: create
CREATE TABLE IF NOT EXISTS keystore (id INTEGER PRIMARY KEY CHECK (id = 1), blob BLOB, version INTEGER)

-- name: has_table
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?

-- name: create_marks
-- Numbers with a name, about the store as a whole. Stores of earlier versions get the table with their first mark.
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID

-- name: marks
SELECT name, value FROM mark

-- name: set_mark
INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)

-- name: begin
BEGIN IMMEDIATE

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: version
SELECT version FROM keystore

-- name: read
SELECT blob, version FROM keystore

-- name: write
INSERT OR REPLACE INTO keystore (id, blob, version) VALUES (1, ?, ?)

-- name: create_segments
-- Sealed parts of the key state, by random ids. Stores of the first layout get the table with their first part.
CREATE TABLE IF NOT EXISTS segment (id BLOB PRIMARY KEY NOT NULL, octets BLOB NOT NULL)

-- name: segment
SELECT octets FROM segment WHERE id = ?

-- name: segment_ids
SELECT id FROM segment

-- name: write_segment
INSERT INTO segment (id, octets) VALUES (?, ?)

-- name: delete_segment
DELETE FROM segment WHERE id = ?
