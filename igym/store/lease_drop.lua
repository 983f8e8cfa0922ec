-- lease_drop: give a lease back, if it is still the caller's.
--
-- KEYS[1]  string  lease
-- ARGV[1]  holder
-- returns  1 = given back, 0 = it was not the caller's

local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^%d+:(.*)$') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
