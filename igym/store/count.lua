-- count: how many sessions are where. A library: its text stands before the scripts that call it.
--
-- counts   hash  "now:<phase>" -> sessions in it; "ever:<milestone>" -> sessions that got so far;
--                "outcome:<outcome>" -> sessions that ended so; "wait:<s>" and "vain:<s>" -> waits
--                for others that ended with and without a match, by the longest that counts there
-- pace     hash  "<minute>:<milestone>" -> sessions that got so far in that minute of the epoch
-- session  hash  notes in "been:<milestone>" what was counted, so that nothing is counted twice
--
-- returns  count_milestone and count_move (from one phase to the next; either may be ""), and
--          count_wait (seconds, and whether it was in vain) return nothing; count_taken returns
--          how many sessions are in the study or completed it.

local WAITS = {5, 10, 20, 30, 60, 120, 180, 300, 600, 1200}

local function count_milestone(counts, pace, session, name)
  if redis.call('HSETNX', session, 'been:' .. name, 1) == 0 then return end
  redis.call('HINCRBY', counts, 'ever:' .. name, 1)
  local minute = math.floor(redis.call('TIME')[1] / 60)
  redis.call('HINCRBY', pace, minute .. ':' .. name, 1)
end

local function count_move(counts, pace, session, before, after, outcome)
  if before == after then return end
  if before ~= '' then redis.call('HINCRBY', counts, 'now:' .. before, -1) end
  redis.call('HINCRBY', counts, 'now:' .. after, 1)
  if before == 'screening' and after ~= 'ended' then
    count_milestone(counts, pace, session, 'screened')
  end
  if after == 'waiting' or after == 'playing' or after == 'ended' then
    count_milestone(counts, pace, session, after)
  end
  if after == 'ended' then redis.call('HINCRBY', counts, 'outcome:' .. (outcome or ''), 1) end
end

local function count_taken(counts)
  local taken = tonumber(redis.call('HGET', counts, 'outcome:complete') or '0')
  local all = redis.call('HGETALL', counts)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 4) == 'now:' and all[i] ~= 'now:ended' then
      taken = taken + tonumber(all[i + 1])
    end
  end
  return taken
end

local function count_wait(counts, seconds, vain)
  local bucket = 'more'
  for i = #WAITS, 1, -1 do
    if seconds <= WAITS[i] then bucket = WAITS[i] end
  end
  redis.call('HINCRBY', counts, (vain and 'vain:' or 'wait:') .. bucket, 1)
end
