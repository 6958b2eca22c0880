-- Records, and where they lie. A partition's messages lie in buckets: hashes of some dozens of messages that the server
-- keeps as one packed block each. A bucket holds the messages whose position is at or after its own and before the next
-- bucket's; `dir` is the sorted set of the buckets' positions. New messages fill the last bucket, so buckets are full.
--
-- KEYS[1] of every function is the base of a partition's keys, for example `{cg:12}`: it decides the slot.
-- Records are those of packing.py: a record of format 2 or newer begins with an octet that says so, one of format 1 with its
-- header. Numbers stay below 2^53, which a Lua number holds exactly.

local EPOCH_MS = 1577836800000
local FILL = 28500 -- octets of a bucket: just what the server's allocator gives for a block of its size
local LEAST = 400 -- octets that a message counts for, so that a bucket has at most 71: it is looked through as a whole
local ROOM = 48 -- octets that a message takes beside its record, and that the record grows by
local DAY_MS = 86400000
local HEADER = '>BBI6I6I6I4BI2I2I2'
local HEADER_SIZE = 31
local VERSIONED = 128
local CONTENT, PRIVATE = 1, 2
local WAITING_BELOW, OPEN_BELOW = 2, 3
local PERIOD = 4398046511104 -- positions of one listing key: 2^30 ms, 12 days, times 4096

local function text(number)
  return string.format('%d', number)
end

-- Time and counter of an id, 16 ids to a position.
local function position(id)
  local ms, counter = struct.unpack('>I6I2', id)
  return math.max(0, (ms - EPOCH_MS) * 4096 + math.floor(counter / 16))
end

local function covering(base, pos)
  return tonumber(redis.call('ZREVRANGEBYSCORE', base .. ':dir', text(pos), '-inf', 'LIMIT', '0', '1')[1])
end

local function bucket_key(base, bucket)
  return base .. ':b:' .. text(bucket)
end

local function load(base, id)
  local bucket = covering(base, position(id))
  if not bucket then
    return nil, nil
  end
  return redis.call('HGET', bucket_key(base, bucket), id) or nil, bucket
end

-- How many octets come before a record's header.
local function before_header(record)
  return string.byte(record, 1) >= VERSIONED and 1 or 0
end

local function status_of(record)
  return string.byte(record, before_header(record) + 1)
end

-- A record as a table; `open_record` and `close_record` are each other's inverse.
local function open_record(record)
  local r = {}
  local state_size, fixed_size, content_size
  local at = before_header(record)
  r.version = string.sub(record, 1, at)
  r.status, r.flags, r.due, r.content_until, r.record_until, r.customer, r.segments, state_size, fixed_size, content_size =
    struct.unpack(HEADER, record, at + 1)
  at = at + HEADER_SIZE
  r.state = string.sub(record, at + 1, at + state_size)
  at = at + state_size
  r.fixed = string.sub(record, at + 1, at + fixed_size)
  at = at + fixed_size
  r.content = string.sub(record, at + 1, at + content_size)
  r.private = string.sub(record, at + content_size + 1)
  return r
end

local function close_record(r)
  return r.version .. struct.pack(HEADER, r.status, r.flags, r.due, r.content_until, r.record_until, r.customer, r.segments,
    #r.state, #r.fixed, #r.content) .. r.state .. r.fixed .. r.content .. r.private
end

-- Only the times: much cheaper than the whole.
local function clocks(record)
  local status, flags, due, content_until, record_until, customer = struct.unpack('>BBI6I6I6I4', record, before_header(record) + 1)
  return status, flags, due, content_until, record_until, customer
end

-- The lane, or the operator that took it: the first word of the state.
local function lane_of(record)
  local at = before_header(record) + HEADER_SIZE + 1
  return string.sub(record, at + 1, at + string.byte(record, at))
end

-- The pseudonym, behind acceptance, country and class in the fixed part.
local function subject_of(record)
  local state = before_header(record) + HEADER_SIZE
  local high, low = string.byte(record, state - 5, state - 4)
  local at = state + high * 256 + low + 10
  return string.sub(record, at, at + 15)
end

-- When a record loses something next.
local function forget_at(flags, content_until, record_until)
  if flags > 0 then
    return math.min(content_until, record_until)
  end
  return record_until
end

-- A key that outlives what it holds by a day, should nobody ever sweep.
local function outlive(key, until_ms, now_ms)
  local ttl = math.max(until_ms - now_ms, 0) + DAY_MS
  if redis.call('PTTL', key) < ttl - 3600000 then
    redis.call('PEXPIRE', key, text(ttl))
  end
end

-- A command on a key with any number of arguments, some at a time.
local function call_with(command, key, words)
  for at = 1, #words, 1000 do
    redis.call(command, key, unpack(words, at, math.min(at + 999, #words)))
  end
end
