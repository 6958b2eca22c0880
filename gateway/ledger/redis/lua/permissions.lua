-- What people permitted and forbade, in the slot of the accounts. `p:CUSTOMER:PLACE` is a hash from kind and token to the rows
-- of that name, {word, stands, changed_ms, ends_ms, details, number} each; the place is a token's first 12 bits. `p:places` has the
-- hashes in order, `p:ends` each of them by the first time that a row of it may end. `p:way` has the rows that stand in the
-- way of messages by their number: kind, customer, length of the token, token, word. `p:number` is the last number.

local permissions = { PLACE = '>I4I2', HEAD = '>BI4B' }

function permissions.key(base, place)
  local customer, at = struct.unpack(permissions.PLACE, place)
  return base .. ':p:' .. text(customer) .. ':' .. text(at)
end

-- The rows of a name.
function permissions.rows(base, place, field)
  local packed = redis.call('HGET', permissions.key(base, place), field)
  return packed and cmsgpack.unpack(packed) or {}
end

function permissions.store(base, place, field, rows)
  local key = permissions.key(base, place)
  if #rows > 0 then
    redis.call('HSET', key, field, cmsgpack.pack(rows))
    redis.call('ZADD', base .. ':p:places', 0, place)
  else
    redis.call('HDEL', key, field)
    if redis.call('EXISTS', key) == 0 then
      redis.call('ZREM', base .. ':p:places', place)
      redis.call('ZREM', base .. ':p:ends', place)
    end
  end
end

-- How a row is called in `p:way`: by place, field and word.
function permissions.way(place, field, word)
  local customer = struct.unpack(permissions.PLACE, place)
  return struct.pack(permissions.HEAD, string.byte(field, 1), customer, #field - 1) .. string.sub(field, 2) .. word
end

function permissions.note(base, place, field, row)
  local way = permissions.way(place, field, row[1])
  if row[2] == 1 then
    redis.call('ZADD', base .. ':p:way', text(row[6]), way)
  else
    redis.call('ZREM', base .. ':p:way', way)
  end
  if row[4] > 0 then
    redis.call('ZADD', base .. ':p:ends', 'LT', text(row[4]), place)
  end
end

-- As the rules of `gateway.ledger.permissions` say.
function permissions.gives_way(standing, row)
  if standing[2] == 1 and row[2] == 1 and standing[4] == 0 and row[4] > 0 then
    return false
  end
  return row[3] > standing[3] or (row[3] == standing[3] and row[2] > standing[2])
end

-- One write on the rows of its name; whether it was done.
function permissions.write(base, place, field, rows, verb, row)
  for at, standing in ipairs(rows) do
    if standing[1] == row[1] then
      if verb == 0 and permissions.gives_way(standing, row) then
        rows[at] = row
      elseif verb == 1 and standing[3] < row[3] then
        table.remove(rows, at)
        redis.call('ZREM', base .. ':p:way', permissions.way(place, field, row[1]))
        return true
      elseif verb == 2 and standing[4] > 0 and standing[4] < row[4] then
        standing[4] = row[4]
        return true
      else
        return false
      end
      permissions.note(base, place, field, row)
      return true
    end
  end
  if verb ~= 0 then
    return false
  end
  rows[#rows + 1] = row
  permissions.note(base, place, field, row)
  return true
end

-- KEYS: {cg}. ARGV: writes {verb, place, field, word, stands, changed_ms, ends_ms, details}, packed audit entries, the installation
-- or '' for any. For each write whether it was done, as 1 or 0; -1 when this is not its ledger.
local function permission_change(keys, args)
  local base, done, moved = keys[1], {}, false
  if args[3] ~= '' and redis.call('HGET', base .. ':marks', 'installation') ~= args[3] then
    return -1
  end
  for at, each in ipairs(cmsgpack.unpack(args[1])) do
    local number = redis.call('INCR', base .. ':p:number')
    local rows = permissions.rows(base, each[2], each[3])
    local row = { each[4], each[5], each[6], each[7], each[8], number }
    local is_done = permissions.write(base, each[2], each[3], rows, each[1], row)
    if is_done then
      permissions.store(base, each[2], each[3], rows)
      moved = moved or each[1] ~= 2
    end
    done[at] = is_done and 1 or 0
  end
  if moved then
    redis.call('INCR', base .. ':d:version')
  end
  keep_entries(base, args[2])
  return done
end

-- KEYS: {cg}. ARGV: names {place, field}. The rows of each.
local function permission_find(keys, args)
  local found = {}
  for at, each in ipairs(cmsgpack.unpack(args[1])) do
    found[at] = permissions.rows(keys[1], each[1], each[2])
  end
  return found
end

-- KEYS: {cg}. ARGV: after which place, how many of them. Rows {place, field, rows}.
local function permission_page(keys, args)
  local base, found = keys[1], {}
  local after = args[1] == '' and '-' or '(' .. args[1]
  local places = redis.call('ZRANGEBYLEX', base .. ':p:places', after, '+', 'LIMIT', 0, args[2])
  for _, place in ipairs(places) do
    local fields = redis.call('HGETALL', permissions.key(base, place))
    for at = 1, #fields, 2 do
      found[#found + 1] = { place, fields[at], cmsgpack.unpack(fields[at + 1]) }
    end
  end
  return { places[#places] or '', found }
end

-- What is left of the rows of a name; how many ended, and when the next one does.
function permissions.left(base, place, field, rows, now_ms)
  local left, next_ms = {}, nil
  for _, row in ipairs(rows) do
    if row[4] > 0 and row[4] <= now_ms then
      redis.call('ZREM', base .. ':p:way', permissions.way(place, field, row[1]))
    else
      left[#left + 1] = row
      if row[4] > 0 and (not next_ms or row[4] < next_ms) then
        next_ms = row[4]
      end
    end
  end
  return left, next_ms
end

-- KEYS: {cg}. ARGV: now_ms, how many places. How many rows ended, and how many places were looked at.
local function permission_forget(keys, args)
  local base, now_ms, count = keys[1], tonumber(args[1]), 0
  local places = redis.call('ZRANGEBYSCORE', base .. ':p:ends', '-inf', args[1], 'LIMIT', 0, args[2])
  for _, place in ipairs(places) do
    local fields, first_ms = redis.call('HGETALL', permissions.key(base, place)), nil
    redis.call('ZREM', base .. ':p:ends', place)
    for at = 1, #fields, 2 do
      local rows = cmsgpack.unpack(fields[at + 1])
      local left, next_ms = permissions.left(base, place, fields[at], rows, now_ms)
      if #left < #rows then
        count = count + #rows - #left
        permissions.store(base, place, fields[at], left)
      end
      if next_ms and (not first_ms or next_ms < first_ms) then
        first_ms = next_ms
      end
    end
    if first_ms then
      redis.call('ZADD', base .. ':p:ends', text(first_ms), place)
    end
  end
  return { count, #places }
end

redis.register_function(PREFIX .. 'permission_change', permission_change)
redis.register_function({ function_name = PREFIX .. 'permission_find', callback = permission_find, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'permission_page', callback = permission_page, flags = { 'no-writes' } })
redis.register_function({ function_name = PREFIX .. 'permission_forget', callback = permission_forget, flags = { 'allow-oom' } })
