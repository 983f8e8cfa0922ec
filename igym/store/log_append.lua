-- log_append: write flushes of ticks and rows of many games, each if its writer still owns the game.
-- A flush whose reply was lost may be sent again: ticks already logged are not written twice.
-- What goes wrong with one game keeps no other from being written.
--
-- KEYS, four of each game
--   1  hash    game
--   2  stream  log of the episode
--   3  zset    closed
--   4  stream  records
-- ARGV[1]  life of the log, s
-- ARGV, from 2 on eight of each game
--   1  generation of the writer
--   2  chunk (igym.wire.record), "" for none
--   3  episode id
--   4  "1" where this closes the log, else "0"
--   5  ticks of the episode logged once this is written
--   6  now, ms
--   7  JSON rows [[table, row JSON], ...], "" for none
--   8  JSON {field -> text} of the game that change with it
-- returns  of each game 1 = written (now or before), 0 = refused: another generation owns the game,
--          or what went wrong

local function append(k, a)
  local game = redis.call('HMGET', KEYS[k + 1], 'generation', 'phase', 'episode', 'logged')
  if game[1] ~= ARGV[a + 1] or game[2] == 'over' then return 0 end
  local chunk, episode, logged = ARGV[a + 2], ARGV[a + 3], ARGV[a + 5]
  local before = game[3] == episode and tonumber(game[4] or '0') or 0
  if chunk ~= '' and tonumber(logged) > before then
    redis.call('XADD', KEYS[k + 2], '*', 'c', chunk)
    redis.call('EXPIRE', KEYS[k + 2], ARGV[1])
  end
  local fields = {'episode', episode, 'logged', logged}
  for field, value in pairs(cjson.decode(ARGV[a + 8])) do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  redis.call('HSET', KEYS[k + 1], unpack(fields))
  if ARGV[a + 4] == '1' then
    redis.call('ZADD', KEYS[k + 3], ARGV[a + 6], episode)
  end
  if ARGV[a + 7] ~= '' then
    for _, row in ipairs(cjson.decode(ARGV[a + 7])) do
      redis.call('XADD', KEYS[k + 4], '*', 't', row[1], 'd', row[2])
    end
  end
  return 1
end

local answers = {}
for n = 0, #KEYS / 4 - 1 do
  local went, said = pcall(append, 4 * n, 1 + 8 * n)
  if not went then said = type(said) == 'table' and said.err or tostring(said) end
  answers[n + 1] = said
end
return answers
