-- Makes an edition that is already complete the present one; the one before stays for its readers a while.
local current, edition, version, editions, seconds = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', edition) == 0 then
  return 0
end
redis.call('PERSIST', edition)
local earlier = redis.call('GET', current)
redis.call('SET', current, version)
if earlier and earlier ~= version then
  redis.call('EXPIRE', editions .. earlier, seconds)
end
return 1
