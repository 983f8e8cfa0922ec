-- session_create: make a session, or find the one these recruiter ids already have.
--
-- KEYS[1]  hash    recruits
-- KEYS[2]  hash    session (of the id in ARGV[1])
-- KEYS[3]  stream  records
-- KEYS[4]  hash    places
-- KEYS[5]  hash    holders
-- KEYS[6]  zset    presence
-- KEYS[7]  hash    counts
-- KEYS[8]  hash    pace
-- ARGV[1]  session id to use if there is none yet
-- ARGV[2]  field in recruits, "" for somebody who shall not be found again
-- ARGV[3]  JSON {set = {field -> text}, rows = [[table, row JSON], ...], takes (quota.lua),
--                look_ms = when to look whether it has gone silent, 0 = never,
--                room = how many may be in the study or have completed it, in this version, once
--                they are in; -1 = any number,
--                replaces = session id that the field may lose, took = field that keeps its first}
-- ARGV[4]  life of the session, s
-- ARGV[5]  life of recruits, s
-- ARGV[6]  life of presence and holders, s
-- ARGV[7]  life of pace, s
-- returns  the session id: ARGV[1], or the earlier one; "" where there is no free place, "!" where
--          there is no room for anybody

local said = cjson.decode(ARGV[3])
if ARGV[2] ~= '' then
  local there = redis.call('HGET', KEYS[1], ARGV[2])
  if there and there ~= said.replaces then return there end
end
if said.room >= 0 and count_taken(KEYS[7]) >= said.room then return '!' end
local chosen = quota_choose(KEYS[4], said.takes)
if not chosen then return '' end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[1])
  redis.call('HSETNX', KEYS[1], said.took, ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
for field, value in pairs(said.set) do redis.call('HSET', KEYS[2], field, value) end
redis.call('EXPIRE', KEYS[2], ARGV[4])
if said.look_ms > 0 then
  redis.call('ZADD', KEYS[6], said.look_ms, ARGV[1])
  redis.call('EXPIRE', KEYS[6], ARGV[6])
end
for _, row in ipairs(said.rows) do redis.call('XADD', KEYS[3], '*', 't', row[1], 'd', row[2]) end
count_milestone(KEYS[7], KEYS[8], KEYS[2], 'arrived')
count_move(KEYS[7], KEYS[8], KEYS[2], '', said.set.phase, said.set.outcome)
redis.call('EXPIRE', KEYS[8], ARGV[7])
quota_take(KEYS[4], KEYS[5], KEYS[3], said.takes, chosen, ARGV[6])
quota_note(KEYS[2], said.takes, chosen)
return ARGV[1]
