-- Forgetting in the SQLite ledger, by name. Each statement works on a whole batch inside SQLite, without a row passing
-- through Python, so that a batch is over sooner than a thread would have begun.
--
-- "When" below is the expression of the index message_forgettable: the next moment at which the row loses something.

-- name: make_doomed
-- operator_ids ends each id with a unit separator.
CREATE TEMP TABLE IF NOT EXISTS doomed (
    id BLOB PRIMARY KEY NOT NULL, day INTEGER NOT NULL, customer INTEGER NOT NULL, operator TEXT NOT NULL,
    country INTEGER NOT NULL, class INTEGER NOT NULL, status INTEGER NOT NULL, segments INTEGER NOT NULL,
    operator_ids TEXT NOT NULL
) WITHOUT ROWID

-- name: empty_content
-- Looks at a bounded number of rows: records that wait to be deleted may stand before those that hold content.
UPDATE message SET content = NULL, private = NULL WHERE id IN (
    SELECT id FROM (
        SELECT id, content, private FROM message INDEXED BY message_forgettable
        WHERE CASE WHEN content IS NULL AND private IS NULL THEN record_until_ms ELSE content_until_ms END <= ?1
        LIMIT ?2 * 4
    ) WHERE content IS NOT NULL OR private IS NOT NULL LIMIT ?2
)

-- name: empty_one
-- Final statuses are 3 or more (codes.py).
UPDATE message SET content = NULL, private = NULL
WHERE id = ? AND status >= 3 AND (content IS NOT NULL OR private IS NOT NULL)

-- name: due_records
-- Those that `doom` takes, in its order.
SELECT $message FROM message INDEXED BY message_forgettable
WHERE CASE WHEN content IS NULL AND private IS NULL THEN record_until_ms ELSE content_until_ms END <= ?1
    AND record_until_ms <= ?1
LIMIT ?2

-- name: records_before
SELECT $message FROM message WHERE id > ? AND id < ? ORDER BY id LIMIT ?

-- name: doom_one
INSERT INTO doomed
SELECT id, accepted_ms / 86400000, customer, operator, country, class, status, segments, operator_ids
FROM message WHERE id = ?

-- name: doom
INSERT INTO doomed
SELECT id, accepted_ms / 86400000, customer, operator, country, class, status, segments, operator_ids
FROM message INDEXED BY message_forgettable
WHERE CASE WHEN content IS NULL AND private IS NULL THEN record_until_ms ELSE content_until_ms END <= ?1
    AND record_until_ms <= ?1
LIMIT ?2

-- name: count_doomed
INSERT INTO traffic (day, customer, operator, country, class, status, messages, segments)
SELECT day, customer, operator, country, class, status, count(*), sum(segments)
FROM doomed WHERE true GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, segments = segments + excluded.segments

-- name: forget_links
-- Of messages with one id, as most have. A link that a newer message has taken over stays.
DELETE FROM correlation WHERE (operator, operator_message_id) IN (
    SELECT operator, substr(operator_ids, 1, length(operator_ids) - 1) FROM doomed
    WHERE instr(operator_ids, char(31)) = length(operator_ids)
) AND message IN (SELECT id FROM doomed)

-- name: forget_many_links
-- Of messages with several. JSON writes the unit separator as \u001f.
DELETE FROM correlation WHERE (operator, operator_message_id) IN (
    SELECT operator, value FROM doomed,
        json_each('[' || replace(json_quote(operator_ids), '\u001f', '","') || ']')
    WHERE instr(operator_ids, char(31)) < length(operator_ids) AND value <> ''
) AND message IN (SELECT id FROM doomed)

-- name: forget_events
DELETE FROM outbox WHERE message IN (SELECT id FROM doomed)

-- name: forget_digests
DELETE FROM idempotency WHERE message IN (SELECT id FROM doomed)

-- name: forget_records
DELETE FROM message WHERE id IN (SELECT id FROM doomed)

-- name: forget_doomed
DELETE FROM doomed

-- name: forget_orphan_links
-- A late answer of an operator that a message has left leaves a link that its record does not name: found on a walk
-- round the table, some links at a time.
DELETE FROM correlation WHERE (operator, operator_message_id) IN (
    SELECT operator, operator_message_id FROM correlation
    WHERE (operator, operator_message_id) > (?1, ?2) ORDER BY operator, operator_message_id LIMIT ?3
) AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = correlation.message)

-- name: walk_links
SELECT operator, operator_message_id FROM correlation
WHERE (operator, operator_message_id) > (?1, ?2) ORDER BY operator, operator_message_id LIMIT 1 OFFSET ?3 - 1

-- name: forget_expired_digests
-- The oldest come first, and all live equally long.
DELETE FROM idempotency WHERE (customer, digest) IN (
    SELECT customer, digest FROM (
        SELECT customer, digest, expires_ms FROM idempotency INDEXED BY idempotency_by_message ORDER BY message LIMIT ?2
    ) WHERE expires_ms <= ?1
)

-- name: forget_orphan_events
-- Events about no message, which have zeros in place of its time, go when they are old.
DELETE FROM outbox WHERE seq IN (
    SELECT seq FROM (SELECT seq, message, at_ms FROM outbox ORDER BY seq LIMIT ?1) AS oldest
    WHERE CASE WHEN substr(message, 1, 8) = zeroblob(8) THEN at_ms <= ?2
        ELSE NOT EXISTS (SELECT 1 FROM message WHERE message.id = oldest.message) END
)

-- name: next_user
SELECT min(customer) FROM usage WHERE customer > ?

-- name: forget_usage
DELETE FROM usage WHERE customer = ? AND hour < ?

-- name: retention_due
-- Looks at a bounded number of rows: each needs a look at the row itself.
SELECT
    tag,
    count(*) FILTER (WHERE holds_content),
    count(*) FILTER (WHERE record_until_ms <= ?1),
    min(content_until_ms) FILTER (WHERE holds_content),
    min(record_until_ms) FILTER (WHERE record_until_ms <= ?1)
FROM (
    SELECT tag, content IS NOT NULL OR private IS NOT NULL AS holds_content, content_until_ms, record_until_ms
    FROM message INDEXED BY message_forgettable
    WHERE CASE WHEN content IS NULL AND private IS NULL THEN record_until_ms ELSE content_until_ms END <= ?1
    LIMIT ?2
) GROUP BY tag

-- name: oldest
-- Ids are time-ordered: a tag that is not among the first rows has only younger ones.
SELECT tag, min(accepted_ms) FROM (SELECT tag, accepted_ms FROM message ORDER BY id LIMIT ?) GROUP BY tag

-- name: traffic
SELECT day, customer, operator, country, class, status, messages, segments FROM traffic
WHERE day >= ? ORDER BY day, customer, operator, country, class, status LIMIT ?
