-- lease_take: take or renew the lease of a loop.
--
-- KEYS[1]  string  lease
-- KEYS[2]  string  lease_token
-- ARGV[1]  holder
-- ARGV[2]  life, ms
-- returns  the fencing token, which rises with every change of holder; 0 = somebody else has it

local held = redis.call('GET', KEYS[1])
if held then
  local token, holder = string.match(held, '^(%d+):(.*)$')
  if holder ~= ARGV[1] then return 0 end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(token)
end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token .. ':' .. ARGV[1], 'PX', ARGV[2])
return token
