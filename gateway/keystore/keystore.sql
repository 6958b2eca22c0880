-- The statements of the key store's own file, by name.

-- name: create
CREATE TABLE IF NOT EXISTS keystore (id INTEGER PRIMARY KEY CHECK (id = 1), blob BLOB, version INTEGER)

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
