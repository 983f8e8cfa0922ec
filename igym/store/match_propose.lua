-- match_propose: put a group aside and ask everybody in it, or nobody.
--
-- KEYS[1]  zset    lobby
-- KEYS[2]  hash    proposals
-- KEYS[3]  string  fence
-- ARGV[1]  the director's fencing token
-- ARGV[2]  id of the proposal
-- ARGV[3]  the proposal, JSON
-- ARGV[4]  life of the proposals, s
-- ARGV[5]  life of the fence, s
-- ARGV[6]  "1": nobody has to be asked, all of them count as confirmed
-- ARGV[7..] the sessions
-- returns  {"proposed"}; {"fenced"} where a newer director acts; {"moved", session, ...} of those
--          who left or are in another proposal, and nothing was proposed

local token, seen = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[3]) or '0')
if token < seen then return { 'fenced' } end
redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[5])
local moved = { 'moved' }
for i = 7, #ARGV do
  if not redis.call('ZSCORE', KEYS[1], ARGV[i]) or redis.call('HGET', KEYS[2], 's:' .. ARGV[i]) then
    moved[#moved + 1] = ARGV[i]
  end
end
if #moved > 1 then return moved end
for i = 7, #ARGV do
  redis.call('HSET', KEYS[2], 's:' .. ARGV[i], ARGV[2] .. (ARGV[6] == '1' and '!' or ''))
end
redis.call('HSET', KEYS[2], 'p:' .. ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return { 'proposed' }
