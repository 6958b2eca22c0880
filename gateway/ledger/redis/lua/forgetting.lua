-- Forgetting. `f` orders the buckets by when one of their records loses something next.

local function due_buckets(base, now_ms, limit)
  return redis.call('ZRANGEBYSCORE', base .. ':f', '-inf', text(now_ms), 'LIMIT', 0, limit)
end

local function fenced(base, token)
  return redis.call('HGET', base .. ':lease', 'token') ~= token
end

-- Write down when a bucket is to be looked at again; an empty one leaves the directory, unless it is being filled.
local function settle_bucket(base, bucket)
  local rows = redis.call('HVALS', bucket_key(base, bucket))
  local at
  for _, record in ipairs(rows) do
    local _, flags, _, content_until, record_until = clocks(record)
    local when = forget_at(flags, content_until, record_until)
    at = at and math.min(at, when) or when
  end
  if at then
    redis.call('ZADD', base .. ':f', text(at), text(bucket))
    return
  end
  redis.call('ZREM', base .. ':f', text(bucket))
  if redis.call('HGET', base .. ':meta', 'last') ~= text(bucket) then
    redis.call('ZREM', base .. ':dir', text(bucket))
  end
end

-- ARGV: token, now_ms, limit. How many messages lost their content.
local function forget_content(keys, args)
  local base, now_ms, limit = keys[1], tonumber(args[2]), tonumber(args[3])
  if fenced(base, args[1]) then
    return 0
  end
  local count = 0
  for _, member in ipairs(due_buckets(base, now_ms, 16)) do
    local bucket, emptied = tonumber(member), {}
    local rows = redis.call('HGETALL', bucket_key(base, bucket))
    for at = 1, #rows, 2 do
      local _, flags, _, content_until = clocks(rows[at + 1])
      if flags > 0 and content_until <= now_ms and count < limit then
        local r = open_record(rows[at + 1])
        r.flags, r.content, r.private = 0, '', ''
        emptied[#emptied + 1] = rows[at]
        emptied[#emptied + 1] = close_record(r)
        count = count + 1
      end
    end
    if #emptied > 0 then
      call_with('HSET', bucket_key(base, bucket), emptied)
      settle_bucket(base, bucket)
    end
    if count >= limit then
      break
    end
  end
  return count
end

local function count_traffic(base, sums)
  for field, sum in pairs(sums) do
    redis.call('HINCRBY', base .. ':traffic', 'm' .. field, sum[1])
    redis.call('HINCRBY', base .. ':traffic', 's' .. field, sum[2])
  end
end

local function add_traffic(sums, r)
  local accepted, country, class = struct.unpack('>I6I2B', r.fixed)
  local operator = string.sub(r.state, 2, 1 + string.byte(r.state, 1))
  local day = math.floor(accepted / DAY_MS)
  local field = struct.pack('>I4I4I2BB', day, r.customer, country, class, r.status) .. operator
  local sum = sums[field] or { 0, 0 }
  sums[field] = { sum[1] + 1, sum[2] + r.segments }
end

-- ARGV: token, now_ms, limit. Ids and states of the messages that are gone, so that their links can follow.
local function forget_records(keys, args)
  local base, now_ms, limit = keys[1], tonumber(args[2]), tonumber(args[3])
  if fenced(base, args[1]) then
    return {}
  end
  local gone, ids, sums = {}, {}, {}
  for _, member in ipairs(due_buckets(base, now_ms, 16)) do
    local bucket, fields = tonumber(member), {}
    local rows = redis.call('HGETALL', bucket_key(base, bucket))
    for at = 1, #rows, 2 do
      local _, _, due, _, record_until = clocks(rows[at + 1])
      if record_until <= now_ms and #gone / 2 < limit then
        local r = open_record(rows[at + 1])
        add_traffic(sums, r)
        if due > 0 then
          redis.call('ZREM', base .. ':d:' .. lane_of(rows[at + 1]), rows[at])
        end
        fields[#fields + 1] = rows[at]
        gone[#gone + 1] = rows[at]
        gone[#gone + 1] = r.state
        ids[rows[at]] = true
      end
    end
    if #fields > 0 then
      call_with('HDEL', bucket_key(base, bucket), fields)
      settle_bucket(base, bucket)
    end
    if #gone / 2 >= limit then
      break
    end
  end
  count_traffic(base, sums)
  if #gone > 0 then
    events_forget(base, ids, 1000)
  end
  return gone
end

-- ARGV: now_ms, limit. Ids and records of those that `forget_records` takes, in its order.
local function due_records(keys, args)
  local base, now_ms, limit, rows = keys[1], tonumber(args[1]), tonumber(args[2]), {}
  for _, member in ipairs(due_buckets(base, now_ms, 16)) do
    local found = redis.call('HGETALL', bucket_key(base, tonumber(member)))
    for at = 1, #found, 2 do
      local _, _, _, _, record_until = clocks(found[at + 1])
      if record_until <= now_ms and #rows / 2 < limit then
        rows[#rows + 1] = found[at]
        rows[#rows + 1] = found[at + 1]
      end
    end
    if #rows / 2 >= limit then
      break
    end
  end
  return rows
end

-- ARGV: after (a bucket's position), before_ms, how many buckets. Ids and records of messages from before that time in the
-- next buckets behind the first one, and the position of the last bucket, or false where there is none behind it.
local function records_before(keys, args)
  local base, before_ms, count, rows = keys[1], tonumber(args[2]), tonumber(args[3]), {}
  local upto = text((before_ms - EPOCH_MS) * 4096)
  local buckets = redis.call('ZRANGEBYSCORE', base .. ':dir', '(' .. args[1], '(' .. upto, 'LIMIT', 0, count)
  for _, member in ipairs(buckets) do
    local found = redis.call('HGETALL', bucket_key(base, tonumber(member)))
    for at = 1, #found, 2 do
      if struct.unpack('>I6', found[at]) < before_ms then
        rows[#rows + 1] = found[at]
        rows[#rows + 1] = found[at + 1]
      end
    end
  end
  return { #buckets == count and buckets[count] or false, rows }
end

-- Take a message out of its bucket; what its record said, as far as it can be read.
local function take_out(base, id, record, bucket)
  local is_whole, r = pcall(open_record, record)
  redis.call('HDEL', bucket_key(base, bucket), id)
  for _, lane in ipairs(redis.call('SMEMBERS', base .. ':lanes')) do
    redis.call('ZREM', base .. ':d:' .. lane, id)
  end
  return is_whole and r or nil
end

-- ARGV: ids of 16 octets, joined, 1 to count them in `traffic` or 0. Whoever has the partition: nothing of it is in a node's
-- memory but messages that are worked on, whose changes are not done any more. Ids and states as of `forget_records`.
local function forget_these(keys, args)
  local base, gone, ids, sums, buckets = keys[1], {}, {}, {}, {}
  for at = 1, #args[1], 16 do
    local id = string.sub(args[1], at, at + 15)
    local record, bucket = load(base, id)
    if record then
      local r = take_out(base, id, record, bucket)
      if r and args[2] == '1' then
        add_traffic(sums, r)
      end
      buckets[bucket], ids[id] = true, true
      gone[#gone + 1] = id
      gone[#gone + 1] = r and r.state or ''
    end
  end
  for bucket in pairs(buckets) do
    settle_bucket(base, bucket)
  end
  count_traffic(base, sums)
  if #gone > 0 then
    events_forget(base, ids, 1000)
  end
  return gone
end

-- ARGV: ids of 16 octets, joined. How many messages that are final lost what was sealed of them.
local function empty_these(keys, args)
  local base, buckets, count = keys[1], {}, 0
  for at = 1, #args[1], 16 do
    local id = string.sub(args[1], at, at + 15)
    local record, bucket = load(base, id)
    if record and status_of(record) >= OPEN_BELOW then
      local r = open_record(record)
      if r.flags > 0 then
        r.flags, r.content, r.private = 0, '', ''
        redis.call('HSET', bucket_key(base, bucket), id, close_record(r))
        buckets[bucket], count = true, count + 1
      end
    end
  end
  for bucket in pairs(buckets) do
    settle_bucket(base, bucket)
  end
  return count
end

-- ARGV: token, limit, before_ms. Events of messages that are gone, and events about no message from before that time, among
-- the oldest: how many went.
local function forget_events(keys, args)
  local base, gone, old = keys[1], {}, {}
  if fenced(base, args[1]) then
    return 0
  end
  local looks_at, before_ms = tonumber(args[2]), tonumber(args[3])
  for _, esme in ipairs(redis.call('SMEMBERS', base .. ':os')) do
    for _, kind in ipairs({ ':o:', ':l:' }) do
      for _, member in ipairs(redis.call('ZRANGE', base .. kind .. esme, 0, looks_at - 1)) do
        local id = string.sub(member, 9, 24)
        if string.sub(id, 1, 8) == NO_TIME then
          if struct.unpack('>I6', member, 30) <= before_ms then
            old[#old + 1] = struct.unpack('>I8', member)
          end
        elseif not load(base, id) then
          gone[id] = true
        end
      end
    end
  end
  for _, seq in ipairs(old) do
    event_told(base, seq)
  end
  return #old + events_forget(base, gone, looks_at)
end

-- ARGV: now_ms, how many buckets to look at. Per tag: what is past its time, and the oldest record's acceptance.
local function retention_due(keys, args)
  local base, now_ms, looks_at = keys[1], tonumber(args[1]), tonumber(args[2])
  local tags = {}
  local function tag_of(fixed)
    local tag = string.sub(fixed, 27, 26 + string.byte(fixed, 26))
    tags[tag] = tags[tag] or { tag, 0, 0, 0, 0, 0 }
    return tags[tag]
  end
  local function least(known, value)
    return known == 0 and value or math.min(known, value)
  end
  for _, member in ipairs(due_buckets(base, now_ms, looks_at)) do
    for _, record in ipairs(redis.call('HVALS', bucket_key(base, tonumber(member)))) do
      local _, flags, _, content_until, record_until = clocks(record)
      if forget_at(flags, content_until, record_until) <= now_ms then
        local row = tag_of(open_record(record).fixed)
        if flags > 0 then
          row[2], row[4] = row[2] + 1, least(row[4], content_until)
        end
        if record_until <= now_ms then
          row[3], row[5] = row[3] + 1, least(row[5], record_until)
        end
      end
    end
  end
  for _, member in ipairs(redis.call('ZRANGE', base .. ':dir', 0, 0)) do
    for _, record in ipairs(redis.call('HVALS', bucket_key(base, tonumber(member)))) do
      local fixed = open_record(record).fixed
      local row = tag_of(fixed)
      row[6] = least(row[6], (struct.unpack('>I6', fixed)))
    end
  end
  local rows = {}
  for _, row in pairs(tags) do
    rows[#rows + 1] = { row[1], row[2], row[3], text(row[4]), text(row[5]), text(row[6]) }
  end
  return rows
end

redis.register_function({ function_name = PREFIX .. 'forget_content', callback = forget_content, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'forget_records', callback = forget_records, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'due_records', callback = due_records, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'records_before', callback = records_before, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'empty_these', callback = empty_these, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'forget_these', callback = forget_these, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'forget_events', callback = forget_events, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'retention_due', callback = retention_due, flags = { 'no-writes' } })
