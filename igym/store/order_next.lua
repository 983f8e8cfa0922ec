-- order_next: the number of a session among those that drew an order, and the seed of all.
--
-- KEYS[1]   hash  orders
-- ARGV[1]   session
-- ARGV[2]   the seed, where there is none yet
-- ARGV[3]   TTL of KEYS[1], seconds
-- returns   {seed, number}: the same again for the same session; numbers go up from 0

if redis.call('HSETNX', KEYS[1], 'seed', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'count', 0)
end
local number = redis.call('HGET', KEYS[1], 'of:' .. ARGV[1])
if not number then
  number = redis.call('HINCRBY', KEYS[1], 'count', 1) - 1
  redis.call('HSET', KEYS[1], 'of:' .. ARGV[1], number)
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {redis.call('HGET', KEYS[1], 'seed'), tostring(number)}
