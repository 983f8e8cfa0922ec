-- command_add: write a command down, once, and give it to whoever has to carry it out.
--
-- KEYS[1]  hash  command
-- KEYS[2]  zset  commands
-- KEYS[3]  zset  commands_open
-- KEYS[4]  zset  commands_for whom it is about
-- ARGV[1]  its id
-- ARGV[2]  the command, JSON
-- ARGV[3]  when it was given, ms
-- ARGV[4]  when it expires, ms
-- ARGV[5]  life of all these, s
-- ARGV[6]  the most commands that are listed
-- ARGV[7]  "1" where somebody beside the server has to carry it out
-- returns  1 = written; 0 = it was there already and nothing was changed

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'said', ARGV[2], 'state', 'pending', 'at_ms', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[6]))
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[5])
if ARGV[7] == '1' then
  redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
  redis.call('EXPIRE', KEYS[4], ARGV[5])
end
return 1
