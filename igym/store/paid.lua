-- paid: write somebody's bonus, once.
--
-- KEYS[1]  hash    paying
-- KEYS[2]  hash    session
-- KEYS[3]  stream  records
-- ARGV[1]  session id
-- ARGV[2]  the amount as its participant reads it
-- ARGV[3]  JSON rows [[table, row JSON], ...]
-- returns  1 = written, 0 = that was done before: nothing was written

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'bonus', ARGV[2])
  redis.call('HINCRBY', KEYS[2], 'version', 1)
end
for _, row in ipairs(cjson.decode(ARGV[3])) do
  redis.call('XADD', KEYS[3], '*', 't', row[1], 'd', row[2])
end
return 1
