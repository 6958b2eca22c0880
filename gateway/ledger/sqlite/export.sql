-- Reading a SQLite ledger from end to end, to copy it, and writing what no operation writes.

-- name: messages
SELECT $message, idempotency.digest, idempotency.expires_ms FROM message
LEFT JOIN idempotency ON idempotency.message = message.id AND idempotency.expires_ms > ?2
WHERE message.id > ?1 AND message.record_until_ms > ?2 ORDER BY message.id LIMIT ?3

-- name: events
SELECT seq, customer, message, status, at_ms, next_ms, attempts, esme, kind, data FROM outbox
WHERE seq > ? ORDER BY seq LIMIT ?

-- name: kinds
SELECT DISTINCT kind FROM document ORDER BY kind

-- name: last_entry
SELECT value FROM meta WHERE key = 'audit_entry'

-- name: put_entry
INSERT INTO audit_pending (number, octets) VALUES (?, ?) ON CONFLICT DO UPDATE SET octets = excluded.octets

-- name: put_last_entry
UPDATE meta SET value = max(value, ?) WHERE key = 'audit_entry'

-- name: add_traffic
INSERT INTO traffic (day, customer, operator, country, class, status, messages, segments)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, segments = segments + excluded.segments

-- name: add_usage
INSERT INTO usage (customer, hour, class, country, status, operator, messages, segments) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, segments = segments + excluded.segments
