#!lua name=connect_gateway_1
-- Records, and where they lie. A partition's messages lie in buckets: hashes of some dozens of messages that the server
-- keeps as one packed block each. A bucket holds the messages whose position is at or after its own and before the next
-- bucket's; `dir` is the sorted set of the buckets' positions. New messages fill the last bucket, so buckets are full.
--
-- KEYS[1] of every function is the base of a partition's keys, for example `{cg:12}`: it decides the slot.
-- Layouts are those of packing.py. Numbers stay below 2^53, which a Lua number holds exactly.

local EPOCH_MS = 1577836800000
local FILL = 28500 -- octets of a bucket: just what the server's allocator gives for a block of its size
local LEAST = 400 -- octets that a message counts for, so that a bucket has at most 71: it is looked through as a whole
local ROOM = 48 -- octets that a message takes beside its record, and that the record grows by
local DAY_MS = 86400000
local HEADER = '>BBI6I6I6I4BI2I2I2'
local HEADER_SIZE = 31
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

-- A record as a table; `open_record` and `close_record` are each other's inverse.
local function open_record(record)
  local r = {}
  local state_size, fixed_size, content_size
  r.status, r.flags, r.due, r.content_until, r.record_until, r.customer, r.segments, state_size, fixed_size, content_size =
    struct.unpack(HEADER, record)
  local at = HEADER_SIZE
  r.state = string.sub(record, at + 1, at + state_size)
  at = at + state_size
  r.fixed = string.sub(record, at + 1, at + fixed_size)
  at = at + fixed_size
  r.content = string.sub(record, at + 1, at + content_size)
  r.private = string.sub(record, at + content_size + 1)
  return r
end

local function close_record(r)
  return struct.pack(HEADER, r.status, r.flags, r.due, r.content_until, r.record_until, r.customer, r.segments,
    #r.state, #r.fixed, #r.content) .. r.state .. r.fixed .. r.content .. r.private
end

-- Only the times: much cheaper than the whole.
local function clocks(record)
  local status, flags, due, content_until, record_until, customer = struct.unpack('>BBI6I6I6I4', record)
  return status, flags, due, content_until, record_until, customer
end

-- The lane, or the operator that took it: the first word of the state.
local function lane_of(record)
  local size = string.byte(record, HEADER_SIZE + 1)
  return string.sub(record, HEADER_SIZE + 2, HEADER_SIZE + 1 + size)
end

-- The pseudonym, behind acceptance, country and class in the fixed part.
local function subject_of(record)
  local high, low = string.byte(record, HEADER_SIZE - 5, HEADER_SIZE - 4)
  local at = HEADER_SIZE + high * 256 + low + 10
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

-- When a customer has messages: `m:CUSTOMER:PERIOD` is a string of marks of 4 octets, in order, one for each message. A
-- mark is a position without its last ten bits, within its period: a quarter of a millisecond's ids. Marks say where to
-- look; of what was forgotten they stay until the key's own time is over.

local MARK, MARK_SIZE = 1024, 4
local PERIOD_MARKS = PERIOD / MARK

local function marks_key(base, customer, period)
  return base .. ':m:' .. customer .. ':' .. text(period)
end

local function joined(marks)
  local words = {}
  for at, mark in ipairs(marks) do
    words[at] = struct.pack('>I4', mark)
  end
  return table.concat(words)
end

-- Put marks, in order, among those that are there and come after the first of them: rare, where a ledger is copied.
local function insert_marks(key, marks)
  local from, step, tail = redis.call('STRLEN', key), 64 * MARK_SIZE, nil
  repeat
    from, step = math.max(0, from - step), step * 8
    tail = redis.call('GETRANGE', key, from, -1)
  until from == 0 or struct.unpack('>I4', tail) <= marks[1]
  for at = 1, #tail, MARK_SIZE do
    marks[#marks + 1] = struct.unpack('>I4', tail, at)
  end
  table.sort(marks)
  redis.call('SETRANGE', key, from, joined(marks))
end

local function add_marks(key, marks)
  local last = redis.call('GETRANGE', key, -MARK_SIZE, -1)
  if last == '' or struct.unpack('>I4', last) <= marks[1] then
    redis.call('APPEND', key, joined(marks))
  else
    insert_marks(key, marks)
  end
end

-- Note where messages of a customer are. positions: in any order.
local function note_positions(base, customer, positions, until_ms, now_ms)
  table.sort(positions)
  local periods = {}
  for _, pos in ipairs(positions) do
    local period = math.floor(pos / PERIOD)
    periods[period] = periods[period] or {}
    table.insert(periods[period], math.floor((pos - period * PERIOD) / MARK))
  end
  for period, marks in pairs(periods) do
    local key = marks_key(base, customer, period)
    add_marks(key, marks)
    outlive(key, until_ms, now_ms)
  end
end

-- The last of a key's marks that are not above `highest`, as octets, `limit` at most.
local function last_marks(key, highest, limit)
  local found = redis.call('GETRANGE', key, text(-limit * MARK_SIZE), '-1')
  if found == '' or struct.unpack('>I4', found, #found - MARK_SIZE + 1) <= highest then
    return found
  end
  local low, high = 0, redis.call('STRLEN', key) / MARK_SIZE -- below `low` none is above; from `high` on all are
  while low < high do
    local middle = math.floor((low + high) / 2)
    local at = middle * MARK_SIZE
    if struct.unpack('>I4', redis.call('GETRANGE', key, text(at), text(at + MARK_SIZE - 1))) <= highest then
      low = middle + 1
    else
      high = middle
    end
  end
  if low == 0 then
    return ''
  end
  return redis.call('GETRANGE', key, text(math.max(0, low - limit) * MARK_SIZE), text(low * MARK_SIZE - 1))
end

-- Where the customer's newest messages are that are not above `upto`: rows of a position and marks, in order, that count
-- from it; newest row first. And whether there may be more.
local function newest(base, customer, upto, since, limit)
  local rows, count, period, lowest = {}, 0, math.floor(upto / PERIOD), nil
  repeat
    local start = period * PERIOD_MARKS
    local marks = last_marks(marks_key(base, customer, period), math.floor(upto / MARK) - start, limit - count)
    if marks ~= '' then
      rows[#rows + 1] = { start * MARK, marks }
      count = count + #marks / MARK_SIZE
    end
    if count >= limit then
      return rows, true
    end
    if not lowest then
      local first = redis.call('ZRANGE', base .. ':dir', '0', '0')[1] or upto
      lowest = math.floor(math.max(tonumber(first), since) / PERIOD)
    end
    period = period - 1
  until period < lowest
  return rows, false
end

-- The positions of such rows, newest first, each the first of those with the same mark.
local function positions_of(rows)
  local found = {}
  for _, row in ipairs(rows) do
    for at = #row[2] - MARK_SIZE + 1, 1, -MARK_SIZE do
      found[#found + 1] = row[1] + struct.unpack('>I4', row[2], at) * MARK
    end
  end
  return found
end

-- The buckets in which messages with the marks of these positions, newest first, can be: some may begin among the
-- positions of one mark. `visit` is told of bucket and position, and may say to stop.
local function each_place(base, positions, visit)
  local bucket
  for _, pos in ipairs(positions) do
    if not bucket or bucket > pos then
      bucket = covering(base, pos + MARK - 1)
    end
    while bucket do
      if visit(bucket, pos) then
        return
      end
      if bucket <= pos then
        break
      end
      bucket = covering(base, bucket - 1)
    end
  end
end

-- What is still to be told. `o:N` is ordered by seq, for ESME account N or the webhooks (0); what was put off waits in
-- `l:N`, ordered by time. `h:N` is a hash of what was put off: seq -> member, and message -> seq, because later news of
-- that message must not overtake it. `oe` leads from a seq to its account where it is not 0; `os` are the accounts.
-- A member: seq (8), message (16), customer (4), status (1), at_ms (6), next_ms (6), attempts (2).

local SEQ_MESSAGE = 24

local function event_esme(base, seq)
  return redis.call('HGET', base .. ':oe', seq) or '0'
end

local function event_take(base, esme, seq)
  local later = base .. ':h:' .. esme
  local member = redis.call('HGET', later, seq)
  if member then
    redis.call('HDEL', later, seq, string.sub(member, 9, SEQ_MESSAGE))
    redis.call('ZREM', base .. ':l:' .. esme, member)
    return member
  end
  local key = base .. ':o:' .. esme
  member = redis.call('ZRANGEBYSCORE', key, seq, seq)[1]
  if member then
    redis.call('ZREM', key, member)
  end
  return member
end

local function event_told(base, number)
  local seq = text(number)
  local esme = event_esme(base, seq)
  event_take(base, esme, seq)
  if esme ~= '0' then
    redis.call('HDEL', base .. ':oe', seq)
  end
end

local function event_later(base, number, next_ms, attempts)
  local seq = text(number)
  local esme = event_esme(base, seq)
  local member = event_take(base, esme, seq)
  if member then
    member = string.sub(member, 1, 35) .. struct.pack('>I6I2', next_ms, math.min(attempts, 65535))
    redis.call('ZADD', base .. ':l:' .. esme, text(next_ms), member)
    redis.call('HSET', base .. ':h:' .. esme, seq, member, string.sub(member, 9, SEQ_MESSAGE), seq)
  end
end

-- Put off once more what is due by now: back among the others, by seq.
local function events_return(base, esme, now_ms)
  local due = redis.call('ZRANGEBYSCORE', base .. ':l:' .. esme, '-inf', text(now_ms), 'LIMIT', 0, 512)
  for _, member in ipairs(due) do
    local seq = text(struct.unpack('>I8', member))
    redis.call('ZREM', base .. ':l:' .. esme, member)
    redis.call('HDEL', base .. ':h:' .. esme, seq, string.sub(member, 9, SEQ_MESSAGE))
    redis.call('ZADD', base .. ':o:' .. esme, seq, member)
  end
end

-- ARGV: esme, now_ms, after (a seq), limit. Members in order of seq, those apart whose message has news put off.
-- Last comes the number of events that wait at all.
local function outbox_read(keys, args)
  local base, esme = keys[1], args[1]
  events_return(base, esme, tonumber(args[2]))
  local found = redis.call('ZRANGEBYSCORE', base .. ':o:' .. esme, '(' .. args[3], '+inf', 'LIMIT', 0, args[4])
  local later = base .. ':h:' .. esme
  local held = redis.call('EXISTS', later) == 1
  local members = {}
  for _, member in ipairs(found) do
    if not (held and redis.call('HEXISTS', later, string.sub(member, 9, SEQ_MESSAGE)) == 1) then
      members[#members + 1] = member
    end
  end
  local last = #found > 0 and text(struct.unpack('>I8', found[#found])) or args[3]
  local size = redis.call('ZCARD', base .. ':o:' .. esme) + redis.call('ZCARD', base .. ':l:' .. esme)
  if size == 0 then
    redis.call('SREM', base .. ':os', esme)
  end
  return { size, #found, last, members }
end

-- Take away the events of these messages, among the oldest of each account.
local function events_forget(base, gone, looks_at)
  local count = 0
  for _, esme in ipairs(redis.call('SMEMBERS', base .. ':os')) do
    for _, kind in ipairs({ ':o:', ':l:' }) do
      for _, member in ipairs(redis.call('ZRANGE', base .. kind .. esme, 0, looks_at - 1)) do
        if gone[string.sub(member, 9, SEQ_MESSAGE)] then
          event_told(base, struct.unpack('>I8', member))
          count = count + 1
        end
      end
    end
  end
  return count
end

redis.register_function({ function_name = 'cg1_outbox', callback = outbox_read, flags = { 'allow-oom' } })

-- One batch of one partition: checked as a whole, then done as a whole, under the lease's token and a running number.

local ACCEPT, CHANGE, REPLACE, TOLD, TELL_LATER = 1, 2, 3, 4, 5
local EVENT_STEP = 256

local Work = {}
Work.__index = Work

local function new_work(base, now_ms)
  local meta = redis.call('HMGET', base .. ':meta', 'max', 'last', 'count', 'seq')
  return setmetatable({
    base = base,
    now_ms = now_ms,
    max = tonumber(meta[1]) or -1, -- the highest position of any message
    last = tonumber(meta[2]), -- the bucket that is being filled, and the octets in it
    count = tonumber(meta[3]) or 0,
    seq = tonumber(meta[4]) or 0,
    seq_before = tonumber(meta[4]) or 0,
    records = {}, -- by id, as they are now; false: none
    buckets = {}, -- by id
    dirty = {}, -- bucket -> ids
    due_before = {}, -- id -> {lane, due}; what the index of waiting work holds
    forget = {}, -- bucket -> when it loses something next
    until_ms = {}, -- bucket -> when its last record goes
    noted = {}, -- customer -> where their new messages are, and until when
    events = {}, -- esme -> {seq, member, ...}
    event_owners = {},
  }, Work)
end

function Work:record(id)
  local record = self.records[id]
  if record == nil then
    local bucket
    record, bucket = load(self.base, id)
    self.records[id], self.buckets[id] = record or false, bucket
  end
  return record or nil
end

function Work:put(id, record)
  local bucket = self.buckets[id]
  local ids = self.dirty[bucket]
  if not ids then
    ids = {}
    self.dirty[bucket] = ids
  end
  ids[id] = true
  self.records[id] = record
  local _, flags, _, content_until, record_until = clocks(record)
  local at = forget_at(flags, content_until, record_until)
  if not self.forget[bucket] or at < self.forget[bucket] then
    self.forget[bucket] = at
  end
end

function Work:remember_due(id, record)
  if self.due_before[id] == nil then
    if record then
      local _, _, due = clocks(record)
      self.due_before[id] = { lane_of(record), due }
    else
      self.due_before[id] = { '', 0 }
    end
  end
end

function Work:new_bucket(pos)
  redis.call('ZADD', self.base .. ':dir', text(pos), text(pos))
end

-- The bucket for a new message of this size.
function Work:place(id, size)
  local pos = position(id)
  size = math.max(size, LEAST)
  if not self.last or (pos > self.max and self.count + size > FILL) then
    self.last, self.count = pos, 0
    self:new_bucket(pos)
  end
  self.max = math.max(self.max, pos)
  if pos >= self.last then
    self.count = self.count + size
    return self.last
  end
  local bucket = covering(self.base, pos)
  if not bucket then
    bucket = pos
    self:new_bucket(pos)
  end
  return bucket
end

function Work:tell(event)
  local seq, esme, packed = event[1], event[2], event[3]
  if seq <= self.seq_before then
    seq = self.seq + EVENT_STEP
    self.renumbered = true
  end
  self.seq = math.max(self.seq, seq)
  local key = self.base .. ':o:' .. esme
  local rows = self.events[key]
  if not rows then
    rows = {}
    self.events[key] = rows
    redis.call('SADD', self.base .. ':os', esme)
  end
  rows[#rows + 1] = text(seq)
  rows[#rows + 1] = struct.pack('>I8', seq) .. packed
  if esme ~= 0 then
    self.event_owners[#self.event_owners + 1] = text(seq)
    self.event_owners[#self.event_owners + 1] = esme
  end
end

-- {ACCEPT, id, record, event or false, void}. void: somebody may have taken this id's place.
function Work:accept(op)
  local id, record = op[2], op[3]
  if op[5] and redis.call('EXISTS', self.base .. ':v:' .. id) == 1 then
    return 'v'
  end
  local bucket = self:place(id, #record + ROOM)
  self.buckets[id] = bucket
  self:remember_due(id, nil)
  self:put(id, record)
  local _, _, _, _, record_until, customer = clocks(record)
  self.until_ms[bucket] = math.max(self.until_ms[bucket] or 0, record_until)
  local noted = self.noted[customer]
  if not noted then
    noted = { positions = {}, until_ms = 0 }
    self.noted[customer] = noted
  end
  noted.positions[#noted.positions + 1] = position(id)
  noted.until_ms = math.max(noted.until_ms, record_until)
  if op[4] then
    self:tell(op[4])
  end
  return '1'
end

-- {CHANGE, id, below, drop, status, due, content_until, segments, state, event or false}
function Work:change(op)
  local id = op[2]
  local record = self:record(id)
  if not record or string.byte(record, 1) >= op[3] then
    return '0'
  end
  self:remember_due(id, record)
  local r = open_record(record)
  r.status, r.due, r.content_until, r.segments, r.state = op[5], op[6], op[7], op[8], op[9]
  if op[4] then
    r.content = ''
    r.flags = r.flags >= PRIVATE and PRIVATE or 0
  end
  self:put(id, close_record(r))
  if op[10] then
    self:tell(op[10])
  end
  return '1'
end

-- {REPLACE, id, record}
function Work:replace(op)
  local id = op[2]
  local record = self:record(id)
  if not record or string.byte(record, 1) >= WAITING_BELOW then
    return '0'
  end
  self:remember_due(id, record)
  self:put(id, op[3])
  return '1'
end

function Work:run(op)
  local kind = op[1]
  if kind == ACCEPT then
    return self:accept(op)
  elseif kind == CHANGE then
    return self:change(op)
  elseif kind == REPLACE then
    return self:replace(op)
  elseif kind == TOLD then
    event_told(self.base, op[2])
  elseif kind == TELL_LATER then
    event_later(self.base, op[2], op[3], op[4])
  end
  return '1'
end

-- An id that is stored already fails the whole batch, before anything is written.
function Work:first_known(ops)
  local seen = {}
  for _, op in ipairs(ops) do
    if op[1] == ACCEPT then
      local id = op[2]
      if seen[id] or (position(id) <= self.max and load(self.base, id)) then
        return id
      end
      seen[id] = true
    end
  end
  return nil
end

function Work:write_records()
  for bucket, ids in pairs(self.dirty) do
    local rows = {}
    for id in pairs(ids) do
      rows[#rows + 1] = id
      rows[#rows + 1] = self.records[id]
    end
    local key = bucket_key(self.base, bucket)
    call_with('HSET', key, rows)
    if self.until_ms[bucket] then
      outlive(key, self.until_ms[bucket], self.now_ms)
    end
    redis.call('ZADD', self.base .. ':f', 'LT', text(self.forget[bucket]), text(bucket))
  end
end

function Work:write_due()
  local adds, drops = {}, {}
  for id, was in pairs(self.due_before) do
    local record = self.records[id]
    local _, _, due = clocks(record)
    local lane = lane_of(record)
    if was[2] > 0 and (due == 0 or lane ~= was[1]) then
      drops[was[1]] = drops[was[1]] or {}
      table.insert(drops[was[1]], id)
    end
    if due > 0 and (due ~= was[2] or lane ~= was[1]) then
      adds[lane] = adds[lane] or {}
      table.insert(adds[lane], text(due))
      table.insert(adds[lane], id)
    end
  end
  for lane, ids in pairs(drops) do
    call_with('ZREM', self.base .. ':d:' .. lane, ids)
  end
  for lane, rows in pairs(adds) do
    redis.call('SADD', self.base .. ':lanes', lane)
    call_with('ZADD', self.base .. ':d:' .. lane, rows)
  end
end

function Work:write_notes()
  for customer, noted in pairs(self.noted) do
    note_positions(self.base, text(customer), noted.positions, noted.until_ms, self.now_ms)
  end
end

function Work:write()
  self:write_records()
  self:write_due()
  self:write_notes()
  for key, rows in pairs(self.events) do
    call_with('ZADD', key, rows)
  end
  if #self.event_owners > 0 then
    call_with('HSET', self.base .. ':oe', self.event_owners)
  end
  if self.last then
    redis.call('HSET', self.base .. ':meta', 'max', text(self.max), 'last', text(self.last), 'count', self.count, 'seq',
      text(self.seq))
  end
end

local function run_batch(base, now_ms, ops)
  local work = new_work(base, now_ms)
  local known = work:first_known(ops)
  if known then
    return nil
  end
  local results = {}
  for at, op in ipairs(ops) do
    work.renumbered = false
    results[at] = work:run(op)
    if work.renumbered and results[at] == '1' then
      results[at] = 'r'
    end
  end
  work:write()
  return table.concat(results)
end

-- ARGV: token, number of the batch, now_ms, operations. The results, one letter each: 1 done, r done
-- but its event got another number, 0 not applied, v void.
local function apply(keys, args)
  local base = keys[1]
  local number = tonumber(args[2])
  local lease = redis.call('HMGET', base .. ':lease', 'token', 'batch', 'results')
  if lease[1] ~= args[1] then
    return redis.error_reply('FENCED another node has the lease of this partition')
  end
  if (tonumber(lease[2]) or 0) >= number then
    return lease[3] -- it was done; only the answer was lost
  end
  local results = run_batch(base, tonumber(args[3]), cmsgpack.unpack(args[4]))
  if not results then
    return redis.error_reply('DUPLICATE an id is stored already')
  end
  redis.call('HSET', base .. ':lease', 'batch', number, 'results', results)
  return results
end

-- ARGV: now_ms, operations. Without a lease: new messages that nobody else knows, and what became of news, which the
-- node with an account's binds tells whoever has the message. An id that is
-- stored already is this call's own from a time that got no answer.
local function insert(keys, args)
  local base = keys[1]
  local ops = cmsgpack.unpack(args[2])
  local fresh, places, results = {}, {}, {}
  for at, op in ipairs(ops) do
    if op[1] == ACCEPT and load(base, op[2]) then
      results[at] = '1'
    elseif op[1] == ACCEPT or op[1] == TOLD or op[1] == TELL_LATER then
      fresh[#fresh + 1] = op
      places[#places + 1] = at
    else
      results[at] = '0'
    end
  end
  if #fresh > 0 then
    local done = run_batch(base, tonumber(args[1]), fresh)
    for n, at in ipairs(places) do
      results[at] = string.sub(done, n, n)
    end
  end
  return table.concat(results)
end

redis.register_function('cg1_apply', apply)
redis.register_function('cg1_insert', insert)

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

redis.register_function({ function_name = 'cg1_get', callback = get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_are_there', callback = are_there, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_due', callback = due, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_lanes', callback = lanes, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_marks', callback = marks, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_pick', callback = pick, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_page', callback = page, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_subject', callback = subject, flags = { 'no-writes' } })

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

-- ARGV: token, limit. Events of messages that are gone, among the oldest: how many went.
local function forget_events(keys, args)
  local base, gone = keys[1], {}
  if fenced(base, args[1]) then
    return 0
  end
  local looks_at = tonumber(args[2])
  for _, esme in ipairs(redis.call('SMEMBERS', base .. ':os')) do
    for _, kind in ipairs({ ':o:', ':l:' }) do
      for _, member in ipairs(redis.call('ZRANGE', base .. kind .. esme, 0, looks_at - 1)) do
        local id = string.sub(member, 9, 24)
        if not load(base, id) then
          gone[id] = true
        end
      end
    end
  end
  return events_forget(base, gone, looks_at)
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

redis.register_function({ function_name = 'cg1_forget_content', callback = forget_content, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_forget_records', callback = forget_records, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_forget_events', callback = forget_events, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_retention_due', callback = retention_due, flags = { 'no-writes' } })

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

redis.register_function('cg1_table_put', table_put)
redis.register_function({ function_name = 'cg1_table_get', callback = table_get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_table_drop', callback = table_drop, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_table_walk', callback = table_walk, flags = { 'no-writes' } })
redis.register_function('cg1_claim', claim)
redis.register_function('cg1_reclaim', reclaim)
redis.register_function('cg1_void', void)

-- What the nodes share: who is there, who has which partition, counters, accounts.

local function server_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- KEYS: {cg}. ARGV: node, lease_ms. The server's time, and the nodes that are alive, this one among them.
local function beat(keys, args)
  local key, now_ms = keys[1] .. ':nodes', server_ms()
  redis.call('ZADD', key, text(now_ms), args[1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now_ms - tonumber(args[2])))
  return { text(now_ms), redis.call('ZRANGE', key, 0, -1) }
end

-- KEYS: {cg}. ARGV: node.
local function leave(keys, args)
  return redis.call('ZREM', keys[1] .. ':nodes', args[1])
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

-- KEYS: {cg}. ARGV: node, number of the batch, rows {bucket, name, amount}. Added once, however often it is asked.
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
  redis.call('HSET', done, args[1], args[2])
  redis.call('PEXPIRE', done, text(DAY_MS))
  return 1
end

-- KEYS: {cg}. ARGV: kind, id or 0, row, unique name or ''. The id, or 0 when another one has the name.
local function save(keys, args)
  local base, kind, id = keys[1], args[1], tonumber(args[2])
  local names, rows, last = base .. ':a:names', base .. ':a:' .. kind, base .. ':a:last'
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
  return id
end

-- KEYS: {cg}. ARGV: kind, id.
local function remove(keys, args)
  redis.call('HDEL', keys[1] .. ':a:' .. args[1], args[2])
  return redis.call('INCR', keys[1] .. ':a:version')
end

redis.register_function({ function_name = 'cg1_beat', callback = beat, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_leave', callback = leave, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_lease_take', callback = lease_take, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_lease_renew', callback = lease_renew, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_lease_read', callback = lease_read, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_lease_give', callback = lease_give, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_esme_take', callback = esme_take, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_demand', callback = demand, flags = { 'allow-oom' } })
redis.register_function('cg1_count', count)
redis.register_function('cg1_save', save)
redis.register_function('cg1_remove', remove)

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

redis.register_function('cg1_leave_notes', leave_notes)
redis.register_function('cg1_pass_on', pass_on)
redis.register_function({ function_name = 'cg1_read_notes', callback = read_notes, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cg1_drop_notes', callback = drop_notes, flags = { 'allow-oom' } })

-- Many calls in one, for one server that has every slot: packing, sending and answering a call costs more than the call.
-- Each inner call is as atomic as by itself, and fails by itself.

local FUNCTIONS = {
  apply = apply, insert = insert, get = get, are_there = are_there, due = due, lanes = lanes, marks = marks,
  pick = pick, page = page, subject = subject, outbox = outbox_read, forget_content = forget_content,
  forget_records = forget_records, forget_events = forget_events, retention_due = retention_due,
  table_put = table_put, table_get = table_get, table_drop = table_drop, table_walk = table_walk, claim = claim,
  reclaim = reclaim, void = void, beat = beat, leave = leave, lease_take = lease_take, lease_read = lease_read,
  lease_renew = lease_renew, lease_give = lease_give, esme_take = esme_take, count = count, save = save,
  remove = remove, leave_notes = leave_notes, drop_notes = drop_notes,
  pass_on = pass_on, read_notes = read_notes, demand = demand,
}

-- ARGV: calls {name, bases, arguments}, each of which is made once for every base. Their results, errors among them.
local function many(_, args)
  local results = {}
  for _, call in ipairs(cmsgpack.unpack(args[1])) do
    local name, words = call[1], call[3]
    for _, base in ipairs(call[2]) do
      local done, result = pcall(FUNCTIONS[name], { base }, words)
      if not done then
        result = redis.error_reply(type(result) == 'table' and result.err or ('user_function: ' .. tostring(result)))
      end
      results[#results + 1] = result == nil and false or result
    end
  end
  return results
end

redis.register_function('cg1_many', many)
redis.register_function({ function_name = 'cg1_many_allowed', callback = many, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cg1_many_read', callback = many, flags = { 'no-writes' } })
