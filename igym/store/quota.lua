-- quota: places of treatments. A library: its text stands before the scripts that call it.
--
-- A place is taken by one script and made valid or given back by another, at most once each.
-- Rows travel as JSON text that lacks its last columns; they are added here, where they are known.
--
-- places   hash    "<treatment>:<cell>:reserved" and ":valid" -> how many; "changes" -> number
-- holders  hash    "<treatment>:<unit>" -> JSON {cell, day, waits = {session -> 1}} of every
--                  place that is reserved; waits = who has yet to complete
-- records  stream
-- take     {treatment, unit, cells = declared order, order = drawn order, wanted, over,
--           members = [session], day = ms as text, row}; wanted 0 = no quota
-- give     {treatment, unit, session, valid = whether the session's outcome counts, at, outcome}
-- returns  quota_choose: the cell of each take and the counts it saw, or nil where one of them
--          has no free place; it writes nothing. quota_take reserves what was chosen, quota_note
--          writes it into a session or game, quota_give settles: they return nothing.

local function quota_row(records, text, more)
  redis.call('XADD', records, '*', 't', 'assignments',
    'd', string.sub(text, 1, -2) .. ',' .. string.sub(cjson.encode(more), 2))
end

local function quota_choose(places, takes)
  local chosen = {}
  for i, take in ipairs(takes) do
    local reserved, valid, full = {}, {}, {}
    for j, cell in ipairs(take.cells) do
      local name = take.treatment .. ':' .. cell
      local counts = redis.call('HMGET', places, name .. ':reserved', name .. ':valid')
      reserved[j], valid[j] = tonumber(counts[1] or 0), tonumber(counts[2] or 0)
      local all = reserved[j] + valid[j]
      local free = take.wanted == 0 or (valid[j] < take.wanted and all < take.wanted + take.over)
      full[cell] = not free and -1 or all
    end
    local pick
    for _, cell in ipairs(take.order) do
      if full[cell] >= 0 and (not pick or full[cell] < full[pick]) then pick = cell end
    end
    if not pick then return nil end
    chosen[i] = {cell = pick, reserved_seen = reserved, valid_seen = valid}
  end
  return chosen
end

local function quota_take(places, holders, records, takes, chosen, life)
  for i, take in ipairs(takes) do
    local one = chosen[i]
    one.change = redis.call('HINCRBY', places, 'changes', 1)
    redis.call('HINCRBY', places, take.treatment .. ':' .. one.cell .. ':reserved', 1)
    local waits = {}
    for _, member in ipairs(take.members) do waits[member] = 1 end
    redis.call('HSET', holders, take.treatment .. ':' .. take.unit,
      cjson.encode({cell = one.cell, day = take.day, waits = waits}))
    redis.call('EXPIRE', holders, life)
    quota_row(records, take.row, one)
  end
end

local function quota_note(hash, takes, chosen)
  if #takes == 0 then return end
  local cells = cjson.decode(redis.call('HGET', hash, 'cells') or '{}')
  local holds = cjson.decode(redis.call('HGET', hash, 'holds') or '{}')
  for i, take in ipairs(takes) do
    cells[take.treatment], holds[take.treatment] = chosen[i].cell, take.unit
  end
  redis.call('HSET', hash, 'cells', cjson.encode(cells), 'holds', cjson.encode(holds))
end

local function quota_give(places, holders, records, gives)
  for _, give in ipairs(gives) do
    local field = give.treatment .. ':' .. give.unit
    local raw = redis.call('HGET', holders, field)
    local held = raw and cjson.decode(raw)
    if held and give.valid then
      held.waits[give.session] = nil
      if next(held.waits) then redis.call('HSET', holders, field, cjson.encode(held)) end
    end
    if held and not (give.valid and next(held.waits)) then
      local name = give.treatment .. ':' .. held.cell
      redis.call('HDEL', holders, field)
      redis.call('HINCRBY', places, name .. ':reserved', -1)
      if give.valid then redis.call('HINCRBY', places, name .. ':valid', 1) end
      local change = redis.call('HINCRBY', places, 'changes', 1)
      local settled = give.valid and 'valid_ms' or 'released_ms'
      local key = cjson.encode({unit_id = give.unit, treatment = give.treatment})
      redis.call('XADD', records, '*', 't', 'assignments', 'd',
        string.sub(key, 1, -2) .. ',"day_ms":' .. held.day .. ',"settled_change":' .. change ..
        ',"' .. settled .. '":' .. give.at .. ',' ..
        string.sub(cjson.encode({settled_by = give.session, reason = give.outcome}), 2))
    end
  end
end
