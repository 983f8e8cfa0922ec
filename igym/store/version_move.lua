-- version_move: bring a version into another standing, and the experiment with it.
--
-- One version is active at most: the one before retires in the same step.
--
-- KEYS[1]   hash  versions: version -> record, JSON
-- KEYS[2]   hash  opening: `active`, the package newcomers get; `latest`, the last that was active
-- KEYS[3]   set   releases: versions that were ever active
-- ARGV[1]   version
-- ARGV[2]   the package that the caller means
-- ARGV[3]   to which standing
-- ARGV[4]   who does it
-- ARGV[5]   now, ms
-- ARGV[6..] from which standings that is possible
-- returns   the record, JSON; "gone" = no such version of that package; else how it stands

local there = redis.call('HGET', KEYS[1], ARGV[1])
if not there then return 'gone' end
local record = cjson.decode(there)
if record.package ~= ARGV[2] then return 'gone' end

local possible = false
for i = 6, #ARGV do possible = possible or ARGV[i] == record.standing end
if not possible then return record.standing end

local function put(one, standing)
  if one.standing == standing then return end
  one.standing, one.moved_by, one.moved_ms = standing, ARGV[4], tonumber(ARGV[5])
  redis.call('HSET', KEYS[1], one.version, cjson.encode(one))
end

if ARGV[3] == 'active' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 2, #all, 2 do
    local other = cjson.decode(all[i])
    if other.standing == 'active' and other.version ~= record.version then put(other, 'retired') end
  end
  redis.call('HSET', KEYS[2], 'active', record.package, 'latest', record.package)
  redis.call('SADD', KEYS[3], record.version)
elseif redis.call('HGET', KEYS[2], 'active') == record.package then
  redis.call('HDEL', KEYS[2], 'active')
end
put(record, ARGV[3])
return redis.call('HGET', KEYS[1], ARGV[1])
