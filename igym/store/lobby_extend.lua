-- lobby_extend: let somebody wait longer.
--
-- KEYS[1]  zset  lobby
-- KEYS[2]  hash  tickets
-- ARGV[1]  session
-- ARGV[2]  seconds more
-- ARGV[3]  a name for this, so that it happens once
-- returns  seconds more than the scene says, as text; "" where they do not wait there

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return '' end
local field = 'more:' .. ARGV[1]
local before = redis.call('HGET', KEYS[2], field) or '0 -'
local seconds, last = string.match(before, '^(%S+) (%S+)$')
if last == ARGV[3] then return seconds end
seconds = tostring(tonumber(seconds) + tonumber(ARGV[2]))
redis.call('HSET', KEYS[2], field, seconds .. ' ' .. ARGV[3])
return seconds
