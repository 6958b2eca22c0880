-- Every statement of the embedded ledger, by name. `gateway.ledger.sqlite` loads them; SQL stands nowhere else.

-- name: insert_message
INSERT INTO message (id, customer, key_id, subject, country, last_two, class, tag, status, segments, encoding, operator,
    accepted_ms, due_ms, expires_ms, content_until_ms, record_until_ms, content, private, retry_unknown, attempts,
    submitted_ms, final_ms, error, operator_ids, parts, disclosure)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: change_message
UPDATE message SET status = ?1, operator = ?2, due_ms = ?3, content_until_ms = ?4, attempts = ?5, submitted_ms = ?6,
    final_ms = ?7, error = ?8, operator_ids = ?9, parts = ?10, disclosure = ?11, segments = ?12
WHERE id = ?13 AND final_ms IS NULL

-- name: change_and_drop
UPDATE message SET status = ?1, operator = ?2, due_ms = ?3, content_until_ms = ?4, attempts = ?5, submitted_ms = ?6,
    final_ms = ?7, error = ?8, operator_ids = ?9, parts = ?10, disclosure = ?11, segments = ?12, content = NULL
WHERE id = ?13 AND final_ms IS NULL

-- name: change_if_waiting
UPDATE message SET status = ?1, operator = ?2, due_ms = ?3, content_until_ms = ?4, attempts = ?5, submitted_ms = ?6,
    final_ms = ?7, error = ?8, operator_ids = ?9, parts = ?10, disclosure = ?11, segments = ?12
WHERE id = ?13 AND final_ms IS NULL AND due_ms IS NOT NULL

-- name: drop_content
UPDATE message SET content = NULL WHERE id = ?

-- name: insert_link
INSERT OR REPLACE INTO correlation (operator, operator_message_id, message, segment) VALUES (?, ?, ?, ?)

-- name: insert_event
INSERT INTO outbox (seq, customer, message, status, at_ms, next_ms, attempts) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: delete_event
DELETE FROM outbox WHERE seq = ?

-- name: delay_event
UPDATE outbox SET next_ms = ?, attempts = ? WHERE seq = ?

-- name: add_count
INSERT INTO counter (name, bucket, value) VALUES (?, ?, ?)
ON CONFLICT (bucket, name) DO UPDATE SET value = value + excluded.value

-- name: find_idempotency
SELECT message FROM idempotency WHERE customer = ? AND digest = ? AND expires_ms > ?

-- name: insert_idempotency
INSERT OR REPLACE INTO idempotency (customer, digest, message, expires_ms) VALUES (?, ?, ?, ?)

-- name: purge_idempotency
DELETE FROM idempotency WHERE (customer, digest) IN
    (SELECT customer, digest FROM idempotency WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 200)

-- name: select_message
SELECT id, customer, key_id, subject, country, last_two, class, tag, status, segments, encoding, operator, accepted_ms,
    due_ms, expires_ms, content_until_ms, record_until_ms, content, private, retry_unknown, attempts, submitted_ms,
    final_ms, error, operator_ids, parts, disclosure
FROM message

-- name: due_ids
SELECT id FROM message WHERE operator = ? AND due_ms IS NOT NULL AND due_ms <= ? ORDER BY due_ms

-- name: next_due
SELECT min(due_ms) FROM message WHERE operator = ? AND due_ms IS NOT NULL

-- name: lanes
SELECT DISTINCT operator FROM message WHERE due_ms IS NOT NULL

-- name: backlog
SELECT count(*) FROM message WHERE operator = ? AND due_ms IS NOT NULL

-- name: correlate
SELECT message, segment FROM correlation WHERE operator = ? AND operator_message_id = ?

-- name: due_events
SELECT seq, customer, message, status, at_ms, next_ms, attempts FROM outbox AS event
WHERE next_ms <= ?
    AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.message = event.message AND earlier.seq < event.seq)
ORDER BY next_ms, seq

-- name: outbox_size
SELECT count(*) FROM outbox

-- name: count
SELECT value FROM counter WHERE name = ? AND bucket = ?

-- name: counts
SELECT name, value FROM counter WHERE bucket = ?

-- name: accounts_version
SELECT value FROM meta WHERE key = 'accounts'

-- name: bump_accounts
INSERT INTO meta (key, value) VALUES ('accounts', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1

-- name: schema_version
SELECT value FROM meta WHERE key = 'schema'

-- name: set_schema_version
INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', ?)

-- name: customers
SELECT id, public_id, account, settings, created_ms, disabled_ms FROM customer ORDER BY id

-- name: save_customer
INSERT INTO customer (id, public_id, account, settings, created_ms, disabled_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET public_id = excluded.public_id, account = excluded.account,
    settings = excluded.settings, created_ms = excluded.created_ms, disabled_ms = excluded.disabled_ms

-- name: keys
SELECT id, customer, prefix, digest, scopes, settings, created_ms, expires_ms, revoked_ms FROM api_key ORDER BY id

-- name: save_key
INSERT INTO api_key (id, customer, prefix, digest, scopes, settings, created_ms, expires_ms, revoked_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes, settings = excluded.settings,
    expires_ms = excluded.expires_ms, revoked_ms = excluded.revoked_ms

-- name: endpoints
SELECT customer, url, secret, settings, state, failing_since_ms, disabled_ms FROM endpoint ORDER BY customer

-- name: save_endpoint
INSERT OR REPLACE INTO endpoint (customer, url, secret, settings, state, failing_since_ms, disabled_ms)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: delete_endpoint
DELETE FROM endpoint WHERE customer = ?
