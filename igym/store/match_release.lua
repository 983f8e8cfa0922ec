-- match_release: give up a proposal. Who answered keeps their place; who was silent goes to the back.
--
-- KEYS[1]  zset    lobby
-- KEYS[2]  hash    proposals
-- KEYS[3]  string  fence
-- KEYS[4]  stream  records
-- ARGV[1]  the director's fencing token
-- ARGV[2]  id of the proposal
-- ARGV[3]  "1": silence counts; else nobody is to blame
-- ARGV[4]  now, ms
-- ARGV[5]  life of the fence, s
-- ARGV[6]  rows, JSON [[table, row JSON], ...]
-- returns  {"released", session, how often it was silent, ...} of the silent ones; {"fenced"};
--          {"gone"} where the proposal had ended already

local token, seen = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[3]) or '0')
if token < seen then return { 'fenced' } end
redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[5])
local proposal = redis.call('HGET', KEYS[2], 'p:' .. ARGV[2])
if not proposal then return { 'gone' } end
local silent = { 'released' }
for _, session in ipairs(cjson.decode(proposal).sessions) do
  local state = redis.call('HGET', KEYS[2], 's:' .. session)
  if state == ARGV[2] or state == ARGV[2] .. '!' then
    redis.call('HDEL', KEYS[2], 's:' .. session)
    if state == ARGV[2] and ARGV[3] == '1' then
      silent[#silent + 1] = session
      silent[#silent + 1] = tostring(redis.call('HINCRBY', KEYS[2], 'm:' .. session, 1))
      redis.call('ZADD', KEYS[1], 'XX', ARGV[4], session)
    end
  end
end
redis.call('HDEL', KEYS[2], 'p:' .. ARGV[2])
for _, row in ipairs(cjson.decode(ARGV[6])) do
  redis.call('XADD', KEYS[4], '*', 't', row[1], 'd', row[2])
end
return silent
