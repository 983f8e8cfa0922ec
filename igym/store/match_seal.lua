-- match_seal: seat everybody of a confirmed proposal in a new game, or nobody.
--
-- KEYS[1]   zset    lobby
-- KEYS[2]   hash    tickets
-- KEYS[3]   hash    proposals
-- KEYS[4]   string  fence
-- KEYS[5]   hash    fills
-- KEYS[6]   hash    game (new)
-- KEYS[7]   zset    games
-- KEYS[8]   stream  records
-- KEYS[9]   hash    places
-- KEYS[10]  hash    holders
-- KEYS[11]  hash    counts
-- KEYS[12]  hash    pace
-- KEYS[13..] hash   the sessions, in the order of `players`
-- ARGV[1]   JSON {token, proposal, game_id, now_ms, game = {field -> text},
--                 rows = [[table, row JSON], ...],
--                 players = [{session, version, set = {field -> text}}, ...],
--                 fill = "" or the field of fills to count in, fills_at_most = 0 for no limit,
--                 takes (quota.lua) = places of the group's treatments}
-- ARGV[2]   life of a game, s
-- ARGV[3]   life of the fence, s
-- ARGV[4]   life of the fills, s
-- ARGV[5]   life of the holders, s
-- ARGV[6]   life of pace, s
-- returns   {"sealed"}; {"fenced"} where a newer director acts; {"filled"} where no more games
--           may have a policy in a person's seat; {"full"} where a treatment has no free place;
--           {"moved", session, ...} of those who left,
--           changed or have not confirmed. Nobody is seated but by the first.

local said = cjson.decode(ARGV[1])
local seen = tonumber(redis.call('GET', KEYS[4]) or '0')
if said.token < seen then return { 'fenced' } end
redis.call('SET', KEYS[4], tostring(said.token), 'EX', ARGV[3])
local moved = { 'moved' }
for i, player in ipairs(said.players) do
  if not redis.call('ZSCORE', KEYS[1], player.session)
    or redis.call('HGET', KEYS[3], 's:' .. player.session) ~= said.proposal .. '!'
    or redis.call('HGET', KEYS[12 + i], 'version') ~= player.version then
    moved[#moved + 1] = player.session
  end
end
if #moved > 1 then return moved end
local chosen = quota_choose(KEYS[9], said.takes)
if not chosen then return { 'full' } end
if said.fill ~= '' then
  local filled = tonumber(redis.call('HGET', KEYS[5], said.fill) or '0')
  if said.fills_at_most > 0 and filled >= said.fills_at_most then return { 'filled' } end
  redis.call('HINCRBY', KEYS[5], said.fill, 1)
  redis.call('EXPIRE', KEYS[5], ARGV[4])
end

for i, player in ipairs(said.players) do
  local session = player.session
  local since = redis.call('ZSCORE', KEYS[1], session)
  count_wait(KEYS[11], (said.now_ms - since) / 1000, false)
  count_move(KEYS[11], KEYS[12], KEYS[12 + i], 'waiting', player.set.phase, '')
  redis.call('ZREM', KEYS[1], session)
  redis.call('HDEL', KEYS[2], session, 'rtt:' .. session, 'cells:' .. session, 'more:' .. session)
  redis.call('HDEL', KEYS[3], 's:' .. session, 'm:' .. session)
  for field, value in pairs(player.set) do redis.call('HSET', KEYS[12 + i], field, value) end
  redis.call('HINCRBY', KEYS[12 + i], 'version', 1)
end
redis.call('EXPIRE', KEYS[12], ARGV[6])
redis.call('HDEL', KEYS[3], 'p:' .. said.proposal)
for field, value in pairs(said.game) do redis.call('HSET', KEYS[6], field, value) end
redis.call('EXPIRE', KEYS[6], ARGV[2])
redis.call('ZADD', KEYS[7], said.now_ms, said.game_id)
redis.call('EXPIRE', KEYS[7], ARGV[2])
for _, row in ipairs(said.rows) do redis.call('XADD', KEYS[8], '*', 't', row[1], 'd', row[2]) end
quota_take(KEYS[9], KEYS[10], KEYS[8], said.takes, chosen, ARGV[5])
for i in ipairs(said.players) do quota_note(KEYS[12 + i], said.takes, chosen) end
quota_note(KEYS[6], said.takes, chosen)
return { 'sealed' }
