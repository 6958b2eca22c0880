-- Reading a partition's messages.

-- ARGV: ids of 16 octets, joined. Their records, false where there is none.
local function get(keys, args)
  local found = {}
  for at = 1, #args[1], 16 do
    found[#found + 1] = load(keys[1], string.sub(args[1], at, at + 15)) or false
  end
  return found
end

-- ARGV: ids of 16 octets, joined. A letter for each: 1 where there is a record, or 0.
local function are_there(keys, args)
  local letters = {}
  for at = 1, #args[1], 16 do
    letters[#letters + 1] = load(keys[1], string.sub(args[1], at, at + 15)) and '1' or '0'
  end
  return table.concat(letters)
end

-- ARGV: lane, now_ms, offset, limit. Ids and due times, oldest due first; last how many the lane has at all.
local function due(keys, args)
  local key = keys[1] .. ':d:' .. args[1]
  local rows = redis.call('ZRANGEBYSCORE', key, '-inf', args[2], 'WITHSCORES', 'LIMIT', args[3], args[4])
  return { redis.call('ZCARD', key), rows }
end

-- The lanes in which anything waits, each with how many and the first due time.
local function lanes(keys)
  local rows = {}
  for _, lane in ipairs(redis.call('SMEMBERS', keys[1] .. ':lanes')) do
    local key = keys[1] .. ':d:' .. lane
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] then
      rows[#rows + 1] = { lane, redis.call('ZCARD', key), first[2] }
    end
  end
  return rows
end

-- The customer's records of one bucket that pass `wanted`, unordered.
local function matching(base, bucket, wanted)
  local rows = redis.call('HGETALL', bucket_key(base, bucket))
  local found = {}
  for at = 1, #rows, 2 do
    if wanted(rows[at], rows[at + 1]) then
      found[#found + 1] = { rows[at], rows[at + 1] }
    end
  end
  return found, #rows / 2
end

-- Walk a customer's buckets, newest first, from position `from` down to `since`, until `visit` says to stop. Where the
-- walk stopped: everything at or after that position was seen; false when it saw everything.
local function walk(base, customer, from, since, visit)
  local first = redis.call('ZRANGE', base .. ':dir', 0, 0)[1]
  if not first then
    return false
  end
  local lowest = math.floor(math.max(tonumber(first), since > 0 and (covering(base, since) or 0) or 0) / PERIOD)
  local highest = math.floor(math.min(from, tonumber(redis.call('HGET', base .. ':meta', 'max'))) / PERIOD)
  for period = highest, lowest, -1 do
    local marks = redis.call('GET', base .. ':c:' .. customer .. ':' .. text(period)) or ''
    local buckets, seen = {}, {}
    for at = 1, #marks, 7 do
      local bucket = struct.unpack('>I7', marks, at)
      if bucket <= from and not seen[bucket] then
        seen[bucket] = true
        buckets[#buckets + 1] = bucket
      end
    end
    table.sort(buckets, function(a, b) return a > b end)
    for _, bucket in ipairs(buckets) do
      if visit(bucket) then
        return bucket
      end
    end
  end
  return false
end

-- ARGV: customer, status or -1, now_ms, since (a position), before (an id), limit, how many messages to look at.
-- Ids of the customer's messages before `before`, and the position down to which all were seen, or false.
local function list(keys, args)
  local base, customer, status = keys[1], tonumber(args[1]), tonumber(args[2])
  local now_ms, since, limit, budget = tonumber(args[3]), tonumber(args[4]), tonumber(args[6]), tonumber(args[7])
  local cursor = args[5]
  local from = position(cursor)
  local ids = {}
  local function wanted(id, record)
    local record_status, _, _, _, record_until, owner = clocks(record)
    if owner ~= customer or record_until <= now_ms or (status >= 0 and record_status ~= status) then
      return false
    end
    local pos = position(id)
    return pos >= since and (pos < from or (pos == from and before(id, cursor)))
  end
  local stopped = walk(base, args[1], from, since, function(bucket)
    local found, looked = matching(base, bucket, wanted)
    for _, pair in ipairs(found) do
      ids[#ids + 1] = pair[1]
    end
    budget = budget - looked
    return #ids > limit or budget <= 0
  end)
  return { ids, stopped and text(stopped) or false }
end

-- ARGV: customer, now_ms, before (a position), limit, how many messages to look at, pseudonyms of 16 octets, joined.
-- Ids and records of messages to that person, and where to go on, or false.
local function subject(keys, args)
  local base, customer, now_ms, from = keys[1], tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local limit, budget = tonumber(args[4]), tonumber(args[5])
  local people = {}
  for at = 1, #args[6], 16 do
    people[string.sub(args[6], at, at + 15)] = true
  end
  local function wanted(_, record)
    if not people[subject_of(record)] then
      return false
    end
    local _, _, _, _, record_until, owner = clocks(record)
    return owner == customer and record_until > now_ms
  end
  local rows = {}
  local stopped = walk(base, args[1], from, 0, function(bucket)
    local found, looked = matching(base, bucket, wanted)
    for _, pair in ipairs(found) do
      rows[#rows + 1] = pair[1]
      rows[#rows + 1] = pair[2]
    end
    budget = budget - looked
    return #rows / 2 >= limit or budget <= 0
  end)
  return { rows, stopped and text(stopped - 1) or false }
end

redis.register_function({ function_name = 'cg1_get', callback = get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_are_there', callback = are_there, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_due', callback = due, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_lanes', callback = lanes, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_list', callback = list, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_subject', callback = subject, flags = { 'no-writes' } })
