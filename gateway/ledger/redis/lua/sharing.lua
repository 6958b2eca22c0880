-- What the nodes share: who is there, who has which partition, counters, accounts.

local function server_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- Records have a format (packing.py). `format` is the newest that they may have, 1 where nobody has raised it; `reads` says
-- of each node up to which it reads. Nodes of the version before say nothing, and read format 1. They know `nodes`, and
-- start where `partitions` is a number that they expect: once the format is raised, nodes that are alive are in `members`
-- and the other two are of no use, so that such a node neither starts nor comes back from a pause.
local function format_of(base)
  return tonumber(redis.call('GET', base .. ':format')) or 1
end

local function alive(base, format, lease_ms)
  local key = base .. (format > 1 and ':members' or ':nodes')
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(server_ms() - lease_ms))
  return key
end

-- KEYS: {cg}. ARGV: node, lease_ms, the newest format that it reads. The server's time, the nodes that are alive, this one
-- among them, and the ledger's format.
local function beat(keys, args)
  local base, now_ms, reads = keys[1], server_ms(), keys[1] .. ':reads'
  local format = format_of(base)
  local key = alive(base, format, tonumber(args[2]))
  redis.call('ZADD', key, text(now_ms), args[1])
  redis.call('HSET', reads, args[1], args[3])
  if redis.call('HLEN', reads) > redis.call('ZCARD', key) then
    for _, node in ipairs(redis.call('HKEYS', reads)) do
      if not redis.call('ZSCORE', key, node) then
        redis.call('HDEL', reads, node)
      end
    end
  end
  return { text(now_ms), redis.call('ZRANGE', key, 0, -1), format }
end

-- KEYS: {cg}. ARGV: node.
local function leave(keys, args)
  local base = keys[1]
  redis.call('HDEL', base .. ':reads', args[1])
  return redis.call('ZREM', base .. (format_of(base) > 1 and ':members' or ':nodes'), args[1])
end

-- KEYS: {cg}. ARGV: lease_ms. The ledger's format, then each node that is alive and the newest format that it reads.
local function formats(keys, args)
  local base = keys[1]
  local format = format_of(base)
  local said = { format }
  for _, node in ipairs(redis.call('ZRANGE', alive(base, format, tonumber(args[1])), 0, -1)) do
    said[#said + 1] = node
    said[#said + 1] = tonumber(redis.call('HGET', base .. ':reads', node)) or 1
  end
  return said
end

-- KEYS: {cg}. ARGV: lease_ms, format. Raises the ledger's format, unless a node that is alive cannot read it. As `formats`.
local function format_raise(keys, args)
  local base, wanted = keys[1], tonumber(args[2])
  local said = formats(keys, args)
  for at = 3, #said, 2 do
    if said[at] < wanted then
      return said
    end
  end
  if said[1] >= wanted then
    return said
  end
  if said[1] == 1 then
    redis.call('ZUNIONSTORE', base .. ':members', 1, base .. ':nodes')
    redis.call('SET', base .. ':nodes', 'raised')
    redis.call('SET', base .. ':partitions', '-' .. (redis.call('GET', base .. ':partitions') or '0'))
  end
  redis.call('SET', base .. ':format', args[2])
  said[1] = wanted
  return said
end

-- ARGV: node, lease_ms. The new token, or 0 when another node has the partition.
local function lease_take(keys, args)
  local key, now_ms = keys[1] .. ':lease', server_ms()
  local lease = redis.call('HMGET', key, 'node', 'until', 'token')
  if lease[1] and lease[1] ~= args[1] and tonumber(lease[2]) > now_ms then
    return '0'
  end
  local token = text((tonumber(lease[3]) or 0) + 1)
  redis.call('HSET', key, 'node', args[1], 'until', text(now_ms + tonumber(args[2])), 'token', token, 'batch', 0,
    'results', '')
  return token
end

-- ARGV: token, lease_ms. 1 when it is still ours.
local function lease_renew(keys, args)
  local key = keys[1] .. ':lease'
  if redis.call('HGET', key, 'token') ~= args[1] then
    return 0
  end
  redis.call('HSET', key, 'until', text(server_ms() + tonumber(args[2])))
  return 1
end

-- Nothing: whose the partition is and until when; {'', 0} for nobody's.
local function lease_read(keys)
  local lease = redis.call('HMGET', keys[1] .. ':lease', 'node', 'until')
  return { lease[1] or '', lease[2] or '0' }
end

-- ARGV: token.
local function lease_give(keys, args)
  local key = keys[1] .. ':lease'
  if redis.call('HGET', key, 'token') ~= args[1] then
    return 0
  end
  redis.call('HSET', key, 'until', 0)
  return 1
end

-- ARGV: account, node, lease_ms. 1 when this node may tell the account's binds.
local function esme_take(keys, args)
  local key = keys[1] .. ':e:' .. args[1]
  local holder = redis.call('GET', key)
  if holder and holder ~= args[2] then
    return 0
  end
  redis.call('SET', key, args[2], 'PX', args[3])
  return 1
end

-- KEYS: {cg}. ARGV: node, how many of its characters are its machine's, for how long words are heard, and kept, the
-- node's words or '' for none. {node, words} of other machines. A value is 13 digits of the time, and words.
local function demand(keys, args)
  local key, now_ms, machine = keys[1] .. ':demand', server_ms(), tonumber(args[2])
  local heard_ms, kept_ms, found = tonumber(args[3]), tonumber(args[4]), {}
  local rows = redis.call('HGETALL', key)
  for at = 1, #rows, 2 do
    local node, age_ms = rows[at], now_ms - (tonumber(string.sub(rows[at + 1], 1, 13)) or 0)
    if age_ms > kept_ms then
      redis.call('HDEL', key, node)
    elseif age_ms <= heard_ms and string.sub(node, 1, machine) ~= string.sub(args[1], 1, machine) then
      found[#found + 1] = { node, string.sub(rows[at + 1], 14) }
    end
  end
  if args[5] == '' then
    redis.call('HDEL', key, args[1])
  else
    redis.call('HSET', key, args[1], text(now_ms) .. args[5])
    if redis.call('PTTL', key) < kept_ms / 2 then
      redis.call('PEXPIRE', key, text(kept_ms))
    end
  end
  return found
end

local USAGE_LIFE_MS = 400 * DAY_MS

-- rows {customer, day, field, messages, segments}
local function add_usage(base, rows)
  for _, row in ipairs(rows) do
    local customer = text(row[1])
    local key = base .. ':u:' .. customer .. ':' .. text(row[2])
    redis.call('HINCRBY', key, 'm' .. row[3], text(row[4]))
    redis.call('HINCRBY', key, 's' .. row[3], text(row[5]))
    redis.call('PEXPIRE', key, text(USAGE_LIFE_MS))
    redis.call('SADD', base .. ':us', customer)
  end
end

-- KEYS: {cg}. ARGV: node, number of the batch, rows {bucket, name, amount}, rows of usage or nothing. Added once, however
-- often it is asked.
local function count(keys, args)
  local done = keys[1] .. ':counted'
  if (tonumber(redis.call('HGET', done, args[1])) or 0) >= tonumber(args[2]) then
    return 0
  end
  for _, row in ipairs(cmsgpack.unpack(args[3])) do
    local key = keys[1] .. ':n:' .. text(row[1])
    redis.call('HINCRBY', key, row[2], text(row[3]))
    redis.call('PEXPIRE', key, text(40 * DAY_MS))
  end
  add_usage(keys[1], args[4] and cmsgpack.unpack(args[4]) or {})
  redis.call('HSET', done, args[1], args[2])
  redis.call('PEXPIRE', done, text(DAY_MS))
  return 1
end

-- The version of a row: the first digits of its digest, so that it changes with whoever writes; zeros for no row.
local function fingerprint(row)
  return row and string.sub(redis.sha1hex(row), 1, 12) or '000000000000'
end

-- KEYS: {cg}. ARGV: kind, id or 0, row, unique name or '', and, each '' or absent for any: the version that the row must
-- have, and that of all accounts; packed audit entries that are kept with it. The id; 0 when another one has the name, -1 when something else stands than was read.
local function save(keys, args)
  local base, kind, id = keys[1], args[1], tonumber(args[2])
  local names, rows, last = base .. ':a:names', base .. ':a:' .. kind, base .. ':a:last'
  if (args[5] or '') ~= '' and args[5] ~= fingerprint(redis.call('HGET', rows, id)) then
    return -1
  end
  if (args[6] or '') ~= '' and args[6] ~= (redis.call('GET', base .. ':a:version') or '0') then
    return -1
  end
  local name = kind .. ':' .. args[4]
  local owner = tonumber(redis.call('HGET', names, name))
  if args[4] ~= '' and owner and owner ~= id then
    return 0
  end
  if id == 0 then
    id = redis.call('HINCRBY', last, kind, 1)
  elseif id > (tonumber(redis.call('HGET', last, kind)) or 0) then
    redis.call('HSET', last, kind, id)
  end
  if args[4] ~= '' then
    redis.call('HSET', names, name, id)
  end
  redis.call('HSET', rows, id, args[3])
  redis.call('INCR', base .. ':a:version')
  keep_entries(base, args[7])
  return id
end

-- KEYS: {cg}. ARGV: kind, id, packed audit entries that are kept with it.
local function remove(keys, args)
  keep_entries(keys[1], args[3])
  redis.call('HDEL', keys[1] .. ':a:' .. args[1], args[2])
  return redis.call('INCR', keys[1] .. ':a:version')
end

redis.register_function({ function_name = PREFIX .. 'beat', callback = beat, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'leave', callback = leave, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'formats', callback = formats, flags = { 'allow-oom' } })
redis.register_function(PREFIX .. 'format_raise', format_raise)
redis.register_function({ function_name = PREFIX .. 'lease_take', callback = lease_take, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'lease_renew', callback = lease_renew, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'lease_read', callback = lease_read, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'lease_give', callback = lease_give, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'esme_take', callback = esme_take, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'demand', callback = demand, flags = { 'allow-oom' } })
redis.register_function(PREFIX .. 'count', count)
redis.register_function(PREFIX .. 'save', save)
redis.register_function(PREFIX .. 'remove', remove)

-- ARGV: notes for the node that has the partition.
local function leave_notes(keys, args)
  return redis.call('RPUSH', keys[1] .. ':inbox', unpack(args))
end

-- KEYS: {cg}. ARGV: number of partitions, those that are ours, receipts {note, links {slot, row, field}}. For a server
-- that has every slot. Leaves each note with the partition of the message that the first known link leads to, unless
-- that is ours. A letter for each: 0 no link, 1 ours, 2 left.
local function pass_on(keys, args)
  local stem, partitions = string.sub(keys[1], 1, -2) .. ':', tonumber(args[1])
  local ours, letters, notes = {}, {}, {}
  for _, partition in ipairs(cmsgpack.unpack(args[2])) do
    ours[partition] = true
  end
  for at, receipt in ipairs(cmsgpack.unpack(args[3])) do
    local value = false
    for _, link in ipairs(receipt[2]) do
      value = value or redis.call('HGET', rows_key(stem .. link[1] .. '}', 'k', link[2]), link[3])
    end
    local place = value and string.byte(value, 9) % partitions
    letters[at] = value and (ours[place] and '1' or '2') or '0'
    if letters[at] == '2' then
      notes[place] = notes[place] or {}
      table.insert(notes[place], receipt[1])
    end
  end
  for place, rows in pairs(notes) do
    call_with('RPUSH', stem .. place .. '}:inbox', rows)
  end
  return table.concat(letters)
end

-- KEYS: {cg}. ARGV: most notes of each, partitions. For a server that has every slot. {partition, oldest notes} of those
-- that have any.
local function read_notes(keys, args)
  local stem, found = string.sub(keys[1], 1, -2) .. ':', {}
  for _, partition in ipairs(cmsgpack.unpack(args[2])) do
    local notes = redis.call('LRANGE', stem .. partition .. '}:inbox', 0, tonumber(args[1]) - 1)
    if #notes > 0 then
      found[#found + 1] = { partition, notes }
    end
  end
  return found
end

-- ARGV: token under which they were read, how many. Takes the oldest away.
local function drop_notes(keys, args)
  if redis.call('HGET', keys[1] .. ':lease', 'token') ~= args[1] then
    return 0
  end
  redis.call('LTRIM', keys[1] .. ':inbox', args[2], -1)
  return 1
end

redis.register_function(PREFIX .. 'leave_notes', leave_notes)
redis.register_function(PREFIX .. 'pass_on', pass_on)
redis.register_function({ function_name = PREFIX .. 'read_notes', callback = read_notes, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'drop_notes', callback = drop_notes, flags = { 'allow-oom' } })
