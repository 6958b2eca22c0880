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
