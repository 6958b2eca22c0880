-- Reading a partition's messages.

local WALKED_AT_ONCE = 256

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

-- The records of one bucket that pass `wanted`, unordered, and how many there are at all.
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

-- ARGV: customer, upto (a position), since (a position), limit. What `newest` says: 1 or 0 for whether there may be more,
-- then the rows' positions and marks.
local function marks(keys, args)
  local rows, more = newest(keys[1], args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4]))
  local said = { more and 1 or 0 }
  for _, row in ipairs(rows) do
    said[#said + 1] = text(row[1])
    said[#said + 1] = row[2]
  end
  return said
end

-- A pattern of ids that begin with one of these times of 6 octets, and perhaps of a few more: what all of them begin with,
-- then one of the octets in which they differ first.
local function pattern_of(times)
  local first, size = times[1], #times[1]
  for at = 2, #times do
    local same = 0
    while same < size and string.byte(first, same + 1) == string.byte(times[at], same + 1) do
      same = same + 1
    end
    size = same
  end
  local words = { (string.gsub(string.sub(first, 1, size), '[*?\\%[]', '\\%0')) }
  if size < #first then
    words[2] = '['
    for _, time in ipairs(times) do
      words[#words + 1] = '\\' .. string.sub(time, size + 1, size + 1)
    end
    words[#words + 1] = ']'
  end
  words[#words + 1] = '*'
  return table.concat(words)
end

-- The messages of one bucket from these milliseconds, unordered, and perhaps others. The server itself picks them, which
-- is much cheaper than having every record here; once for all, because looking through the bucket is most of it.
local function from_times(base, bucket, times, visit)
  local key, pattern, cursor = bucket_key(base, bucket), pattern_of(times), '0'
  repeat
    local answer = redis.call('HSCAN', key, cursor, 'MATCH', pattern, 'COUNT', '1000')
    local rows = answer[2]
    cursor = answer[1]
    for at = 1, #rows, 2 do
      visit(rows[at], rows[at + 1])
    end
  until cursor == '0'
end

-- Put ids and records of a customer's messages at these positions, newest first, into `rows`; some may come twice. asked:
-- customer, status or -1, now_ms.
local function pick_into(rows, base, asked, positions)
  local customer, status, now_ms = asked.customer, asked.status, asked.now_ms
  local buckets, times = {}, {}
  each_place(base, positions, function(bucket, pos)
    local time = struct.pack('>I6', math.floor(pos / 4096) + EPOCH_MS)
    if buckets[#buckets] ~= bucket then
      buckets[#buckets + 1], times[#times + 1] = bucket, {}
    end
    local last = times[#times]
    if last[#last] ~= time then
      last[#last + 1] = time
    end
  end)
  local lowest = positions[#positions]
  local function visit(id, record)
    local record_status, _, _, _, record_until, owner = clocks(record)
    if owner == customer and record_until > now_ms and (status < 0 or record_status == status)
      and position(id) >= lowest then
      rows[#rows + 1] = id
      rows[#rows + 1] = record
    end
  end
  for at, bucket in ipairs(buckets) do
    from_times(base, bucket, times[at], visit)
  end
end

-- ARGV: customer, status or -1, now_ms, positions of 8 octets, newest first, joined. Ids and records of the customer's
-- messages there; some may come twice.
local function pick(keys, args)
  local asked = { customer = tonumber(args[1]), status = tonumber(args[2]), now_ms = tonumber(args[3]) }
  local positions, rows = {}, {}
  for at = 1, #args[4], 8 do
    positions[#positions + 1] = struct.unpack('>I8', args[4], at)
  end
  pick_into(rows, keys[1], asked, positions)
  return rows
end

-- The positions of a list that are at or above `bar`, newest first as they are.
local function down_to(bar, positions)
  local size = #positions
  while size > 0 and positions[size] < bar do
    positions[size] = nil
    size = size - 1
  end
  return positions
end

-- What `marks`, `pick` and the merge between them say of the newest `count` marks of all partitions, in one call, for one
-- server that has every slot. ARGV: customer, status or -1, now_ms, upto (a position), since (a position), count, how many
-- marks to look at in each partition, bases. The position from which on everything is there, or -1 for everything, then
-- ids and records; nothing at all where one of the partitions may have more of them.
local function page(_, args)
  local asked = { customer = tonumber(args[1]), status = tonumber(args[2]), now_ms = tonumber(args[3]) }
  local upto, since, count, limit = tonumber(args[4]), tonumber(args[5]), tonumber(args[6]), tonumber(args[7])
  local lists, unfinished, all = {}, {}, {}
  for at = 8, #args do
    local rows, more = newest(args[at], args[1], upto, since, limit)
    local positions = positions_of(rows)
    local size = #positions
    down_to(since - since % MARK, positions)
    lists[at], unfinished[at] = positions, more and size == #positions
    for _, pos in ipairs(positions) do
      all[#all + 1] = pos
    end
  end
  table.sort(all)
  local bar, reached, rows = all[#all - count + 1] or -1, -1, {}
  if all[1] and all[1] < bar then
    reached = bar
  end
  for at = 8, #args do
    local positions = lists[at]
    if unfinished[at] then
      if positions[#positions] > bar then
        return {}
      end
      reached = bar
    end
  end
  for at = 8, #args do
    if #down_to(bar, lists[at]) > 0 then
      pick_into(rows, args[at], asked, lists[at])
    end
  end
  table.insert(rows, 1, text(reached))
  return rows
end

-- Walk a customer's buckets, newest first, from position `from` on, until `visit` says to stop. Where the walk stopped:
-- everything at or after that position was seen; false when it saw everything.
local function walk(base, customer, from, visit)
  local seen_from, stopped = from + 1, false
  repeat
    local rows, more = newest(base, customer, seen_from - 1, 0, WALKED_AT_ONCE)
    local positions = positions_of(rows)
    each_place(base, positions, function(bucket)
      if bucket < seen_from then
        seen_from = bucket
        stopped = visit(bucket)
      end
      return stopped
    end)
    if not stopped then
      seen_from = math.min(seen_from, positions[#positions] or seen_from)
    end
  until stopped or not more
  return stopped and seen_from
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
  local stopped = walk(base, args[1], from, function(bucket)
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

redis.register_function({ function_name = PREFIX .. 'get', callback = get, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'are_there', callback = are_there, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'due', callback = due, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'lanes', callback = lanes, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'marks', callback = marks, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'pick', callback = pick, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'page', callback = page, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'subject', callback = subject, flags = { 'no-writes' } })
