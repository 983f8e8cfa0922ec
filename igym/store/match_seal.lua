-- match_seal: seat everybody of a match in a new game, or nobody.
--
-- KEYS[1]   zset    lobby
-- KEYS[2]   hash    game (new)
-- KEYS[3]   zset    games
-- KEYS[4]   stream  records
-- KEYS[5..] hash    the sessions, in the order of `players`
-- ARGV[1]   JSON {game_id, now_ms, game = {field -> text}, rows = [[table, row JSON], ...],
--                 players = [{session, version, set = {field -> text}}, ...]}
-- ARGV[2]   life of a game, s
-- returns   sessions that left or changed since the caller looked; empty means all are seated

local said = cjson.decode(ARGV[1])
local moved = {}
for i, player in ipairs(said.players) do
  local waits = redis.call('ZSCORE', KEYS[1], player.session)
  if not waits or redis.call('HGET', KEYS[4 + i], 'version') ~= player.version then
    moved[#moved + 1] = player.session
  end
end
if #moved > 0 then return moved end

for i, player in ipairs(said.players) do
  redis.call('ZREM', KEYS[1], player.session)
  for field, value in pairs(player.set) do redis.call('HSET', KEYS[4 + i], field, value) end
  redis.call('HINCRBY', KEYS[4 + i], 'version', 1)
end
for field, value in pairs(said.game) do redis.call('HSET', KEYS[2], field, value) end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], said.now_ms, said.game_id)
redis.call('EXPIRE', KEYS[3], ARGV[2])
for _, row in ipairs(said.rows) do redis.call('XADD', KEYS[4], '*', 't', row[1], 'd', row[2]) end
return moved
