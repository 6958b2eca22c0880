-- What is still to be told. `o:N` is ordered by seq, for ESME account N or the webhooks (0); what was put off waits in
-- `l:N`, ordered by time. `h:N` is a hash of what was put off: seq -> member, and message -> seq, because later news of
-- that message must not overtake it. `oe` leads from a seq to its account where it is not 0; `os` are the accounts.
-- A member: seq (8), message (16), customer (4), status (1), at_ms (6), next_ms (6), attempts (2), and of events of other
-- kinds what they are. Where one is about no message, zeros stand for the time of its id.

local SEQ_MESSAGE = 24
local NO_TIME = '\0\0\0\0\0\0\0\0'

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
    local times = struct.pack('>I6I2', next_ms, math.min(attempts, 65535))
    member = string.sub(member, 1, 35) .. times .. string.sub(member, 44)
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

redis.register_function({ function_name = PREFIX .. 'outbox', callback = outbox_read, flags = { 'allow-oom' } })
