-- version_store: take a version in, or say whose it is.
--
-- A version belongs to its first content, so that data folders and links mean one thing. Content
-- that was refused has no rights; `replace` is for somebody's own machine.
--
-- KEYS[1]   hash  versions: version -> record, JSON
-- ARGV[1]   version
-- ARGV[2]   the record, JSON
-- ARGV[3]   "1": other content takes the place of what is there
-- ARGV[4]   how many versions an experiment may have
-- returns   the record that is there now, JSON; "taken" with other content; "many" of them

local new = cjson.decode(ARGV[2])
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there then
  local old = cjson.decode(there)
  if old.package == new.package and old.standing ~= 'refused' then return there end
  if old.package ~= new.package and old.standing ~= 'refused' and ARGV[3] ~= '1' then
    return 'taken'
  end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return 'many'
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
