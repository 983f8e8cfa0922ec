-- log_append: write a flush of ticks and rows, if the writer still owns the game.
-- A flush whose reply was lost may be sent again: ticks already logged are not written twice.
--
-- KEYS[1]  hash    game
-- KEYS[2]  stream  log of the episode
-- KEYS[3]  zset    closed
-- KEYS[4]  stream  records
-- ARGV[1]  generation of the writer
-- ARGV[2]  chunk (igym.wire.record), "" for none
-- ARGV[3]  episode id
-- ARGV[4]  "1" where this closes the log, else "0"
-- ARGV[5]  ticks of the episode logged once this is written
-- ARGV[6]  now, ms
-- ARGV[7]  life of the log, s
-- ARGV[8]  JSON rows [[table, row JSON], ...]
-- ARGV[9]  JSON {field -> text} of the game that change with it
-- returns  1 = written (now or before), 0 = refused: another generation owns the game

local game = redis.call('HMGET', KEYS[1], 'generation', 'phase', 'episode', 'logged')
if game[1] ~= ARGV[1] or game[2] == 'over' then return 0 end
local before = game[3] == ARGV[3] and tonumber(game[4] or '0') or 0
if ARGV[2] ~= '' and tonumber(ARGV[5]) > before then
  redis.call('XADD', KEYS[2], '*', 'c', ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[7])
end
redis.call('HSET', KEYS[1], 'episode', ARGV[3], 'logged', ARGV[5])
for field, value in pairs(cjson.decode(ARGV[9])) do redis.call('HSET', KEYS[1], field, value) end
if ARGV[4] == '1' then
  redis.call('ZADD', KEYS[3], ARGV[6], ARGV[3])
end
for _, row in ipairs(cjson.decode(ARGV[8])) do
  redis.call('XADD', KEYS[4], '*', 't', row[1], 'd', row[2])
end
return 1
