-- game_end: a game is over; its members still have to be moved on.
--
-- KEYS[1]  hash    game
-- KEYS[2]  stream  records
-- KEYS[3]  zset    closed
-- KEYS[4]  list    finished
-- ARGV[1]  generation of whoever ends it
-- ARGV[2]  outcome
-- ARGV[3]  JSON rows [[table, row JSON], ...]
-- ARGV[4]  id of an episode whose log nobody will close any more, else ""
-- ARGV[5]  now, ms
-- ARGV[6]  JSON list of the seats that were away when it ended
-- ARGV[7]  id of the game
-- ARGV[8]  how many finished games are remembered
-- ARGV[9]  life of that list, s
-- returns  1 = ended, 0 = it was over already or belongs to another generation

local game = redis.call('HMGET', KEYS[1], 'generation', 'phase')
if game[1] ~= ARGV[1] or game[2] == 'over' then return 0 end
redis.call('HSET', KEYS[1], 'phase', 'over', 'outcome', ARGV[2], 'ended_ms', ARGV[5], 'away', ARGV[6])
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4]) end
for _, row in ipairs(cjson.decode(ARGV[3])) do
  redis.call('XADD', KEYS[2], '*', 't', row[1], 'd', row[2])
end
local about = redis.call('HMGET', KEYS[1],
  'scene', 'mode', 'created_ms', 'generation', 'done', 'scores', 'episode')
for i = 1, 7 do about[i] = about[i] or '' end
redis.call('LPUSH', KEYS[4], cjson.encode({ARGV[7], ARGV[2], ARGV[5], unpack(about)}))
redis.call('LTRIM', KEYS[4], 0, tonumber(ARGV[8]) - 1)
redis.call('EXPIRE', KEYS[4], ARGV[9])
return 1
