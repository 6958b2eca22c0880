-- Reading a SQLite ledger from end to end, to copy it, and writing what no operation writes.

-- name: messages
SELECT $message, idempotency.digest, idempotency.expires_ms FROM message
LEFT JOIN idempotency ON idempotency.message = message.id AND idempotency.expires_ms > ?2
WHERE message.id > ?1 AND message.record_until_ms > ?2 ORDER BY message.id LIMIT ?3

-- name: events
SELECT seq, customer, message, status, at_ms, next_ms, attempts, esme, kind, data FROM outbox
WHERE seq > ? ORDER BY seq LIMIT ?

-- name: add_traffic
INSERT INTO traffic (day, customer, operator, country, class, status, messages, segments)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, segments = segments + excluded.segments
