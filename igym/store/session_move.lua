-- session_move: move a session on, if it is still where the caller saw it.
--
-- KEYS[1]  hash    session
-- KEYS[2]  stream  records
-- KEYS[3]  zset    lobby it joins or leaves (any key of the experiment where neither)
-- KEYS[4]  set     lobbies
-- KEYS[5]  hash    places
-- KEYS[6]  hash    holders
-- KEYS[7]  zset    presence
-- KEYS[8]  hash    tickets of that lobby
-- KEYS[9]  hash    proposals of that lobby
-- KEYS[10] zset    choosing
-- KEYS[11] hash    recruits
-- KEYS[12] hash    paying
-- KEYS[13] hash    deciding
-- KEYS[14] zset    ended
-- KEYS[15] hash    counts
-- KEYS[16] hash    pace
-- ARGV[1]  version the caller saw
-- ARGV[2]  JSON {set = {field -> text}, rows = [[table, row JSON], ...],
--                lobby = "join" | "leave" | "", lobby_name, member, score, ticket = JSON,
--                chooses_until_ms = 0 where they have no choice,
--                decides = the branch a function is asked about, or "",
--                pays = whether a bonus is due, takes, gives (quota.lua), ends = whether this is its last move,
--                done = {field, outcome} for recruits, or {}, agreed = whether they consented,
--                now_ms}
-- ARGV[3]  life of the session, s
-- ARGV[4]  life of a lobby, s
-- ARGV[5]  life of holders, s
-- ARGV[6]  life of the choosing, s
-- ARGV[7]  life of recruits, s
-- ARGV[8]  life of paying, s
-- ARGV[9]  life of deciding, s
-- ARGV[10] life of ended, s
-- ARGV[11] life of pace, s
-- returns  the new version; -1 where the session had moved on or left the lobby, -2 where it is
--          gone, -3 where there is no free place: then nothing was written

local version = redis.call('HGET', KEYS[1], 'version')
if not version then return -2 end
if version ~= ARGV[1] then return -1 end
local said = cjson.decode(ARGV[2])
local chosen = quota_choose(KEYS[5], said.takes)
if not chosen then return -3 end
local member = said.member
if said.lobby == 'leave' then
  local since = redis.call('ZSCORE', KEYS[3], member)
  if not since then return -1 end
  redis.call('ZREM', KEYS[3], member)
  count_wait(KEYS[15], (said.now_ms - since) / 1000, true)
end
if said.agreed then count_milestone(KEYS[15], KEYS[16], KEYS[1], 'consented') end
if said.set.phase then
  local phase = redis.call('HGET', KEYS[1], 'phase')
  count_move(KEYS[15], KEYS[16], KEYS[1], phase, said.set.phase, said.set.outcome)
end
redis.call('EXPIRE', KEYS[16], ARGV[11])
if said.lobby ~= '' then
  -- Whoever comes or goes owes nothing to what was proposed to them before.
  redis.call('HDEL', KEYS[8], member, 'rtt:' .. member, 'cells:' .. member, 'more:' .. member)
  redis.call('HDEL', KEYS[9], 's:' .. member, 'm:' .. member)
end
for field, value in pairs(said.set) do redis.call('HSET', KEYS[1], field, value) end
local now = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
if said.lobby == 'join' then
  redis.call('ZADD', KEYS[3], said.score, member)
  redis.call('EXPIRE', KEYS[3], ARGV[4])
  redis.call('HSET', KEYS[8], member, said.ticket)
  redis.call('EXPIRE', KEYS[8], ARGV[4])
  redis.call('SADD', KEYS[4], said.lobby_name)
  redis.call('EXPIRE', KEYS[4], ARGV[4])
end
if said.ends then
  redis.call('ZREM', KEYS[7], member)
  redis.call('ZADD', KEYS[14], redis.call('TIME')[1] * 1000, member)
  redis.call('EXPIRE', KEYS[14], ARGV[10])
end
if said.pays then
  redis.call('HSETNX', KEYS[12], member, '{}')
  redis.call('EXPIRE', KEYS[12], ARGV[8])
end
if said.decides ~= '' then
  redis.call('HSET', KEYS[13], member, cjson.encode({branch = said.decides}))
  redis.call('EXPIRE', KEYS[13], ARGV[9])
else
  redis.call('HDEL', KEYS[13], member)
end
if said.done[1] then
  redis.call('HSET', KEYS[11], said.done[1], said.done[2])
  redis.call('EXPIRE', KEYS[11], ARGV[7])
end
if said.chooses_until_ms > 0 then
  redis.call('ZADD', KEYS[10], said.chooses_until_ms, member)
  redis.call('EXPIRE', KEYS[10], ARGV[6])
else
  redis.call('ZREM', KEYS[10], member)
end
for _, row in ipairs(said.rows) do redis.call('XADD', KEYS[2], '*', 't', row[1], 'd', row[2]) end
quota_take(KEYS[5], KEYS[6], KEYS[2], said.takes, chosen, ARGV[5])
quota_note(KEYS[1], said.takes, chosen)
quota_give(KEYS[5], KEYS[6], KEYS[2], said.gives)
if said.lobby == 'join' then
  -- The cells as they are now: some may have been drawn in this very step.
  local cells = redis.call('HGET', KEYS[1], 'cells')
  if cells then redis.call('HSET', KEYS[8], 'cells:' .. member, cells) end
end
return now
