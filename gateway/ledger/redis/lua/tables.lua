-- Two tables that lead to messages: `k`, an operator's id to a segment, and `i`, an idempotency digest to its message.
-- Both are spread over the partitions' slots by their own hash, apart from the message's partition. Rows lie in small
-- hashes that the server packs; `kd` and `id` are the numbers of those in use. The first 16 octets of a value are a
-- message's id.

local TABLE_LIFE_MS = 8640000000 -- 100 days without a write

local function rows_key(base, kind, number)
  return base .. ':' .. kind .. ':' .. number
end

-- ARGV: kind, rows {number, field, value}. Overwrites.
local function table_put(keys, args)
  local base, kind = keys[1], args[1]
  local touched = {}
  for _, row in ipairs(cmsgpack.unpack(args[2])) do
    redis.call('HSET', rows_key(base, kind, row[1]), row[2], row[3])
    touched[row[1]] = true
  end
  for number in pairs(touched) do
    redis.call('SADD', base .. ':' .. kind .. 'd', number)
    redis.call('PEXPIRE', rows_key(base, kind, number), TABLE_LIFE_MS)
  end
  return 1
end

-- ARGV: kind, rows {number, field}. Their values, false where there is none.
local function table_get(keys, args)
  local found = {}
  for at, row in ipairs(cmsgpack.unpack(args[2])) do
    found[at] = redis.call('HGET', rows_key(keys[1], args[1], row[1]), row[2])
  end
  return found
end

-- ARGV: kind, rows {number, field, id}. Deletes those that still lead to that message; how many.
local function table_drop(keys, args)
  local base, kind, count = keys[1], args[1], 0
  for _, row in ipairs(cmsgpack.unpack(args[2])) do
    local key = rows_key(base, kind, row[1])
    local value = redis.call('HGET', key, row[2])
    if value and string.sub(value, 1, 16) == row[3] then
      redis.call('HDEL', key, row[2])
      count = count + 1
      if redis.call('EXISTS', key) == 0 then
        redis.call('SREM', base .. ':' .. kind .. 'd', row[1])
      end
    end
  end
  return count
end

-- ARGV: kind, after (a number), how many rows to look at. Rows {number, field, value} and where to go on, -1 at the end.
local function table_walk(keys, args)
  local base, kind, after, budget = keys[1], args[1], tonumber(args[2]), tonumber(args[3])
  local numbers = {}
  for _, number in ipairs(redis.call('SMEMBERS', base .. ':' .. kind .. 'd')) do
    if tonumber(number) > after then
      numbers[#numbers + 1] = tonumber(number)
    end
  end
  table.sort(numbers)
  local rows = {}
  for _, number in ipairs(numbers) do
    if #rows >= budget then
      return { after, rows }
    end
    local pairs_ = redis.call('HGETALL', rows_key(base, kind, number))
    for at = 1, #pairs_, 2 do
      rows[#rows + 1] = { number, pairs_[at], pairs_[at + 1] }
    end
    after = number
  end
  return { -1, rows }
end

-- ARGV: now_ms, rows {number, field, id, until_ms}. The message that stands for each digest now: an earlier one whose
-- time is not over, or the one given.
local function claim(keys, args)
  local base, now_ms = keys[1], tonumber(args[1])
  local standing = {}
  for at, row in ipairs(cmsgpack.unpack(args[2])) do
    local key = rows_key(base, 'i', row[1])
    local value = redis.call('HGET', key, row[2])
    if value and struct.unpack('>I6', value, 17) > now_ms then
      standing[at] = string.sub(value, 1, 16)
    else
      redis.call('HSET', key, row[2], row[3] .. struct.pack('>I6', row[4]))
      redis.call('SADD', base .. ':id', row[1])
      redis.call('PEXPIRE', key, TABLE_LIFE_MS)
      standing[at] = row[3]
    end
  end
  return standing
end

-- ARGV: number, field, id that stood, id, until_ms. Takes the place of a message that is not there; who stands now.
local function reclaim(keys, args)
  local key = rows_key(keys[1], 'i', args[1])
  local value = redis.call('HGET', key, args[2])
  if value and string.sub(value, 1, 16) ~= args[3] then
    return string.sub(value, 1, 16)
  end
  redis.call('HSET', key, args[2], args[4] .. struct.pack('>I6', tonumber(args[5])))
  redis.call('SADD', keys[1] .. ':id', args[1])
  return args[4]
end

-- ARGV: id. 1 when the message is stored; otherwise it never will be: whoever tries is told that its place is taken.
local function void(keys, args)
  if load(keys[1], args[1]) then
    return 1
  end
  redis.call('SET', keys[1] .. ':v:' .. args[1], '1', 'PX', DAY_MS)
  return 0
end

redis.register_function(PREFIX .. 'table_put', table_put)
redis.register_function({ function_name = PREFIX .. 'table_get', callback = table_get, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'table_drop', callback = table_drop, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'table_walk', callback = table_walk, flags = { 'no-writes' } })
redis.register_function(PREFIX .. 'claim', claim)
redis.register_function(PREFIX .. 'reclaim', reclaim)
redis.register_function(PREFIX .. 'void', void)
