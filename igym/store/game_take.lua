-- game_take: the worker of a game is gone: its next generation is to be had.
--
-- KEYS[1]  hash    game
-- KEYS[2]  stream  records
-- ARGV[1]  generation the caller saw
-- ARGV[2]  owner the caller saw, who is dead or gives the game away
-- ARGV[3]  JSON rows [[table, row JSON], ...]
-- ARGV[4]  now, ms
-- ARGV[5]  ticks that have to lie between two takeovers, or the first one bore no fruit
-- ARGV[6]  '1' = its owner gives it away: that is nobody's failure, and counts for nothing
-- returns  {generation, fruitless}: the new generation, and how many takeovers in a row came
--          with fewer ticks between them; {0, 0} where the game is over or somebody was faster

local game = redis.call('HMGET', KEYS[1], 'generation', 'owner', 'phase', 'episode', 'logged', 'taken_at', 'fruitless')
if game[1] ~= ARGV[1] or game[2] ~= ARGV[2] or game[3] == 'over' then return {0, 0} end
local here = (game[4] or '') .. ':' .. (game[5] or '')
local episode, logged = string.match(game[6] or '', '^(.*):(%d+)$')
local few = game[6] == here
  or (episode == game[4] and tonumber(game[5] or '0') - tonumber(logged) < tonumber(ARGV[5]))
local before = tonumber(game[7] or '0')
local fruitless = ARGV[6] == '1' and before or few and before + 1 or 0
local generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HSET', KEYS[1], 'owner', '', 'phase', 'offered', 'offered_ms', ARGV[4],
  'taken_at', ARGV[6] == '1' and (game[6] or '') or here, 'fruitless', fruitless)
for _, row in ipairs(cjson.decode(ARGV[3])) do
  redis.call('XADD', KEYS[2], '*', 't', row[1], 'd', row[2])
end
return {generation, fruitless}
