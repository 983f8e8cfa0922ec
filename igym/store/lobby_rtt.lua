-- lobby_rtt: note the round trip of somebody who waits.
--
-- KEYS[1]  zset  lobby
-- KEYS[2]  hash  tickets
-- ARGV[1]  session
-- ARGV[2]  round trip, ms
-- returns  1 = noted for the first time, 0 = noted again, or they do not wait there

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
return redis.call('HSET', KEYS[2], 'rtt:' .. ARGV[1], ARGV[2])
