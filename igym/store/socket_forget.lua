-- socket_forget: a connection is gone; a newer one of the same session is left alone.
--
-- KEYS[1]   hash  sockets
-- ARGV[1]   session
-- ARGV[2]   where it was: web worker|connection
-- returns   1 if that is forgotten, 0 if it is somewhere else by now

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
