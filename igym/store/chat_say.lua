-- chat_say: add a line to a game's chat, once, and not too often.
--
-- KEYS[1]  list    chat
-- KEYS[2]  hash    chatters
-- KEYS[3]  stream  records
-- ARGV[1]  session
-- ARGV[2]  the browser's count of its lines in this game
-- ARGV[3]  seat
-- ARGV[4]  text
-- ARGV[5]  now, ms
-- ARGV[6]  lines a session may write ...
-- ARGV[7]  ... within so many ms
-- ARGV[8]  lines that are kept
-- ARGV[9]  life, s
-- ARGV[10] row of the messages table as JSON, without its line
-- returns  {line, as msgpack}, of the earlier one where this was said before; {0} = too often;
--          {-1} = said before and no longer kept

local count = tonumber(ARGV[2])
local said = redis.call('HGET', KEYS[2], ARGV[1])
local before = said and cjson.decode(said) or {count = 0, line = 0, times = {}}
local lines = tonumber(redis.call('HGET', KEYS[2], '#') or '0')
if count <= before.count then
  local kept = redis.call('LINDEX', KEYS[1], before.line - lines - 1)
  if count < before.count or not kept then return {-1} end
  return {before.line, kept}
end

local now = tonumber(ARGV[5])
local times = {now}
for _, at in ipairs(before.times) do
  if now - at < tonumber(ARGV[7]) then times[#times + 1] = at end
end
if #times > tonumber(ARGV[6]) then return {0} end

local line = lines + 1
local kept = cmsgpack.pack({line = line, seat = ARGV[3], text = ARGV[4], at_ms = now})
redis.call('RPUSH', KEYS[1], kept)
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[8]), -1)
redis.call('EXPIRE', KEYS[1], ARGV[9])
redis.call('HSET', KEYS[2], '#', line, ARGV[1], cjson.encode({count = count, line = line, times = times}))
redis.call('EXPIRE', KEYS[2], ARGV[9])
local row = string.gsub(ARGV[10], '^{', '{"line":' .. line .. ',', 1)
redis.call('XADD', KEYS[3], '*', 't', 'messages', 'd', row)
return {line, kept}
