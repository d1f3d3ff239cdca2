-- Keeps leases of this shard alive; returns the places in the list of those that are lost.
local lease = tonumber(ARGV[2])
local lost = {}
for i = 3, #ARGV, 2 do
  local conversation = ARGV[i]
  if holds(conversation, ARGV[i + 1]) then
    redis.call('HSET', header_of(conversation), 'lease_until', whole(now + lease))
    redis.call('ZADD', due_key, whole(now + lease), conversation)
  else
    lost[#lost + 1] = (i - 3) / 2
  end
end
return lost
