-- match_confirm: somebody who was asked is there.
--
-- KEYS[1]  hash  proposals
-- ARGV[1]  session
-- ARGV[2]  id of the proposal
-- returns  2 = everybody of the proposal is there, 1 = noted, 0 = they are not in that proposal

local state = redis.call('HGET', KEYS[1], 's:' .. ARGV[1])
if state ~= ARGV[2] and state ~= ARGV[2] .. '!' then return 0 end
local proposal = redis.call('HGET', KEYS[1], 'p:' .. ARGV[2])
if not proposal then return 0 end
redis.call('HSET', KEYS[1], 's:' .. ARGV[1], ARGV[2] .. '!')
for _, session in ipairs(cjson.decode(proposal).sessions) do
  if redis.call('HGET', KEYS[1], 's:' .. session) ~= ARGV[2] .. '!' then return 1 end
end
return 2
