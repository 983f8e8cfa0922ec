-- game_claim: take a game's current generation for one worker. Only one ever succeeds.
--
-- KEYS[1]  hash  game
-- ARGV[1]  generation the caller was asked to run
-- ARGV[2]  worker
-- ARGV[3]  now, ms
-- returns  1 = it is the caller's, now or since an earlier call whose reply was lost;
--          0 = it is somebody else's, over, or of another generation

local game = redis.call('HMGET', KEYS[1], 'generation', 'owner', 'phase')
if game[1] ~= ARGV[1] or game[3] == 'over' then return 0 end
if game[2] ~= '' and game[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'phase', 'live', 'claimed_ms', ARGV[3])
return 1
