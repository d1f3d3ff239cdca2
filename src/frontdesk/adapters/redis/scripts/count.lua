-- Adds to a count that begins anew some time after it began.
-- KEYS[1] the count; ARGV[1] how much, ARGV[2] milliseconds
local counted = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return counted
