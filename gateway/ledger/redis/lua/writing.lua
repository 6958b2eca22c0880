-- One batch of one partition: checked as a whole, then done as a whole, under the lease's token and a running number.

local ACCEPT, CHANGE, REPLACE, TOLD, TELL_LATER, NOTIFY = 1, 2, 3, 4, 5, 6
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

-- {CHANGE, id, below, drop, status, due, content_until, segments, state, event or false, mark, over}. mark: the octet
-- of the format in which the node writes, 0 for format 1. What a record has beyond that stays. over: the final status that
-- may change, too.
function Work:change(op)
  local id = op[2]
  local record = self:record(id)
  if not record or (status_of(record) >= op[3] and status_of(record) ~= op[12]) then
    return '0'
  end
  self:remember_due(id, record)
  local r = open_record(record)
  r.status, r.due, r.content_until, r.segments, r.state = op[5], op[6], op[7], op[8], op[9]
  if op[11] > 0 then
    r.version = string.char(op[11])
  end
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
  if not record or status_of(record) >= WAITING_BELOW then
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
  elseif kind == NOTIFY then
    self:tell(op[2])
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
  elseif self.seq > self.seq_before then
    redis.call('HSET', self.base .. ':meta', 'seq', text(self.seq))
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

-- Whether the event is stored under the number that was proposed for it.
local function has_event(base, event)
  local seq = event[1]
  local member = redis.call('ZRANGEBYSCORE', base .. ':o:' .. event[2], text(seq), text(seq))[1]
  return member == struct.pack('>I8', seq) .. event[3]
end

-- ARGV: now_ms, operations. Without a lease: new messages that nobody else knows, events that are about none, and what
-- became of news, which the node with an account's binds tells whoever has the message. An id that is stored already, and an
-- event under its number, are this call's own from a time that got no answer.
local function insert(keys, args)
  local base = keys[1]
  local ops = cmsgpack.unpack(args[2])
  local fresh, places, results = {}, {}, {}
  for at, op in ipairs(ops) do
    if op[1] == ACCEPT and load(base, op[2]) or op[1] == NOTIFY and has_event(base, op[2]) then
      results[at] = '1'
    elseif op[1] == ACCEPT or op[1] == NOTIFY or op[1] == TOLD or op[1] == TELL_LATER then
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

redis.register_function(PREFIX .. 'apply', apply)
redis.register_function(PREFIX .. 'insert', insert)
