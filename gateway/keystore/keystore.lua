-- What the key store's Redis does at once, by name. Times are milliseconds; the server's own clock says what time it is.

-- name: lock
-- KEYS lock · ARGV token, lasts_ms. 1 when the caller holds it, also when it did already.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1

-- name: unlock
-- KEYS lock · ARGV token
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0

-- name: write
-- KEYS lock, state, segment … · ARGV token, lasts_ms, version, blob. Replaces the version before and no other, and only
-- for whoever holds the lock: one that slept through the end of its lock comes too late. Again is harmless. The segments
-- are deleted.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local version = tonumber(ARGV[3])
local stored = tonumber(redis.call('HGET', KEYS[2], 'version') or 0)
if stored ~= version - 1 then
  if stored == version and redis.call('HGET', KEYS[2], 'blob') == ARGV[4] then return 1 end
  return 0
end
redis.call('HSET', KEYS[2], 'version', ARGV[3], 'blob', ARGV[4])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

-- name: write_segments
-- KEYS lock, segment … · ARGV token, lasts_ms, octets … As `write`: for whoever holds the lock.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

-- name: delete_segments
-- KEYS lock, segment … · ARGV token, lasts_ms. As `write`: for whoever holds the lock.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

-- name: write_marks
-- KEYS lock, marks · ARGV token, lasts_ms, name, value, name, value … As `write`: for whoever holds the lock.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

-- name: write_roots
-- KEYS lock, roots · ARGV token, lasts_ms, text. As `write`: for whoever holds the lock.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

-- name: attend
-- KEYS state, nodes · ARGV node, version, lasts_ms. Renews a node's lease if it has the newest version.
if tonumber(redis.call('HGET', KEYS[1], 'version') or 0) ~= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not redis.call('HGET', KEYS[2], ARGV[1]) then -- a node has come: strike off those that went without a word
  local entries = redis.call('HGETALL', KEYS[2])
  for i = 1, #entries, 2 do
    if tonumber(string.match(entries[i + 1], ' (%d+)$')) <= now then redis.call('HDEL', KEYS[2], entries[i]) end
  end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
return 1

-- name: nodes
-- KEYS nodes. Version, milliseconds left and name of every node whose lease stands; the others are struck off.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local version, ends = string.match(entries[i + 1], '^(%d+) (%d+)$')
  if tonumber(ends) > now then
    found[#found + 1] = {tonumber(version), tonumber(ends) - now, entries[i]}
  else
    redis.call('HDEL', KEYS[1], entries[i])
  end
end
return found
