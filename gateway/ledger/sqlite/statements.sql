-- The statements of the SQLite ledger, by name. What begins with $ is made of the table of fields (rows.py), as are the
-- rows that positional parameters follow.

-- name: begin
BEGIN IMMEDIATE

-- name: begin_reading
BEGIN

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: rider_begins
SAVEPOINT rider

-- name: rider_rolls_back
ROLLBACK TO rider

-- name: rider_ends
RELEASE rider

-- name: copy_log
PRAGMA wal_checkpoint(PASSIVE)

-- name: checkpoint
PRAGMA wal_checkpoint(TRUNCATE)

-- ------------------------------------------------------------------------------------------------------- writing

-- name: accept_fresh
-- A message as the door makes it. Literals instead of parameters: binding is the larger part of an insert.
INSERT INTO message ($columns) VALUES ($values_by_door)

-- name: accept_any
INSERT INTO message ($columns) VALUES ($values)

-- name: change
-- Statuses below the bound (2: waiting, 3: open) may still change, and the one that is named beside it; no other row does.
UPDATE message SET $changes WHERE id = ? AND (status < ? OR status = ?)

-- name: change_and_drop
UPDATE message SET $changes, content = NULL WHERE id = ? AND (status < ? OR status = ?)

-- name: replace
UPDATE message SET $replaces WHERE id = ? AND status < ?

-- name: link
-- Operators reuse their ids: the newest message has it.
INSERT OR REPLACE INTO correlation (operator, operator_message_id, message, segment) VALUES (?, ?, ?, ?)

-- name: tell
INSERT INTO outbox (customer, message, status, at_ms, next_ms, attempts, esme) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: tell_other
INSERT INTO outbox (customer, message, status, at_ms, next_ms, attempts, esme, kind, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: last_seq
SELECT last_insert_rowid()

-- name: told
-- Binds answer in bursts: events are forgotten in runs.
DELETE FROM outbox WHERE seq BETWEEN ? AND ?

-- name: tell_later
UPDATE outbox SET next_ms = ?1, attempts = ?2 WHERE seq = ?3

-- name: followers_later
-- What comes after an event of its message is not due before it. Same parameters.
UPDATE outbox SET next_ms = ?1
WHERE message = (SELECT message FROM outbox WHERE seq = ?3) AND seq > ?3 AND next_ms < ?1 AND ?2 >= 0

-- name: count
INSERT INTO counter (name, bucket, value) VALUES (?, ?, ?)
ON CONFLICT (bucket, name) DO UPDATE SET value = value + excluded.value

-- name: spent
SELECT micro FROM spending WHERE customer = ?

-- name: spend
INSERT INTO spending (customer, micro) VALUES (?, ?) ON CONFLICT DO UPDATE SET micro = micro + excluded.micro

-- name: put_spending
INSERT OR REPLACE INTO spending (customer, micro) VALUES (?, ?)

-- name: reserve
INSERT INTO reservation (message, customer, micro) VALUES (?, ?, ?)

-- name: put_reservation
INSERT OR REPLACE INTO reservation (message, customer, micro) VALUES (?, ?, ?)

-- name: reservation_of
SELECT micro FROM reservation WHERE message = ?

-- name: take_reservation
DELETE FROM reservation WHERE message = ? RETURNING customer, micro

-- name: forget_reservation
DELETE FROM reservation WHERE message = ?

-- name: reservations
SELECT message, customer, micro FROM reservation WHERE message > ? ORDER BY message LIMIT ?

-- name: use
INSERT INTO usage (customer, hour, class, country, status, operator, messages, segments) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, segments = segments + excluded.segments

-- name: claim_digest
-- Gives the message that stands for the digest now: the earlier one unless its time is over.
INSERT INTO idempotency (customer, digest, message, expires_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (customer, digest) DO UPDATE SET
    message = CASE WHEN expires_ms <= ?5 THEN excluded.message ELSE message END,
    expires_ms = CASE WHEN expires_ms <= ?5 THEN excluded.expires_ms ELSE expires_ms END
RETURNING message

-- name: find_digest
SELECT message FROM idempotency WHERE customer = ?1 AND digest = ?2 AND expires_ms > ?3

-- name: purge_digests
-- Looks at a bounded number of the oldest only, whatever it finds.
DELETE FROM idempotency WHERE (customer, digest) IN (
    SELECT customer, digest FROM (
        SELECT customer, digest, expires_ms FROM idempotency INDEXED BY idempotency_by_message ORDER BY message LIMIT ?2
    ) WHERE expires_ms <= ?1
)

-- ------------------------------------------------------------------------------------------------------- reading

-- name: find
SELECT $message FROM message WHERE id = ? AND customer = ? AND record_until_ms > ?

-- name: find_any
SELECT $message FROM message WHERE id = ?

-- name: list
SELECT $message FROM message WHERE customer = ? AND id < ? AND id >= ? AND record_until_ms > ? ORDER BY id DESC LIMIT ?

-- name: list_bound
-- The last id that one page looks at; an index alone answers.
SELECT id FROM message WHERE customer = ? AND id < ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET ?

-- name: list_status
SELECT $message FROM message WHERE customer = ? AND id < ? AND id >= ? AND status = ? AND record_until_ms > ?
ORDER BY id DESC LIMIT ?

-- name: list_subject
-- Walks a bounded stretch of the customer's entries in the index; only what is found is read. The pseudonyms are a JSON
-- list in upper hexadecimal: SQLite makes a set of it once, and there may be thousands.
SELECT $message FROM message INDEXED BY message_by_customer
WHERE customer = ? AND id < ? AND id >= ? AND hex(subject) IN (SELECT value FROM json_each(?))
    AND record_until_ms > ?
ORDER BY id DESC LIMIT ?

-- name: due
SELECT id FROM message INDEXED BY message_waiting
WHERE operator = ? AND due_ms IS NOT NULL AND due_ms <= ? ORDER BY due_ms, id

-- name: lanes
-- One seek per lane instead of a scan of everything that waits.
WITH RECURSIVE lane (operator) AS (
    SELECT min(operator) FROM message INDEXED BY message_waiting WHERE due_ms IS NOT NULL
    UNION ALL
    SELECT (
        SELECT min(operator) FROM message INDEXED BY message_waiting
        WHERE operator > lane.operator AND due_ms IS NOT NULL
    ) FROM lane WHERE lane.operator IS NOT NULL
)
SELECT operator FROM lane WHERE operator IS NOT NULL

-- name: backlog
SELECT count(*) FROM message INDEXED BY message_waiting WHERE operator = ? AND due_ms IS NOT NULL

-- name: correlate
SELECT $message, correlation.segment FROM correlation JOIN message ON message.id = correlation.message
WHERE correlation.operator = ? AND correlation.operator_message_id = ?

-- name: outbox_fresh
SELECT seq, customer, message, status, at_ms, next_ms, attempts, esme, CAST(kind AS BLOB), data
FROM outbox AS due INDEXED BY outbox_fresh
WHERE esme = ? AND seq > ? AND next_ms <= ? AND next_ms <= at_ms AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier WHERE earlier.message = due.message AND earlier.seq < due.seq
)
ORDER BY seq

-- name: outbox_put_off
-- Longest due first: to sort all that is due by seq would cost a large backlog the more the larger it is.
SELECT seq, customer, message, status, at_ms, next_ms, attempts, esme, CAST(kind AS BLOB), data
FROM outbox AS due INDEXED BY outbox_put_off
WHERE esme = ? AND seq > ? AND next_ms <= ? AND next_ms > at_ms AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier WHERE earlier.message = due.message AND earlier.seq < due.seq
)
ORDER BY next_ms, seq

-- name: outbox_put_off_of
SELECT seq, customer, message, status, at_ms, next_ms, attempts, esme, CAST(kind AS BLOB), data
FROM outbox INDEXED BY outbox_put_off_by_customer
WHERE customer = ? AND esme = 0 AND next_ms > at_ms AND next_ms > ? ORDER BY seq

-- name: outbox_size
SELECT (SELECT count(*) FROM outbox INDEXED BY outbox_fresh WHERE esme = ?1 AND next_ms <= at_ms)
    + (SELECT count(*) FROM outbox INDEXED BY outbox_put_off WHERE esme = ?1 AND next_ms > at_ms)

-- name: usage
SELECT customer, hour, class, country, status, operator, messages, segments FROM usage
WHERE customer = ? AND hour >= ? AND hour < ? ORDER BY hour, class, country, status, operator

-- name: users
-- One seek per customer.
WITH RECURSIVE user (customer) AS (
    SELECT min(customer) FROM usage
    UNION ALL
    SELECT (SELECT min(customer) FROM usage WHERE customer > user.customer) FROM user WHERE user.customer IS NOT NULL
)
SELECT customer FROM user WHERE customer IS NOT NULL

-- name: counter
SELECT value FROM counter WHERE bucket = ? AND name = ?

-- name: counters
SELECT name, value FROM counter WHERE bucket = ?

-- ------------------------------------------------------------------------------------------------------- accounts

-- name: accounts_version
SELECT value FROM meta WHERE key = 'accounts_version'

-- name: accounts_changed
-- A write that was not done, because something else stood there than what was read, changes nothing.
UPDATE meta SET value = value + 1 WHERE key = 'accounts_version' AND changes() > 0

-- name: customers
SELECT id, public_id, account, settings, created_ms, disabled_ms, version FROM customer ORDER BY id

-- name: keys
SELECT id, customer, prefix, digest, scopes, settings, created_ms, expires_ms, revoked_ms, version
FROM api_key ORDER BY id

-- name: esmes
SELECT id, customer, system_id, password, settings, created_ms, revoked_ms, version FROM esme ORDER BY id

-- name: endpoints
SELECT customer, url, secret, settings, state, failing_since_ms, disabled_ms, version FROM endpoint ORDER BY customer

-- Of each write of an account, the last two parameters: the version that its row must have, and that of all accounts;
-- NULL for any. A row's version is that of all accounts when it was written, so it never comes back. A write that is not
-- done, or whose name another row has, gives no id.

-- name: save_customer
INSERT INTO customer (id, public_id, account, settings, created_ms, disabled_ms, version)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, (SELECT value + 1 FROM meta WHERE key = 'accounts_version')
WHERE (?7 IS NULL OR ?7 = coalesce((SELECT version FROM customer WHERE id = ?1), 0))
    AND (?8 IS NULL OR ?8 = (SELECT value FROM meta WHERE key = 'accounts_version'))
ON CONFLICT (id) DO UPDATE SET
    public_id = excluded.public_id, account = excluded.account, settings = excluded.settings,
    created_ms = excluded.created_ms, disabled_ms = excluded.disabled_ms, version = excluded.version
ON CONFLICT (public_id) DO NOTHING
RETURNING id

-- name: save_key
INSERT INTO api_key (id, customer, prefix, digest, scopes, settings, created_ms, expires_ms, revoked_ms, version)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT value + 1 FROM meta WHERE key = 'accounts_version')
WHERE (?10 IS NULL OR ?10 = coalesce((SELECT version FROM api_key WHERE id = ?1), 0))
    AND (?11 IS NULL OR ?11 = (SELECT value FROM meta WHERE key = 'accounts_version'))
ON CONFLICT (id) DO UPDATE SET
    customer = excluded.customer, prefix = excluded.prefix, digest = excluded.digest, scopes = excluded.scopes,
    settings = excluded.settings, created_ms = excluded.created_ms, expires_ms = excluded.expires_ms,
    revoked_ms = excluded.revoked_ms, version = excluded.version
ON CONFLICT (prefix) DO NOTHING
RETURNING id

-- name: save_esme
INSERT INTO esme (id, customer, system_id, password, settings, created_ms, revoked_ms, version)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT value + 1 FROM meta WHERE key = 'accounts_version')
WHERE (?8 IS NULL OR ?8 = coalesce((SELECT version FROM esme WHERE id = ?1), 0))
    AND (?9 IS NULL OR ?9 = (SELECT value FROM meta WHERE key = 'accounts_version'))
ON CONFLICT (id) DO UPDATE SET
    customer = excluded.customer, system_id = excluded.system_id, password = excluded.password,
    settings = excluded.settings, created_ms = excluded.created_ms, revoked_ms = excluded.revoked_ms,
    version = excluded.version
ON CONFLICT (system_id) DO NOTHING
RETURNING id

-- name: save_endpoint
INSERT INTO endpoint (customer, url, secret, settings, state, failing_since_ms, disabled_ms, version)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT value + 1 FROM meta WHERE key = 'accounts_version')
WHERE (?8 IS NULL OR ?8 = coalesce((SELECT version FROM endpoint WHERE customer = ?1), 0))
    AND (?9 IS NULL OR ?9 = (SELECT value FROM meta WHERE key = 'accounts_version'))
ON CONFLICT (customer) DO UPDATE SET
    url = excluded.url, secret = excluded.secret, settings = excluded.settings, state = excluded.state,
    failing_since_ms = excluded.failing_since_ms, disabled_ms = excluded.disabled_ms, version = excluded.version
RETURNING customer

-- name: delete_endpoint
DELETE FROM endpoint WHERE customer = ?

-- ----------------------------------------------------------------------------------------------------------- acts

-- name: documents_version
SELECT value FROM meta WHERE key = 'documents_version'

-- name: documents_changed
UPDATE meta SET value = value + 1 WHERE key = 'documents_version'

-- name: document
SELECT kind, key, octets, version FROM document WHERE kind = ? AND key = ?

-- name: document_version
SELECT coalesce((SELECT version FROM document WHERE kind = ? AND key = ?), 0)

-- name: documents
SELECT kind, key, octets, version FROM document WHERE kind = ? AND key > ? ORDER BY key LIMIT ?

-- name: save_document
INSERT INTO document (kind, key, octets, version)
VALUES (?, ?, ?, (SELECT value FROM meta WHERE key = 'documents_version'))
ON CONFLICT (kind, key) DO UPDATE SET octets = excluded.octets, version = excluded.version

-- name: delete_document
DELETE FROM document WHERE kind = ? AND key = ?

-- name: number_entry
UPDATE meta SET value = value + 1 WHERE key = 'audit_entry'

-- name: keep_entry
INSERT INTO audit_pending (number, octets) SELECT value, ? FROM meta WHERE key = 'audit_entry'

-- name: pending_entries
SELECT number, octets FROM audit_pending WHERE number > ? ORDER BY number LIMIT ?

-- name: settle_entries
DELETE FROM audit_pending WHERE number <= ?

-- ---------------------------------------------------------------------------------------------------- permissions

-- name: permissions_of
SELECT word, stands, changed_ms, ends_ms, details, number FROM permission
WHERE kind = ? AND customer = ? AND token = ? ORDER BY word

-- name: permission_number
SELECT value FROM meta WHERE key = 'permission'

-- name: permission_numbered
UPDATE meta SET value = ? WHERE key = 'permission'

-- name: put_permission
INSERT INTO permission (kind, customer, token, word, stands, changed_ms, ends_ms, details, number)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, customer, token, word) DO UPDATE SET
    stands = excluded.stands, changed_ms = excluded.changed_ms, ends_ms = excluded.ends_ms,
    details = excluded.details, number = excluded.number
WHERE (excluded.changed_ms, excluded.stands) > (permission.changed_ms, permission.stands)
    AND NOT (permission.stands AND excluded.stands AND permission.ends_ms = 0 AND excluded.ends_ms > 0)

-- name: lift_permission
DELETE FROM permission WHERE kind = ? AND customer = ? AND token = ? AND word = ? AND changed_ms < ?

-- name: prolong_permission
UPDATE permission SET ends_ms = ?5
WHERE kind = ?1 AND customer = ?2 AND token = ?3 AND word = ?4 AND ends_ms > 0 AND ends_ms < ?5

-- name: permissions_in_the_way
SELECT number, token FROM permission WHERE stands = 1 AND number > ? ORDER BY number LIMIT ?

-- name: permissions
SELECT kind, customer, token, word, stands, changed_ms, ends_ms, details, number FROM permission
WHERE (kind, customer, token, word) > (?, ?, ?, ?) ORDER BY kind, customer, token, word LIMIT ?

-- name: forget_permissions
DELETE FROM permission WHERE (kind, customer, token, word) IN (
    SELECT kind, customer, token, word FROM permission WHERE ends_ms > 0 AND ends_ms <= ? LIMIT ?)

-- ------------------------------------------------------------------------------------------------------ structure

-- name: has_meta
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'

-- name: has_tables
SELECT count(*) FROM sqlite_schema

-- name: schema_version
SELECT value FROM meta WHERE key = 'schema_version'

-- name: marks
-- Numbers with a name, about the ledger as a whole; those that it is read by are none of them.
SELECT key, value FROM meta
WHERE key NOT IN ('schema_version', 'accounts_version', 'documents_version', 'audit_entry', 'permission')

-- name: set_mark
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: claim_mark
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING

-- name: holds_sealed
SELECT EXISTS (SELECT 1 FROM customer) OR EXISTS (SELECT 1 FROM api_key) OR EXISTS (SELECT 1 FROM esme)
    OR EXISTS (SELECT 1 FROM endpoint) OR EXISTS (SELECT 1 FROM message)

-- name: has_documents
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'document'

-- name: holds_documents
SELECT EXISTS (SELECT 1 FROM document)

-- name: stored_fields
SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%' ORDER BY 1
