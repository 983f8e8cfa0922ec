-- session_create: make a session, or find the one these recruiter ids already have.
--
-- KEYS[1]  hash    recruits
-- KEYS[2]  hash    session (of the id in ARGV[1])
-- KEYS[3]  stream  records
-- ARGV[1]  session id to use if there is none yet
-- ARGV[2]  field in recruits, "" for somebody without recruiter ids
-- ARGV[3]  JSON {set = {field -> text}, rows = [[table, row JSON], ...]}
-- ARGV[4]  life of the session, s
-- ARGV[5]  life of recruits, s
-- returns  the session id: ARGV[1], or the earlier one

if ARGV[2] ~= '' then
  local there = redis.call('HGET', KEYS[1], ARGV[2])
  if there then return there end
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
local said = cjson.decode(ARGV[3])
for field, value in pairs(said.set) do redis.call('HSET', KEYS[2], field, value) end
redis.call('EXPIRE', KEYS[2], ARGV[4])
for _, row in ipairs(said.rows) do redis.call('XADD', KEYS[3], '*', 't', row[1], 'd', row[2]) end
return ARGV[1]
