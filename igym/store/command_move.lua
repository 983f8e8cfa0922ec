-- command_move: take a command one step on, if it stands where that step can be taken.
--
-- KEYS[1]  hash  command
-- KEYS[2]  zset  commands_open
-- KEYS[3]  zset  commands_for whom it is about
-- ARGV[1]  its id
-- ARGV[2]  the state it comes to
-- ARGV[3]  now, ms
-- ARGV[4]  why, a sentence
-- ARGV[5]  what to do about it
-- ARGV[6]  "1" where nothing follows that state
-- ARGV[7]  "1" where its end stays open until it is in the audit log
-- ARGV[8]  "1" where whoever it is about has read it
-- ARGV[9..]  the states that the step leads from
-- returns  1 = moved; 0 = it stands elsewhere and nothing was changed, or it is gone

local state = redis.call('HGET', KEYS[1], 'state')
for i = 9, #ARGV do
  if state == ARGV[i] then
    redis.call('HSET', KEYS[1], 'state', ARGV[2], 'at_ms', ARGV[3])
    if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'why', ARGV[4], 'hint', ARGV[5]) end
    if ARGV[8] == '1' then redis.call('HSET', KEYS[1], 'read_ms', ARGV[3]) end
    if ARGV[6] == '1' then
      redis.call('ZREM', KEYS[3], ARGV[1])
      if ARGV[7] ~= '1' then redis.call('ZREM', KEYS[2], ARGV[1]) end
    end
    return 1
  end
end
return 0
