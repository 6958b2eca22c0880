-- Many calls in one, for one server that has every slot: packing, sending and answering a call costs more than the call.
-- Each inner call is as atomic as by itself, and fails by itself.

local FUNCTIONS = {
  apply = apply, insert = insert, get = get, are_there = are_there, due = due, lanes = lanes, marks = marks,
  pick = pick, page = page, subject = subject, outbox = outbox_read, forget_content = forget_content,
  forget_records = forget_records, forget_these = forget_these, empty_these = empty_these, due_records = due_records,
  records_before = records_before, forget_events = forget_events, retention_due = retention_due,
  table_put = table_put, table_get = table_get, table_drop = table_drop, table_walk = table_walk, claim = claim,
  reclaim = reclaim, void = void, beat = beat, leave = leave, formats = formats, format_raise = format_raise,
  lease_take = lease_take, lease_read = lease_read, lease_renew = lease_renew, lease_give = lease_give, 
  esme_take = esme_take, count = count, save = save, remove = remove, leave_notes = leave_notes, drop_notes = drop_notes,
  act = act, documents = documents, pass_on = pass_on, read_notes = read_notes, demand = demand,
  permission_change = permission_change, permission_find = permission_find, permission_page = permission_page,
  permission_forget = permission_forget,
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

redis.register_function(PREFIX .. 'many', many)
redis.register_function({ function_name = PREFIX .. 'many_allowed', callback = many, flags = { 'allow-oom' } })
redis.register_function({ function_name = PREFIX .. 'many_read', callback = many, flags = { 'no-writes' } })
