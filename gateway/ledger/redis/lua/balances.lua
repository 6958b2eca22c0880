-- What customers who pay in advance have spent, in the slot of the accounts, in millionths of the unit of prices. `bal` leads
-- from a customer to what it has spent, with what is reserved; `res` from a message to its customer and what it is to cost.

local RESERVED = '>I4I6'

-- KEYS: {cg}. ARGV: rows {message, customer, cost, most}. For each what the customer has spent with it, '' where that would be
-- more than `most`. What was reserved for the message before stands, so it may be asked again.
local function reserve(keys, args)
  local spent, reserved, found = keys[1] .. ':bal', keys[1] .. ':res', {}
  for place, row in ipairs(cmsgpack.unpack(args[1])) do
    local customer = text(row[2])
    local so_far = tonumber(redis.call('HGET', spent, customer) or '0')
    if redis.call('HEXISTS', reserved, row[1]) == 1 then
      found[place] = text(so_far)
    elseif so_far + row[3] > row[4] then
      found[place] = ''
    else
      redis.call('HSET', reserved, row[1], struct.pack(RESERVED, row[2], row[3]))
      redis.call('HSET', spent, customer, text(so_far + row[3]))
      found[place] = text(so_far + row[3])
    end
  end
  return found
end

-- KEYS: {cg}. ARGV: messages that are paid, messages that are not. How many were reserved for.
local function settle_reserved(keys, args)
  local spent, reserved, done = keys[1] .. ':bal', keys[1] .. ':res', 0
  for _, message in ipairs(cmsgpack.unpack(args[1])) do
    done = done + redis.call('HDEL', reserved, message)
  end
  for _, message in ipairs(cmsgpack.unpack(args[2])) do
    local row = redis.call('HGET', reserved, message)
    if row then
      local customer, cost = struct.unpack(RESERVED, row)
      redis.call('HDEL', reserved, message)
      redis.call('HINCRBY', spent, text(customer), text(-cost))
      done = done + 1
    end
  end
  return done
end

redis.register_function(PREFIX .. 'reserve', reserve)
redis.register_function({ function_name = PREFIX .. 'settle_reserved', callback = settle_reserved, flags = { 'allow-oom' } })
