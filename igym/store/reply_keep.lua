-- reply_keep: keep somebody's answers between two episodes, once.
--
-- KEYS[1]  hash    replies of the game
-- KEYS[2]  stream  records
-- ARGV[1]  "<ask>:<episode>:<seat>"
-- ARGV[2]  the answers, JSON
-- ARGV[3]  JSON rows [[table, row JSON], ...]
-- ARGV[4]  life of the replies, s
-- returns  1 = kept, 0 = there were some already: nothing was written

if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[4])
for _, row in ipairs(cjson.decode(ARGV[3])) do
  redis.call('XADD', KEYS[2], '*', 't', row[1], 'd', row[2])
end
return 1
