-- heard_note: somebody was heard of; an older sign of life never hides a newer one.
--
-- KEYS[1]   zset  heard
-- ARGV[1]   life of the key, s
-- ARGV[2..] ms ago, session, ms ago, session, ...
-- returns   sessions noted
--
-- The time is Redis's own, so that processes on machines whose clocks differ agree.

local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local noted = 0
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', string.format('%d', now_ms - ARGV[i]), ARGV[i + 1])
  noted = noted + 1
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now_ms - ARGV[1] * 1000))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return noted
