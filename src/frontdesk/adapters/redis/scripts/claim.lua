-- Gives up to `most` due conversations to a worker, with everything needed for their turns.
local worker = ARGV[2]
local most = tonumber(ARGV[3])
local lease = tonumber(ARGV[4])

local claims = {}
local function claim(conversation)
  local name = header_of(conversation)
  local header = redis.call('HMGET', name, 'epoch', 'owner', 'stolen', 'home')
  local epoch = whole(math.max(tonumber(header[1] or 0) + 1, now_us))
  local stolen = (header[2] or header[3]) and '1' or '0'
  redis.call('HSET', name, 'epoch', epoch, 'owner', worker, 'lease_until', whole(now + lease))
  redis.call('HDEL', name, 'first', 'ready')
  if stolen == '1' then
    redis.call('HSET', name, 'stolen', '1')
  end
  local attempts = redis.call('HINCRBY', name, 'attempts', 1) - 1
  redis.call('ZADD', due_key, whole(now + lease), conversation)
  claims[#claims + 1] = {
    conversation,
    epoch,
    header[4] or '',
    pending_of(conversation),
    redis.call('HGETALL', journal_of(conversation)),
    redis.call('LLEN', transcript_of(conversation)),
    attempts,
    stolen,
  }
end

if most > 0 then
  for _, conversation in ipairs(redis.call('ZRANGEBYSCORE', due_key, '-inf', now, 'LIMIT', 0, most)) do
    if redis.call('EXISTS', header_of(conversation)) == 1 then
      claim(conversation)
    else
      redis.call('ZREM', due_key, conversation)
    end
  end
end

local next_due = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
if next_due and tonumber(next_due) <= now then
  ring(now) -- more than this worker can take: somebody else may have room
elseif most > 0 then
  redis.call('DEL', bell_key) -- whatever rang before is known to this worker now
end
return {whole(now), next_due or '', claims}
