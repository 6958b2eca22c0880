-- What people set, and the audit entries of acts, in the slot of the accounts: one call is one transaction. `d:k:KIND` leads
-- from a document's key to its version and what it holds, `d:o:KIND` has the keys in their order. `audit` is ordered by an
-- entry's number, with which its member begins.

local NUMBER = '>I6'

-- Keep packed audit entries, '' or nothing for none, each under the next number.
local function keep_entries(base, packed)
  if (packed or '') == '' then
    return
  end
  for _, entry in ipairs(cmsgpack.unpack(packed)) do
    local number = redis.call('INCR', base .. ':audit:last')
    redis.call('ZADD', base .. ':audit', text(number), struct.pack(NUMBER, number) .. entry)
  end
end

local function document_version(base, kind, key)
  local row = redis.call('HGET', base .. ':d:k:' .. kind, key)
  return row and struct.unpack(NUMBER, row) or 0
end

-- KEYS: {cg}. ARGV: writes {kind, key, version that must stand or -1, octets or false}, packed audit entries, the
-- installation or '' for any. 1; 0, and nothing done, when another version stands; -1 when this is not its ledger: a server
-- that was emptied stays empty.
local function act(keys, args)
  local base, writes = keys[1], cmsgpack.unpack(args[1])
  if args[3] ~= '' and redis.call('HGET', base .. ':marks', 'installation') ~= args[3] then
    return -1
  end
  for _, write in ipairs(writes) do
    if write[3] >= 0 and write[3] ~= document_version(base, write[1], write[2]) then
      return 0
    end
  end
  local version = #writes > 0 and redis.call('INCR', base .. ':d:version')
  for _, write in ipairs(writes) do
    local rows, order = base .. ':d:k:' .. write[1], base .. ':d:o:' .. write[1]
    if write[4] then
      redis.call('HSET', rows, write[2], struct.pack(NUMBER, version) .. write[4])
      redis.call('ZADD', order, 0, write[2])
      redis.call('SADD', base .. ':d:kinds', write[1])
    else
      redis.call('HDEL', rows, write[2])
      redis.call('ZREM', order, write[2])
    end
  end
  keep_entries(base, args[2])
  return 1
end

-- KEYS: {cg}. ARGV: kind, after which key, how many. Keys and rows by turns.
local function documents(keys, args)
  local rows, order = keys[1] .. ':d:k:' .. args[1], keys[1] .. ':d:o:' .. args[1]
  local found = {}
  for _, key in ipairs(redis.call('ZRANGEBYLEX', order, '(' .. args[2], '+', 'LIMIT', 0, args[3])) do
    found[#found + 1] = key
    found[#found + 1] = redis.call('HGET', rows, key)
  end
  return found
end

redis.register_function(PREFIX .. 'act', act)
redis.register_function({ function_name = PREFIX .. 'documents', callback = documents, flags = { 'no-writes' } })
