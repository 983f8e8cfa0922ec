-- mail_add: put a reliable message into a session's mail and number it.
--
-- KEYS[1]  stream  mail
-- ARGV[1]  the message (`igym.wire.packets`)
-- ARGV[2]  a name for it, so that it may be sent again after a lost reply; "" = none
-- ARGV[3]  the most messages that are kept
-- ARGV[4]  life, s
-- returns  its number; that of the earlier one where the name is still known

if ARGV[2] ~= '' then
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-')) do
    if entry[2][4] == ARGV[2] then return tonumber(string.match(entry[1], '%-(%d+)$')) end
  end
end
local last = 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = tonumber(string.match(info[i + 1], '%-(%d+)$')) end
  end
end
redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[3], '0-' .. (last + 1), 'm', ARGV[1], 'o', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return last + 1
